"""Background tasks: work that starts before a step asks for its result, so that the step need not wait for it."""

import sys
import sysconfig
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from threading import Lock, Thread
from time import monotonic
from typing import Any, Final, ParamSpec, TypeVar

from release_tools.system.process import ProcessScope

_Result = TypeVar("_Result")
_Arguments = ParamSpec("_Arguments")
_SWITCH_INTERVAL: Final = 0.0005
"""Seconds after which a thread that computes lets another one go on, which often only starts the next program."""
_LAST_MOMENT: Final = 2.0
"""Seconds that all tasks together have for their end once their programs were killed."""


class BackgroundTasks:
    """The background tasks of one run, each under the name by which it is started and its result is asked for.

    A task runs once, in a thread of its own. Whether it was started early changes nothing but the time that it takes:
    `result` runs a task that nobody started, and raises what the task raised.

    Of other people's packages, a task may import only those that nothing else imports while it runs: if two threads
    import parts of a package with import cycles, each can wait for the other, and Python ends that with an error in
    one of them. Our own package has no cycles.
    """

    def __init__(self) -> None:
        sys.setswitchinterval(_SWITCH_INTERVAL)
        # Python 3.11 reads these without a lock: another thread, such as one that looks for uv, could find half of it.
        sysconfig.get_config_vars()
        self._lock = Lock()
        self._results: dict[str, Future[Any]] = {}
        self._threads: list[Thread] = []
        self._programs = ProcessScope()

    def start(
        self, name: str, work: Callable[_Arguments, object], *args: _Arguments.args, **kwargs: _Arguments.kwargs
    ) -> None:
        """Start a task, unless one of this name has been started before."""
        future = self._claim(name)
        if future is not None:
            # Python waits for the threads of an executor when it exits; it does not wait for a daemon.
            thread = Thread(target=self._run, args=(future, partial(work, *args, **kwargs)), name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def result(
        self, name: str, work: Callable[_Arguments, _Result], *args: _Arguments.args, **kwargs: _Arguments.kwargs
    ) -> _Result:
        """Return the result of a task, or raise its error; a task that nobody started runs now, in this thread."""
        future = self._claim(name)
        if future is not None:
            _settle(future, partial(work, *args, **kwargs))
        result: _Result = self._results[name].result()
        return result

    def end(self) -> None:
        """Kill the programs of the tasks that still run, and leave their threads."""
        self._programs.end()
        deadline = monotonic() + _LAST_MOMENT
        for thread in self._threads:
            thread.join(max(0.0, deadline - monotonic()))
        if not any(thread.is_alive() for thread in self._threads):
            self._programs.close()

    def _claim(self, name: str) -> Future[Any] | None:
        """Return a future for a task of a new name; None where there is such a task."""
        with self._lock:
            if name in self._results:
                return None
            future: Future[Any] = Future()
            self._results[name] = future
            return future

    def _run(self, future: Future[Any], work: Callable[[], object]) -> None:
        self._programs.enter()
        _settle(future, work)


def _settle(future: Future[Any], work: Callable[[], object]) -> None:
    try:
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001 - raised again where the result is asked for
        future.set_exception(error)
