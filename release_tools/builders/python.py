"""Sdist and wheel by the PyPA's ``build``, reproducible: the commit's time is the only clock (PEP 517, PEP 518)."""

import gzip
import os
import struct
import tarfile
import warnings
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, replace
from email.parser import HeaderParser
from functools import partial
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Final, Literal, Self

from release_tools.builders.build_environment import hooks_for
from release_tools.builders.hooks import Hooks
from release_tools.config.loader import read_pyproject
from release_tools.engine.tasks import BackgroundTasks
from release_tools.errors import BuildError
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.project.facts import Project
from release_tools.system.process import ProcessError

if TYPE_CHECKING:
    from build import ProjectBuilder

_LAST_LINES: Final = 30
_MODE_FILE: Final = 0o644
_MODE_PROGRAM: Final = 0o755
_OWNER_MAY_RUN: Final = 0o100
_GZIP_TIME: Final = 4
_TIME: Final = struct.Struct("<I")
_GZIP_LEVEL: Final = 6  # what gzip itself takes: level 9 takes twice as long for one per cent
_CHUNK: Final = 1 << 20
_EARLIER: Final = 2  # seconds: zip files count them in pairs
_SEE_TABLE: Final = "See [build-system] in pyproject.toml."


@dataclass(frozen=True)
class Dists:
    """What the project's backend made.

    Attributes:
        sdist: path of the source distribution.
        wheel: path of the wheel, built from that sdist.
        repacked: whether the sdist's members were given the commit's time by us.
        warnings: of the backend, each once and in one line.
    """

    sdist: Path
    wheel: Path
    repacked: bool
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class PythonBuilder:
    """Builds one project, in environments that are shared by all builds with the same requirements.

    Attributes:
        scratch: the run's folder for environments and unpacked sources.
        env: the process's environment.
        commit_time: seconds since the epoch.
        background: makes the environments, or has started to; see `build_environment.start_build_environment`.
    """

    scratch: Path
    env: Mapping[str, str]
    commit_time: int
    background: BackgroundTasks = field(default_factory=BackgroundTasks)
    _hooks: list[Hooks] = field(default_factory=list, init=False, repr=False)

    def __enter__(self) -> Self:
        """Build while it lasts."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the backends' processes."""
        for hooks in self._hooks:
            hooks.end()

    def build(
        self, source: Path, folder: Path, doing: Callable[[str], None], unpacked: Callable[[Path], None]
    ) -> Dists:
        """The sdist from the source, and the wheel from the sdist.

        Args:
            source: the project's folder in the scratch clone.
            folder: where the two files are written; made if it is missing.
            doing: is told what is going on.
            unpacked: called with the folder that the sdist was unpacked to, before the wheel is built there.

        Raises:
            BuildError: the backend failed; the message ends with the last lines of its output.
        """
        with _heard() as warned:
            dists = self._build(source, folder, doing, unpacked)
        return replace(dists, warnings=tuple(warned))

    def _build(
        self, source: Path, folder: Path, doing: Callable[[str], None], unpacked: Callable[[Path], None]
    ) -> Dists:
        from release_tools.artifacts import unpack_sdist

        doing("sdist")
        _age(source, self.commit_time - _EARLIER)
        with _explained("sdist"):
            sdist = _made(self._prepare(source, "sdist").build("sdist", folder), folder)
            repacked = repack_sdist(sdist, self.commit_time)
            before = Artifact.of(sdist, ArtifactKind.SDIST)
        doing("wheel from the sdist")
        inside = unpack_sdist(sdist, self.scratch / "sdist")
        unpacked(inside)
        with _explained("wheel"):
            wheel = _made(self._prepare(inside, "wheel").build("wheel", folder), folder)
            if Artifact.of(sdist, ArtifactKind.SDIST) != before:
                raise BuildError(f"{sdist.name}: changed by the build of the wheel", _SEE_TABLE)
        return Dists(sdist, wheel, repacked)

    def metadata_version(self, source: Path) -> str:
        """The version that the project's own backend gives this source.

        Raises:
            BuildError: the backend failed.
        """
        with _heard(), _explained("metadata"):
            metadata = Path(self._prepare(source, "wheel").metadata_path(self.scratch / "metadata")) / "METADATA"
        return HeaderParser().parsestr(metadata.read_text(encoding="utf-8"))["Version"] or ""

    def _prepare(self, source: Path, kind: Literal["sdist", "wheel"]) -> "ProjectBuilder":
        """The front end, once its environment holds what the project and its backend ask for."""
        from build import ProjectBuilder

        requires = ProjectBuilder(source).build_system_requires
        project = Project.of(read_pyproject(source))
        hooks = hooks_for(self.scratch, self.env, requires, project, self.background)
        self._hooks.append(hooks)
        runner = partial(hooks.call, {"SOURCE_DATE_EPOCH": str(self.commit_time)})
        builder = ProjectBuilder.from_isolated_env(hooks.environment, source, runner=runner)
        if further := builder.get_requires_for_build(kind) - requires:
            hooks.environment.install(sorted(further))
            hooks.end()
        return builder


def _made(answer: str, folder: Path) -> Path:
    """The file that a backend says it made, if it did.

    Raises:
        BuildError: it is not there.
    """
    path = Path(answer)
    if path.parent != folder or path.is_symlink() or not path.is_file():
        raise BuildError(f"The backend says that it made {path.name!r}, but did not", _SEE_TABLE)
    return path


def repack_sdist(path: Path, commit_time: int) -> bool:
    """Give an sdist and its members the commit's time, one owner and plain modes, where its backend did not.

    Backends that honour ``SOURCE_DATE_EPOCH`` do all of it themselves; setuptools keeps the times of the checkout, and
    pdm-backend stamps the gzip header with the time of the build.

    Args:
        path: the sdist.
        commit_time: seconds since the epoch.

    Returns:
        Whether the file was changed.
    """
    fresh = path.with_suffix(".repacked")
    with (
        TemporaryFile(dir=path.parent) as unpacked,
        tarfile.open(fileobj=_ungzipped(path, unpacked), mode="r:") as archive,
    ):
        members = archive.getmembers()
        plain = [_plain(member, commit_time) for member in members]
        unchanged = all(before.get_info() == after.get_info() for before, after in zip(members, plain, strict=True))
        if unchanged:
            return _stamp(path, commit_time)
        with (
            fresh.open("wb") as file,
            gzip.GzipFile("", "wb", _GZIP_LEVEL, fileobj=file, mtime=commit_time) as stream,
            tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as target,
        ):
            for member in sorted(plain, key=lambda member: (member.islnk(), member.name)):
                target.addfile(member, archive.extractfile(member) if member.isreg() else None)
    fresh.replace(path)
    return True


def _stamp(path: Path, time: int) -> bool:
    """Set the time in a gzip file's header (RFC 1952), all else kept; answer whether it was another."""
    with path.open("r+b") as file:
        file.seek(_GZIP_TIME)
        if file.read(_TIME.size) == _TIME.pack(time):
            return False
        file.seek(_GZIP_TIME)
        file.write(_TIME.pack(time))
    return True


def _age(source: Path, time: int) -> None:
    """Give a file that is in every sdist another time than the commit's.

    A backend that keeps the times of files would seem not to where the clone is made in the very second of the commit,
    and its sdist be left as it is; a later build of the same commit would have other bytes.
    """
    for path in (source / "pyproject.toml", source / "setup.py"):
        if path.is_file() and not path.is_symlink():
            os.utime(path, (time, time))


def _ungzipped(path: Path, file: IO[bytes]) -> IO[bytes]:
    """The tar as a file in which one can go back, as from one member to the next in another order."""
    with gzip.open(path) as packed:
        copyfileobj(packed, file, _CHUNK)
    file.seek(0)
    return file


def _plain(member: tarfile.TarInfo, commit_time: int) -> tarfile.TarInfo:
    """The same member without a trace of the machine."""
    runs = member.isdir() or member.mode & _OWNER_MAY_RUN
    made = copy(member)
    made.mtime = commit_time if member.mtime else 0  # which some backends stamp on what lies in no checkout
    made.mode = _MODE_PROGRAM if runs else _MODE_FILE
    made.uid = made.gid = 0
    made.uname = made.gname = ""
    made.pax_headers = {}
    return made


@contextmanager
def _heard() -> Iterator[list[str]]:
    """Take down what backends warn of, instead of writing it in the middle of the report."""
    from pyproject_hooks import BuildBackendWarning

    told: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", BuildBackendWarning)
        yield told
    told += dict.fromkeys(str(one.message).strip().partition("\n")[0] for one in caught)


@contextmanager
def _explained(what: str) -> Iterator[None]:
    """Turn whatever a build can raise into one BuildError that a person can act upon."""
    from build import BuildBackendException, BuildException

    try:
        yield
    except ProcessError as error:
        raise _failed(what, error) from None
    except BuildBackendException as error:
        if isinstance(error.exception, ProcessError):
            raise _failed(what, error.exception) from None
        raise BuildError(f"The build of the {what} failed: {error}", _SEE_TABLE) from None
    except (BuildException, TypeError, OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise BuildError(f"The build of the {what} failed: {error}", _SEE_TABLE) from None


def _failed(what: str, error: ProcessError) -> BuildError:
    lines = error.output.splitlines()[-_LAST_LINES:]
    return BuildError(
        f"The build of the {what} failed: {error.message}",
        "Mend what the last lines say, then run again.",
        faults=lines,
    )
