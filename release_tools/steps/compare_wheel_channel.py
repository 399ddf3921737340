"""Show what conda users get of the wheel through the conda-pypi channel, and how it differs from our conda package."""

from collections.abc import Iterator
from pathlib import Path

from release_tools.artifacts import Wheel
from release_tools.builders.conda import rattler
from release_tools.engine.archives import open_wheel
from release_tools.engine.context import Context
from release_tools.errors import CondaError, RemoteError
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.note import Note, Skip, State
from release_tools.model.release import Release
from release_tools.publishers.destinations import parse_route
from release_tools.publishers.package_index.index import PYPI
from release_tools.recipe.names import Names
from release_tools.recipe.noarch import find_required_python
from release_tools.recipe.requirements import Translated, translate
from release_tools.recipe.wheel_channel import WheelRecord, compare_with_package, describe_wheel

NO_CHANNEL = "none"
_TIMEOUT = 20
"""Seconds after which the channel is no longer waited for."""


def compare_wheel_channel(context: Context, release: Release) -> Release | Skip:
    """Compare the record that the channel will make of the wheel with our conda package, and have it solved."""
    channel = context.config.conda.wheel_channel
    if channel == NO_CHANNEL:
        return Skip("conda.wheel-channel is none")
    if PYPI not in parse_route(context.config, release.kind):
        return Skip("this version does not go to PyPI, where the channel gets its wheels")
    pure = _find_pure_wheel(release)
    if pure is None:
        return Skip(f"{channel} has pure wheels only, and this project has none")
    wheel = open_wheel(context.background, pure)
    try:
        context.report.add(*_compare(context, pure, wheel))
    except CondaError as error:
        context.report.add(Note.of_error(error, State.WARNING))
    return release


def _find_pure_wheel(release: Release) -> Artifact | None:
    wheels = release.artifacts_of_kind(ArtifactKind.WHEEL)
    return next((one for one in wheels if one.filename.endswith("-none-any.whl")), None)


def _compare(context: Context, artifact: Artifact, wheel: Wheel) -> Iterator[Note]:
    """Yield what the channel has, each difference, and what a solver says.

    Raises:
        CondaError: a requirement cannot be read or expressed.
    """
    conda = context.config.conda
    record = describe_wheel(wheel.metadata.raw, artifact.filename, artifact.sha256, artifact.size)
    title = f"{conda.wheel_channel} will have {record.name} {record.version}"
    yield Note(State.INFO, title, ", ".join(record.depends))
    names = Names(conda.names)
    try:
        ours = translate(wheel.metadata.raw.get("requires_dist", []), find_required_python(wheel), names)
    except CondaError as error:
        ours = Translated(())
        yield Note(State.INFO, "there is no noarch conda package to compare it with", "; ".join(error.faults))
    own_name = conda.name or names.conda_name(wheel.metadata.raw.get("name", "")).conda
    differences = compare_with_package(record, own_name, ours, names)
    for difference in differences:
        yield Note(State.WARNING, difference)
    if not differences:
        yield Note(State.DONE, "it has the same requirements as the conda package that was built")
    yield _solve(context, record)


def _solve(context: Context, record: WheelRecord) -> Note:
    """Return whether a solver installs the record, from the channels of conda packages and that of wheels."""
    channels = context.config.conda.channels
    reason = context.unreachable_channel if channels else "conda.channels is empty"
    if reason:
        return Note(State.SKIPPED, "not tested with a solver", reason)
    folder = context.scratch / "wheel-channel"
    _write_channel(folder, record)
    every = [folder.as_uri(), *channels]
    if _is_readable(context, record):
        every.append(context.config.conda.wheel_channel)
    reason = rattler.explain_unavailable(every, specs=[f"{record.name} =={record.version}"])
    if reason:
        return Note(State.WARNING, "a solver cannot install it", reason)
    return Note(State.DONE, "a solver installs it", f"with {', '.join(every[1:])}")


def _is_readable(context: Context, record: WheelRecord) -> bool:
    """Return whether the channel itself answers; it has the dependencies that no conda package is made of."""
    address = rattler.find_address(context.config.conda.wheel_channel)
    if not context.http.reaches(address):
        return False
    try:
        rattler.find_unmet([record.name], [address], timeout=min(context.config.network.timeout, _TIMEOUT))
    except RemoteError:
        return False
    return True


def _write_channel(folder: Path, record: WheelRecord) -> None:
    (folder / "noarch").mkdir(parents=True, exist_ok=True)
    (folder / "noarch" / "repodata.json").write_text(record.dump(), encoding="utf-8", newline="\n")
