"""Test that logs of libraries reach a person by the console alone: no workflow command, control character or token."""

import logging
import warnings
from pathlib import Path

import pytest

from release_tools.cli.main import main
from release_tools.errors import OutputError
from release_tools.system.console import Console
from release_tools.system.library_logs import redirect_logs
from tests.publishing.built_project import BuiltProject
from tests.servers.base import Fault, Response
from tests.support.world import PYPI_TOKEN

SECRET = "canary-5a7c0e1f"
EVIL = f"::set-output name=version::9.9.9\n##[add-path]/evil\n\x1b[2J{SECRET}\r\n::error::forged"


@pytest.mark.parametrize("name", ["twine.repository", "urllib3.connectionpool", "requests", "py.warnings", "anything"])
def test_a_logger_commands_no_runner_and_shows_no_secret(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with redirect_logs(Console({"GITHUB_ACTIONS": "true", "SOME_TOKEN": SECRET})):
        logging.getLogger(name).warning("the server said %s", EVIL)
        logging.getLogger(name).error(EVIL)
    said = capsys.readouterr().err
    assert "the server said" in said
    assert SECRET not in said
    assert "\x1b" not in said
    assert not any(line.lstrip().startswith("::") for line in said.splitlines())
    assert "##[add-path]" not in said


def test_a_warning_goes_the_same_way(capsys: pytest.CaptureFixture[str]) -> None:
    with redirect_logs(Console({"SOME_TOKEN": SECRET})):
        warnings.showwarning(EVIL, UserWarning, "somewhere.py", 1)
    said = "".join(capsys.readouterr())
    assert "somewhere.py" in said
    assert SECRET not in said


@pytest.mark.parametrize("status", [400, 403, 500])
def test_what_an_index_answers_reaches_the_log_in_no_other_way(
    there: BuiltProject, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    there.log_in()
    there.build(conda=False)
    there.env["GITHUB_ACTIONS"] = "true"
    body = f"::error::forged {PYPI_TOKEN}\n##[add-path]/evil\x1b[2J".encode()
    there.pypi.faults = [Fault(response=Response(status, body), method="POST", times=None)]
    there.run("publish", "--only", "pypi")
    captured = capsys.readouterr()
    for line in (captured.out + captured.err).splitlines():
        assert not line.startswith("::error::forged")
        assert "##[add-path]" not in line
        assert "\x1b" not in line
        assert PYPI_TOKEN not in line or line.startswith("::add-mask::")


@pytest.mark.parametrize("name", ["TMPDIR", "TEMP", "TMP"])
def test_a_folder_for_scratch_files_that_is_not_there_is_named(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["config", "-C", str(tmp_path)], {name: str(tmp_path / "gone")}) == OutputError.exit_code
    assert name in capsys.readouterr().err
