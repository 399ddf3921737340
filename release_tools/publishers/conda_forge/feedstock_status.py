"""What conda-forge has of one version: its packages, else the recipe and the pull request that will bring them."""

from collections.abc import Iterator

from release_tools.addresses import ANACONDA_API, CONDA_FORGE_CHANNEL, CONDA_FORGE_OWNER, GITHUB_SITE
from release_tools.engine.context import Context
from release_tools.engine.routes import CONDA_FORGE, Channel, Server
from release_tools.errors import ReleaseToolsError
from release_tools.forges.github.feedstocks import Feedstock, conda_forge, feedstock_of, full_name
from release_tools.forges.github.pulls import newest_pulls
from release_tools.model.note import State
from release_tools.model.versions import conda_version
from release_tools.publishers.conda_forge.pull_request import about
from release_tools.publishers.status import FileStatus, PublisherStatus, StatusQuery, channel_files
from release_tools.recipe.update import recipe_version

_CHANNEL = Channel(CONDA_FORGE, Server.ANACONDA, CONDA_FORGE_CHANNEL, ANACONDA_API, CONDA_FORGE_OWNER, "main")


def at_conda_forge(context: Context, sought: StatusQuery) -> PublisherStatus:
    """What is there; where it could not be looked at, the error is told with it."""
    url = f"{GITHUB_SITE}/{full_name(context.config.conda_forge.feedstock or sought.conda_name)}"
    try:
        files = tuple(
            FileStatus(name, placed.sha256, State.DONE, placed.labels)
            for name, placed in channel_files(context, sought, _CHANNEL).items()
        )
        if not files and (feedstock := feedstock_of(context, sought.conda_name)):
            url, files = feedstock.repository.url, tuple(_coming(context, sought, feedstock))
    except ReleaseToolsError as error:
        return PublisherStatus(CONDA_FORGE, CONDA_FORGE, url, error=error)
    return PublisherStatus(CONDA_FORGE, CONDA_FORGE, url, files)


def _coming(context: Context, sought: StatusQuery, feedstock: Feedstock) -> Iterator[FileStatus]:
    version = recipe_version(feedstock.text, feedstock.form)
    wanted = conda_version(sought.version)
    if version == wanted:
        yield FileStatus(f"recipe of {wanted}", "", State.DONE, ("its packages are not there yet",))
        return
    yield FileStatus(f"recipe of {wanted}", "", State.PLANNED, (f"it has {version}",))
    titles = about(sought.conda_name, str(sought.version))
    hub = conda_forge(context)
    for pull in newest_pulls(hub.repository(feedstock.repository.slug)):
        if pull.open and any(map(titles.search, (pull.title, pull.head.partition(":")[2]))):
            yield FileStatus(f"pull request “{pull.title}”", "", State.DONE, (pull.url,))
