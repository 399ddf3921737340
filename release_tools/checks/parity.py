"""Prove that a wheel and the conda packages made from it are equal: files, version, commands and requirements."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Final

from release_tools.artifacts import CondaPackage, Wheel
from release_tools.model.note import Note, State
from release_tools.model.versions import format_conda_version
from release_tools.planning.conda_targets import NOARCH, USUAL_SUBDIRS
from release_tools.recipe import noarch
from release_tools.recipe.names import Names
from release_tools.recipe.requirements import translate
from release_tools.wording import count, list_some

_ADVICE: Final = "Build the conda package from this wheel again."


def compare_contents(
    wheel: Wheel, packages: Sequence[CondaPackage], names: Names, subdirs: Sequence[str] = USUAL_SUBDIRS
) -> tuple[Note, ...]:
    """Compare a wheel with its conda packages.

    Args:
        wheel: what an index gets.
        packages: what a channel gets; metapackages among them are held against the real ones.
        names: the way from PyPI names to conda names.
        subdirs: the platforms that have a package of their own, if ``noarch`` cannot express the requirements.

    Raises:
        CondaError: the wheel's requirements cannot be expressed by conda, so there is nothing to compare with.
    """
    real = [package for package in packages if package.noarch == "python"]
    found = [note for package in real for note in (*_check_files(wheel, package), *_check_identity(wheel, package))]
    notes = [*dict.fromkeys(found)]  # what all packages have in common is said once
    notes += _check_requirements(wheel, real, names, subdirs)
    for package in packages:
        if package.noarch == "generic":
            notes += _check_alias(package, real)
    return tuple(notes)


def _check_files(wheel: Wheel, package: CondaPackage) -> Iterator[Note]:
    expected, same, differences = _read_expected(wheel)
    found = {member.name: member.sha256 for member in package.members}
    faults = {
        "not in the conda package": expected.keys() - found.keys(),
        "not in the wheel": found.keys() - expected.keys(),
        "with different content": {name for name in expected.keys() & found.keys() if expected[name] != found[name]},
    }
    for fault, paths in faults.items():
        if paths:
            detail = list_some(sorted(paths))
            yield Note(State.FAILED, f"{_name(package)}: {count(len(paths), 'file')} {fault}", detail, _ADVICE)
    if not any(faults.values()):
        yield Note(State.DONE, f"wheel and conda package have the same {count(same, 'file')}", differences)


def _read_expected(wheel: Wheel) -> tuple[Mapping[str, str], int, str]:
    """Return the digests that the conda package must have, by path, how many are the wheel's, and what is not."""
    kept = [member for member in wheel.members if noarch.is_kept(wheel, member.name)]
    expected = {noarch.find_installed_path(member.name): member.sha256 for member in kept}
    rewritten = _read_rewritten(wheel, [member.name for member in kept if noarch.is_script(member.name)])
    changed = rewritten | noarch.write_added(wheel)
    expected |= {path: hashlib.sha256(content).hexdigest() for path, content in changed.items()}
    left_out = sum(member.name.endswith(".pyc") for member in wheel.members)
    words = ["RECORD is conda's own"]
    words += [f"the Python of the conda environment in {count(len(rewritten), 'script')}"] if rewritten else []
    words += [f"{count(left_out, 'bytecode file')} left out"] if left_out else []
    return expected, len(kept) - len(rewritten), ", ".join(words)


def _read_rewritten(wheel: Wheel, scripts: Sequence[str]) -> dict[str, bytes]:
    """Return the scripts whose first line names the Python of the conda environment, by their paths in the package."""
    written = zip(scripts, map(noarch.with_prefix, wheel.read(*scripts)), strict=True)
    return {noarch.find_installed_path(name): script for name, script in written if script is not None}


def _check_identity(wheel: Wheel, package: CondaPackage) -> Iterator[Note]:
    version = format_conda_version(wheel.metadata.version)
    if package.version != version:
        yield Note(State.FAILED, f"{_name(package)}: version {package.version}, not {version}", "", _ADVICE)
    else:
        yield Note(State.DONE, "wheel and conda package have the same version", version)
    commands = set(noarch.list_commands(wheel))
    if differing := commands ^ set(package.entry_points):
        yield Note(State.FAILED, f"{_name(package)}: other commands", list_some(sorted(differing)), _ADVICE)
    elif commands:
        yield Note(State.DONE, "wheel and conda package have the same commands", list_some(sorted(commands)))


def _check_requirements(
    wheel: Wheel, packages: Sequence[CondaPackage], names: Names, subdirs: Sequence[str]
) -> Iterator[Note]:
    """Check that each package has one of the translations of the wheel's requirements, and that none is missing."""
    requirements = wheel.metadata.raw.get("requires_dist", [])
    translated = translate(requirements, noarch.find_required_python(wheel), names, subdirs=subdirs)
    expected = {(variant.subdir, frozenset(variant.depends)) for variant in translated.variants}
    found = {(package.subdir, frozenset(package.depends)): package for package in packages}
    for key, package in found.items():
        if key not in expected:
            yield Note(State.FAILED, f"{_name(package)}: other requirements", list_some(package.depends), _ADVICE)
    for subdir, specs in sorted(expected - found.keys(), key=str):
        text = f"no conda package in {subdir} for these requirements"
        yield Note(State.FAILED, text, list_some(sorted(specs)), _ADVICE)
    if packages and found.keys() == expected:
        needed = dict.fromkeys(chain.from_iterable(package.depends for package in packages))
        yield Note(State.DONE, "wheel and conda package have the same requirements", list_some([*needed]))


def _name(package: CondaPackage) -> str:
    """Return the package's file, with its subdir where that says for which platform it is."""
    return package.path.name if package.subdir == NOARCH else f"{package.subdir}/{package.path.name}"


def _check_alias(package: CondaPackage, real: Sequence[CondaPackage]) -> Iterator[Note]:
    pinned = {(f"{other.name} =={other.version}",) for other in real}
    if package.depends in pinned and not package.members:
        yield Note(State.DONE, f"{package.name} is a metapackage for {package.depends[0]}", package.path.name)
    else:
        yield Note(
            State.FAILED,
            f"{package.path.name} is not a metapackage for this release",
            list_some(package.depends),
            _ADVICE,
        )
