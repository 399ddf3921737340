"""Everything in a project that names its version, compared with the release."""

from collections.abc import Iterator

from packaging.version import Version

from release_tools.checks.citation import find_citation_faults
from release_tools.config.schema import Config
from release_tools.engine.context import Context
from release_tools.git.project_repository import open_repository
from release_tools.model.note import Note, State
from release_tools.model.release import Release
from release_tools.model.versions import read_version
from release_tools.project.committed_files import CommittedFiles
from release_tools.project.version_field import Role
from release_tools.project.version_files import CITATION, VersionFiles


def check_version_agreement(context: Context, release: Release) -> tuple[Note, ...]:
    """Compare each field that holds the version with the release, and ``CITATION.cff`` with its schema.

    A development version that nobody tagged is named nowhere, and files that came without their source cannot be read.
    """
    if release.source is None or release.is_untagged:
        return ()
    files = CommittedFiles(open_repository(context, release.source), release.source)
    found = VersionFiles(files, context.config.conda_forge.recipe)
    notes = (*_check_fields(context, release, found), *_check_citation(context, found))
    return notes or _report_agreement(release, found)


def _report_agreement(release: Release, found: VersionFiles) -> tuple[Note, ...]:
    version = Version(release.version)
    paths = dict.fromkeys(field.path for field in found.fields if field.agrees(version))
    if not paths:
        return ()
    return (Note(State.DONE, f"every file that contains the version has {release.version}", ", ".join(paths)),)


def choose_disagreement_state(config: Config) -> State:
    """Return what a version that disagrees is: a warning, or a fault where ``verify.versions`` is strict."""
    return State.FAILED if config.verify.versions == "strict" else State.WARNING


def check_imported_version(module: str, said: str, version: Version, state: State) -> Iterator[Note]:
    """Compare the ``__version__`` of an imported module; a local part may be added by the build."""
    found = read_version(said)
    if found is None or Version(found.public) != Version(version.public):
        yield Note(state, f"{module}.__version__ is {said}, and not {version}", advice=_give_advice(version))


def _check_fields(context: Context, release: Release, found: VersionFiles) -> Iterator[Note]:
    version = Version(release.version)
    for field in found.fields:
        if field.role is Role.DATE or field.problem or field.agrees(version):
            continue
        text = f"{field.where} is {field.value}, and not {version}"
        yield Note(choose_disagreement_state(context.config), text, advice=_give_advice(version))


def _check_citation(context: Context, found: VersionFiles) -> Iterator[Note]:
    text = found.text(CITATION)
    for fault in find_citation_faults(text.body) if text else ():
        yield Note(
            choose_disagreement_state(context.config),
            f"{CITATION}: {fault}",
            advice="See the format: https://citation-file-format.github.io",
        )


def _give_advice(version: Version) -> str:
    return f"Type, before a version is tagged: release-tools prepare {version}"
