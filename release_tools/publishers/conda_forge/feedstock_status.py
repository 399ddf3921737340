"""Find out how far a version is on its way to conda-forge's users.

The stages are a pull request, its checks, the merge, the packages on the channel, and a solver that installs them. A
later stage proves the earlier ones, so nothing more is queried than is needed.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum

from packaging.version import Version

from release_tools.addresses import (
    ANACONDA_API,
    CONDA_FORGE_CHANNEL,
    CONDA_FORGE_OWNER,
    GITHUB_SITE,
    STAGED_RECIPES,
)
from release_tools.builders.conda import rattler
from release_tools.engine.context import Context
from release_tools.errors import ReleaseToolsError, RemoteError
from release_tools.forges.base import PullRequest
from release_tools.forges.github.client import GitHubRepository
from release_tools.model.note import State
from release_tools.model.versions import format_conda_version
from release_tools.publishers.base import FileStatus, PublisherStatus, Stage, StatusQuery
from release_tools.publishers.conda_channel.anaconda import AnacondaServer
from release_tools.publishers.conda_channel.channel_publisher import SUBDIRS
from release_tools.publishers.conda_channel.channel_server import MAIN_LABEL, Channel, ChannelFile
from release_tools.publishers.conda_forge.feedstocks import ask_feedstock, format_full_name, open_conda_forge_hub
from release_tools.publishers.conda_forge.pull_request import find_staged, make_version_pattern
from release_tools.recipe.update import read_recipe_version

_NAME = "conda-forge"
_CHANNEL = Channel(_NAME, AnacondaServer.kind, CONDA_FORGE_CHANNEL, ANACONDA_API, CONDA_FORGE_OWNER, MAIN_LABEL)
_SHOWN = 5


class StageName(StrEnum):
    """The stages on the way to conda-forge's users, in order."""

    PULL_REQUEST = "pull-request"
    CHECKS = "checks"
    MERGED = "merged"
    BUILT = "built"
    INSTALLABLE = "installable"


def query_conda_forge_files(context: Context, query: StatusQuery) -> Mapping[str, ChannelFile]:
    """Return the version's packages on conda-forge's channel, by ``subdir/file``.

    Raises:
        RemoteError: the channel cannot be queried.
    """
    server = AnacondaServer(context, _CHANNEL)
    return server.find_files(query.conda_name, format_conda_version(query.version), SUBDIRS)


def find_conda_forge_status(context: Context, query: StatusQuery) -> PublisherStatus:
    """Return how far a version is at conda-forge, with the error where it could not be queried."""
    url = f"{GITHUB_SITE}/{format_full_name(context.config.conda_forge.feedstock or query.conda_name)}"
    try:
        files = tuple(
            FileStatus(name, file.sha256, State.DONE, file.labels)
            for name, file in query_conda_forge_files(context, query).items()
        )
        if files:
            stages = (*_list_passed_stages(), _check_solver(context, query))
        else:
            url, stages = _find_pending(context, query)
    except ReleaseToolsError as error:
        return PublisherStatus(_NAME, _NAME, url, error=error)
    return PublisherStatus(_NAME, _NAME, url, files, stages=stages)


def _list_passed_stages() -> tuple[Stage, ...]:
    """Return the stages that a published package has passed."""
    return (
        Stage(StageName.PULL_REQUEST, State.DONE, "its pull request was opened"),
        Stage(StageName.CHECKS, State.DONE, "the checks passed"),
        Stage(StageName.MERGED, State.DONE, "the recipe was merged"),
        Stage(StageName.BUILT, State.DONE, "conda-forge built it"),
    )


def _check_solver(context: Context, query: StatusQuery) -> Stage:
    """Return whether conda's solver installs the version on this machine."""
    name, channels = StageName.INSTALLABLE, context.config.conda.channels
    spec = f"{query.conda_name} =={format_conda_version(query.version)}"
    reason = context.unreachable_channel if channels else "conda.channels is empty"
    if reason:
        return Stage(name, State.WARNING, "unknown whether it can be installed", reason)
    try:
        lacking = rattler.find_unmet([spec], channels, timeout=context.config.network.timeout)
    except RemoteError as error:
        return Stage(name, State.WARNING, "unknown whether it can be installed", error.message)
    why = "the channel's index does not list it yet" if lacking else rattler.explain_unavailable(channels, specs=[spec])
    if why:
        return Stage(name, State.PLANNED, "it cannot be installed yet", why)
    return Stage(name, State.DONE, "the solver installs it", spec)


def _find_pending(context: Context, query: StatusQuery) -> tuple[str, tuple[Stage, ...]]:
    """Return the page of the feedstock or of staged-recipes, and the stages of a version that is not built."""
    feedstock = ask_feedstock(context, query.conda_name)
    if feedstock is None:
        staged = open_conda_forge_hub(context).repository(STAGED_RECIPES)
        pull = next(iter(_by_state(find_staged(staged, query.conda_name))), None)
        return staged.url, tuple(_pull_stages(staged, pull, "conda-forge has no such package", is_new=True))
    version = read_recipe_version(feedstock.text, feedstock.form)
    if Version(version) == query.version:
        return feedstock.repository.url, (*_list_passed_stages()[:3], *_list_missing_stages(StageName.BUILT))
    repository = open_conda_forge_hub(context).repository(feedstock.repository.slug)
    titles = make_version_pattern(query.conda_name, str(query.version))
    found = [
        pull
        for pull in repository.pull_requests.newest()
        if any(map(titles.search, (pull.title, pull.head.partition(":")[2])))
    ]
    pull = next(iter(_by_state(found)), None)
    return repository.url, tuple(_pull_stages(repository, pull, f"the recipe has {version}"))


def _by_state(pulls: Iterator[PullRequest] | list[PullRequest]) -> list[PullRequest]:
    """Return open pull requests first, then merged ones, then those that were closed."""
    return sorted(pulls, key=lambda pull: (not pull.is_open, not pull.is_merged))


def _pull_stages(
    repository: GitHubRepository, pull: PullRequest | None, present: str, *, is_new: bool = False
) -> Iterator[Stage]:
    """Yield the stages of a version whose recipe is not merged, or was merged a moment ago."""
    if pull is None:
        yield Stage(StageName.PULL_REQUEST, State.PLANNED, "no pull request is open for it", present)
        yield from _list_missing_stages(StageName.CHECKS)
    elif pull.is_open:
        yield Stage(StageName.PULL_REQUEST, State.DONE, f"a pull request is open: {pull.title}", pull.url)
        yield _check_checks(repository, pull)
        yield from _list_missing_stages(StageName.MERGED)
    elif pull.is_merged:
        opened, checks, merged, _ = _list_passed_stages()
        yield Stage(opened.name, State.DONE, opened.text, pull.url)
        yield from (checks, merged)
        yield from _list_missing_stages(StageName.BUILT)
        if is_new:
            yield Stage("feedstock", State.PLANNED, "its feedstock has not been created yet")
    else:
        yield Stage(StageName.PULL_REQUEST, State.FAILED, f"its pull request was closed: {pull.title}", pull.url)
        yield from _list_missing_stages(StageName.CHECKS)


def _check_checks(repository: GitHubRepository, pull: PullRequest) -> Stage:
    """Return how the checks of an open pull request stand."""
    if not pull.commit:
        pull = repository.pull_requests.read(pull.number)
    checks = repository.pull_requests.checks(pull)
    if checks.failed:
        return Stage(StageName.CHECKS, State.FAILED, f"{len(checks.failed)} checks failed", _some(checks.failed))
    if checks.pending:
        return Stage(
            StageName.CHECKS, State.PLANNED, f"{len(checks.pending)} checks have not ended", _some(checks.pending)
        )
    if not checks.passed:
        return Stage(StageName.CHECKS, State.PLANNED, "no check has started")
    return Stage(StageName.CHECKS, State.DONE, f"all {checks.passed} checks passed")


_MISSING: Mapping[str, str] = {
    StageName.CHECKS: "its checks are still to come",
    StageName.MERGED: "the recipe is not merged",
    StageName.BUILT: "its packages are not published yet",
    StageName.INSTALLABLE: "it cannot be installed yet",
}


def _list_missing_stages(first: StageName) -> Iterator[Stage]:
    """Yield the stages that are still to come, from one of them on."""
    names = list(StageName)
    for name in names[names.index(first) :]:
        yield Stage(name, State.PLANNED, _MISSING[name])


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}"
