"""Runs of our command on any machine: killed before or after an action, or held until another one is as far.

A server in a process of its own imports everything once and forks for each run, which is many times faster than a new
interpreter. The gate that they pass says which actions there are, and nothing else does.
"""

import gc
import importlib
import json
import os
import pkgutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import release_tools
from release_tools.engine.gate import Action, Gate
from release_tools.model.action import Receipt

ROOT = Path(__file__).parents[2]
BEFORE, AFTER = "before", "after"
_MOST_RUNS = 60
_LONGEST = 300
"""The seconds after which a run is ended, as one that waits for what never comes."""
LIBRARIES = (
    *("bs4", "github", "jinja2.sandbox", "markdown_it", "pypi_simple"),
    *("rattler_build", "requests", "rich._emoji_codes", "twine.repository"),
)


@dataclass(frozen=True)
class Run:
    """One run of our command.

    Attributes:
        arguments: of the command.
        env: its whole environment.
        log: the file that takes what it says.
        kill: whether it dies, as by ``kill -9``, before or after its first action; it lives if empty.

    Its process writes its number to the file beside the log that ends with ``.pid``, for who wants to kill it later.
    """

    arguments: tuple[str, ...]
    env: Mapping[str, str]
    log: str
    kill: str = ""


@dataclass(frozen=True)
class Ended:
    """The end of a run.

    Attributes:
        code: its exit code, or the signal that ended it as a negative number.
        applied: the keys of the actions that it applied.
        log: the file with what it said.
    """

    code: int
    applied: tuple[str, ...]
    log: str

    @property
    def said(self) -> str:
        return Path(self.log).read_text(encoding="utf-8", errors="replace")


class Runs:
    """The server, as a test uses it."""

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.support.runs"]
        self._server = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.communicate()

    def together(self, *runs: Run) -> list[Ended]:
        """Run at the same time: no run applies its first action before each has come to its own, or has ended."""
        assert self._server.stdin
        assert self._server.stdout
        self._server.stdin.write(json.dumps([asdict(run) for run in runs]) + "\n")
        self._server.stdin.flush()
        found = json.loads(self._server.stdout.readline())
        return [Ended(code, tuple(applied), run.log) for run, (code, applied) in zip(runs, found, strict=True)]

    def one(self, run: Run) -> Ended:
        """Run alone."""
        return self.together(run)[0]

    def until_done(self, run: Run) -> list[Ended]:
        """Run as often as it takes: a run that is killed after its first action leaves the rest to the next one."""
        ended = [self.one(run)]
        while ended[-1].code == -signal.SIGKILL and len(ended) < _MOST_RUNS:
            ended.append(self.one(run))
        return ended


def instrument(record: Callable[[str], object], hold: Callable[[], object], kill: str) -> None:
    """Have the gate hold the first action, record each that was applied, and die around the first one."""
    apply = Gate._apply  # noqa: SLF001 - what is instrumented
    held: list[Action] = []

    def watched(gate: Gate, action: Action) -> Receipt:
        if not held:
            held.append(action)
            hold()
        if kill == BEFORE:
            os.kill(os.getpid(), signal.SIGKILL)
        receipt = apply(gate, action)
        record(action.expected.key)
        if kill == AFTER:
            os.kill(os.getpid(), signal.SIGKILL)
        return receipt

    setattr(Gate, "_apply", watched)  # noqa: B010 - a method is no plain attribute to mypy


@dataclass(frozen=True)
class Child:
    """A run that was forked: its process, the pipe with its record, and the one that lets it go on."""

    pid: int
    record: int
    go_on: int


def fork(run: Run) -> Child:
    record, write_end = os.pipe()
    wait, go_on = os.pipe()
    pid = os.fork()
    if pid:
        os.close(write_end)
        os.close(wait)
        return Child(pid, record, go_on)
    os.close(record)
    os.close(go_on)
    os.environ.clear()
    os.environ.update(run.env)
    with open(os.devnull, "rb") as nothing, open(run.log, "wb") as log:  # noqa: PTH123 - as files to be handed on
        os.dup2(nothing.fileno(), 0)
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    Path(f"{run.log}.pid").write_text(str(os.getpid()), encoding="utf-8")
    signal.alarm(_LONGEST)

    def hold() -> None:
        os.write(write_end, b"\n")
        os.read(wait, 1)

    instrument(lambda key: os.write(write_end, f"{key}\n".encode()), hold, run.kill)
    code = run_main(list(run.arguments), dict(run.env))
    sys.stdout.flush()
    os._exit(code)


def run_main(arguments: list[str], env: dict[str, str]) -> int:
    """Run the command in this process, and return its exit code."""
    from release_tools.cli.main import main

    try:
        return main(arguments, env)
    except SystemExit as error:
        return int(error.code or 0)


def run_all(runs: Sequence[Run]) -> list[tuple[int, list[str]]]:
    children = [fork(run) for run in runs]
    started = [os.read(child.record, 1) for child in children]  # a line end at the first action, nothing at the end
    assert set(started) <= {b"\n", b""}
    for child in children:
        with suppress(BrokenPipeError):  # of one that has ended
            os.write(child.go_on, b"1")
    ended = []
    for child in children:
        with open(child.record, encoding="utf-8") as record:  # noqa: PTH123 - a descriptor
            keys = record.read().splitlines()
        os.close(child.go_on)
        ended.append((os.waitstatus_to_exitcode(os.waitpid(child.pid, 0)[1]), keys))
    return ended


def import_everything() -> None:
    """Import every module of ours, and the libraries that they import where they are used: no run imports anything."""
    for module in pkgutil.walk_packages(release_tools.__path__, "release_tools."):
        if not module.name.endswith(".__main__"):
            importlib.import_module(module.name)
    for library in LIBRARIES:
        importlib.import_module(library)
    gc.freeze()  # what is never collected is never copied for a run


def serve() -> None:
    import_everything()
    for line in sys.stdin:
        runs = [Run(**{**run, "arguments": tuple(run["arguments"])}) for run in json.loads(line)]
        print(json.dumps(run_all(runs)), flush=True)  # noqa: T201 - what it is for


if __name__ == "__main__":
    serve()
