"""``release-tools init``: the workflows of this project, and what to register where; ``--check`` only compares."""

import argparse
import difflib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from release_tools.addresses import DISTRIBUTION
from release_tools.cli.options import add_project, add_settings
from release_tools.cli.session import Session
from release_tools.config.loader import TABLE, read_pyproject
from release_tools.engine.context import Context
from release_tools.errors import ConfigError, DriftError
from release_tools.model.note import Document, Note, Report, Section, State
from release_tools.model.release import Release
from release_tools.report.output_files import write_summary
from release_tools.workflows.project_workflows import ProjectWorkflows, our_action
from release_tools.workflows.render import ITSELF, keep_pins, render
from release_tools.workflows.setup_guide import setup_steps


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_project(parser)
    parser.add_argument("--yes", action="store_true", help="ask nothing")
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing; fail, and show the difference, where something is out of date",
    )
    parser.add_argument(
        "--dev",
        action=argparse.BooleanOptionalAction,
        help="publish every commit on the branch as a development version",
    )
    parser.add_argument("--action", metavar="OWNER/NAME@COMMIT", help="this action, where it is not to be our own")
    add_settings(parser)


def run(invocation: Session) -> int:
    """Write or compare.

    Raises:
        DriftError: what is there is not what would be written; every difference was shown.
    """
    context = invocation.context()
    subject = ProjectWorkflows.of(context)
    if invocation.options.check:
        return _check(invocation, subject)
    context = _with_owner(invocation, context)
    subject = ProjectWorkflows.of(context)
    dev = invocation.options.dev
    if dev is None:
        dev = subject.dev if invocation.options.yes else _ask_dev(invocation, subject)
    plan = subject.plan(dev=dev, ours=_ours(invocation, context))
    notes = [*_found(subject), *_write(subject.root, render(plan))]
    context.console.section(Section("Workflows", tuple(notes)))
    context.console.section(Section("To register, once", tuple(setup_steps(plan, subject.slug))))
    context.console.say("Commit what was written, then see what is missing: release-tools doctor", "bold")
    return 0


def _check(invocation: Session, subject: ProjectWorkflows) -> int:
    dev = subject.dev if invocation.options.dev is None else invocation.options.dev
    plan = keep_pins(subject.plan(dev=dev, ours=invocation.options.action or "?"), subject.texts)
    differences = tuple(_differences(subject.texts, render(plan)))
    console = subject.context.console
    for document in differences:
        console.say(document.text)
    if not differences:
        console.say("Every workflow is as release-tools init would write it.")
        return 0
    faults = [document.title for document in differences]
    error = DriftError("The workflows are not as they would be written now:", "Type: release-tools init", faults=faults)
    write_summary(invocation.env, Release(name=subject.name), Report(documents=differences), error, is_dry_run=True)
    raise error


def _differences(there: Mapping[str, str], wanted: Mapping[str, str]) -> Iterator[Document]:
    for path, text in wanted.items():
        if path not in there:
            yield Document(f"{path} is missing", text, "yaml")
        elif there[path] != text:
            lines = (there[path].splitlines(), text.splitlines())
            diff = "\n".join(difflib.unified_diff(*lines, path, f"{path} (wanted)", lineterm=""))
            yield Document(f"{path} differs", diff, "diff")


def _write(root: Path, texts: Mapping[str, str]) -> Iterator[Note]:
    for path, text in texts.items():
        file = root / path
        old_text = file.read_text(encoding="utf-8") if file.is_file() else None
        if old_text == text:
            yield Note(State.UNCHANGED, path, "as it would be written")
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")
        yield Note(State.DONE, path, "written" if old_text is None else "rewritten; git diff shows what changed")


def _found(subject: ProjectWorkflows) -> Iterator[Note]:
    yield Note(State.INFO, f"{subject.name}, built by {subject.backend}", f"its version is kept by: {subject.source}")
    yield Note(State.INFO, f"released from {subject.branch}", subject.slug or "no repository on GitHub is known yet")


def _ours(invocation: Session, context: Context) -> str:
    from importlib.metadata import PackageNotFoundError, version

    given: str | None = invocation.options.action
    if given:
        return ITSELF if given == "./" else given
    try:
        own = version(DISTRIBUTION)
    except PackageNotFoundError:
        own = ""
    return our_action(context.env, own)


def _with_owner(invocation: Session, context: Context) -> Context:
    """The channel's owner in pyproject.toml, where it was asked for or came by an option."""
    table = read_pyproject(context.project).get("tool", {}).get("release-tools", {})
    if table.get("anaconda", {}).get("owner"):
        return context
    owner = context.config.anaconda.owner
    if not owner and not invocation.options.yes:
        owner = invocation.console.ask("Which account or organization of Anaconda.org gets conda packages? (none)")
    if not owner:
        return context
    path = context.project / "pyproject.toml"
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    after = f"{before.rstrip()}\n\n[{TABLE}.anaconda]\nowner = {json.dumps(owner)}\n".lstrip()
    path.write_text(after, encoding="utf-8", newline="\n")
    try:
        return invocation.context()
    except ConfigError:
        path.write_text(before, encoding="utf-8", newline="\n")
        raise ConfigError(
            f"{path}: cannot be added to by itself", f'Set owner = "{owner}" in [{TABLE}.anaconda] yourself.'
        ) from None


def _ask_dev(invocation: Session, subject: ProjectWorkflows) -> bool:
    default = "yes" if subject.dev else "no"
    answer = invocation.console.ask(f"Publish every commit on {subject.branch} as a development version?", default)
    return answer.lower() in ("y", "yes")
