"""Run a backend's hooks, each in a fork of one process that has imported the backend already.

Each hook has a process of its own, whose state it may change (PEP 517); starting Python and importing the backend is
most of what such a process takes. This file is run by its path, in the build environment, and imports nothing of ours.
"""

import importlib
import json
import os
import runpy
import sys
from contextlib import suppress
from pathlib import Path


def main() -> None:
    """Answer each line with the exit code of the hook that it asks for.

    The argument is the backend's module. A line is a JSON object: ``argv`` of the script that calls the hook, its
    ``cwd``, the variables to add to its ``env``, and the file that takes its ``output``.
    """
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")  # not inherited by what a hook starts
    is_bytecode_unwanted, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # nobody would read it
    with suppress(Exception):  # the hook fails on it again, and its output says so
        importlib.import_module(sys.argv[1])
    sys.dont_write_bytecode = is_bytecode_unwanted
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            answers.close()
            _call(**json.loads(line))
            return
        answers.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        answers.flush()


def _call(argv: list[str], cwd: str, env: dict[str, str], output: str) -> None:
    """Become the process of the hook, which ends as any interpreter does."""
    with Path(os.devnull).open() as nothing, Path(output).open("w") as written:
        os.dup2(nothing.fileno(), 0)
        os.dup2(written.fileno(), 1)
        os.dup2(written.fileno(), 2)
    os.chdir(cwd)
    os.environ.update(env)
    sys.argv = argv
    runpy.run_path(argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
