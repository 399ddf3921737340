"""Test that a project's own files lead nowhere out of the project, and are read with little memory."""

import ast
import os
from pathlib import Path

import pytest
from jinja2.exceptions import SecurityError, UndefinedError

from release_tools.cli import main
from release_tools.config.loader import read_config
from release_tools.errors import ConfigError, HistoryError, OutputError
from release_tools.report.page_template import make_environment
from release_tools.workflows.workflow_files import Workflow
from tests.support.repositories import Checkout

JOBS = "jobs: {}\n"
LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{here}: &{here} [{', '.join([f'*{before}'] * 10)}]\n" for before, here in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize("key", ["packages-dir", "changelog-file"])
@pytest.mark.parametrize(
    "path", ["../dist", "/etc", "dist/../../x", "~/dist", "C:\\\\dist", "C:dist", "..\\\\dist", "\\\\\\\\host\\\\share"]
)
def test_a_path_in_the_file_does_not_leave_the_project(tmp_path: Path, key: str, path: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f'[tool.release-tools]\n{key} = "{path}"\n')
    with pytest.raises(ConfigError) as raised:
        read_config(tmp_path, {}, {})
    assert raised.value.faults[0].startswith(f"tool.release-tools.{key}: leads out of the project")


def test_somebody_who_types_a_path_may_mean_any(tmp_path: Path) -> None:
    assert read_config(tmp_path, {}, {"packages-dir": "../dist"}).packages_dir == "../dist"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    bare = tmp_path / "remote.git"
    made = Checkout.create(tmp_path, bare.as_uri())
    made.git("init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    return made


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_a_committed_link_in_place_of_the_output_folder_is_not_followed(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (checkout.root / "dist").symlink_to("../elsewhere")
    checkout.commit({})
    code = main.main(["build", "-C", str(checkout.root), "--version", "1.0"], checkout.env)
    assert code == OutputError.exit_code
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="links need a right there, and the name is none")
def test_a_link_in_place_of_the_changelog_is_not_written_through(
    checkout: Checkout, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    victim = tmp_path / "profile"
    victim.write_text("# Changelog\n\n## Unreleased\n\n- x\n")
    # Git shows the target of a link; this one reads as a changelog with something to release.
    folder = "# Changelog\n\n## Unreleased\n\n- x\n"
    (checkout.root / folder).mkdir()
    (checkout.root / folder / "kept").touch()
    (checkout.root / "CHANGELOG.md").symlink_to(f"{folder}{'/..' * 40}{victim}")
    checkout.commit({})
    checkout.git("push", "--quiet", "origin", "main")
    code = main.main(["prepare", "-C", str(checkout.root), "1.0"], checkout.env)
    assert code == HistoryError.exit_code, capsys.readouterr()
    assert "is a link" in capsys.readouterr().err
    assert "Unreleased" in victim.read_text()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{LAUGHS}{JOBS}", "expand to more than"),
        (f"on: &a [*a]\n{JOBS}", "expand to more than"),
        (f"on: {'[' * 100_000}\n{JOBS}", "not valid YAML"),
        (f"on: 2026-99-99\n{JOBS}", "not valid YAML"),
        (f"on: !!python/object/apply:os.system ['touch sprung']\n{JOBS}", "not valid YAML"),
        (f"on: {'x' * 1_000_001}\n{JOBS}", "larger than"),
        ("jobs: \x00", "not valid YAML"),
    ],
    ids=["billion laughs", "endless", "deep", "no day", "code", "large", "control"],
)
def test_a_workflow_is_read_in_reasonable_room(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "release.yml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        Workflow.read(tmp_path, file)


@pytest.mark.slow
@pytest.mark.parametrize("text", ["on: {push: {tags: 7}}", LAUGHS, "on: \udcff", "- x"])
def test_doctor_and_init_take_any_workflow(checkout: Checkout, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    file = checkout.root / ".github/workflows/release.yml"
    file.parent.mkdir(parents=True)
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    for command in ("doctor", "init"):
        main.main([command, "-C", str(checkout.root), "--json", "--github-repository", "ana/demo"], checkout.env)
        assert "Traceback" not in capsys.readouterr().err


def test_every_template_runs_in_a_sandbox() -> None:
    package = Path(main.__file__).parent.parent
    made = [
        node.func.id
        for path in package.rglob("*.py")
        if "Environment(" in (text := path.read_text(encoding="utf-8"))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id.endswith("Environment")
    ]
    assert made.count("ImmutableSandboxedEnvironment") == 2
    assert "Environment" not in [name for name in made if name != "ImmutableSandboxedEnvironment"]


@pytest.mark.parametrize("text", ["{{ ''.__class__.__mro__ }}", "{{ size.__globals__ }}", "{{ [].append(1) }}"])
def test_a_template_reaches_nothing_but_its_data(text: str) -> None:
    with pytest.raises((SecurityError, UndefinedError)):
        make_environment().from_string(text).render()
