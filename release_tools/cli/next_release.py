"""Prepare the next release in a copy of the repository, for a dry run of it."""

import argparse
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.version import Version

from release_tools.errors import ReleaseToolsError, VersionError

if TYPE_CHECKING:
    from release_tools.cli.session import Session
    from release_tools.engine.context import Context
    from release_tools.project.project_history import ProjectHistory


def prepare_next_release(session: "Session") -> "Session":
    """Return the session of a dry run of the version that ``--bump`` asks for.

    A version that a file holds is written there in a scratch copy, as ``release-tools prepare`` would, and the dry run
    is that of the copy. Where ``auto`` finds nothing to release, it is one of the next development version.
    """
    options = session.options
    if not options.bump or options.version or options.tag:
        return session
    try:
        return replace(session, options=_change_options(session))
    except ReleaseToolsError:
        return session  # the pipeline meets the same error, and reports it


def _change_options(session: "Session") -> argparse.Namespace:
    """Return the options of the dry run of the next version, and of the copy where it is written to a file.

    Raises:
        ReleaseToolsError: what ``release-tools prepare`` would stop at.
    """
    from release_tools.engine.tasks import BackgroundTasks
    from release_tools.project.project_history import ProjectHistory, find_today

    context = replace(session, background=BackgroundTasks()).context()
    history = ProjectHistory.of(context)
    version, remark = _choose(history, session.options.bump, find_today(session.env))
    changed = argparse.Namespace(**vars(session.options))
    changed.remark = remark
    field = history.version_field
    if field is None or field.version == version:
        changed.bump = None if remark else changed.bump
        return changed
    changed.project, changed.version, changed.bump = str(_prepare_copy(context, history, version)), str(version), None
    setattr(changed, "packages-dir", str(context.output))
    copied = f"{version} is written to its files in a copy, as release-tools prepare does."
    changed.remark = f"{remark} {copied}" if remark else copied
    return changed


def _choose(history: "ProjectHistory", asked: str, day: date) -> tuple[Version, str]:
    """Return the version for the dry run, and what is to be said about it.

    Raises:
        VersionError: the newest version cannot be raised so.
    """
    from release_tools.history.bump import Bump, bump_version
    from release_tools.history.tagged_releases import find_newest

    if asked != "auto":
        return history.raise_version(Bump(asked), day), ""
    latest = find_newest(history.releases)
    is_released = latest is not None and latest.commit == history.commit
    advice = history.recommend(day)
    if latest is None or is_released or advice.version is not None:
        return history.raise_version(None, day), ""
    version = Version(f"{bump_version(latest.version, Bump.PATCH)}.dev0")
    return version, f"There is nothing to release ({advice.rule}), so this is a development version."


def _prepare_copy(context: "Context", history: "ProjectHistory", version: Version) -> Path:
    """Write a version and its changelog in a copy, commit that, and return the project's folder in the copy.

    Raises:
        ReleaseToolsError: what ``release-tools prepare`` would stop at.
    """
    from release_tools.git import local_commit
    from release_tools.git.repository import Repository
    from release_tools.history.preparation import write_preparation_message
    from release_tools.pipeline import PREPARE
    from release_tools.run_steps import run
    from release_tools.system.console import Console

    console = Console(context.env)
    console.quiet = True
    request = replace(context.request, version=str(version), bump="")
    outcome = run(PREPARE[:3], replace(context, console=console, request=request))
    if outcome.error is not None or outcome.release.source is None:
        raise outcome.error or VersionError(f"{version} cannot be prepared")
    clone = local_commit.clone_prepared(context.scratch, context.env)
    local_commit.list_staged_changes(clone)
    repository, head = history.repository, history.repository.head()
    when = f"{head.time} +0000"
    dated = Repository(clone.root, {**clone.env, "GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when})
    dated.git(
        "-c", "user.name=release-tools", "-c", "user.email=release-tools@localhost", "-c", "commit.gpgSign=false",
        "commit", "--quiet", "--allow-empty", "--file=-", stdin=write_preparation_message(version),
    )  # fmt: skip
    if head.branch:
        dated.git("checkout", "--quiet", "-B", head.branch)
    local_commit.copy_tags_and_remotes(repository, dated)
    return outcome.release.source
