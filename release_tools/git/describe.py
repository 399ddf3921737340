"""Derive versions from the repository's tags, by versioningit."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from packaging.version import Version

from release_tools.errors import VersionError
from release_tools.git.repository import Head, Nearest, Repository
from release_tools.model.versions import TagFormat, parse_version
from release_tools.parsed_values import list_texts

if TYPE_CHECKING:
    from versioningit import VCSDescription

_FORMAT: Final = "{next_version}.dev{distance}"
_UPLOADABLE: Final = {"distance": _FORMAT}
_RULES: Final = frozenset({"format", "next-version", "tag2version"})
"""The tables of versioningit's settings that say how a version is made of a tag."""
_DESCRIBE_OPTION: Final = re.compile(r"\b(match|exclude)=([^,)]+)")


@dataclass(frozen=True)
class DescribedVersion:
    """A commit's position after the newest tag before it.

    Attributes:
        tag: that tag; empty where there is none, and the project's settings say what to count from.
        base: the version that the tag carries.
        distance: the number of commits since.
        version: the version that may be uploaded for this commit; never with a local part.
        tag_format: the format of this project's tags.
    """

    tag: str
    base: Version
    distance: int
    version: Version
    tag_format: TagFormat


def describe(
    repository: Repository,
    head: Head,
    table: Mapping[str, Any] | None,
    tag_format: TagFormat,
    floating: Collection[str] = (),
) -> DescribedVersion | None:
    """Derive the version by versioningit, with the project's own settings where it has some.

    Git is called by us and not by versioningit, which would start programs that the repository's configuration names,
    and would count changes that are not committed.

    Args:
        repository: the project's.
        head: the commit.
        table: the project's ``[tool.versioningit]``; None where it has none.
        tag_format: the tags that are versions, where versioningit's settings don't say.
        floating: tags that only follow a series, such as ``v1``, and are left out.

    Returns:
        None where the project has no tag yet.

    Raises:
        VersionError: versioningit rejects the settings or the newest tag.
    """
    table = table or {}
    vcs = _as_table(table.get("vcs"))
    nearest = _find_nearest(repository, vcs, tag_format, floating, any_tag="tag2version" in table)
    if nearest is None and "default-tag" not in vcs:
        return _describe_by_default_version(table, tag_format)
    found = nearest or Nearest(str(vcs["default-tag"]), repository.count_commits(head.commit) - 1, head.commit[:7])
    if _RULES.isdisjoint(table):
        base = str(tag_format.version(found.tag) or parse_version(found.tag, field=f"tag {found.tag}"))
        version = Version(f"{find_following_version(base)}.dev{found.distance}" if found.distance else base)
    else:
        base, version = _apply_rules(table, found, _make_description(found, head), tag_format, repository)
    tag = found.tag if nearest else ""
    parsed = parse_version(base, field=f"tag {found.tag}")
    return DescribedVersion(tag, parsed, found.distance, version, tag_format.like(found.tag, base))


def _apply_rules(
    table: Mapping[str, Any],
    found: Nearest,
    description: "VCSDescription",
    tag_format: TagFormat,
    repository: Repository,
) -> tuple[str, Version]:
    """Return the tag's version and the commit's, by versioningit and the project's rules.

    Raises:
        VersionError: versioningit rejects the settings or the newest tag.
    """
    import versioningit

    try:
        derive = versioningit.Versioningit.from_project_dir(
            repository.root, _make_settings(table, tag_format, description)
        )
        base = derive.do_tag2version(found.tag)
        following = derive.do_next_version(base, description.branch)
        text = derive.do_format(description, base, following) if found.distance else base
    except (versioningit.Error, ValueError, KeyError) as error:
        raise VersionError(
            f"versioningit: {error}", "See [tool.versioningit] in pyproject.toml, and the newest tag of this branch."
        ) from None
    version = parse_version(text, field=f"versioningit, after the tag {found.tag}")
    if version.local:
        version = parse_version(f"{following}.dev{found.distance}", field="versioningit: next-version")
    return base, version


def _describe_by_default_version(table: Mapping[str, Any], tag_format: TagFormat) -> DescribedVersion | None:
    """Return versioningit's ``default-version``, which holds where no tag is found."""
    stated = table.get("default-version")
    if not isinstance(stated, str):
        return None
    version = Version(parse_version(stated, field="versioningit: default-version").public)
    return DescribedVersion("", version, 0, version, tag_format)


def find_following_version(version: str) -> str:
    """Return the version that work after a tag leads to: the next minor one, or the next pre-release of a series.

    ``1.2.3`` leads to ``1.3.0``, and ``1.3.0rc1`` to ``1.3.0rc2``: so ``.devN`` of it sorts after the tag.
    """
    parsed = Version(version)
    epoch = f"{parsed.epoch}!" if parsed.epoch else ""
    if parsed.pre:
        letter, number = parsed.pre
        return f"{parsed.base_version}{letter}{number + 1}"
    major, minor, *_ = (*parsed.release, 0)
    return f"{epoch}{major}.{minor + 1}.0"


def _find_nearest(
    repository: Repository, vcs: Mapping[str, Any], tag_format: TagFormat, floating: Iterable[str], *, any_tag: bool
) -> Nearest | None:
    """Find the newest tag that the project's settings select; otherwise the newest that carries a version."""
    globs: Iterable[str] = _list_globs(vcs, "match")
    if not globs and not any_tag:
        globs = tag_format.globs
    exclude = [*_list_globs(vcs, "exclude"), *floating]
    while True:
        found = repository.nearest_tag(globs, exclude)
        if found is None or any_tag or tag_format.version(found.tag) is not None:
            return found
        if found.tag in exclude:
            raise VersionError(
                f"{found.tag}: the tag object has this name, but the tag is called something else",
                "List the tags: git tag --list",
            )
        exclude.append(found.tag)  # a stray tag that looks like one of ours


def _list_globs(vcs: Mapping[str, Any], option: str) -> list[str]:
    """Return the globs of ``match`` or ``exclude``, as versioningit's settings for git or for archives have them."""
    described = _DESCRIBE_OPTION.findall(str(vcs.get("describe-subst", "")))
    return [*list_texts(vcs.get(option)), *(value for name, value in described if name == option)]


def _make_description(found: Nearest, head: Head) -> "VCSDescription":
    from versioningit import VCSDescription

    time = datetime.fromtimestamp(head.time, UTC)
    return VCSDescription(
        tag=found.tag,
        state="distance" if found.distance else "exact",
        branch=head.branch or None,
        fields={
            "distance": found.distance,
            "rev": found.rev,
            "revision": head.commit,
            "author_date": time,
            "committer_date": time,
            "build_date": time,
            "vcs": "g",
            "vcs_name": "git",
        },
    )


def _make_settings(table: Mapping[str, Any], tag_format: TagFormat, description: "VCSDescription") -> dict[str, Any]:
    """Return the project's settings, and uploadable ones where it has none."""
    config: dict[str, Any] = {
        "vcs": {"method": lambda **_: description},
        "next-version": {"method": lambda *, version, branch, params: find_following_version(version)},  # noqa: ARG005 - versioningit's signature
    }
    config["tag2version"] = {"method": lambda *, tag, params: str(tag_format.version(tag) or tag)}  # noqa: ARG005 - versioningit's signature
    config |= {name: table[name] for name in ("tag2version", "next-version") if name in table}
    config["format"] = {**_UPLOADABLE, **_as_table(table.get("format"))}
    return config


def _as_table(value: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever TOML holds there
    return dict(value) if isinstance(value, Mapping) else {"method": value} if value else {}
