"""Render the step summary of a GitHub job: Markdown of at most a mebibyte, with untrusted text sanitized."""

import re
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Final

from release_tools.errors import ReleaseToolsError
from release_tools.model.artifact import Artifact
from release_tools.model.note import Document, Note, Report, Section, State
from release_tools.model.release import Release
from release_tools.report.text import size_text
from release_tools.report.verdicts import (
    WORDS,
    headline,
    outcome_state,
    preparations,
    published_sections,
    section_state,
    worst,
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


def step_summary(
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
    return _fitting(_parts(release, report, error, is_dry_run=is_dry_run), room)


def _parts(release: Release, report: Report, error: ReleaseToolsError | None, *, is_dry_run: bool) -> Iterator[str]:
    sign = _SIGNS[outcome_state(report, error, is_dry_run=is_dry_run)]
    yield f"## {sign} {sanitize.markdown_line(headline(release, report, error, is_dry_run=is_dry_run))}\n"
    if error is not None:
        yield "\n" + sanitize.markdown_fence(str(error)) + "\n"
    if report.sections:
        yield "\n```mermaid\n" + diagram(release, report) + "```\n"
    published = published_sections(report)
    if published:
        yield "\n| | destination | |\n|---|---|---|\n"
        yield from (_destination(section) for section in published)
    if release.artifacts:
        yield "\n| file | size | sha256 |\n|---|---:|---|\n"
        yield from (_artifact(artifact) for artifact in release.artifacts)
    yield "\n"
    yield from (_section(section) for section in report.sections)
    yield from (_document(document) for document in report.documents)


def diagram(release: Release, report: Report) -> str:
    """Return the pipeline as a Mermaid flowchart: the commit, the build, and every destination."""
    lines = ["flowchart LR", f'  commit(["{_label(release.tag or release.version or "this commit")}"])']
    built = preparations(report)
    state = worst(built)
    lines.append(f'  commit --> build["{_SIGNS[state]} built and checked"]:::{_CLASS_OF[state]}')
    for index, section in enumerate(published_sections(report)):
        state = section_state(section)
        lines.append(f'  build --> destination{index}["{_SIGNS[state]} {_label(section.group)}"]:::{_CLASS_OF[state]}')
    return "\n".join(lines) + "\n" + _CLASSES


def _destination(section: Section) -> str:
    state = section_state(section)
    relevant = [note for note in section.notes if note.state is state] or list(section.notes[:1])
    text = "<br>".join(_line(note) for note in relevant)
    return f"| {_SIGNS[state]} | **{sanitize.markdown_line(section.group)}** {WORDS[state]} | {text} |\n"


def _artifact(artifact: Artifact) -> str:
    name = sanitize.markdown_line(artifact.filename)
    return f"| {name} | {size_text(artifact.size)} | `{sanitize.markdown_line(artifact.sha256)}` |\n"


def _section(section: Section) -> str:
    opened = " open" if section_state(section) is State.FAILED else ""
    head = f"{_SIGNS[section_state(section)]} {escape(section.title)} ({section.seconds:.1f} s)"
    notes = "".join(f"- {_SIGNS[note.state]} {_line(note)}\n" for note in section.notes)
    return f"<details{opened}><summary>{head}</summary>\n\n{notes}\n</details>\n"


def _line(note: Note) -> str:
    text = sanitize.markdown_line(note.text)
    detail = f" <sub>{sanitize.markdown_line(note.detail)}</sub>" if note.detail else ""
    advice = f" *{sanitize.markdown_line(note.advice)}*" if note.advice else ""
    return text + detail + advice


def _document(document: Document) -> str:
    text = document.text
    if len(text) > _LARGEST_DOCUMENT:
        text = text[:_LARGEST_DOCUMENT] + "\n…"
    head = escape(document.title)
    return f"<details><summary>{head}</summary>\n\n{sanitize.markdown_fence(text, document.language)}\n\n</details>\n"


def _label(text: str) -> str:
    """Return text for a Mermaid label, which has a grammar of its own: only harmless characters are kept."""
    return _NOT_IN_LABELS.sub("_", text)[:60]


def _fitting(parts: Iterable[str], room: int) -> str:
    """Return the parts that fit, each whole, so that no fence and no fold stays open."""
    taken: list[str] = []
    left = room - len(_CUT.encode())
    for part in parts:
        left -= len(part.encode("utf-8", "replace"))
        if left < 0:
            return "".join(taken) + _CUT if room > len(_CUT) else ""
        taken.append(part)
    return "".join(taken)
