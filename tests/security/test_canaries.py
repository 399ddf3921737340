"""The sweep for secrets: a canary in every credential, every command, every place failing; nothing is found anywhere.

What the test sees is everything: both streams, the summary and outputs of a job, whatever file is anywhere afterwards,
and, by an audit hook of the interpreter, arguments and environment of every program that is started.
"""

import io
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from release_tools.cli.main import COMMANDS, main
from release_tools.system.credentials import PUBLISHING, is_secret
from tests.publishing.test_canaries import spellings, unmasked
from tests.servers.base import Fault, Response, What
from tests.stage import Stage, stage
from tests.support.artifacts import make_sdist, make_wheel
from tests.support.projects import in_tree_project
from tests.support.world import SLUG

pytestmark = pytest.mark.slow

CANARIES: Mapping[str, str] = {
    "TWINE_PASSWORD": "pypi-canary/3f9c1d7e5b==",
    "ANACONDA_API_TOKEN": "oc-canary/8a2b6c4d0e==",
    "QUETZ_API_KEY": "quetz-canary-1f22",
    "PREFIX_API_KEY": "prefix-canary-2e33",
    "ARTIFACTORY_TOKEN": "artifactory-canary-3d44",
    "CLOUDSMITH_API_KEY": "cloudsmith-canary-7d88",
    "CONDA_FORGE_TOKEN": "ghp_canaryabcdefghij",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "canary-oidc-request-token",
    "GITHUB_TOKEN": "ghs_canary0123456789",
    "SIGNING_KEY_PASSPHRASE": "signing-canary-4c55",
}
IN_PYPIRC = "pypirc-canary-5b66"
IN_THE_REMOTE = "remote-canary-6a77"
SECRETS = (*CANARIES.values(), IN_PYPIRC, IN_THE_REMOTE)
BUILT = ("--allow-credentials-in-build", "--no-verify-install", "--no-verify-conda-install")
CALLS: Mapping[str, tuple[str, ...]] = {
    "init": ("--yes", "--action", f"python-release-tools/python-release-tools@{'a' * 40}"),
    "doctor": (),
    "config": (),
    "version": (),
    "next": (),
    "notes": ("1.0",),
    "prepare": ("1.1", "--dry-run"),
    "plan": BUILT,
    "dry-run": BUILT,
    "build": BUILT,
    "gather": ("nowhere",),
    "verify": BUILT,
    "recipe": BUILT,
    "drift": BUILT,
    "tag": ("1.0",),
    "publish": ("--debug",),
    "release": BUILT,
    "status": ("1.0",),
    "retract": ("1.0", "--reason", "x"),
}
OFFLINE = ("init", "config", "version", "next", "notes", "prepare", "plan", "build", "gather", "verify")
FILES = {**in_tree_project(), "CHANGELOG.md": "# Changelog\n\n## Unreleased\n\n- Everything\n"}
SENT = " ".join(CANARIES.values())
ECHO = json.dumps({"message": f"you sent {SENT}", "errors": [{"description": SENT}]}).encode()
REPORTED = {"Content-Type": "application/json", "X-Echo": SENT}
FAULTS: Mapping[str, Fault | None] = {
    "nothing": None,
    "all that was sent comes back": Fault(response=Response(403, ECHO, REPORTED), times=None),
    "every answer is dropped": Fault(What.DROP, times=None),
}


@dataclass
class Started:
    """The programs that were started, as the interpreter tells its audit hooks; those cannot be taken off again."""

    on: bool = False
    calls: list[str] = field(default_factory=list)

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.on and event in ("subprocess.Popen", "os.posix_spawn", "os.exec"):
            self.calls.append(repr(arguments))


STARTED = Started()
sys.addaudithook(STARTED)


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """Everything accepts the canaries; all that there is about the person and the job holds one."""
    folder = tmp_path / "folder"
    (tmp_path / "scratch").mkdir()
    folder.mkdir()
    with stage(folder, Path("unused"), FILES, conda_forge=True) as made:
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
        made.pypi.tokens[CANARIES["TWINE_PASSWORD"]] = None
        made.anaconda.tokens[CANARIES["ANACONDA_API_TOKEN"]] = made.anaconda.tokens.popitem()[1]
        made.github.workflow_token(CANARIES["GITHUB_TOKEN"], SLUG)
        made.github.account("bob", CANARIES["CONDA_FORGE_TOKEN"])
        for old in (make_sdist(tmp_path, version="0.9"), make_wheel(tmp_path, version="0.9")):
            made.pypi.put(old.name, old.read_bytes(), "demo", "0.9")
        made.checkout.git("remote", "set-url", "origin", f"https://me:{IN_THE_REMOTE}@github.com/{SLUG}.git")
        (Path(made.checkout.env["HOME"]) / ".pypirc").write_text(f"[pypi]\nusername = me\npassword = {IN_PYPIRC}\n")
        yield made


def environment(there: Stage) -> dict[str, str]:
    files = {name: str(there.folder / name) for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")}
    for path in files.values():
        Path(path).touch()
    job = {**there.provider.environment, "GITHUB_REPOSITORY": SLUG}
    settings = {"NETWORK_TRIES": "1", "NETWORK_PAUSE": "1", "CONDA_CHANNELS": "http://127.0.0.1:9/channel"}
    ours = {f"RELEASE_TOOLS_{name}": value for name, value in settings.items()}
    return {**there.checkout.env, **job, **ours, **files, **CANARIES}


def run(there: Stage, command: str, *more: str) -> tuple[int, bytes]:
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(out):
        try:
            code = main([command, "-C", str(there.checkout.root), *CALLS[command], *more], environment(there))
        except SystemExit as stopped:
            code = int(stopped.code or 0)
    return code, unmasked(out.getvalue())


def found(content: bytes, *, known: tuple[str, ...] = ()) -> list[str]:
    return [
        secret
        for secret in SECRETS
        if secret not in known and any(spelling in content for spelling in spellings(secret))
    ]


def left(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Return the content of the files, without those that the test wrote."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            known = (IN_PYPIRC,) if path.name == ".pypirc" else (IN_THE_REMOTE,) if path.match(".git/config") else ()
            if reported := found(path.read_bytes(), known=known):
                yield str(path), reported


def test_every_command_and_every_credential_is_in_the_sweep() -> None:
    assert set(CALLS) == set(COMMANDS) - {"completion"}  # it prints a script, and reads nothing
    assert set(CANARIES) >= {name for name in PUBLISHING if is_secret(name)}


@pytest.mark.parametrize("fault", FAULTS)
def test_no_secret_is_found_anywhere(there: Stage, fault: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(STARTED, "calls", [])
    ends = {}
    for command in CALLS:
        if fault != "nothing" and command in OFFLINE and command != "build":
            continue
        for double in (there.pypi, there.testpypi, there.anaconda, there.github):
            double.faults = [struck] if (struck := FAULTS[fault]) else []
        monkeypatch.setattr(STARTED, "on", True)
        ends[command], said = run(there, command)
        monkeypatch.setattr(STARTED, "on", False)
        assert found(said) == [], command
        assert fault != "nothing" or command == "gather" or ends[command] == 0, said
        assert list((tmp_path / "scratch").iterdir()) == [], command
    assert fault == "nothing" or ends["release"] != 0
    assert len(STARTED.calls) > 100
    for call in STARTED.calls:
        assert found(call.encode()) == [], call
    assert list(left(tmp_path)) == []
