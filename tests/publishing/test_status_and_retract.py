"""``release-tools status`` and ``release-tools retract``."""

import hashlib
import json
import shutil
from dataclasses import replace

import pytest

from release_tools.artifacts import manifest
from release_tools.errors import ConfigError, RemoteError, UsageError, VersionError
from release_tools.model.artifact import ArtifactKind
from tests.publishing.built_project import BuiltProject
from tests.servers.base import Fault
from tests.servers.github import GitHub
from tests.servers.github.state import Asset, Release
from tests.support.world import GITHUB_TOKEN, SLUG

BASENAME = "noarch/demo-1.0-py_0.conda"


@pytest.fixture
def published(there: BuiltProject) -> BuiltProject:
    release = there.build()
    there.log_in()
    for artifact in release.artifacts:
        if artifact.kind is ArtifactKind.CONDA:
            there.anaconda.put("octo", "demo", "1.0", BASENAME, artifact.path.read_bytes(), "main")
        else:
            there.pypi.put(artifact.filename, artifact.path.read_bytes())
    return there


def reported(there: BuiltProject, capsys: pytest.CaptureFixture[str], *argv: str) -> dict[str, dict[str, str]]:
    """Place → file → state."""
    capsys.readouterr()
    assert there.run("status", *argv, "--json") == 0
    places = json.loads(capsys.readouterr().out)["publishers"]
    return {place["publisher"]: {file["filename"]: file["state"] for file in place["files"]} for place in places}


def test_every_destination_of_the_version_shows_its_files(
    published: BuiltProject, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"demo-1.0-py3-none-any.whl": "there", "demo-1.0.tar.gz": "there"}
    assert reported(published, capsys, "1.0") == {"pypi": files, "anaconda": {BASENAME: "there"}}


def test_a_destination_off_the_route_is_shown_where_it_has_the_version(
    published: BuiltProject, capsys: pytest.CaptureFixture[str]
) -> None:
    sdist = published.dist / "demo-1.0.tar.gz"
    published.testpypi.put(sdist.name, sdist.read_bytes())
    assert "testpypi" in reported(published, capsys, "1.0")


@pytest.mark.slow
def test_twenty_files_cost_one_request_a_place(there: BuiltProject, capsys: pytest.CaptureFixture[str]) -> None:
    there.build(wheels=19)
    there.log_in()
    assert there.run("publish") == 0
    for double in (there.pypi, there.testpypi, there.anaconda):
        double.log.clear()
    assert len(reported(there, capsys, "1.0")["pypi"]) == 20
    assert [len(double.log) for double in (there.pypi, there.testpypi, there.anaconda)] == [1, 1, 1]


def test_without_what_was_built_it_tells_what_is_there(
    published: BuiltProject, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(published.dist)
    published.dist.mkdir()
    assert reported(published, capsys, "1.0")["pypi"] == {
        "demo-1.0-py3-none-any.whl": "there", "demo-1.0.tar.gz": "there",
    }  # fmt: skip
    assert reported(published, capsys, "2.0")["pypi"] == {}


def test_other_bytes_and_yanked_files_are_reported(published: BuiltProject, capsys: pytest.CaptureFixture[str]) -> None:
    published.pypi.files["demo-1.0.tar.gz"].yanked = True
    published.pypi.lies["demo-1.0-py3-none-any.whl"] = "0" * 64
    assert reported(published, capsys, "1.0")["pypi"] == {
        "demo-1.0-py3-none-any.whl": "other bytes", "demo-1.0.tar.gz": "withdrawn",
    }  # fmt: skip


def test_other_spellings_of_a_package_are_looked_for_and_taken_back_too(
    published: BuiltProject, capsys: pytest.CaptureFixture[str]
) -> None:
    alias = "noarch/py-demo-1.0-py_0.conda"
    published.anaconda.put("octo", "py-demo", "1.0", alias, b"alias", "main")
    published.configure('[tool.release-tools.conda]\naliases = ["py-demo"]')
    assert reported(published, capsys, "1.0")["anaconda"] == {BASENAME: "there", alias: "there"}
    assert published.run("retract", "1.0", "--reason", "x") == 0
    assert published.anaconda.holds()[alias][1] == ("broken",)


def test_a_place_that_fails_does_not_hide_the_others(
    published: BuiltProject, capsys: pytest.CaptureFixture[str]
) -> None:
    published.pypi.faults = [Fault(times=None)]
    capsys.readouterr()
    assert published.run("status", "1.0") == RemoteError.exit_code
    said = capsys.readouterr().out
    assert "answered 500" in said
    assert f"{BASENAME} is there" in said


@pytest.mark.slow
def test_the_last_job_of_a_release_shows_every_destination(there: BuiltProject) -> None:
    there.build()
    there.log_in()
    summary = there.project / "summary.md"
    there.env["GITHUB_STEP_SUMMARY"] = str(summary)
    assert there.run("publish", "--only", "pypi") == 0
    assert "destinations" not in summary.read_text(encoding="utf-8")
    assert there.run("publish", "--only", "anaconda", "--status", "--dry-run") == 0
    assert "destinations" not in summary.read_text(encoding="utf-8")
    assert there.run("publish", "--only", "anaconda", "--status") == 0
    *_, last = summary.read_text(encoding="utf-8").split("\n## ")
    assert last.startswith("✅ demo 1.0: published to 2 of 2 destinations\n")
    assert last.count('"]:::done') == 3  # the build, and both destinations
    assert "**PyPI** [↗](https://pypi.org/project/demo/1.0/) published |" in last


@pytest.mark.slow
def test_a_development_version_lacks_no_tag(there: BuiltProject) -> None:
    there.configure('routes.dev = ["testpypi"]')
    release = there.build("1.0.dev3", commit=there.push())
    (there.dist / manifest.FILENAME).write_text(manifest.dump(replace(release, tag="", tagged=False)), encoding="utf-8")
    there.log_in()
    there.env["GITHUB_STEP_SUMMARY"] = str(there.project / "summary.md")
    assert there.run("publish", "--status") == 0
    *_, last = (there.project / "summary.md").read_text(encoding="utf-8").split("\n## ")
    assert last.startswith("✅ demo 1.0.dev3: published to 1 of 1 destinations\n")


@pytest.mark.slow
def test_a_destination_that_lacks_a_setting_is_none_of_the_release(there: BuiltProject) -> None:
    there.build()
    there.log_in()
    text = (there.project / "pyproject.toml").read_text(encoding="utf-8")
    (there.project / "pyproject.toml").write_text(text.replace('owner = "octo"', ""), encoding="utf-8")
    summary = there.project / "summary.md"
    there.env["GITHUB_STEP_SUMMARY"] = str(summary)
    assert there.run("publish", "--status") == 0
    assert there.run("status", "1.0") == 0
    *_, last, asked = summary.read_text(encoding="utf-8").split("## ")
    assert last.startswith("✅ demo 1.0: published to 1 of 1 destinations\n")
    assert asked == last


@pytest.mark.slow
def test_a_destination_without_a_file_of_the_release_is_none_of_it(there: BuiltProject) -> None:
    there.build(conda=False)
    there.log_in()
    there.env["GITHUB_STEP_SUMMARY"] = str(there.project / "summary.md")
    assert there.run("publish", "--no-conda", "--status") == 0
    *_, last = (there.project / "summary.md").read_text(encoding="utf-8").split("\n## ")
    assert last.startswith("✅ demo 1.0: published to 1 of 1 destinations\n")


@pytest.mark.slow
def test_a_place_that_does_not_answer_at_the_end_fails_no_release(
    there: BuiltProject, capsys: pytest.CaptureFixture[str]
) -> None:
    there.build()
    there.log_in()
    there.pypi.faults = [Fault(times=None)]
    there.env["GITHUB_STEP_SUMMARY"] = str(there.project / "summary.md")
    assert there.run("publish", "--only", "anaconda", "--status") == 0
    assert "answered 500" in capsys.readouterr().out
    text = (there.project / "summary.md").read_text(encoding="utf-8")
    assert "published to 1 of 2 destinations" in text


@pytest.mark.slow
def test_a_failed_publish_shows_no_destinations(there: BuiltProject, capsys: pytest.CaptureFixture[str]) -> None:
    there.build()
    there.log_in()
    there.anaconda.faults = [Fault(times=None)]
    assert there.run("publish", "--only", "anaconda", "--status") == RemoteError.exit_code
    assert not there.pypi.log
    assert "published to" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "code"),
    [(("not-a-version",), VersionError), (("1.0", "--routes-final", "nowhere"), ConfigError)],
)
def test_what_cannot_be_looked_for(there: BuiltProject, argv: tuple[str, ...], code: type[UsageError]) -> None:
    assert there.run("status", *argv) == code.exit_code


def test_a_project_without_a_name_must_be_named(there: BuiltProject) -> None:
    (there.project / "pyproject.toml").write_text("")
    assert there.run("status", "1.0") == UsageError.exit_code
    assert there.run("status", "1.0", "--name", "demo", "--anaconda-owner", "octo", "--no-conda-forge") == 0


def test_what_can_be_taken_back_is(published: BuiltProject, capsys: pytest.CaptureFixture[str]) -> None:
    published.anaconda.put("conda-forge", "demo", "1.0", "noarch/demo-1.0-pyhd8ed1ab_0.conda", b"theirs", "main")
    capsys.readouterr()
    assert published.run("retract", "1.0", "--reason", "it eats data") == 0
    said = capsys.readouterr().out
    assert published.anaconda.holds()[BASENAME][1] == ("broken",)
    assert "https://pypi.org/manage/project/demo/release/1.0/" in said
    assert "it eats data" in said
    assert "action: broken\npackages:\n- noarch/demo-1.0-pyhd8ed1ab_0.conda\n" in said
    assert published.anaconda.holds()["noarch/demo-1.0-pyhd8ed1ab_0.conda"][1] == ("main",)


def test_retracting_is_dry_run_and_converges(published: BuiltProject, capsys: pytest.CaptureFixture[str]) -> None:
    assert published.run("retract", "1.0", "--reason", "x", "--dry-run") == 0
    assert f"would move {BASENAME} on Anaconda.org/octo from main to broken" in capsys.readouterr().out
    assert published.anaconda.holds()[BASENAME][1] == ("main",)
    published.anaconda.faults = [Fault(method="DELETE")]
    assert published.run("retract", "1.0", "--reason", "x") == 0
    assert published.run("retract", "1.0", "--reason", "x") == 0
    assert published.anaconda.holds()[BASENAME][1] == ("broken",)


def test_what_is_nowhere_is_not_taken_back(there: BuiltProject, capsys: pytest.CaptureFixture[str]) -> None:
    assert there.run("retract", "7.0", "--reason", "x") == 0
    said = capsys.readouterr().out
    assert "Anaconda.org/octo has no demo 7.0" in said
    assert "PyPI has no demo 7.0" in said
    assert not there.anaconda.lines("POST")


def test_a_reason_cannot_command_anything(published: BuiltProject, capsys: pytest.CaptureFixture[str]) -> None:
    published.anaconda.put("conda-forge", "demo", "1.0", "noarch/demo-1.0-0.conda", b"theirs", "main")
    published.env["GITHUB_ACTIONS"] = "true"
    capsys.readouterr()
    assert published.run("retract", "1.0", "--reason", "x\n::add-path::/evil\n- noarch/other.conda") == 0
    said = capsys.readouterr().out
    assert "\n::add-path::" not in said
    assert "\n- noarch/other.conda" not in said


@pytest.fixture
def on_github(published: BuiltProject) -> GitHub:
    """The same version as a release on GitHub too, with one of its files."""
    hub = published.github
    repository = hub.create(SLUG, {"README.md": "demo"})
    hub.account("octo", GITHUB_TOKEN)
    content = (published.dist / "demo-1.0.tar.gz").read_bytes()
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    sdist = Asset(1, "demo-1.0.tar.gz", "", content, digest, "application/gzip", "octo")
    made = Release(2, "v1.0", "main", "demo 1.0", "It is out.", draft=False, prerelease=False, author="octo", created=1)
    repository.releases.append(replace(made, published=1, assets=[sdist]))
    published.proxy.routes.update(hub.routes)
    published.env.update(GITHUB_TOKEN=GITHUB_TOKEN, GITHUB_REPOSITORY=SLUG)
    return hub


def test_github_is_a_place_too(on_github: GitHub, published: BuiltProject, capsys: pytest.CaptureFixture[str]) -> None:
    found = reported(published, capsys, "1.0")
    assert found["github"] == {
        "demo-1.0.tar.gz": "there", "demo-1.0-py3-none-any.whl": "missing", "demo-1.0-py_0.conda": "missing",
    }  # fmt: skip
    assert found["tag"] == {"v1.0": "missing"}
    assert [line.rpartition("/repos/octo/demo/")[2].partition("?")[0] for line in on_github.lines()] == [
        "git/ref/tags/v1.0", "releases/tags/v1.0",
    ]  # fmt: skip


@pytest.mark.slow
def test_a_release_on_github_is_marked_once_and_stays(
    on_github: GitHub, published: BuiltProject, capsys: pytest.CaptureFixture[str]
) -> None:
    assert published.run("retract", "1.0", "--reason", "x", "--dry-run") == 0
    assert "would mark the GitHub release v1.0 as retracted" in capsys.readouterr().out
    assert not on_github.lines("PATCH")
    for _ in range(2):
        assert published.run("retract", "1.0", "--reason", "it @everybody eats data") == 0
    [release] = on_github.repositories["octo/demo"].releases
    assert release.name == "demo 1.0 (retracted)"
    assert release.body.startswith("> [!CAUTION]\n> **Retracted:** it ")
    assert "@everybody" not in release.body
    assert release.body.endswith("It is out.")
    assert release.prerelease
    assert len(on_github.lines("PATCH")) == 1
