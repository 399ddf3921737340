"""The name and the version that only a project's build backend knows, asked in a clean clone of the commit.

Metadata of a compiled project may take a compiler, or the whole build. Its version is counted by the project's scheme
alone, where that has a command.
"""

from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path
from typing import Final

from packaging.version import Version

from release_tools.builders.build_environment import FIXED_VARIABLES
from release_tools.builders.planner import find_evidence
from release_tools.builders.python import PythonBuilder
from release_tools.builders.virtual_environment import Environment
from release_tools.config.loader import read_pyproject
from release_tools.engine.context import Context
from release_tools.git.log import find_floating_tags
from release_tools.git.project_repository import open_repository
from release_tools.model.versions import parse_version
from release_tools.project.clone import clone_between_tags
from release_tools.project.facts import Project
from release_tools.project.name import find_stated_name, read_text
from release_tools.project.required_python import require_python
from release_tools.project.tag_spelling import find_tag_format
from release_tools.project.version_command import find_version_command, read_printed_version
from release_tools.system.credentials import refuse_credentials
from release_tools.system.process import ProcessError, run

_FOLDER: Final = "asked"
_SCHEME: Final = "version-scheme"
_FIRST_ZIP_TIME: Final = 315_532_800  # 1980: zip files, and so wheels, know no earlier time


@dataclass(frozen=True)
class BackendFacts:
    """Facts from the metadata that a backend makes.

    Attributes:
        name: the project's; empty where only the version was asked.
        version: the project's, its local part included.
    """

    name: str
    version: Version


def ask_backend(context: Context) -> BackendFacts:
    """Ask the backend of the commit that is checked out; a second call in a run reads the first one's answer.

    The backend sees the branch and the repository's tags, but for those that only follow a series (``v1``).

    Raises:
        BuildError: the backend failed, or the project needs another Python.
        CredentialError: a build could read credentials for publishing.
        RepositoryError: the clone could not be made.
        VersionError: its version is not a version.
    """
    metadata = _find_known_metadata(context)
    if metadata is None and _is_costly(context.project):
        counted = context.background.result("the version that the scheme counts", _run_scheme, context)
        if counted is not None:
            return BackendFacts("", counted)
    metadata = metadata or _make_metadata(context)
    version = parse_version(metadata["Version"] or "", field="the version that the backend gives")
    return BackendFacts(metadata["Name"] or "", version)


def find_name(context: Context) -> str:
    """Return the project's name: as its files state it, or else as its backend does.

    Raises:
        ReleaseToolsError: the backend could not be asked; see `ask_backend`.
    """
    stated = find_stated_name(context.project)
    if stated:
        return stated
    metadata = _find_known_metadata(context) or _make_metadata(context)
    return metadata["Name"] or ""


def _is_costly(project: Path) -> bool:
    """Tell whether metadata may take more than reading files: of what is compiled, and of all that Meson configures."""
    return bool(find_evidence(project)) or Project.of(read_pyproject(project)).backend.startswith("mesonpy")


def _run_scheme(context: Context) -> Version | None:
    """Return the version that the project's own scheme counts, without its backend; None where it has no command.

    A command that fails is passed over: the backend then says why, if it fails as well.
    """
    pyproject = read_pyproject(context.project)
    command = find_version_command(pyproject, lambda file: read_text(context.project / file))
    if command is None:
        return None
    source = _clone_source(context)
    variables = {**FIXED_VARIABLES, "SOURCE_DATE_EPOCH": str(_find_build_time(context))}
    environment = Environment.at(context.scratch / _SCHEME, context.env, extra=variables)
    program = command.program or environment.python_executable
    try:
        environment.make()
        environment.install(command.requires)
        printed = run([program, *command.arguments], env=environment.env, cwd=source).stdout
    except ProcessError:
        return None
    return read_printed_version(printed)


def _make_metadata(context: Context) -> Message:
    require_python(context.project)
    source = _clone_source(context)
    with PythonBuilder(context.scratch, context.env, _find_build_time(context), context.background) as builder:
        return builder.metadata(source)


def _find_build_time(context: Context) -> int:
    return max(open_repository(context).head().time, _FIRST_ZIP_TIME)


def _clone_source(context: Context) -> Path:
    """Return the project's folder in a clone on the same branch, with the tags of its versions."""
    refuse_credentials(context.env, allowed=context.config.allow_credentials_in_build)
    repository = open_repository(context)
    clone = context.scratch / _FOLDER
    if not clone.exists():
        tags = repository.tags().keys() - find_floating_tags(repository, find_tag_format(context))
        clone_between_tags(repository, clone, repository.head(), sorted(tags))
    return clone / context.project.relative_to(repository.root)


def _find_known_metadata(context: Context) -> Message | None:
    paths = list((context.scratch / "metadata").glob("*.dist-info/METADATA"))
    return HeaderParser().parsestr(paths[0].read_text(encoding="utf-8")) if paths else None
