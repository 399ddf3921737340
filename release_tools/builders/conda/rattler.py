"""Conda channels and prefixes by py-rattler: index a folder, solve, install, and look at what is installed."""

import atexit
import json
import time
from collections.abc import Awaitable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from release_tools.addresses import ANACONDA_CHANNEL
from release_tools.artifacts.members import join_lines
from release_tools.errors import OutputError, UnreachableError, VerifyError

if TYPE_CHECKING:
    from rattler import Gateway, MatchSpec, RepoDataRecord, Subdir

_T = TypeVar("_T")
_SETTLING: Final = 0.3
_USUAL: Final = ("linux-64", "noarch", "osx-arm64", "win-64")
_ONLINE: Final = "Run again online, or name another channel."


@dataclass(frozen=True)
class InstalledPackage:
    """A package in a prefix.

    Attributes:
        name: its conda name.
        version: as conda writes it.
        build: the build string.
        files: its paths in the prefix.
    """

    name: str
    version: str
    build: str
    files: tuple[str, ...]


@dataclass(frozen=True)
class SolvedPackage:
    """A package that a solver chose.

    Attributes:
        name: its conda name.
        version: as conda writes it.
        build: the build string.
        sha256: of the file, in hexadecimal digits; empty where the channel does not say.
    """

    name: str
    version: str
    build: str
    sha256: str


def index_channel(folder: Path) -> None:
    """Write the index (``repodata.json`` and its like) of a channel in a folder.

    Raises:
        OutputError: the folder cannot be written, or holds something that is no package.
    """
    from rattler.index import index_fs

    try:
        (folder / "noarch").mkdir(parents=True, exist_ok=True)
        _wait(index_fs(folder, force=True))  # else a file built again under its name keeps its old digest
    except _list_rattler_errors() as error:
        raise OutputError(f"{folder}: the channel cannot be indexed: {join_lines(str(error))}") from error


def install(
    prefix: Path, specs: Sequence[str], channels: Sequence[str], *, cache_dir: Path | None = None
) -> tuple[SolvedPackage, ...]:
    """Solve for this machine and link the packages into a prefix; return them, by name.

    Args:
        prefix: an empty or missing folder, or an older prefix.
        specs: MatchSpecs.
        channels: names or URLs, the most wanted first.
        cache_dir: where packages and indexes are kept; the user's own cache if None.

    Raises:
        UnreachableError: a channel or a package could not be fetched.
        VerifyError: no solution satisfies the specs, or a package cannot be linked.
    """
    from rattler import install as link

    with _explain(channels):
        records = _wait(_solve(specs, channels, cache_dir))
        _wait(link(records, prefix, cache_dir=cache_dir, show_progress=False))
    chosen = (
        SolvedPackage(one.name.normalized, str(one.version), str(one.build), (one.sha256 or b"").hex())
        for one in records
    )
    return tuple(sorted(chosen, key=lambda one: one.name))


def list_installed(prefix: Path) -> tuple[InstalledPackage, ...]:
    """Return what conda's own records say is in a prefix, by name."""
    from rattler import PrefixRecord

    records = [PrefixRecord.from_path(path) for path in sorted((prefix / "conda-meta").glob("*.json"))]
    return tuple(
        InstalledPackage(record.name.normalized, str(record.version), str(record.build), tuple(map(str, record.files)))
        for record in records
    )


def list_packages(channels: Sequence[str], *, timeout: float, cache_dir: Path | None = None) -> frozenset[str]:
    """Return the names of all packages on channels, for this machine and for those that most people have.

    A channel whose index is in shards (CEP 16) is asked for the list of them alone. What was read is cached.

    Args:
        channels: names or URLs.
        timeout: seconds after which they are given up.
        cache_dir: where indexes are kept; the user's own cache if None.

    Raises:
        UnreachableError: a channel could not be read in time.
    """
    with _explain(channels), _limit_time(channels, timeout):
        return _wait(_collect_names(channels, cache_dir), timeout)


def find_unmet(
    specs: Sequence[str], channels: Sequence[str], *, timeout: float, cache_dir: Path | None = None
) -> tuple[str, ...]:
    """Return those of these MatchSpecs that no package on the channels fits; only the indexes of their names are read.

    Args:
        specs: what is wanted; one that is no MatchSpec counts as met.
        channels: names or URLs.
        timeout: seconds after which they are given up.
        cache_dir: where indexes are kept; the user's own cache if None.

    Raises:
        UnreachableError: a channel could not be read in time.
    """
    from rattler import MatchSpec
    from rattler.exceptions import InvalidMatchSpecError

    wanted: dict[str, MatchSpec] = {}
    for spec in specs:
        with suppress(InvalidMatchSpecError):
            wanted[spec] = MatchSpec(spec)
    with _explain(channels), _limit_time(channels, timeout):
        found = _wait(_query_records(list(wanted.values()), channels, cache_dir), timeout)
    return tuple(text for text, spec in wanted.items() if not any(map(spec.matches, found)))


def find_purls(name: str, channels: Sequence[str], *, timeout: float, cache_dir: Path | None = None) -> frozenset[str]:
    """Return the package URLs (``pkg:pypi/rich``) by which a channel's packages of one name say what they are.

    Args:
        name: the conda name.
        channels: names or URLs.
        timeout: seconds after which they are given up.
        cache_dir: where indexes are kept; the user's own cache if None.

    Raises:
        UnreachableError: a channel could not be read in time.
    """
    from rattler import MatchSpec

    with _explain(channels), _limit_time(channels, timeout):
        records = _wait(_query_records([MatchSpec(name)], channels, cache_dir), timeout)
    return frozenset(url for record in records for url in json.loads(record.to_json()).get("purls") or ())


def explain_unavailable(
    channels: Sequence[str], *, specs: Sequence[str] = ("python",), cache_dir: Path | None = None
) -> str:
    """Return why these MatchSpecs cannot be installed from these channels on this machine; empty where they can."""
    try:
        with _explain(channels):
            _wait(_solve(specs, channels, cache_dir))
    except (UnreachableError, VerifyError) as error:
        return error.message
    return ""


def explain_unreadable(channels: Sequence[str], *, cache_dir: Path | None = None) -> str:
    """Return why these channels cannot be read; empty where they can."""
    try:
        with _explain(channels):
            _wait(_collect_names(channels, cache_dir))
    except (UnreachableError, VerifyError) as error:
        return error.message
    return ""


def find_address(channel: str) -> str:
    """Return the address of a channel, where a bare name is on Anaconda.org."""
    return channel if "://" in channel else f"{ANACONDA_CHANNEL}/{channel}"


def find_this_subdir() -> str:
    """Return conda's name of this machine's platform, such as ``linux-64``."""
    from rattler import Subdir

    return str(Subdir.current())


async def _collect_names(channels: Sequence[str], cache_dir: Path | None) -> frozenset[str]:
    from rattler import Channel

    found = await _create_gateway(cache_dir).names([Channel(channel) for channel in channels], _list_usual_subdirs())
    return frozenset(name.normalized for name in found)


async def _query_records(
    specs: "Sequence[MatchSpec]", channels: Sequence[str], cache_dir: Path | None
) -> "list[RepoDataRecord]":
    from rattler import Channel

    sources = [Channel(channel) for channel in channels]
    found = await _create_gateway(cache_dir).query(sources, _list_usual_subdirs(), specs, recursive=False)
    return [record for records in found for record in records]


def _list_usual_subdirs() -> "list[Subdir]":
    from rattler import Subdir

    return [Subdir(name) for name in sorted({str(Subdir.current()), *_USUAL})]


async def _solve(specs: Sequence[str], channels: Sequence[str], cache_dir: Path | None) -> "list[RepoDataRecord]":
    from rattler import Channel, Subdir, VirtualPackage, solve

    return await solve(
        [Channel(channel) for channel in channels],
        list(specs),
        gateway=_create_gateway(cache_dir),
        platforms=[Subdir.current(), Subdir("noarch")],
        virtual_packages=VirtualPackage.detect(),
    )


def _create_gateway(cache_dir: Path | None) -> "Gateway":
    from rattler import Gateway

    return Gateway(cache_dir=cache_dir / "repodata" if cache_dir else None)


@contextmanager
def _limit_time(channels: Sequence[str], timeout: float) -> Iterator[None]:
    try:
        yield
    except TimeoutError:
        raise UnreachableError(f"{', '.join(channels)}: no answer within {timeout:.0f} s", _ONLINE) from None


@contextmanager
def _explain(channels: Sequence[str]) -> Iterator[None]:
    """Turn what py-rattler raises into an error that a person can act upon."""
    from rattler.exceptions import FetchRepoDataError, GatewayError, SolverError

    names = ", ".join(channels)
    try:
        yield
    except SolverError as error:
        raise VerifyError(
            f"conda finds no solution on {names}: {join_lines(str(error))}",
            "Correct the requirements, or add the channel that has them to conda.channels.",
        ) from error
    except (FetchRepoDataError, GatewayError) as error:
        cause = join_lines(str(error)).rpartition("Caused by:")[2].strip()
        raise UnreachableError(f"{names} could not be reached: {cause}", _ONLINE) from error
    except _list_rattler_errors() as error:
        raise VerifyError(f"conda cannot install from {names}: {join_lines(str(error))}") from error


def _list_rattler_errors() -> tuple[type[Exception], ...]:
    """Return everything that py-rattler raises; it has no common base."""
    from rattler import exceptions

    return (
        OSError,
        *(one for one in vars(exceptions).values() if isinstance(one, type) and issubclass(one, Exception)),
    )


def _wait(answer: Awaitable[_T], timeout: float | None = None) -> _T:
    """Run one of py-rattler's coroutines to its end, or until ``timeout`` seconds are over."""
    import asyncio

    async def run_async() -> _T:
        return await asyncio.wait_for(answer, timeout)

    try:
        return asyncio.run(run_async())
    finally:
        _settle_at_exit(time.monotonic() + _SETTLING)


def _settle_at_exit(until: float) -> None:
    """Give py-rattler's threads a moment before the interpreter goes: right after an await they may crash it."""
    atexit.register(lambda: time.sleep(max(0.0, until - time.monotonic())))
