"""Render the workflows from the package's templates."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from release_tools.system.templates import make_environment
from release_tools.workflows.generated_files import KeptParts, add_digest, choose_newer_pin
from release_tools.workflows.jobs import WorkflowPlan

FOLDER: Final = ".github/workflows"
RELEASE: Final = f"{FOLDER}/release.yml"
CHECK: Final = f"{FOLDER}/check.yml"

PINS: Final[Mapping[str, str]] = {
    "actions/attest": "1e69f48acb82d1966a394da916b4c1698aa569d6 # v4.2.2",
    "actions/checkout": "3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1",
    "actions/download-artifact": "3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c # v8.0.1",
    "actions/upload-artifact": "bbbca2ddaa5d8feaa63e36b76fdaad77386f024f # v7.0.0",
}
"""The commits of the actions that the workflows use, each with its release."""

ITSELF: Final = "./ # zizmor: ignore[self-repository] - act, by which our tests run this, does not know $/"
"""The line by which our own repository uses its action."""


class SharedSteps:
    """The steps that several jobs of a workflow share.

    Attributes:
        has_anchors: whether a step is written once and named by its anchor afterwards, as github.com reads it; older
            GitHub Enterprise servers do not.
    """

    def __init__(self, *, has_anchors: bool) -> None:
        self.has_anchors = has_anchors
        self._written: set[str] = set()

    def is_repeated(self, name: str) -> bool:
        """Return whether a step is named by its anchor, as an earlier job has it."""
        is_known = name in self._written
        self._written.add(name)
        return is_known and self.has_anchors


def render(plan: WorkflowPlan) -> dict[str, str]:
    """Return every workflow by its path in the repository.

    Raises:
        ConfigError: the users' own jobs in a workflow are not valid YAML.
    """
    templates = make_environment("workflows")
    pins = {name: f"{name}@{commit}" for name, commit in {**PINS, **plan.pins}.items()}
    texts = {}
    for default in (RELEASE, CHECK):
        path, kept, template = plan.paths.get(default, default), plan.kept.get(default, KeptParts()), Path(default).name
        title = "" if path == default else f" {plan.name}"
        shared = SharedSteps(has_anchors=plan.has_anchors and default == RELEASE)
        values = {"plan": plan, "pins": pins, "kept": kept, "title": title, "template": template, "shared": shared}
        texts[path] = add_digest(templates.get_template(template).render(**values))
    return texts


def keep_parts(
    plan: WorkflowPlan, texts: Mapping[str, str], *, upgrade: bool = False, action: str = ""
) -> WorkflowPlan:
    """Return the plan with what users, or a bot, changed in the existing workflows.

    Args:
        plan: as the project's configuration asks for it.
        texts: the existing workflows that we wrote, by their default path.
        upgrade: take our own pins where they are newer.
        action: the value of ``uses:`` for this action, where the user names it.
    """
    kept = {path: KeptParts.read(text) for path, text in texts.items()}
    return replace(
        plan,
        pins=_choose_pins(kept.values(), upgrade=upgrade),
        action=action or _choose_action(plan.action, kept.values(), upgrade=upgrade),
        repository=_choose_repository(plan.repository, kept.get(RELEASE), upgrade=upgrade),
        kept=kept,
    )


def _choose_action(ours: str, kept: Iterable[KeptParts], *, upgrade: bool) -> str:
    """Return ``uses:`` for this action as the workflows have it, or ours where it is newer and to be upgraded."""
    theirs = next((parts.action for parts in kept if parts.action), ours)
    return choose_newer_pin(theirs, ours) if upgrade else theirs


def _choose_repository(ours: str, kept: KeptParts | None, *, upgrade: bool) -> str:
    """Return the repository in the guard of the release workflow; an upgrade adds ours where it has none."""
    if kept is None:
        return ours
    return kept.repository or (ours if upgrade else "")


def _choose_pins(kept: Iterable[KeptParts], *, upgrade: bool) -> dict[str, str]:
    """Return the newest commit that any workflow has of each other action, or ours where it is to be upgraded."""
    pins: dict[str, str] = {}
    for parts in kept:
        for name in parts.pins.keys() & PINS.keys():
            best = choose_newer_pin(pins.get(name, parts.pins[name]), parts.pins[name])
            pins[name] = choose_newer_pin(best, PINS[name]) if upgrade else best
    return pins
