"""What is begun before its turn, so that nobody need wait for it then: programs, and work in a thread of its own.

A head start only ever saves time: what nobody asks for is ended, and what went wrong is told by who asks.
"""

import signal
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from threading import Lock, Thread, current_thread, main_thread
from typing import Any, Generic, TypeVar

from release_tools.system.process import Process, ProcessError

_Work = TypeVar("_Work", "ProcessChain", "Task[Any]")
_Answer = TypeVar("_Answer")


class ProcessChain:
    """Programs one after the other, each begun once the one before it went well, while we do something else."""

    def __init__(self, *programs: Callable[[], Process]) -> None:
        self._programs = programs
        self._lock = Lock()
        self._running: Process | None = None
        self._ended = self._went_well = False
        self._thread = Thread(target=self._run, name="begun", daemon=True)
        self._thread.start()

    def is_ready(self) -> bool:
        """Whether the last one has ended, or one failed."""
        return not self._thread.is_alive()

    def finish(self) -> bool:
        """Wait for the last one; answer whether all went well."""
        self._thread.join()
        return self._went_well

    def end(self) -> None:
        """Have it end now, if it has not."""
        with self._lock:
            self._ended = True
            if self._running and self._thread.is_alive():  # its number may be another's by now
                self._running.kill()
        self._thread.join()

    def _run(self) -> None:
        for program in self._programs:
            try:
                with self._lock:
                    if self._ended:
                        return
                    self._running = program()
                self._running.finish()
            except ProcessError:
                return
        self._went_well = True


class Task(Generic[_Answer]):
    """Something that is done in a thread of its own."""

    def __init__(self, deed: Callable[[], _Answer], undo: Callable[[_Answer], None] | None = None) -> None:
        """Begin it.

        Args:
            deed: is done.
            undo: ends what the deed began and nobody asked for.
        """
        self._undo = undo
        self._answer: Future[_Answer] = Future()
        self._thread = Thread(target=self._run, args=(deed,), name="begun", daemon=True)
        self._thread.start()

    def is_ready(self) -> bool:
        """Whether it is done, or failed."""
        return self._answer.done()

    def finish(self) -> _Answer:
        """Its answer, waited for; raises what it raised."""
        return self._answer.result()

    def end(self) -> None:
        """Wait for its end, as nobody can stop a thread, and have it undone."""
        self._thread.join()
        if self._undo and not self._answer.exception():
            self._undo(self._answer.result())

    def _run(self, deed: Callable[[], _Answer]) -> None:
        try:
            self._answer.set_result(deed())
        except Exception as error:  # noqa: BLE001 - raised again where the answer is asked for
            self._answer.set_exception(error)


class BackgroundTasks:
    """What was begun before anybody waits for it, each by what it is for."""

    def __init__(self) -> None:
        self._works: dict[str, ProcessChain | Task[Any]] = {}
        self._put_off: deque[Callable[[], object]] = deque()

    def put_off(self, deed: Callable[[], object]) -> None:
        """Have something done that is no hurry, and that Python would do instead of what is."""
        self._put_off.append(deed)

    def meanwhile(self, ready: Callable[[], bool]) -> None:
        """Do what was put off, one deed after the other, until what the caller waits for is there."""
        while self._put_off and not ready():
            with _uninterrupted():
                self._put_off.popleft()()

    def add(self, purpose: str, work: "ProcessChain | Task[Any]") -> None:
        """Keep it until it is asked for."""
        self._works[purpose] = work

    def __contains__(self, purpose: str) -> bool:
        """Whether it was begun, and not asked for yet."""
        return purpose in self._works

    def take(self, purpose: str, kind: type[_Work]) -> _Work | None:
        """Hand it out, to be finished; None where it was not begun."""
        work = self._works.pop(purpose, None)
        return work if isinstance(work, kind) else None

    def end(self) -> None:
        """End what nobody asked for."""
        while self._works:
            self._works.popitem()[1].end()


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let Ctrl-C wait for the end: what it falls upon in the middle of an import may swallow it."""
    if current_thread() is not main_thread() or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    interruptions: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: interruptions.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if interruptions:
        raise KeyboardInterrupt
