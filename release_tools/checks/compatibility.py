"""Check that a patch release does not break the public API."""

from typing import TYPE_CHECKING, Final

from packaging.version import Version

from release_tools.engine.context import Context
from release_tools.errors import HistoryError
from release_tools.history.bump import VersionScheme, is_patch
from release_tools.history.tagged_releases import PastRelease, find_last_final
from release_tools.model.note import Note, State
from release_tools.model.release import Kind, Release
from release_tools.wording import list_some

if TYPE_CHECKING:
    from release_tools.project.project_history import ProjectHistory

_SHOWN: Final = 3


def check_compatibility(context: Context, release: Release) -> tuple[Note, ...]:
    """Compare the public API with that of the last final release, where this one only raises the patch number.

    It reads source for a second or two, while the packages are being installed.
    """
    if release.source is None or release.kind is Kind.DEV:
        return ()
    from release_tools.project.project_history import ProjectHistory

    history, version = ProjectHistory.reuse(context, release), Version(release.version)
    before = _find_patched(history, version)
    if before is None:
        return ()
    try:
        broken = history.api_changes(before).broken
    except HistoryError as error:
        return (Note(State.INFO, f"the public API was not compared with {before.tag}", error.message),)
    if not broken:
        return (Note(State.DONE, f"the public API of {before.tag} is kept"),)
    return (
        Note(
            State.WARNING,
            f"{version} is a patch release, but breaks the public API of {before.tag}",
            list_some(broken, _SHOWN, "; "),
            "Restore what users call, or release it under a higher version: release-tools next",
        ),
    )


def _find_patched(history: "ProjectHistory", version: Version) -> PastRelease | None:
    """Return the release that a version only patches, by semantic versioning; None for any other version."""
    if history.scheme is not VersionScheme.SEMVER:
        return None
    before = find_last_final(known for known in history.releases if known.version < version)
    return before if before and is_patch(before.version, version) else None
