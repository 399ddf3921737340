"""The version that versioningit derives from the repository's tags."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from packaging.version import Version

from release_tools.errors import VersionError
from release_tools.versions import TagFormat, parse_version

_FORMAT: Final = "{next_version}.dev{distance}"
_UPLOADABLE: Final = {"distance": _FORMAT, "dirty": _FORMAT, "distance-dirty": _FORMAT}


@dataclass(frozen=True)
class Described:
    """Where a commit stands after the newest tag before it.

    Attributes:
        tag: that tag.
        base: the version that the tag carries.
        distance: how many commits came since.
        version: what may be uploaded for this commit; never with a local part.
    """

    tag: str
    base: Version
    distance: int
    version: Version


def describe(project: Path, table: Mapping[str, Any] | None, tag_format: TagFormat) -> Described | None:
    """Ask versioningit, with the project's own settings where it has some.

    Args:
        project: the project's folder in a repository.
        table: the project's ``[tool.versioningit]``; None where it has none.
        tag_format: which tags are versions, where the project's settings don't say.

    Returns:
        None where no tag of ours was made yet.

    Raises:
        VersionError: versioningit refuses the settings or the newest tag.
    """
    import versioningit

    config = _settings(table or {}, tag_format)
    try:
        derive = versioningit.Versioningit.from_project_dir(project, config)
        found = derive.do_vcs()
        while "tag2version" not in (table or {}) and tag_format.version(found.tag) is None:
            config["vcs"].setdefault("exclude", []).append(found.tag)  # a stray tag that looks like one of ours
            derive = versioningit.Versioningit.from_project_dir(project, config)
            found = derive.do_vcs()
        base = derive.do_tag2version(found.tag)
        following = derive.do_next_version(base, found.branch)
        distance = int(found.fields.get("distance", 0))
        text = base if found.state in ("exact", "dirty") else derive.do_format(found, base, following)
    except versioningit.NoTagError:
        return None
    except (versioningit.Error, ValueError) as error:
        raise VersionError(
            f"versioningit: {error}", "See [tool.versioningit] in pyproject.toml, and the newest tag of this branch."
        ) from None
    version = parse_version(text, field="versioningit")
    if version.local:
        version = parse_version(f"{following}.dev{distance}", field="versioningit")
    return Described(found.tag, parse_version(base, field=f"tag {found.tag}"), distance, version)


def following_version(*, version: str, branch: str | None, params: dict[str, Any]) -> str:  # noqa: ARG001 - versioningit's signature
    """The version that work after a tag leads to: the next minor one, or the next of a series of pre-releases.

    ``1.2.3`` leads to ``1.3.0``, and ``1.3.0rc1`` to ``1.3.0rc2``: so ``.devN`` of it sorts after the tag.
    """
    parsed = Version(version)
    if parsed.pre:
        letter, number = parsed.pre
        return f"{parsed.base_version}{letter}{number + 1}"
    major, minor, *_ = (*parsed.release, 0)
    epoch = f"{parsed.epoch}!" if parsed.epoch else ""
    return f"{epoch}{major}.{minor + 1}.0"


def _settings(table: Mapping[str, Any], tag_format: TagFormat) -> dict[str, Any]:
    """The project's settings, and uploadable ones where it has none."""
    config = {key: value for key, value in table.items() if key not in ("write", "onbuild", "default-version")}
    vcs = {"method": "git", **_as_table(config.get("vcs"))}
    if "match" not in vcs:
        vcs["match"] = list(tag_format.globs)
    config["vcs"] = vcs
    config.setdefault("next-version", {"method": following_version})
    config["format"] = {**_UPLOADABLE, **_as_table(config.get("format"))}
    if "tag2version" not in config:
        config["tag2version"] = {"method": lambda *, tag, params: str(tag_format.version(tag) or tag)}  # noqa: ARG005 - versioningit's signature
    return config


def _as_table(value: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever TOML holds there
    return dict(value) if isinstance(value, Mapping) else {"method": value} if value else {}
