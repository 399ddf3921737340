"""Define the errors, with one exit code a class.

A message says what happened and to which file or field; ``advice`` says what to do or type next. Several faults that
can be fixed at once are collected in ``faults``.
"""

from collections.abc import Iterable, Sequence
from typing import ClassVar

from release_tools.regular_files import UnsuitableFileError


class ReleaseToolsError(Exception):
    """An error that a person can act upon; never shown as a traceback.

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
    """The command line asks for something that does not exist or does not fit."""

    exit_code = 2


class ConfigError(ReleaseToolsError):
    """``[tool.release-tools]``, an option or an environment variable is wrong."""

    exit_code = 3


class RepositoryError(ReleaseToolsError):
    """The git repository is missing, empty, shallow, or not in the state that is needed."""

    exit_code = 4


class VersionError(ReleaseToolsError):
    """The version cannot be determined, is not PEP 440, or is not the tag's."""

    exit_code = 5


class BuildError(ReleaseToolsError):
    """The project's own build failed."""

    exit_code = 6


class ArchiveError(ReleaseToolsError):
    """A wheel, sdist or conda package is corrupt, hostile, or not what its name says."""

    exit_code = 7


class CondaError(ReleaseToolsError):
    """This project, as it is, cannot become a ``noarch: python`` conda package."""

    exit_code = 8


class VerifyError(ReleaseToolsError):
    """The artifacts were built but are not fit to be released."""

    exit_code = 9


class OutputError(ReleaseToolsError):
    """The output folder cannot be written, or holds what it must not hold."""

    exit_code = 10


def from_os_error(error: OSError) -> OutputError:
    """Return an error for what the operating system refused: no space, no permission, or a failing disk."""
    where = f"{error.filename}: " if error.filename else ""
    is_wrong_file = isinstance(error, UnsuitableFileError)
    advice = "Is it the right file?" if is_wrong_file else "Check the free space and your permission to write there."
    return OutputError(f"{where}{error.strerror or error}", advice)


class ConflictError(ReleaseToolsError):
    """A destination has other bytes, or another commit, under this release's name."""

    exit_code = 11


class CredentialError(ReleaseToolsError):
    """A credential is missing, malformed, refused, or where it must not be."""

    exit_code = 12


class RemoteError(ReleaseToolsError):
    """A server failed or could not be reached; running the same command again continues."""

    exit_code = 13


class UnreachableError(RemoteError):
    """A server did not answer, or failed: whether an action was applied is unknown until it is checked.

    Attributes:
        wait: seconds that the server asked to wait for before trying again; 0 where it did not.
    """

    wait: float = 0.0


class PreflightError(ReleaseToolsError):
    """Something known before the first irreversible change forbids the release; nothing was published."""

    exit_code = 14


class RecipeError(ReleaseToolsError):
    """A conda recipe has an unknown structure; it was not changed."""

    exit_code = 15


class DriftError(ReleaseToolsError):
    """Two things that are compared do not agree: a feedstock's recipe, or a generated workflow."""

    exit_code = 16


class HistoryError(ReleaseToolsError):
    """The changelog, the commits or the public API lack what was requested."""

    exit_code = 17
