"""Decide which events start a workflow for the tag of a release."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from release_tools.workflows.expressions import is_never_true
from release_tools.workflows.trigger_patterns import matches_patterns
from release_tools.workflows.workflow_files import Use, Workflow

_FALSE: Final = frozenset({"", "false"})
_RELEASE_TYPES: Final = frozenset({"published", "released", "prereleased", "created"})
BY_HAND: Final = frozenset({"workflow_dispatch", "repository_dispatch", "schedule", "workflow_run", "workflow_call"})
"""Events that bring no tag, of workflows that find their version in another way."""


def list_tag_events(workflow: Workflow, tag: str) -> tuple[str, ...]:
    """Return the events of a tag that start a workflow: of ``push``, ``release`` and ``create``."""
    return tuple(event for event in ("push", "release", "create") if _is_started(workflow.triggers, event, tag))


def _is_started(triggers: Mapping[str, Any], event: str, tag: str) -> bool:
    if event not in triggers:
        return False
    filters = triggers[event]
    if event == "push":
        return _is_pushed(filters, tag)
    types = _list(filters.get("types"))
    return event == "create" or not types or bool(_RELEASE_TYPES.intersection(types))


def _is_pushed(filters: Mapping[str, Any], tag: str) -> bool:
    """Return whether a push of a tag passes the filters."""
    if "tags" in filters:
        return matches_patterns(_list(filters["tags"]), tag)
    if "tags-ignore" in filters:
        return not matches_patterns(_list(filters["tags-ignore"]), tag)
    return not {"branches", "branches-ignore"} & filters.keys()


def push_patterns(workflow: Workflow) -> tuple[str, ...]:
    """Return the patterns of tags whose push starts, or does not start, a workflow."""
    filters = workflow.triggers.get("push", {})
    return (*_list(filters.get("tags")), *_list(filters.get("tags-ignore")))


def runs_on_tag(workflow: Workflow, use: Use, tag: str) -> bool:
    """Return whether a step can run on the tag of a release, by the triggers and by its conditions."""
    for event in list_tag_events(workflow, tag):
        values = dict(_iterate_values(event, tag))
        if not any(is_never_true(condition, values) for condition in use.conditions):
            return True
    return False


def may_cancel_on_tag(workflow: Workflow, use: Use, tag: str) -> bool:
    """Return whether a newer run may cancel a step on the tag of a release."""
    known = [dict(_iterate_values(event, tag)) for event in list_tag_events(workflow, tag)]
    return any(value not in _FALSE and _may_be_true(value, known) for value in use.cancels)


def _may_be_true(condition: str, known: Sequence[Mapping[str, str]]) -> bool:
    """Return whether a condition may hold for one of several events; it may where there are none."""
    return not known or not all(is_never_true(condition, values) for values in known)


def _iterate_values(event: str, tag: str) -> Iterator[tuple[str, str]]:
    yield "github.event_name", event
    yield "github.ref", tag if event == "create" else f"refs/tags/{tag}"
    yield "github.ref_name", tag
    yield "github.ref_type", "tag"
    yield "github.head_ref", ""
    yield "github.base_ref", ""


def _list(value: object) -> list[str]:
    if value is None:
        return []
    return [str(item) for item in (value if isinstance(value, list) else [value])]
