"""The reader against archives that nobody thought of: those of the corpus, changed at random, again and again.

Run it as ``python -m tests.archives.fuzz --seconds 600``; each run of the tests tries a few hundred. Whatever a change
makes of an archive, the reader answers or raises its one clear error, in bounded time and memory, writes only into the
folder it was given, and what it accepts is what `zipfile`, `tarfile` and conda-package-streaming read. A wheel that it
accepts becomes a conda package equal to it, or is refused.

What fails is kept in ``--keep`` under its digest, to be made a case of the corpus.
"""

import argparse
import contextlib
import hashlib
import itertools
import os
import random
import resource
import shutil
import signal
import sys
import tarfile
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from release_tools.artifacts import CondaPackage, Sdist, Wheel, read_conda, read_sdist, read_wheel, unpack_sdist
from release_tools.builders.conda.from_wheel import Conversion, convert
from release_tools.checks import parity
from release_tools.errors import ArchiveError, CondaError
from release_tools.model.note import State
from release_tools.recipe.names import Names
from tests.archives import hostile_condas, hostile_sdists, hostile_wheels, hostile_zips, odd
from tests.archives.mutations import Archive, mutated

Found = dict[str, tuple[str, str]]
"""The content of an archive: by name the digest of a file and what a link points to."""

LONGEST = 20.0
MEMORY = 1 << 30
COMMIT_TIME = 1_700_000_000
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
TOUCHING = {"os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink", "os.link", "os.chmod", "os.utime"}
STARTING = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "socket.connect", "socket.getaddrinfo"}


class BrokenError(Exception):
    """The reader did what it must not do."""


class Tally(NamedTuple):
    """Describe what came of a run."""

    answers: Counter[str]
    broken: Sequence[str]


def corpus() -> list[Archive]:
    """Every archive of the corpus but the bombs, which take long and teach nothing when they are changed."""
    hostile = (*hostile_zips.ZIPS, *hostile_wheels.WHEELS, *hostile_sdists.SDISTS, *hostile_condas.CONDAS)
    sound = (*odd.WHEELS, *odd.SDISTS, *odd.CONDAS)
    cases = [(case.id, case.filename, case.make) for case in (*hostile, *sound)]
    return [Archive(filename, make()) for id_, filename, make in cases if "bomb" not in id_]


def check(path: Path, scratch: Path) -> str:
    """Read one archive and hold the answer to all that is promised; answer in a word what it was.

    Raises:
        BrokenError: something promised is not so.
    """
    kinds: tuple[tuple[str, Callable[[Path, Path], None]], ...] = (
        (".whl", _check_wheel),
        (".conda", _check_conda),
        (".tar.bz2", _check_conda),
        ("", _check_sdist),
    )
    judge = next(judge for suffix, judge in kinds if path.name.endswith(suffix))
    try:
        judge(path, scratch)
    except ArchiveError as error:
        if not all(line.isprintable() for line in str(error).split("\n")) or not error.advice:
            raise BrokenError(f"not a clear error: {error}") from error
        return "refused"
    except CondaError:
        return "read, not converted"
    return "read"


def _check_wheel(path: Path, scratch: Path) -> None:
    wheel = read_wheel(path)
    with zipfile.ZipFile(path) as archive:
        theirs = {
            info.filename: (hashlib.sha256(archive.read(info)).hexdigest(), "")
            for info in archive.infolist()
            if not info.is_dir()
        }
    _compare(wheel, theirs)
    converted = convert(wheel, scratch / "converted", Conversion(), COMMIT_TIME)
    packages = [read_conda(made) for made in converted.paths]
    failed = [note.text for note in parity.compare_contents(wheel, packages, Names()) if note.state is State.FAILED]
    if failed:
        raise BrokenError(f"the conda package differs: {failed}")


def _check_sdist(path: Path, scratch: Path) -> None:
    refusal = None
    try:
        sdist = read_sdist(path)
    except ArchiveError as error:
        refusal = error
    (scratch / "unpacked").mkdir()
    with contextlib.suppress(ArchiveError):
        unpack_sdist(path, scratch / "unpacked")
    if refusal:
        raise refusal
    with tarfile.open(path) as archive:
        _compare(sdist, _tarred(archive))
        (scratch / "extracted").mkdir()
        archive.extractall(scratch / "extracted", filter="data")
    if _unpacked(scratch / "unpacked") != _unpacked(scratch / "extracted"):
        raise BrokenError("what was unpacked is not what tarfile extracts")


def _check_conda(path: Path, _: Path) -> None:
    from conda_package_streaming.package_streaming import stream_conda_component

    package = read_conda(path)
    theirs: Found = {}
    for component in ("pkg", "info") if path.suffix == ".conda" else ("pkg",):
        for archive, info in stream_conda_component(path, component=component):
            theirs |= _entry(archive, info, theirs)
    _compare(package, theirs)


def _compare(ours: Wheel | Sdist | CondaPackage, theirs: Found) -> None:
    members = (*ours.members, *(ours.info if isinstance(ours, CondaPackage) else ()))
    found = {member.name: (member.sha256, member.link) for member in members}
    if found != theirs:
        differing = sorted(name for name, _ in found.items() ^ theirs.items())
        raise BrokenError(f"another parser sees something else: {differing}")


def _tarred(archive: tarfile.TarFile) -> Found:
    found: Found = {}
    for info in archive:
        found |= _entry(archive, info, found)
    return found


def _entry(archive: tarfile.TarFile, info: tarfile.TarInfo, before: Found) -> Found:
    if info.isdir():
        return {}
    if info.issym():
        return {info.name: ("", info.linkname)}
    if info.islnk():
        return {info.name: before[info.linkname]}
    content = archive.extractfile(info)
    return {info.name: (hashlib.sha256(content.read() if content else b"").hexdigest(), "")}


def _unpacked(folder: Path) -> dict[str, bytes | str]:
    return {
        path.relative_to(folder).as_posix(): str(path.readlink()) if path.is_symlink() else path.read_bytes()
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


def watch(*inside: Path) -> None:
    """From now on, let this process write only into these folders, start nothing, and call nobody; for good."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in STARTING:
            raise BrokenError(f"{event}: {arguments!r}")
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING
        if writes or event in TOUCHING:
            target = Path(os.fsdecode(arguments[1 if event in {"os.symlink", "os.link", "os.rename"} else 0]))
            if not any((target.parent.resolve() / target.name).is_relative_to(folder) for folder in inside):
                raise BrokenError(f"{event}: {target} lies outside")

    sys.addaudithook(hook)


def _too_long(_: int, frame: FrameType | None) -> None:
    where = "".join(traceback.format_stack(frame, limit=3))
    raise BrokenError(f"more than {LONGEST} seconds:\n{where}")


def fuzz(archives: Iterator[Archive], folder: Path, keep: Path | None) -> Tally:
    """Check archive after archive."""
    answers: Counter[str] = Counter()
    broken = []
    signal.signal(signal.SIGVTALRM, _too_long)
    for archive in archives:
        scratch = folder / "scratch"
        scratch.mkdir()
        path = scratch / archive.filename
        path.write_bytes(archive.content)
        signal.setitimer(signal.ITIMER_VIRTUAL, LONGEST)
        try:
            answers[check(path, scratch)] += 1
        except Exception:  # noqa: BLE001 - whatever it is, it is a find
            digest = hashlib.sha256(archive.content).hexdigest()[:12]
            answers["broken"] += 1
            broken.append(f"{archive.filename}, {digest}\n{traceback.format_exc()}")
            if keep:
                (keep / f"{digest}-{archive.filename}").write_bytes(archive.content)
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            shutil.rmtree(scratch)
    return Tally(answers, broken)


def main() -> int:
    """Fuzz for a time, or a number of archives, and tell what came of it; 1 where something promised is not so."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so long")
    parser.add_argument("--count", type=int, default=None, help="stop after so many archives")
    parser.add_argument("--seed", type=int, default=0, help="of the random changes")
    parser.add_argument("--keep", type=Path, default=None, help="a folder for the archives that broke something")
    chosen = parser.parse_args()
    end = time.monotonic() + chosen.seconds
    archives = mutated(corpus(), random.Random(chosen.seed))  # noqa: S311 - to be repeated, not to be secret
    bounded = itertools.takewhile(lambda _: time.monotonic() < end, itertools.islice(archives, chosen.count))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    with tempfile.TemporaryDirectory() as folder:
        scratch, keep = Path(folder).resolve(), chosen.keep.resolve() if chosen.keep else None
        with contextlib.chdir(scratch):
            watch(scratch, *filter(None, (keep,)))
            answers, broken = fuzz(bounded, scratch, keep)
    reported = [", ".join(f"{count} {answer}" for answer, count in sorted(answers.items())), *broken]
    sys.stdout.write("\n".join(reported) + "\n")
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main())
