"""Every case twice: the package read back, and the package installed."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from release_tools.artifacts import CondaPackage, read_conda, read_wheel
from release_tools.builders.conda import rattler
from release_tools.builders.conda.from_wheel import convert
from tests.services import probe
from tests.services.conda_cases import AVAILABLE, CASES, Case
from tests.support.conda import COMMIT_TIME, NEEDS_POSIX, Channel, once, read_back

each = pytest.mark.parametrize("case", [pytest.param(case, id=case.project.name) for case in CASES])


@dataclass(frozen=True)
class Prefix:
    """A prefix with every case installed, and what was found in it."""

    path: Path
    found: Mapping[str, Any]

    def run(self, command: str) -> str:
        env = {"PATH": f"{self.path / 'bin'}{os.pathsep}/usr/bin:/bin"}
        return subprocess.run([self.path / "bin" / command], env=env, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="session")
def prefix(shared: Path, conda_channel: Channel) -> Prefix:
    def make(folder: Path) -> None:
        cases = conda_channel.over(folder / "channel")
        for case in CASES:
            convert(read_wheel(case.project.wheel(folder)), cases.folder / "noarch", case.conversion, COMMIT_TIME)
        cases.add(*AVAILABLE)
        names = [case.conda or case.project.name.lower() for case in CASES]
        cases.install(folder / "prefix", "pip", *names, *(alias for case in CASES for alias in case.aliases))
        modules = [module for case in CASES for module in imported(case)]
        python = folder / "prefix" / "bin" / "python"
        reported = subprocess.run([python, probe.__file__, json.dumps(modules)], capture_output=True, check=True).stdout
        (folder / "found.json").write_bytes(reported)

    folder = once(shared / "conda-cases", make)
    return Prefix(folder / "prefix", json.loads((folder / "found.json").read_text()))


def imported(case: Case) -> tuple[str, ...]:
    return case.imports if case.project.bare else (*case.imports, case.project.module)


def converted(case: Case, folder: Path) -> CondaPackage:
    """The package of a case; of two for different systems, the one for Unix."""
    wheel = read_wheel(case.project.wheel(folder))
    packages = map(read_conda, convert(wheel, folder, case.conversion, COMMIT_TIME).paths)
    return next(package for package in packages if "__win" not in package.depends and package.noarch == "python")


@each
def test_a_package_says_what_its_wheel_says(case: Case, tmp_path: Path) -> None:
    package = converted(case, tmp_path)
    python, *others = package.depends
    names = {member.name for member in (*package.members, *package.info)}
    assert python == case.python
    assert set(others) == set(case.depends)
    assert names >= set(case.paths)
    assert not names & set(case.absent)
    assert package.entry_points == case.commands
    assert read_back(package) == ()


@pytest.mark.slow
@NEEDS_POSIX
@each
def test_an_installed_package_works(case: Case, prefix: Prefix, tmp_path: Path) -> None:
    found = prefix.found["distributions"][case.project.name]
    assert found["version"] == case.project.version
    assert found["installer"] == "conda"
    assert found["faults"] == []
    points = read_wheel(case.project.wheel(tmp_path)).entry_points
    assert found["points"] == [[point.group, point.name, point.value] for point in points]
    assert {module: prefix.found["imports"][module] for module in imported(case)} == dict.fromkeys(imported(case), "")
    for command, output in case.runs.items():
        assert prefix.run(command) == output.format(prefix=prefix.path) + "\n"
    outside = [path for path in case.paths if not path.startswith(("site-packages/", "python-scripts/", "info/"))]
    assert all((prefix.path / path).is_file() for path in outside)


@pytest.mark.slow
@NEEDS_POSIX
def test_pip_and_conda_agree_on_what_is_installed(prefix: Prefix) -> None:
    pypi = {case.conda: case.project.name for case in CASES if case.conda}
    aliases = {alias for case in CASES for alias in case.aliases}
    records = {record.name: Version(record.version) for record in rattler.list_installed(prefix.path)}
    assert {name: records[name] for name in aliases} == dict.fromkeys(aliases, Version("1.0"))
    expected = {
        canonicalize_name(pypi.get(name, name)): version
        for name, version in records.items()
        if name not in {"python", *aliases}
    }
    assert {canonicalize_name(one["name"]): Version(one["version"]) for one in prefix.found["list"]} == expected
    assert prefix.found["check"] == {"code": 0, "output": "No broken requirements found.\n"}
