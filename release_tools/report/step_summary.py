"""Render the step summary of a GitHub job: Markdown of at most a mebibyte, with untrusted text sanitized."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import Final

from release_tools.errors import ReleaseToolsError
from release_tools.model.artifact import Artifact
from release_tools.model.note import Document, Note, Report, Section, State
from release_tools.model.release import Release
from release_tools.report.text import format_size
from release_tools.report.verdicts import (
    WORDS,
    find_outcome_state,
    find_section_state,
    find_worst,
    list_notes,
    list_preparations,
    list_published_sections,
    write_headline,
)
from release_tools.system import sanitize
from release_tools.wording import count

LARGEST: Final = 1024 * 1024
"""The most that GitHub accepts from one step, in bytes of UTF-8."""

_LARGEST_DOCUMENT: Final = 60_000
_CUT: Final = "\n\nThe rest does not fit here; see the report page.\n"
_SIGNS: Final[Mapping[State, str]] = {
    State.INFO: "▫️",
    State.DONE: "✅",
    State.UNCHANGED: "☑️",
    State.PLANNED: "🔷",
    State.SKIPPED: "🚫",
    State.WARNING: "⚠️",
    State.FAILED: "❌",
    State.NOT_RUN: "⬜",
}
_CLASSES: Final = """\
  classDef done stroke:#2da44e,stroke-width:2px
  classDef planned stroke:#218bff,stroke-width:2px
  classDef failed stroke:#cf222e,stroke-width:3px
  classDef skipped stroke:#8c959f,stroke-dasharray:4
"""
_CLASS_OF: Final[Mapping[State, str]] = {
    State.INFO: "done",
    State.DONE: "done",
    State.UNCHANGED: "done",
    State.WARNING: "skipped",
    State.PLANNED: "planned",
    State.FAILED: "failed",
    State.SKIPPED: "skipped",
    State.NOT_RUN: "skipped",
}
_DESTINATIONS: Final = "\n| | destination | details |\n|---|---|---|\n"
_UNFINISHED: Final = """
If a job failed, choose Re-run failed jobs: finished work is skipped. If a job was refused, the tag stays, and a draft
release that only maintainers see; `release-tools retract {version} --reason TEXT` removes both.
"""
_OWN_ADDRESS: Final = re.compile(
    r"https://(?:(?:test\.)?pypi\.org|(?:conda\.)?anaconda\.org|github\.com|docs\.github\.com|prefix\.dev)(?:/(?:[A-Za-z0-9_.~%+/#?=-]*"
    r"[A-Za-z0-9_~%+/#=-])?)?(?=$|[\s,;:.)])"
)
_NOT_IN_LABELS: Final = re.compile(r"[^\w .+/:-]")
_STATUS_WORDS: Final = {
    **WORDS,
    State.DONE: "published",
    State.PLANNED: "not complete yet",
    State.SKIPPED: "nothing there",
    State.WARNING: "unclear",
}
_SHORTEST: Final = 0.05
"""The seconds below which a step shows no time."""
_MOST_ARTIFACTS: Final = 10
"""The files that are listed openly; more are folded."""
_MOST_LINES: Final = 8
"""The lines about one destination; the section of its step has them all."""


def write_step_summary(
    release: Release, report: Report, error: ReleaseToolsError | None = None, *, is_dry_run: bool, room: int = LARGEST
) -> str:
    """Return the whole run in Markdown.

    Args:
        release: what became known.
        report: what the steps reported.
        error: what stopped the run.
        is_dry_run: whether the gate was closed.
        room: the most bytes of UTF-8 that it may have; parts that do not fit are left out.
    """
    return _choose_fitting(_write_parts(release, report, error, is_dry_run=is_dry_run), room)


def status_summary(release: Release, sections: Sequence[Section], room: int = LARGEST) -> str:
    """Return where a version is published, in Markdown, as the last job of a release shows it.

    Args:
        release: its name, version and tag.
        sections: one for each destination, as it was found there.
        room: the most bytes of UTF-8 that it may have.
    """
    title = sanitize.escape_markdown_line(f"{release.name} {release.version}")
    states = [find_section_state(one) for one in sections]
    parts = [
        f"## {_sum_up(states)} {title}: published to {states.count(State.DONE)} of {len(states)} destinations\n",
        "\n```mermaid\n" + draw_diagram(release, Report(tuple(sections))) + "```\n",
        _DESTINATIONS,
        *(_draw_destination(_without_digests(section), _STATUS_WORDS) for section in sections),
    ]
    if set(states) - {State.DONE, State.PLANNED}:
        parts.append(_UNFINISHED.format(version=_NOT_IN_LABELS.sub("_", release.version)))
    return _choose_fitting(parts, room)


def _sum_up(states: Sequence[State]) -> str:
    """Return the sign of the whole: done, on its way, or that something is missing."""
    if set(states) <= {State.DONE}:
        return _SIGNS[State.DONE]
    return _SIGNS[State.PLANNED] if set(states) <= {State.DONE, State.PLANNED} else _SIGNS[State.WARNING]


def _without_digests(section: Section) -> Section:
    """Return the section of a destination without the digests of files that are there, which would fill the table."""
    notes = [replace(note, detail="") if note.state is State.DONE else note for note in section.notes]
    return replace(section, notes=tuple(notes))


def _write_parts(
    release: Release, report: Report, error: ReleaseToolsError | None, *, is_dry_run: bool
) -> Iterator[str]:
    sign = _SIGNS[find_outcome_state(report, error, is_dry_run=is_dry_run)]
    yield f"## {sign} {sanitize.escape_markdown_line(write_headline(release, report, error, is_dry_run=is_dry_run))}\n"
    if error is not None:
        yield _write_error(error)
    yield from _list_warnings(report)
    published = list_published_sections(report)
    if len(published) > 1 or error is not None:
        yield "\n```mermaid\n" + draw_diagram(release, report) + "```\n"
    yield from _write_destinations(published)
    yield from _list_artifacts(release.artifacts)
    yield "\n"
    yield from _write_sections(report.sections)
    yield from map(_write_document, report.documents)


def _write_destinations(sections: Sequence[Section]) -> Iterator[str]:
    """Yield the table of the destinations that the run reached."""
    reached = [section for section in sections if find_section_state(section) is not State.NOT_RUN]
    if reached:
        yield _DESTINATIONS
        yield from map(_draw_destination, reached)


def _write_error(error: ReleaseToolsError) -> str:
    """Return an error as GitHub's alert, whose lines are wrapped; its faults, which may be a log, are code."""
    advice = "".join(f">\n> {sanitize.escape_markdown_line(line)}\n" for line in error.advice.splitlines())
    alert = f"\n> [!CAUTION]\n> **{sanitize.escape_markdown_line(error.message)}**\n{advice}"
    faults = sanitize.fence_markdown("\n".join(error.faults))
    return f"{alert}\n{faults}\n" if error.faults else alert


def _list_warnings(report: Report) -> Iterator[str]:
    """Yield each warning once, with the number of times that it was given."""
    warnings = Counter(list_notes(report.sections, State.WARNING))
    if warnings:
        yield "\n"
    for note, times in list(warnings.items())[:_MOST_LINES]:
        yield _write_item(note, times)
    if len(warnings) > _MOST_LINES:
        yield f"- and {count(len(warnings) - _MOST_LINES, 'other warning')}\n"


def _list_artifacts(artifacts: Sequence[Artifact]) -> Iterator[str]:
    """Yield a table of the files, folded where it is long; its parts stay together."""
    if not artifacts:
        return
    table = "\n| file | size | sha256 |\n|---|---:|---|\n" + "".join(map(_write_artifact, artifacts))
    if len(artifacts) > _MOST_ARTIFACTS:
        total = format_size(sum(artifact.size for artifact in artifacts))
        table = f"\n<details><summary>{count(len(artifacts), 'file')}, {total}</summary>\n{table}\n</details>\n"
    yield table


def draw_diagram(release: Release, report: Report) -> str:
    """Return the pipeline as a Mermaid flowchart: the commit, the build, and every destination."""
    lines = ["flowchart LR", f'  commit(["{_label(release.tag or release.version or "this commit")}"])']
    built = list_preparations(report)
    state = find_worst(built)
    lines.append(f'  commit --> build["{_SIGNS[state]} built and checked"]:::{_CLASS_OF[state]}')
    for index, section in enumerate(list_published_sections(report)):
        state = find_section_state(section)
        lines.append(f'  build --> destination{index}["{_SIGNS[state]} {_label(section.group)}"]:::{_CLASS_OF[state]}')
    return "\n".join(lines) + "\n" + _CLASSES


def _draw_destination(section: Section, words: Mapping[State, str] = WORDS) -> str:
    state = find_section_state(section)
    lines = _list_lines(section, state)
    name = sanitize.escape_markdown_line(section.group)
    page = _OWN_ADDRESS.search(section.title)
    link = _write_detail(page[0]) if page else ""
    return f"| {_SIGNS[state]} | **{name}**{link} {words[state]} | {'<br>'.join(lines)} |\n"


def _list_lines(section: Section, state: State) -> list[str]:
    """Return the lines about the state of a destination; the last one counts those that are left out."""
    lines = [_write_line(note) for note in list(list_notes([section], state)) or section.notes[:1]]
    if len(lines) > _MOST_LINES:
        lines[_MOST_LINES - 1 :] = [f"and {len(lines) - _MOST_LINES + 1} more"]
    return lines


def _write_artifact(artifact: Artifact) -> str:
    name = sanitize.escape_markdown_line(artifact.key)
    return f"| {name} | {format_size(artifact.size)} | `{sanitize.escape_markdown_line(artifact.sha256)}` |\n"


def _write_sections(sections: Iterable[Section]) -> Iterator[str]:
    """Yield a fold for each step that ran, and one line for those that did not."""
    pending = []
    for section in sections:
        if find_section_state(section) is State.NOT_RUN:
            pending.append(sanitize.escape_markdown_line(section.title))
        else:
            yield _write_section(section)
    if pending:
        yield f"\n{_SIGNS[State.NOT_RUN]} Not run: {', '.join(pending)}\n\n"


def _write_section(section: Section) -> str:
    state = find_section_state(section)
    opened = " open" if state is State.FAILED else ""
    seconds = f" ({section.seconds:.1f} s)" if section.seconds >= _SHORTEST else ""
    notes = "".join(_write_item(note, times) for note, times in Counter(section.notes).items())
    head = f"{_SIGNS[state]} {escape(section.title)}{seconds}"
    return f"<details{opened}><summary>{head}</summary>\n\n{notes}\n</details>\n"


def _write_item(note: Note, times: int) -> str:
    """Return a note as an item of a list, with the number of times that it was given."""
    repeated = f" ({times} times)" if times > 1 else ""
    return f"- {_SIGNS[note.state]} {_write_line(note)}{repeated}\n"


def _write_line(note: Note) -> str:
    text = _with_links(note.text)
    advice = f" *{_with_links(note.advice)}*" if note.advice else ""
    return text + _write_detail(note.detail) + advice


def _write_detail(detail: str) -> str:
    """Return the detail of a note in small letters; a single address is an arrow, as in the page."""
    if not detail:
        return ""
    return f" [↗]({detail})" if _OWN_ADDRESS.fullmatch(detail) else f" <sub>{_with_links(detail)}</sub>"


def _with_links(text: str) -> str:
    """Return a line of Markdown in which the addresses of public destinations are links, and nothing else is."""
    if "`" in text:
        return sanitize.escape_markdown_line(text)
    parts, end = [], 0
    for found in _OWN_ADDRESS.finditer(text):
        parts += [_literal(text[end : found.start()]), f"<{found[0]}>"]
        end = found.end()
    return "".join((*parts, _literal(text[end:])))


def _literal(text: str) -> str:
    """Return a part of a line as Markdown, with the space at its ends."""
    inner = sanitize.escape_markdown_line(text)
    before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
    return f"{before and ' '}{inner}{after and ' '}" if inner else text and " "


def _write_document(document: Document) -> str:
    text = document.text
    if len(text) > _LARGEST_DOCUMENT:
        text = text[:_LARGEST_DOCUMENT] + "\n…"
    head = escape(document.title)
    return f"<details><summary>{head}</summary>\n\n{sanitize.fence_markdown(text, document.language)}\n\n</details>\n"


def _label(text: str) -> str:
    """Return text for a Mermaid label, which has a grammar of its own: only harmless characters are kept."""
    return _NOT_IN_LABELS.sub("_", text)[:60]


def _choose_fitting(parts: Iterable[str], room: int) -> str:
    """Return the parts that fit, each whole, so that no fence and no fold stays open."""
    taken: list[str] = []
    left = room - len(_CUT.encode())
    for part in parts:
        left -= len(part.encode("utf-8", "replace"))
        if left < 0:
            return "".join(taken) + _CUT if room > len(_CUT) else ""
        taken.append(part)
    return "".join(taken)
