"""Sdist and wheel to the package indexes of the route."""

from release_tools.engine.context import Context
from release_tools.engine.executor import StoppedError
from release_tools.engine.routes import TESTPYPI, Index, route
from release_tools.errors import ReleaseToolsError
from release_tools.model.note import Note, Skip, State
from release_tools.model.release import Release
from release_tools.publishers.delivery import deliver
from release_tools.publishers.package_index.index_publisher import OnIndex
from release_tools.publishers.package_index.testpypi_first import rehearse


def upload_index(context: Context, release: Release) -> Release | Skip:
    """Upload what is missing, wait until it is served, and compare.

    Raises:
        StoppedError: with what was done before.
    """
    indexes = route(context.config, release.kind).indexes
    if not indexes:
        return Skip(f"the route of {release.kind} versions leads to no package index")
    if not OnIndex(context, release, indexes[0]).artifacts:
        return Skip("neither sdist nor wheel was built")
    for index in indexes:
        release = _to(context, release, index)
        if index is TESTPYPI and context.config.rehearse:
            release = _rehearsed(context, release)
    return release


def _to(context: Context, release: Release, index: Index) -> Release:
    place = OnIndex(context, release, index)
    with place.uploader().at_work() as uploader:
        return deliver(context, release, place, tuple(place.acts(uploader)))


def _rehearsed(context: Context, release: Release) -> Release:
    if context.gate.dry:
        return release.telling(Note(State.WOULD, f"would install it from {TESTPYPI.title} and import it"))
    try:
        return release.telling(*rehearse(context, release))
    except ReleaseToolsError as error:
        raise StoppedError(release, error) from error
