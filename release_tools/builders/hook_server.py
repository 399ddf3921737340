"""Runs a backend's hooks, each in a fork of one process that has imported the backend already.

A hook is to have a process of its own, whose state it may change (PEP 517); most of the time that such a process takes
is that of its start. This file is run by its path, in the build environment, and imports nothing of ours.
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

    Arguments: the backend's module, and others that its hooks import. A line is a JSON object: ``argv`` of the script
    that calls the hook, its ``cwd``, the variables to add to its ``env``, and the file that takes its ``output``.
    """
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")  # not inherited by what a hook starts
    wanted, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # which nobody would read in this environment
    for module in sys.argv[1:]:
        with suppress(Exception):  # a hook fails on it again, and tells
            importlib.import_module(module)
    sys.dont_write_bytecode = wanted
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            answers.close()
            _call(**json.loads(line))
            return
        answers.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        answers.flush()


def _call(argv: list[str], cwd: str, env: dict[str, str], output: str) -> None:
    """Become the hook's own process; it ends as any interpreter does."""
    with Path(os.devnull).open() as nothing, Path(output).open("w") as said:
        for file, number in ((nothing, 0), (said, 1), (said, 2)):
            os.dup2(file.fileno(), number)
    os.chdir(cwd)
    os.environ.update(env)
    sys.argv = argv
    runpy.run_path(argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
