"""The only place that starts other programs."""

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from release_tools.errors import ReleaseToolsError


class ProcessError(ReleaseToolsError):
    """A program failed, is missing, or took too long.

    Attributes:
        output: what it wrote last, both streams.
        returncode: None where it never ran or never ended.
    """

    def __init__(self, message: str, output: str = "", returncode: int | None = None) -> None:
        super().__init__(message)
        self.output = output
        self.returncode = returncode


@dataclass(frozen=True)
class Completed:
    """What a program wrote; it exited with 0."""

    stdout: str
    stderr: str


def run(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
    stdin: str | None = None,
    timeout: float = 3600,
) -> Completed:
    """Run a program to its end, without a shell.

    Args:
        argv: the program and its arguments.
        env: its whole environment; nothing is inherited beside it.
        cwd: its working directory.
        stdin: text on its standard input; without it, standard input is closed.
        timeout: in seconds.

    Raises:
        ProcessError: it could not be started, exited with another code than 0, or took longer.
    """
    name = Path(argv[0]).name
    try:
        done = subprocess.run(  # noqa: S603 - argument lists only, never a shell
            list(argv),
            cwd=cwd,
            env=dict(env),
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except FileNotFoundError:
        raise ProcessError(f"{name}: not found; is it installed and on PATH?") from None
    except subprocess.TimeoutExpired as expired:
        raise ProcessError(f"{name}: gave up after {expired.timeout:.0f} s") from None
    if done.returncode != 0:
        output = f"{done.stdout}{done.stderr}".strip()
        raise ProcessError(f"{name}: exited with {done.returncode}", output, done.returncode)
    return Completed(done.stdout, done.stderr)
