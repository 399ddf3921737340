"""Build sdist and wheel by the PyPA's ``build``, reproducibly: the commit's time is the only clock (PEP 517, 518)."""

import gzip
import os
import shutil
import struct
import tarfile
import warnings
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, replace
from email.message import Message
from email.parser import HeaderParser
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Final, Literal, Self

from release_tools.artifacts import UnpackedSdist, unpack_sdist
from release_tools.builders.build_environment import start_hooks
from release_tools.builders.build_log import find_error_lines, fold_warnings, save_log
from release_tools.builders.hooks import Hooks
from release_tools.config.loader import read_pyproject
from release_tools.engine.archives import KEPT
from release_tools.engine.tasks import BackgroundTasks
from release_tools.errors import ArchiveError, BuildError
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.project.facts import Project
from release_tools.system.process import ProcessError

if TYPE_CHECKING:
    from build import ProjectBuilder

_MODE_FILE: Final = 0o644
_MODE_PROGRAM: Final = 0o755
_OWNER_MAY_RUN: Final = 0o100
_ALL_BITS: Final = 0o7777
_NOBODY: Final = (0, 0, "", "")
_GZIP_TIME: Final = 4
_TIME: Final = struct.Struct("<I")
_GZIP_LEVEL: Final = 6  # what gzip itself takes: level 9 takes twice as long for one per cent
_CHUNK: Final = 1 << 20
_EARLIER: Final = 2  # seconds: zip files count them in pairs
_SEE_TABLE: Final = "See [build-system] in pyproject.toml."


def _do_nothing() -> None:
    pass


@dataclass(frozen=True)
class Dists:
    """The files that a project's backend built.

    Attributes:
        sdist: path of the source distribution.
        wheel: path of the wheel, built from that sdist; None where it was not asked for.
        is_repacked: whether release-tools had to give the sdist's members the commit's time.
        warnings: the backend's warnings in one line, if it had any.
    """

    sdist: Path
    wheel: Path | None
    is_repacked: bool
    warnings: tuple[str, ...] = ()


@dataclass(eq=False)
class PythonBuilder:
    """Builds one project; builds with the same requirements share an environment.

    Attributes:
        scratch: the run's folder for environments and unpacked sources.
        env: the process's environment.
        commit_time: seconds since the epoch.
        background: makes the environments; see `build_environment.start_build_environment`.
        variables: added to the environment of the backend's hooks.
        idle_work: called when the backend is ready to build the sdist, as this process only waits for it then.
    """

    scratch: Path
    env: Mapping[str, str]
    commit_time: int
    background: BackgroundTasks = field(default_factory=BackgroundTasks)
    variables: Mapping[str, str] = field(default_factory=dict)
    idle_work: Callable[[], None] = _do_nothing
    _hooks: list[Hooks] = field(default_factory=list, init=False, repr=False)

    def __enter__(self) -> Self:
        """Return the builder itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the backends' processes."""
        for hooks in self._hooks:
            hooks.end()

    def build(
        self,
        source: Path,
        folder: Path,
        show_progress: Callable[[str], None],
        on_unpacked: Callable[[Artifact, UnpackedSdist], None],
    ) -> Dists:
        """Build the sdist from the source, and the wheel from the sdist.

        Args:
            source: the project's folder in the scratch clone.
            folder: where the two files are written; created if it is missing.
            show_progress: called with the name of what is being built.
            on_unpacked: called with the sdist, and what it was unpacked to, before the wheel is built there.

        Raises:
            BuildError: the backend failed; it names the first errors, and the file with the whole output.
        """
        with _record_warnings() as recorded:
            dists = self._build(source, folder, show_progress, on_unpacked)
        return replace(dists, warnings=fold_warnings(recorded, self.scratch))

    def build_sdist(self, source: Path, folder: Path, show_progress: Callable[[str], None]) -> Dists:
        """Build the sdist alone, as other jobs build the wheels from it; arguments as of `build`.

        Raises:
            BuildError: the backend failed; the message ends with the last lines of its output.
        """
        with _record_warnings() as recorded:
            sdist = self._build_sdist(source, folder, show_progress)
            with _build_errors("sdist", self.env):
                is_repacked = repack_sdist(sdist, self.commit_time)
        return Dists(sdist, None, is_repacked, fold_warnings(recorded, self.scratch))

    def build_wheel(self, sdist: Path, folder: Path) -> Path:
        """Build the wheel of an sdist, and return its path.

        Args:
            sdist: of any time and origin.
            folder: where the wheel is written; created if it is missing.

        Raises:
            ArchiveError: the sdist is corrupt or hostile.
            BuildError: the backend failed, or its requirements could not be installed.
        """
        with _record_warnings():
            return self._build_wheel(unpack_sdist(sdist, self.scratch / "sdist"), folder, lambda *_: None)

    def _build(
        self,
        source: Path,
        folder: Path,
        show_progress: Callable[[str], None],
        on_unpacked: Callable[[Artifact, UnpackedSdist], None],
    ) -> Dists:
        sdist = self._build_sdist(source, folder, show_progress)
        unpacked, is_repacked = self._unpack_plain(sdist)
        show_progress("wheel from the sdist")
        return Dists(sdist, self._build_wheel(unpacked, folder, on_unpacked), is_repacked)

    def _unpack_plain(self, sdist: Path) -> tuple[UnpackedSdist, bool]:
        """Unpack an sdist that was just built, and return whether it had to be repacked before.

        It is repacked only once a member with a trace of this machine is found, as that takes another pass.
        """
        folder = self.scratch / "sdist"
        try:
            unpacked = unpack_sdist(sdist, folder, wanted=KEPT, inspect=partial(_require_plain, self.commit_time))
        except (_HasTraceError, ArchiveError):
            shutil.rmtree(folder, ignore_errors=True)
            with _build_errors("sdist", self.env):
                is_repacked = repack_sdist(sdist, self.commit_time)
            return unpack_sdist(sdist, folder, wanted=KEPT), is_repacked
        return unpacked, _set_gzip_time(sdist, self.commit_time)

    def _build_wheel(
        self, unpacked: UnpackedSdist, folder: Path, on_unpacked: Callable[[Artifact, UnpackedSdist], None]
    ) -> Path:
        before = Artifact.of(unpacked.path, ArtifactKind.SDIST)
        on_unpacked(before, unpacked)
        with _build_errors("wheel", self.env):
            wheel = _find_built_file(self._prepare(unpacked.folder, "wheel").build("wheel", folder), folder)
            if Artifact.of(unpacked.path, ArtifactKind.SDIST) != before:
                raise BuildError(f"The build of the wheel changed {unpacked.path.name}", _SEE_TABLE)
        return wheel

    def _build_sdist(self, source: Path, folder: Path, show_progress: Callable[[str], None]) -> Path:
        show_progress("sdist")
        _set_earlier_time(source, self.commit_time - _EARLIER)
        with _build_errors("sdist", self.env):
            builder = self._prepare(source, "sdist")
            self.idle_work()
            return _find_built_file(builder.build("sdist", folder), folder)

    def metadata(self, source: Path) -> Message:
        """Return the core metadata that the project's own backend makes of this source.

        Raises:
            BuildError: the backend failed.
        """
        with _record_warnings(), _build_errors("metadata", self.env):
            metadata = Path(self._prepare(source, "wheel").metadata_path(self.scratch / "metadata")) / "METADATA"
        return HeaderParser().parsestr(metadata.read_text(encoding="utf-8"))

    def _prepare(self, source: Path, kind: Literal["sdist", "wheel"]) -> "ProjectBuilder":
        """Return ``build``'s front end, once the project and its backend have what they require."""
        from build import ProjectBuilder

        requires = ProjectBuilder(source).build_system_requires
        project = Project.of(read_pyproject(source))
        hooks = start_hooks(self.scratch, self.env, requires, project, self.background)
        self._hooks.append(hooks)
        runner = partial(hooks.call, {"SOURCE_DATE_EPOCH": str(self.commit_time), **self.variables})
        builder = ProjectBuilder.from_isolated_env(hooks.environment, source, runner=runner)
        if further := builder.get_requires_for_build(kind) - requires:
            hooks.environment.install(sorted(further))
            hooks.end()
        return builder


def _find_built_file(reported: str, folder: Path) -> Path:
    """Return the path that a backend reports.

    Raises:
        BuildError: there is no such file in the folder.
    """
    path = Path(reported)
    if path.parent != folder or path.is_symlink() or not path.is_file():
        raise BuildError(f"The backend reports {path.name!r}, but there is no such file", _SEE_TABLE)
    return path


def repack_sdist(path: Path, commit_time: int) -> bool:
    """Give an sdist and its members the commit's time, one owner and plain modes, where its backend did not.

    Most backends honour ``SOURCE_DATE_EPOCH``; setuptools keeps the times of the checkout, and pdm-backend stamps the
    gzip header with the time of the build.

    Args:
        path: the sdist.
        commit_time: seconds since the epoch.

    Returns:
        True where the file was changed.
    """
    fresh = path.with_suffix(".repacked")
    with (
        TemporaryFile(dir=path.parent) as unpacked,
        tarfile.open(fileobj=_decompress(path, unpacked), mode="r:") as archive,
    ):
        members = archive.getmembers()
        if all(_is_plain(member, commit_time) for member in members):
            return _set_gzip_time(path, commit_time)
        plain = [_reset_tar_member(member, commit_time) for member in members]
        with (
            fresh.open("wb") as file,
            gzip.GzipFile("", "wb", _GZIP_LEVEL, fileobj=file, mtime=commit_time) as stream,
            tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as target,
        ):
            for member in sorted(plain, key=lambda member: (member.islnk(), member.name)):
                target.addfile(member, archive.extractfile(member) if member.isreg() else None)
    fresh.replace(path)
    return True


def _set_gzip_time(path: Path, time: int) -> bool:
    """Set the time in a gzip file's header (RFC 1952); return True where it was another."""
    with path.open("r+b") as file:
        file.seek(_GZIP_TIME)
        if file.read(_TIME.size) == _TIME.pack(time):
            return False
        file.seek(_GZIP_TIME)
        file.write(_TIME.pack(time))
    return True


def _set_earlier_time(source: Path, time: int) -> None:
    """Give a file that is in every sdist another time than the commit's.

    A backend that keeps the times of files would otherwise go unnoticed where the clone is made in the second of the
    commit: its sdist would be left as it is, and a later build of the same commit would have other bytes.
    """
    for path in (source / "pyproject.toml", source / "setup.py"):
        if path.is_file() and not path.is_symlink():
            os.utime(path, (time, time))


def _decompress(path: Path, file: IO[bytes]) -> IO[bytes]:
    """Return the tar archive in a seekable file, as its members are read in another order."""
    with gzip.open(path) as compressed:
        shutil.copyfileobj(compressed, file, _CHUNK)
    file.seek(0)
    return file


class _HasTraceError(Exception):
    """A member of an sdist has a trace of the machine that packed it."""


def _require_plain(commit_time: int, member: tarfile.TarInfo) -> None:
    if not _is_plain(member, commit_time):
        raise _HasTraceError(member.name)


def _is_plain(member: tarfile.TarInfo, commit_time: int) -> bool:
    """Return whether a member has no trace of the machine that packed it."""
    owner = (member.uid, member.gid, member.uname, member.gname)
    mode = member.mode & _ALL_BITS
    return owner == _NOBODY and mode == _choose_mode(member) and member.mtime in (0, commit_time)


def _choose_mode(member: tarfile.TarInfo) -> int:
    return _MODE_PROGRAM if member.isdir() or member.mode & _OWNER_MAY_RUN else _MODE_FILE


def _reset_tar_member(member: tarfile.TarInfo, commit_time: int) -> tarfile.TarInfo:
    """Return a member without any trace of the machine that packed it."""
    plain = copy(member)
    plain.mtime = commit_time if member.mtime else 0  # some backends give generated files no time
    plain.mode = _choose_mode(member)
    plain.uid, plain.gid, plain.uname, plain.gname = _NOBODY
    plain.pax_headers = {}
    return plain


@contextmanager
def _record_warnings() -> Iterator[list[str]]:
    """Record the backends' warnings, which would be printed in the middle of the report."""
    from pyproject_hooks import BuildBackendWarning

    recorded: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", BuildBackendWarning)
        yield recorded
    recorded += [str(one.message) for one in caught]


@contextmanager
def _build_errors(what: str, env: Mapping[str, str]) -> Iterator[None]:
    """Turn every exception of a build into a BuildError that a person can act on."""
    from build import BuildBackendException, BuildException

    try:
        yield
    except ProcessError as error:
        raise _describe_failure(what, error, env) from None
    except BuildBackendException as error:
        if isinstance(error.exception, ProcessError):
            raise _describe_failure(what, error.exception, env) from None
        raise BuildError(f"The build of the {what} failed: {error}", _SEE_TABLE) from None
    except (BuildException, TypeError, OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise BuildError(f"The build of the {what} failed: {error}", _SEE_TABLE) from None


def _describe_failure(what: str, error: ProcessError, env: Mapping[str, str]) -> BuildError:
    log = save_log(error.output, env)
    advice = "Fix what these lines report, and run again."
    return BuildError(
        f"The build of the {what} failed: {error.message}",
        f"{advice} The whole output: {log}" if log else advice,
        faults=find_error_lines(error.output),
    )
