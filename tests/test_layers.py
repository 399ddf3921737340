"""A file imports only from the layers above its own, so data flows one way."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import release_tools
from release_tools import pipeline
from release_tools.run_steps import Step

PACKAGE = Path(release_tools.__file__).parent

LAYERS = (
    ("addresses", "commit", "parsed_values", "regular_files", "wording"),
    ("errors",),
    ("planning",),
    ("model",),
    ("config", "system"),
    ("artifacts",),
    ("recipe", "history"),
    ("engine",),
    ("git",),
    ("project",),
    ("forges",),
    ("builders",),
    ("checks",),
    ("publishers",),
    ("report", "workflows"),
    ("steps",),
    ("run_steps",),
    ("publish_pipeline",),
    ("pipeline",),
    ("cli",),
    ("__main__", "github_action"),
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
"""The rooms, from the top; a file of a room may import the other files of that room, but steps never one another."""


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).with_suffix("").parts[0]
        if name not in ("__init__", "templates"):
            yield name, path


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Return every node of a module's syntax tree."""
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def imported(path: Path) -> Iterator[str]:
    for node in nodes(path):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "release_tools":
            parts = node.module.split(".")
            yield from parts[1:2] or (alias.name for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name.split(".")[1] for alias in node.names if alias.name.startswith("release_tools."))


@pytest.mark.slow
def test_imports_point_upwards() -> None:
    assert {name for name, _ in modules()} <= LEVEL.keys(), "give it a layer"
    wrong = {
        (path.relative_to(PACKAGE).as_posix(), other)
        for name, path in modules()
        for other in imported(path)
        if LEVEL[other] >= LEVEL[name] and not (other == name and name != "steps")
    }
    assert wrong == set()


@pytest.mark.slow
def test_no_modules_import_one_another_in_a_circle() -> None:
    graph = {format_module(path): set(list_imports(path)) for path in sorted(PACKAGE.rglob("*.py"))}
    assert list(TopologicalSorter(graph).static_order())


def list_imports(path: Path) -> Iterator[str]:
    """Yield the modules of the package that a module imports when it runs, inside functions as well."""
    for_types = {
        node
        for block in nodes(path)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    for node in nodes(path):
        if node in for_types:
            continue
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if is_module(name) else node.module for name in names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def is_module(name: str) -> bool:
    path = PACKAGE.parent.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def format_module(path: Path) -> str:
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.slow
def test_a_job_that_only_publishes_imports_nothing_that_builds_or_checks() -> None:
    code = "import sys, release_tools.publish_pipeline; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=PACKAGE.parent, capture_output=True, text=True, check=True)
    found = set(re.findall(r"release_tools\.((?:builders|checks|workflows)\.\w+)", done.stdout))
    assert found == {"builders.virtual_environment", "checks.content_diff"}


def test_every_background_task_serves_a_step() -> None:
    steps = {step for value in vars(pipeline).values() for step in every_step(value)}
    assert len(steps) > len(pipeline.BUILD) + len(pipeline.PUBLISH)
    served = {task.serves for step in steps for task in step.tasks}
    assert served
    assert served <= {step.run for step in steps}


def every_step(value: object) -> Iterator[Step]:
    if isinstance(value, Step):
        yield value
    elif isinstance(value, tuple):
        yield from (step for item in value for step in every_step(item))


def test_only_the_process_module_starts_programs() -> None:
    users = {path.name for _, path in modules() if "import subprocess" in path.read_text(encoding="utf-8")}
    assert users == {"process.py"}


def test_only_the_console_prints() -> None:
    calls = {
        path.name
        for _, path in modules()
        if "print(" in path.read_text(encoding="utf-8")
        for node in nodes(path)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }
    assert calls <= {"console.py"}


HOLDERS = {"Context", "Console", "Http", "BackgroundTasks", "Lock", "Future", "Requester"}
"""Names of what is no data: connections, caches, and their holders."""


@pytest.mark.slow
def test_a_frozen_dataclass_holds_neither_caches_nor_connections() -> None:
    wrong = {
        f"{path.relative_to(PACKAGE).as_posix()}: {node.name}"
        for _, path in modules()
        for node in nodes(path)
        if isinstance(node, ast.ClassDef) and any("frozen=True" in ast.unparse(one) for one in node.decorator_list)
        if any(is_held(item) for item in node.body)
    }
    assert wrong == set()


def is_held(item: ast.stmt) -> bool:
    """Return whether a line of a class's body holds a cache or a connection."""
    if isinstance(item, ast.FunctionDef):
        return any("cached_property" in ast.unparse(one) for one in item.decorator_list)
    if isinstance(item, ast.AnnAssign) and "Callable" not in (held := ast.unparse(item.annotation)):
        return bool(HOLDERS & set(re.findall(r"\w+", held)))
    return False
