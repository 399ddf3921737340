"""The only place that starts other programs."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock, Thread
from time import monotonic
from typing import IO, Final, NoReturn, Self, TypeAlias, Union

from release_tools.errors import ReleaseToolsError
from release_tools.system import descendants
from release_tools.system.windows_job import WindowsJob

_SHOWN: Final = 12
"""Lines of a program's output that are shown where nobody interprets them."""
_STARTING: Final = Lock()
"""Held while a program is started and while orphans are looked for: one that just started is not yet in `_RUNNING`."""
_RUNNING: Final[set[int]] = set()
"""The numbers of the programs that were started and have not ended. A process has one set of children, so there is one
of this as well."""
_MOST_AT_ONCE: Final = 1_000_000
_WATCH_INTERVAL: Final = 0.5
"""Seconds between two readings of the output of a program that is watched."""
_UMASK: Final = -1 if sys.platform == "win32" else 0o022  # the modes of what is built depend on nobody's habits


Watcher: TypeAlias = Callable[[float, str], None]
"""Gets the seconds that a program runs, and what it has written since the last call."""

_WATCHER: Final[ContextVar[Callable[[], Watcher] | None]] = ContextVar("watcher", default=None)


@contextmanager
def watch_programs(make_watcher: Callable[[], Watcher]) -> Iterator[None]:
    """Report the output of the programs that this thread runs while they run, each to a watcher of its own."""
    token = _WATCHER.set(make_watcher)
    try:
        yield
    finally:
        _WATCHER.reset(token)


@contextmanager
def follow_output(read: Callable[[], bytes]) -> Iterator[None]:
    """Report a program's output to the one that `watch_programs` names, in a thread of its own.

    Args:
        read: returns the output since the last call.
    """
    make_watcher = _WATCHER.get()
    if make_watcher is None:
        yield
        return
    watcher, ended, started = make_watcher(), Event(), monotonic()

    def follow() -> None:
        is_last = False
        while not is_last:
            is_last = ended.wait(_WATCH_INTERVAL)
            watcher(monotonic() - started, read().decode(errors="replace"))

    thread = Thread(target=follow, name="output of a program", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


class ProcessError(ReleaseToolsError):
    """A program failed, is missing, or took too long.

    Attributes:
        output: what it wrote last, both streams.
        returncode: None where it never ran or never ended.
    """

    def __init__(self, message: str, output: str = "", returncode: int | None = None) -> None:
        super().__init__(message, faults=[line for line in output.splitlines() if line.strip()][-_SHOWN:])
        self.output = output
        self.returncode = returncode


@dataclass(frozen=True)
class Completed:
    """The output of a program that exited with 0."""

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

    def close(self) -> None:
        """Release what the programs hold whose threads have ended without waiting for them."""
        for program in tuple(self._running):
            program.end()


_SCOPE: Final[ContextVar[ProcessScope | None]] = ContextVar("process scope", default=None)


class Process:
    """A program that was started and is not waited for yet; call `finish` or `end`.

    What it leaves behind ends with it, unless it may ask its user on the terminal: only a program that may not can run
    in a session of its own.
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
        """Start it, without a shell.

        Args:
            argv: the program and its arguments.
            env: its whole environment; nothing else is inherited.
            cwd: its working directory.
            asked: whether it will be given something on its standard input, which is closed otherwise.
            may_ask: whether it may ask its user on the terminal, for a passphrase.

        Raises:
            ProcessError: it could not be started.
        """
        self._name = Path(argv[0]).name
        self._read = [0, 0]
        # Files and not pipes: a pipe stays open as long as any process that the program left behind.
        self._out, self._err = (tempfile.TemporaryFile() for _ in range(2))  # noqa: SIM115 - closed by end
        try:
            self._program = _Program.start(
                argv,
                env=env,
                cwd=cwd,
                has_session=not may_ask,
                stdin=subprocess.PIPE if asked else subprocess.DEVNULL,
                stdout=self._out,
                stderr=self._err,
            )
        except ProcessError:
            self._close()
            raise
        self._scope = _SCOPE.get()
        if self._scope:
            self._scope.add(self)

    def finish(self, stdin: str | None = None, timeout: float | None = None) -> Completed:
        """Wait for its end.

        Args:
            stdin: text on its standard input.
            timeout: seconds after which it is ended; never if None.

        Raises:
            ProcessError: it exited with another code than 0, or took too long.
        """
        try:
            with follow_output(self._read_output):
                self._program.popen.communicate(None if stdin is None else stdin.encode(), timeout)
            stdout, stderr = map(_decode_text, (self._out, self._err))
        except subprocess.TimeoutExpired:
            said = _decode_text(self._err).strip()
            raise ProcessError(f"{self._name}: stopped after {timeout:.0f} s", said) from None
        finally:
            self.end()
        code = self._program.popen.returncode
        if code != 0:
            how = f"exited with {code}" if code > 0 else f"was ended by {_name_signal(-code)}"
            raise ProcessError(f"{self._name}: {how}", f"{stdout}{stderr}".strip(), code)
        return Completed(stdout, stderr)

    def _read_output(self) -> bytes:
        """Return what it has written since the last call, both streams in turn.

        The program shares the position in its files, so that they are read without moving it; Windows cannot.
        """
        if not hasattr(os, "pread"):
            return b""
        files = (self._out.fileno(), self._err.fileno())
        new = [os.pread(file, _MOST_AT_ONCE, at) for file, at in zip(files, self._read, strict=True)]
        self._read = [at + len(text) for at, text in zip(self._read, new, strict=True)]
        return b"".join(new)

    def end(self) -> None:
        """End it now, if it has not ended, and what it left behind."""
        self._program.end()
        if self._scope:
            self._scope.discard(self)
        if self._program.popen.stdin:
            with suppress(OSError):  # what was written and never read
                self._program.popen.stdin.close()
        self._close()

    def kill(self) -> None:
        """Stop it; a thread that waits in `finish` goes on then."""
        self._program.kill()

    def _close(self) -> None:
        self._out.close()
        self._err.close()


class LineWorker:
    """A program that takes one line after the other, and answers each with a line."""

    def __init__(self, argv: Sequence[str], *, env: Mapping[str, str], cwd: Path) -> None:
        """Start it; arguments as of `Process`. Only its answers are kept of what it writes.

        Raises:
            ProcessError: it could not be started.
        """
        self._program = _Program.start(
            argv,
            env=env,
            cwd=cwd,
            has_session=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._scope = _SCOPE.get()
        if self._scope:
            self._scope.add(self)

    def ask(self, line: str) -> str:
        """Return its answer to a line, both without their end; empty where it has ended."""
        stdin, stdout = self._program.popen.stdin, self._program.popen.stdout
        if stdin is None or stdout is None:
            return ""
        try:
            stdin.write(f"{line}\n".encode())
            stdin.flush()
        except OSError:
            return ""
        return stdout.readline().decode(errors="replace").rstrip("\r\n")

    def end(self) -> None:
        """End it now, and what it left behind."""
        self._program.end()
        if self._scope:
            self._scope.discard(self)
        for pipe in (self._program.popen.stdin, self._program.popen.stdout):
            if pipe:
                with suppress(OSError):  # what was written and never read
                    pipe.close()

    def kill(self) -> None:
        """Stop it; a thread that waits for its answer gets an empty one."""
        self._program.kill()


def run(  # noqa: PLR0913 - as many as subprocess.run has
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
    stdin: str | None = None,
    timeout: float | None = None,
    may_ask: bool = False,
) -> Completed:
    """Run a program to its end; see `Process` and `Process.finish`.

    Raises:
        ProcessError: it could not be started, exited with another code than 0, or took too long.
    """
    program = Process(argv, env=env, cwd=cwd, asked=stdin is not None, may_ask=may_ask)
    return program.finish(stdin, timeout)


def replace_process(argv: Sequence[str], env: Mapping[str, str]) -> NoReturn:
    """Go on as another program in this process, with that environment and no other."""
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "nt":  # there, execve would let the caller go on while the program runs
        sys.exit(subprocess.run(list(argv), env=dict(env), check=False).returncode)  # noqa: S603 - as above
    os.execve(argv[0], list(argv), dict(env))  # noqa: S606 - as above


@dataclass(frozen=True)
class _Program:
    """A program that runs.

    Attributes:
        popen: of the standard library.
        has_session: whether it has a session of its own.
        started: clock ticks after the machine's start; 0 where that is unknown.
        job: that of Windows which everything that it starts belongs to; None where it may leave something behind.
    """

    popen: "subprocess.Popen[bytes]"
    has_session: bool
    started: int
    job: WindowsJob | None

    @classmethod
    def start(  # noqa: PLR0913 - as many as it takes
        cls,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path | None,
        has_session: bool,
        stdin: int,
        stdout: int | IO[bytes],
        stderr: int | IO[bytes],
    ) -> Self:
        """Start it.

        Raises:
            ProcessError: it could not be started.
        """
        if has_session:
            descendants.adopt_orphans()
        try:
            with _STARTING:
                popen = subprocess.Popen(  # noqa: S603 - argument lists only, never a shell
                    list(argv),
                    cwd=cwd,
                    env=dict(env),
                    stdin=stdin,
                    stdout=stdout,
                    stderr=stderr,
                    umask=_UMASK,
                    start_new_session=has_session,
                )
                _RUNNING.add(popen.pid)
        except OSError as error:
            raise ProcessError(f"{Path(argv[0]).name}: {_describe_reason(error, argv[0], cwd)}") from None
        status = descendants.read_status(popen.pid)
        job = WindowsJob(getattr(popen, "_handle", 0)) if has_session else None
        return cls(popen, has_session, status.started if status else 0, job)

    def kill(self) -> None:
        """Kill it, and the rest of its session or the processes below it."""
        if sys.platform == "win32":
            self.popen.kill()
            if self.job:
                self.job.close()
        elif self.has_session:
            with suppress(ProcessLookupError, PermissionError):  # macOS answers the latter where nobody is left
                os.killpg(self.popen.pid, signal.SIGKILL)
        elif self.popen.poll() is None:
            descendants.kill_tree(self.popen.pid)

    def end(self) -> None:
        """Kill it, wait for its end, and end what it left behind."""
        self.kill()
        self.popen.wait()
        _RUNNING.discard(self.popen.pid)
        if self.has_session and self.started:
            with _STARTING:
                descendants.kill_orphans(self.started, frozenset(_RUNNING))


def _describe_reason(error: OSError, program: str, cwd: Path | None) -> str:
    if cwd is not None and not cwd.is_dir():
        return f"could not be started in {cwd} ({error.strerror})"
    if isinstance(error, FileNotFoundError) and not Path(program).is_absolute():
        return f"could not be started ({error.strerror}); is it on PATH?"
    return f"could not be started ({error.strerror})"


def _name_signal(number: int) -> str:
    """Return the name of a signal: ``SIGXFSZ`` is that of a file larger than the limit of this shell."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _decode_text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="replace").replace("\r\n", "\n")
