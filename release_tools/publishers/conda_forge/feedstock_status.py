"""Find a version at conda-forge: its packages, or else the recipe and the pull request that will bring them."""

from collections.abc import Iterator, Mapping

from release_tools.addresses import ANACONDA_API, CONDA_FORGE_CHANNEL, CONDA_FORGE_OWNER, GITHUB_SITE
from release_tools.engine.context import Context
from release_tools.errors import ReleaseToolsError
from release_tools.model.note import State
from release_tools.model.versions import format_conda_version
from release_tools.publishers.base import FileStatus, PublisherStatus, StatusQuery
from release_tools.publishers.conda_channel.anaconda import MAIN_LABEL, AnacondaServer
from release_tools.publishers.conda_channel.channel_publisher import SUBDIRS
from release_tools.publishers.conda_channel.channel_server import Channel, ChannelFile
from release_tools.publishers.conda_forge.feedstocks import (
    Feedstock,
    ask_feedstock,
    format_full_name,
    open_conda_forge_hub,
)
from release_tools.publishers.conda_forge.pull_request import make_version_pattern
from release_tools.recipe.update import read_recipe_version

_NAME = "conda-forge"
_CHANNEL = Channel(_NAME, AnacondaServer.kind, CONDA_FORGE_CHANNEL, ANACONDA_API, CONDA_FORGE_OWNER, MAIN_LABEL)


def query_conda_forge_files(context: Context, query: StatusQuery) -> Mapping[str, ChannelFile]:
    """Return the version's packages on conda-forge's channel, by ``subdir/file``.

    Raises:
        RemoteError: the channel cannot be queried.
    """
    server = AnacondaServer(context, _CHANNEL)
    return server.find_files(query.conda_name, format_conda_version(query.version), SUBDIRS)


def find_conda_forge_status(context: Context, query: StatusQuery) -> PublisherStatus:
    """Return what conda-forge has of a version, with the error where it could not be queried."""
    url = f"{GITHUB_SITE}/{format_full_name(context.config.conda_forge.feedstock or query.conda_name)}"
    try:
        files = tuple(
            FileStatus(name, file.sha256, State.DONE, file.labels)
            for name, file in query_conda_forge_files(context, query).items()
        )
        if not files and (feedstock := ask_feedstock(context, query.conda_name)):
            url, files = feedstock.repository.url, tuple(_find_pending(context, query, feedstock))
    except ReleaseToolsError as error:
        return PublisherStatus(_NAME, _NAME, url, error=error)
    return PublisherStatus(_NAME, _NAME, url, files)


def _find_pending(context: Context, query: StatusQuery, feedstock: Feedstock) -> Iterator[FileStatus]:
    version = read_recipe_version(feedstock.text, feedstock.form)
    wanted = format_conda_version(query.version)
    if version == wanted:
        yield FileStatus(f"recipe of {wanted}", "", State.DONE, ("its packages are not published yet",))
        return
    yield FileStatus(f"recipe of {wanted}", "", State.PLANNED, (f"it has {version}",))
    titles = make_version_pattern(query.conda_name, str(query.version))
    repository = open_conda_forge_hub(context).repository(feedstock.repository.slug)
    for pull in repository.pull_requests.newest():
        if pull.is_open and any(map(titles.search, (pull.title, pull.head.partition(":")[2]))):
            yield FileStatus(f"pull request “{pull.title}”", "", State.DONE, (pull.url,))
