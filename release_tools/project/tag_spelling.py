"""Find out which tags of a repository are a project's versions, and how a new one is spelled."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from release_tools.config.loader import read_pyproject
from release_tools.engine.context import Context
from release_tools.errors import RepositoryError
from release_tools.git.project_repository import open_repository
from release_tools.git.repository import Repository, TagRef
from release_tools.model.note import Note, State
from release_tools.model.versions import TagFormat, is_safe_ref
from release_tools.project.name import find_stated_name, read_setup_cfg
from release_tools.project.tag_settings import find_stated_format
from release_tools.wording import list_some

_VersionTag: TypeAlias = tuple[TagRef, Version]

_SHOWN: Final = 3
_FIRST_DIGIT: Final = re.compile(r"(?<![0-9.])[0-9]")


def find_tag_format(context: Context) -> TagFormat:
    """Return the tag format of a project.

    That is the setting ``tag-format``; else what the settings of another tool state (`find_stated_format`); else tags
    with the project's name, where there are any; else ``v1.2.3`` and ``1.2.3``.

    Raises:
        ConfigError: the setting, or ``pyproject.toml``, is not valid.
    """
    if context.config.tag_format:
        return TagFormat.parse(context.config.tag_format)
    repository = _find_repository(context)
    stated = find_stated_format(read_pyproject(context.project), read_setup_cfg(context.project))
    if repository is None:
        return stated or TagFormat()
    if stated is not None:
        return stated.adopt_spelling(tag.name for tag in _list_by_time(repository)) if stated.pattern else stated
    return _find_format_by_name(repository, _list_names(context.project, repository)) or TagFormat()


def _find_repository(context: Context) -> Repository | None:
    try:
        return open_repository(context)
    except RepositoryError:
        return None


def suggest_template(context: Context, commit: str, version: str = "") -> str:
    """Return a value for ``tag-format`` that fits tags which are not recognized; empty where nothing is likely.

    The best hint is a tag on the commit, then one that carries the version, then one like the project's name, then the
    newest.

    Args:
        context: of the run.
        commit: that is checked out.
        version: the project's; empty where it is not known.
    """
    repository = open_repository(context)
    names = _list_names(context.project, repository)
    candidates = []
    for tag in _list_by_time(repository):
        prefix, text = _split(tag.name)
        if not prefix or not is_safe_ref(tag.name):
            continue
        rank = (
            tag.commit == commit,
            text == version,
            any(name.replace("-", "") in _squeeze(prefix) for name in names),
            tag.time,
        )
        candidates.append((rank, prefix))
    return f"{max(candidates)[1]}{{version}}" if candidates else ""


def check_tags_are_read(context: Context, repository: Repository, commit: str) -> Iterator[Note]:
    """Yield a warning if there are tags, and none of them is read as a version.

    Args:
        context: of the run.
        repository: that has the tags.
        commit: that is checked out.
    """
    tags, tag_format = list(repository.tags()), find_tag_format(context)
    if not tags or any(tag_format.version(tag) for tag in tags):
        return
    template = suggest_template(context, commit)
    form = f'tag-format = "{template}"' if template else "tag-format to how this project writes them"
    shown = list_some(list(filter(is_safe_ref, tags)), _SHOWN)
    yield Note(State.WARNING, f"no tag looks like {tag_format.example}", shown, f"Set {form}, if they are versions.")


def find_unrecognized_tags(repository: Repository, commit: str, version: Version, tag_format: TagFormat) -> list[str]:
    """Return the tags on a commit that seem to carry a version, but are none of the project's by its format."""
    major, minor, *_ = (*version.release, 0)
    likely = re.compile(rf"{major}\.0*{minor}")
    if not any(likely.search(name) for name in repository.tag_names()):
        return []
    safe = filter(is_safe_ref, repository.tags(points_at=commit))
    return [tag for tag in safe if tag_format.version(tag) is None and _carries(tag, version)]


def _carries(tag: str, version: Version) -> bool:
    """Return whether a tag seems to carry a version, by any project's format."""
    _, text = _split(tag)
    return bool(text) and Version(text) == version


def _find_format_by_name(repository: Repository, names: tuple[str, ...]) -> TagFormat | None:
    """Return the format of tags with the project's name; None where there are none, or others took over."""
    beginning = _match_names(names)
    if not names or not any(map(beginning.match, repository.tag_names())):
        return None
    tags = _list_by_time(repository)
    named: list[_VersionTag] = []
    prefixes: dict[str, None] = {}
    for tag, prefix in _split_named(tags, beginning):
        version = TagFormat(prefix, "", (prefix,)).version(tag.name)
        if version is not None:
            named.append((tag, version))
            prefixes.pop(prefix, None)
            prefixes[prefix] = None
    if not named:
        return None
    newest_first = tuple(reversed(prefixes))
    plain = _list_plain(tags)
    if not plain or not _is_one_series(named, plain):
        return TagFormat(newest_first[0], "", newest_first)
    return _join_spellings(newest_first, plain[-1][0], named[-1][0])


def _list_plain(tags: Iterable[TagRef]) -> list[_VersionTag]:
    """Return the tags without a name, and their versions."""
    return [(tag, version) for tag in tags if (version := TagFormat().version(tag.name)) is not None]


def _split_named(tags: Iterable[TagRef], beginning: re.Pattern[str]) -> Iterator[tuple[TagRef, str]]:
    """Yield the tags with the project's name, and the text before their versions."""
    for tag in tags:
        found = beginning.match(tag.name)
        if found is not None:
            yield tag, found[0]


def _join_spellings(prefixes: Sequence[str], plain: TagRef, named: TagRef) -> TagFormat:
    """Return the format of a project that changed how it tags; new tags are spelled as the newest one.

    Args:
        prefixes: those with the project's name, the newest first.
        plain: the newest tag without the name.
        named: the newest tag with it.
    """
    used = "v" if plain.name.startswith("v") else ""
    every = (used, *prefixes, "v", "") if plain.time > named.time else (*prefixes, "v", "")
    return TagFormat(every[0], "", tuple(dict.fromkeys(every)))


def _is_one_series(some: Sequence[_VersionTag], others: Sequence[_VersionTag]) -> bool:
    """Check whether one spelling followed the other, by time and version: a project that changed how it tags.

    Otherwise tags without a name belong to another project of the repository.
    """
    return _comes_before(some, others) or _comes_before(others, some)


def _comes_before(earlier: Sequence[_VersionTag], later: Sequence[_VersionTag]) -> bool:
    """Return whether all of some tags are older than all of others, and of lower versions."""
    if max(tag.time for tag, _ in earlier) >= min(tag.time for tag, _ in later):
        return False
    return max(version for _, version in earlier) < min(version for _, version in later)


def _match_names(names: tuple[str, ...]) -> re.Pattern[str]:
    """Return what matches the text before the version in ``NAME-1.0``, ``NAME-v1.0``, ``NAME/1.0`` or ``NAME@1.0``."""
    spelled = "|".join(r"[-_.]*".join(map(re.escape, name.split("-"))) for name in names)
    return re.compile(rf"(?:{spelled})[-_/@]v?(?=\d)", re.IGNORECASE | re.ASCII)


def _list_names(project: Path, repository: Repository | None) -> tuple[str, ...]:
    """Return the names that a project's tags may have, canonical: its own, and its folder's in a larger repository."""
    names = [canonicalize_name(find_stated_name(project))]
    if repository is not None and project.resolve() != repository.root:
        names.append(canonicalize_name(project.name))
    return tuple(filter(None, dict.fromkeys(names)))


def _list_by_time(repository: Repository) -> list[TagRef]:
    """Return every tag, the newest last."""
    return sorted(repository.tag_refs(), key=lambda tag: tag.time)


def _squeeze(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def _split(tag: str) -> tuple[str, str]:
    """Split any project's tag before a version of two parts at least; the version is empty where there is none."""
    for found in _FIRST_DIGIT.finditer(tag):
        text = tag[found.start() :]
        try:
            if len(Version(text).release) > 1:
                return tag[: found.start()], text
        except InvalidVersion:
            continue
    return "", ""
