"""Install from TestPyPI as a user would, before PyPI is touched (the setting ``testpypi-first``)."""

from collections.abc import Iterator, Mapping

from release_tools.artifacts import read_wheel
from release_tools.builders.virtual_environment import Environment
from release_tools.engine.context import Context
from release_tools.errors import VerifyError
from release_tools.model.artifact import ArtifactKind
from release_tools.model.note import Note, State
from release_tools.model.release import Release
from release_tools.publishers.package_index.index import TESTPYPI
from release_tools.publishers.package_index.simple_api import IndexFile
from release_tools.system.credentials import find_visible_credentials
from release_tools.system.process import ProcessError
from release_tools.system.sanitize import escape_words

_MESSAGE_LENGTH = 500


def install_from_testpypi(context: Context, release: Release, files: Mapping[str, IndexFile]) -> Iterator[Note]:
    """Install each wheel from TestPyPI in a fresh environment and import it.

    The wheel is named by its address and digest, so that its dependencies come from the usual index: on TestPyPI
    anybody may own their names. Where the process has credentials, only wheels are installed and nothing is imported,
    as that would run other people's code.

    Args:
        context: the run's context.
        release: with its wheels.
        files: what TestPyPI serves of the project.

    Raises:
        VerifyError: a wheel does not install or import; PyPI was not touched.
    """
    credentials = () if context.config.allow_credentials_in_build else find_visible_credentials(context.env)
    for number, wheel in enumerate(release.artifacts_of_kind(ArtifactKind.WHEEL)):
        url = files[wheel.filename].url
        context.console.show_detail(f"installing {wheel.filename} from {TESTPYPI.title}")
        try:
            environment = Environment.create(context.scratch / f"testpypi-{number}", context.env)
            environment.install([f"{release.name} @ {url}#sha256={wheel.sha256}"], wheels=bool(credentials))
            modules = context.config.verify.imports or read_wheel(wheel.path).import_names
            if not credentials:
                environment.python("-c", "".join(f"import {module}\n" for module in modules))
        except ProcessError as error:
            raise VerifyError(
                f"{wheel.filename} from {TESTPYPI.title} does not install and import: {error.message}",
                f"PyPI was not touched. {escape_words(error.output, _MESSAGE_LENGTH, last=True)}",
            ) from error
    if credentials:
        yield Note(State.DONE, f"installed from {TESTPYPI.title}")
        yield Note(
            State.SKIPPED,
            "not imported: that would run other people's code where credentials are set",
            ", ".join(credentials),
            "If you trust every dependency: --allow-credentials-in-build.",
        )
    else:
        yield Note(State.DONE, f"installed from {TESTPYPI.title} and imported")
