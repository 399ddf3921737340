"""Build a wheel from the sdist of a compiled project, as a user without a wheel does."""

import re
from collections.abc import Iterator
from typing import Final

from packaging.tags import Tag

from release_tools.artifacts import Wheel, read_wheel
from release_tools.builders.python import PythonBuilder
from release_tools.checks.artifacts import ReleaseFiles
from release_tools.checks.platform_tags import is_pure
from release_tools.checks.wheel_set import find_installable
from release_tools.engine.archives import open_wheel
from release_tools.engine.context import Context
from release_tools.errors import ArchiveError, BuildError
from release_tools.model.artifact import ArtifactKind
from release_tools.model.note import Note, State
from release_tools.model.release import Release
from release_tools.system.credentials import refuse_credentials
from release_tools.wording import list_some

_TASK: Final = "build the sdist"
_EARLIEST: Final = 315_532_800
"""The first second of 1980: zip files know no earlier time."""
_REPAIRED: Final = re.compile(r"\.(?:libs|dylibs)/|\.dist-info/(?:sboms/|RECORD$|WHEEL$)|/\.dylibs/|_distributor_init")
"""Members that a repair adds or changes."""
_UNREACHABLE: Final = re.compile(
    r"connect|dns|resolve host|name resolution|timed out|failed to fetch|in the cache", re.IGNORECASE
)
_INSTALLER: Final = re.compile(r": (?:uv|pip)\b")
_ADVICE: Final = (
    "Add the files that are missing to the sdist. If a build needs what only the build jobs install, set"
    " verify.sdist = false."
)


def start_sdist_build(context: Context, release: Release, files: ReleaseFiles) -> None:
    """Start to build the sdist, where `check_sdist_build` will."""
    if _is_wanted(context, release, files):
        context.background.start(_TASK, _check, context, release, files)


def check_sdist_build(context: Context, release: Release, files: ReleaseFiles) -> tuple[Note, ...]:
    """Build a wheel from the sdist, and compare its tags and members with the released wheel of this platform.

    Where this run or this job built wheels from the sdist, nothing is left to check; a pure project has no more than
    its one wheel.

    Raises:
        CredentialError: credentials for publishing are in the environment, where the build could read them.
    """
    if not _is_wanted(context, release, files):
        return ()
    return context.background.result(_TASK, _check, context, release, files)


def _is_wanted(context: Context, release: Release, files: ReleaseFiles) -> bool:
    is_built_here = release.source is not None or bool(release.job)
    is_compiled = any(not is_pure(wheel) for wheel in files.wheels)
    return is_compiled and bool(files.sdists) and not is_built_here and context.config.verify.install


def _check(context: Context, release: Release, files: ReleaseFiles) -> tuple[Note, ...]:
    [sdist, *_] = files.sdists
    name = sdist.path.name
    if not context.config.verify.sdist:
        return (Note(State.SKIPPED, f"{name} was not built: verify.sdist is false"),)
    chosen = find_installable(release.artifacts_of_kind(ArtifactKind.WHEEL))
    if chosen is None:
        return (Note(State.SKIPPED, f"{name} was not built: no wheel fits this Python and machine"),)
    refuse_credentials(context.env, allowed=context.config.allow_credentials_in_build)
    scratch = context.scratch / "sdist-build"
    scratch.mkdir()
    try:
        with PythonBuilder(scratch, context.env, max(release.commit_time, _EARLIEST), context.background) as builder:
            built = read_wheel(builder.build_wheel(sdist.path, scratch / "dist"))
    except (BuildError, ArchiveError) as error:
        return (_describe_failure(name, error),)
    return tuple(_compare(name, built, open_wheel(context.background, chosen)))


def _describe_failure(name: str, error: BuildError | ArchiveError) -> Note:
    lines = [error.message, *error.faults]
    if _INSTALLER.search(error.message) and any(map(_UNREACHABLE.search, lines)):
        advice = "Run again online, or with --no-verify-sdist."
        return Note(State.WARNING, f"{name} was not built: its requirements could not be fetched", lines[-1], advice)
    return Note(State.FAILED, f"{name} cannot be built", list_some(lines, separator="; "), _ADVICE)


def _compare(name: str, built: Wheel, released: Wheel) -> Iterator[Note]:
    """Yield how a wheel that was built from the sdist differs from the released one of this platform."""
    if _strip_platforms(built.tags) != _strip_platforms(released.tags):
        text = f"{name} builds {built.path.name}, which is for other Pythons than {released.path.name}"
        yield Note(State.FAILED, text, advice="Build all wheels from this sdist, with the same settings.")
        return
    ours, theirs = _list_members(built), _list_members(released)
    for names, text in ((theirs - ours, "lacks"), (ours - theirs, "has, and the released one lacks,")):
        if names:
            shown = list_some(sorted(names))
            yield Note(State.WARNING, f"the wheel that {name} builds {text} files of {released.path.name}", shown)
    yield Note(State.DONE, f"{name} builds", f"compared with {released.path.name}")


def _strip_platforms(tags: frozenset[Tag]) -> set[tuple[str, str, bool]]:
    return {(tag.interpreter, tag.abi, tag.platform == "any") for tag in tags}


def _list_members(wheel: Wheel) -> set[str]:
    return {member.name for member in wheel.members if not _REPAIRED.search(member.name)}
