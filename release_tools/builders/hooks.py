"""A backend's hooks, called in its build environment, each in a process of its own (PEP 517)."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from release_tools.builders import hook_server
from release_tools.builders.backends import LATER
from release_tools.builders.virtual_environment import Environment
from release_tools.project.facts import Project
from release_tools.system.process import LineWorker, Meanwhile, Process, ProcessError

_FORKS: Final = sys.platform == "linux"  # macOS forbids much to a fork of a process that uses its frameworks


class Hooks:
    """What calls the hooks of one backend in one environment.

    A backend of which that is known to change nothing is loaded once, by a process that forks for each hook.
    """

    def __init__(self, environment: Environment, project: Project, meanwhile: Meanwhile) -> None:
        """Nothing is begun yet.

        Args:
            environment: with the backend and all that it needs.
            project: names its backend.
            meanwhile: called while a hook works, with what tells whether that has ended.
        """
        self._environment = environment
        self._meanwhile = meanwhile
        module = project.backend.partition(":")[0]
        self._server_argv = [environment.python_executable, "-P", hook_server.__file__, module, *LATER.get(module, ())]
        self._forks = _FORKS and module in LATER and not project.in_tree
        self._server: LineWorker | None = None

    def begin(self) -> None:
        """Have the backend imported by the time that it is called."""
        if self._forks and self._server is None:
            self._server = LineWorker(self._server_argv, env=self._environment.env, cwd=self._environment.folder)

    def call(
        self,
        variables: Mapping[str, str],
        cmd: Sequence[str],
        cwd: str | None = None,
        extra_environ: Mapping[str, str] | None = None,
    ) -> None:
        """Call a hook; with its first argument given, a subprocess runner of ``pyproject_hooks``.

        Args:
            variables: of its environment, beside those of all hooks.
            cmd: interpreter, script, name of the hook, and a folder of the call's own.
            cwd: the source.
            extra_environ: says which backend it is.

        Raises:
            ProcessError: with the output of the hook that failed.
        """
        self.begin()
        extra, output = {**variables, **(extra_environ or {})}, Path(cmd[-1], "output.txt")
        call = {"argv": cmd[1:], "cwd": cwd or ".", "env": extra, "output": str(output)}
        answer = self._server.ask(json.dumps(call), self._meanwhile) if self._server else ""
        if not answer:
            program = Process(cmd, cwd=Path(cwd) if cwd else None, env={**self._environment.env, **extra})
            program.finish(meanwhile=self._meanwhile)
        elif answer != "0":
            said = output.read_text(encoding="utf-8", errors="replace")
            raise ProcessError(f"{Path(cmd[0]).name}: exited with {answer}", said.strip(), int(answer))

    def end(self) -> None:
        """Nothing more is called, or all is imported anew: the environment holds more than before."""
        if self._server:
            self._server.end()
            self._server = None
