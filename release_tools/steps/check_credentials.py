"""Check the credentials of this process at every destination, before anything is built."""

from release_tools.engine.context import Context
from release_tools.errors import ReleaseToolsError
from release_tools.model.note import Note
from release_tools.model.release import Release
from release_tools.publishers.base import CheckResult
from release_tools.publishers.routes import Publishers


def check_credentials(context: Context, release: Release) -> Release:
    """Return the release with a note on every credential, as far as it can be checked without publishing.

    A destination without credentials is no fault outside of the job that publishes to it.
    """
    publishers = context.reuse(Publishers)
    names = publishers.names(release.kind)
    for publisher in publishers.route(release.kind):
        if publisher.name not in names:
            continue
        try:
            for result in publisher.check_credentials(release):
                context.report.add(_note(result))
        except ReleaseToolsError as error:
            context.report.add(_note(error))
    return release


def _note(result: CheckResult) -> Note:
    return result if isinstance(result, Note) else Note.of_error(result)
