"""devpi, an index of other people's making, takes what we publish and is converged with like PyPI."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from release_tools.errors import ConflictError
from release_tools.model.artifact import ArtifactKind
from tests.publishing.built_project import BuiltProject
from tests.support.world import PYPI_TOKEN

CONFIG = """
indexes = {{ lab = "{url}/root/lab/" }}
simple-urls = {{ lab = "{url}/root/lab/+simple/" }}
routes = {{ final = ["lab"] }}
"""
QUICK = ("--argon2-memory-cost", "1024", "--argon2-parallelism", "1", "--argon2-time-cost", "1")
"""The costs of a password that nobody guesses at; by default one takes seconds."""


@pytest.fixture
def devpi(tmp_path: Path) -> Iterator[str]:
    """The address of a server that has an index ``root/lab``."""
    data = ["--serverdir", str(tmp_path / "devpi")]
    scripts = Path(sys.executable).parent
    subprocess.run(
        [scripts / "devpi-init", *data, "--no-root-pypi", "--root-passwd", PYPI_TOKEN], check=True, capture_output=True
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(scripts / "devpi-server"), *data, "--port", str(port), "--threads", "4", *QUICK]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            url = f"http://127.0.0.1:{port}"
            make_index(url)
            yield url
        finally:
            server.kill()


def make_index(url: str) -> None:
    with requests.Session() as session:
        session.trust_env = False
        for _ in range(600):
            try:
                session.get(f"{url}/+api", timeout=5)
                break
            except requests.ConnectionError:
                time.sleep(0.1)
        login = session.post(f"{url}/+login", json={"user": "root", "password": PYPI_TOKEN}, timeout=30).json()
        session.auth = ("root", login["result"]["password"])
        made = session.put(f"{url}/root/lab", json={"type": "stage", "volatile": False}, timeout=30)
        made.raise_for_status()


@pytest.mark.slow
def test_an_independent_index_is_published_to_and_converged_with(there: BuiltProject, devpi: str) -> None:
    there.configure(CONFIG.format(url=devpi))
    release = there.build(wheels=2, conda=False)
    there.env.update({"TWINE_USERNAME": "root", "TWINE_PASSWORD": PYPI_TOKEN})
    for _ in range(2):
        assert there.run("publish") == 0
    page = requests.get(f"{devpi}/root/lab/+simple/demo/", headers={"Accept": "text/html"}, timeout=30).text
    assert all(name in page for name in there.expected(release, ArtifactKind.SDIST, ArtifactKind.WHEEL))
    for artifact in release.artifacts:
        artifact.path.unlink()
    there.build(conda=False, wheels=2, body="other = True\n")
    assert there.run("publish") == ConflictError.exit_code
