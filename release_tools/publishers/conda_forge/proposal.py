"""The pull request that proposes a release to conda-forge: what is left to do, and what is left to a person."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from release_tools.addresses import STAGED_RECIPES
from release_tools.artifacts.manifest import RECIPE_FOLDER
from release_tools.engine.context import Context
from release_tools.engine.gate import Action
from release_tools.errors import CredentialError, OutputError
from release_tools.forges.github.client import GitHub, GitHubRepository
from release_tools.model.action import Receipt
from release_tools.model.artifact import ArtifactKind
from release_tools.model.note import Document, Note, State
from release_tools.model.release import RecipeFiles, RecipeKind, Release
from release_tools.publishers.conda_forge import NAME, URL_OUTPUT, pull_request_texts
from release_tools.publishers.conda_forge.feedstocks import open_conda_forge_hub, query_staged_recipes
from release_tools.publishers.conda_forge.pull_request import ForgePullRequest
from release_tools.publishers.conda_forge.recipe_facts import collect_recipe_facts
from release_tools.publishers.conda_forge.recipe_files import DIFF
from release_tools.publishers.conda_forge.sdist_source import SdistSource, find_taken_names
from release_tools.publishers.conda_forge.tag_archive import TagArchive
from release_tools.publishers.conda_forge.token import find_token_login
from release_tools.system.credentials import CONDA_FORGE_TOKEN, GITHUB_TOKEN
from release_tools.system.written_files import WrittenFiles

_TEMPLATES: Final = (".github/pull_request_template.md", ".github/PULL_REQUEST_TEMPLATE.md")


class Proposal:
    """A release on its way to conda-forge."""

    def __init__(self, context: Context, release: Release) -> None:
        """Prepare to propose a release whose recipe is made."""
        self._context = context
        self._release = release
        self._pull_request: ForgePullRequest | None = None

    def actions(self) -> Iterator[Action | Note]:
        """Yield what is left to do; what each action finds decides about the next one.

        Raises:
            ConflictError: PyPI serves other bytes than ours.
            PreflightError: conda-forge has that name already, or its feedstock is another project's.
            RemoteError: PyPI or GitHub could not be queried.
        """
        release = self._release
        recipe = _require_recipe(release)
        hub, login, refused = self._connect()
        source = SdistSource(self._context, release, release.artifacts_of_kind(ArtifactKind.SDIST)[0])
        if not source.is_known and not self._context.gate.is_dry_run:
            yield Note(State.SKIPPED, "conda-forge gets its sources from PyPI, which does not have this project")
            return
        if recipe.kind is RecipeKind.NEW:
            branch, commit = query_staged_recipes(self._context)
            recipe = replace(recipe, repository=STAGED_RECIPES, branch=branch, base=commit)
        target = hub.repository(recipe.repository)
        if not recipe.files:
            yield _make_unchanged_action(target, recipe, release)
            return
        yield source.wait()
        if recipe.kind is RecipeKind.NEW:
            error = next(find_taken_names(self._context, hub, recipe.package), None)
            if error is not None:
                raise error
        elif recipe.archive:
            archive = TagArchive(self._context, recipe.archive)
            yield archive.wait()
            recipe = archive.complete(recipe)
        elif not self._context.config.conda_forge.feedstock:
            source.check_previous(recipe)
        self._pull_request = ForgePullRequest(self._context, release, recipe, target, login, refused)
        yield from self._make_pull_request_actions(self._pull_request)

    def _connect(self) -> tuple[GitHub, str, CredentialError | None]:
        """Return GitHub, the account that proposes (empty without a usable token), and why a token was refused."""
        refused = None
        try:
            hub = open_conda_forge_hub(self._context, CONDA_FORGE_TOKEN)
            if login := find_token_login(hub):
                return hub, login, None
        except CredentialError as error:
            refused = error
        return open_conda_forge_hub(self._context, GITHUB_TOKEN), "", refused  # a token raises the limit of requests

    def _make_pull_request_actions(self, pull_request: ForgePullRequest) -> Iterator[Action | Note]:
        recipe, release = pull_request.recipe, pull_request.release
        existing = pull_request.find_pull()
        if pull_request.is_closed:
            url = existing.url if existing else ""
            text = "the pull request was closed; it is not opened again"
            yield Note(State.WARNING, text, url, "Reopen it on GitHub if you want it.")
            return
        if existing is None:
            yield pull_request.fork_action()
            yield pull_request.sync_action()
            yield pull_request.branch_action()
        yield pull_request.open_action(partial(_write_body, pull_request))
        if pull_request.is_from_bot:
            yield from _make_missing_changes(pull_request)
        elif recipe.kind is RecipeKind.UPDATE and (pull_request.pull is None or pull_request.is_ours):
            yield pull_request.rerender_action()
        yield from self._list_next_steps(pull_request, release)

    def _list_next_steps(self, pull_request: ForgePullRequest, release: Release) -> Iterator[Note]:
        is_dry_run = self._context.gate.is_dry_run
        note = _describe_pull(pull_request, release, is_dry_run=is_dry_run)
        if note is not None:
            yield note
        if not pull_request.login and is_dry_run:
            yield Note(
                State.INFO,
                f"{CONDA_FORGE_TOKEN} is not set here",
                "without it, a patch is saved instead of a pull request",
            )

    def explain_by_hand(self, error: CredentialError) -> Iterator[Note | Document] | None:
        """Return what saves the patch and says what to do with it; None where there is no pull request to open yet."""
        return None if self._pull_request is None else self._explain_by_hand(self._pull_request, error)

    def _explain_by_hand(self, pull_request: ForgePullRequest, error: CredentialError) -> Iterator[Note | Document]:
        """Save the patch, and say what to do with it; nothing is written in a dry run.

        Raises:
            OutputError: it cannot be written.
        """
        context, recipe = self._context, pull_request.recipe
        yield Note(State.WARNING, f"the pull request must be opened by hand: {error.message}", advice=error.advice)
        if context.gate.is_dry_run:
            return
        path = context.output / RECIPE_FOLDER / DIFF
        try:
            WrittenFiles(path.parent).add(DIFF, recipe.diff.encode("utf-8"))
        except OSError as failed:
            raise OutputError(f"{path}: cannot be written: {failed.strerror or failed}") from None
        if recipe.kind is RecipeKind.NEW:  # the diff of an update was shown when it was made
            yield Document(f"Patch for {recipe.repository}", recipe.diff, "diff")
        yield Note(
            State.INFO,
            f"the patch is in {path}",
            advice=f"Apply it in your fork of {recipe.repository}, push it as {pull_request.branch}, and open"
            f" {pull_request.compare_url}",
        )
        if recipe.kind is RecipeKind.UPDATE:
            yield Note(
                State.INFO,
                "or ask conda-forge's bot for the update",
                pull_request.update_request_url,
                "Open this link and submit the issue; the bot's pull request can then take the patch.",
            )


def _require_recipe(release: Release) -> RecipeFiles:
    if release.recipe is None:
        raise AssertionError("a release without a recipe is skipped")
    return release.recipe


def _make_unchanged_action(target: GitHubRepository, recipe: RecipeFiles, release: Release) -> Action:
    """Return an action that is done already: the feedstock has this version."""
    url = f"{target.url}/tree/{recipe.branch}"
    receipt = Receipt(f"{NAME}:{recipe.package}-{release.version}", url, "", output=URL_OUTPUT)
    return Action(f"propose {release.version} to {recipe.repository}", receipt, lambda: receipt, lambda: receipt)


def _write_body(pull_request: ForgePullRequest) -> str:
    recipe, release = pull_request.recipe, pull_request.release
    boxes = pull_request_texts.tick_checklist(
        _read_template(pull_request.target), collect_recipe_facts(release, recipe, pull_request.login)
    )
    return pull_request_texts.write_body(release, recipe, boxes)


def _read_template(target: GitHubRepository) -> str:
    """Return the target's own checklist for pull requests; empty where it has none."""
    found = (target.refs.read_file("", path) for path in _TEMPLATES)
    return next((content.decode("utf-8", "replace") for content in found if content is not None), "")


def _describe_pull(pull_request: ForgePullRequest, release: Release, *, is_dry_run: bool) -> Note | None:
    """Return whose pull request it is, or what it needs from a person; None where there is nothing to say."""
    pull = pull_request.pull
    url = pull.url if pull else ""
    if pull_request.is_from_bot:
        return Note(State.INFO, "conda-forge's bot already opened a pull request; no second one is opened", url)
    if pull and not pull_request.is_ours:
        owner = f"{pull.author}'s" if pull.author else "somebody's"
        return Note(State.INFO, f"{owner} pull request is for {release.version} already", url)
    if pull_request.recipe.kind is RecipeKind.NEW and not is_dry_run:
        advice = "Read it, mark it as ready, and have every other maintainer agree in a comment."
        return Note(State.INFO, "the pull request needs your review", url, advice)
    return None


def _make_missing_changes(pull_request: ForgePullRequest) -> Iterator[Action]:
    """Yield the comment that says what the bot's pull request lacks."""
    recipe, release = pull_request.recipe, pull_request.release
    diff = pull_request_texts.find_lacking(pull_request.their_files(), recipe.files)
    if diff or recipe.checklist:
        mark = pull_request_texts.mark(release, recipe)
        text = pull_request_texts.lacks(release, recipe, diff)
        yield pull_request.comment_action("missing changes", text, lambda comment: mark in comment)
