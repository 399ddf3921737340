"""PEP 440 versions: their kind, their spelling for conda, and their spelling as git tags."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Final, Self

from packaging.version import InvalidVersion, Version

from release_tools.errors import ConfigError, VersionError
from release_tools.model.release import Kind

_PLACEHOLDER: Final = "{version}"
_TAG_GRAMMAR: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!/@-]{0,199}", re.ASCII)
_PLAIN: Final = ("v", "")


def parse_version(text: str, *, field: str) -> Version:
    """Parse a version as a person or a file wrote it, in any spelling that PEP 440 accepts.

    Args:
        text: such as ``1.4.0rc1``; a leading ``v`` is accepted.
        field: where it was written, for the message.

    Raises:
        VersionError: it is not a PEP 440 version.
    """
    try:
        return Version(text)
    except InvalidVersion:
        raise VersionError(
            f"{field}: {text!r} is not a PEP 440 version", "Write it like 1.4.0, 1.4.0rc1 or 1.4.0.post1."
        ) from None


def read_version(text: str) -> Version | None:
    """Return the version that a text is, in any spelling of PEP 440; None where it is none."""
    try:
        return Version(text)
    except InvalidVersion:
        return None


def find_kind(version: Version) -> Kind:
    """Return dev, pre, post or final; the most provisional part decides (``1.0rc1.dev2`` is dev)."""
    if version.is_devrelease:
        return Kind.DEV
    if version.is_prerelease:
        return Kind.PRE
    return Kind.POST if version.is_postrelease else Kind.FINAL


def format_conda_version(version: Version) -> str:
    """Return the spelling that conda sorts as PEP 440 does and that is still the same PEP 440 version.

    Conda sorts ``1.0.dev1`` after ``1.0rc1``, but ``1.0dev1`` before ``1.0a1``; the number of segments is kept, because
    for conda ``1.0a1`` and ``1.0.0a1`` differ.
    """
    return f"{version.public.replace('.dev', 'dev')}{f'+{version.local}' if version.local else ''}"


def is_safe_ref(name: str) -> bool:
    """Check a tag or branch name against our own grammar, which is far narrower than git's.

    Git accepts ``v1;id``, ``v1${IFS}x`` and right-to-left marks; none of them belongs in a release.
    """
    return (
        _TAG_GRAMMAR.fullmatch(name) is not None
        and ".." not in name
        and "//" not in name
        and not name.endswith((".", "/", ".lock"))
    )


@dataclass(frozen=True)
class TagFormat:
    """The way a project writes versions as tags.

    Attributes:
        prefix: before the version, in a new tag.
        suffix: after the version.
        prefixes: every prefix that is accepted when tags are read, `prefix` included.
        pattern: a regular expression of the project's own settings, which decides instead of the prefixes. Its group
            ``version`` holds the version, or ``base`` the first part of it, or else its only group.
        match: globs of the project's own settings, of which a tag must match one; no restriction if empty.
    """

    prefix: str = "v"
    suffix: str = ""
    prefixes: tuple[str, ...] = _PLAIN
    pattern: re.Pattern[str] | None = None
    match: tuple[str, ...] = ()

    @classmethod
    def parse(cls, template: str) -> Self:
        """Read the setting ``tag-format``, such as ``pkg-a-v{version}``; empty means ``v1.2.3`` or ``1.2.3``.

        Raises:
            ConfigError: ``{version}`` does not occur exactly once, or the rest may not be part of a tag.
        """
        if not template:
            return cls()
        prefix, placeholder, suffix = template.partition(_PLACEHOLDER)
        if not placeholder or _PLACEHOLDER in suffix or not is_safe_ref(f"{prefix}1{suffix}"):
            raise ConfigError(
                f"tag-format: {template!r} does not say where the version stands",
                'Write it like "v{version}" or "pkg-a-v{version}".',
            )
        return cls(prefix, suffix, (prefix,))

    @property
    def is_plain(self) -> bool:
        """Tell whether tags carry no name, so that they are about the whole repository."""
        return self.prefix in _PLAIN and any(self.version(f"{prefix}1.0{self.suffix}") for prefix in _PLAIN)

    def tag(self, version: Version) -> str:
        """Return the tag of a version, in its canonical spelling."""
        return f"{self.prefix}{version}{self.suffix}"

    def version(self, tag: str) -> Version | None:
        """Return the version that a tag carries; None where the tag is not one of this project's (``docs-3``)."""
        if not is_safe_ref(tag) or not self._is_matched(tag):
            return None
        return next(filter(None, map(read_version, self._list_version_texts(tag))), None)

    def _is_matched(self, tag: str) -> bool:
        return not self.match or any(fnmatchcase(tag, glob) for glob in self.match)

    @property
    def example(self) -> str:
        """Return a tag of this form, for messages."""
        return f"{self.prefix}1.2.3{self.suffix}"

    @property
    def globs(self) -> tuple[str, ...]:
        """Patterns for ``git describe --match`` and workflow triggers; wider than `version`, which decides."""
        return tuple(f"{prefix}[0-9]*{self.suffix}" for prefix in self.prefixes)

    def like(self, tag: str, version: str) -> "TagFormat":
        """Return this format with the prefix and suffix that an existing tag of a version has."""
        prefix, found, suffix = tag.partition(version)
        if not found:  # the tag spells the version in another way: v1.0.0-rc.1
            if self.pattern is None:
                used = next((one for one in self._sort_longest_first() if tag.startswith(one)), self.prefix)
                return replace(self, prefix=used)
            start = re.search(r"\d", tag)
            prefix, suffix = tag[: start.start()] if start else self.prefix, self.suffix
        return replace(self, prefix=prefix, suffix=suffix)

    def adopt_spelling(self, tags: Iterable[str]) -> "TagFormat":
        """Return this format with the prefixes that a pattern's own tags have, the newest tag last."""
        found: dict[str, None] = {}
        for tag in tags:
            version = self.version(tag)
            if version is not None:
                prefix = self.like(tag, str(version)).prefix
                found.pop(prefix, None)
                found[prefix] = None
        prefixes = tuple(reversed(found))
        return replace(self, prefix=prefixes[0], prefixes=prefixes) if prefixes else self

    def _list_version_texts(self, tag: str) -> Iterable[str]:
        if self.pattern is not None:
            return _match_by_pattern(self.pattern, tag)
        if not tag.endswith(self.suffix):
            return ()
        rest = (tag[len(one) :].removesuffix(self.suffix) for one in self._sort_longest_first() if tag.startswith(one))
        return [text for text in rest if text[:1].isdigit()]

    def _sort_longest_first(self) -> list[str]:
        return sorted(self.prefixes, key=len, reverse=True)


def _match_by_pattern(pattern: re.Pattern[str], tag: str) -> list[str]:
    """Return the texts that may be the version, by the groups that setuptools-scm and dunamai know."""
    found = pattern.match(tag)
    if found is None:
        return []
    named = found.groupdict()
    if named.get("version"):
        return [named["version"]]
    if named.get("base"):
        start = found.start("epoch") if named.get("epoch") else found.start("base")
        return [tag[start : found.end()], named["base"]]
    texts = found.groups() or (found[0],)
    return list(filter(None, texts))[:1]


def is_tag_of(tag: str, version: str, tag_format: TagFormat) -> bool:
    """Check whether a tag carries a version: by its format, or at its end where no format is known.

    Where no format is known, the words before the version (``demo-v1.0``) are the project's own.
    """
    wanted = Version(version)
    if tag_format.version(tag) == wanted:
        return True
    if tag_format != TagFormat() or not is_safe_ref(tag):
        return False
    starts = (found.start() for found in re.finditer(r"(?<![0-9.!])[0-9]", tag))
    return any(read_version(tag[start:]) == wanted for start in starts)
