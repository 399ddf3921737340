"""Prove that a wheel and the conda packages made from it are equal: files, version, commands and requirements."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from release_tools.artifacts import CondaPackage, Wheel
from release_tools.model.note import Note, State
from release_tools.model.versions import format_conda_version
from release_tools.recipe import noarch
from release_tools.recipe.names import Names
from release_tools.recipe.requirements import translate
from release_tools.wording import count, list_some

_ADVICE: Final = "Build the conda package from this wheel again."


def compare_contents(wheel: Wheel, packages: Sequence[CondaPackage], names: Names) -> tuple[Note, ...]:
    """Compare a wheel with its conda packages.

    Args:
        wheel: what an index gets.
        packages: what a channel gets; metapackages among them are held against the real ones.
        names: the way from PyPI names to conda names.

    Raises:
        CondaError: the wheel's requirements cannot be expressed by conda, so there is nothing to compare with.
    """
    real = [package for package in packages if package.noarch == "python"]
    notes = [note for package in real for note in (*_check_files(wheel, package), *_check_identity(wheel, package))]
    notes += _check_requirements(wheel, real, names)
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
            yield Note(State.FAILED, f"{package.path.name}: {count(len(paths), 'file')} {fault}", detail, _ADVICE)
    if not any(faults.values()):
        detail = f"{package.path.name}; {differences}"
        yield Note(State.DONE, f"wheel and conda package have the same {count(same, 'file')}", detail)


def _read_expected(wheel: Wheel) -> tuple[Mapping[str, str], int, str]:
    """Return the digests that the conda package must have, by path, how many are the wheel's, and what is not."""
    kept = [member for member in wheel.members if noarch.is_kept(wheel, member.name)]
    expected = {noarch.find_installed_path(member.name): member.sha256 for member in kept}
    scripts = [member.name for member in kept if noarch.is_script(member.name)]
    rewritten = 0
    for name, text in zip(scripts, wheel.read(*scripts), strict=True):
        if (script := noarch.with_prefix(text)) is not None:
            expected[noarch.find_installed_path(name)] = hashlib.sha256(script).hexdigest()
            rewritten += 1
    for path, content in noarch.write_added(wheel).items():
        expected[path] = hashlib.sha256(content).hexdigest()
    left_out = sum(member.name.endswith(".pyc") for member in wheel.members)
    words = ["RECORD is conda's own"]
    words += [f"the Python of the conda environment in {count(rewritten, 'script')}"] if rewritten else []
    words += [f"{count(left_out, 'bytecode file')} left out"] if left_out else []
    return expected, len(kept) - rewritten, ", ".join(words)


def _check_identity(wheel: Wheel, package: CondaPackage) -> Iterator[Note]:
    version = format_conda_version(wheel.metadata.version)
    if package.version != version:
        yield Note(State.FAILED, f"{package.path.name}: version {package.version}, not {version}", "", _ADVICE)
    else:
        yield Note(State.DONE, "wheel and conda package have the same version", version)
    commands = set(noarch.list_commands(wheel))
    if differing := commands ^ set(package.entry_points):
        yield Note(State.FAILED, f"{package.path.name}: other commands", list_some(sorted(differing)), _ADVICE)
    elif commands:
        yield Note(State.DONE, "wheel and conda package have the same commands", list_some(sorted(commands)))


def _check_requirements(wheel: Wheel, packages: Sequence[CondaPackage], names: Names) -> Iterator[Note]:
    """Return each package must carry one of the translations of the wheel's requirements, and each must be carried."""
    requirements = wheel.metadata.raw.get("requires_dist", [])
    missing = {
        frozenset(specs)
        for specs in translate(requirements, noarch.find_required_python(wheel), names).variants.values()
    }
    for package in packages:
        if (found := frozenset(package.depends)) in missing:
            missing.remove(found)
        else:
            yield Note(State.FAILED, f"{package.path.name}: other requirements", list_some(package.depends), _ADVICE)
    for specs in missing:
        yield Note(State.FAILED, "no conda package for these requirements", list_some(sorted(specs)), _ADVICE)
    if packages and not missing:
        detail = list_some([spec for package in packages for spec in package.depends])
        yield Note(State.DONE, "wheel and conda package have the same requirements", detail)


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
