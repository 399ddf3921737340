"""cibuildwheel, by its command line: which wheels a project has, and the building of some of them.

https://cibuildwheel.pypa.io/en/stable/options/
"""

import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Final

from release_tools.errors import BuildError
from release_tools.system.process import Process, ProcessError

INSTALL: Final = "pip install 'python-release-tools[compiled]'"
_LAST_LINES: Final = 30
_PREFIX: Final = "CIBW_"


def cibuildwheel_version() -> str:
    """Return the version that is installed; empty where none is."""
    try:
        return installed_version("cibuildwheel")
    except PackageNotFoundError:
        return ""


def list_identifiers(
    source: Path, platforms: Mapping[str, Sequence[str]], env: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """Return the build identifiers of a project by platform; nothing is built or downloaded.

    Variables named ``CIBW_…`` are not handed on: the plan is the commit's, on whatever machine it is computed.

    Args:
        source: the project's folder, or its sdist.
        platforms: the architectures that are wanted, by platform.
        env: the environment.

    Raises:
        BuildError: cibuildwheel is not installed, or refuses the project's settings.
    """
    _require()
    own = {name: value for name, value in env.items() if not name.startswith(_PREFIX)}
    processes: dict[str, Process] = {}
    listed: dict[str, tuple[str, ...]] = {}
    try:
        for platform, archs in platforms.items():
            options = ("--platform", platform, "--archs", ",".join(archs), "--print-build-identifiers", "--allow-empty")
            argv = [sys.executable, "-I", "-m", "cibuildwheel", *options, str(source)]
            processes[platform] = Process(argv, env=own, cwd=source if source.is_dir() else source.parent)
        for platform in platforms:
            listed[platform] = tuple(processes.pop(platform).finish().stdout.split())
    except ProcessError as error:
        raise BuildError(
            f"cibuildwheel cannot list the wheels of this project: {error.message}",
            "Correct [tool.cibuildwheel] in pyproject.toml.",
            faults=error.output.splitlines()[-_LAST_LINES:],
        ) from None
    finally:
        for process in processes.values():
            process.end()
    return listed


def _require() -> None:
    if not cibuildwheel_version():
        raise BuildError(
            "cibuildwheel is not installed, which plans and builds the wheels of a compiled project", f"Type: {INSTALL}"
        )
