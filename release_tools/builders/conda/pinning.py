"""conda-forge's pinning, from a channel that has it: the variants that all of its packages are built with."""

from pathlib import Path
from typing import Final

from release_tools.builders.conda import rattler
from release_tools.engine.context import Context
from release_tools.errors import UnreachableError, VerifyError

_PACKAGE: Final = "conda-forge-pinning"
_FILE: Final = "conda_build_config.yaml"


def fetch_pinning(context: Context) -> Path | None:
    """Return the pinning of the channels, fetched once a run; None where no channel has it, or none can be reached."""
    return context.background.result(_PACKAGE, _fetch, context)


def _fetch(context: Context) -> Path | None:
    channels = context.config.conda.channels
    if not channels or context.unreachable_channel:
        return None
    prefix = context.scratch / "pinning"
    try:
        rattler.install(prefix, (_PACKAGE,), channels)
    except (UnreachableError, VerifyError):
        return None
    path = prefix / _FILE
    return path if path.is_file() else None


def describe_pinning(path: Path | None, built_in: str) -> str:
    """Return where variants come from, for a person.

    Args:
        path: of the pinning that is used; None for the table of release-tools.
        built_in: the date of that table.
    """
    if path is None:
        return f"compilers and other variants are those of conda-forge on {built_in}"
    installed = next((one for one in rattler.list_installed(path.parent) if one.name == _PACKAGE), None)
    return f"compilers and other variants are those of {_PACKAGE} {installed.version if installed else ''}".rstrip()
