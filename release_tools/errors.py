"""Define the errors, with one exit code a class.

A message says what happened and to which file or field; ``advice`` says what to do or type next. Several faults that
can be fixed at once are collected in ``faults``.
"""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from release_tools.regular_files import UnsuitableFileError


class ReleaseToolsError(Exception):
    """Any other error that you can fix; it is never shown as a traceback.

    Attributes:
        exit_code: the process's exit code, one a class.
        message: what happened, and to which file or field.
        advice: what to do or type next; empty where the message says it.
        faults: the single faults, where several were collected.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, advice: str = "", *, faults: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice
        self.faults = tuple(faults)

    def __str__(self) -> str:
        """Return the message, its faults and its advice, a line each."""
        return "\n".join(filter(None, (self.message, *(f"  - {fault}" for fault in self.faults), self.advice)))


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the end of a message about an unknown name: the most similar known one; empty where none is similar."""
    import difflib

    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


class UsageError(ReleaseToolsError):
    """The command line names something that does not exist or does not fit together."""

    exit_code = 2


class ConfigError(ReleaseToolsError):
    """A setting in ``[tool.release-tools]``, an option or an environment variable is invalid."""

    exit_code = 3


class RepositoryError(ReleaseToolsError):
    """The git repository is missing, empty, shallow, or not in the required state."""

    exit_code = 4


class VersionError(ReleaseToolsError):
    """The version cannot be determined, does not follow PEP 440, or differs from the tag."""

    exit_code = 5


class BuildError(ReleaseToolsError):
    """The project's own build failed."""

    exit_code = 6


class ArchiveError(ReleaseToolsError):
    """A wheel, sdist or conda package is corrupt, malicious, or does not match its file name."""

    exit_code = 7


class CondaError(ReleaseToolsError):
    """The project cannot be packaged for conda without a recipe of its own."""

    exit_code = 8


class VerifyError(ReleaseToolsError):
    """The artifacts were built but must not be released as they are."""

    exit_code = 9


class OutputError(ReleaseToolsError):
    """The output folder is not writable, or contains files that must not be there."""

    exit_code = 10


def from_os_error(error: OSError) -> OutputError:
    """Return an error for what the operating system refused: no space, no permission, or a failing disk."""
    where = f"{error.filename}: " if error.filename else ""
    is_wrong_file = isinstance(error, UnsuitableFileError)
    advice = (
        "Check that it is the right file."
        if is_wrong_file
        else "Check the free space and your permission to write there."
    )
    return OutputError(f"{where}{error.strerror or error}", advice)


class ConflictError(ReleaseToolsError):
    """A destination already has a different file, or a different commit, under the same name."""

    exit_code = 11


class CredentialError(ReleaseToolsError):
    """A credential is missing, malformed or refused, or it is set where it must not be."""

    exit_code = 12


class RemoteError(ReleaseToolsError):
    """A server failed or could not be reached; run the same command again to continue."""

    exit_code = 13


class UnreachableError(RemoteError):
    """A server did not answer, or failed, so it is unknown if an action was applied; run the command again to check.

    Attributes:
        wait: seconds that the server asked to wait for before trying again; 0 where it did not.
    """

    wait: float = 0.0


class PreflightError(ReleaseToolsError):
    """A problem was found before the first irreversible change; nothing was published."""

    exit_code = 14


class RecipeError(ReleaseToolsError):
    """A conda recipe has a structure that release-tools does not know; it was not changed."""

    exit_code = 15


class DriftError(ReleaseToolsError):
    """A feedstock's recipe differs from the project, or a generated workflow is out of date."""

    exit_code = 16


class HistoryError(ReleaseToolsError):
    """The requested information is not in the changelog, the commits or the public API."""

    exit_code = 17
