"""The sweep for secrets: a canary in every credential, through every command and fault; none may be found anywhere."""

import base64
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.publishing.built_project import BuiltProject
from tests.servers.base import Fault, Response, What
from tests.servers.package_index import Publisher

pytestmark = pytest.mark.slow

CANARIES = {
    "TWINE_PASSWORD": "pypi-canary/3f9c1d7e5b==",
    "ANACONDA_API_TOKEN": "oc-canary/8a2b6c4d0e==",
    "QUETZ_API_KEY": "quetz-canary-1f",
    "GITHUB_TOKEN": "ghp_canary0123456789",
    "CONDA_FORGE_TOKEN": "ghp_canaryabcdefghij",
}
FAULTS = {
    "none": (),
    "500 with the request in the answer": Response.of_text("you sent {echo}", 500),
    "403 with the request in the answer": Response.of_text("you sent {echo}", 403),
    "400 with the request in the answer": Response.of_text("you sent {echo}", 400),
    "dropped": What.DROP,
}
COMMANDS = {
    "publish": ("publish", "--debug"),
    "dry run": ("publish", "--dry-run", "--json"),
    "status": ("status", "1.0"),
    "retract": ("retract", "1.0", "--reason", "x"),
}


def spellings(secret: str) -> Iterator[bytes]:
    for text in (secret, f"__token__:{secret}", f"token {secret}"):
        yield text.encode()
        yield base64.b64encode(text.encode()).rstrip(b"=")
        yield quote(text, safe="").encode()


def unmasked(said: str) -> bytes:
    """Return the visible lines: the runner takes those out by which it learns what to mask."""
    return "\n".join(line for line in said.splitlines() if not line.startswith("::add-mask::")).encode()


def assert_clean(where: str, content: bytes, secrets: list[str]) -> None:
    for secret in secrets:
        for spelling in spellings(secret):
            assert spelling not in content, f"{secret} in {where}"


class Watch:
    """Looks, while a server is asked, at the arguments and the environment of our child processes."""

    def __init__(self, secrets: list[str]) -> None:
        self.secrets = secrets
        self.seen: list[str] = []

    def __call__(self) -> None:
        for process in Path("/proc").iterdir():
            try:
                if not process.name.isdigit() or f"PPid:\t{os.getpid()}\n" not in (process / "status").read_text():
                    continue
                for what in ("cmdline", "environ"):
                    assert_clean(f"{what} of a child", (process / what).read_bytes(), self.secrets)
                self.seen.append((process / "cmdline").read_text().replace("\0", " "))
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue


@pytest.fixture
def seeded(there: BuiltProject) -> BuiltProject:
    """Canaries for credentials, all accepted; everything that GitHub gives a job besides."""
    there.build()
    there.env.update(CANARIES | there.provider.environment)
    there.pypi.tokens[CANARIES["TWINE_PASSWORD"]] = None
    token = there.anaconda.tokens.popitem()[1]
    there.anaconda.tokens[CANARIES["ANACONDA_API_TOKEN"]] = token
    for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"):
        there.env[name] = str(there.project / name)
        Path(there.env[name]).touch()
    return there


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_no_secret_is_found_anywhere(
    seeded: BuiltProject,
    fault: tuple[()] | Response | What,
    command: tuple[str, ...],
    capfd: pytest.CaptureFixture[str],
) -> None:
    secrets = [*CANARIES.values(), seeded.provider.request_token]
    if command[0] == "retract":
        seeded.anaconda.put("octo", "demo", "1.0", "noarch/demo-1.0-py_0.conda", b"x", "main")
    for double in (seeded.pypi, seeded.anaconda):
        if isinstance(fault, Response):
            echo = Response(fault.status, fault.body.replace(b"{echo}", " ".join(secrets).encode()))
            double.faults = [Fault(method=method, response=echo, times=2) for method in ("POST", "DELETE")]
        elif isinstance(fault, What):
            double.faults = [Fault(fault, times=2)]
    capfd.readouterr()
    seeded.run(*command)
    said = capfd.readouterr()
    assert_clean("standard output", unmasked(said.out), secrets)
    assert_clean("standard error", unmasked(said.err), secrets)
    for path in seeded.project.parent.rglob("*"):
        if path.is_file():
            assert_clean(str(path), path.read_bytes(), secrets)


def test_minted_tokens_are_secrets_too(seeded: BuiltProject, capfd: pytest.CaptureFixture[str]) -> None:
    del seeded.env["TWINE_PASSWORD"]
    seeded.pypi.owned.add("demo")
    seeded.pypi.publishers = [Publisher("demo")]
    capfd.readouterr()
    assert seeded.run("publish", "--attestations", "off") == 0
    said = capfd.readouterr()
    secrets = [*seeded.pypi.minted, *seeded.provider.issued]
    assert secrets
    assert_clean("standard output", unmasked(said.out), secrets)
    assert_clean("standard error", unmasked(said.err), secrets)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_no_child_is_given_a_secret_by_its_arguments_or_environment(seeded: BuiltProject) -> None:
    watch = Watch([*CANARIES.values(), seeded.provider.request_token])
    seeded.anaconda.faults = [Fault(method="POST", path="/stage/", response=Response(503), meanwhile=watch)]
    assert seeded.run("publish", "--routes-final", "anaconda") == 0
    assert any("upload_worker" in line for line in watch.seen)
