"""The only place that starts other programs."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import IO, Final, Union

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


class ProcessScope:
    """The programs that some threads start, so that all of them can be ended at once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._running: set[Process | LineWorker] = set()
        self._is_ended = False

    def enter(self) -> None:
        """Count the programs that this thread starts from now on among them."""
        _SCOPE.set(self)

    def add(self, program: Union["Process", "LineWorker"]) -> None:
        """Add a program that was started; it is killed where the others have been."""
        with self._lock:
            self._running.add(program)
            if self._is_ended:
                program.kill()

    def discard(self, program: Union["Process", "LineWorker"]) -> None:
        """Forget a program that has ended."""
        with self._lock:
            self._running.discard(program)

    def end(self) -> None:
        """Kill the programs that still run, and every one that is added later."""
        with self._lock:
            self._is_ended = True
            for program in self._running:
                program.kill()


_SCOPE: Final[ContextVar[ProcessScope | None]] = ContextVar("process scope", default=None)


class Process:
    """A program that was begun and is not waited for yet; `finish` or `end` it.

    Whatever it leaves behind ends with it, unless it may ask its user on the terminal: only a program that may not
    can run in a session of its own.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path | None = None,
        asked: bool = False,
        may_ask: bool = False,
    ) -> None:
        """Begin it, without a shell.

        Args:
            argv: the program and its arguments.
            env: its whole environment; nothing is inherited beside it.
            cwd: its working directory.
            asked: whether it will be given something on its standard input, which is closed otherwise.
            may_ask: whether it may ask its user on the terminal, for a passphrase.

        Raises:
            ProcessError: it could not be started.
        """
        self._name = Path(argv[0]).name
        self._alone = may_ask
        # Files and not pipes: a pipe stays open as long as any process that the program left behind.
        self._out, self._err = (tempfile.TemporaryFile() for _ in range(2))  # noqa: SIM115 - closed by end
        try:
            self._popen = subprocess.Popen(  # noqa: S603 - argument lists only, never a shell
                list(argv),
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.PIPE if asked else subprocess.DEVNULL,
                stdout=self._out,
                stderr=self._err,
                umask=_UMASK,
                start_new_session=not may_ask,
            )
        except OSError as error:
            self._close()
            reason = f"could not be started ({error.strerror}); is it on PATH?"
            raise ProcessError(f"{self._name}: {reason}") from None
        self._scope = _SCOPE.get()
        if self._scope:
            self._scope.add(self)

    def finish(self, stdin: str | None = None, patience: float | None = None) -> Completed:
        """Wait for its end.

        Args:
            stdin: text on its standard input.
            patience: seconds after which it is given up; never if None.

        Raises:
            ProcessError: it exited with another code than 0, or took too long.
        """
        try:
            self._popen.communicate(None if stdin is None else stdin.encode(), patience)
            stdout, stderr = map(_text, (self._out, self._err))
        except subprocess.TimeoutExpired:
            raise ProcessError(f"{self._name}: gave up after {patience:.0f} s") from None
        finally:
            self.end()
        code = self._popen.returncode
        if code != 0:
            raise ProcessError(f"{self._name}: exited with {code}", f"{stdout}{stderr}".strip(), code)
        return Completed(stdout, stderr)

    def end(self) -> None:
        """Have it end now, if it has not."""
        self.kill()
        self._popen.wait()
        if self._scope:
            self._scope.discard(self)
        if self._popen.stdin:
            self._popen.stdin.close()
        self._close()

    def kill(self) -> None:
        """Stop it, for whoever waits in `finish` to see."""
        _kill(self._popen, session=not self._alone)

    def _close(self) -> None:
        self._out.close()
        self._err.close()


class LineWorker:
    """A program that takes one line after the other, and answers each with a line."""

    def __init__(self, argv: Sequence[str], *, env: Mapping[str, str], cwd: Path) -> None:
        """Begin it; arguments as of `Process`, whatever it says beside its answers is lost.

        Raises:
            ProcessError: it could not be started.
        """
        try:
            self._popen = subprocess.Popen(  # noqa: S603 - argument lists only, never a shell
                list(argv),
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                encoding="utf-8",
                umask=_UMASK,
                start_new_session=True,
            )
        except OSError as error:
            raise ProcessError(f"{Path(argv[0]).name}: could not be started ({error.strerror})") from None
        self._scope = _SCOPE.get()
        if self._scope:
            self._scope.add(self)

    def ask(self, line: str) -> str:
        """Return its answer to a line, both without their end; empty where it is no longer there."""
        stdin, stdout = self._popen.stdin, self._popen.stdout
        if stdin is None or stdout is None:
            return ""
        try:
            stdin.write(line + "\n")
            stdin.flush()
        except OSError:
            return ""
        return stdout.readline().rstrip("\n")

    def end(self) -> None:
        """Have it end now, and whatever it left behind."""
        self.kill()
        self._popen.wait()
        if self._scope:
            self._scope.discard(self)
        for pipe in (self._popen.stdin, self._popen.stdout):
            if pipe:
                with suppress(OSError):  # what was written and never read
                    pipe.close()

    def kill(self) -> None:
        """Stop it; whoever waits for its answer gets an empty one."""
        _kill(self._popen, session=True)


def run(  # noqa: PLR0913 - as many as subprocess.run has
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
    stdin: str | None = None,
    patience: float | None = None,
    may_ask: bool = False,
) -> Completed:
    """Run a program to its end; see `Process` and `Process.finish`.

    Raises:
        ProcessError: it could not be started, exited with another code than 0, or took too long.
    """
    program = Process(argv, env=env, cwd=cwd, asked=stdin is not None, may_ask=may_ask)
    return program.finish(stdin, patience)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace").replace("\r\n", "\n")


def _kill(popen: "subprocess.Popen[str] | subprocess.Popen[bytes]", *, session: bool) -> None:
    """Kill a program; with all that it left behind where it has a session of its own."""
    if sys.platform == "win32" or not session:
        popen.kill()
    else:
        with suppress(ProcessLookupError, PermissionError):  # macOS answers the latter where nobody is left
            os.killpg(popen.pid, signal.SIGKILL)
