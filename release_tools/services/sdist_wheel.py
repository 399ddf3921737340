"""Sdist and wheel by the PyPA's ``build``, reproducible: the commit's time is the only clock (PEP 517, PEP 518)."""

import gzip
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import HeaderParser
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from release_tools.archives import unpack_sdist
from release_tools.errors import BuildError
from release_tools.process import ProcessError, run
from release_tools.services.environment import Environment

if TYPE_CHECKING:
    from build import ProjectBuilder

_LAST_LINES: Final = 30
_MODE_FILE: Final = 0o644
_MODE_PROGRAM: Final = 0o755
_OWNER_MAY_RUN: Final = 0o100


@dataclass(frozen=True)
class Dists:
    """What the project's backend made.

    Attributes:
        sdist: path of the source distribution.
        wheel: path of the wheel, built from that sdist.
        repacked: whether the sdist's members were given the commit's time by us.
    """

    sdist: Path
    wheel: Path
    repacked: bool


@dataclass(frozen=True)
class Builder:
    """Builds one project, in environments that are shared by all builds with the same requirements.

    Attributes:
        scratch: a folder for environments and unpacked sources.
        env: the process's environment.
        commit_time: seconds since the epoch.
    """

    scratch: Path
    env: Mapping[str, str]
    commit_time: int
    _environments: dict[str, Environment] = field(default_factory=dict, init=False, repr=False)

    def build(self, source: Path, folder: Path, doing: Callable[[str], None]) -> Dists:
        """The sdist from the source, and the wheel from the sdist.

        Args:
            source: the project's folder in the scratch clone.
            folder: where the two files are written; made if it is missing.
            doing: is told what is going on.

        Raises:
            BuildError: the backend failed; the message ends with the last lines of its output.
        """
        doing("sdist")
        with _explained("sdist"):
            sdist = Path(self._prepare(source, "sdist").build("sdist", folder))
        repacked = repack_sdist(sdist, self.commit_time)
        doing("wheel from the sdist")
        unpacked = unpack_sdist(sdist, self.scratch / "sdist")
        with _explained("wheel"):
            wheel = Path(self._prepare(unpacked, "wheel").build("wheel", folder))
        return Dists(sdist, wheel, repacked)

    def metadata_version(self, source: Path) -> str:
        """The version that the project's own backend gives this source.

        Raises:
            BuildError: the backend failed.
        """
        with _explained("metadata"):
            metadata = Path(self._prepare(source, "wheel").metadata_path(self.scratch / "metadata")) / "METADATA"
        return HeaderParser().parsestr(metadata.read_text(encoding="utf-8"))["Version"] or ""

    def _prepare(self, source: Path, kind: Literal["sdist", "wheel"]) -> "ProjectBuilder":
        """The front end, once its environment holds what the project and its backend ask for."""
        from build import ProjectBuilder

        requires = ProjectBuilder(source).build_system_requires
        environment = self._environment(requires)
        project = ProjectBuilder.from_isolated_env(environment, source, runner=self._run)
        if more := project.get_requires_for_build(kind) - requires:
            environment.install(sorted(more))
        return project

    def _environment(self, requires: set[str]) -> Environment:
        name = sha256("\n".join(sorted(requires)).encode()).hexdigest()[:16]
        if name not in self._environments:
            clock = {
                "SOURCE_DATE_EPOCH": str(self.commit_time),
                "PYTHONHASHSEED": "0",
                "TZ": "UTC",
                "LC_ALL": "C.UTF-8",
            }
            made = Environment.create(self.scratch / f"build-{name}", self.env, extra=clock)
            made.install(sorted(requires))
            self._environments[name] = made
        return self._environments[name]

    def _run(self, cmd: Sequence[str], cwd: str | None = None, extra_environ: Mapping[str, str] | None = None) -> None:
        """The subprocess runner that ``build`` is given: our environment instead of the process's."""
        inner = next(env.env for env in self._environments.values() if cmd[0] == env.python_executable)
        run(cmd, cwd=Path(cwd) if cwd else None, env={**inner, **(extra_environ or {})})


def repack_sdist(path: Path, commit_time: int) -> bool:
    """Give the members of an sdist the commit's time, one owner and plain modes, where its backend did not.

    A backend that honours ``SOURCE_DATE_EPOCH`` gives all members one time; setuptools leaves those of the checkout.

    Returns:
        Whether the file was written anew.
    """
    with tarfile.open(path) as archive:
        if len({member.mtime for member in archive}) <= 1:
            return False
        fresh = path.with_suffix(".repacked")
        with (
            fresh.open("wb") as file,
            gzip.GzipFile("", "wb", fileobj=file, mtime=commit_time) as stream,
            tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as target,
        ):
            for member in sorted(archive, key=lambda member: member.name):
                member.mtime = commit_time
                member.uid = member.gid = 0
                member.uname = member.gname = ""
                member.pax_headers = {}
                runs = member.isdir() or member.mode & _OWNER_MAY_RUN
                member.mode = _MODE_PROGRAM if runs else _MODE_FILE
                target.addfile(member, archive.extractfile(member) if member.isreg() else None)
    fresh.replace(path)
    return True


@contextmanager
def _explained(what: str) -> Iterator[None]:
    """Turn whatever a build can raise into one BuildError that a person can act upon."""
    from build import BuildBackendException, BuildException

    try:
        yield
    except ProcessError as error:
        lines = error.output.splitlines()[-_LAST_LINES:]
        raise BuildError(
            f"The build of the {what} failed: {error.message}",
            "Mend what the last lines say, then run again.",
            faults=lines,
        ) from None
    except (BuildBackendException, BuildException) as error:
        raise BuildError(f"The build of the {what} failed: {error}", "See [build-system] in pyproject.toml.") from None
