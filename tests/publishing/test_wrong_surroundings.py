"""A job whose environment is wrong: the step that needs it says so, and the job's summary does."""

import json
from pathlib import Path

import pytest

from release_tools.errors import ConfigError, CredentialError, ReleaseToolsError
from tests.publishing.destinations import DESTINATIONS, build, machines
from tests.support.runs import Run, Runs

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("variable", "value", "error"),
    [
        ("GITHUB_API_URL", "ftp://api.github.com", ConfigError),
        ("GITHUB_SERVER_URL", "github.com", ConfigError),
        ("GITHUB_TOKEN", "ghs_0123\n456", CredentialError),
    ],
)
def test_a_wrong_variable_is_a_fault_of_the_first_step_that_needs_it(
    tmp_path: Path, variable: str, value: str, error: type[ReleaseToolsError]
) -> None:
    files, summary = tmp_path / "built", tmp_path / "summary.md"
    files.mkdir()
    build(files)
    with Runs() as runs, machines(tmp_path / "world", DESTINATIONS["GitHub release"], files) as there:
        arguments, env, log = there.machine()
        more = {variable: value, "GITHUB_STEP_SUMMARY": str(summary)}
        ended = runs.one(Run((*arguments, "--json"), {**env, **more}, log))
    assert ended.code == error.exit_code, ended.said
    assert summary.read_text(encoding="utf-8").startswith("## ❌ demo 1.0: failed at: Plan\n")
    said = json.loads(ended.said[ended.said.index("{") : ended.said.rindex("}") + 1])
    assert {"Files", "Plan"} <= {section["title"] for section in said["sections"]}
