"""Turn a report into plain data, for ``--json``."""

from typing import Any, Final

from release_tools.artifacts.manifest import build_manifest
from release_tools.errors import ReleaseToolsError
from release_tools.model.action import Receipt
from release_tools.model.note import Note, Report, Section
from release_tools.model.release import RecipeFiles, Release

SCHEMA: Final = 1
"""The version of every JSON output; it is raised when a key changes its meaning or goes. docs/schemas has them all."""


def report_data(release: Release, report: Report, error: ReleaseToolsError | None = None) -> dict[str, Any]:
    """Return everything that a run found out and did: the keys of ``release.json``, and the notes of every step."""
    return {
        **build_manifest(release),
        "ok": error is None,
        "error": _describe_error(error) if error else None,
        "recipe": _describe_recipe(release.recipe) if release.recipe else None,
        "receipts": [_describe_receipt(receipt) for receipt in release.receipts],
        "sections": [_describe_section(section) for section in report.sections],
    }


def error_data(error: ReleaseToolsError) -> dict[str, Any]:
    """Return the whole output of a command that failed before it had a result."""
    return {"schema": SCHEMA, "ok": False, "error": _describe_error(error)}


def _describe_error(error: ReleaseToolsError) -> dict[str, Any]:
    return {
        "kind": type(error).__name__,
        "exit-code": error.exit_code,
        "message": error.message,
        "faults": list(error.faults),
        "advice": error.advice,
    }


def _describe_recipe(recipe: RecipeFiles) -> dict[str, Any]:
    return {
        "package": recipe.package,
        "kind": recipe.kind.value,
        "repository": recipe.repository,
        "branch": recipe.branch,
        "diff": recipe.diff,
        "changes": list(recipe.changes),
        "checklist": list(recipe.checklist),
        "unconfirmed": list(recipe.unconfirmed),
    }


def _describe_receipt(receipt: Receipt) -> dict[str, str]:
    return {"key": receipt.key, "url": receipt.url, "digest": receipt.digest, "state": receipt.state.value}


def _describe_section(section: Section) -> dict[str, Any]:
    return {
        "title": section.title,
        "publisher": section.group,
        "seconds": round(section.seconds, 3),
        "notes": [note_data(note) for note in section.notes],
    }


def note_data(note: Note) -> dict[str, str]:
    """Return one line of the report as plain data."""
    return {"state": note.state.value, "text": note.text, "detail": note.detail, "advice": note.advice}
