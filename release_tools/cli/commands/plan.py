"""Show every file of a release and the job that builds it; build nothing."""

import argparse
from collections.abc import Iterator
from dataclasses import replace

from release_tools.builders.backend_facts import find_name
from release_tools.builders.conda.base import CondaProject
from release_tools.builders.conda.registry import ChosenBuilder, choose_builder, plan_conda_packages
from release_tools.builders.planner import find_evidence, make_plan
from release_tools.cli.options import add_project, add_settings, add_version
from release_tools.cli.session import Session
from release_tools.config.loader import read_pyproject
from release_tools.model.note import Note, Section, State
from release_tools.model.release import Release
from release_tools.planning.build_plan import BuildPlan
from release_tools.project.facts import is_python_project
from release_tools.report.plan_table import plan_notes
from release_tools.steps.identify import identify


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_project(parser)
    add_version(parser)
    add_settings(parser, "wheels")


def run(invocation: Session) -> int:
    """Print the plan: as a table, or as the content of ``plan.json``."""
    context = invocation.context()
    invocation.console.quiet = invocation.options.json or invocation.options.quiet
    release = identify(context, Release())
    has_python = is_python_project(context.project, read_pyproject(context.project))
    name = release.name or (find_name(context) if has_python else context.project.name)
    plan = make_plan(context.project, context.config.wheels, context.env, name, release.version)
    project = CondaProject(context, replace(release, name=name, plan=plan))
    plan = plan_conda_packages(project) or plan
    if invocation.options.json:
        invocation.console.data(plan.text.rstrip())
        return 0
    because = find_evidence(context.project)
    kind = (*_explain_kind(plan, because), *_explain_conda(project))
    context.console.section(Section(f"{name} {release.version}", kind))
    context.console.section(Section("Build plan", tuple(plan_notes(plan))))
    return 0


def _explain_conda(project: CondaProject) -> Iterator[Note]:
    """Yield what builds the conda packages, and why."""
    chosen = choose_builder(project)
    if isinstance(chosen, ChosenBuilder):
        yield Note(State.INFO, f"conda packages are {chosen.builder.method}", chosen.because)
    elif project.recipe is not None or project.is_compiled:
        yield Note(State.INFO, f"no conda packages: {chosen.reason}")


def _explain_kind(plan: BuildPlan, because: str) -> Iterator[Note]:
    if plan.is_compiled:
        count = sum(1 for _ in plan.targets)
        yield Note(State.INFO, f"compiled: {count} files in {len(plan.jobs)} build jobs", because)
    elif because:
        yield Note(State.INFO, "pure, as wheels.jobs is empty", because)
    elif plan.has_sdist:
        yield Note(State.INFO, "pure: one wheel runs everywhere")
    else:
        yield Note(State.INFO, "no Python project: nothing but conda packages")
