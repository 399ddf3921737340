"""Recommend the next version, with the reasons; change nothing."""

import argparse
import json
from collections.abc import Iterator
from typing import Any, Final

from packaging.version import Version

from release_tools.cli.options import add_project, add_settings
from release_tools.cli.session import Session
from release_tools.errors import VersionError
from release_tools.history.bump import BumpEvidence, Past, Recommendation
from release_tools.history.tagged_releases import find_newest
from release_tools.model.note import Note, State
from release_tools.project.project_history import ProjectHistory, find_today
from release_tools.project.tag_spelling import check_tags_are_read
from release_tools.report.json_data import SCHEMA
from release_tools.system import sanitize
from release_tools.wording import list_some

_SHOWN: Final = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_project(parser)
    add_settings(parser, "scheme", "public-api", "changelog-file", "tag-format")


def run(invocation: Session) -> int:
    """Print the version, alone on standard output; the evidence goes to standard error.

    The exit code is that of a VersionError where there is nothing to release.
    """
    context = invocation.context()
    history = ProjectHistory.of(context)
    past, scheme = history.past, history.scheme
    advice = history.recommend(find_today(invocation.env))
    console = invocation.console
    if invocation.options.json:
        console.data(json.dumps(_make_data(past, advice, scheme.value), indent=2))
    else:
        for note in (
            *map(_describe_evidence, past.since_final),
            *_explain(past, advice, history),
            *check_tags_are_read(context, history.repository, history.head),
        ):
            console.remark(note)
        if advice.version is not None:
            console.data(str(advice.version))
    return 0 if advice.version is not None else VersionError.exit_code


def _describe_evidence(item: BumpEvidence) -> Note:
    asks = f"asks for {item.level.name.lower()}" if item.level else "asks for nothing"
    return Note(State.INFO, f"{item.source}: {item.text} ({asks})", _format_list(item).rstrip())


def _explain(past: Past, advice: Recommendation, history: ProjectHistory) -> Iterator[Note]:
    """Yield why this version is recommended, and what else a person should know."""
    if advice.version == advice.by_evidence:
        yield Note(State.INFO, advice.rule)
    else:
        yield Note(State.INFO, f"by the evidence, {advice.by_evidence}: {advice.rule}")
        planned = f"by {past.planned_by}, {advice.version}"
        yield Note(State.INFO, f"{planned}: the project's own version takes precedence")
    if past.doubted and history.changelog:
        text = f"{history.changelog.path} names {past.doubted}, but its entries ask for a higher version"
        yield Note(State.INFO, text)
    if higher := history.higher_release:
        tag, is_later = higher
        where = "a later commit of this branch" if is_later else "another branch"
        yield Note(State.INFO, f"{tag} is tagged too, on {where}")


def _format_list(item: BumpEvidence) -> str:
    """Return the first few findings, and how many more there are."""
    return "  " + list_some(item.details, _SHOWN, "\n  ")


def _make_data(past: Past, advice: Recommendation, scheme: str) -> dict[str, Any]:
    before = find_newest(past.releases)
    return {
        "schema": SCHEMA,
        "version": _format_version(advice.version),
        "by-evidence": _format_version(advice.by_evidence),
        "rule": advice.rule,
        "scheme": scheme,
        "previous": {"version": str(before.version), "tag": before.tag, "commit": before.commit} if before else None,
        "evidence": [
            {
                "source": item.source,
                "asks-for": item.level.name.lower(),
                "text": sanitize.sanitize_for_log(item.text),
                "details": [sanitize.sanitize_for_log(detail) for detail in item.details],
            }
            for item in past.since_final
        ],
    }


def _format_version(version: Version | None) -> str | None:
    return None if version is None else str(version)
