"""What ``publish`` takes from the folder: the files of this release, as they were built, and nothing else."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from release_tools.errors import OutputError, PreflightError, UsageError, VerifyError
from release_tools.model.release import Release
from tests.publishing.world import World
from tests.servers.base import Fault, Response

WHEEL, SDIST = "demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz"


def link_elsewhere(there: World) -> None:
    target = (there.dist / SDIST).rename(there.project / "elsewhere")
    (there.dist / SDIST).symlink_to(target)


TAMPERED: dict[str, tuple[Callable[[World], object], str]] = {
    "other bytes": (lambda there: (there.dist / WHEEL).write_bytes(b"evil"), f"{WHEEL}: its sha256 is"),
    "a file is missing": (lambda there: (there.dist / SDIST).unlink(), f"{SDIST}: missing"),
    "a stranger": (lambda there: (there.dist / "evil-1.0.tar.gz").touch(), "evil-1.0.tar.gz: not of this release"),
    "a link": (link_elsewhere, f"{SDIST}: not a regular file"),
    "a folder": (lambda there: (there.dist / "sub").mkdir(), "sub: not of this release"),
    "attestations": (
        lambda there: (there.dist / f"{WHEEL}.publish.attestation").touch(),
        f"{WHEEL}.publish.attestation: not of this release",
    ),
}


@pytest.fixture
def built(there: World) -> Release:
    there.log_in()
    return there.build()


@pytest.mark.parametrize(("tamper", "said"), TAMPERED.values(), ids=TAMPERED)
def test_a_folder_that_was_tampered_with_is_refused(
    there: World,
    built: Release,
    tamper: Callable[[World], object],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert built.artifacts
    tamper(there)
    assert there.run("publish") == PreflightError.exit_code
    assert said in capsys.readouterr().err
    assert not there.pypi.log


def as_output(release: Release) -> str:
    return json.dumps([{"filename": one.filename, "sha256": one.sha256} for one in release.artifacts])


def as_lines(release: Release) -> str:
    return "\n".join(f"{one.sha256} *{one.filename}" for one in release.artifacts)


@pytest.mark.parametrize("spelt", [as_output, as_lines])
def test_digests_from_outside_are_compared(there: World, built: Release, spelt: Callable[[Release], str]) -> None:
    assert there.run("publish", "--dry-run", "--expect", spelt(built)) == 0


@pytest.mark.parametrize("spelt", [as_output, as_lines])
def test_whoever_changes_files_and_manifest_alike_is_found_out(
    there: World, built: Release, spelt: Callable[[Release], str], capsys: pytest.CaptureFixture[str]
) -> None:
    expected = spelt(built)
    for artifact in built.artifacts:
        artifact.path.unlink()
    there.build(body="evil = True\n")
    assert there.run("publish", "--expect", expected) == PreflightError.exit_code
    assert "expected was" in capsys.readouterr().err
    assert not there.pypi.log


def test_a_file_that_was_expected_must_be_there(there: World, built: Release) -> None:
    one_more = f"{as_lines(built)}\n{'0' * 64}  demo-1.0-cp311-cp311-linux_x86_64.whl"
    assert there.run("publish", "--expect", one_more) == PreflightError.exit_code


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", "[1]", "not a digest", "00  demo-1.0.tar.gz"])
def test_a_comparison_that_was_asked_for_is_never_left_out(there: World, built: Release, text: str) -> None:
    assert built.artifacts
    assert there.run("publish", "--expect", text) == UsageError.exit_code
    assert not there.pypi.log


def test_without_a_manifest_nothing_is_known(there: World) -> None:
    assert there.run("publish") == OutputError.exit_code


def test_the_files_are_enough(there: World, built: Release) -> None:
    (there.project / "pyproject.toml").unlink()
    assert built.artifacts
    assert there.run("publish", "--anaconda-owner", "octo", "--network-wait", "1", "--no-conda-forge") == 0
    assert len(there.pypi.accepted) == 2
    assert len(there.anaconda.accepted) == 1


@pytest.mark.parametrize("change", [lambda path: path.write_bytes(b"evil"), Path.unlink], ids=["changed", "gone"])
@pytest.mark.parametrize("place", ["pypi", "anaconda"])
def test_a_file_that_changes_after_its_check_is_not_uploaded(
    there: World, built: Release, place: str, change: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    def meanwhile() -> None:
        for artifact in built.artifacts:
            change(artifact.path)

    double = getattr(there, place)
    double.faults = [Fault(response=Response(503), method="GET", path="/(simple|release)/", meanwhile=meanwhile)]
    assert there.run("publish", "--routes-final", place) == VerifyError.exit_code
    assert "changed after it was checked" in capsys.readouterr().err
    assert double.accepted == []
