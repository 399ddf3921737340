"""Versions that only a project's own backend knows, through real builds with the real plugins."""

import json
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.support.projects import project
from tests.support.repositories import make_repository

pytestmark = [pytest.mark.registry, pytest.mark.slow]

SETUPTOOLS_SCM = project("setuptools", "", "[tool.setuptools_scm]\n", "setuptools-scm>=8")
SCM_SETTINGS = '[tool.setuptools_scm]\nversion_scheme = "post-release"\n'
SETUPTOOLS_SCM_POST = project("setuptools", "", SCM_SETTINGS, "setuptools-scm>=8")
HATCH_VCS = project("hatchling", "", '[tool.hatch.version]\nsource = "vcs"\n', "hatch-vcs")
PDM_SCM = project("pdm-backend", "", '[tool.pdm.version]\nsource = "scm"\n')
POETRY_SETTINGS = '[tool.poetry]\nversion = "0"\n[tool.poetry-dynamic-versioning]\nenable = true\n'
POETRY_DYNAMIC = project("poetry-core", "", POETRY_SETTINGS, "poetry-dynamic-versioning")
POETRY_DYNAMIC["pyproject.toml"] = POETRY_DYNAMIC["pyproject.toml"].replace(
    "poetry.core.masonry.api", "poetry_dynamic_versioning.backend"
)
IN_SOURCE = {"demo/__init__.py": '"""A demonstration."""\n\n__version__ = "1.4.0"\n\n\ndef main() -> None: ...\n'}
FLIT = {**project("flit-core", ""), **IN_SOURCE}
SETUPTOOLS_ATTRIBUTE = {
    **project("setuptools", "", '[tool.setuptools.dynamic]\nversion.attr = "demo.__version__"\n'),
    **IN_SOURCE,
}
OWN_METHOD = (
    '[tool.versioningit.next-version]\nmethod = { module = "bump", value = "bump", module-dir = "tools" }\n'
    '[tool.versioningit.format]\ndistance = "{next_version}.dev{distance}+{rev}"\n'
)
VERSIONINGIT_OWN_METHOD = {
    **project("setuptools", "", OWN_METHOD, "versioningit>=3.3"),
    "MANIFEST.in": "graft tools\n",
    "tools/bump.py": "def bump(*, version, branch, params):\n    return '7.0'\n",
}

UV_DYNAMIC = project(
    "hatchling", "", '[tool.hatch.version]\nsource = "uv-dynamic-versioning"\n', "uv-dynamic-versioning"
)
TWO_TABLES = (
    '[tool.hatch.version]\nsource = "versioningit"\ndefault-version = "0.7"\n'
    '[tool.hatch.version.format]\ndistance = "{next_version}.dev{distance}"\n'
    '[tool.versioningit.format]\ndistance = "{base_version}~g{rev}"\n'
)
VERSIONINGIT_IN_HATCH = project("hatchling", "", TWO_TABLES, "versioningit>=3.3")
SCM_FALLBACK = project("setuptools", "", '[tool.setuptools_scm]\nfallback_version = "0.5"\n', "setuptools-scm>=8")
LOCAL_ONLY = project("setuptools", "", '[tool.setuptools_scm]\nversion_scheme = "only-version"\n', "setuptools-scm>=8")
SCM_PATTERN = '[tool.hatch.version]\nsource = "vcs"\ntag-pattern = "rel-v(?P<version>.*)"\n'
HATCH_PATTERN = project("hatchling", "", SCM_PATTERN, "hatch-vcs")


@pytest.mark.parametrize(
    ("files", "history", "options", "expected"),
    [
        (UV_DYNAMIC, ". v1.2.3 . .", [], "1.2.3.post2.dev0"),
        (VERSIONINGIT_IN_HATCH, ". v1.2.3 . .", [], "1.3.0.dev2"),
        (VERSIONINGIT_IN_HATCH, ".", [], "0.7"),
        (HATCH_PATTERN, ". rel-v1.2.3 other-v9.0", [], "1.2.3"),
        (SETUPTOOLS_SCM, ". v1.2.3 . .", [], "1.2.4.dev2"),
        (SETUPTOOLS_SCM, ". .", [], "0.1.0.dev2"),
        (HATCH_VCS, ". v1.2.3 .", ["--tag", "v1.4.0-rc.1"], "1.4.0rc1"),
        (PDM_SCM, ". 1.2.3 . .", [], "1.2.4.dev2"),
        (POETRY_DYNAMIC, ". v1.2.3 .", ["--version", "1.4.0rc1"], "1.4.0rc1"),
        (FLIT, ". v1.4.0", [], "1.4.0"),
        (SETUPTOOLS_ATTRIBUTE, ".", [], "1.4.0"),
        (VERSIONINGIT_OWN_METHOD, ". v1.2.3 . .", [], "7.0.dev2"),
    ],
)
def test_a_backend_that_knows_its_version_is_asked_and_followed(
    run: Run, tmp_path: Path, files: dict[str, str], history: str, options: list[str], expected: str
) -> None:
    checkout = make_repository(tmp_path / "ours", files, history)
    quick = ("--no-conda", "--no-verify-install")
    said = run("build", "-C", checkout.root, "--packages-dir", tmp_path / "out", *quick, *options)
    assert said.code == 0, said.err
    facts = json.loads((tmp_path / "out" / "release.json").read_text())
    assert facts["version"] == expected
    assert [artifact["filename"] for artifact in facts["artifacts"]] == [
        f"demo-{expected}.tar.gz",
        f"demo-{expected}-py3-none-any.whl",
    ]


@pytest.mark.parametrize(
    ("files", "history", "expected"),
    [
        (LOCAL_ONLY, ". v1.2.3 . .", "1.3.0.dev2"),
        (HATCH_VCS, ". v1.2.3 . .", "1.2.4.dev2"),
        (POETRY_DYNAMIC, ". v1.2.3 . .", "1.2.3.post2.dev0"),
        (HATCH_VCS, ". demo-v1.2.3 .", "1.2.4.dev1"),
        (HATCH_VCS, ". v1.2.3 v1 .", "1.2.4.dev1"),
        (SETUPTOOLS_SCM, ". v1.2.3", "1.2.3"),
        (FLIT, ". v1.3.0 .", "1.4.0"),
    ],
)
def test_a_version_follows_from_the_tags_and_the_settings_of_the_plugin(
    run: Run, tmp_path: Path, files: dict[str, str], history: str, expected: str
) -> None:
    said = run("version", "-C", make_repository(tmp_path, files, history).root)
    assert (said.code, said.out) == (0, f"{expected}\n")


@pytest.mark.parametrize(("branch", "expected"), [("maintenance/1.0.x", "1.0.1.dev1"), ("", "1.1.0.dev1")])
def test_a_scheme_that_looks_at_the_branch_sees_it(run: Run, tmp_path: Path, branch: str, expected: str) -> None:
    settings = '[tool.hatch.version]\nsource = "vcs"\nraw-options.version_scheme = "release-branch-semver"\n'
    checkout = make_repository(tmp_path, project("hatchling", "", settings, "hatch-vcs"), ". v1.0.0 .")
    checkout.git("checkout", "--quiet", *(("-B", branch) if branch else ("--detach",)))
    said = run("version", "--json", "-C", checkout.root)
    assert (json.loads(said.out)["version"], json.loads(said.out)["kind"]) == (expected, "dev")


def test_without_a_tag_a_plugins_fallback_version_holds(run: Run, tmp_path: Path) -> None:
    said = run("version", "--json", "-C", make_repository(tmp_path, SCM_FALLBACK, ". .").root)
    facts = json.loads(said.out)
    assert (facts["version"], facts["kind"]) == ("0.6.dev2", "dev")


def test_a_version_that_setup_py_counts_is_a_development_version(run: Run, tmp_path: Path) -> None:
    setup = "import setuptools\nsetuptools.setup(name='de' + 'mo'.lower(), version=str(1) + '.2.3.post4+g1234')\n"
    checkout = make_repository(tmp_path, {"setup.py": setup, "demo.py": ""}, ".")
    facts = json.loads(run("version", "--json", "-C", checkout.root).out)
    assert (facts["name"], facts["version"], facts["kind"]) == ("demo", "1.2.3.post4", "dev")


@pytest.mark.parametrize(("history", "kind"), [(". v1.2.3 . .", "dev"), (". v1.2.3 . . v1.2.3.post2", "post")])
def test_only_a_tag_makes_a_post_release_one(run: Run, tmp_path: Path, history: str, kind: str) -> None:
    said = run("version", "--json", "-C", make_repository(tmp_path, SETUPTOOLS_SCM_POST, history).root)
    assert (json.loads(said.out)["version"], json.loads(said.out)["kind"]) == ("1.2.3.post2", kind)


def test_a_version_in_the_source_that_is_not_the_tags_is_an_error(run: Run, tmp_path: Path) -> None:
    checkout = make_repository(tmp_path / "ours", FLIT, ". v1.5.0")
    said = run("build", "-C", checkout.root, "--packages-dir", tmp_path / "out")
    assert said.code == 5
    assert all(word in said.err for word in ("demo/__init__.py", "1.4.0", "v1.5.0"))
    assert "Build" not in said.out  # it is known before anything is built
    assert not (tmp_path / "out").exists()


def test_a_version_in_the_source_that_was_released_before_is_warned_of(run: Run, tmp_path: Path) -> None:
    said = run("version", "-C", make_repository(tmp_path, FLIT, ". v1.4.0 .").root)
    assert said.out == "1.4.0\n"
    assert "v1.4.0 already exists" in said.err
