"""``release-tools verify``: the sdist of a compiled project builds the wheel that is released."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.compiled.plans import PLATFORM, TAG_HERE, tag_wheels
from tests.conftest import Run, Said
from tests.support.artifacts import Project
from tests.support.projects import in_tree_project

HEADERS = ("Description-Content-Type: text/markdown",)
EXTRA_FILE = 'Path("demo/made.py").write_text("") if name == "wheel" else None'


def project(meanwhile: str = "pass", tag: str = TAG_HERE) -> dict[str, str]:
    files = tag_wheels(in_tree_project(meanwhile), tag)
    settings = 'routes.final = ["own"]\nindexes.own = "https://index.example/legacy/"\n'
    return {**files, "pyproject.toml": files["pyproject.toml"] + f"[tool.release-tools]\n{settings}"}


def verify(
    run: Run, folder: Path, files: Mapping[str, str], *options: str, tag: str = TAG_HERE, **variables: str
) -> Said:
    dist = folder / "dist"
    dist.mkdir()
    made = Project("demo", files={"demo/__init__.py": ""}, headers=HEADERS, tag=tag, pure="any" in tag, bare=True)
    made.wheel(dist)
    made.sdist(dist, files["pyproject.toml"], {name: text for name, text in files.items() if name != "pyproject.toml"})
    (folder / "pyproject.toml").write_text(files["pyproject.toml"], encoding="utf-8")
    return run("verify", "-C", folder, dist, "--no-conda", *options, **variables)


@pytest.mark.slow
def test_an_sdist_that_builds_the_released_wheel_is_accepted(run: Run, tmp_path: Path) -> None:
    said = verify(run, tmp_path, project())
    assert said.code == 0, said.out + said.err
    assert "demo-1.0.tar.gz builds" in said.out
    assert "lacks" not in said.out


FAULTS = {
    "a build that fails": (
        project('raise RuntimeError("core.c is missing")'),
        ("demo-1.0.tar.gz", "core.c is missing"),
    ),
    "a wheel for another Python": (project(tag=f"cp39-cp39-{PLATFORM}"), ("demo-1.0.tar.gz", "cp39-cp39")),
    "a wheel for every platform": (project(tag="py3-none-any"), ("demo-1.0.tar.gz", "py3-none-any")),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FAULTS)
def test_an_sdist_that_builds_nothing_like_the_released_wheel_is_refused(run: Run, tmp_path: Path, name: str) -> None:
    files, named = FAULTS[name]
    said = verify(run, tmp_path, files)
    assert said.code == 9, said.out + said.err
    assert all(part in said.err for part in named)


@pytest.mark.slow
def test_files_that_differ_are_shown(run: Run, tmp_path: Path) -> None:
    said = verify(run, tmp_path, project(EXTRA_FILE))
    assert said.code == 0, said.out + said.err
    assert "demo/made.py" in said.out


@pytest.mark.slow
@pytest.mark.parametrize("options", [("--no-verify-sdist",), ("--no-verify-install",)])
def test_nothing_is_built_where_that_is_not_wanted(run: Run, tmp_path: Path, options: tuple[str, ...]) -> None:
    assert verify(run, tmp_path, project('raise RuntimeError("built")'), *options).code == 0


@pytest.mark.slow
@pytest.mark.parametrize("tag", ["py3-none-any", "cp39-cp39-win_amd64"])
def test_nothing_is_built_where_no_wheel_is_compiled_for_this_platform(run: Run, tmp_path: Path, tag: str) -> None:
    said = verify(run, tmp_path, project('raise RuntimeError("built")'), tag=tag)
    assert said.code == 0, said.out + said.err


@pytest.mark.slow
def test_requirements_that_cannot_be_fetched_are_a_warning(run: Run, tmp_path: Path) -> None:
    files = project()
    table = files["pyproject.toml"].replace("requires = []", 'requires = ["a-backend-of-tests"]')
    offline = {"UV_OFFLINE": "1", "UV_CACHE_DIR": str(tmp_path / "cache")}
    said = verify(run, tmp_path, {**files, "pyproject.toml": table}, **offline)
    assert said.code == 0, said.out + said.err
    assert "not built" in said.out


@pytest.mark.slow
def test_a_build_reads_no_credential(run: Run, tmp_path: Path) -> None:
    dist = tmp_path / "dist"
    said = verify(run, tmp_path, project())
    assert said.code == 0, said.out + said.err
    again = run("verify", "-C", tmp_path, dist, "--no-conda", TWINE_PASSWORD="pypi-canary")
    assert again.code != 0
