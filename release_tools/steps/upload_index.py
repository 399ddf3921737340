"""Sdist and wheel to the package indexes of the route."""

from release_tools.engine.context import Context
from release_tools.engine.executor import PartialFailureError
from release_tools.engine.routes import TESTPYPI, Index, route_for
from release_tools.errors import ReleaseToolsError
from release_tools.model.note import Note, Skip, State
from release_tools.model.release import Release
from release_tools.publishers.delivery import upload_and_confirm
from release_tools.publishers.package_index.index_publisher import IndexPublisher
from release_tools.publishers.package_index.testpypi_first import install_from_testpypi


def upload_index(context: Context, release: Release) -> Release | Skip:
    """Upload what is missing, wait until it is served, and compare.

    Raises:
        StoppedError: with what was done before.
    """
    indexes = route_for(context.config, release.kind).indexes
    if not indexes:
        return Skip(f"the route of {release.kind} versions leads to no package index")
    if not IndexPublisher(context, release, indexes[0]).artifacts:
        return Skip("neither sdist nor wheel was built")
    for index in indexes:
        release = _to(context, release, index)
        if index is TESTPYPI and context.config.testpypi_first:
            release = _rehearsed(context, release)
    return release


def _to(context: Context, release: Release, index: Index) -> Release:
    place = IndexPublisher(context, release, index)
    with place.uploader().at_work() as uploader:
        return upload_and_confirm(context, release, place, tuple(place.acts(uploader)))


def _rehearsed(context: Context, release: Release) -> Release:
    if context.gate.is_dry_run:
        return release.with_notes(Note(State.PLANNED, f"would install it from {TESTPYPI.title} and import it"))
    try:
        return release.with_notes(*install_from_testpypi(context, release))
    except ReleaseToolsError as error:
        raise PartialFailureError(release, error) from error
