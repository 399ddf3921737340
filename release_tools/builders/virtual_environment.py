"""Create virtual environments: for the project's build, and for testing what was built."""

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from release_tools.system.credentials import remove_credentials
from release_tools.system.process import Completed, ProcessError, run
from release_tools.system.tool_settings import PIP, UV

_AT_ONCE: Final = {"UV_CONCURRENT_DOWNLOADS": "12"}
"""uv would resolve fifty addresses at the same moment, and so would a second uv; some name servers then drop a query,
which is repeated only after five seconds. Twelve connections are as fast."""
_MISUSED: Final = 2
"""The exit code of uv and pip for a wrong option, which a variable of the shell sets as well."""


def find_uv(env: Mapping[str, str]) -> str | None:
    """Return the path of uv, installed with release-tools or on PATH; None where there is none."""
    try:
        import uv

        return uv.find_uv_bin()
    except (ImportError, FileNotFoundError):
        return shutil.which("uv", path=env.get("PATH"))


@dataclass(frozen=True)
class Environment:
    """A virtual environment; ``build`` accepts it as its isolated environment.

    Attributes:
        folder: its folder.
        env: the environment variables of what runs in it; no credentials are among them.
        uv: path of the uv that installs into it; None where pip does.
    """

    folder: Path
    env: Mapping[str, str]
    uv: str | None

    @classmethod
    def at(cls, folder: Path, env: Mapping[str, str], *, extra: Mapping[str, str] | None = None) -> Self:
        """Return the environment of a folder, whether it exists already or not.

        Args:
            folder: its folder.
            env: the process's environment; credentials are left out.
            extra: variables to add, such as ``PYTHONHASHSEED``.
        """
        inner = _AT_ONCE | remove_credentials(env) | {"VIRTUAL_ENV": str(folder), **(extra or {})}
        environment = cls(folder, inner, find_uv(env))
        inner["PATH"] = os.pathsep.join(filter(None, (str(environment.scripts), env.get("PATH"))))
        return environment

    @classmethod
    def create(cls, folder: Path, env: Mapping[str, str]) -> Self:
        """Create an environment with the running interpreter; see `at`.

        Raises:
            ProcessError: the environment could not be made.
        """
        environment = cls.at(folder, env)
        environment.make()
        return environment

    @property
    def scripts(self) -> Path:
        """Return the folder of its commands."""
        return self.folder / ("Scripts" if os.name == "nt" else "bin")

    @property
    def python_executable(self) -> str:
        """Return the path of its interpreter."""
        return str(self.scripts / ("python.exe" if os.name == "nt" else "python"))

    def make_extra_environ(self) -> Mapping[str, str]:
        """Return what ``build`` adds to the environment of a backend."""
        return {"PATH": self.env["PATH"]}

    def make(self) -> None:
        """Create it, empty but for pip where there is no uv.

        Raises:
            ProcessError: the environment could not be made; nothing is left of it.
        """
        if not self.uv:
            run([sys.executable, "-I", "-m", "venv", str(self.folder)], env=self.env)
            return
        from venv import EnvBuilder

        try:
            EnvBuilder(symlinks=os.name != "nt").create(self.folder)  # sooner than a program could start that does
        except OSError as error:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise ProcessError(f"{self.folder}: cannot create a virtual environment: {error.strerror}") from None

    def install(self, requirements: Sequence[str], *, dependencies: bool = True, wheels: bool = False) -> None:
        """Install requirements or files.

        Args:
            requirements: PEP 508 requirements, or absolute paths of wheels; may be empty.
            dependencies: whether to install their dependencies as well.
            wheels: whether to take nothing but wheels, so that nothing of what is installed is run.

        Raises:
            ProcessError: with the installer's output.
        """
        if not requirements:
            return
        options: list[str] = []
        if not dependencies:
            options.append("--no-deps")
        if wheels:
            options.append("--only-binary=:all:")
        settings = UV if self.uv else PIP
        try:
            run([*self._installer, *options, "--", *requirements], env=settings.apply(self.env), cwd=self.folder)
        except ProcessError as error:
            given = sorted(settings.kept & self.env.keys() - _AT_ONCE.keys())
            if error.returncode == _MISUSED and given:
                error.message += f", with {', '.join(given)} of your environment"
            raise

    @property
    def _installer(self) -> list[str]:
        """Return the beginning of a call of uv, or of pip where uv is not installed."""
        if self.uv:
            return [self.uv, "pip", "install", "--quiet", "--python", self.python_executable]
        return [self.python_executable, "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]

    def python(self, *arguments: str, cwd: Path | None = None) -> Completed:
        """Run its interpreter, isolated from the user's own modules.

        Raises:
            ProcessError: it exited with another code than 0.
        """
        return run([self.python_executable, "-I", *arguments], env=self.env, cwd=cwd or self.folder)
