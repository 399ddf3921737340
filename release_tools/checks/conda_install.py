"""The conda packages: read back by rattler-build, equal to the wheel, and installed where a channel can be reached."""

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from packaging.utils import canonicalize_name

from release_tools.artifacts import CondaPackage, Wheel
from release_tools.builders.conda import rattler
from release_tools.builders.conda.base import CondaProject
from release_tools.builders.conda.from_wheel import WheelConverter
from release_tools.builders.conda.rattler_build import find_disagreements, read_packages, run_tests
from release_tools.builders.conda.registry import choose_builder
from release_tools.checks import parity
from release_tools.checks.artifacts import ReleaseFiles
from release_tools.checks.conda_platforms import check_conda_platforms
from release_tools.checks.recipe_parity import compare_pairs, find_python
from release_tools.checks.smoke_test import InstalledWheel, inspect_installation
from release_tools.engine.context import Context
from release_tools.errors import CondaError, UnreachableError, VerifyError
from release_tools.model.artifact import ArtifactKind
from release_tools.model.note import Note, Skip, State
from release_tools.model.release import Release
from release_tools.planning.conda_targets import NOARCH, list_subdirs_of_jobs
from release_tools.recipe.names import Names
from release_tools.system.credentials import remove_credentials
from release_tools.system.process import ProcessError


def check_parity(context: Context, release: Release, subject: ReleaseFiles) -> tuple[Note, ...]:
    """Compare what rattler-build reads with what we read, and the conda packages with the wheels."""
    notes = [*_compare_with_rattler_build(context, subject.condas)]
    notes += check_conda_platforms(subject.condas)
    if not subject.condas:
        return tuple(notes)
    names = Names(overrides=context.config.conda.names)
    if not _is_converted(context, release, subject.wheels):
        by_project = CondaProject(context, release).recipe is not None
        return (*notes, *compare_pairs(subject.wheels, subject.condas, names, by_project=by_project))
    subdirs = list_subdirs_of_jobs(context.config.wheels.jobs)
    for wheel in subject.wheels:
        try:
            notes += parity.compare_contents(wheel, subject.condas, names, subdirs)
        except CondaError as error:
            notes.append(Note.of_error(error))
    return tuple(notes)


def start_reading_back(context: Context, release: Release) -> None:
    """Start to have rattler-build read the conda packages."""
    paths = tuple(artifact.path for artifact in release.artifacts_of_kind(ArtifactKind.CONDA))
    if paths:
        context.background.start(_name_reading(paths), read_packages, paths, context.env)


def _name_reading(paths: Sequence[Path]) -> str:
    return f"rattler-build reads {' '.join(map(str, paths))}"


def _compare_with_rattler_build(context: Context, packages: Sequence[CondaPackage]) -> Iterator[Note]:
    """Yield a fault for all that rattler-build reads otherwise than we do."""
    paths = tuple(package.path for package in packages)
    try:
        read = context.background.result(_name_reading(paths), read_packages, paths, context.env) if paths else ()
    except ProcessError as error:
        yield Note(State.FAILED, f"rattler-build cannot read the conda packages: {error.message}")
        return
    for package, found in zip(packages, read, strict=True):
        for fault in find_disagreements(package, found):
            yield Note(State.FAILED, f"{package.path.name}: {fault}")


def _is_converted(context: Context, release: Release, wheels: Sequence[Wheel]) -> bool:
    """Return whether the conda packages of a release are conversions of its wheels, and so the same files.

    Wheels for single platforms are never converted; there is no build plan where the files come from another job.
    """
    if any(tag.platform != "any" for wheel in wheels for tag in wheel.tags):
        return False
    chosen = choose_builder(CondaProject(context, release))
    return isinstance(chosen, Skip) or chosen.builder.name == WheelConverter.name


def check_conda_installation(context: Context, subject: ReleaseFiles) -> tuple[Note, ...]:
    """Install the packages of this platform into prefixes and use them, and run the tests that they carry."""
    if not subject.condas:
        return ()
    packages = [package for package in subject.condas if _is_for_this_machine(package)]
    if not_installed := _explain_not_installed(context, packages):
        return (not_installed,)
    everything = [_create_own_channel(context.scratch / "channel", subject).as_uri(), *context.config.conda.channels]
    notes = [*_check_each_python(context, subject.wheels, packages, everything)]
    if all(note.state is State.DONE for note in notes):
        notes += _check_tests(context, packages, everything)
    return tuple(notes)


def _explain_not_installed(context: Context, packages: Sequence[CondaPackage]) -> Note | None:
    """Return why these packages, which are for this machine, are not installed; None where they are."""
    if not context.config.verify.conda_install:
        return Note(State.SKIPPED, "conda package not installed: verify.conda-install is false")
    if not packages:
        return Note(State.SKIPPED, "conda packages not installed: they are for other platforms")
    if reason := _explain_unreachable(context, packages):
        advice = "Run again where a channel of conda.channels can be reached."
        text = "conda package not installed: no reachable conda channel provides Python"
        return Note(State.SKIPPED, text, " ".join(reason.split()), advice)
    return None


def _check_each_python(
    context: Context, wheels: Sequence[Wheel], packages: Sequence[CondaPackage], channels: list[str]
) -> Iterator[Note]:
    """Install the packages for each Python that they are built for; those for every Python go with each."""
    pythons = {find_python(package) for package in packages}
    for python in sorted(pythons - {""}) or [""]:
        chosen = [package for package in packages if find_python(package) in ("", python)]
        try:
            yield from _check_installation(context, wheels, chosen, channels, python)
        except UnreachableError as error:
            yield Note(State.WARNING, "conda package not installed", error.message, error.advice)
        except VerifyError as error:
            yield Note(State.FAILED, error.message, advice=error.advice)


def _is_for_this_machine(package: CondaPackage) -> bool:
    return package.subdir in ("", NOARCH) or package.subdir == rattler.find_this_subdir()


def _explain_unreachable(context: Context, packages: Sequence[CondaPackage]) -> str:
    """Return why what the packages require cannot be installed; empty where it can, or where they require nothing."""
    ours = {package.name for package in packages}
    required = {spec.split()[0] for package in packages for spec in package.depends} - ours
    if not required:
        return ""
    return context.unreachable_channel or rattler.explain_unavailable(context.config.conda.channels)


def _create_own_channel(folder: Path, subject: ReleaseFiles) -> Path:
    """Return a channel that holds just this release."""
    for package in subject.condas:
        (folder / package.subdir).mkdir(parents=True, exist_ok=True)
        shutil.copy(package.path, folder / package.subdir)
    rattler.index_channel(folder)
    return folder


def _check_installation(
    context: Context, wheels: Sequence[Wheel], packages: Sequence[CondaPackage], channels: list[str], minor: str
) -> Iterator[Note]:
    """Install packages into a prefix, with one Python if `minor` says so, and use them there."""
    prefix = context.scratch / f"prefix{minor}"
    names = {package.name: package.version for package in packages}
    specs = [f"{name} =={version}" for name, version in names.items()]
    specs += [f"python 3.{minor}.*"] if minor else []
    rattler.install(prefix, specs, channels)
    python, scripts = _locate_python(prefix)
    wheel = next(iter(wheels), None)
    if wheel is None or not python.exists() or not _has_project(prefix, wheel):
        yield Note(State.DONE, "the conda packages install into a prefix", ", ".join(sorted(names)))
        return
    path = os.pathsep.join(filter(None, (str(scripts), str(prefix), context.env.get("PATH"))))
    env = remove_credentials(context.env) | {"PATH": path, "CONDA_PREFIX": str(prefix)}
    with_python = f", with Python 3.{minor}" if minor else ""
    text_of_result = f"the conda package installs into a prefix and imports{with_python}"
    installed = InstalledWheel(str(python), env, prefix, text_of_result)
    yield from inspect_installation(installed, wheel, context.config.verify.imports or wheel.import_names)


def _locate_python(prefix: Path) -> tuple[Path, Path]:
    """Return where the interpreter of a prefix is, and the folder of its commands."""
    if os.name == "nt":
        return prefix / "python.exe", prefix / "Scripts"
    return prefix / "bin" / "python", prefix / "bin"


def _has_project(prefix: Path, wheel: Wheel) -> bool:
    """Return whether what a wheel installs is in a prefix, too."""
    found = (path.rpartition("/site-packages/")[2] for one in rattler.list_installed(prefix) for path in one.files)
    names = {path.partition("-")[0] for path in found if path.endswith(".dist-info/METADATA")}
    return canonicalize_name(wheel.metadata.name) in set(map(canonicalize_name, names))


def _check_tests(context: Context, packages: Sequence[CondaPackage], channels: list[str]) -> Iterator[Note]:
    """Run the tests that packages carry."""
    for package in packages:
        for tested in run_tests(package.path, channels, context.env):
            if tested.passed:
                yield Note(State.DONE, f"{package.path.name} passes its own tests", "by rattler-build")
            else:
                yield Note(State.FAILED, f"{package.path.name} fails its tests", " ".join(tested.output[-3:]))
