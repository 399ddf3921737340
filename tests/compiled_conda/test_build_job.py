"""A build job as a runner does it: wheels by cibuildwheel in a container, and conda packages for the same Pythons."""

import json
from pathlib import Path

import pytest

from release_tools.artifacts import manifest
from release_tools.model.artifact import ArtifactKind
from tests.compiled import container
from tests.compiled.plans import outputs
from tests.compiled_conda.projects import fastsum
from tests.conftest import Run
from tests.support.compiled_channel import HERE, NEEDS_COMPILER, two_pythons
from tests.support.conda import Channel
from tests.support.repositories import make_repository

pytestmark = [
    NEEDS_COMPILER,
    pytest.mark.container,
    pytest.mark.registry,
    pytest.mark.slow,
    pytest.mark.skipif(HERE != "linux-64", reason="the job is that of a runner for x86_64"),
    pytest.mark.skipif(bool(container.missing()), reason=f"no container can be run: {container.missing()} is missing"),
]
QUICK = ("--no-verify-install", "--no-verify-conda-install")
SETTINGS = """
[tool.release-tools]
wheels.jobs = ["linux-x86_64"]
"""


def test_a_job_builds_wheels_and_the_conda_packages_that_equal_them(
    run: Run, tmp_path: Path, compiled_channel: Channel
) -> None:
    tags = [one.tag for one in two_pythons() if one.tag in container.containers().pythons]
    files = fastsum(SETTINGS)
    build = f"build = {json.dumps([f'{tag}-manylinux_x86_64' for tag in tags])}\nbuild-frontend = 'build'"
    files["pyproject.toml"] = files["pyproject.toml"].replace('build = "cp31*-manylinux_x86_64"', build)
    checkout = make_repository(tmp_path / "fastsum", files, ". v1.0")
    channels = {"RELEASE_TOOLS_CONDA_CHANNELS": ",".join(compiled_channel.urls)}
    jobs, output = tmp_path / "jobs", tmp_path / "output"
    where = ("-C", checkout.root, "--no-verify-install")
    said = run("build", "--job", "source", *where, "--packages-dir", jobs / "source", GITHUB_OUTPUT=str(output))
    assert said.code == 0, said.err
    (jobs / "linux").mkdir()
    for path in (jobs / "source").iterdir():
        (jobs / "linux" / path.name).write_bytes(path.read_bytes())
    expect = ("--expect", outputs(output)["artifacts"])
    folder = ("--packages-dir", jobs / "linux")
    env = {**container.containers().env, **channels}
    said = run("build", "--job", "linux-x86_64", *where, *folder, *expect, "--json", **env)
    assert said.code == 0, said.out + said.err
    done = [note["text"] for section in json.loads(said.out)["sections"] for note in section["notes"]]
    assert sum("is equal to fastsum-1.0-cp3" in text for text in done) == len(tags)
    assert sum("passes its own tests" in text for text in done) >= len(tags)

    said = run("gather", jobs, *expect, "-C", checkout.root, "--packages-dir", tmp_path / "dist")
    assert said.code == 0, said.err
    release = manifest.load(tmp_path / "dist")
    assert release.plan_digest
    packages = release.artifacts_of_kind(ArtifactKind.CONDA)
    planned = [
        one for job in json.loads((tmp_path / "dist/plan.json").read_text())["jobs"] for one in job.get("conda", [])
    ]
    assert sorted(one.key.removesuffix(".conda") for one in packages) == sorted(planned)
    assert len(release.artifacts_of_kind(ArtifactKind.WHEEL)) == len(packages) == len(tags)
    said = run("verify", "-C", checkout.root, "--packages-dir", tmp_path / "dist", *QUICK)
    assert said.code == 0, said.err
