"""The version of a commit, from histories as data, through the real command and real git repositories."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run
from tests.support.projects import project
from tests.support.repositories import Checkout, make_repository

FROM_TAGS = project(version="", settings="[tool.versioningit]\n")
STATIC = project(version="1.4.0")
PLAIN_VERSIONINGIT = '[tool.versioningit.format]\ndistance = "{base_version}.post{distance}+{vcs}{rev}"\n'
OWN_SPELLING = (
    '[tool.versioningit.tag2version]\nrmprefix = "release-"\n[tool.versioningit.vcs]\nmatch = ["release-*"]\n'
)
SMALLEST = '[tool.versioningit.next-version]\nmethod = "smallest"\n'
ARCHIVED = '[tool.versioningit.vcs]\nmethod = "git-archive"\ndescribe-subst = "$Format:%(describe:tags,match=v*)$"\n'
DEFAULT_TAG = '[tool.versioningit.vcs]\ndefault-tag = "v0.4.0"\n'


def version(run: Run, checkout: Checkout | Path, *options: str, **env: str) -> dict[str, Any]:
    root = checkout.root if isinstance(checkout, Checkout) else checkout
    said = run("version", "--json", "-C", root, *options, **env)
    assert said.code == 0, said.err
    facts: dict[str, Any] = json.loads(said.out)
    return facts


@pytest.mark.parametrize(
    ("history", "expected", "kind", "tag", "tagged"),
    [
        (". v1.2.3", "1.2.3", "final", "v1.2.3", True),
        (". 1.2.3", "1.2.3", "final", "1.2.3", True),
        (". ~v1.2.3", "1.2.3", "final", "v1.2.3", True),
        (". v1.0.0-rc.1", "1.0.0rc1", "pre", "v1.0.0-rc.1", True),
        (". v1.0.0a1", "1.0.0a1", "pre", "v1.0.0a1", True),
        (". v1.2.3.post1", "1.2.3.post1", "post", "v1.2.3.post1", True),
        (". v1.2.3.dev4", "1.2.3.dev4", "dev", "v1.2.3.dev4", True),
        (". v2!1.0", "2!1.0", "final", "v2!1.0", True),
        (". 2026.11", "2026.11", "final", "2026.11", True),
        (". v1.2.3 . . . . .", "1.3.0.dev5", "dev", "v1.3.0.dev5", False),
        (". 1.2.3 .", "1.3.0.dev1", "dev", "1.3.0.dev1", False),
        (". v1.3.0rc1 . .", "1.3.0rc2.dev2", "dev", "v1.3.0rc2.dev2", False),
        (". v1.0.0-rc.1 .", "1.0.0rc2.dev1", "dev", "v1.0.0rc2.dev1", False),
        (". v2!1.0 .", "2!1.1.0.dev1", "dev", "v2!1.1.0.dev1", False),
        (". v1.2.3.post1 .", "1.3.0.dev1", "dev", "v1.3.0.dev1", False),
        (". v2026 .", "2026.1.0.dev1", "dev", "v2026.1.0.dev1", False),
        (". v1.2.3 . v1", "1.3.0.dev1", "dev", "v1.3.0.dev1", False),
        (". v1.2 . v1.2.1", "1.2.1", "final", "v1.2.1", True),
        (". " * 12, "0.1.0.dev12", "dev", "v0.1.0.dev12", False),
        (". v1.0.0rc1 v1.0.0", "1.0.0", "final", "v1.0.0", True),
        (". v1.0.0 v1.0.0rc1", "1.0.0", "final", "v1.0.0", True),
        (". 1.0.0 v1.0.0", "1.0.0", "final", "v1.0.0", True),
        (". v1.0.0 docs-3 2024-meeting latest v1.x vendor", "1.0.0", "final", "v1.0.0", True),
        (". v1.0.0 . docs-3 2024-meeting 3-body vNext", "1.1.0.dev1", "dev", "v1.1.0.dev1", False),
        (". pkg-a-v1.2.3", "0.1.0.dev1", "dev", "v0.1.0.dev1", False),
        (". v1;id . v1${IFS}x", "0.1.0.dev2", "dev", "v0.1.0.dev2", False),
        (". v1.0 . v1.1\u202e . 1.2\u0661", "1.1.0.dev2", "dev", "v1.1.0.dev2", False),
    ],
)
def test_a_version_is_derived_from_the_tags(
    run: Run, tmp_path: Path, history: str, expected: str, kind: str, tag: str, *, tagged: bool
) -> None:
    facts = version(run, make_repository(tmp_path, FROM_TAGS, history))
    assert (facts["version"], facts["kind"], facts["tag"], facts["tagged"]) == (expected, kind, tag, tagged)


@pytest.mark.parametrize(
    ("settings", "history", "expected", "tag"),
    [
        (PLAIN_VERSIONINGIT, ". v1.2.3 . .", "1.3.0.dev2", "v1.3.0.dev2"),  # its local part cannot be uploaded
        (SMALLEST, ". v1.2.3 . .", "1.2.4.dev2", "v1.2.4.dev2"),
        (OWN_SPELLING, ". release-1.2.3 v9 . v10", "1.3.0.dev1", "release-1.3.0.dev1"),
        (OWN_SPELLING, ". release-1.2.3 v9", "1.2.3", "release-1.2.3"),
        (ARCHIVED, ". v1.2.3 . 9.9", "1.3.0.dev1", "v1.3.0.dev1"),
        (DEFAULT_TAG, ". . .", "0.5.0.dev2", "v0.5.0.dev2"),
    ],
)
def test_the_projects_own_versioningit_settings_are_respected(
    run: Run, tmp_path: Path, settings: str, history: str, expected: str, tag: str
) -> None:
    facts = version(run, make_repository(tmp_path, project(version="", settings=settings), history))
    assert (facts["version"], facts["tag"]) == (expected, tag)


@pytest.mark.parametrize(
    ("tag_format", "history", "expected", "tag"),
    [
        ("pkg-a-v{version}", ". pkg-a-v1.2.3 pkg-b-v7 v9", "1.2.3", "pkg-a-v1.2.3"),
        ("pkg-a-v{version}", ". pkg-a-v1.2.3 . pkg-b-v7 v9", "1.3.0.dev1", "pkg-a-v1.3.0.dev1"),
        ("pkg-a-v{version}", ". pkg-b-v7", "0.1.0.dev1", "pkg-a-v0.1.0.dev1"),
        ("pkg/{version}-final", ". pkg/1.0-final .", "1.1.0.dev1", "pkg/1.1.0.dev1-final"),
        ("v{version}", ". 1.2.3", "0.1.0.dev1", "v0.1.0.dev1"),
    ],
)
def test_a_repository_of_several_packages_says_how_its_tags_are_spelled(
    run: Run, tmp_path: Path, tag_format: str, history: str, expected: str, tag: str
) -> None:
    facts = version(run, make_repository(tmp_path, FROM_TAGS, history), "--tag-format", tag_format)
    assert (facts["version"], facts["tag"]) == (expected, tag)


NAMED = [
    (". demo-1.2.3", "1.2.3", "demo-1.2.3", True),
    (". demo-v1.2.3", "1.2.3", "demo-v1.2.3", True),
    (". demo/1.2.3", "1.2.3", "demo/1.2.3", True),
    (". demo/v1.2.3", "1.2.3", "demo/v1.2.3", True),
    (". demo@1.2.3", "1.2.3", "demo@1.2.3", True),
    (". Demo_1.2.3", "1.2.3", "Demo_1.2.3", True),
    (". ~demo-1.2.3", "1.2.3", "demo-1.2.3", True),
    (". demo-1.2.3 . .", "1.3.0.dev2", "demo-1.3.0.dev2", False),
    (". demo@1.2.3 .", "1.3.0.dev1", "demo@1.3.0.dev1", False),
    (". demo-1.2.3 . demo2-7.0 demolition-8.0", "1.3.0.dev1", "demo-1.3.0.dev1", False),
    (". demo-1.2.3 v9.0.0", "1.2.3", "demo-1.2.3", True),  # two projects of one repository
    (". v5.0 . demo-1.2.3 .", "1.3.0.dev1", "demo-1.3.0.dev1", False),
    (". v1.0 . demo-1.1 .", "1.2.0.dev1", "demo-1.2.0.dev1", False),  # the project changed how it tags
    (". demo-0.9 . v1.0 .", "1.1.0.dev1", "v1.1.0.dev1", False),
    (". v1.2.3 v1", "1.2.3", "v1.2.3", True),
    (". v1.2.3 v1 v1.2 .", "1.3.0.dev1", "v1.3.0.dev1", False),
    (". v1 . v1.1 .", "1.2.0.dev1", "v1.2.0.dev1", False),
]


@pytest.mark.slow
@pytest.mark.parametrize(("history", "expected", "tag", "tagged"), NAMED)
def test_tags_with_the_projects_name_are_its_versions(
    run: Run, tmp_path: Path, history: str, expected: str, tag: str, *, tagged: bool
) -> None:
    facts = version(run, make_repository(tmp_path, FROM_TAGS, history))
    assert (facts["version"], facts["tag"], facts["tagged"]) == (expected, tag, tagged)


DUNAMAI_PATTERN = (
    "[tool.poetry-dynamic-versioning]\n"
    "pattern = '^rel(?P<base>\\d+(\\.\\d+)*)(-?((?P<stage>[a-z]+)(?P<revision>\\d+)))?$'\n"
)
STATED = [
    ('[tool.setuptools_scm]\ntag_regex = "^rel-(?P<version>.*)$"\n', "rel-1.4.0"),
    ('[tool.setuptools_scm]\ntag_regex = "^rel/([0-9.]+)$"\n', "rel/1.4.0"),
    ("[tool.setuptools_scm]\ngit_describe_command = 'git describe --long --match rel-*'\n", "rel-1.4.0"),
    ("[tool.setuptools_scm.scm.git]\ndescribe_command = ['git', 'describe', '--match=rel-*']\n", "rel-1.4.0"),
    ('[tool.hatch.version]\nsource = "vcs"\ntag-pattern = "rel-v(?P<version>.*)"\n', "rel-v1.4.0"),
    ('[tool.hatch.version]\nsource = "vcs"\nraw-options = { tag_regex = "^x-(?P<version>.*)$" }\n', "x-1.4.0"),
    ('[tool.pdm.version]\nsource = "scm"\ntag_regex = "^rel-(?P<version>.*)$"\n', "rel-1.4.0"),
    ('[tool.versioningit.tag2version]\nregex = "^rel_(?P<version>.*)$"\n', "rel_1.4.0"),
    ('[tool.poetry-dynamic-versioning]\npattern-prefix = "rel-"\n', "rel-v1.4.0"),
    ('[tool.uv-dynamic-versioning]\npattern-prefix = "rel-"\npattern = "default-unprefixed"\n', "rel-1.4.0"),
    (DUNAMAI_PATTERN, "rel1.4.0"),
    ('[tool.versioneer]\ntag_prefix = "rel-"\n', "rel-1.4.0"),
    ('[tool.bumpversion]\ntag_name = "rel-{new_version}"\n', "rel-1.4.0"),
    ('[tool.commitizen]\ntag_format = "rel-$version"\n', "rel-1.4.0"),
    ('[tool.semantic_release]\ntag_format = "rel-{version}"\n', "rel-1.4.0"),
    ('[tool.tbump.git]\ntag_template = "rel-{new_version}"\n', "rel-1.4.0"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("settings", "tag"), STATED)
@pytest.mark.parametrize("there", [True, False], ids=["tagged", "not yet"])
def test_settings_of_another_tool_say_how_tags_are_spelled(
    run: Run, tmp_path: Path, settings: str, tag: str, *, there: bool
) -> None:
    files = project(version="1.4.0", settings=settings)
    facts = version(run, make_repository(tmp_path, files, f". {tag} other-v9.0.0" if there else "."))
    assert (facts["version"], facts["tag"], facts["tagged"]) == ("1.4.0", tag, there)


@pytest.mark.parametrize(
    ("history", "template"),
    [
        (". package-1.4.0", "package-{version}"),
        (". other-2.0 . package-1.4.0 other-v3.0 .", "package-{version}"),
        (". libdemo/1.1.0 . other-9.0.0 .", "libdemo/{version}"),
    ],
)
def test_for_tags_that_are_not_recognized_a_format_is_suggested(
    run: Run, tmp_path: Path, history: str, template: str
) -> None:
    files = FROM_TAGS if "libdemo" in history or history.endswith(" .") else STATIC
    said = run("version", "-C", make_repository(tmp_path, files, history).root)
    assert said.code == 0
    if files is STATIC:
        assert f'"{template}"' in said.err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({"setup.py": "from setuptools import setup\nsetup(name='Py-Demo', version='1.0')\n"}, "Py-Demo"),
        (
            {"setup.py": "import setuptools\nNAME = 'py' + '-demo'\nsetuptools.setup(name=NAME, version='1.0')\n"},
            "py-demo",
        ),
        (
            {"setup.py": "import setuptools; setuptools.setup()", "setup.cfg": "[metadata]\nname = c\nversion = 1.0\n"},
            "c",
        ),
        ({"setup.cfg": "[metadata]\nname = cfg-demo\nversion = 1.0\n"}, "cfg-demo"),
        (
            {
                "pyproject.toml": '[build-system]\nrequires = ["flit_core<4"]\nbuild-backend = "flit_core.buildapi"\n'
                '[tool.flit.metadata]\nmodule = "flitdemo"\nauthor = "x"\n',
                "flitdemo.py": '"""Demo."""\n__version__ = "1.0"\n',
            },
            "flitdemo",
        ),
        ({"pyproject.toml": '[tool.poetry]\nname = "poetic"\nversion = "1.0"\n'}, "poetic"),
    ],
)
def test_the_projects_name_is_never_its_folders(run: Run, tmp_path: Path, files: dict[str, str], name: str) -> None:
    checkout = make_repository(tmp_path / "folder", files, ". v1.0")
    assert version(run, checkout)["name"] == name
    said = run("init", "--yes", "-C", checkout.root, "--action", f"a/b@{'a' * 40}")
    assert said.code == 0, said.err
    release = (checkout.root / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    assert f"for {name} from release.yml;" in release
    assert "folder" not in said.out.replace(str(checkout.root), "")


@pytest.mark.slow
def test_a_project_that_needs_another_python_is_reported_first(run: Run, tmp_path: Path) -> None:
    files = project(version="1.4.0")
    files["pyproject.toml"] = files["pyproject.toml"].replace(">=3.11", ">=3.39")
    said = run("build", "-C", make_repository(tmp_path / "ours", files).root, "--packages-dir", tmp_path / "out")
    assert said.code == 6
    assert ">=3.39" in said.err.splitlines()[0]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"setup.py": "from setuptools import setup\nsetup(name='d', version='2.5')\n"}, "2.5"),
        ({"meson.build": "project('d', 'c', version: '2.5')\n", "pyproject.toml": "mesonpy"}, "2.5"),
        ({"Cargo.toml": '[package]\nname = "d"\nversion = "2.5.0-rc.1"\n', "pyproject.toml": "maturin"}, "2.5.0rc1"),
    ],
)
def test_a_version_that_a_file_states_is_had_without_a_build(
    run: Run, tmp_path: Path, files: dict[str, str], expected: str
) -> None:
    if "pyproject.toml" in files:
        files = {
            **files,
            "pyproject.toml": f'[build-system]\nrequires = []\nbuild-backend = "{files["pyproject.toml"]}"\n'
            '[project]\nname = "d"\ndynamic = ["version"]\n',
        }
    assert version(run, make_repository(tmp_path, files))["version"] == expected


@pytest.mark.slow
@pytest.mark.parametrize(
    ("files", "history", "options", "env", "expected"),
    [
        (FROM_TAGS, ". v1.3.0 .", ["--version", "1.4.0rc1"], {}, ("1.4.0rc1", "v1.4.0rc1", False)),
        (FROM_TAGS, ". 1.3.0 .", ["--version", "v1.4.0-rc.1"], {}, ("1.4.0rc1", "1.4.0rc1", False)),
        (FROM_TAGS, ".", ["--tag", "v1.4.0rc1"], {}, ("1.4.0rc1", "v1.4.0rc1", False)),
        (FROM_TAGS, ". v1.3", ["--version", "1.3.0"], {}, ("1.3", "v1.3", True)),
        (FROM_TAGS, ". v1.0.0rc1 v1.0.0", ["--tag", "v1.0.0rc1"], {}, ("1.0.0rc1", "v1.0.0rc1", True)),
        (FROM_TAGS, ". v1.0.0rc1 v1.0.0", [], {"GITHUB_REF_NAME": "v1.0.0rc1"}, ("1.0.0rc1", "v1.0.0rc1", True)),
        (FROM_TAGS, ". v1.0", ["--version", "2"], {"GITHUB_REF_NAME": "v1.0"}, ("2", "v2", False)),
        (STATIC, ". v1.4.0", [], {}, ("1.4.0", "v1.4.0", True)),
        (STATIC, ". 1.3.0 .", [], {}, ("1.4.0", "1.4.0", False)),
        (STATIC, ".", ["--tag", "1.4"], {}, ("1.4", "1.4", False)),
    ],
)
def test_a_version_may_be_asked_for_before_its_tag_exists(
    run: Run,
    tmp_path: Path,
    files: dict[str, str],
    history: str,
    options: list[str],
    env: dict[str, str],
    expected: tuple[str, str, bool],
) -> None:
    env = {**env, "GITHUB_REF_TYPE": "tag"} if env else env
    facts = version(run, make_repository(tmp_path, files, history), *options, **env)
    assert (facts["version"], facts["tag"], facts["tagged"]) == expected


@pytest.mark.slow
@pytest.mark.parametrize(
    ("files", "history", "options", "code", "message"),
    [
        (FROM_TAGS, "", [], 4, "the repository has no commit yet"),
        (STATIC, ". v1.5.0", [], 5, "pyproject.toml says version 1.4.0, but the tag v1.5.0 says 1.5.0"),
        (STATIC, ".", ["--version", "1.5"], 5, "pyproject.toml says version 1.4.0, but --version says 1.5"),
        (FROM_TAGS, ". v1.0 .", ["--tag", "v1.0"], 5, "--tag: v1.0 is on another commit"),
        (FROM_TAGS, ". v1.0 .", ["--version", "1.0"], 5, "--version: v1.0 is on another commit"),
        (FROM_TAGS, ".", ["--version", "one"], 5, "--version: 'one' is not a PEP 440 version"),
        (FROM_TAGS, ".", ["--tag", "docs-3"], 5, "--tag: 'docs-3' does not contain a version"),
        (FROM_TAGS, ".", ["--tag", "v1;id"], 5, "--tag: 'v1;id' does not contain a version"),
        (FROM_TAGS, ".", ["--tag", "v1$(id)"], 5, "--tag: 'v1$(id)' does not contain a version"),
        (FROM_TAGS, ".", ["--tag", "v1${IFS}x"], 5, "--tag: 'v1${IFS}x' does not contain a version"),
        (FROM_TAGS, ".", ["--tag", "v1\u202e0"], 5, r"--tag: 'v1\u202e0' does not contain a version"),
        (FROM_TAGS, ".", ["--tag=--upload-pack=id"], 5, "--tag: '--upload-pack=id' does not contain a version"),
        (FROM_TAGS, ".", ["--tag", "v1", "--version", "1"], 2, "the version is given more than once"),
        (FROM_TAGS, ".", ["--tag-format", "v1"], 3, "tag-format: 'v1' does not say where the version stands"),
        (FROM_TAGS, ".", ["--tag-format", "{version};id"], 3, "tag-format: '{version};id' does not say"),
        (project(version="one"), ".", [], 5, "pyproject.toml: version: 'one' is not a PEP 440 version"),
        (
            project(version="", settings="[tool.versioningit.format]\ndistance = '{nothing}'\n"),
            ". v1 .", [], 5, "versioningit: 'nothing'",
        ),
        (
            project(version="", settings="[tool.versioningit.format]\ndistance = 'later'\n"),
            ". v1 .", [], 5, "versioningit, after the tag v1: 'later' is not a PEP 440 version",
        ),
    ],
)  # fmt: skip
def test_a_version_that_cannot_be_found_is_one_clear_error(
    run: Run, tmp_path: Path, files: dict[str, str], history: str, options: list[str], code: int, message: str
) -> None:
    said = run("version", "-C", make_repository(tmp_path, files, history).root, *options)
    assert (said.code, said.out) == (code, "")
    assert said.err.startswith(f"error: {message}") or f": {message}" in said.err


def test_a_job_whose_tag_is_on_another_commit_says_who_named_it(run: Run, tmp_path: Path) -> None:
    checkout = make_repository(tmp_path, FROM_TAGS, ". v1.0 .")
    said = run("version", "-C", checkout.root, GITHUB_REF_TYPE="tag", GITHUB_REF_NAME="v1.0")
    assert said.code == 5
    assert "GITHUB_REF_NAME: v1.0 is on another commit" in said.err


def test_a_branch_of_the_tags_name_is_not_the_tag(run: Run, tmp_path: Path) -> None:
    checkout = make_repository(tmp_path, FROM_TAGS, ". v1.0 . v1.1 .")
    tagged = checkout.git("rev-parse", "refs/tags/v1.1^{commit}")
    checkout.git("branch", "v1.1", "HEAD")
    assert version(run, checkout)["version"] == "1.2.0.dev1"
    checkout.git("checkout", "--quiet", "--detach", tagged)
    facts = version(run, checkout, "--tag", "v1.1")
    assert (facts["commit"], facts["tagged"]) == (tagged, True)


def test_a_detached_head_is_as_good_as_a_branch(run: Run, tmp_path: Path) -> None:
    checkout = make_repository(tmp_path, FROM_TAGS, ". v1.0 . v1.1 .")
    checkout.git("checkout", "--quiet", "--detach", "v1.0")
    facts = version(run, checkout)
    assert facts["version"] == "1.0"
    checkout.git("checkout", "--quiet", "--detach", "main")
    assert version(run, checkout)["version"] == "1.2.0.dev1"


@pytest.mark.slow
def test_a_shallow_clone_knows_its_own_tag_but_not_what_lies_between(run: Run, tmp_path: Path) -> None:
    origin = make_repository(tmp_path / "origin", FROM_TAGS, ". v1.0 . . v1.1")
    for name in ("at", "between"):
        Checkout(tmp_path).git("clone", "--quiet", "--depth", "1", f"file://{origin.root}", name)
        origin.commit({"more": name})
    assert version(run, tmp_path / "at")["version"] == "1.1"
    said = run("version", "-C", tmp_path / "between")
    assert said.code == 4
    assert "The clone is shallow" in said.err
    assert "git fetch --unshallow --tags" in said.err
    assert version(run, tmp_path / "between", "--version", "1.2")["tag"] == "v1.2"


def test_a_static_version_needs_no_history(run: Run, tmp_path: Path) -> None:
    origin = make_repository(tmp_path / "origin", STATIC, ". . .")
    Checkout(tmp_path).git("clone", "--quiet", "--depth", "1", f"file://{origin.root}", "shallow")
    assert version(run, tmp_path / "shallow")["version"] == "1.4.0"


def test_a_static_version_that_was_released_before_is_warned_of(run: Run, tmp_path: Path) -> None:
    facts = version(run, make_repository(tmp_path, STATIC, ". v1.4.0 ."))
    warnings = [note["text"] for note in facts["notes"] if note["state"] == "warning"]
    assert [text.partition(" on another commit")[0] for text in warnings] == ["v1.4.0 already exists"]


@pytest.mark.parametrize(
    ("history", "reported"),
    [
        (".", "release-tools tag 0.1.0"),
        (". release_1_0", "no tag looks like v1.2.3"),
    ],
)
def test_a_repository_that_was_never_tagged_hears_about_its_first_tag(
    run: Run, tmp_path: Path, history: str, reported: str
) -> None:
    said = run("version", "-C", make_repository(tmp_path, FROM_TAGS, history).root)
    assert (said.code, said.out) == (0, "0.1.0.dev1\n")
    assert reported in said.err


@pytest.mark.parametrize("tag", ["1.0.0", "v2.5"])
def test_the_hint_for_the_first_tag_follows_the_default_tag_of_the_settings(run: Run, tmp_path: Path, tag: str) -> None:
    settings = f'[tool.versioningit.vcs]\nmethod = "git"\ndefault-tag = "{tag}"\n'
    files = {**FROM_TAGS, "pyproject.toml": FROM_TAGS["pyproject.toml"] + settings}
    said = run("version", "-C", make_repository(tmp_path, files, ". .").root)
    assert said.code == 0
    assert f"git tag -a {tag} -m {tag}" in said.err
    assert f"release-tools tag {tag.removeprefix('v')}" in said.err


def test_uncommitted_changes_are_mentioned_and_change_no_version(run: Run, tmp_path: Path) -> None:
    checkout = make_repository(tmp_path, FROM_TAGS, ". v1.0")
    checkout.write({"demo/__init__.py": "changed\n", "new file": "", "ü": "", "z": ""})
    said = run("version", "-C", checkout.root)
    assert said.out == "1.0\n"
    assert "4 uncommitted changes left out" in said.err
    assert "demo/__init__.py, new file, z and 1 more" in said.err


def test_a_tag_object_that_bears_another_name_is_an_error_and_no_endless_search(run: Run, tmp_path: Path) -> None:
    checkout = make_repository(tmp_path, FROM_TAGS, ". junk;name")
    checkout.git("update-ref", "refs/tags/v1.0", "refs/tags/junk;name")
    checkout.git("tag", "--delete", "junk;name")
    said = run("version", "-C", checkout.root)
    assert said.code == 5
    assert "junk;name" in said.err


def test_a_folder_with_spaces_and_foreign_letters_is_a_folder(run: Run, tmp_path: Path) -> None:
    checkout = make_repository(tmp_path / "mein schönes 项目 ", FROM_TAGS, ". v1.0")
    assert version(run, checkout)["version"] == "1.0"
    (checkout.root / "below").mkdir()
    assert version(run, checkout.root / "below")["version"] == "1.0"


def test_a_linked_work_tree_is_a_repository(run: Run, tmp_path: Path) -> None:
    checkout = make_repository(tmp_path / "first", FROM_TAGS, ". v1.0 .")
    checkout.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "second"), "v1.0")
    assert version(run, tmp_path / "second")["version"] == "1.0"


def test_gits_own_variables_do_not_lead_elsewhere(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = make_repository(tmp_path / "other", FROM_TAGS, ". v9.0")
    checkout = make_repository(tmp_path / "ours", FROM_TAGS, ". v1.0")
    misleading = {"GIT_DIR": str(other.root / ".git"), "GIT_WORK_TREE": str(other.root)}
    for name, value in misleading.items():
        monkeypatch.setenv(name, value)
    assert version(run, checkout, **misleading)["version"] == "1.0"


@pytest.mark.skipif(os.name == "nt", reason="the trap is a shell script")
def test_nothing_that_the_repositorys_configuration_names_is_started(run: Run, tmp_path: Path) -> None:
    checkout = make_repository(tmp_path / "ours", FROM_TAGS, ". v1.0 .")
    trap, sprung = tmp_path / "trap", tmp_path / "sprung"
    trap.write_text(f"#!/bin/sh\ntouch {sprung}\n")
    trap.chmod(0o755)
    checkout.git("config", "core.fsmonitor", str(trap))
    checkout.write({"demo/__init__.py": "changed\n"})
    version(run, checkout)
    assert not sprung.exists()
    checkout.git("status")
    assert sprung.exists(), "the trap works"


def test_code_that_a_project_names_for_its_version_never_runs_in_this_process(run: Run, tmp_path: Path) -> None:
    settings = '[tool.versioningit.tag2version]\nmethod = { module = "trap", value = "spring", module-dir = "." }\n'
    trap = "from pathlib import Path\nPath(__file__).with_name('sprung').touch()\n"
    checkout = make_repository(tmp_path, {**project(version="", settings=settings), "trap.py": trap}, ". v1.0 .")
    said = run("version", "-C", checkout.root, TWINE_PASSWORD="pypi-canary")
    assert said.code == 12
    assert not (tmp_path / "sprung").exists()
