"""The processes that a program leaves behind, found and ended on Linux whatever session they made.

A process that leaves its parent's session and loses its parent becomes a child of the nearest "subreaper" above it
(prctl(2), PR_SET_CHILD_SUBREAPER): we are one, so nothing that a build starts can outlive it unseen. Windows has job
objects for that (`windows_job`). macOS has nothing like it: there, only the processes of the program's own session are
ended.
"""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

IS_LINUX: Final = sys.platform == "linux"
_PR_SET_CHILD_SUBREAPER: Final = 36
_PROC: Final = Path("/proc")
_LONGEST_SWEEP: Final = 10.0
"""Seconds after which a program that forks faster than it is ended is left to itself."""


@dataclass(frozen=True)
class ProcessStatus:
    """One process, as ``/proc/PID/stat`` shows it (proc_pid_stat(5)).

    Attributes:
        pid: its number.
        state: one letter; ``Z`` for one that has ended and was not waited for.
        parent: the number of its parent.
        session: the number of its session's first process.
        started: clock ticks after the machine's start.
    """

    pid: int
    state: str
    parent: int
    session: int
    started: int


def adopt_orphans() -> None:
    """Become the parent of every descendant that loses its own, on Linux; may be called again."""
    if IS_LINUX:
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def read_status(pid: int) -> ProcessStatus | None:
    """Return the status of a process; None where there is none, or this is not Linux."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return ProcessStatus(pid, fields[0], int(fields[1]), int(fields[3]), int(fields[19]))


def _find_orphans(since: int, running: frozenset[int]) -> Iterator[int]:
    """Yield the numbers of our children that nobody here started."""
    ours = {*running, os.getsid(0)}
    for status in _list_children():
        if status.started >= since and status.pid not in running and status.session not in ours:
            yield status.pid


def kill_orphans(since: int, running: frozenset[int]) -> None:
    """End every process that was left to us and the processes below it, until there is none.

    Programs that share our session were started by libraries and not by a build, which has a session of its own and
    cannot come back to ours.

    Args:
        since: clock ticks after the machine's start; what is older is not touched.
        running: the numbers of our own programs, which are not touched, nor what belongs to their sessions.
    """
    if not IS_LINUX:
        return
    end = time.monotonic() + _LONGEST_SWEEP
    while time.monotonic() < end:
        orphans = list(_find_orphans(since, running))
        if not orphans:
            return
        everything = list(_list_processes())
        for orphan in orphans:
            for pid in _list_tree(orphan, everything):
                _kill(pid)
            with suppress(ChildProcessError):
                os.waitpid(orphan, 0)


def kill_tree(pid: int) -> None:
    """End a process and, on Linux, all processes below it."""
    for found in _list_tree(pid, list(_list_processes()) if IS_LINUX else []):
        _kill(found)


def _list_tree(pid: int, everything: list[ProcessStatus]) -> list[int]:
    """Return a process and all processes below it, each after its parent."""
    found = [pid]
    for parent in found:
        found += [status.pid for status in everything if status.parent == parent and status.pid not in found]
    return found


def _list_children() -> list[ProcessStatus]:
    """Return our own children, which are few; all processes of a machine may be thousands."""
    try:
        # The kernel may leave one out while another ends (proc_pid_task(5)), so it is asked twice.
        children = _read_children() | _read_children()
    except OSError:  # a kernel without CONFIG_PROC_CHILDREN
        return [status for status in _list_processes() if status.parent == os.getpid()]
    return [status for child in children if (status := read_status(child))]


def _read_children() -> set[int]:
    """Return the numbers of our children, which the kernel lists for each of our threads."""
    children: set[int] = set()
    for thread in (_PROC / "self" / "task").iterdir():
        with suppress(ProcessLookupError):
            children.update(map(int, (thread / "children").read_text().split()))
    return children


def _list_processes() -> Iterator[ProcessStatus]:
    for entry in os.scandir(_PROC):
        if entry.name.isdigit():
            status = read_status(int(entry.name))
            if status:
                yield status


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
