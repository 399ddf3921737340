"""Read the workflows that ``release-tools init`` wrote, and the parts of them that users may change.

Users may change the commits of the actions, the runner and the time limit of a job, the repository of the guard, and
their own jobs between two marks. A digest in the header covers everything else, so that no other change is overwritten.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from packaging.version import InvalidVersion, Version

from release_tools.errors import ConfigError
from release_tools.regular_files import read_regular_file
from release_tools.workflows.workflow_files import list_files, read_job_names, read_yaml

NAMELESS: Final = "NAME"
"""Written instead of a project's name that only a build could tell."""

_HEADER: Final = re.compile(r"# Written by release-tools init for (?P<name>\S+?)(?: from (?P<template>\S+?))?;")
_DIGEST: Final = re.compile(r"^# Digest of the fixed parts: ([0-9a-f]*|-)\n", re.MULTILINE)
_DIGITS: Final = 16
_LARGEST: Final = 1_000_000
_PIN: Final = re.compile(r"(?<=uses: )([\w.-]+/[\w./-]+)@(\S+(?: +# *\S+)?)$", re.MULTILINE)
_OWN_STEP: Final = re.compile(r"^ ++(?:- )?uses: ([^\n]++)\n ++with:\n ++command: ", re.MULTILINE)
_JOB: Final = re.compile(r"^  ([A-Za-z_][\w-]*):[ \t]*$", re.MULTILINE)
_SETTING: Final = re.compile(r"^    (runs-on|timeout-minutes):(.*(?:\n     +\S.*)*)", re.MULTILINE)
_GUARD: Final = re.compile(r"github\.repository == '([^']+)' \|\| ")
_EXACT: Final = ("permissions", "matrix")
"""Keys to which nothing may be added: a right too many, or a build job that the plan no longer has."""
_BEGIN: Final = "  # >>> own jobs "
_END: Final = "  # <<< own jobs "


@dataclass(frozen=True)
class KeptParts:
    """The parts of a generated workflow that its users may change.

    Attributes:
        action: the value of ``uses:`` for this action; empty where it is not used.
        pins: the commit of every action, with its version as a comment, by the action's name.
        repository: ``owner/name`` in the guard against forks; empty without one.
        settings: the value of ``runs-on`` and ``timeout-minutes`` as text, by job and key.
        jobs: the users' own jobs as text, by ``before`` and ``after``.
    """

    action: str = ""
    pins: Mapping[str, str] = field(default_factory=dict)
    repository: str = ""
    settings: Mapping[tuple[str, str], str] = field(default_factory=dict)
    jobs: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str) -> "KeptParts":
        """Return the parts of a workflow's text."""
        own, guard = _OWN_STEP.search(text), _GUARD.search(text)
        return cls(
            own[1] if own else "",
            dict(_PIN.findall(text)),
            guard[1] if guard else "",
            dict(_find_settings(text)),
            {where: text[start:end] for where, start, end in _find_sections(text)},
        )

    def value(self, job: str, key: str, default: object) -> str:
        """Return what follows ``key:`` in a job, with the space before it."""
        return self.settings.get((job, key), f" {default}")

    def own_jobs(self, where: str) -> tuple[str, ...]:
        """Return the ids of the users' own jobs ``before`` or ``after`` publishing.

        Raises:
            ConfigError: they are not valid YAML.
        """
        return read_job_names(f"own jobs {where} publishing", f"jobs:\n{self.jobs.get(where, '')}")


def _find_sections(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield ``before`` or ``after``, and where the users' own jobs start and end in the text."""
    where, begin, position = "", 0, 0
    for line in text.splitlines(keepends=True):
        if where and line.startswith(_END + where):
            yield where, begin, position
            where = ""
        position += len(line)
        if line.startswith(_BEGIN):
            where, begin = line.removeprefix(_BEGIN).partition(" ")[0], position


def _find_settings(text: str) -> Iterator[tuple[tuple[str, str], str]]:
    jobs = [(match.start(), match[1]) for match in _JOB.finditer(text)]
    own = [range(start, end) for _, start, end in _find_sections(text)]
    for match in _SETTING.finditer(text):
        if not any(match.start() in section for section in own):
            yield (_find_job(jobs, match.start()), match[1]), match[2]


def _find_job(jobs: Sequence[tuple[int, str]], position: int) -> str:
    """Return the id of the job at a position, from the start of each job in their order."""
    return next((name for start, name in reversed(jobs) if start < position), "")


def add_digest(text: str) -> str:
    """Return a rendered workflow with the digest of its fixed parts in the header."""
    return _DIGEST.sub(f"# Digest of the fixed parts: {_hash_text(text)}\n", text, count=1)


def is_edited(text: str) -> bool:
    """Return whether a generated workflow was changed in a part that a rewrite would not keep."""
    digest = _DIGEST.search(text)
    return digest is None or digest[1] != _hash_text(text)


def _hash_text(text: str) -> str:
    for _, start, end in reversed(list(_find_sections(text))):
        text = text[:start] + text[end:]
    fixed = _DIGEST.sub("", text)
    fixed = _GUARD.sub("", _SETTING.sub(r"    \1:", _PIN.sub(r"\1", fixed)))
    return hashlib.sha256(fixed.encode()).hexdigest()[:_DIGITS]


def find_workflow(root: Path, default: str, name: str) -> tuple[str, str | None]:
    """Find a project's workflow, or a free path for it.

    Args:
        root: the top folder of the repository.
        default: the path that it has unless that is taken: ``.github/workflows/release.yml``.
        name: the project's name.

    Returns:
        Its path, and its text, which is None where there is none yet.
    """
    found = dict(_find_generated(root, default, name))
    path = default if default in found else next(iter(found), "")
    return (path, found[path]) if path else (_free_path(root, default, name), None)


def _find_generated(root: Path, default: str, name: str) -> Iterator[tuple[str, str]]:
    """Yield path and text of the workflows that were written for a project from the template of a default path."""
    for file in list_files(root):
        text = _read_if_possible(file)
        header = _HEADER.match(text)
        if header and _is_for(header, file, default, name):
            yield file.relative_to(root).as_posix(), text


def read_project_name(file: Path) -> str:
    """Return the name of the project that a workflow was written for; empty where it is not one of ours."""
    header = _HEADER.match(_read_if_possible(file))
    return header["name"] if header else ""


def _read_if_possible(file: Path) -> str:
    """Return a file's text; an empty one for links and for what cannot be read, which are none of ours."""
    try:
        return "" if file.is_symlink() else read_text(file)
    except OSError:
        return ""


def _is_for(header: re.Match[str], file: Path, default: str, name: str) -> bool:
    is_name = header["name"] == name or NAMELESS in (header["name"], name)
    return is_name and (header["template"] or file.name) == Path(default).name


def _free_path(root: Path, default: str, name: str) -> str:
    path, number = default, 1
    stem = f"{default.removesuffix('.yml')}-{re.sub(r'[^A-Za-z0-9]+', '-', name).strip('-').lower()}"
    while is_taken(root / path):
        path = f"{stem}.yml" if number == 1 else f"{stem}-{number}.yml"
        number += 1
    return path


def is_taken(path: Path) -> bool:
    """Return whether there is anything at a path, a broken link included."""
    return path.exists() or path.is_symlink()


def read_text(file: Path) -> str:
    """Return a file's text with plain line ends; what is not UTF-8 is replaced.

    Raises:
        OSError: it cannot be read, is not a regular file, or is too large for a workflow.
    """
    return read_regular_file(file, _LARGEST).decode("utf-8", errors="replace").replace("\r\n", "\n")


def choose_newer_pin(theirs: str, ours: str) -> str:
    """Return ours where it is a newer version, else theirs, so that no pin is ever lowered."""
    their_version, our_version = _parse_version(theirs), _parse_version(ours)
    is_newer = their_version is not None and our_version is not None and our_version > their_version
    return ours if is_newer else theirs


def _parse_version(pin: str) -> Version | None:
    """Return the version in the comment of a pin, or that of a tag that is pinned itself."""
    commit, _, comment = pin.partition("#")
    try:
        return Version(comment.strip() or commit.strip().rpartition("@")[2])
    except InvalidVersion:
        return None


def is_outdated(text: str, wanted: str) -> bool:
    """Return whether a workflow lacks something that it should have.

    Comments, spelling and the commits of actions do not matter, and neither do additions, save for permissions and the
    jobs of a matrix.

    Args:
        text: as it is there.
        wanted: as it would be written, with the parts that users may change.
    """
    try:
        there, expected = (read_yaml("", _PIN.sub(r"\1", item)) for item in (text, wanted))
        return not _contains(there, expected)
    except ConfigError:
        return True


def _contains(there: Any, wanted: Any) -> bool:  # noqa: ANN401 - YAML is anything
    if isinstance(wanted, dict) and isinstance(there, dict):
        return _contains_keys(there, wanted)
    if isinstance(wanted, list) and isinstance(there, list):
        return _contains_items(there, wanted)
    return bool(there == wanted)


def _contains_keys(there: Mapping[Any, Any], wanted: Mapping[Any, Any]) -> bool:
    return all(key in there and _has_value(key, there[key], value) for key, value in wanted.items())


def _contains_items(there: Sequence[Any], wanted: Sequence[Any]) -> bool:
    """Return whether a list has all wanted items, in their order."""
    remaining = iter(there)
    return all(any(_contains(item, value) for item in remaining) for value in wanted)


def _has_value(key: object, there: Any, wanted: Any) -> bool:  # noqa: ANN401 - YAML is anything
    return bool(there == wanted) if key in _EXACT else _contains(there, wanted)
