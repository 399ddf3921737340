"""Test that ``publish`` takes only the files of this release from the folder, as they were built."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from release_tools.artifacts import manifest
from release_tools.errors import OutputError, PreflightError, UsageError, VerifyError
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.release import Release
from tests.publishing.built_project import BuiltProject
from tests.servers.base import Fault, Response

WHEEL, SDIST = "demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz"


def link_elsewhere(there: BuiltProject) -> None:
    target = (there.dist / SDIST).rename(there.project / "elsewhere")
    (there.dist / SDIST).symlink_to(target)


TAMPERED: dict[str, tuple[Callable[[BuiltProject], object], str]] = {
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
def built(there: BuiltProject) -> Release:
    there.log_in()
    return there.build()


@pytest.mark.parametrize(("tamper", "said"), TAMPERED.values(), ids=TAMPERED)
def test_a_folder_that_was_tampered_with_is_refused(
    there: BuiltProject,
    built: Release,
    tamper: Callable[[BuiltProject], object],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert built.artifacts
    tamper(there)
    assert there.run("publish") == PreflightError.exit_code
    assert said in capsys.readouterr().err
    assert not there.pypi.log


def as_list(release: Release) -> str:
    return json.dumps([{"filename": one.filename, "sha256": one.sha256} for one in release.artifacts])


def as_lines(release: Release) -> str:
    return "\n".join(f"{one.sha256} *{one.filename}" for one in release.artifacts)


def pretty(release: Release) -> str:
    return json.dumps(json.loads(manifest.dump_canonical(release)), indent=4)


@pytest.mark.parametrize("spelt", [manifest.dump_canonical, pretty, manifest.dump])
def test_the_manifest_from_outside_is_compared(
    there: BuiltProject, built: Release, spelt: Callable[[Release], str]
) -> None:
    assert there.run("publish", "--dry-run", "--expect", spelt(built)) == 0


@pytest.mark.parametrize("spelt", [as_list, as_lines])
def test_digests_alone_are_refused_with_the_cure(
    there: BuiltProject, built: Release, spelt: Callable[[Release], str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert there.run("publish", "--expect", spelt(built)) == PreflightError.exit_code
    assert "artifacts" in capsys.readouterr().err
    assert not there.pypi.log


def test_somebody_who_changes_files_and_manifest_alike_is_found_out(
    there: BuiltProject, built: Release, capsys: pytest.CaptureFixture[str]
) -> None:
    for artifact in built.artifacts:
        artifact.path.unlink()
    there.build(body="evil = True\n")
    assert there.run("publish", "--expect", manifest.dump_canonical(built)) == PreflightError.exit_code
    assert "expected was" in capsys.readouterr().err
    assert not there.pypi.log


EDITS: dict[str, dict[str, object]] = {
    "an older tag": {"tag": "v0.9"},
    "an older tag and its commit": {"tag": "v0.9", "commit": "a" * 40},
    "another commit": {"commit": "b" * 40},
    "another time": {"commit-time": 5},
    "another kind": {"kind": "dev"},
    "a kind that is none": {"kind": "nightly"},
    "another version": {"version": "2.0"},
    "another version and its tag": {"version": "2.0", "tag": "v2.0"},
    "a development version": {"version": "1.0.dev1", "kind": "dev", "tag": ""},
    "another name": {"name": "numpy"},
    "no tag": {"tag": ""},
    "not tagged": {"tagged": False},
    "another schema": {"schema": 2},
    "a schema that is none": {"schema": True},
    "a fact too many": {"plan": "none"},
}
FILE_EDITS: dict[str, dict[str, object]] = {
    "another kind": {"kind": "conda"},
    "another size": {"size": 1},
    "another subdir": {"subdir": "linux-64"},
    "a size that is none": {"size": "1"},
    "a name that leads elsewhere": {"filename": "../demo-1.0.tar.gz"},
    "a digest in capitals": {"sha256": "AB" * 32},
    "a fact too many": {"url": "https://example.org"},
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_a_fact_that_was_edited_is_found_out(there: BuiltProject, built: Release, edit: dict[str, object]) -> None:
    path = there.dist / manifest.FILENAME
    path.write_text(json.dumps(json.loads(path.read_text()) | edit))
    code = there.run("publish", "--expect", manifest.dump_canonical(built))
    assert code in {PreflightError.exit_code, OutputError.exit_code}
    assert not there.pypi.log
    assert not there.testpypi.log
    assert not there.anaconda.log


@pytest.mark.parametrize("edit", FILE_EDITS.values(), ids=FILE_EDITS)
def test_a_fact_of_a_file_that_was_edited_is_found_out(
    there: BuiltProject, built: Release, edit: dict[str, object]
) -> None:
    expected = manifest.dump_canonical(built)
    for position, artifact in enumerate(json.loads(expected)["artifacts"]):
        if edit == {"kind": artifact["kind"]}:
            continue  # it is no edit
        data = json.loads(expected)
        data["artifacts"][position] |= edit
        (there.dist / manifest.FILENAME).write_text(json.dumps(data))
        code = there.run("publish", "--expect", expected)
        assert code in {PreflightError.exit_code, OutputError.exit_code}, artifact["kind"]
        assert not there.pypi.log
        assert not there.anaconda.log


CONTRADICTIONS = {
    name: EDITS[name]
    for name in (
        "an older tag",
        "an older tag and its commit",
        "another kind",
        "another version",
        "another version and its tag",
        "a development version",
        "another name",
    )
}


@pytest.mark.parametrize("edit", CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_what_the_files_contradict_is_found_out_without_anything_from_outside(
    there: BuiltProject, built: Release, edit: dict[str, object]
) -> None:
    assert built.artifacts
    path = there.dist / manifest.FILENAME
    path.write_text(json.dumps(json.loads(path.read_text()) | edit))
    assert there.run("publish") in {PreflightError.exit_code, OutputError.exit_code}
    assert not there.pypi.log
    assert not there.testpypi.log


@pytest.mark.parametrize("tag", ["1.0", "v1.0", "demo-1.0", "demo-v1.0", "demo3-v1.0", "release/1.0.0"])
def test_a_tag_of_any_form_carries_the_version(there: BuiltProject, tag: str) -> None:
    there.log_in()
    there.build()
    path = there.dist / manifest.FILENAME
    path.write_text(json.dumps(json.loads(path.read_text()) | {"tag": tag}))
    assert there.run("publish", "--dry-run") == 0


def test_a_configured_form_of_tags_is_the_only_one(there: BuiltProject, built: Release) -> None:
    assert built.tag == "v1.0"
    there.configure('tag-format = "demo-v{version}"')
    assert there.run("publish", "--dry-run") == PreflightError.exit_code


def test_a_key_that_occurs_twice_is_refused(there: BuiltProject, built: Release) -> None:
    path = there.dist / manifest.FILENAME
    path.write_text(path.read_text().replace('"schema": 1,', '"tag": "v0.9", "schema": 1,'))
    assert built.artifacts
    assert there.run("publish") == OutputError.exit_code


def test_a_file_that_was_expected_must_be_there(there: BuiltProject, built: Release) -> None:
    missing = Artifact(there.dist / "demo-1.0-cp311-cp311-linux_x86_64.whl", ArtifactKind.WHEEL, "0" * 64, 1)
    expected = manifest.dump_canonical(replace(built, artifacts=(*built.artifacts, missing)))
    assert there.run("publish", "--expect", expected) == PreflightError.exit_code


NO_MANIFESTS = [
    "",
    "[]",
    "{}",
    "null",
    "[1]",
    "not a digest",
    "00  demo-1.0.tar.gz",
    "[" * 100_000,
    '{"a":' * 100_000,
    "[" * 5000 + "]" * 5000,
    '{"schema": NaN}',
]


@pytest.mark.parametrize("text", NO_MANIFESTS, ids=lambda text: text[:20])
def test_a_comparison_that_was_asked_for_is_never_left_out(there: BuiltProject, built: Release, text: str) -> None:
    assert built.artifacts
    assert there.run("publish", "--expect", text) == UsageError.exit_code
    assert not there.pypi.log


def test_a_manifest_of_another_version_is_refused_with_the_cure(there: BuiltProject, built: Release) -> None:
    text = manifest.dump_canonical(built).replace('"schema":1', '"schema":99')
    assert there.run("publish", "--expect", text) == PreflightError.exit_code


def test_a_manifest_without_files_is_refused(there: BuiltProject, built: Release) -> None:
    empty = manifest.dump_canonical(replace(built, artifacts=()))
    assert there.run("publish", "--expect", empty) == UsageError.exit_code


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_a_named_pipe_instead_of_the_manifest_is_refused_at_once(there: BuiltProject, built: Release) -> None:
    assert built.artifacts
    path = there.dist / manifest.FILENAME
    path.unlink()
    os.mkfifo(path)
    assert there.run("publish") == OutputError.exit_code


def test_without_a_manifest_nothing_is_known(there: BuiltProject) -> None:
    assert there.run("publish") == OutputError.exit_code


@pytest.mark.slow
def test_the_files_are_enough(there: BuiltProject, built: Release) -> None:
    (there.project / "pyproject.toml").unlink()
    assert built.artifacts
    assert there.run("publish", "--anaconda-owner", "octo", "--network-wait", "1", "--no-conda-forge") == 0
    assert len(there.pypi.accepted) == 2
    assert len(there.anaconda.accepted) == 1


@pytest.mark.parametrize("change", [lambda path: path.write_bytes(b"evil"), Path.unlink], ids=["changed", "gone"])
@pytest.mark.parametrize("place", ["pypi", "anaconda"])
def test_a_file_that_changes_after_its_check_is_not_uploaded(
    there: BuiltProject, built: Release, place: str, change: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    def meanwhile() -> None:
        for artifact in built.artifacts:
            change(artifact.path)

    double = getattr(there, place)
    double.faults = [Fault(response=Response(503), method="GET", path="/(simple|release)/", meanwhile=meanwhile)]
    assert there.run("publish", "--routes-final", place) == VerifyError.exit_code
    assert "changed after it was checked" in capsys.readouterr().err
    assert double.accepted == []
