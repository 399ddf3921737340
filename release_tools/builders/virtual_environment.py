"""Python environments of our own: for the project's build, and for trying out what was built."""

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Self

from release_tools.engine.background import ProcessChain
from release_tools.system.credentials import without_credentials
from release_tools.system.process import Completed, Process, ProcessError, run

_AT_ONCE: Final = {"UV_CONCURRENT_DOWNLOADS": "12"}
"""uv would ask for fifty addresses within a moment, and another uv beside it; of so many questions some name servers
lose one, which is asked again after five seconds. Twelve connections are as fast."""


def find_uv(env: Mapping[str, str]) -> str | None:
    """Where uv is, installed beside us or on PATH; None where it is not."""
    try:
        import uv

        return uv.find_uv_bin()
    except (ImportError, FileNotFoundError):
        return shutil.which("uv", path=env.get("PATH"))


@dataclass(frozen=True)
class Environment:
    """A virtual environment; it serves as an isolated environment of ``build`` too.

    Attributes:
        folder: where it lies.
        env: the environment variables of what runs in it: no credential, a fixed clock and locale.
        uv: the uv that installs into it; pip does where it is None.
    """

    folder: Path
    env: Mapping[str, str]
    uv: str | None

    @classmethod
    def at(cls, folder: Path, env: Mapping[str, str], *, extra: Mapping[str, str] | None = None) -> Self:
        """The one in that folder, whether it was made before or not yet.

        Args:
            folder: where it lies, or will lie.
            env: the process's environment; credentials are left out.
            extra: variables to add, such as ``PYTHONHASHSEED``.
        """
        inner = _AT_ONCE | without_credentials(env) | {"VIRTUAL_ENV": str(folder), **(extra or {})}
        found = cls(folder, inner, find_uv(env))
        inner["PATH"] = os.pathsep.join(filter(None, (str(found.scripts), env.get("PATH"))))
        return found

    @classmethod
    def create(cls, folder: Path, env: Mapping[str, str]) -> Self:
        """Make one with the running interpreter; see `at`.

        Raises:
            ProcessError: the environment could not be made.
        """
        made = cls.at(folder, env)
        made.make()
        return made

    @property
    def scripts(self) -> Path:
        """The folder of its commands."""
        return self.folder / ("Scripts" if os.name == "nt" else "bin")

    @property
    def python_executable(self) -> str:
        """Its interpreter."""
        return str(self.scripts / ("python.exe" if os.name == "nt" else "python"))

    def make_extra_environ(self) -> Mapping[str, str]:
        """What ``build`` adds to the environment of a backend."""
        return {"PATH": self.env["PATH"]}

    def begin(self, requirements: Sequence[str]) -> ProcessChain:
        """Make it and begin to install requirements, if any, and do not wait for that.

        Raises:
            ProcessError: the environment could not be made.
        """
        installing = [partial(self.begin_install, requirements)] if requirements else []
        if not self.uv:
            return ProcessChain(self._begin_with_pip, *installing)
        self.make()
        return ProcessChain(*installing)

    def make(self) -> None:
        """Make it, empty but for an installer where none is at hand.

        Raises:
            ProcessError: the environment could not be made.
        """
        if not self.uv:
            self._begin_with_pip().finish()
            return
        from venv import EnvBuilder

        try:
            EnvBuilder(symlinks=os.name != "nt").create(self.folder)  # sooner than a program could be begun that does
        except OSError as error:
            shutil.rmtree(self.folder, ignore_errors=True)  # whoever looks for it takes what lies there for the whole
            raise ProcessError(f"{self.folder}: no environment can be made there: {error.strerror}") from None

    def _begin_with_pip(self) -> Process:
        return Process([sys.executable, "-I", "-m", "venv", str(self.folder)], env=self.env)

    def install(self, requirements: Sequence[str], *, dependencies: bool = True, wheels: bool = False) -> None:
        """Install requirements or files.

        Args:
            requirements: PEP 508 requirements, or absolute paths of wheels; none is no fault.
            dependencies: their dependencies as well.
            wheels: only wheels, so that nothing of what is installed is run.

        Raises:
            ProcessError: with the installer's output.
        """
        if requirements:
            self.begin_install(requirements, dependencies=dependencies, wheels=wheels).finish()

    def begin_install(self, requirements: Sequence[str], *, dependencies: bool = True, wheels: bool = False) -> Process:
        """Begin what `install` does, and do not wait for it.

        Raises:
            ProcessError: the installer could not be started.
        """
        options = [*([] if dependencies else ["--no-deps"]), *(["--only-binary=:all:"] if wheels else [])]
        if self.uv:
            installer = [self.uv, "pip", "install", "--quiet", "--python", self.python_executable]
        else:
            installer = [self.python_executable, "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        # From its own folder: uv would take settings from a pyproject.toml in the working directory.
        return Process([*installer, *options, "--", *requirements], env=self.env, cwd=self.folder)

    def python(self, *arguments: str, cwd: Path | None = None) -> Completed:
        """Run its interpreter, isolated from the user's own modules.

        Raises:
            ProcessError: it exited with another code than 0.
        """
        return run([self.python_executable, "-I", *arguments], env=self.env, cwd=cwd or self.folder)
