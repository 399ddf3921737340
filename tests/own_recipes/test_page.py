"""The page about own recipes: its commands run in a project that has one."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from release_tools.config.loader import read_config
from tests.own_recipes.projects import data_project
from tests.support.compiled_channel import NEEDS_COMPILER
from tests.support.conda import NEEDS_POSIX, Channel
from tests.support.repositories import make_repository

PAGE = Path(__file__).parents[2] / "docs" / "own-recipes.md"
CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TABLE = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.slow
@NEEDS_POSIX
@NEEDS_COMPILER
def test_the_commands_of_the_page_run(
    tmp_path: Path, compiled_channel: Channel, env: dict[str, str], command_folder: Path
) -> None:
    blocks = CONSOLE.findall(PAGE.read_text(encoding="utf-8"))
    commands = [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]
    assert len(commands) >= 2
    checkout = make_repository(tmp_path / "demo", data_project(settings="attestations = 'off'\n"), ". v1.0")
    checkout.git("remote", "add", "origin", "https://github.com/octo/demo.git")
    path = os.pathsep.join([str(command_folder), env["PATH"]])
    own = {"PATH": path, "RELEASE_TOOLS_CONDA_CHANNELS": compiled_channel.url, "RELEASE_TOOLS_CONDA_FORGE": "false"}
    for command in commands:
        done = subprocess.run(
            ["sh", "-c", command], cwd=checkout.root, env={**env, **own}, capture_output=True, text=True, check=False
        )
        if command == "release-tools doctor":  # which finds that the project is registered nowhere
            assert "rattler-build" in done.stdout
        else:
            assert done.returncode == 0, done.stdout + done.stderr
    assert list((checkout.root / "dist").rglob("demo-data-1.0-*.conda"))
    assert (checkout.root / ".github" / "workflows" / "release.yml").is_file()


def test_the_settings_of_the_page_are_settings(tmp_path: Path) -> None:
    for table in TABLE.findall(PAGE.read_text(encoding="utf-8")):
        (tmp_path / "pyproject.toml").write_text(table)
        assert read_config(tmp_path, {}, {}).conda.recipe
