"""What git remembers: commits, tags and their days, and the files of any commit."""

import re
import tarfile
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from release_tools.errors import RepositoryError
from release_tools.git.repository import Repository
from release_tools.history.commits import Author, Commit
from release_tools.history.dates import day_of
from release_tools.history.tagged_releases import PastRelease
from release_tools.model.versions import TagFormat
from release_tools.system.process import ProcessError

_FIELDS: Final = ("%H", "%P", "%aN", "%aE", "%s", "%(trailers:key=Co-authored-by,valueonly)", "%b")
_PERSON: Final = re.compile(r"(?P<name>[^<>]*)<(?P<email>[^<>]*)>")


def read_releases(repository: Repository, commit: str, tag_format: TagFormat) -> list[PastRelease]:
    """Every version that was tagged in the history of a commit, the lowest first; of two spellings one."""
    form = "--format=%(refname:strip=2)%00%(objectname)%00%(*objectname)%00%(creatordate:unix)"
    found = {}
    for line in repository.git("for-each-ref", form, f"--merged={commit}", "refs/tags").splitlines():
        tag, direct, peeled, time = line.split("\0")
        version = tag_format.version(tag)
        if version is not None and time:
            found[version] = PastRelease(version, tag, peeled or direct, day_of(int(time)))
    return sorted(found.values())


def read_commits(repository: Repository, until: str, since: str = "", path: str = "") -> list[Commit]:
    """The commits that lead to one, newest first.

    Args:
        repository: to read.
        until: the last commit.
        since: leave out this one and what led to it.
        path: only those that touch this folder; all of them if empty.
    """
    log = repository.git(
        "log", "-z", "--topo-order", "--no-show-signature", "--no-color", "--encoding=UTF-8",
        f"--format={'%x00'.join(_FIELDS)}", *(("--parents", "--full-history") if path else ()),
        until, *((f"^{since}",) if since else ()), "--", *((path,) if path else ()),
    )  # fmt: skip
    values = log.split("\0")
    return [_commit(*values[at : at + len(_FIELDS)]) for at in range(0, len(values) - len(_FIELDS) + 1, len(_FIELDS))]


def read_identities(repository: Repository, until: str) -> set[str]:
    """Names and e-mail addresses, in lower case, of everybody who wrote a commit up to this one."""
    log = repository.git("log", "--no-show-signature", "--encoding=UTF-8", "--format=%aN%n%aE", until, "--")
    return set(log.lower().splitlines())


def read_file(repository: Repository, commit: str, path: str) -> str | None:
    """The text of a file at a commit; None where there is none."""
    try:
        return repository.git("cat-file", "blob", f"{commit}:{path}")
    except ProcessError:
        return None


def list_files(repository: Repository, commit: str, path: str = "") -> list[str]:
    """The files of a commit, or of one of its folders, relative to that."""
    names = repository.git("ls-tree", "-r", "-z", "--name-only", f"{commit}:{path}").split("\0")
    return [name for name in names if name]


def changed_files(repository: Repository, since: str, until: str, path: str = "") -> list[str]:
    """The files that differ between two commits, or those of a folder, relative to that."""
    relative = (f"--relative={path}",) if path else ()
    names = repository.git("diff", "--name-only", "--no-renames", "-z", *relative, since, until, "--").split("\0")
    return [name for name in names if name]


def export(repository: Repository, commit: str, folder: Path, globs: Iterable[str], path: str = "") -> None:
    """Write those files of a commit, or of one of its folders, that match a glob.

    Args:
        repository: to read.
        commit: to read from.
        folder: to write to; it is made.
        globs: by which a name is chosen, as ``*.py``; ``*`` matches ``/`` too.
        path: the folder of the repository that becomes ``folder``.

    Raises:
        RepositoryError: git cannot read its own objects.
    """
    folder.mkdir(parents=True)
    names = list_files(repository, commit, path)
    # Git refuses the whole archive for one glob that nothing matches.
    wanted = [glob for glob in globs if glob.startswith(":(exclude") or any(fnmatchcase(name, glob) for name in names)]
    if all(glob.startswith(":(exclude") for glob in wanted):
        return
    packed = folder.with_name(f"{folder.name}.tar")
    try:
        repository.git("archive", "--format=tar", f"--output={packed}", f"{commit}:{path}", "--", *wanted)
        with tarfile.open(packed) as archive:
            for member in archive:
                if member.isreg():
                    archive.extract(member, folder, filter="data")
    except (ProcessError, tarfile.TarError) as error:
        raise RepositoryError(f"{repository.root}: commit {commit} cannot be read: {error}") from None
    packed.unlink()


def _commit(*fields: str) -> Commit:
    commit, parents, name, email, subject, trailers, body = fields
    people = filter(None, (_PERSON.match(line) for line in trailers.splitlines()))
    others = ((found["name"].strip(), found["email"]) for found in people)
    authors = (Author(name, email), *(Author(other, address) for other, address in others if other))
    return Commit(commit.strip(), tuple(parents.split()), tuple(dict.fromkeys(authors)), subject, body)
