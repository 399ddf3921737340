"""Propose a release to conda-forge by a pull request, once PyPI serves the sdist that its recipe names."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from release_tools.addresses import CONDA_FORGE_REQUESTS, GITHUB_SITE, STAGED_RECIPES
from release_tools.artifacts.manifest import RECIPE_FOLDER
from release_tools.engine.context import Context
from release_tools.engine.gate import Action
from release_tools.errors import CredentialError, OutputError, ReleaseToolsError
from release_tools.forges.github.client import GitHub, GitHubRepository
from release_tools.model.action import Receipt
from release_tools.model.artifact import ArtifactKind
from release_tools.model.note import Document, Note, Skip, State
from release_tools.model.release import Kind, RecipeFiles, RecipeKind, Release
from release_tools.publishers.base import (
    BasePublisher,
    CheckResult,
    JobNeeds,
    Phase,
    PublisherStatus,
    StatusQuery,
)
from release_tools.publishers.conda_channel.channel_publisher import BROKEN_LABEL
from release_tools.publishers.conda_forge import pull_request_texts
from release_tools.publishers.conda_forge.feedstocks import open_conda_forge_hub, query_feedstock, query_staged_recipes
from release_tools.publishers.conda_forge.pull_request import URL_OUTPUT, ForgePullRequest
from release_tools.publishers.conda_forge.recipe_facts import collect_recipe_facts
from release_tools.publishers.conda_forge.recipe_files import DIFF
from release_tools.publishers.conda_forge.sdist_source import SdistSource, find_taken_names
from release_tools.publishers.conda_forge.tag_archive import TagArchive
from release_tools.publishers.conda_forge.token import check_token, find_token_login
from release_tools.recipe.names import Names
from release_tools.system.credentials import CONDA_FORGE_TOKEN, GITHUB_TOKEN
from release_tools.system.sanitize import make_visible
from release_tools.system.written_files import WrittenFiles
from release_tools.wording import count

NAME: Final = "conda-forge"
_TEMPLATES = (".github/pull_request_template.md", ".github/PULL_REQUEST_TEMPLATE.md")


class CondaForgePublisher(BasePublisher):
    """Proposes a release to conda-forge.

    Without a token that may open pull requests, the patch is saved and the report says how a person opens one: the
    release itself does not fail.
    """

    name = NAME
    title = "conda-forge"
    phases = (Phase.PROPOSE,)

    def __init__(self, context: Context, *, is_on_pypi: bool) -> None:
        """Prepare to propose.

        Args:
            context: the run's context.
            is_on_pypi: whether the version's route leads to PyPI, from where conda-forge takes its sources.
        """
        self._context = context
        self._is_on_pypi = is_on_pypi
        self._pull_request: ForgePullRequest | None = None

    def takes(self, kind: Kind) -> bool:
        """Return whether versions of this kind are proposed to conda-forge."""
        return _explain_kind(self._context, kind, is_on_pypi=self._is_on_pypi) is None

    def headline(self, phase: Phase) -> str:  # noqa: ARG002 - there is one phase
        """Return ``conda-forge pull request``."""
        return "conda-forge pull request"

    def outcome(self, phase: Phase) -> str:  # noqa: ARG002 - there is one phase
        """Return ``proposed to conda-forge``."""
        return "proposed to conda-forge"

    def skip(self, release: Release) -> Skip | None:
        """Skip a version that conda-forge does not take, or a release without a recipe."""
        return explain_not_proposed(self._context, release, is_on_pypi=self._is_on_pypi) or self._explain_no_recipe(
            release
        )

    def first_query(self, release: Release) -> Callable[[], object] | None:
        """Return the query for the repository that a proposal goes to; None for a version that does not go there."""
        if not self.takes(release.kind):
            return None
        name = Names(self._context.config.conda.names).conda_name(release.name).conda
        return partial(self._query_target, name, release.kind)

    def _query_target(self, name: str, kind: Kind) -> None:
        """Ask for the feedstock, where the channel can be reached, and for staged-recipes if there is none."""
        feedstock = None if self._context.unreachable_channel else query_feedstock(self._context, name, kind)
        if feedstock is None:
            query_staged_recipes(self._context)

    def preflight(self, release: Release) -> Iterator[CheckResult]:  # noqa: ARG002 - a release does not fail by it
        """Check nothing: what is missing here does not fail the release."""
        yield from ()

    def check_credentials(self, release: Release) -> Iterator[CheckResult]:  # noqa: ARG002 - the token is enough
        """Check what the token may do.

        Raises:
            CredentialError: the token is refused, or is a workflow's own.
            RemoteError: GitHub could not be queried.
        """
        yield from check_token(self._context)

    def actions(self, release: Release, phase: Phase) -> Iterator[Action | Note]:  # noqa: ARG002 - there is one phase
        """Yield what is left to do; what each action finds decides about the next one.

        Raises:
            ConflictError: PyPI serves other bytes than ours.
            PreflightError: conda-forge has that name already, or its feedstock is another project's.
            RemoteError: PyPI or GitHub could not be queried.
        """
        recipe = _write_recipe(release)
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

    def recover(self, release: Release, error: ReleaseToolsError) -> Iterator[Note | Document] | None:  # noqa: ARG002 - the pull request has it
        """Explain the manual steps after a refused token; every other error fails the release."""
        pull_request = self._pull_request
        if not isinstance(error, CredentialError) or pull_request is None:
            return None
        return self._explain_by_hand(pull_request, error)

    def status(self, query: StatusQuery) -> PublisherStatus:
        """Return the version's packages at conda-forge, or else the pull request that will bring them."""
        if not self._context.config.conda_forge.enabled:
            return PublisherStatus(NAME, NAME, "")
        from release_tools.publishers.conda_forge.feedstock_status import find_conda_forge_status

        return find_conda_forge_status(self._context, query)

    def retract(self, query: StatusQuery, reason: str) -> Iterator[Action | Note | Document]:
        """Yield the request, for a person to open, that marks the version's packages as broken."""
        from release_tools.publishers.conda_forge.feedstock_status import query_conda_forge_files

        try:
            published = query_conda_forge_files(self._context, query)
        except ReleaseToolsError as error:
            yield Note(State.WARNING, "conda-forge could not be queried", error.message)
            return
        names = [basename for basename, file in published.items() if set(file.labels) - {BROKEN_LABEL}]
        if not names:
            yield Note(State.SKIPPED, f"conda-forge has no {query.conda_name} {query.version}")
            return
        heading = " ".join(make_visible(reason).split())
        text = f"# {heading}\naction: broken\npackages:\n" + "".join(f"- {name}\n" for name in names)
        yield Note(
            State.WARNING,
            f"ask conda-forge to mark {count(len(names), 'package')} as broken",
            f"{CONDA_FORGE_REQUESTS}/new/main/requests",
            f"Propose this file as requests/{query.conda_name}-{query.version}.yml:\n\n{text}",
        )
        yield Document("Request to conda-forge/admin-requests", text, "yaml")

    def jobs(self) -> tuple[JobNeeds, ...]:
        """Return a job with a token that may open pull requests; a project without Python has no sdist to propose."""
        from release_tools.builders.conda.own_recipe import is_recipe_alone

        if is_recipe_alone(self._context):
            return ()
        advice = (
            f"Create a classic one at {GITHUB_SITE}/settings/tokens/new?scopes=public_repo,workflow;"
            " without it, the patch is in the report."
        )
        return (
            JobNeeds(
                NAME,
                NAME,
                NAME,
                environment=NAME,
                secrets=(CONDA_FORGE_TOKEN,),
                secret_advice=advice,
                removal_advice="set conda-forge.enabled = false",
                url_output=URL_OUTPUT,
            ),
        )

    def _explain_no_recipe(self, release: Release) -> Skip | None:
        """Return why the recipe that was made is not proposed."""
        settings, recipe = self._context.config.conda_forge, release.recipe
        if recipe is None:
            return Skip("no recipe was made")
        if recipe.kind is RecipeKind.NEW and release.kind is Kind.PRE:
            return Skip(f"conda-forge has no {recipe.package} yet, or no branch {settings.pre_branch} of it")
        if recipe.kind is RecipeKind.NEW and not settings.new:
            return Skip(f"conda-forge has no {recipe.package}", "Set conda-forge.new = true to propose it.")
        return None

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


def explain_not_proposed(context: Context, release: Release, *, is_on_pypi: bool) -> Skip | None:
    """Return why a version is not proposed to conda-forge; None where it is.

    Args:
        context: the run's context.
        release: the release.
        is_on_pypi: whether its route leads to PyPI.
    """
    reason = _explain_kind(context, release.kind, is_on_pypi=is_on_pypi)
    if reason is None and not release.artifacts_of_kind(ArtifactKind.SDIST):
        return Skip("no sdist was built, which conda-forge builds from")
    return reason


def _explain_kind(context: Context, kind: Kind, *, is_on_pypi: bool) -> Skip | None:
    settings = context.config.conda_forge
    if not settings.enabled:
        return Skip("disabled", "Set conda-forge.enabled = true to open a pull request.")
    if kind is Kind.DEV:
        return Skip("development versions do not go to conda-forge")
    if kind is Kind.PRE and not settings.pre_branch:
        return Skip("pre-releases do not go to conda-forge", "Set conda-forge.pre-branch if the feedstock takes them.")
    if not is_on_pypi:
        return Skip("conda-forge gets its sources from PyPI, where this release does not go")
    return None


def _write_recipe(release: Release) -> RecipeFiles:
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
