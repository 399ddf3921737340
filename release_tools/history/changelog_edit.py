"""The edit of a changelog that turns what is unreleased into a version and its date."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from packaging.version import Version

from release_tools.errors import HistoryError
from release_tools.history.changelog import IN_PROGRESS, Changelog, Part
from release_tools.history.dates import format_date_like, has_date, with_date
from release_tools.history.headings import Heading, Markup, split_lines

_COMPARED: Final = r"(?<=/compare/)(?P<old>[^\s)>.]{1,60}(?:\.[^\s)>.]{1,20}){0,6})(?P<dots>\.{2,3})(?P<new>[^\s)>]+)"
_UNRELEASED_LINK: Final = re.compile(rf"^ {{0,3}}\[(?P<label>unreleased)\]:.*?{_COMPARED}", re.IGNORECASE)
_YANKED: Final = re.compile(r"(?:(?<! ) +)?[\[(]YANKED[\])]", re.IGNORECASE)


def release_unreleased(changelog: Changelog, version: Version, day: date) -> str:
    """Return the text in which the unreleased part has become this version's; lines that need no change have none.

    A part that is only called Unreleased stays, empty, above the new heading, which is written like that of the last
    release; the links that compare versions go along. A part that has a version already gets the date, and this
    version if it was another.

    Raises:
        HistoryError: nothing is unreleased, or this version is released already.
    """
    part, there = changelog.unreleased, changelog.find_part(version)
    if there is not None and not there.unreleased:
        raise HistoryError(f"{changelog.path}: {version} is listed as released already", "Choose a version after it.")
    if part is None:
        raise HistoryError(
            f"{changelog.path}: no section is called Unreleased",
            'Describe the changes under a heading such as "## [Unreleased]".',
        )
    last = next((other for other in changelog.parts if not other.unreleased), None)
    lines = split_lines(changelog.text)
    end = "\r\n" if lines[0].endswith("\r\n") else "\n"
    lines[-1] += "" if lines[-1].endswith("\n") else end
    edit = _Edit(tuple(lines), end, changelog.markup, part, last, version, day)
    return "".join(edit.set_date() if part.spelled else edit.insert_heading())


@dataclass(frozen=True)
class _Edit:
    """Describe what the edit is made from.

    Attributes:
        lines: of the changelog, each with its end.
        end: how its lines end.
        markup: what it is written in.
        part: the unreleased one.
        last: the newest released one, the model of how the project writes; None before the first release.
        version: that the part becomes.
        day: of the release.
    """

    lines: tuple[str, ...]
    end: str
    markup: Markup
    part: Part
    last: Part | None
    version: Version
    day: date

    def insert_heading(self) -> Iterator[str]:
        """Yield the lines with a heading for the version below the one that says Unreleased."""
        heading, title, said = self.part.heading, self._format_heading(), _read_first_line(self.last)
        yield from self.lines[: heading.end]
        yield self.end
        yield from self._retitle(heading, title)
        if has_date(said) and not has_date(title):
            yield from (self.end, with_date(said, self.day) + self.end)
        following = self.lines[heading.end :]
        yield from self._relink(following, self.last) if self.last else following

    def set_date(self) -> Iterator[str]:
        """Yield the lines with the date in place of "unreleased", in the heading or on the first line below it."""
        heading, body = self.part.heading, list(self.lines[self.part.heading.end :])
        title = self._choose_title()
        dated = IN_PROGRESS.sub(format_date_like(self.last.heading.text if self.last else "", self.day), title, count=1)
        at = next((at for at, line in enumerate(body) if line.strip()), None)
        if dated == title and at is not None:
            body[at] = IN_PROGRESS.sub(self._format_release_line(), body[at], count=1)
        yield from self.lines[: heading.start]
        yield from self._retitle(heading, dated)
        yield from body

    def _choose_title(self) -> str:
        """Return the heading of a part that has a version already, with this version."""
        if Version(self.part.spelled).is_devrelease:
            return self._format_heading()
        if self.part.version != self.version:
            return _respell(self.part.heading.text, self.part.spelled, str(self.version))
        return self.part.heading.text

    def _format_release_line(self) -> str:
        """Return the words with the date that the first line below a heading gets, like those of the last release."""
        said = _read_first_line(self.last)
        return with_date(said, self.day).strip("*_ ") if has_date(said) else f"Released {self.day}"

    def _format_heading(self) -> str:
        """Return the new heading's text: like the last release's, else as Keep a Changelog writes it."""
        if self.last is not None:
            title = _YANKED.sub("", self.last.heading.text)
            return with_date(_respell(title, self.last.spelled, str(self.version)), self.day)
        if self.markup is Markup.RST:
            return f"{self.version} ({self.day})"
        return f"[{self.version}] - {self.day}" if "[" in self.part.heading.text else f"{self.version} - {self.day}"

    def _retitle(self, heading: Heading, title: str) -> Iterator[str]:
        """Return the lines of a heading with another text; its adornment becomes as long as that."""
        own = self.lines[heading.start : heading.end]
        at = 1 if len(own) > 2 else 0  # noqa: PLR2004 - overline, title, underline
        for row, line in enumerate(own):
            if row == at or title == heading.text:
                yield line.replace(heading.text, title, 1)
            else:
                yield line.strip()[0] * len(title) + self.end

    def _relink(self, lines: tuple[str, ...], last: Part) -> Iterator[str]:
        """Return the lines, with a link definition for the new version next to that of the previous one."""
        old, new = last.spelled, str(self.version)
        unreleased = any(_UNRELEASED_LINK.match(line) for line in lines)
        for line in lines:
            found = _UNRELEASED_LINK.match(line)
            if found and old in found["old"]:
                tag = found["old"].replace(old, new)
                start, stop = found.span("old")
                yield line[:start] + tag + line[stop:]
                label = f"v{new}" if f"[v{old}]" in last.heading.text else new
                yield f"[{label}]" + line[found.end("label") + 1 : stop] + found["dots"] + tag + self.end
            elif not unreleased and line.startswith((f"[{old}]:", f"[v{old}]:")):
                yield from (_respell(line, old, new), line)
            else:
                yield line


def _respell(text: str, old: str, new: str) -> str:
    """Return the text with another version; a link that compares two then goes from the old one to the new one."""

    def describe_edit(found: re.Match[str]) -> str:
        return f"{found['new']}{found['dots']}{found['new'].replace(old, new)}" if found["new"] else new

    return re.sub(rf"{_COMPARED}|{re.escape(old)}", describe_edit, text)


def _read_first_line(part: Part | None) -> str:
    return next((line for line in part.text.splitlines() if line.strip()), "") if part else ""
