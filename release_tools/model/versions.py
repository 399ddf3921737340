"""PEP 440 versions: their kind, their spelling for conda, and their spelling as git tags."""

import re
from dataclasses import dataclass
from typing import Final, Self

from packaging.version import InvalidVersion, Version

from release_tools.errors import ConfigError, VersionError
from release_tools.model.release import Kind

_PLACEHOLDER: Final = "{version}"
_TAG_GRAMMAR: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!/-]{0,199}", re.ASCII)


def parse_version(text: str, *, field: str) -> Version:
    """The version that a person or a file wrote, in any spelling that PEP 440 accepts.

    Args:
        text: such as ``1.4.0rc1``; a leading ``v`` is accepted.
        field: where it was written, for the message.

    Raises:
        VersionError: it is no PEP 440 version.
    """
    try:
        return Version(text)
    except InvalidVersion:
        raise VersionError(
            f"{field}: {text!r} is not a PEP 440 version", "Write it like 1.4.0, 1.4.0rc1 or 1.4.0.post1."
        ) from None


def kind_of(version: Version) -> Kind:
    """Dev, pre, post or final; the most provisional part decides (``1.0rc1.dev2`` is dev)."""
    if version.is_devrelease:
        return Kind.DEV
    if version.is_prerelease:
        return Kind.PRE
    return Kind.POST if version.is_postrelease else Kind.FINAL


def conda_version(version: Version) -> str:
    """The spelling that conda sorts as PEP 440 does and that still reads as the same PEP 440 version.

    Conda sorts ``1.0.dev1`` after ``1.0rc1``, but ``1.0dev1`` before ``1.0a1``; the number of segments is kept, because
    for conda ``1.0a1`` and ``1.0.0a1`` differ.
    """
    return f"{version.public.replace('.dev', 'dev')}{f'+{version.local}' if version.local else ''}"


def is_safe_ref(name: str) -> bool:
    """Whether a tag or branch name keeps to our own grammar, which is far narrower than git's.

    Git accepts ``v1;id``, ``v1${IFS}x`` and right-to-left marks; none of them has a place in a release.
    """
    return (
        _TAG_GRAMMAR.fullmatch(name) is not None
        and ".." not in name
        and "//" not in name
        and not name.endswith((".", "/", ".lock"))
    )


@dataclass(frozen=True)
class TagFormat:
    """How versions are written as tags.

    Attributes:
        prefix: before the version.
        suffix: after it.
        strict: whether a tag must begin with exactly the prefix; otherwise an optional ``v`` is accepted.
    """

    prefix: str = "v"
    suffix: str = ""
    strict: bool = False

    @classmethod
    def parse(cls, template: str) -> Self:
        """From the config's ``tag-format``, such as ``pkg-a-v{version}``; empty means ``v1.2.3`` or ``1.2.3``.

        Raises:
            ConfigError: ``{version}`` does not occur exactly once, or the rest may not stand in a tag.
        """
        if not template:
            return cls()
        prefix, placeholder, suffix = template.partition(_PLACEHOLDER)
        if not placeholder or _PLACEHOLDER in suffix or not is_safe_ref(f"{prefix}1{suffix}"):
            raise ConfigError(
                f"tag-format: {template!r} does not say where the version stands",
                'Write it like "v{version}" or "pkg-a-v{version}".',
            )
        return cls(prefix, suffix, strict=True)

    def tag(self, version: Version) -> str:
        """The tag of a version, in its canonical spelling."""
        return f"{self.prefix}{version}{self.suffix}"

    def version(self, tag: str) -> Version | None:
        """The version that a tag carries; None where the tag is not one of ours (``docs-3``)."""
        if not is_safe_ref(tag):
            return None
        if self.strict:
            if not (tag.startswith(self.prefix) and tag.endswith(self.suffix)):
                return None
            text = tag[len(self.prefix) : len(tag) - len(self.suffix)]
        else:
            text = tag.removeprefix("v")
        try:
            return Version(text) if text[:1].isdigit() else None
        except InvalidVersion:
            return None

    @property
    def example(self) -> str:
        """A tag of this form, for messages."""
        return f"{self.prefix}1.2.3{self.suffix}"

    @property
    def globs(self) -> tuple[str, ...]:
        """What ``git describe --match`` is to consider; wider than `version`, which decides."""
        return (f"{self.prefix}[0-9]*{self.suffix}",) if self.strict else ("v[0-9]*", "[0-9]*")

    def like(self, tag: str, version: str) -> "TagFormat":
        """This format, spelled as an existing tag of that version spells it, where no format was configured."""
        if self.strict:
            return self
        prefix, found, suffix = tag.partition(version)
        return TagFormat(prefix, suffix) if found else TagFormat("v" if tag.startswith("v") else "")


def is_tag_of(tag: str, version: str, tag_format: TagFormat) -> bool:
    """Return whether a tag carries a version: by its format, or at its end where no format is configured.

    Where no format is configured, the words before the version (``demo-v1.0``) are the project's own.
    """
    wanted = Version(version)
    if tag_format.version(tag) == wanted:
        return True
    if tag_format.strict or not is_safe_ref(tag):
        return False
    for found in re.finditer(r"(?<![0-9.!])[0-9]", tag):
        try:
            if Version(tag[found.start() :]) == wanted:
                return True
        except InvalidVersion:
            continue
    return False
