"""Our command, killed after every act that it does, and run again, until nothing is left to do.

A program of its own: ``python -m tests.support.killing KILL ARGUMENTS…``. Which acts there are is told by the gate that
they pass, and by nothing else. It prints a JSON list: for each run how it ended, and the keys of the acts that it did.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import release_tools.pipeline
from release_tools.cli import main as cli_main
from release_tools.engine.gate import Action, Gate
from release_tools.model.action import Receipt

AT_MOST = 60


def instrument(tell: Callable[[str], object], *, kill: bool) -> None:
    """Have the gate tell of each act that was done; and then die, as by ``kill -9``."""
    apply = Gate._apply  # noqa: SLF001 - what is instrumented

    def performed(gate: Gate, act: Action) -> Receipt:
        receipt = apply(gate, act)
        tell(act.expected.key)
        if kill:
            os.kill(os.getpid(), signal.SIGKILL)
        return receipt

    setattr(Gate, "_apply", performed)  # noqa: B010 - a method is no plain attribute to mypy


def once(arguments: list[str], *, kill: bool) -> tuple[int, list[str]]:
    """One run in a process of its own: its exit code, or the signal that ended it as a negative number."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        instrument(lambda key: os.write(theirs, f"{key}\n".encode()), kill=kill)
        os._exit(cli_main.main(arguments, dict(os.environ)))
    os.close(theirs)
    with open(ours, encoding="utf-8") as told:  # noqa: PTH123 - a descriptor
        acts = told.read().splitlines()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), acts


def main() -> None:
    assert release_tools.pipeline.BUILD, "imported before the first fork, and so by none of them"
    kill, log, *arguments = sys.argv[1:]
    ends = os.dup(1)
    with Path(log).open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    runs: list[tuple[int, list[str]]] = []
    while len(runs) < AT_MOST and (not runs or runs[-1][0] == -signal.SIGKILL):
        runs.append(once(arguments, kill=kill == "after"))
    os.write(ends, json.dumps(runs).encode())


if __name__ == "__main__":
    main()
