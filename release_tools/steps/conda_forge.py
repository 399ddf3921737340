"""The pull request to conda-forge, once PyPI serves the sdist that its recipe names."""

from collections.abc import Iterator
from dataclasses import replace

from release_tools.addresses import STAGED_RECIPES
from release_tools.artifacts.manifest import RECIPE_FOLDER
from release_tools.engine.context import Context
from release_tools.engine.executor import PartialFailureError, lookup_failed_note, run_actions
from release_tools.engine.gate import Action
from release_tools.engine.routes import includes_conda_forge
from release_tools.errors import CredentialError, OutputError, RemoteError
from release_tools.forges.github.client import GitHub, HostedRepository
from release_tools.forges.github.feedstocks import conda_forge as asking
from release_tools.forges.github.git_data import read_file, tip
from release_tools.forges.github.refs import default_branch
from release_tools.model.action import Receipt
from release_tools.model.artifact import ArtifactKind
from release_tools.model.note import Document, Note, Skip, State
from release_tools.model.release import Kind, RecipeFiles, RecipeKind, Release
from release_tools.publishers.conda_forge import pull_request_texts
from release_tools.publishers.conda_forge.pull_request import ForgePullRequest
from release_tools.publishers.conda_forge.recipe_facts import seen
from release_tools.publishers.conda_forge.recipe_files import DIFF
from release_tools.publishers.conda_forge.sdist_source import SdistSource, taken
from release_tools.publishers.conda_forge.token import login
from release_tools.system.credentials import CONDA_FORGE_TOKEN, GITHUB_TOKEN

_TEMPLATES = (".github/pull_request_template.md", ".github/PULL_REQUEST_TEMPLATE.md")


def conda_forge(context: Context, release: Release) -> Release | Skip:
    """Open the pull request from a personal fork, unless anybody did; on that of conda-forge's bot, say what it lacks.

    Without a token that can, what it would change is saved as a patch, and told where a person opens it: the release
    itself does not fail by that.

    Raises:
        StoppedError: a deed failed; what was done before stays, and a rerun goes on there.
        ConflictError: PyPI serves other bytes than ours.
        PreflightError: conda-forge has that name already, or its feedstock is another project's.
        RemoteError: PyPI or GitHub could not be asked.
    """
    reason, recipe = next(_reasons(context, release), None), release.recipe
    if reason or recipe is None:
        return reason or Skip("no recipe was made")
    try:
        return _asked(context, release, recipe)
    except RemoteError as error:
        if not context.gate.is_dry_run:
            raise
        would = f"would open a pull request for {recipe.package} at conda-forge, unless there is one"
        return release.with_notes(lookup_failed_note(error), Note(State.PLANNED, would))


def _asked(context: Context, release: Release, recipe: RecipeFiles) -> Release | Skip:
    refused = None
    try:
        hub = asking(context, CONDA_FORGE_TOKEN)
        if login(hub):
            return _decided(context, release, recipe, hub)
    except CredentialError as error:
        refused = error
    hub = asking(context, GITHUB_TOKEN)  # more may be read with a token than without
    return _decided(context, release, recipe, hub, refused)


def _reasons(context: Context, release: Release) -> Iterator[Skip]:
    """Why nothing is to be proposed."""
    settings, recipe = context.config.conda_forge, release.recipe
    if not settings.enabled:
        yield Skip("switched off", "Set conda-forge.enabled = true to have a pull request.")
    if release.kind is Kind.DEV:
        yield Skip("development versions do not go to conda-forge")
    if release.kind is Kind.PRE and not settings.pre_branch:
        yield Skip("pre-releases do not go to conda-forge", "Set conda-forge.pre-branch if its feedstock takes them.")
    if not includes_conda_forge(context.config, release.kind):
        yield Skip("conda-forge takes its sources from PyPI, where this release does not go")
    if not release.artifacts_of_kind(ArtifactKind.SDIST):
        yield Skip("no sdist was built, and conda-forge builds from nothing else")
    if recipe and recipe.kind is RecipeKind.NEW and release.kind is Kind.PRE:
        yield Skip(f"conda-forge has no {recipe.package} yet, or no branch {settings.pre_branch} of it")
    if recipe and recipe.kind is RecipeKind.NEW and not settings.new:
        yield Skip(f"conda-forge has no {recipe.package}", "Set conda-forge.new = true to propose it.")


def _decided(
    context: Context, release: Release, recipe: RecipeFiles, hub: GitHub, refused: CredentialError | None = None
) -> Release | Skip:
    """What is proposed, if anything, once PyPI serves the source and the name is seen to be ours."""
    source = SdistSource(context, release, release.artifacts_of_kind(ArtifactKind.SDIST)[0])
    if not source.is_known and not context.gate.is_dry_run:
        return Skip("PyPI does not have this project, and conda-forge takes its sources from there")
    if recipe.kind is RecipeKind.NEW:
        recipe = _for_staging(hub, recipe)
    target = hub.repository(recipe.repository)
    if not recipe.files:
        url = f"{target.url}/tree/{recipe.branch}"
        there = Receipt(f"conda-forge:{recipe.package}-{release.version}", url, "", State.UNCHANGED)
        told = Note(State.UNCHANGED, f"{recipe.repository} has {release.version} already", url)
        return replace(release, receipts=(*release.receipts, there)).with_notes(told)
    release = release.with_notes(source.wait())
    if recipe.kind is RecipeKind.NEW:
        for error in taken(context, hub, recipe.package):
            raise error
    elif not context.config.conda_forge.feedstock:
        source.check_former(recipe)
    return _proposed(ForgePullRequest(context, release, recipe, target, login(hub), refused))


def _for_staging(hub: GitHub, recipe: RecipeFiles) -> RecipeFiles:
    """A new recipe, with where it goes."""
    staging = hub.repository(STAGED_RECIPES)
    branch = default_branch(staging)
    return replace(recipe, repository=STAGED_RECIPES, branch=branch, base=tip(staging, branch))


def _proposed(proposal: ForgePullRequest) -> Release:
    context, release = proposal.context, proposal.release
    try:
        proposal.look()
        if proposal.is_refused:
            return release.with_notes(_refused(proposal))
        return run_actions(context, release, _acts(proposal)).with_notes(*_told(proposal))
    except CredentialError as error:
        return _by_hand(release, proposal, error)
    except PartialFailureError as stopped:
        if not isinstance(stopped.error, CredentialError):
            raise
        return _by_hand(stopped.release, proposal, stopped.error)


def _acts(proposal: ForgePullRequest) -> Iterator[Action]:
    """What is left to do; only what is known when an act's turn comes decides about the next one."""
    recipe, release = proposal.recipe, proposal.release
    if proposal.look() is None:
        yield proposal.forking()
        yield proposal.syncing()
        yield proposal.branching()

    def text() -> str:
        boxes = pull_request_texts.ticked(_template(proposal.target), seen(release, recipe, proposal.login))
        return pull_request_texts.body(release, recipe, boxes)

    yield proposal.opening(text)
    if proposal.is_from_bot:
        yield from _lacking(proposal)
    elif recipe.kind is RecipeKind.UPDATE and (proposal.pull is None or proposal.is_ours):
        yield proposal.rerendering()


def _lacking(proposal: ForgePullRequest) -> Iterator[Action]:
    recipe, release = proposal.recipe, proposal.release
    diff = pull_request_texts.lacking(proposal.their_files(), recipe.files)
    if diff or recipe.checklist:
        mark = pull_request_texts.mark(release, recipe)
        text = pull_request_texts.lacks(release, recipe, diff)
        yield proposal.commenting("what it lacks", text, lambda comment: mark in comment)


def _template(target: HostedRepository) -> str:
    """The target's own checklist for pull requests; empty where it has none."""
    found = (read_file(target, "", path) for path in _TEMPLATES)
    return next((content.decode("utf-8", "replace") for content in found if content is not None), "")


def _told(proposal: ForgePullRequest) -> Iterator[Note]:
    pull, release = proposal.pull, proposal.release
    if proposal.is_from_bot:
        yield Note(State.INFO, "conda-forge's bot was first: no second pull request", pull.url if pull else "")
    elif pull and not proposal.is_ours:
        whose = f"{pull.author}'s" if pull.author else "somebody's"
        yield Note(State.INFO, f"{whose} pull request is for {release.version} already", pull.url)
    elif proposal.recipe.kind is RecipeKind.NEW and not proposal.context.gate.is_dry_run:
        advice = "Read it through, mark it as ready, and have every other maintainer agree in a comment."
        yield Note(State.INFO, "a person owns the pull request from here", pull.url if pull else "", advice)
    if not proposal.login and proposal.context.gate.is_dry_run:
        yield Note(State.INFO, f"{CONDA_FORGE_TOKEN} is not set here", "without it, the patch is saved instead")


def _refused(proposal: ForgePullRequest) -> Note:
    url = proposal.pull.url if proposal.pull else ""
    return Note(State.WARNING, "our pull request was closed, and is not opened again", url, "Open it again by hand.")


def _by_hand(release: Release, proposal: ForgePullRequest, error: CredentialError) -> Release:
    """The patch, where people find it, and what to do with it; nothing is written in a dry run.

    Raises:
        OutputError: it cannot be written.
    """
    context, recipe = proposal.context, proposal.recipe
    path = context.output / RECIPE_FOLDER / DIFF
    noted = Note(State.WARNING, f"the pull request is left to you: {error.message}", advice=error.advice)
    if context.gate.is_dry_run:
        return release.with_notes(noted)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(recipe.diff, encoding="utf-8", newline="\n")
    except OSError as failed:
        raise OutputError(f"{path}: cannot be written: {failed.strerror or failed}") from None
    if recipe.kind is RecipeKind.NEW:  # of an update it was shown when it was made
        release = release.with_documents(Document(f"Patch for {recipe.repository}", recipe.diff, "diff"))
    return release.with_notes(
        noted,
        Note(
            State.INFO,
            f"the patch is in {path}",
            advice=f"Apply it in your fork of {recipe.repository}, push it as {proposal.branch}, and open"
            f" {proposal.compare_url}",
        ),
    )
