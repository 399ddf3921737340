"""Test our dependencies, each with a reason, a hash and no known fault, and our releases, which are signed."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from release_tools.config.loader import read_config
from tests.acting import ROOT

TABLE = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
PROJECT = tomllib.loads(TABLE)
LOCKED = re.compile(r"^([\w.-]+)==\S+(?: ;[^\n]*)? \\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+", re.MULTILINE)
LOCKS = ("requirements.lock", "requirements-ci.lock")


def plain(requirement: str) -> str:
    found = re.match(r"[\w.-]+", requirement)
    assert found
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def asked_for(*groups: str) -> set[str]:
    """Every requirement of ours, by name, and those of groups."""
    wanted = {plain(one) for one in PROJECT["project"]["dependencies"]}
    wanted |= {plain(one) for extra in PROJECT["project"]["optional-dependencies"].values() for one in extra}
    for group in groups:
        for one in PROJECT["dependency-groups"][group]:
            wanted |= asked_for(one["include-group"]) if isinstance(one, dict) else {plain(one)}
    return wanted


def test_every_dependency_has_its_reason() -> None:
    explained = {plain(name) for name in re.findall(r'^(?:\w+ = \[|  )"([^"]+)"[\],]* +# \w', TABLE, re.MULTILINE)}
    assert asked_for("ci", "bench") - explained == set()


@pytest.mark.parametrize(("name", "groups"), [(LOCKS[0], ()), (LOCKS[1], ("ci",))])
def test_a_lock_has_a_hash_for_everything_that_is_installed_and_no_address(name: str, groups: tuple[str, ...]) -> None:
    lock = (ROOT / name).read_text(encoding="utf-8")
    locked = LOCKED.findall(lock)
    assert asked_for(*groups) | {"uv"} <= set(locked), "nox -s lock"
    assert len(locked) == len(re.findall(r"^[^\s#]", lock, re.MULTILINE))
    assert not re.search(r"://|^-|--index|--find", lock, re.MULTILINE)


def test_continuous_integration_installs_by_hashes_and_looks_for_known_faults() -> None:
    ran = (ROOT / ".ci/run").read_text(encoding="utf-8")
    installs = [line for line in ran.splitlines() if re.search(r"\bpip install\b", line)]
    assert len(installs) == 2
    assert all("--require-hashes" in line or '-c "$lock" -b "$lock"' in line for line in installs)
    jobs = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8"))["jobs"]
    scripts = [step.get("run", "").strip() for job in jobs.values() for step in job["steps"]]
    for name in LOCKS:
        assert f"pip-audit --strict --disable-pip --require-hashes -r {name}" in scripts
    assert "zizmor --strict-collection --persona auditor ." in scripts


def test_our_own_releases_are_signed(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(TABLE, encoding="utf-8")
    assert read_config(tmp_path, {}, {}).attestations == "required"
    jobs = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8"))["jobs"]
    assert jobs["pypi"]["permissions"]["id-token"] == "write"
    assert "PASSWORD" not in str(jobs)
