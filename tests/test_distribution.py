"""The distribution's name and the repository's address: the same everywhere, and what the install lines install."""

import functools
import os
import re
import subprocess
import sysconfig
import threading
import tomllib
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from release_tools.addresses import ACTION, DISTRIBUTION

ROOT = Path(__file__).parent.parent
SCRIPTS = sysconfig.get_path("scripts")
TEXTS = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in (
        *("*.md", "*.yml", "*.toml", "*.lock", "noxfile.py", "docs/*.md", "docs/*.py", "action/*.py"),
        *("templates/**/*.*", ".github/workflows/*.yml", ".ci/run", "release_tools/**/*.py", "release_tools/**/*.html"),
    )
    for path in ROOT.glob(pattern)
    if path.is_file()
)
REPOSITORY = re.compile(
    r"(?<![\w./-])(?:https://github\.com/|git\+https://github\.com/)?([\w-]+/[\w-]*release-tools)\b(?!-)"
)
INSTALL = re.compile(r"\b(?:uv tool install|pipx install|uvx --from|pip install) ([\w.+:/-]*release[-_]tools)\b")
VIA = re.compile(r"([\w-]+) \(pyproject\.toml")
INSTALL_LINES = (
    f"uv tool install {DISTRIBUTION}",
    f"pipx install {DISTRIBUTION}",
    f"uvx --from {DISTRIBUTION} release-tools --help",
)


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.slow
def test_every_file_names_the_same_distribution_and_repository() -> None:
    patterns = {REPOSITORY: ACTION, INSTALL: DISTRIBUTION, VIA: DISTRIBUTION}
    assert [
        (path, found)
        for path in TEXTS
        for pattern, name in patterns.items()
        for found in pattern.findall(text(path))
        if found != name
    ] == []


def test_the_project_is_built_under_that_name() -> None:
    project = tomllib.loads(text("pyproject.toml"))["project"]
    assert project["name"] == DISTRIBUTION
    assert {url.removeprefix("https://github.com/").partition("/blob")[0] for url in project["urls"].values()} == {
        ACTION,
        f"{ACTION}/issues",
    }


@pytest.mark.parametrize("line", INSTALL_LINES)
def test_the_readme_has_each_install_line(line: str) -> None:
    assert line in text("README.md").splitlines()


class QuietHandler(SimpleHTTPRequestHandler):
    """Serve a folder; a list of its files is a project's page by PEP 503."""

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def index(env: dict[str, str], tmp_path: Path) -> Iterator[str]:
    """Yield the address of a package index that holds a wheel of this checkout's commit, and nothing else."""
    checkout, folder = tmp_path / "checkout", tmp_path / "served" / "simple" / DISTRIBUTION
    folder.mkdir(parents=True)
    subprocess.run(["git", "clone", "--quiet", ROOT, checkout], check=True)
    build = [f"{SCRIPTS}/uv", "build", "--quiet", "--wheel", f"--out-dir={folder}"]
    subprocess.run(build, cwd=checkout, check=True, env=env)
    (folder / ".gitignore").unlink(missing_ok=True)
    handler = functools.partial(QuietHandler, directory=str(tmp_path / "served"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/simple/"
        server.shutdown()
        thread.join()


@pytest.mark.registry
@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="pipx is called by a shell script here")
def test_the_install_lines_install_our_wheel(index: str, env: dict[str, str], tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    pipx = tools / "pipx"
    pipx.write_text('#!/bin/sh\nexec uvx pipx "$@"\n', encoding="utf-8")
    pipx.chmod(0o755)
    folders = {"UV_TOOL_BIN_DIR": "uv", "PIPX_BIN_DIR": "pipx", "UV_TOOL_DIR": "uv-tools", "PIPX_HOME": "pipx-home"}
    env |= {name: str(tmp_path / folder) for name, folder in folders.items()}
    env |= {"UV_INDEX": index, "PIP_EXTRA_INDEX_URL": index, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    env["PATH"] = os.pathsep.join((str(tools), SCRIPTS, env["PATH"]))
    for line in INSTALL_LINES:
        done = subprocess.run(line.split(), env=env, capture_output=True, encoding="utf-8", check=False)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    for folder in ("uv", "pipx"):
        shown = subprocess.run(
            [tmp_path / folder / "release-tools", "--version"], capture_output=True, encoding="utf-8", check=True
        ).stdout
        assert re.fullmatch(r"release-tools \d+\.\d+\S*\n", shown)
