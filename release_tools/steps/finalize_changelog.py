"""The changelog's "Unreleased" turned into the version and its date, as one commit on the branch, before the tag."""

import difflib
import hashlib
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from packaging.version import Version

from release_tools.engine.context import Context
from release_tools.engine.executor import run_actions
from release_tools.engine.gate import Action
from release_tools.errors import HistoryError, RepositoryError
from release_tools.forges.origin import Origin, origin
from release_tools.git.repository import Repository
from release_tools.history.changelog import Changelog, Part
from release_tools.history.changelog_edit import release_unreleased
from release_tools.model.action import Receipt
from release_tools.model.note import Document, Skip
from release_tools.model.release import Release
from release_tools.project.project_history import ProjectHistory, today


@dataclass(frozen=True)
class _ChangelogEdit:
    """The change of one file.

    Attributes:
        clone: where it was made.
        path: of the changelog, in the repository.
        before: the changelog as it was.
        part: what is unreleased in it.
        after: the text as it is to be.
    """

    clone: Repository
    path: str
    before: Changelog
    part: Part
    after: str


def finalize_changelog(context: Context, release: Release) -> Release | Skip:
    """One commit that dates the changelog; the release goes on from it.

    Raises:
        HistoryError: there is no changelog, or nothing in it is unreleased.
        RepositoryError: no branch is checked out, or it has moved on over there.
        StoppedError: the commit was refused.
    """
    if not context.request.changelog:
        return Skip("not asked for", "To date the changelog with the tag: release-tools tag --changelog")
    edit = _edit(context, release)
    if edit is None:
        return Skip(f"{release.version} stands there already")
    repository = Repository.open(context.project, context.env)
    branch = context.config.tag.branch or repository.head().branch
    if not branch:
        raise RepositoryError("no branch is checked out that could get the commit", "Set tag.branch.")
    diff = difflib.unified_diff(edit.before.text.splitlines(), edit.after.splitlines(), "before", "after", lineterm="")
    shown = release.with_documents(Document(f"Change of {edit.path}", "\n".join(diff), "diff"))
    there = origin(context)
    if there is None:
        return Skip(f"there is no git remote {context.config.tag.remote}")
    done = run_actions(context, shown, [_act(there, shown, edit, branch)])
    return done if context.gate.is_dry_run else replace(done, commit=there.tip(branch))


def _edit(context: Context, release: Release) -> _ChangelogEdit | None:
    """The edit, made in a clone; None where nothing is to be done."""
    survey = ProjectHistory.of(context)
    found = survey.changelog
    if found is None:
        raise HistoryError("there is no changelog to date", "Write a CHANGELOG.md, or leave --changelog out.")
    version = Version(release.version)
    part = found.part(version)
    if part is not None and not part.unreleased:
        return None
    clone = survey.repository.clone(context.scratch / "changelog", release.commit)
    path = str(PurePosixPath(survey.path, found.path))
    file = clone / path
    if file.is_symlink() or not file.resolve().is_relative_to(clone.resolve()):
        raise HistoryError(f"{path}: is a link", "Commit the changelog itself.")
    whole = Changelog.parse(found.path, file.read_bytes().decode("utf-8"), release.name)
    after = release_unreleased(whole, version, today(context.env))
    file.write_bytes(after.encode())
    unreleased = whole.part(version) or whole.unreleased
    if unreleased is None:
        raise AssertionError("what was turned into a version was unreleased")
    return _ChangelogEdit(Repository.open(clone, context.env), path, whole, unreleased, after)


def _act(there: Origin, release: Release, edit: _ChangelogEdit, branch: str) -> Action:
    digest = hashlib.sha256(edit.part.text.strip().encode()).hexdigest()
    expected = Receipt(f"changelog:{release.version}", there.url(branch), digest)

    def find() -> Receipt | None:
        """The branch may be one commit ahead: the one that an earlier run made."""
        tip = there.tip(branch)
        if tip == release.commit:
            return None
        text = there.read_file(tip, edit.path)
        part = Changelog.parse(edit.path, text, release.name).part(Version(release.version))
        if part is None or part.unreleased or release.commit not in there.parents(tip):
            raise RepositoryError(f"{branch} of {there.title} has moved on to {tip}", "Type: git pull --ff-only")
        return expected

    def apply() -> Receipt:
        there.commit_file(branch, edit.clone, edit.path, f"Changelog of {release.version}")
        return expected

    return Action(f"date {edit.path} and push that to {branch} of {there.title}", expected, find, apply)
