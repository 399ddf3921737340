"""``release-tools build --job``: what a job that builds wheels refuses before it builds anything."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from release_tools.artifacts import manifest
from release_tools.builders.cibuildwheel import read_cibuildwheel_version
from tests.compiled.plans import Jobs, copy_jobs, plan_of
from tests.conftest import Run

pytestmark = pytest.mark.skipif(not read_cibuildwheel_version(), reason="no cibuildwheel: uv pip install cibuildwheel")


def change_sdist(source: Path) -> None:
    sdist = source / "demo-1.0.tar.gz"
    sdist.write_bytes(sdist.read_bytes() + b"x")


def remove_sdist(source: Path) -> None:
    (source / "demo-1.0.tar.gz").unlink()


def shrink_plan(source: Path) -> None:
    plan = plan_of(source)
    plan["jobs"] = plan["jobs"][:2]
    (source / "plan.json").write_text(json.dumps(plan, indent=2) + "\n")


def remove_plan(source: Path) -> None:
    (source / "plan.json").unlink()


def break_plan(source: Path) -> None:
    (source / "plan.json").write_text('{"schema": 1}')


def fact(name: str, value: str) -> Callable[[Path], None]:
    def change(source: Path) -> None:
        facts = json.loads((source / "release.json").read_text()) | {name: value}
        (source / "release.json").write_text(json.dumps(facts))

    return change


FAULTS: dict[str, tuple[Callable[[Path], None], int, str]] = {
    "another sdist": (change_sdist, 14, "demo-1.0.tar.gz"),
    "no sdist": (remove_sdist, 14, "demo-1.0.tar.gz"),
    "another plan": (shrink_plan, 14, "plan.json"),
    "no plan": (remove_plan, 10, "plan.json"),
    "half a plan": (break_plan, 10, "plan.json"),
    "another commit": (fact("commit", "a" * 40), 14, "a" * 40),
    "another version": (fact("version", "1.1"), 14, "1.1"),
    "the digest of another plan": (fact("plan", "b" * 64), 14, "b" * 64),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_job_builds_from_nothing_else_than_the_source_job_made(
    run: Run, tmp_path: Path, built: Jobs, name: str
) -> None:
    change, code, named = FAULTS[name]
    jobs = copy_jobs(built, tmp_path / "jobs")
    change(jobs.folder("source"))
    where = ("-C", jobs.checkout.root, "--packages-dir", jobs.folder("source"))
    said = run("build", "--job", "linux-x86_64", *where, "--expect", jobs.expect)
    assert said.code == code, said.err
    assert named in said.err
    assert not list(jobs.folder("source").glob("*.whl"))


def test_a_job_builds_what_the_checked_out_commit_is(run: Run, tmp_path: Path, built: Jobs) -> None:
    jobs = copy_jobs(built, tmp_path / "jobs")
    other = replace(jobs.source, commit="c" * 40)
    (jobs.folder("source") / "release.json").write_text(manifest.dump(other))
    where = ("-C", jobs.checkout.root, "--packages-dir", jobs.folder("source"))
    said = run("build", "--job", "linux-x86_64", *where)
    assert said.code == 14
    assert "c" * 40 in said.err


def test_a_job_that_the_plan_does_not_have_is_named_with_those_that_it_has(
    run: Run, tmp_path: Path, built: Jobs
) -> None:
    jobs = copy_jobs(built, tmp_path / "jobs")
    said = run("build", "--job", "linux-s390x", "-C", jobs.checkout.root, "--packages-dir", jobs.folder("source"))
    assert said.code == 2
    assert "linux-x86_64" in said.err


def test_without_the_source_job_there_is_nothing_to_build_from(run: Run, tmp_path: Path, built: Jobs) -> None:
    said = run("build", "--job", "linux-x86_64", "-C", built.checkout.root, "--packages-dir", tmp_path / "dist")
    assert said.code == 10
