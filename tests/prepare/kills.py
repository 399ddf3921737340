"""Our command, killed as soon as the git that it runs has done something."""

import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.support.runs import Run, Runs


def killed_after_git(runs: Runs, command: str, arguments: list[str], env: Mapping[str, str], folder: Path) -> None:
    """Run our command in a process of its own, which dies, as by ``kill -9``, after the first git of a kind.

    Args:
        runs: the server that runs it.
        command: of git, such as ``commit``.
        arguments: of ours.
        env: of the process.
        folder: for the git that kills; it is made.
    """
    folder.mkdir()
    real = subprocess.run(["sh", "-c", "command -v git"], capture_output=True, text=True, check=True).stdout.strip()
    script = f'#!/bin/sh\n"{real}" "$@" || exit\nfor one; do [ "$one" = {command} ] && kill -9 $PPID; done; exit 0\n'
    (folder / "git").write_text(script)
    (folder / "git").chmod(0o755)
    changed = {**env, "PATH": f"{folder}{os.pathsep}{env['PATH']}"}
    ended = runs.one(Run(tuple(arguments), changed, str(folder / "log")))
    assert ended.code == -signal.SIGKILL, ended.said
