"""Render the workflows from the templates."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from release_tools import addresses
from release_tools.system.templates import environment
from release_tools.workflows.jobs import WorkflowPlan

FOLDER: Final = ".github/workflows"
RELEASE: Final = f"{FOLDER}/release.yml"
CHECK: Final = f"{FOLDER}/check.yml"

PINS: Final[Mapping[str, str]] = {
    "actions/checkout": "3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1",
    "actions/download-artifact": "3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c # v8.0.1",
    "actions/upload-artifact": "bbbca2ddaa5d8feaa63e36b76fdaad77386f024f # v7.0.0",
}
"""The commits of the actions that the workflows use, each with the release that it is."""

ITSELF: Final = "./ # zizmor: ignore[self-repository] - act, by which our tests run this, does not know $/"
"""How our own repository uses its action."""

_PINNED: Final = re.compile(r"uses: ([\w.-]+/[\w./-]+)@([0-9a-f]{40}(?: # \S+)?)$", re.MULTILINE)


def render(plan: WorkflowPlan) -> dict[str, str]:
    """Every workflow by its path in the repository."""
    filling = environment("workflows")
    pins = {name: f"{name}@{commit}" for name, commit in {**PINS, **plan.pins}.items()}
    return {path: filling.get_template(Path(path).name).render(plan=plan, pins=pins) for path in (RELEASE, CHECK)}


def keep_pins(plan: WorkflowPlan, texts: Mapping[str, str]) -> WorkflowPlan:
    """The plan with the commits that the project's own workflows pin, which a bot may have brought up to date."""
    found = dict(pair for text in texts.values() for pair in _PINNED.findall(text))
    own = found.get(addresses.ACTION)
    pins = {name: commit for name, commit in found.items() if name in PINS}
    if any(f"uses: {ITSELF}\n" in text for text in texts.values()):
        return replace(plan, pins=pins, action=ITSELF)
    return replace(plan, pins=pins, action=f"{addresses.ACTION}@{own}" if own else plan.action)
