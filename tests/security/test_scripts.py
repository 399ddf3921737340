"""Every script in a workflow, a template or the action: no expression, no install without hashes, no secret in argv."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from release_tools.workflows.render import render
from tests.acting import ROOT
from tests.workflows.test_templates import CONFIGS, plan

WRITTEN = {
    f"written for {name}{' with dev' if dev else ''}, {Path(path).name}": text
    for name, config in CONFIGS.items()
    for dev in (False, True)
    for path, text in render(plan(config, dev=dev)).items()
}
OWN = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in (*sorted((ROOT / ".github/workflows").glob("*.yml")), ROOT / "action.yml")
}
FILES = OWN | WRITTEN
INSTALLS = re.compile(r"\b(?:pip3?|pipx|uvx|conda|mamba|npm|npx|curl|wget|apt-get|brew)\b|\buv (?:tool|pip|add|sync)\b")
HANDED_ON = re.compile(r"GITHUB_(?:ENV|PATH)|set-env|add-path")
SECRET = re.compile(r"\$\{?\w*(?:TOKEN|SECRET|PASSWORD)")
COMMIT = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
OURSELVES = ("./", "$/")


def steps(content: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - whatever YAML holds
    if isinstance(content, dict):
        if "run" in content or "uses" in content:
            yield content
        for value in content.values():
            yield from steps(value)
    elif isinstance(content, list):
        for value in content:
            yield from steps(value)


def unsafe(step: dict[str, Any]) -> list[str]:
    """Return what is wrong with one step."""
    script, used = str(step.get("run", "")), str(step.get("uses", ""))
    lines = script.replace("\\\n", " ").splitlines()
    return [
        *(f"an expression in a script: {line}" for line in lines if "${{" in line),
        *(f"not a commit: {used}" for _ in [used] if used and used not in OURSELVES and not COMMIT.fullmatch(used)),
        *(
            f"installed without hashes: {line}"
            for line in lines
            if INSTALLS.search(line) and "--require-hashes" not in shlex.split(line, comments=True)
        ),
        *(f"handed to later steps: {line}" for line in lines if HANDED_ON.search(line)),
        *(f"a secret in argv: {line}" for line in lines if SECRET.search(line)),
    ]  # fmt: skip


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_every_step_is_safe(text: str) -> None:
    found = list(steps(yaml.safe_load(text)))
    assert found
    assert [fault for step in found for fault in unsafe(step)] == []


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"run": 'echo "${{ github.event.pull_request.title }}"'}, "an expression"),
        ({"run": "echo ok\necho ${{ github.ref_name }}"}, "an expression"),
        ({"uses": "actions/checkout@v4"}, "not a commit"),
        ({"uses": "octo/evil@main"}, "not a commit"),
        ({"run": "pip install twine"}, "without hashes"),
        ({"run": "python -m pip install \\\n  uv"}, "without hashes"),
        ({"run": "pip install uv # --require-hashes"}, "without hashes"),
        ({"run": "uvx twine upload dist/*"}, "without hashes"),
        ({"run": "curl -LsSf https://example.org/install.sh | sh"}, "without hashes"),
        ({"run": 'echo "X=1" >> "$GITHUB_ENV"'}, "later steps"),
        ({"run": 'twine upload -p "$PYPI_TOKEN" dist/*'}, "a secret in argv"),
        ({"run": "git push https://x:${GITHUB_TOKEN}@github.com/a/b"}, "a secret in argv"),
    ],
)
def test_an_unsafe_step_is_found(step: dict[str, Any], said: str) -> None:
    assert any(said in fault for fault in unsafe(step))


@pytest.mark.slow
def test_nothing_is_started_by_an_event_that_strangers_cause_with_our_rights() -> None:
    for name, text in FILES.items():
        content = yaml.safe_load(text)
        events = content.get(True, {})
        assert not {"pull_request_target", "workflow_run", "issue_comment", "issues"} & set(events), name
        if "jobs" in content:
            assert content["permissions"] == {}, name
            assert all("permissions" in job or "uses" in job for job in content["jobs"].values()), name


def test_the_installer_takes_nothing_without_its_hash_and_builds_nothing() -> None:
    source = (ROOT / "action/install.py").read_text(encoding="utf-8")
    assert 'CHECKED = ("--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:")' in source
    calls = re.findall(r'(?:\bpip\(|"pip",) *"(\w+)", *(\S+)', source)
    assert [call for call in calls if call[0] in ("install", "download")] == calls
    assert len(calls) == 3
    assert all(argument == "*CHECKED," for _, argument in calls)
