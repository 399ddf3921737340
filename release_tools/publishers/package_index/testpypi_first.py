"""The rehearsal: what TestPyPI serves, installed as a user would, before PyPI is touched."""

from release_tools.artifacts import read_wheel
from release_tools.builders.virtual_environment import Environment
from release_tools.engine.context import Context
from release_tools.engine.routes import TESTPYPI
from release_tools.errors import VerifyError
from release_tools.model.artifact import ArtifactKind
from release_tools.model.note import Note, State
from release_tools.model.release import Release
from release_tools.publishers.package_index.index_publisher import IndexPublisher
from release_tools.system.credentials import visible_credentials
from release_tools.system.process import ProcessError
from release_tools.system.sanitize import whole_words

_SHOWN = 500


def install_from_testpypi(context: Context, release: Release) -> tuple[Note, ...]:
    """Install each wheel from TestPyPI in a fresh environment and import it.

    The wheel is named by its address and digest, so that its dependencies come from the usual index: on TestPyPI
    anybody may own their names. Beside credentials nothing is run, as in a build: only wheels are installed, and not
    imported.

    Raises:
        VerifyError: it does not install or import; PyPI was not touched.
        RemoteError: TestPyPI cannot be asked.
    """
    files = IndexPublisher(context, release, TESTPYPI).look().files
    near = () if context.config.allow_credentials_in_build else visible_credentials(context.env)
    for number, wheel in enumerate(release.artifacts_of_kind(ArtifactKind.WHEEL)):
        served = files[wheel.filename]
        context.console.doing(f"installing {wheel.filename} from {TESTPYPI.title}")
        try:
            environment = Environment.create(context.scratch / f"rehearsal-{number}", context.env)
            environment.install([f"{release.name} @ {served.url}#sha256={wheel.sha256}"], wheels=bool(near))
            modules = context.config.verify.imports or read_wheel(wheel.path).import_names
            if not near:
                environment.python("-c", "".join(f"import {module}\n" for module in modules))
        except ProcessError as error:
            raise VerifyError(
                f"{wheel.filename}, as {TESTPYPI.title} serves it, does not install and import: {error.message}",
                f"PyPI was not touched. {whole_words(error.output, _SHOWN, last=True)}",
            ) from error
    if near:
        return (
            Note(State.DONE, f"installed from {TESTPYPI.title}"),
            Note(
                State.SKIPPED,
                "not imported: that would run other people's code beside credentials",
                ", ".join(near),
                "If you trust every dependency: --allow-credentials-in-build.",
            ),
        )
    return (Note(State.DONE, f"installed from {TESTPYPI.title} and imported"),)
