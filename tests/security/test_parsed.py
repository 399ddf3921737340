"""JSON, TOML and YAML that others wrote: however deep, long or wrong, an answer in reasonable time and room."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import release_tools
from release_tools.errors import ConfigError, OutputError, RemoteError, UsageError
from release_tools.parsed_values import parse_json, parse_yaml
from tests.conftest import Run
from tests.publishing.built_project import BuiltProject
from tests.servers.base import Fault, Response
from tests.support.artifacts import Project, make_wheel
from tests.support.projects import in_tree_project
from tests.support.repositories import make_repository

DEEP = "[" * 200_000
LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40))
AUTHORS = "authors: &a [" + "{name: x}," * 3000 + "]\n"
SQUARED = f"cff-version: 1.2.0\n{AUTHORS}references: [{'{type: x, title: y, authors: *a},' * 3000}]\n"
PACKAGE = Path(release_tools.__file__).parent
PARSERS = {"loads", "load", "safe_load"}
WRITTEN_BY_US = {
    "builders/conda/normalise.py",  # of a package that rattler-build wrote, within translate_errors
    "builders/conda/rattler.py",  # a record of py-rattler
    "builders/conda/recipe_worker.py",  # our own request
    "builders/hook_server.py",  # our own request
    "artifacts/conda_packages.py",  # within translate_errors
    "checks/citation.py",  # a file of the package
    "github_action.py",  # the runner's own text
    "project/field_formats.py",  # parsed before
    "publishers/conda_channel/upload_worker.py",  # our own request
    "publishers/package_index/uploader.py",  # our own attestation
    "recipe/scalars.py",  # one scalar of our own
}


@pytest.mark.parametrize("text", [DEEP, '{"a":' * 200_000, "nothing", "", b"\xff"])
def test_json_is_read_or_refused(text: str | bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whichever
        parse_json(text)


@pytest.mark.slow
@pytest.mark.parametrize("text", [DEEP, LAUGHS, "a: &a [*a]", "- &b {x: *b}", "!!python/name:os.system", "a: 'b"])
def test_yaml_is_read_or_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whichever
        parse_yaml(text)


def parsing(path: Path) -> Iterator[tuple[int, bool]]:
    """The calls of parsers in a module: the line, and whether it knows what is nested too deeply."""
    text = path.read_text(encoding="utf-8")
    if "load" not in text:  # of which every parser's name is made
        return
    tree = ast.parse(text)
    caught = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.Try) and "RecursionError" in "".join(ast.dump(handler) for handler in node.handlers)
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in PARSERS
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id in {"json", "tomllib", "yaml"}
        ):
            yield node.lineno, id(node) in caught


@pytest.mark.slow
def test_every_parser_knows_what_is_nested_too_deeply() -> None:
    unknown = [
        f"{name}:{line}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if (name := path.relative_to(PACKAGE).as_posix()) not in WRITTEN_BY_US
        for line, is_caught in parsing(path)
        if not is_caught
    ]
    assert unknown == []


TEXTS = pytest.mark.parametrize(
    "text", [f"a = {DEEP}", DEEP, LAUGHS, SQUARED], ids=["deep TOML", "deep", "laughs", "squared"]
)


@TEXTS
def test_the_configuration_costs_no_more_than_a_message(run: Run, tmp_path: Path, text: str) -> None:
    checkout = make_repository(tmp_path / "demo", {**in_tree_project(), "pyproject.toml": text}, ". v1.0")
    said = run("build", "-C", checkout.root, "--no-conda", "--no-verify-install")
    assert said.code == ConfigError.exit_code, said.err


@pytest.mark.slow
@TEXTS
def test_other_files_of_the_project_cost_no_more_than_a_message(run: Run, tmp_path: Path, text: str) -> None:
    others = dict.fromkeys(("CITATION.cff", "package.json", "release-please-config.json"), text)
    checkout = make_repository(tmp_path / "demo", {**in_tree_project(), **others}, ". v1.0")
    said = run("build", "-C", checkout.root, "--no-conda", "--no-verify-install")
    assert said.code == 0, said.err


@pytest.mark.parametrize("text", [DEEP, '{"a":' * 200_000])
def test_so_does_what_another_job_hands_over(there: BuiltProject, text: str) -> None:
    there.build()
    assert there.run("publish", "--expect", text) == UsageError.exit_code
    (there.dist / "release.json").write_text(text)
    assert there.run("publish") == OutputError.exit_code


@pytest.mark.slow
@pytest.mark.parametrize("publisher", ["pypi", "anaconda"])
def test_so_does_what_a_server_answers(there: BuiltProject, publisher: str, capsys: pytest.CaptureFixture[str]) -> None:
    there.build()
    there.log_in()
    answer = Response.of_text(DEEP, media="application/vnd.pypi.simple.v1+json")
    for server in (there.pypi, there.anaconda):
        server.faults.append(Fault(times=None, response=answer))
    assert there.run("publish", "--only", publisher) == RemoteError.exit_code
    assert "a fault of release-tools itself" not in capsys.readouterr().err


def test_so_does_a_bill_of_materials_in_a_wheel(run: Run, tmp_path: Path) -> None:
    wheel = Project("demo", files={"{info}/sboms/auditwheel.cdx.json": DEEP}).wheel(tmp_path)
    said = run("verify", wheel, "--no-verify-install", "-C", tmp_path, "--json")
    assert "auditwheel.cdx.json (cannot be read)" in said.out
    assert "a fault of release-tools itself" not in said.err


@pytest.mark.slow
@pytest.mark.parametrize("answer", [DEEP, "{}", json.dumps({"version": "no", "faults": {}, "versions": {}})])
def test_a_module_that_answers_for_the_probe_is_found_out(run: Run, tmp_path: Path, answer: str) -> None:
    body = f"import os, sys; open(sys.argv[-1], 'w').write({answer!r}); os._exit(0)\n"
    wheel = make_wheel(tmp_path, body=body)
    said = run("verify", wheel, "-C", tmp_path)
    assert said.code == 9
    assert "crashed" in said.out + said.err
