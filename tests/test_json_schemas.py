"""Every JSON output fits its schema in ``docs/schemas``, whether the command succeeds or fails."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from release_tools.cli.main import COMMANDS
from tests.conftest import Run
from tests.support.projects import in_tree_project
from tests.support.repositories import Checkout, make_repository

ROOT = Path(__file__).parent.parent
SCHEMAS = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (ROOT / "docs/schemas/v1").glob("*.json")
}
ACTION = f"python-release-tools/python-release-tools@{'a' * 40}"
RUNS = ("build", "doctor", "dry-run", "gather", "prepare", "publish", "release", "retract", "tag", "verify")
"""Commands whose output is the report of a pipeline."""


def check(name: str, text: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(text)
    faults = [f"{error.json_path}: {error.message}" for error in Draft7Validator(SCHEMAS[name]).iter_errors(data)]
    assert not faults, (name, faults)
    return data


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    made = make_repository(tmp_path / "demo", in_tree_project(version="1.0"), ". v0.9 .")
    made.git("remote", "add", "origin", "https://github.com/octo/demo.git")
    return made


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_one_and_names_its_version(name: str) -> None:
    schema = SCHEMAS[name]
    Draft7Validator.check_schema(schema)
    assert schema["$id"].endswith(f"/docs/schemas/v1/{name}.json")
    assert schema["properties"]["schema"] == {"const": 1}


def test_each_schema_is_on_the_page() -> None:
    page = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")
    assert all(f"/schemas/v1/{name}.json" in page for name in SCHEMAS)
    unlisted = [name for name in COMMANDS if f"`{name}" not in page and name != "completion"]
    assert not unlisted


@pytest.mark.slow
def test_a_build_and_what_reads_it(run: Run, checkout: Checkout) -> None:
    at = ("-C", checkout.root, "--json", "--network-tries", "1")
    quick = ("--no-verify-install",)
    check("run", run("build", *at, *quick).out)
    check("release", (checkout.root / "dist" / "release.json").read_text(encoding="utf-8"))
    check("run", run("verify", *at, *quick).out)
    check("recipe", run("recipe", *at).out)
    status = check("status", run("status", "1.0", *at).out)
    assert {item["publisher"] for item in status["publishers"]} >= {"pypi", "github"}
    check("run", run("publish", *at, "--dry-run").out)
    check("run", run("retract", "1.0", "--reason", "broken", *at, "--dry-run").out)


@pytest.mark.slow
def test_a_dry_run_names_what_would_be_published_and_where(run: Run, checkout: Checkout) -> None:
    said = run("dry-run", "-C", checkout.root, "--json", "--network-tries", "1", "--no-verify-install")
    data = check("run", said.out)
    assert (data["ok"], data["tagged"]) == (True, False)
    planned = {item["key"]: item for item in data["receipts"]}
    assert {item["state"] for item in planned.values()} == {"planned"}
    assert planned["pypi:demo-1.0.tar.gz"]["url"] == "https://pypi.org/project/demo/1.0/"
    assert planned["tag:v1.0"]["url"].startswith("https://github.com/octo/demo/")
    assert all(item["url"].startswith("https://") for item in planned.values())


@pytest.mark.slow
def test_commands_that_only_read(run: Run, checkout: Checkout) -> None:
    at = ("-C", checkout.root, "--json")
    check("version", run("version", *at).out)
    check("notes", run("notes", *at).out)
    check("plan", run("plan", *at).out)
    check("run", run("prepare", "1.1", "--dry-run", *at).out)
    checkout.commit({"demo/more.py": "x = 1\n"})
    assert check("next", run("next", *at).out)["version"]


def test_next_where_nothing_is_to_be_released(run: Run, tmp_path: Path) -> None:
    checkout = make_repository(tmp_path / "demo", in_tree_project(version="1.0"), ". v1.0")
    said = run("next", "-C", checkout.root, "--json")
    assert said.code == 5
    assert check("next", said.out)["version"] is None


@pytest.mark.slow
def test_init_and_its_check(run: Run, checkout: Checkout) -> None:
    at = ("-C", checkout.root, "--json")
    missing = run("init", "--check", *at)
    assert missing.code == 16
    assert len(check("init-check", missing.out)["differences"]) == 2
    written = check("init", run("init", "--yes", "--action", ACTION, *at).out)
    assert {note["state"] for note in written["workflows"]} <= {"info", "done"}
    assert any("trusted publisher" in note["text"] for note in written["to-register"])
    assert check("init-check", run("init", "--check", *at).out)["ok"] is True


@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in ("completion", "config")])
def test_a_command_that_fails(command: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'demo'\nversion = '1.0'\n", encoding="utf-8")
    words = {
        "gather": ("nowhere",), "prepare": ("1.1",), "tag": ("1.1",), "status": ("nonsense",), "plan": (),
        "retract": ("nonsense", "--reason", "x"),
    }  # fmt: skip
    said = run(command, "-C", tmp_path, "--json", "--network-tries", "1", *words.get(command, ()))
    assert said.code != 0
    data = json.loads(said.out)
    name = "run" if "sections" in data else "error"
    check(name, said.out)
    assert data["ok"] is False
    assert data["error"]["exit-code"] == said.code
