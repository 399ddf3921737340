"""The only place that starts other programs."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from release_tools.errors import ReleaseToolsError

_UMASK: Final = -1 if sys.platform == "win32" else 0o022  # the modes of what is built depend on nobody's habits


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


def run(  # noqa: PLR0913 - as many as subprocess.run has
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
    stdin: str | None = None,
    patience: float | None = None,
    may_ask: bool = False,
) -> Completed:
    """Run a program to its end, without a shell.

    Args:
        argv: the program and its arguments.
        env: its whole environment; nothing is inherited beside it.
        cwd: its working directory.
        stdin: text on its standard input; without it, standard input is closed.
        patience: seconds after which it is given up; never if None.
        may_ask: whether it may ask its user on the terminal, for a passphrase; any other program runs in a session of
            its own, and whatever it leaves behind ends with it.

    Raises:
        ProcessError: it could not be started, exited with another code than 0, or took too long.
    """
    name = Path(argv[0]).name
    # Files and not pipes: a pipe stays open as long as any process that the program left behind.
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        try:
            program = subprocess.Popen(  # noqa: S603 - argument lists only, never a shell
                list(argv),
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
                stdout=out,
                stderr=err,
                umask=_UMASK,
                start_new_session=not may_ask,
            )
        except OSError as error:
            raise ProcessError(f"{name}: could not be started ({error.strerror}); is it on PATH?") from None
        with program:
            try:
                program.communicate(None if stdin is None else stdin.encode(), patience)
            except subprocess.TimeoutExpired:
                raise ProcessError(f"{name}: gave up after {patience:.0f} s") from None
            finally:
                _end(program, alone=may_ask)
        out.seek(0)
        err.seek(0)
        stdout, stderr = (file.read().decode(errors="replace").replace("\r\n", "\n") for file in (out, err))
    if program.returncode != 0:
        output = f"{stdout}{stderr}".strip()
        raise ProcessError(f"{name}: exited with {program.returncode}", output, program.returncode)
    return Completed(stdout, stderr)


def _end(program: subprocess.Popen[bytes], *, alone: bool) -> None:
    if sys.platform == "win32" or alone:
        program.kill()
    else:
        with suppress(ProcessLookupError, PermissionError):  # macOS answers the latter where nobody is left
            os.killpg(program.pid, signal.SIGKILL)
