"""``release-tools next``: the version that should come next, and why; it recommends, and decides nothing."""

import argparse
import json
from typing import Any, Final

from release_tools.cli.options import add_project, add_settings
from release_tools.cli.session import Session
from release_tools.history.bump import BumpEvidence, Past, Recommendation
from release_tools.history.tagged_releases import newest
from release_tools.model.note import Note, State
from release_tools.project.project_history import ProjectHistory, today
from release_tools.system import sanitize

_SHOWN: Final = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_project(parser)
    add_settings(parser)


def run(invocation: Session) -> int:
    """Print the version, alone on standard output; the evidence goes to standard error."""
    survey = ProjectHistory.of(invocation.context())
    past, scheme = survey.past, survey.scheme
    advice = survey.recommended(today(invocation.env))
    console = invocation.console
    if invocation.options.json:
        console.data(json.dumps(_data(past, advice, scheme.value), indent=2))
        return 0
    for item in past.since_final:
        asks = f"asks for {item.level.name.lower()}" if item.level else "asks for nothing"
        console.remark(Note(State.INFO, f"{item.source}: {item.text} ({asks})", _listed(item)))
    if advice.version == advice.by_evidence:
        console.remark(Note(State.INFO, advice.rule))
    else:
        console.remark(Note(State.INFO, f"by the evidence, {advice.by_evidence}: {advice.rule}"))
        console.remark(Note(State.INFO, f"by {past.planned_by}, {advice.version}: the project's own word goes first"))
    if survey.elsewhere:
        console.remark(Note(State.INFO, f"{survey.elsewhere} is tagged too, on another branch"))
    if advice.version is not None:
        console.data(str(advice.version))
    return 0


def _listed(item: BumpEvidence) -> str:
    """The first few findings, and that there are more."""
    more = (f"and {len(item.details) - _SHOWN} more",) if len(item.details) > _SHOWN else ()
    return "\n".join(f"  {line}" for line in (*item.details[:_SHOWN], *more))


def _data(past: Past, advice: Recommendation, scheme: str) -> dict[str, Any]:
    before = newest(past.releases)
    return {
        "version": str(advice.version) if advice.version else None,
        "by-evidence": str(advice.by_evidence) if advice.by_evidence else None,
        "rule": advice.rule,
        "scheme": scheme,
        "previous": {"version": str(before.version), "tag": before.tag, "commit": before.commit} if before else None,
        "evidence": [
            {
                "source": item.source,
                "asks-for": item.level.name.lower(),
                "text": sanitize.for_log(item.text),
                "details": [sanitize.for_log(detail) for detail in item.details],
            }
            for item in past.since_final
        ],
    }
