"""Propose a release to conda-forge by a pull request, once PyPI serves the sdist that its recipe names."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from release_tools.addresses import CONDA_FORGE_REQUESTS, GITHUB_SITE
from release_tools.engine.context import Context
from release_tools.engine.gate import Action
from release_tools.errors import CredentialError, ReleaseToolsError
from release_tools.model.artifact import ArtifactKind
from release_tools.model.note import Document, Note, Skip, State
from release_tools.model.release import Kind, RecipeKind, Release
from release_tools.publishers.base import (
    BasePublisher,
    CheckResult,
    JobNeeds,
    Phase,
    PublisherStatus,
    StatusQuery,
)
from release_tools.publishers.conda_channel.channel_publisher import BROKEN_LABEL
from release_tools.publishers.conda_forge import NAME, URL_OUTPUT
from release_tools.system.credentials import CONDA_FORGE_TOKEN
from release_tools.system.sanitize import make_visible
from release_tools.wording import count

if TYPE_CHECKING:
    from release_tools.publishers.conda_forge.proposal import Proposal


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
        self._proposal: Proposal | None = None

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
        from release_tools.publishers.conda_forge.feedstocks import query_target
        from release_tools.recipe.names import Names

        name = Names(self._context.config.conda.names).conda_name(release.name).conda
        return partial(query_target, self._context, name, release.kind)

    def preflight(self, release: Release) -> Iterator[CheckResult]:  # noqa: ARG002 - a release does not fail by it
        """Check nothing: what is missing here does not fail the release."""
        yield from ()

    def check_credentials(self, release: Release) -> Iterator[CheckResult]:  # noqa: ARG002 - the token is enough
        """Check what the token may do.

        Raises:
            CredentialError: the token is refused, or is a workflow's own.
            RemoteError: GitHub could not be queried.
        """
        from release_tools.publishers.conda_forge.token import check_token

        yield from check_token(self._context)

    def actions(self, release: Release, phase: Phase) -> Iterator[Action | Note]:  # noqa: ARG002 - there is one phase
        """Yield what is left to do; what each action finds decides about the next one.

        Raises:
            ConflictError: PyPI serves other bytes than ours.
            PreflightError: conda-forge has that name already, or its feedstock is another project's.
            RemoteError: PyPI or GitHub could not be queried.
        """
        from release_tools.publishers.conda_forge.proposal import Proposal

        self._proposal = Proposal(self._context, release)
        yield from self._proposal.actions()

    def recover(self, release: Release, error: ReleaseToolsError) -> Iterator[Note | Document] | None:  # noqa: ARG002 - the proposal has it
        """Explain the manual steps after a refused token; every other error fails the release."""
        if not isinstance(error, CredentialError) or self._proposal is None:
            return None
        return self._proposal.explain_by_hand(error)

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
