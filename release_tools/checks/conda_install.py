"""The conda packages: read back by rattler-build, equal to the wheel, and installed where a channel is at hand."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from release_tools.artifacts import Wheel
from release_tools.builders.conda import rattler
from release_tools.builders.conda.rattler_build import read_back, run_tests
from release_tools.checks import parity
from release_tools.checks.artifacts import ReleaseFiles
from release_tools.checks.smoke_test import InstalledWheel, inspect_installation
from release_tools.engine.context import Context
from release_tools.errors import CondaError, UnreachableError, VerifyError
from release_tools.model.note import Note, State
from release_tools.recipe.names import Names
from release_tools.system.credentials import without_credentials


def check_parity(context: Context, subject: ReleaseFiles) -> tuple[Note, ...]:
    """What rattler-build reads is what we read, and it is what the wheel holds."""
    notes = [
        Note(State.FAILED, f"{package.path.name}: {fault}")
        for package in subject.condas
        for fault in read_back(package)
    ]
    for wheel in subject.wheels if subject.condas else ():
        try:
            notes += parity.compare_contents(wheel, subject.condas, Names(overrides=context.config.conda.names))
        except CondaError as error:
            notes.append(Note(State.FAILED, error.message, "; ".join(error.faults), error.advice))
    return tuple(notes)


def check_conda_installation(context: Context, subject: ReleaseFiles, wheel: Wheel) -> tuple[Note, ...]:
    """Install the packages into a prefix and use them, and run the tests that they carry."""
    if not context.config.verify.conda_install:
        return (Note(State.SKIPPED, "conda package not installed: verify.conda-install is false"),)
    channels = context.config.conda.channels
    if reason := context.cut_off or rattler.why_not(channels):
        advice = "Run again where one of conda.channels can be reached."
        return (
            Note(
                State.SKIPPED,
                "conda package not installed: no channel with Python at hand",
                " ".join(reason.split()),
                advice,
            ),
        )
    own = _own_channel(context.scratch / "channel", subject)
    try:
        return tuple(_installed(context, subject, wheel, [own.as_uri(), *channels]))
    except UnreachableError as error:
        return (Note(State.WARNING, "conda package not installed", error.message, error.advice),)
    except VerifyError as error:
        return (Note(State.FAILED, error.message, advice=error.advice),)


def _own_channel(folder: Path, subject: ReleaseFiles) -> Path:
    """A channel that holds just this release."""
    for package in subject.condas:
        (folder / package.subdir).mkdir(parents=True, exist_ok=True)
        shutil.copy(package.path, folder / package.subdir)
    rattler.index(folder)
    return folder


def _installed(context: Context, subject: ReleaseFiles, wheel: Wheel, channels: list[str]) -> Iterator[Note]:
    prefix = context.scratch / "prefix"
    names = {package.name: package.version for package in subject.condas}
    rattler.install(prefix, [f"{name} =={version}" for name, version in names.items()], channels)
    scripts = prefix / ("Scripts" if os.name == "nt" else "bin")
    python = prefix / "python.exe" if os.name == "nt" else scripts / "python"
    path = os.pathsep.join(filter(None, (str(scripts), str(prefix), context.env.get("PATH"))))
    env = without_credentials(context.env) | {"PATH": path, "CONDA_PREFIX": str(prefix)}
    installed = InstalledWheel(str(python), env, prefix, "the conda package installs into a prefix and imports")
    yield from inspect_installation(installed, wheel, context.config.verify.imports or wheel.import_names)
    for package in subject.condas:
        for tested in run_tests(package.path, channels, context.env):
            if tested.passed:
                yield Note(State.DONE, f"{package.path.name} passes the tests that it carries", "by rattler-build")
            else:
                yield Note(State.FAILED, f"{package.path.name} fails its tests", " ".join(tested.output[-3:]))
