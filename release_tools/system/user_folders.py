"""The folders outside of the project that we and the programs that we start write to: for scratch files and caches."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from release_tools.errors import OutputError

_SCRATCH: Final = ("TMPDIR", "TEMP", "TMP")
_CACHES: Final = ("XDG_CACHE_HOME", "UV_CACHE_DIR", "PIP_CACHE_DIR", "RATTLER_CACHE_DIR")


def check_user_folders(env: Mapping[str, str]) -> None:
    """Check the folders that the environment names, which every program that is started needs.

    Raises:
        OutputError: there is no such folder, or it cannot be written to.
    """
    for name in _SCRATCH:
        folder = env.get(name)
        if folder and not Path(folder).is_dir():
            raise OutputError(f"{name}: {folder} is not a folder", f"Make it, or unset {name}.")
    for name in (*_SCRATCH, *_CACHES):
        folder = env.get(name)
        if folder and not _is_writable(Path(folder)):
            raise OutputError(f"{name}: {folder} cannot be written to", f"Name another folder, or unset {name}.")


def with_caches(env: Mapping[str, str], scratch: Path) -> dict[str, str]:
    """Return the environment with cache folders that installers can write to, where the home folder cannot be.

    Args:
        env: the environment.
        scratch: a folder that is removed when the command ends.
    """
    home = env.get("HOME")
    if os.name == "nt" or not home or env.get("XDG_CACHE_HOME") or _is_writable(Path(home, ".cache")):
        return dict(env)
    caches = {"UV_CACHE_DIR": "uv-cache", "PIP_CACHE_DIR": "pip-cache"}
    return {**env, **{name: str(scratch / folder) for name, folder in caches.items() if not env.get(name)}}


def _is_writable(folder: Path) -> bool:
    """Return whether a folder, or the nearest one above it that exists, is one, and can be written to."""
    path = folder.absolute()
    while not path.exists() and path != path.parent:
        path = path.parent
    return path.is_dir() and os.access(path, os.W_OK | os.X_OK)
