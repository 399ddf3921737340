"""Show the version of the commit that is checked out."""

import argparse
import json
from collections.abc import Iterable

from release_tools.cli.options import add_project, add_settings, add_version
from release_tools.cli.session import Session
from release_tools.model.note import Note, State
from release_tools.model.release import Release
from release_tools.report.action_outputs import collect_action_outputs
from release_tools.report.output_files import write_outputs
from release_tools.steps.identify import identify


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_project(parser)
    add_version(parser)
    add_settings(parser, "tag-format")


def run(invocation: Session) -> int:
    """Print the version alone on standard output, and warnings to standard error."""
    context = invocation.context()
    release = identify(context, Release())
    write_outputs(invocation.env, collect_action_outputs(release, context.output))
    if invocation.options.json:
        invocation.console.data(json.dumps(_make_data(release, context.report.notes), indent=2))
        return 0
    for note in context.report.notes:
        if note.state is State.WARNING or note.advice:
            invocation.console.remark(note)
    invocation.console.data(release.version)
    return 0


def _make_data(release: Release, notes: Iterable[Note]) -> dict[str, object]:
    from release_tools.report.json_data import SCHEMA, note_data

    return {
        "schema": SCHEMA,
        "name": release.name,
        "version": release.version,
        "kind": release.kind.value,
        "tag": release.tag,
        "tagged": release.tagged,
        "commit": release.commit,
        "notes": [note_data(note) for note in notes],
    }
