"""Render the step summary of a GitHub job: Markdown of at most a mebibyte, with untrusted text sanitized."""

import re
from collections.abc import Iterable, Iterator, Mapping
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
    list_preparations,
    list_published_sections,
    write_headline,
)
from release_tools.system import sanitize

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
    State.WARNING: "done",
    State.PLANNED: "planned",
    State.FAILED: "failed",
    State.SKIPPED: "skipped",
    State.NOT_RUN: "skipped",
}
_NOT_IN_LABELS: Final = re.compile(r"[^\w .+/:-]")


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


def _write_parts(
    release: Release, report: Report, error: ReleaseToolsError | None, *, is_dry_run: bool
) -> Iterator[str]:
    sign = _SIGNS[find_outcome_state(report, error, is_dry_run=is_dry_run)]
    yield f"## {sign} {sanitize.escape_markdown_line(write_headline(release, report, error, is_dry_run=is_dry_run))}\n"
    if error is not None:
        yield "\n" + sanitize.fence_markdown(str(error)) + "\n"
    if report.sections:
        yield "\n```mermaid\n" + draw_diagram(release, report) + "```\n"
    published = list_published_sections(report)
    if published:
        yield "\n| | destination | |\n|---|---|---|\n"
        yield from (_draw_destination(section) for section in published)
    if release.artifacts:
        yield "\n| file | size | sha256 |\n|---|---:|---|\n"
        yield from (_write_artifact(artifact) for artifact in release.artifacts)
    yield "\n"
    yield from (_write_section(section) for section in report.sections)
    yield from (_write_document(document) for document in report.documents)


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


def _draw_destination(section: Section) -> str:
    state = find_section_state(section)
    relevant = [note for note in section.notes if note.state is state] or list(section.notes[:1])
    text = "<br>".join(_write_line(note) for note in relevant)
    return f"| {_SIGNS[state]} | **{sanitize.escape_markdown_line(section.group)}** {WORDS[state]} | {text} |\n"


def _write_artifact(artifact: Artifact) -> str:
    name = sanitize.escape_markdown_line(artifact.key)
    return f"| {name} | {format_size(artifact.size)} | `{sanitize.escape_markdown_line(artifact.sha256)}` |\n"


def _write_section(section: Section) -> str:
    opened = " open" if find_section_state(section) is State.FAILED else ""
    head = f"{_SIGNS[find_section_state(section)]} {escape(section.title)} ({section.seconds:.1f} s)"
    notes = "".join(f"- {_SIGNS[note.state]} {_write_line(note)}\n" for note in section.notes)
    return f"<details{opened}><summary>{head}</summary>\n\n{notes}\n</details>\n"


def _write_line(note: Note) -> str:
    text = sanitize.escape_markdown_line(note.text)
    detail = f" <sub>{sanitize.escape_markdown_line(note.detail)}</sub>" if note.detail else ""
    advice = f" *{sanitize.escape_markdown_line(note.advice)}*" if note.advice else ""
    return text + detail + advice


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
