"""``release-tools next`` and ``release-tools notes`` over real repositories."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from release_tools.cli import main
from tests.support.repositories import PYPROJECT, Checkout

NEVER_IMPORTED = "raise SystemExit('the project was imported')\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A project that was released as 1.0.0."""
    checkout = Checkout.create(tmp_path, "https://nowhere.example/demo.git", {"SOURCE_DATE_EPOCH": "1772409600"})
    checkout.commit({"demo.py": f"{NEVER_IMPORTED}def load(path): ...\n"}, "Start")
    return tagged(checkout, "v1.0.0")


@pytest.fixture
def commands(capfd: pytest.CaptureFixture[str]) -> "Commands":
    return Commands(capfd)


class Commands:
    """Run commands and return their output."""

    def __init__(self, capfd: pytest.CaptureFixture[str]) -> None:
        self.capfd = capfd

    def by(self, checkout: Checkout, *arguments: str, code: int = 0) -> tuple[str, str]:
        self.capfd.readouterr()
        command, *more = arguments
        assert main.main([command, "-C", str(checkout.root), *more], checkout.env) == code
        out, err = self.capfd.readouterr()
        return out.removesuffix("\n"), err

    def data(self, checkout: Checkout) -> dict[str, Any]:
        out, err = self.by(checkout, "next", "--json")
        assert err == ""
        found: dict[str, Any] = json.loads(out)
        return found


def tagged(checkout: Checkout, tag: str) -> Checkout:
    checkout.git("tag", "--annotate", "--message", tag, tag)
    return checkout


def pyproject(table: str) -> str:
    return f"{PYPROJECT}\n[tool.release-tools]\n{table}\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("files", "tag", "version", "by"),
    [
        ({"pyproject.toml": '[project]\nname = "demo"\nversion = "1.4.0.dev0"\n'}, "", "1.4.0", "pyproject.toml"),
        ({"pyproject.toml": '[project]\nname = "demo"\nversion = "1.4.0"\n'}, "v1.5.0.dev0", "1.4.0", "pyproject.toml"),
        ({"NEWS.rst": "1.5 (unreleased)\n=====\n\n- x\n"}, "v1.4.0.dev0", "1.5", "NEWS.rst"),
        ({"demo.py": "def load(path): return 1\n"}, "v1.4.0.dev0", "1.4.0", "the tag v1.4.0.dev0"),
    ],
)
def test_what_the_project_names_goes_first(
    checkout: Checkout, commands: Commands, files: Mapping[str, str], tag: str, version: str, by: str
) -> None:
    checkout.commit(files, "Go on")
    if tag:
        tagged(checkout, tag)
    out, err = commands.by(checkout, "next")
    assert out == version
    assert f"by {by}, {version}: " in err


@pytest.mark.slow
def test_a_release_on_another_branch_is_mentioned(checkout: Checkout, commands: Commands) -> None:
    checkout.git("switch", "--quiet", "--create", "stable")
    checkout.commit({"demo.py": "def load(path): return 2\n"}, "Fix it there")
    tagged(checkout, "v1.3.0")
    assert "another branch" not in commands.by(checkout, "next", code=5)[1]
    checkout.git("switch", "--quiet", "-")
    checkout.commit({"demo.py": "def load(path): return 1\n"}, "Fix it")
    out, err = commands.by(checkout, "next")
    assert out == "1.0.1"
    assert "v1.3.0 is tagged too" in err
    assert "another branch" in err


@pytest.mark.slow
def test_tags_that_are_not_read_are_mentioned_with_a_format(checkout: Checkout, commands: Commands) -> None:
    checkout.git("tag", "--delete", "v1.0.0")
    tagged(checkout, "release-1.0.0")
    assert 'tag-format = "release-{version}"' in commands.by(checkout, "next")[1]
    checkout.git("switch", "--quiet", "--orphan", "other")
    checkout.commit({"demo.py": "def load(path): return 1\n"}, "Start again")
    tagged(checkout, "v0.9.0")
    checkout.git("switch", "--quiet", "main")
    assert "tag-format" not in commands.by(checkout, "next")[1]  # one of another branch is read


@pytest.mark.slow
def test_a_version_that_another_branch_has_is_not_recommended(checkout: Checkout, commands: Commands) -> None:
    checkout.git("switch", "--quiet", "--create", "1.0.x")
    checkout.commit({"demo.py": "def load(path): return 2\n"}, "Fix it there")
    tagged(checkout, "v1.0.1")
    checkout.git("switch", "--quiet", "main")
    checkout.commit({"demo.py": "def load(path): return 1\n"}, "Fix it")
    assert commands.by(checkout, "next")[0] == "1.0.2"


@pytest.mark.slow
def test_a_later_tag_of_the_same_branch_is_not_called_another(checkout: Checkout, commands: Commands) -> None:
    checkout.commit({"demo.py": "def load(path): return 1\n"}, "Fix it")
    earlier = checkout.head
    checkout.commit({"demo.py": "def load(path): return 2\n"}, "Fix it again")
    tagged(checkout, "v1.0.1")
    checkout.git("checkout", "--quiet", earlier)
    out, err = commands.by(checkout, "next")
    assert out == "1.0.2"
    assert "another branch" not in err
    assert "v1.0.1" in err


@pytest.mark.slow
def test_a_floating_tag_is_no_release(checkout: Checkout, commands: Commands) -> None:
    tagged(checkout, "v1")
    checkout.commit({"demo.py": "def load(path): return 1\n"}, "Fix it")
    tagged(checkout, "v1.0.1")
    checkout.git("tag", "--force", "v1")
    checkout.commit({"demo.py": "def load(path): return 2\n"}, "Fix it again")
    data = commands.data(checkout)
    assert (data["version"], data["previous"]["tag"]) == ("1.0.2", "v1.0.1")


@pytest.mark.slow
def test_the_version_in_a_module_is_the_projects_own(checkout: Checkout, commands: Commands) -> None:
    project = (
        '[build-system]\nrequires = ["flit_core"]\nbuild-backend = "flit_core.buildapi"\n[project]\nname = "demo"\n'
    )
    module = '"""Demo."""\n__version__ = "1.1.0.dev0"\ndef load(path, more): ...\n'
    checkout.commit({"pyproject.toml": f'{project}dynamic = ["version"]\n', "demo.py": module})
    out, err = commands.by(checkout, "next")
    assert out == "1.1.0"
    assert "by the evidence, 2.0.0" in err
    _, err = commands.by(checkout, "tag", "--bump", "auto", code=5)
    assert "demo.py:2: __version__ says version 1.1.0.dev0" in err
    assert "release-tools prepare" in err


HATCH = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n[project]\nname = "demo"\n'
POETRY = '[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n[tool.poetry]\n'


@pytest.mark.slow
@pytest.mark.parametrize(
    ("typed", "pyproject", "file", "text"),
    [
        (("version", "plan", "build", "tag", "release"), f'{HATCH}version = "1.0.0"\n', "pyproject.toml", ""),
        (("tag",), f'{POETRY}name = "demo"\nversion = "1.0.0"\n', "pyproject.toml", ""),
        (
            ("tag",),
            f'{HATCH}dynamic = ["version"]\n[tool.hatch.version]\npath = "about.py"\n',
            "about.py",
            '__version__ = "1.0.0"\n',
        ),
        (("tag",), "", "setup.py", 'from setuptools import setup\nsetup(name="demo", version="1.0.0")\n'),
        (("tag",), "", "setup.cfg", "[metadata]\nname = demo\nversion = 1.0.0\n"),
    ],
)
def test_who_types_bump_is_told_to_prepare_a_version_that_a_file_has(
    checkout: Checkout, commands: Commands, typed: tuple[str, ...], pyproject: str, file: str, text: str
) -> None:
    checkout.commit({"pyproject.toml": pyproject, **({file: text} if text else {})})
    for command in typed:
        _, err = commands.by(checkout, command, "--bump", "auto", code=5)
        lines = err.splitlines()
        assert any(file in line and "1.0.0" in line and "--bump auto" in line for line in lines), command
        assert "release-tools prepare 1.1.0" in err or "release-tools prepare 1.0.1" in err
        assert "--version" not in err


@pytest.mark.parametrize("version", ["1.0.0", "auto", "2.0"])
def test_an_error_of_tag_names_no_option_that_nobody_typed(
    checkout: Checkout, commands: Commands, version: str
) -> None:
    checkout.commit({"pyproject.toml": f'{HATCH}version = "1.0.0"\n'})
    _, err = commands.by(checkout, "tag", version, code=5)
    assert "VERSION" in err
    assert "--version" not in err


@pytest.mark.slow
def test_a_changelog_that_lists_removals_does_not_promise_a_minor_version(
    checkout: Checkout, commands: Commands
) -> None:
    news = "1.1.0 (unreleased)\n==================\n\nAPI changes\n-----------\n\nio\n^^\n\n- Removal of ``save``.\n"
    checkout.commit({"demo.py": "def load(path): return 1\n", "CHANGES.rst": news})
    out, err = commands.by(checkout, "next")
    assert out == "2.0.0"
    assert "CHANGES.rst names 1.1.0" in err


@pytest.mark.slow
def test_a_folder_that_did_not_exist_at_the_last_release_is_not_compared(
    checkout: Checkout, commands: Commands
) -> None:
    (checkout.root / "inner").mkdir()
    checkout.git("mv", "demo.py", "pyproject.toml", "inner")
    checkout.commit({"inner/more.py": "x = 1\n"}, "Move it")
    inner = Checkout(checkout.root / "inner", checkout.home, checkout.more)
    out, err = commands.by(inner, "next")
    assert out == "1.0.1"
    assert "not compared: inner/ does not exist in v1.0.0" in err
    assert "Move it" in commands.by(inner, "notes", "1.0.1")[0]


@pytest.mark.slow
def test_tests_below_a_workspace_are_no_packages(checkout: Checkout, commands: Commands) -> None:
    for folder in ("packages/core/demo_core", "packages/core/tests", "packages/lab/tests"):
        (checkout.root / folder).mkdir(parents=True)
    files = {f"packages/{path}/__init__.py": "" for path in ("core/demo_core", "core/tests", "lab/tests")}
    checkout.commit({"pyproject.toml": '[project]\nname = "other"\n', **files})
    tagged(checkout, "v1.1.0")
    checkout.commit({"packages/core/demo_core/__init__.py": "x = 1\n"})
    assert commands.by(checkout, "next")[0]


@pytest.mark.parametrize(
    ("files", "message", "version"),
    [
        ({"demo.py": "def load(path): return 1\n"}, "Fix it", "1.0.1"),
        ({"demo.py": "def load(path): ...\ndef dump(path): ...\n"}, "Add it", "1.1.0"),
        ({"demo.py": "def load(path, *, fast=False): ...\n"}, "Add it", "1.1.0"),
        ({"demo.py": "def dump(path): ...\n"}, "Break it", "2.0.0"),
        ({"README.md": "# Demo\n"}, "Say it", "1.0.0.post1"),
        ({"demo.py": "def load(path): return 1\n"}, "feat: a thing that is no API", "1.1.0"),
        ({"demo.py": "def load(path): return 1\n"}, "fix!: a break that is no API", "2.0.0"),
        (
            {"demo.py": "def load(path): return 1\n", "CHANGELOG.md": "## Unreleased\n\n### Added\n\n- x\n"},
            "x",
            "1.1.0",
        ),
        ({"demo.py": "def load(path): return 1\n", "NEWS.rst": "1.5 (unreleased)\n=====\n\n- x\n"}, "x", "1.5"),
    ],
)
def test_the_next_version_follows_from_what_changed(
    checkout: Checkout, commands: Commands, files: Mapping[str, str], message: str, version: str
) -> None:
    checkout.commit(files, message)
    assert commands.by(checkout, "next")[0] == version


@pytest.mark.slow
def test_nothing_to_release_has_an_exit_code_and_no_version(checkout: Checkout, commands: Commands) -> None:
    assert commands.by(checkout, "next", code=5)[0] == ""
    (checkout.root / "devtools").mkdir()
    checkout.commit({"devtools/env.yaml": "a", "Makefile": "all:"}, "Work on nothing that is installed")
    assert commands.by(checkout, "next", code=5)[0] == ""
    assert json.loads(commands.by(checkout, "next", "--json", code=5)[0])["version"] is None


def test_every_piece_of_evidence_is_shown(checkout: Checkout, commands: Commands) -> None:
    checkout.commit({"demo.py": "def dump(path): ...\n", "CHANGELOG.md": "## Unreleased\n\n### Fixed\n\n- y\n"}, "Work")
    assert commands.by(checkout, "next")[1].splitlines() == [
        "files: 1 file of what is installed changed (asks for patch)",
        "  demo.py",
        "public API: 1 thing broken (asks for major)",
        "  demo.load: Public object was removed",
        "changelog: 1 entry under Fixed (asks for patch)",
        "  y",
        "something broken: the major number (SemVer)",
    ]


@pytest.mark.slow
def test_news_fragments_are_evidence_where_towncrier_is_configured(checkout: Checkout, commands: Commands) -> None:
    (checkout.root / "news").mkdir()
    checkout.commit({"demo.py": "def load(path): return 1\n", "news/12.feature.md": "A thing.\n"})
    assert commands.by(checkout, "next")[0] == "1.0.1"
    checkout.commit({"pyproject.toml": f'{PYPROJECT}\n[tool.towncrier]\ndirectory = "./news/"\n'})
    assert commands.by(checkout, "next")[0] == "1.1.0"


@pytest.mark.slow
def test_where_the_changelog_names_another_version_both_are_shown(checkout: Checkout, commands: Commands) -> None:
    checkout.commit({"demo.py": "", "CHANGES.md": "## 1.0.1 (unreleased)\n\n- x\n"})
    out, err = commands.by(checkout, "next")
    assert out == "1.0.1"
    assert "by the evidence, 2.0.0: " in err
    assert "by CHANGES.md, 1.0.1: " in err
    data = commands.data(checkout)
    assert (data["version"], data["by-evidence"]) == ("1.0.1", "2.0.0")


@pytest.mark.slow
def test_a_series_of_pre_releases_leads_to_its_final_version(checkout: Checkout, commands: Commands) -> None:
    work = (
        ("def load(path): ...\ndef dump(path): ...\n", "1.1.0", "v1.1.0a1"),
        ("def load(path): ...\ndef dump(path, fast=1): ...\n", "1.1.0a2", "v1.1.0a2"),
        ("def load(path): ...\ndef dump(path, fast=1): return 1\n", "1.1.0b1", "v1.1.0b1"),
        ("def load(path): ...\ndef dump(path, fast=1): return 2\n", "1.1.0rc1", "v1.1.0rc1"),
        ("def load(path): ...\ndef dump(path, fast=1): return 3\n", "1.1.0rc2", "v1.1.0rc2"),
        ("", "1.1.0", "v1.1.0"),
    )
    for text, version, tag in work:
        checkout.commit({"demo.py": text} if text else {"README.md": "# Demo\n"})
        assert commands.by(checkout, "next")[0] == version
        tagged(checkout, tag)


@pytest.mark.slow
def test_a_project_in_a_folder_of_its_repository_is_looked_at_alone(checkout: Checkout, commands: Commands) -> None:
    (checkout.root / "a").mkdir()
    (checkout.root / "b").mkdir()
    checkout.commit(
        {"a/pyproject.toml": pyproject('tag-format = "a-v{version}"'), "a/demo.py": "x = 1\n", "b/c.py": ""}
    )
    inner = Checkout(checkout.root / "a", checkout.home, checkout.more)
    tagged(checkout, "a-v0.1.0")
    checkout.commit({"b/c.py": "y = 1\n"}, "Work on b")
    assert commands.by(inner, "next", code=5)[0] == ""
    checkout.commit({"a/demo.py": "x = 1\ny = 1\n"}, "Work on a")
    assert commands.by(inner, "next")[0] == "0.2.0"
    assert commands.by(inner, "notes", "0.2.0")[0] == "- Work on a, by Ana Author"


def test_settings_name_the_changelog_the_scheme_and_the_api(checkout: Checkout, commands: Commands) -> None:
    settings = pyproject('changelog-file = "LOG"\nscheme = "calver"\npublic-api = ["other"]')
    checkout.commit({"pyproject.toml": settings, "LOG": "# 1.0\n\n- x\n", "demo.py": "", "other.py": "x = 1\n"})
    data = commands.data(checkout)
    assert (data["version"], data["scheme"]) == ("26.0.0", "calver")
    assert [item["source"] for item in data["evidence"]] == ["files", "public API"]
    assert data["evidence"][1]["details"] == ["other"]


def test_a_changelog_that_is_configured_and_missing_is_an_error(checkout: Checkout, commands: Commands) -> None:
    _, err = commands.by(checkout, "next", "--changelog-file", "LOG", code=17)
    assert err.startswith("error: changelog-file: LOG is not in the commit")


def test_source_that_cannot_be_compared_is_mentioned_and_the_rest_goes_on(
    checkout: Checkout, commands: Commands
) -> None:
    checkout.commit({"demo.py": "def load(path:\n"}, "Break it thoroughly")
    out, err = commands.by(checkout, "next")
    assert out == "1.0.1"
    assert "public API: not compared: demo: its source cannot be read" in err


@pytest.mark.slow
def test_before_the_first_release_the_changelog_or_custom_decides(tmp_path: Path, commands: Commands) -> None:
    checkout = Checkout.create(tmp_path, "https://nowhere.example/demo.git")
    assert commands.by(checkout, "next")[0] == "0.1.0"
    checkout.commit({"CHANGES.rst": "2.0 (unreleased)\n================\n\n- All of it\n"})
    assert commands.by(checkout, "next")[0] == "2.0"


CHANGELOG = """\
# Changelog

## [Unreleased]

- Later, thanks @ben

## [1.1.0] - 2026-01-02

- Now, fixes #1

## [1.1.0rc1] - 2026-01-01

- Before

## [1.0.0] - 2025-01-01

- First
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "notes"),
    [
        (["1.0.0"], "- First"),
        (["v1.1.0rc1"], "- Before"),
        (["1.1"], "- Now, fixes\u200b #1\n\n## 1.1.0rc1\n\n- Before"),
        (["1.2.0"], "- Later, thanks @\u200bben"),
        ([], "- Later, thanks @\u200bben"),
    ],
)
def test_notes_come_from_the_changelog(
    checkout: Checkout, commands: Commands, arguments: list[str], notes: str
) -> None:
    checkout.commit({"CHANGELOG.md": CHANGELOG}, "feat: not listed, as there is a changelog")
    assert commands.by(checkout, "notes", *arguments)[0] == notes
    if arguments:
        assert json.loads(commands.by(checkout, "notes", *arguments, "--json")[0])["notes"] == notes


@pytest.mark.parametrize(
    ("files", "version", "notes"),
    [
        ({"CHANGES.md": "## 1.1.0 (2026-01-02)\n\n- Old.\n"}, "1.2.0", "- commit, by Ana Author"),
        ({"CHANGES.md": "## 2.0.0\n\n- TWO\n\n## \\[1.2.0\\]\n\n- ONE\n"}, "1.2.0", "- ONE"),
        ({"CHANGES.md": "## 2.0.0\n\n- TWO\n\n## 1.2.0\n\n- ONE\n"}, "42.0.0", "- commit, by Ana Author"),
        ({"CHANGES.md": "## Unreleased\n\n- Later.\n\n## 2.0.0\n\n- TWO\n"}, "2.1.0", "- Later."),
        ({"CHANGES.md": "## 1.2.0 (unreleased)\n\n- Soon.\n"}, "1.2.0rc1", "- Soon."),
        ({"CHANGES.md": "## 1.2.0 (unreleased)\n\n- Soon.\n"}, "1.3.0", "- commit, by Ana Author"),
        (
            {"News.adoc": "== 1.2.0\n\n* See https://demo.example[there].\n"},
            "1.2.0",
            "- See [there](https://demo.example).",
        ),
        (
            {"NEWS.md": "<a id='v1.2.0'></a>\n# 1.2.0\n\n- New.\n\n<a id='v1.1.0'></a>\n# 1.1.0\n\n- Old.\n"},
            "1.2.0",
            "- New.",
        ),
    ],
)
def test_notes_never_come_from_the_section_of_another_version(
    checkout: Checkout, commands: Commands, files: Mapping[str, str], version: str, notes: str
) -> None:
    checkout.commit(files, "commit")
    assert commands.by(checkout, "notes", version)[0] == notes


@pytest.mark.slow
def test_doctor_names_the_changelog_that_notes_come_from(checkout: Checkout, commands: Commands) -> None:
    (checkout.root / "docs").mkdir()
    stub = {"CHANGELOG.md": "See docs/log.md.\n", "docs/log.md": "# 1.1.0\n\n- New.\n"}
    checkout.commit(stub, "Write")
    commands.capfd.readouterr()
    main.main(["doctor", "-C", str(checkout.root)], checkout.env)
    assert "docs/log.md" in "".join(commands.capfd.readouterr())
    assert commands.by(checkout, "notes", "1.1.0")[0] == "- New."


@pytest.mark.slow
def test_an_unreleased_section_of_the_tagged_commit_is_its_notes(checkout: Checkout, commands: Commands) -> None:
    checkout.commit({"CHANGES.md": "## Unreleased\n\n- In the candidate.\n"}, "Write")
    tagged(checkout, "v1.1.0rc1")
    checkout.commit({"CHANGES.md": "## Unreleased\n\n- Later.\n"}, "Write more")
    assert commands.by(checkout, "notes", "1.1.0rc1")[0] == "- In the candidate."


@pytest.mark.slow
def test_people_are_named_once_as_the_mailmap_says_and_bots_are_not(checkout: Checkout, commands: Commands) -> None:
    checkout.commit({".mailmap": "Ben Builder <ben@example.org> <benny@elsewhere.example>\n"}, "Map")
    tagged(checkout, "v1.1.0")
    trailers = (
        "Co-authored-by: benny <benny@elsewhere.example>\nCo-authored-by: Ben Builder <ben@example.org>\n"
        "Co-authored-by: dependabot[bot] <support@github.com>\nCo-authored-by: A Model 2 <noreply@vendor.example>"
    )
    checkout.commit({"demo.py": "x = 1\n"}, f"Fix the reader (#12)\n\n{trailers}")
    first, *thanks = commands.by(checkout, "notes", "1.2.0")[0].splitlines()
    assert first == "- Fix the reader (#12), by Ana Author, Ben Builder"
    assert thanks == ["", "### First contributions", "", "- Ben Builder in #12"]


@pytest.mark.slow
def test_without_a_changelog_notes_come_from_the_commits_since_the_release_before(
    checkout: Checkout, commands: Commands
) -> None:
    checkout.commit({"a.py": ""}, "feat: load faster (#12)")
    tagged(checkout, "v1.1.0rc1")
    checkout.git("config", "--global", "user.name", "Ben @ben")
    checkout.git("config", "--global", "user.email", "ben@example.org")
    checkout.commit({"b.py": ""}, "fix: <b>crash</b>, closes #13\n\nCo-authored-by: Eve <eve@example.org>")
    tagged(checkout, "v1.1.0")
    checkout.commit({"c.py": ""}, "docs: later")
    crash = "### Fixes\n\n- \\<b\\>crash\\</b\\>, closes #\u200b13, by Ben @\u200bben, Eve"
    thanks = "### First contributions\n\n- Ben @\u200bben\n- Eve"
    assert commands.by(checkout, "notes", "1.1.0rc1")[0] == "### Features\n\n- load faster (#12), by Ana Author"
    assert commands.by(checkout, "notes", "1.1.0")[0] == (
        f"### Features\n\n- load faster (#12), by Ana Author\n\n{crash}\n\n{thanks}"
    )
    assert commands.by(checkout, "notes", "1.2.0")[0] == "### Documentation\n\n- later, by Ben @\u200bben"


@pytest.mark.slow
def test_a_merged_pull_request_is_listed_once(checkout: Checkout, commands: Commands) -> None:
    checkout.git("switch", "--quiet", "--create", "loader")
    checkout.commit({"a.py": ""}, "Draft")
    checkout.commit({"b.py": ""}, "Fix the draft")
    checkout.git("switch", "--quiet", "main")
    message = ("--message", "Merge pull request #7 from ben/loader", "--message", "Load everything")
    checkout.git("merge", "--quiet", "--no-ff", *message, "loader")
    assert commands.by(checkout, "notes", "1.1.0")[0] == "- Load everything (#7), by Ana Author"


@pytest.mark.slow
def test_a_release_of_an_older_line_has_its_own_notes(checkout: Checkout, commands: Commands) -> None:
    checkout.commit({"a.py": ""}, "New")
    tagged(checkout, "v2.0.0")
    checkout.git("switch", "--quiet", "--create", "old", "v1.0.0")
    checkout.commit({"b.py": ""}, "Fixed for old")
    tagged(checkout, "v1.0.1")
    checkout.git("switch", "--quiet", "main")
    assert commands.by(checkout, "notes", "1.0.1")[0] == "- Fixed for old, by Ana Author"


def test_notes_of_a_version_that_never_was_are_an_error(checkout: Checkout, commands: Commands) -> None:
    assert "0.9.0 is neither tagged" in commands.by(checkout, "notes", "0.9.0", code=17)[1]
    assert "not a PEP 440 version" in commands.by(checkout, "notes", "newest", code=5)[1]


@pytest.mark.slow
@pytest.mark.parametrize(
    "tables", ["project = 1", "tool = 1", "[tool]\ntowncrier = 1\npoetry = 1", "[tool.poetry]\ndependencies = 1"]
)
def test_odd_tables_of_a_previous_commit_stop_nothing(checkout: Checkout, commands: Commands, tables: str) -> None:
    checkout.commit({"pyproject.toml": tables})
    tagged(checkout, "v1.0.1")
    checkout.commit({"pyproject.toml": PYPROJECT, "demo.py": ""})
    assert commands.by(checkout, "next")[0] == "2.0.0"


@pytest.mark.slow
def test_a_tag_may_claim_any_time(checkout: Checkout, commands: Commands) -> None:
    checkout.commit({"demo.py": "x = 1\n"})
    tagged(
        Checkout(checkout.root, checkout.home, {**checkout.more, "GIT_COMMITTER_DATE": "@99999999999999 +0000"}),
        "v2.0.0",
    )
    checkout.commit({"demo.py": "x = 1\ny = 2\n"})
    assert commands.by(checkout, "next")[0] == "2.1.0"
    checkout.more["SOURCE_DATE_EPOCH"] = "9" * 40
    assert commands.by(checkout, "next")[0] == "2.1.0"


@pytest.mark.slow
def test_hostile_history_is_shown_as_text(checkout: Checkout, commands: Commands) -> None:
    hostile = "feat: \x1b[31m::error::x ##[set-env name=PATH]/evil \u202e"
    checkout.commit({"a.py": "x = 1\n"}, hostile)
    for arguments in (["next"], ["next", "--json"], ["notes", "1.1.0"], ["notes", "1.1.0", "--json"]):
        shown = "".join(commands.by(checkout, *arguments))
        assert not any(live in shown for live in ("\x1b", "\u202e", "##[", "\n::")), shown
