import json
from dataclasses import replace
from pathlib import Path

import pytest

from release_tools.artifacts import manifest
from release_tools.errors import OutputError, RemoteError
from release_tools.model.action import Receipt
from release_tools.model.note import State
from release_tools.model.release import Kind, Release
from release_tools.report.action_outputs import collect_action_outputs, format_output_lines
from tests.report.examples import dry_run_release


def receipt(key: str, state: State) -> Receipt:
    return Receipt(key, f"https://example.org/{key}", "ab" * 32, state)


def test_the_outputs_of_a_dry_run(tmp_path: Path) -> None:
    release = dry_run_release(tmp_path)
    outputs = collect_action_outputs(release, tmp_path, tmp_path / "report.html")
    assert json.loads(outputs.pop("artifacts")) == manifest.build_manifest(release)
    assert outputs == {
        "version": "1.4.0rc1",
        "tag": "v1.4.0rc1",
        "prepared": "",
        "is-prerelease": "true",
        "released": "false",
        "packages-dir": str(tmp_path),
        "release-url": "",
        "pypi-url": "https://pypi.org/project/molecool/1.4.0rc1/",
        "anaconda-url": "",
        "conda-forge-pr-url": "",
        "report": str(tmp_path / "report.html"),
    }


@pytest.mark.parametrize(
    ("states", "error", "released"),
    [
        ((State.DONE,), None, "true"),
        ((State.UNCHANGED, State.UNCHANGED), None, "true"),
        ((State.DONE, State.PLANNED), None, "false"),
        ((State.DONE,), RemoteError("503"), "false"),
        ((), None, "false"),
    ],
)
def test_released_means_that_everything_is_published(
    states: tuple[State, ...], error: RemoteError | None, released: str, tmp_path: Path
) -> None:
    release = Release(version="1.0", receipts=tuple(receipt("pypi:x", state) for state in states))
    assert collect_action_outputs(release, tmp_path, error=error)["released"] == released


@pytest.mark.parametrize(
    ("kind", "said"), [(Kind.DEV, "true"), (Kind.PRE, "true"), (Kind.FINAL, "false"), (Kind.POST, "false")]
)
def test_a_prerelease_is_one_by_pep_440(kind: Kind, said: str, tmp_path: Path) -> None:
    assert collect_action_outputs(Release(version="1", kind=kind), tmp_path)["is-prerelease"] == said


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_a_line_end_in_an_output_is_an_error(end: str, tmp_path: Path) -> None:
    forged = replace(dry_run_release(tmp_path), tag=f"notes{end}EOF{end}version=9.9.9{end}x<<EOF")
    with pytest.raises(OutputError, match="output tag"):
        format_output_lines(collect_action_outputs(forged, tmp_path))


def test_the_delimiter_is_another_one_each_time() -> None:
    first, second = (format_output_lines({"version": "1.0"}).splitlines() for _ in range(2))
    assert first[0] == f"version<<{first[2]}"
    assert first[1] == "1.0"
    assert first[2] != second[2]
    assert len(first[2]) > 32
