"""``release-tools init``: write this project's workflows and list what to register; ``--check`` only compares."""

import argparse
import difflib
import json
import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from release_tools.addresses import DISTRIBUTION
from release_tools.cli.options import add_project, add_settings
from release_tools.cli.session import Session
from release_tools.config.loader import SETTINGS_FILE, TABLE, find_sources
from release_tools.engine.context import Context
from release_tools.errors import ConfigError, DriftError, RemoteError, UsageError
from release_tools.model.note import Document, Note, Report, Section, State
from release_tools.model.release import Release
from release_tools.project.facts import VersionSource
from release_tools.project.project_history import ProjectHistory
from release_tools.project.tag_spelling import find_tag_format
from release_tools.publishers.package_index.origin import OTHER_ADVICE, describe_other_origin, find_other_origin
from release_tools.publishers.package_index.simple_api import list_project
from release_tools.report.json_data import SCHEMA, error_data, note_data
from release_tools.report.output_files import write_summary
from release_tools.system.whole_files import write_whole
from release_tools.workflows.generated_files import (
    NAMELESS,
    is_edited,
    is_outdated,
    is_taken,
    read_project_name,
    read_text,
)
from release_tools.workflows.jobs import WorkflowPlan
from release_tools.workflows.project_workflows import ProjectWorkflows, find_our_action
from release_tools.workflows.render import ITSELF, keep_parts, render
from release_tools.workflows.setup_guide import list_setup_steps
from release_tools.workflows.triggers import list_tag_events
from release_tools.workflows.workflow_files import Workflow, list_files

UPDATES_FILE: Final = ".github/dependabot.yml"
_UPDATERS: Final = (
    UPDATES_FILE,
    ".github/dependabot.yaml",
    *(f"{folder}renovate.{ending}" for folder in ("", ".github/", ".gitlab/") for ending in ("json", "json5")),
    *(f".renovaterc{ending}" for ending in ("", ".json", ".json5")),
)
"""The files that configure a bot which raises the actions."""

UPDATES: Final = """\
# Written by release-tools init: Dependabot raises the actions that the workflows use to their newest releases.
version: 2
updates:
  - package-ecosystem: github-actions
    directory: /
    schedule:
      interval: monthly
    cooldown:
      default-days: 7
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_project(parser)
    parser.add_argument("--yes", action="store_true", help="ask nothing")
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing; show the differences, and fail if a workflow is out of date",
    )
    parser.add_argument(
        "--dev",
        action=argparse.BooleanOptionalAction,
        help="publish every commit on the branch as a development version",
    )
    parser.add_argument(
        "--action", metavar="OWNER/NAME@COMMIT", help="the action to use instead of the one of this version"
    )
    add_settings(parser, "anaconda.owner", "testpypi-first")


def run(invocation: Session) -> int:
    """Write or compare the workflows.

    Raises:
        DriftError: a workflow is out of date; every difference was shown.
        UsageError: development versions are asked for, but the project's version is written in a file.
    """
    context, options = invocation.context(), invocation.options
    if options.check:
        return _check(invocation, ProjectWorkflows.of(context))
    if options.dev:
        _refuse_written_version(context)
    context = _with_owner(invocation, context)
    workflows = ProjectWorkflows.of(context)
    plan = workflows.plan(dev=_choose_dev(invocation, workflows), ours=_name_action(invocation, context))
    action = plan.action if options.action else ""
    plan = keep_parts(plan, workflows.texts, upgrade=True, action=action)
    notes = [*_describe(workflows), *_check_tags(workflows), *_check_origins(workflows, plan)]
    context.close()
    notes += [*_write(workflows, render(plan)), *_write_dependabot(workflows.root)]
    steps = tuple(list_setup_steps(plan, workflows.slug))
    if options.json:
        parts = {"workflows": notes, "to-register": steps}
        data = {name: [note_data(note) for note in part] for name, part in parts.items()}
        context.console.data(json.dumps({"schema": SCHEMA, "ok": True, **data}, indent=2))
        return 0
    context.console.section(Section("Workflows", tuple(notes)))
    context.console.section(Section("One-time setup", steps))
    files = " ".join(map(shlex.quote, _list_written(workflows, plan)))
    given = invocation.options.project
    there = "" if given == "." else f" -C {shlex.quote(given)}"  # as this command was typed
    commit = f'git{there} add {files} && git{there} commit --message "Release by release-tools"'
    context.console.say(f"Type: {commit}", "bold")
    context.console.say(f"Then check what is missing: release-tools doctor{there}", "bold")
    return 0


def _choose_dev(invocation: Session, workflows: ProjectWorkflows) -> bool:
    """Return whether every commit is published as a development version: by option, by answer, or as it is already."""
    asked: bool | None = invocation.options.dev
    if asked is not None:
        return asked
    return workflows.dev if invocation.options.yes else _ask_dev(invocation, workflows)


def _list_written(workflows: ProjectWorkflows, plan: WorkflowPlan) -> Iterator[str]:
    """Yield the paths that a commit of the workflows needs, from the project's folder."""
    root, project = workflows.root, workflows.context.project
    settings = (project / name for name in ("pyproject.toml", SETTINGS_FILE))
    for path in (*(root / path for path in plan.paths.values()), root / UPDATES_FILE, *settings):
        if path.is_file():
            yield Path(os.path.relpath(path, project)).as_posix()


def _refuse_written_version(context: Context) -> None:
    """Refuse to publish every commit of a project whose version is written in a file.

    Raises:
        UsageError: it is.
    """
    field = ProjectHistory.of(context).version_field
    if field is not None and field.version is not None:
        raise UsageError(
            f"--dev: every commit would be published under the same version, the one in {field.where}",
            "Derive the version from git tags first, for example with versioningit, or leave out --dev.",
        )


def _check(invocation: Session, workflows: ProjectWorkflows) -> int:
    dev = workflows.dev if invocation.options.dev is None else invocation.options.dev
    plan = keep_parts(workflows.plan(dev=dev, ours=invocation.options.action or "?"), workflows.texts)
    differences = tuple(_find_differences(workflows.existing, render(plan)))
    console, is_json = workflows.context.console, invocation.options.json
    if not differences:
        console.data(json.dumps(_build_check_data(), indent=2) if is_json else "Every workflow is up to date.")
        return 0
    error = _make_drift_error(workflows, differences)
    if not is_json:
        for document in differences:
            console.say(document.text)
    report = Report(documents=differences)
    write_summary(invocation.env, Release(name=workflows.name), report, error, is_dry_run=True)
    if is_json:
        console.data(json.dumps(_build_check_data(error, differences), indent=2))
    raise error


def _make_drift_error(workflows: ProjectWorkflows, differences: Sequence[Document]) -> DriftError:
    advice = "Type: release-tools init"
    edited = [path for path, text in workflows.existing.items() if is_edited(text)]
    if edited:
        advice += f" (it keeps {', '.join(edited)}, which you edited, and writes its own version next to it)"
    faults = [document.title for document in differences]
    return DriftError("The workflows are out of date:", advice, faults=faults)


def _build_check_data(error: DriftError | None = None, differences: Sequence[Document] = ()) -> dict[str, Any]:
    """Return the result of ``--check`` as plain data."""
    found = error_data(error) if error else {"schema": SCHEMA, "ok": True, "error": None}
    return {**found, "differences": [{"title": item.title, "text": item.text} for item in differences]}


def _find_differences(there: Mapping[str, str], wanted: Mapping[str, str]) -> Iterator[Document]:
    for path, text in wanted.items():
        if path not in there:
            yield Document(f"{path} is missing", text, "yaml")
        elif is_outdated(there[path], text):
            lines = (there[path].splitlines(), text.splitlines())
            diff = "\n".join(difflib.unified_diff(*lines, path, f"{path} (wanted)", lineterm=""))
            yield Document(f"{path} differs", diff, "diff")


def _write(workflows: ProjectWorkflows, texts: Mapping[str, str]) -> Iterator[Note]:
    defaults = {path: default for default, path in workflows.paths.items()}
    for path, text in texts.items():
        note = _write_workflow(workflows.root, path, text, workflows.existing.get(path))
        yield note
        if note.state is State.DONE and path != defaults[path]:
            yield _explain_name(workflows.root, defaults[path], path)


def _write_workflow(root: Path, path: str, text: str, before: str | None) -> Note:
    """Write one workflow, unless it is up to date; one that was edited stays as it is."""
    if before == text:
        return Note(State.UNCHANGED, path, "up to date")
    if before is not None and is_edited(before):
        return _write_next_to(root, path, text, before)
    _write_file(root, path, text)
    return Note(State.DONE, path, "written" if before is None else "updated; git diff shows the changes")


def _explain_name(root: Path, default: str, path: str) -> Note:
    """Return the note about a file that has the usual name of our workflow, and is kept."""
    owner = read_project_name(root / default)
    if owner:
        return Note(State.INFO, f"{default} was kept", f"it is the workflow of {owner}")
    return Note(
        State.WARNING,
        f"{default} was kept, as it is not of release-tools",
        advice=f"If it does the same as {path}, delete it or remove its trigger.",
    )


def _write_next_to(root: Path, path: str, text: str, before: str) -> Note:
    """Write a workflow next to one that was edited, under a name that GitHub does not read."""
    if not is_outdated(before, text):
        return Note(State.UNCHANGED, path, "up to date, with your changes")
    new, number = f"{path}.new", 1
    while is_taken(root / new) and read_text(root / new) != text:
        number += 1
        new = f"{path}.new{number}"
    _write_file(root, new, text)
    return Note(
        State.WARNING,
        f"{path} was kept, because you edited it; the new version is {new}",
        advice=f"Move your changes over, then type: mv {new} {path}, or delete {new}.",
    )


def _write_dependabot(root: Path) -> Iterator[Note]:
    """Write the settings of Dependabot, unless a bot raises the actions already."""
    if not any(is_taken(root / path) for path in _UPDATERS):
        _write_file(root, UPDATES_FILE, UPDATES)
        yield Note(State.DONE, UPDATES_FILE, "written: Dependabot keeps the actions up to date")


def _write_file(root: Path, path: str, text: str) -> None:
    """Write a file of a repository.

    Raises:
        ConfigError: a committed link leads out of the repository.
        OutputError: it cannot be written.
    """
    file = root / path
    if not file.resolve().is_relative_to(root.resolve()):
        raise ConfigError(f"{path}: a link leads to {file.resolve()}", "Replace it by a folder, and run again.")
    write_whole(file, text)


def _describe(workflows: ProjectWorkflows) -> Iterator[Note]:
    yield Note(State.INFO, f"{workflows.name}, built by {workflows.backend}", f"version source: {workflows.source}")
    slug = workflows.slug or "no repository on GitHub is known yet"
    yield Note(State.INFO, f"released from {workflows.branch}", slug)


def _check_origins(workflows: ProjectWorkflows, plan: WorkflowPlan) -> Iterator[Note]:
    """Yield a warning for each index on which the project is somebody else's; nothing where it cannot be asked."""
    http = workflows.context.http
    for index in filter(None, (job.trusting for job in plan.jobs)):
        try:
            other = find_other_origin(http, list_project(http, index, workflows.name), workflows.slug)
        except RemoteError:
            continue
        if other:
            text = describe_other_origin(workflows.name, index.title, other, workflows.slug)
            yield Note(State.WARNING, text, advice=OTHER_ADVICE)


def _check_tags(workflows: ProjectWorkflows) -> Iterator[Note]:
    """Yield a warning for each workflow of another project that starts at the tags of this one."""
    tag = find_tag_format(workflows.context).example
    for file in list_files(workflows.root):
        owner = read_project_name(file)
        if owner in {"", NAMELESS, workflows.name}:
            continue
        with suppress(ConfigError):  # of the other project, where the same command says more
            workflow = Workflow.read(workflows.root, file)
            if list_tag_events(workflow, tag):
                yield Note(
                    State.WARNING,
                    f"a tag such as {tag} also starts {workflow.path}, which releases {owner}",
                    advice="Give this project tags of its own: in its settings, set "
                    f'tag-format = "{workflows.name}-v{{version}}"; then run init again.',
                )


def _name_action(invocation: Session, context: Context) -> str:
    from importlib.metadata import PackageNotFoundError, version

    given: str | None = invocation.options.action
    if given:
        return ITSELF if given == "./" else given
    try:
        own = version(DISTRIBUTION)
    except PackageNotFoundError:
        own = ""
    return find_our_action(context.env, own)


def _with_owner(invocation: Session, context: Context) -> Context:
    """Write the channel's owner to the settings if an option or the user names it, and return the context."""
    if "anaconda.owner" in find_sources(context.project, {}, {}):
        return context
    owner = context.config.anaconda.owner
    if not owner and not invocation.options.yes:
        owner = invocation.console.ask("Which account or organization of Anaconda.org gets conda packages? (none)")
    return _write_owner(invocation, context, owner) if owner else context


def _write_owner(invocation: Session, context: Context, owner: str) -> Context:
    """Write the channel's owner to the settings, and return the context that they make.

    Raises:
        ConfigError: the file cannot be edited, and is as it was.
    """
    path, table = context.project / "pyproject.toml", f"{TABLE}.anaconda"
    if not path.is_file():
        path, table = context.project / SETTINGS_FILE, "anaconda"
    before = path.read_bytes().decode("utf-8") if path.is_file() else ""
    write_whole(path, _append_owner(before, table, owner))
    try:
        return invocation.context()
    except ConfigError:
        write_whole(path, before)
        raise ConfigError(
            f"{path}: cannot be edited automatically", f'Set owner = "{owner}" in [{table}] yourself.'
        ) from None


def _append_owner(text: str, table: str, owner: str) -> str:
    """Return the text of a settings file with a table of its own for the channel's owner."""
    end = "\r\n" if "\r\n" in text else "\n"
    return end.join((text.rstrip(), "", f"[{table}]", f"owner = {json.dumps(owner)}", "")).lstrip()


def _ask_dev(invocation: Session, workflows: ProjectWorkflows) -> bool:
    if workflows.source is VersionSource.STATIC:
        return False
    default = "yes" if workflows.dev else "no"
    answer = invocation.console.ask(f"Publish every commit on {workflows.branch} as a development version?", default)
    return answer.lower() in ("y", "yes")
