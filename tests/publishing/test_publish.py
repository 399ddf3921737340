"""``release-tools publish`` through the front door, against the doubles under their real host names."""

import json
import subprocess
import time

import pytest

from release_tools.errors import ConflictError, CredentialError, PreflightError, RemoteError
from release_tools.model.artifact import ArtifactKind
from tests.publishing.built_project import BuiltProject
from tests.servers.base import Fault, Response

DISTS = (ArtifactKind.SDIST, ArtifactKind.WHEEL)


@pytest.mark.slow
def test_everything_goes_where_the_route_leads(there: BuiltProject) -> None:
    release = there.build()
    there.log_in()
    assert there.run("publish") == 0
    assert there.pypi.holds() == there.expected(release, *DISTS)
    [conda] = release.artifacts_of_kind(ArtifactKind.CONDA)
    assert there.anaconda.holds() == {f"noarch/{conda.filename}": (conda.sha256, ("main",))}
    assert there.testpypi.holds() == {}


@pytest.mark.slow
def test_a_second_run_uploads_nothing(there: BuiltProject, capsys: pytest.CaptureFixture[str]) -> None:
    there.build()
    there.log_in()
    assert there.run("publish") == 0
    capsys.readouterr()
    assert there.run("publish", "--json") == 0
    assert len(there.pypi.uploads) == 2
    assert len(there.anaconda.uploads) == 1
    reported = json.loads(capsys.readouterr().out)
    assert [receipt["state"] for receipt in reported["receipts"]] == ["unchanged"] * 3


def test_a_dry_run_uploads_nothing_and_needs_no_credential(
    there: BuiltProject, capsys: pytest.CaptureFixture[str]
) -> None:
    there.build()
    assert there.run("publish", "--dry-run") == 0
    said = capsys.readouterr().out
    assert "would upload demo-1.0-py3-none-any.whl to PyPI" in said
    assert "would upload noarch/demo-1.0-py_0.conda to Anaconda.org/octo" in said
    assert "no login for PyPI" in said
    assert not there.pypi.holds()
    assert not there.anaconda.holds()
    assert not there.pypi.lines("POST")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("version", "index", "label"),
    [("1.1.dev3", "testpypi", "dev"), ("1.1rc1", "pypi", "rc"), ("1.1.post1", "pypi", "main")],
)
def test_each_kind_of_version_takes_its_route(there: BuiltProject, version: str, index: str, label: str) -> None:
    release = there.build(version)
    there.log_in()
    assert there.run("publish") == 0
    assert getattr(there, index).holds() == there.expected(release, *DISTS)
    assert [labels for _, labels in there.anaconda.holds().values()] == [(label,)]


def test_other_bytes_anywhere_stop_everything_before_anything_is_done(
    there: BuiltProject, capsys: pytest.CaptureFixture[str]
) -> None:
    release = there.build()
    there.log_in()
    [conda] = release.artifacts_of_kind(ArtifactKind.CONDA)
    there.anaconda.put("octo", "demo", "1.0", f"noarch/{conda.filename}", b"other bytes", "main")
    assert there.run("publish") == ConflictError.exit_code
    assert "Anaconda.org/octo has a different noarch/demo-1.0-py_0.conda" in capsys.readouterr().err
    assert there.pypi.holds() == {}


def test_without_credentials_nothing_is_done_and_all_that_is_missing_is_reported(
    there: BuiltProject, capsys: pytest.CaptureFixture[str]
) -> None:
    there.build()
    assert there.run("publish") == CredentialError.exit_code
    said = capsys.readouterr().err
    assert "TWINE_PASSWORD" in said
    assert "ANACONDA_API_TOKEN" in said
    assert not there.pypi.lines("POST")


@pytest.mark.slow
def test_a_version_below_the_newest_is_published_only_when_asked(there: BuiltProject) -> None:
    release = there.build("0.9.1")
    there.log_in()
    there.pypi.put("demo-1.0.tar.gz", b"newer")
    assert there.run("publish") == PreflightError.exit_code
    assert there.run("publish", "--allow-older") == 0
    assert there.expected(release, *DISTS).items() <= there.pypi.holds().items()


def test_a_local_version_is_never_uploaded(there: BuiltProject) -> None:
    there.build("1.0+local")
    there.log_in()
    assert there.run("publish") == PreflightError.exit_code
    assert not there.pypi.lines("POST")


@pytest.mark.slow
def test_a_missing_label_is_put_on_without_an_upload(there: BuiltProject) -> None:
    release = there.build()
    there.log_in()
    [conda] = release.artifacts_of_kind(ArtifactKind.CONDA)
    there.anaconda.put("octo", "demo", "1.0", f"noarch/{conda.filename}", conda.path.read_bytes(), "rc")
    assert there.run("publish") == 0
    assert there.anaconda.uploads == []
    assert there.anaconda.holds()[f"noarch/{conda.filename}"][1] == ("rc", "main")


@pytest.mark.slow
def test_an_index_that_serves_late_is_waited_for(there: BuiltProject) -> None:
    there.build()
    there.log_in()
    there.pypi.lag = 3
    assert there.run("publish") == 0


@pytest.mark.slow
def test_jobs_that_each_take_one_place_are_together_one_release(there: BuiltProject) -> None:
    release = there.build()
    there.log_in()
    assert there.run("publish", "--only", "anaconda") == 0
    assert not there.pypi.holds()
    assert there.run("publish", "--only", "pypi") == 0
    assert there.pypi.holds() == there.expected(release, *DISTS)
    assert len(there.anaconda.uploads) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("only", "expected"),
    [
        ("pypi", ["Files", "Plan", "Released tag", "Destinations", "Upload to PyPI"]),
        ("anaconda", ["Files", "Plan", "Released tag", "Destinations", "Upload to Anaconda.org/octo"]),
    ],
)
def test_a_job_for_one_publisher_reports_no_other(
    there: BuiltProject, capsys: pytest.CaptureFixture[str], only: str, expected: list[str]
) -> None:
    there.build()
    there.log_in()
    assert there.run("publish", "--only", only, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert [section["title"] for section in report["sections"]] == expected


@pytest.mark.slow
def test_a_tag_that_came_after_the_build_makes_it_a_release(there: BuiltProject) -> None:
    facts = there.dist / "release.json"
    there.build()
    there.log_in()
    git = ["git", "-C", str(there.project), "-c", "user.name=A", "-c", "user.email=a@example.org"]
    for arguments in (["init", "--quiet"], ["commit", "--quiet", "--allow-empty", "--message=First"]):
        subprocess.run([*git, *arguments], check=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    reported = json.loads(facts.read_text(encoding="utf-8")) | {"commit": commit, "tagged": False}
    facts.write_text(json.dumps(reported), encoding="utf-8")
    assert there.run("publish") == PreflightError.exit_code
    assert not there.pypi.holds()
    subprocess.run([*git, "tag", "--annotate", "--message=v1.0", "v1.0"], check=True)
    assert there.run("publish") == 0
    assert there.pypi.holds()


@pytest.mark.slow
def test_of_many_files_the_first_goes_alone_and_the_others_side_by_side(there: BuiltProject) -> None:
    release = there.build(wheels=9, conda=False)
    there.log_in()
    assert there.run("publish", "--routes-final", "pypi") == 0
    assert there.pypi.holds() == there.expected(release, *DISTS)
    assert len(there.pypi.accepted) == 10
    ports = [request.client_port for request in there.pypi.log if request.method == "POST"]
    assert 1 < len(set(ports)) <= 3


@pytest.mark.slow
def test_the_sdist_waits_for_every_wheel(there: BuiltProject) -> None:
    """Otherwise an installer would compile it, or a version would stay there without its wheels."""
    release = there.build(wheels=5, conda=False)
    there.log_in()
    slow = release.artifacts_of_kind(ArtifactKind.WHEEL)[-1].filename.encode()
    refuse = Response.of_text("not now", 404)
    there.pypi.faults = [Fault(method="POST", response=refuse, body=slow, meanwhile=lambda: time.sleep(0.5))]
    assert there.run("publish", "--routes-final", "pypi") == RemoteError.exit_code
    assert not any(name.endswith(".tar.gz") for name in there.pypi.holds())
    assert there.run("publish", "--routes-final", "pypi") == 0
    assert there.pypi.accepted[-1].endswith(".tar.gz")


@pytest.mark.slow
def test_a_partial_failure_tells_what_is_done_and_how_to_go_on(
    there: BuiltProject, capsys: pytest.CaptureFixture[str]
) -> None:
    there.build(wheels=4, conda=False)
    there.log_in()
    refuse = Response.of_text("no sdist today", 404)
    there.pypi.faults = [Fault(method="POST", times=None, response=refuse, body=b".tar.gz")]
    assert there.run("publish", "--routes-final", "pypi") == RemoteError.exit_code
    said = capsys.readouterr()
    assert "upload demo-1.0-3-py3-none-any.whl to PyPI" in said.out
    assert "PyPI refused demo-1.0.tar.gz: 404 no sdist today" in said.err
    assert "Run the same command again" in said.out
    assert len(there.pypi.accepted) == 4
    there.pypi.faults = []
    assert there.run("publish", "--routes-final", "pypi") == 0
    assert len(there.pypi.accepted) == 5


def test_a_credential_that_is_refused_is_shown_once(there: BuiltProject) -> None:
    there.build(wheels=4, conda=False)
    there.log_in()
    there.pypi.tokens = {}
    assert there.run("publish", "--routes-final", "pypi") == CredentialError.exit_code
    assert len(there.pypi.uploads) == 1


@pytest.mark.slow
def test_an_index_that_never_serves_it_is_not_waited_for_endlessly(
    there: BuiltProject, capsys: pytest.CaptureFixture[str]
) -> None:
    there.build(conda=False)
    there.log_in()
    there.pypi.lag = 10_000
    assert there.run("publish", "--routes-final", "pypi", "--network-wait", "0") == RemoteError.exit_code
    assert "after 0 s it does not serve" in capsys.readouterr().err
    for file in there.pypi.files.values():
        file.hidden = 0
    assert there.run("publish", "--routes-final", "pypi") == 0
    assert len(there.pypi.accepted) == 2


@pytest.mark.parametrize(
    ("newer", "code"),
    [
        ("demo-2.0.tar.gz", PreflightError.exit_code),
        ("demo-2.0.zip", PreflightError.exit_code),
        ("demo-2.0.tar.bz2", PreflightError.exit_code),
        ("demo-2.0-py2.7.egg", PreflightError.exit_code),
        ("demo-2.0.win32.exe", PreflightError.exit_code),
        ("demo-2.0rc1.zip", 0),
        ("demo-one.tar.gz", 0),
    ],
)
def test_a_newer_version_counts_whatever_its_files_are(there: BuiltProject, newer: str, code: int) -> None:
    there.log_in()
    there.build("1.9", conda=False)
    there.pypi.put(newer, b"other", version="2.0")
    assert there.run("publish", "--routes-final", "pypi") == code
