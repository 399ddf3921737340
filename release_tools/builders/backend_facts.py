"""The name and the version that only a project's build backend knows, asked in a clean clone of the commit."""

from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from typing import Final

from packaging.version import Version

from release_tools.builders.python import PythonBuilder
from release_tools.engine.context import Context
from release_tools.git.log import find_floating_tags
from release_tools.git.project_repository import open_repository
from release_tools.model.versions import parse_version
from release_tools.project.clone import clone_between_tags
from release_tools.project.name import find_stated_name
from release_tools.project.required_python import require_python
from release_tools.project.tag_spelling import find_tag_format
from release_tools.system.credentials import refuse_credentials

_FOLDER: Final = "asked"
_FIRST_ZIP_TIME: Final = 315_532_800  # 1980: zip files, and so wheels, know no earlier time


@dataclass(frozen=True)
class BackendFacts:
    """Facts from the metadata that a backend makes.

    Attributes:
        name: the project's.
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
    metadata = _find_known_metadata(context) or _ask(context)
    version = parse_version(metadata["Version"] or "", field="the version that the backend gives")
    return BackendFacts(metadata["Name"] or "", version)


def find_name(context: Context) -> str:
    """Return the project's name: as its files state it, or else as its backend does.

    Raises:
        ReleaseToolsError: the backend could not be asked; see `ask_backend`.
    """
    return find_stated_name(context.project) or ask_backend(context).name


def _ask(context: Context) -> Message:
    refuse_credentials(context.env, allowed=context.config.allow_credentials_in_build)
    require_python(context.project)
    repository = open_repository(context)
    head = repository.head()
    tags = repository.tags().keys() - find_floating_tags(repository, find_tag_format(context))
    clone = clone_between_tags(repository, context.scratch / _FOLDER, head, sorted(tags))
    source = clone / context.project.relative_to(repository.root)
    time = max(head.time, _FIRST_ZIP_TIME)
    with PythonBuilder(context.scratch, context.env, time, context.background) as builder:
        return builder.metadata(source)


def _find_known_metadata(context: Context) -> Message | None:
    paths = list((context.scratch / "metadata").glob("*.dist-info/METADATA"))
    return HeaderParser().parsestr(paths[0].read_text(encoding="utf-8")) if paths else None
