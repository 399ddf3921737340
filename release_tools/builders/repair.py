"""Put the libraries that a wheel needs into it, by the tool of this system, where that is installed."""

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from release_tools.system.process import ProcessError, run

_TOOLS: Final[Mapping[str, tuple[str, ...]]] = {
    "linux": ("auditwheel", "repair", "--wheel-dir"),
    "darwin": ("delocate-wheel", "--wheel-dir"),
    "win32": ("delvewheel", "repair", "--wheel-dir"),
}
"""By ``sys.platform``: the command, up to the folder of the repaired wheel."""


@dataclass(frozen=True)
class Repair:
    """Describe how the repair of a wheel went.

    Attributes:
        wheel: repaired; as it was where it could not be.
        tool: that repaired it; empty where it could not be.
        reason: why it was not repaired; empty where it was.
    """

    wheel: Path
    tool: str = ""
    reason: str = ""


def repair_wheel(wheel: Path, folder: Path, env: Mapping[str, str], commit_time: int) -> Repair:
    """Repair a wheel of this machine.

    Args:
        wheel: as its build backend made it.
        folder: where the repaired one is written.
        env: the environment, without credentials.
        commit_time: seconds since the epoch, for ``SOURCE_DATE_EPOCH``.
    """
    name, *arguments = _TOOLS.get(sys.platform, ("",))
    path = os.pathsep.join((str(Path(sys.executable).parent), env.get("PATH", "")))
    found = shutil.which(name, path=path) if name else None
    if not found:
        return Repair(wheel, reason=f"{name or 'a tool for this system'} is not installed")
    own = {**env, "PATH": path, "SOURCE_DATE_EPOCH": str(commit_time)}
    try:
        run([found, *arguments, str(folder), str(wheel)], env=own)
    except ProcessError as error:
        return Repair(wheel, reason=f"{name}: {_find_last_line(error.output) or error.message}")
    made = sorted(folder.glob("*.whl"))
    return Repair(made[0], name) if len(made) == 1 else Repair(wheel, reason=f"{name} wrote {len(made)} wheels")


def _find_last_line(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return lines[-1] if lines else ""
