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
from release_tools.publishers.status import PlaceStatus, Sought, Standing, on_channel
from release_tools.recipe.update import recipe_version

_CHANNEL = Channel(CONDA_FORGE, Server.ANACONDA, CONDA_FORGE_CHANNEL, ANACONDA_API, CONDA_FORGE_OWNER, "main")


def at_conda_forge(context: Context, sought: Sought) -> PlaceStatus:
    """What is there; where it could not be looked at, the error is told with it."""
    url = f"{GITHUB_SITE}/{full_name(context.config.conda_forge.feedstock or sought.conda_name)}"
    try:
        files = tuple(
            Standing(name, placed.sha256, State.DONE, placed.labels)
            for name, placed in on_channel(context, sought, _CHANNEL).items()
        )
        if not files and (feedstock := feedstock_of(context, sought.conda_name)):
            url, files = feedstock.repository.url, tuple(_coming(context, sought, feedstock))
    except ReleaseToolsError as error:
        return PlaceStatus(CONDA_FORGE, CONDA_FORGE, url, error=error)
    return PlaceStatus(CONDA_FORGE, CONDA_FORGE, url, files)


def _coming(context: Context, sought: Sought, feedstock: Feedstock) -> Iterator[Standing]:
    version = recipe_version(feedstock.text, feedstock.form)
    wanted = conda_version(sought.version)
    if version == wanted:
        yield Standing(f"recipe of {wanted}", "", State.DONE, ("its packages are not there yet",))
        return
    yield Standing(f"recipe of {wanted}", "", State.WOULD, (f"it has {version}",))
    titles = about(sought.conda_name, str(sought.version))
    hub = conda_forge(context)
    for pull in newest_pulls(hub.repository(feedstock.repository.slug)):
        if pull.open and any(map(titles.search, (pull.title, pull.head.partition(":")[2]))):
            yield Standing(f"pull request “{pull.title}”", "", State.DONE, (pull.url,))
