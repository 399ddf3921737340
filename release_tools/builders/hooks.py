"""A backend's hooks, called in its build environment, each in a process of its own (PEP 517)."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from release_tools.builders import hook_server
from release_tools.builders.virtual_environment import Environment
from release_tools.project.facts import Project
from release_tools.system.process import LineWorker, Process, ProcessError, follow_output

_FORKS: Final = sys.platform == "linux"  # macOS forbids much to a fork of a process that uses its frameworks
_PRELOADED: Final = frozenset(
    (
        "flit_core.buildapi",
        "hatchling.build",
        "pdm.backend",
        "poetry.core.masonry.api",
        "setuptools.build_meta",
    )
)
"""Backends that read the source, the time and the folder when a hook is called, and not when they are imported."""


class _Tail:
    """Reads what was added to a file since the last time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._position = 0

    def read(self) -> bytes:
        """Return the new bytes; none where the file is not there yet."""
        if not self._path.is_file():
            return b""
        with self._path.open("rb") as file:
            file.seek(self._position)
            new = file.read()
        self._position += len(new)
        return new


class Hooks:
    """Calls the hooks of one backend in one environment.

    A backend that may be imported before its hooks are called is imported once, by a process that forks for each hook.

    Attributes:
        environment: with the backend and all that it requires.
    """

    def __init__(self, environment: Environment, project: Project) -> None:
        self.environment = environment
        module = project.backend.partition(":")[0]
        self._server_argv = [environment.python_executable, "-P", hook_server.__file__, module]
        self._forks = _FORKS and module in _PRELOADED and not project.in_tree
        self._server: LineWorker | None = None

    def start(self) -> None:
        """Start to import the backend, where it may be.

        Raises:
            ProcessError: the environment's interpreter could not be started.
        """
        if self._forks and self._server is None:
            self._server = LineWorker(self._server_argv, env=self.environment.env, cwd=self.environment.folder)

    def call(
        self,
        variables: Mapping[str, str],
        cmd: Sequence[str],
        cwd: str | None = None,
        extra_environ: Mapping[str, str] | None = None,
    ) -> None:
        """Call a hook; with its first argument given, a subprocess runner of ``pyproject_hooks``.

        Args:
            variables: of its environment, in addition to those of all hooks.
            cmd: interpreter, script, name of the hook, and a folder of the call's own.
            cwd: the source.
            extra_environ: says which backend it is.

        Raises:
            ProcessError: with the output of the hook that failed.
        """
        self.start()
        env = {**variables, **(extra_environ or {})}
        output = Path(cmd[-1], "output.txt")
        code = ""
        if self._server:
            call = {"argv": cmd[1:], "cwd": cwd or ".", "env": env, "output": str(output)}
            with follow_output(_Tail(output).read):
                code = self._server.ask(json.dumps(call))
        if not code:
            Process(cmd, cwd=Path(cwd) if cwd else None, env={**self.environment.env, **env}).finish()
        elif code != "0":
            text = output.read_text(encoding="utf-8", errors="replace")
            raise ProcessError(f"{Path(cmd[0]).name}: exited with {code}", text.strip(), int(code))

    def end(self) -> None:
        """End the process that imported the backend; the next call starts another one."""
        if self._server:
            self._server.end()
            self._server = None
