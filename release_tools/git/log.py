"""Read a repository's past: commits, tags and their days, and the files of any commit."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from release_tools.errors import RepositoryError
from release_tools.git.repository import Repository
from release_tools.history.commits import Author, Commit, list_co_authors, unify_authors
from release_tools.history.dates import parse_day
from release_tools.history.tagged_releases import PastRelease, select_floating_tags
from release_tools.model.versions import TagFormat
from release_tools.system.process import ProcessError

_FIELDS: Final = ("%H", "%P", "%aN", "%aE", "%s", "%b")
_SHORT: Final = r"(?<![0-9.])[0-9]+(?:\.[0-9]+)?"
"""Match a version of one or two numbers."""
_PERSON: Final = re.compile(r"(?P<name>[^<>]*)<(?P<email>[^<>]*)>")


def read_releases(repository: Repository, tag_format: TagFormat, *, merged: str = "") -> list[PastRelease]:
    """Return every version that was tagged, the lowest first, without floating tags; of two spellings one.

    Args:
        repository: to read.
        tag_format: which tags are versions.
        merged: only those in the history of this commit; all of them if empty.
    """
    tagged = read_tagged_versions(repository, tag_format, merged=merged)
    floating = select_floating_tags(tagged)
    return sorted({release.version: release for release in tagged if release.tag not in floating}.values())


def find_floating_tags(repository: Repository, tag_format: TagFormat) -> set[str]:
    """Return the tags that only follow a series, such as ``v1``; see `select_floating_tags`."""
    if tag_format.pattern is None and not _has_short_version(repository.tag_names(), tag_format.suffix):
        return set()
    return select_floating_tags(read_tagged_versions(repository, tag_format))


def read_tagged_versions(repository: Repository, tag_format: TagFormat, *, merged: str = "") -> list[PastRelease]:
    """Return every tag that carries a version, floating tags and second spellings among them.

    Args:
        repository: to read.
        tag_format: which tags are versions.
        merged: only those in the history of this commit; all of them if empty.
    """
    wanted = repository.tags_merged_into(merged) if merged else None
    tagged = []
    for tag in repository.tag_refs():
        version = tag_format.version(tag.name) if tag.time and (wanted is None or tag.name in wanted) else None
        if version is not None:
            tagged.append(PastRelease(version, tag.name, tag.commit, parse_day(tag.time), tag.time))
    return tagged


def read_commits(repository: Repository, until: str, since: str = "", path: str = "") -> list[Commit]:
    """Return the commits that lead to one, newest first; each person has one name in all of them.

    Args:
        repository: to read.
        until: the last commit.
        since: leave out this one and those that led to it.
        path: only those that touch this folder; all of them if empty.
    """
    log = repository.git(
        "log", "-z", "--topo-order", "--no-show-signature", "--no-color", "--encoding=UTF-8",
        f"--format={'%x00'.join(_FIELDS)}", *(("--parents", "--full-history") if path else ()),
        until, *((f"^{since}",) if since else ()), "--", *((path,) if path else ()),
    )  # fmt: skip
    values, size = log.split("\0"), len(_FIELDS)
    commits = [_commit(values[at : at + size]) for at in range(0, len(values) - size + 1, size)]
    return unify_authors(_map(repository, commits))


def read_identities(repository: Repository, until: str) -> set[str]:
    """Return the identities of everybody who wrote a commit up to this one, in lower case."""
    log = repository.git("log", "--no-show-signature", "--encoding=UTF-8", "--format=%aN <%aE>", until, "--")
    people = filter(None, (_PERSON.match(line) for line in set(log.splitlines())))
    return {identity for found in people for identity in _read_author(found).identities}


def commit_time(repository: Repository, commit: str) -> int:
    """Return the time of a commit, in seconds since the epoch."""
    return int(repository.git("show", "--no-patch", "--no-show-signature", "--format=%ct", commit, "--"))


def read_file(repository: Repository, commit: str, path: str) -> str | None:
    """Return the text of a file at a commit; None where there is none."""
    try:
        return repository.git("cat-file", "blob", f"{commit}:{path}")
    except ProcessError:
        return None


def list_files(repository: Repository, commit: str, path: str = "") -> list[str]:
    """Return the files of a commit or of one of its folders, relative to that; none where there is no such folder."""
    folder = f"{path}/" if path else ""
    names = repository.git("ls-tree", "-r", "-z", "--full-tree", "--name-only", commit, *((folder,) if path else ()))
    return [name.removeprefix(folder) for name in names.split("\0") if name]


def list_changed_files(repository: Repository, since: str, until: str, path: str = "") -> list[str]:
    """Return the files that differ between two commits, or those of a folder, relative to that."""
    relative = (f"--relative={path}",) if path else ()
    names = repository.git("diff", "--name-only", "--no-renames", "-z", *relative, since, until, "--").split("\0")
    return [name for name in names if name]


def export(repository: Repository, commit: str, folder: Path, globs: Iterable[str], path: str = "") -> None:
    """Write those files of a commit, or of one of its folders, that match a glob.

    Args:
        repository: to read.
        commit: to read from.
        folder: to write to; it is created.
        globs: by which a name is chosen, as ``*.py``; ``*`` matches ``/`` too.
        path: the folder of the repository that becomes ``folder``.

    Raises:
        RepositoryError: git cannot read its own objects.
    """
    import tarfile

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


def _has_short_version(tags: Iterable[str], suffix: str) -> bool:
    """Tell whether the name of any tag ends with one or two numbers, as those that float do, and then the suffix."""
    return re.search(rf"{_SHORT}{re.escape(suffix)}$", "\n".join(tags), re.MULTILINE) is not None


def _commit(fields: Sequence[str]) -> Commit:
    commit, parents, name, email, subject, body = fields
    return Commit(commit.strip(), tuple(parents.split()), (Author(name, email), *list_co_authors(body)), subject, body)


def _map(repository: Repository, commits: list[Commit]) -> list[Commit]:
    """Name co-authors as the repository's mailmap does; git itself maps only a commit's author."""
    others = dict.fromkeys(author for commit in commits for author in commit.authors[1:] if author.email)
    mapped = _ask_mailmap(repository, list(others)) if others else {}
    if not mapped:
        return commits
    return [
        replace(commit, authors=tuple(mapped.get(author, author) for author in commit.authors)) for commit in commits
    ]


def _ask_mailmap(repository: Repository, authors: Sequence[Author]) -> dict[Author, Author]:
    """Return authors as the repository's mailmap names them; none where git cannot read it."""
    lines = "".join(f"{author.name} <{author.email}>\n" for author in authors)
    try:
        answer = repository.git("check-mailmap", "--stdin", stdin=lines).splitlines()
    except ProcessError:
        return {}
    found = [_PERSON.match(line) for line in answer]
    if len(found) != len(authors):
        return {}
    return {author: _read_author(person) if person else author for author, person in zip(authors, found, strict=True)}


def _read_author(found: re.Match[str]) -> Author:
    return Author(found["name"].strip(), found["email"].strip())
