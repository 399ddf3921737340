"""A project that needs another Python than the running one is refused at once by every command that would build it."""

import json
from pathlib import Path

import pytest

from release_tools.project.required_python import find_stated_python
from tests.conftest import Run
from tests.support.projects import in_tree_project
from tests.support.repositories import make_repository

BACKEND = in_tree_project(version="1.0.0")
POETRY = '[tool.poetry]\nname = "demo"\nversion = "1.0.0"\n[tool.poetry.dependencies]\npython = "{}"\n'
SYSTEM = BACKEND["pyproject.toml"].partition("[project]")[0]


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({"pyproject.toml": BACKEND["pyproject.toml"] + 'requires-python = ">=3.99"\n'}, ">=3.99"),
        (
            {"pyproject.toml": SYSTEM, "setup.cfg": "[metadata]\nname = demo\n[options]\npython_requires = >=3.99\n"},
            ">=3.99",
        ),
        (
            {"pyproject.toml": SYSTEM, "setup.py": "setup(name='demo', version='1.0.0', python_requires='>=3.99')\n"},
            ">=3.99",
        ),
        ({"pyproject.toml": SYSTEM + POETRY.format("^3.99")}, ">=3.99,<4"),
        ({"pyproject.toml": SYSTEM + POETRY.format("~3.99.1")}, ">=3.99.1,<3.100"),
        ({"pyproject.toml": SYSTEM + POETRY.format(">=3.99, <4")}, ">=3.99,<4"),
        ({"pyproject.toml": SYSTEM + POETRY.format("*")}, ""),
    ],
)
def test_the_python_that_a_project_needs_is_read_wherever_it_is_stated(
    tmp_path: Path, files: dict[str, str], wanted: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert find_stated_python(tmp_path) == wanted


@pytest.mark.slow
def test_the_first_line_of_a_failed_build_names_the_python_that_is_needed(run: Run, tmp_path: Path) -> None:
    text = BACKEND["pyproject.toml"] + 'requires-python = ">=3.99"\n'
    checkout = make_repository(tmp_path / "demo", {**BACKEND, "pyproject.toml": text}, ". v1.0.0")
    said = run("dry-run", "-C", checkout.root, "--no-conda-forge")
    assert said.code == 6
    assert "3.99" in said.err.splitlines()[0]
    assert "--python" in said.err
    assert run("version", "-C", checkout.root).out.strip() == "1.0.0"
    doctor = json.loads(run("doctor", "-C", checkout.root, "--no-conda-forge", "--json").out)
    warnings = [note for section in doctor["sections"] for note in section["notes"] if note["state"] == "warning"]
    assert any("3.99" in note["text"] for note in warnings)
