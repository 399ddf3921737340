"""No credential is within reach of a build: whatever it is called, and whichever command builds."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from release_tools.publishers.conda_channel.channel_server import ChannelServer
from release_tools.publishers.conda_channel.servers import SERVERS
from release_tools.system.credentials import (
    PUBLISHING,
    clean_variables,
    find_visible_credentials,
    is_secret,
    remove_credentials,
    without_job_credentials,
)
from tests.conftest import Run
from tests.support.projects import in_tree_project
from tests.support.repositories import Checkout, make_repository

SECRET = "canary-5a7c0e1f"
NAMES = [
    "ANACONDA_API_TOKEN", "ARTIFACTORY_TOKEN", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
    "AZURE_CLIENT_SECRET", "BINSTAR_API_KEY", "CARGO_REGISTRY_TOKEN", "CONDA_FORGE_TOKEN", "DOCKER_AUTH_CONFIG",
    "FLIT_PASSWORD", "GH_ENTERPRISE_TOKEN", "GH_PAT", "GH_TOKEN", "GITHUB_PAT", "GITHUB_TOKEN", "GOOGLE_API_KEY",
    "GOOGLE_APPLICATION_CREDENTIALS", "HATCH_INDEX_AUTH", "MATURIN_PASSWORD", "MATURIN_PYPI_TOKEN", "MY_PASS",
    "NPM_AUTH", "PAT", "POETRY_HTTP_BASIC_PYPI_PASSWORD", "POETRY_PYPI_TOKEN_PYPI", "PREFIX_API_KEY", "PYPI_APIKEY",
    "QUETZ_API_KEY", "SSH_PRIVATE_KEY", "TWINE_PASSWORD", "UV_PUBLISH_PASSWORD", "UV_PUBLISH_TOKEN", "pypi_token",
]  # fmt: skip
HARMLESS = [
    "AUTHOR", "COMPAT_LEVEL", "GIT_AUTHOR_NAME", "GPG_KEY", "KEYBOARD", "MANPATH", "PASSWORD_STORE_DIR", "PATH",
    "PYTHONPATH", "RELEASE_TOOLS_ALLOW_CREDENTIALS_IN_BUILD", "SSH_AUTH_SOCK", "TOKENIZERS_PARALLELISM",
    "TWINE_USERNAME", "XAUTHORITY",
]  # fmt: skip
VALUES = {
    "an index with a password": ("PIP_EXTRA_INDEX_URL", f"https://me:{SECRET}@index.example.org/simple"),
    "a token as a user": ("UV_INDEX", f"https://{SECRET}@index.example.org/simple"),
    "a proxy with a password": ("HTTPS_PROXY", f"http://me:{SECRET}@proxy.example.org:3128"),
    "a token of PyPI by another name": ("UPLOAD", f"pypi-{SECRET.replace('-', '') * 2}"),
    "a token of GitHub by another name": ("BOT", "ghp_0123456789abcdefghij0123"),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_credential_is_known_by_its_name(name: str) -> None:
    assert is_secret(name)
    assert find_visible_credentials({name: SECRET}) == (name,)
    assert name not in remove_credentials({name: SECRET})
    assert name not in clean_variables({name: SECRET})


@pytest.mark.parametrize("name", HARMLESS)
def test_a_name_that_only_looks_like_one_is_none(name: str) -> None:
    assert find_visible_credentials({name: "something"}) == ()


@pytest.mark.parametrize(("name", "value"), VALUES.values(), ids=VALUES)
def test_a_credential_is_known_by_its_value(name: str, value: str) -> None:
    assert find_visible_credentials({name: value}) == (name,)
    assert SECRET not in str(clean_variables({name: value}))


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A project whose build writes down every environment within its reach, and writes to the files of the job."""
    files = in_tree_project()
    backend = next(path for path in files if path.endswith(".py") and "backend" in path)
    spy = f"""
import json as _json, os as _os, pathlib as _pathlib
_found, _pid = [dict(_os.environ)], _os.getpid()
while _pid > 1:
    try:
        _found.append(_pathlib.Path(f"/proc/{{_pid}}/environ").read_text(errors="replace"))
        _pid = int(_pathlib.Path(f"/proc/{{_pid}}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        break
    if b"release_tools" not in _pathlib.Path(f"/proc/{{_pid}}/cmdline").read_bytes() and len(_found) > 2:
        break
_pathlib.Path({str(tmp_path / "loot")!r}).write_text(_json.dumps(_found))
_job = _pathlib.Path({str(tmp_path / "job-env")!r})
if _job.exists() and _job.read_text() == "armed":
    _job.write_text("LD_PRELOAD=/evil.so")
"""
    files = {**files, backend: files[backend] + spy}
    return make_repository(tmp_path / "demo", files, ". v1.0")


def run_as_process(checkout: Checkout, env: Mapping[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a process of its own, whose environment is all that a build finds above itself."""
    argv = [sys.executable, "-m", "release_tools", command[0], "-C", str(checkout.root), *command[1:]]
    options = ["--no-conda", "--no-verify-install"] if command[0] not in {"recipe", "drift"} else []
    root = Path(__file__).parents[2]
    return subprocess.run(argv + options, cwd=root, env=dict(env), capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", ["GITHUB_TOKEN", "UV_PUBLISH_TOKEN", "AWS_SECRET_ACCESS_KEY"])
@pytest.mark.parametrize("command", ["build", "release"])
def test_build_and_release_refuse(run: Run, checkout: Checkout, tmp_path: Path, command: str, name: str) -> None:
    check_refusal(run, checkout, command, name, {name: SECRET})
    assert not (tmp_path / "loot").exists()


def check_refusal(run: Run, checkout: Checkout, command: str, name: str, env: Mapping[str, str]) -> None:
    said = run(command, "-C", checkout.root, "--no-conda", "--no-verify-install", **env)
    assert said.code == 12, said.err
    assert name in said.err
    assert SECRET not in said.out + said.err


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="environments are read from /proc")
@pytest.mark.parametrize("command", ["dry-run", "recipe", "drift"])
def test_commands_that_need_no_credential_run_without(
    checkout: Checkout, env: dict[str, str], tmp_path: Path, command: str
) -> None:
    secrets = {"GITHUB_TOKEN": SECRET, "TWINE_PASSWORD": SECRET, "HTTPS_PROXY": f"http://me:{SECRET}@127.0.0.1:9"}
    done = run_as_process(checkout, {**env, **secrets}, command)
    assert done.returncode != 12, done.stderr
    assert SECRET not in done.stdout + done.stderr
    assert SECRET not in (tmp_path / "loot").read_text()


GITLAB = {
    "GITLAB_CI": "true",
    "CI_JOB_TOKEN": SECRET,
    "CI_REGISTRY_PASSWORD": SECRET,
    "CI_REPOSITORY_URL": f"https://gitlab-ci-token:{SECRET}@gitlab.example.org/octo/demo.git",
}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="environments are read from /proc")
def test_a_build_runs_without_what_a_service_gives_every_job(
    checkout: Checkout, env: dict[str, str], tmp_path: Path
) -> None:
    done = run_as_process(checkout, {**env, **GITLAB}, "build")
    assert done.returncode == 0, done.stderr
    assert SECRET not in done.stdout + done.stderr
    assert SECRET not in (tmp_path / "loot").read_text()


@pytest.mark.parametrize(
    "job",
    [
        GITLAB,
        {"CIRCLECI": "true", "CIRCLE_OIDC_TOKEN": SECRET},
        {"BUILDKITE": "true", "BUILDKITE_AGENT_ACCESS_TOKEN": SECRET},
    ],
    ids=["GitLab", "CircleCI", "Buildkite"],
)
def test_what_a_service_gives_every_job_is_taken_away_there_and_nowhere_else(job: dict[str, str]) -> None:
    service, *given = job
    assert without_job_credentials(job) == {service: "true"}
    elsewhere = {name: job[name] for name in given}
    assert without_job_credentials(elsewhere) == elsewhere


@pytest.mark.parametrize(
    ("extra", "name"),
    [
        ({**GITLAB, "TWINE_PASSWORD": "of-the-project"}, "TWINE_PASSWORD"),
        ({"CI_JOB_TOKEN": SECRET}, "CI_JOB_TOKEN"),
    ],
    ids=["one of the project's own", "the name elsewhere"],
)
def test_what_only_looks_like_a_service_s_own_is_refused(
    run: Run, checkout: Checkout, tmp_path: Path, extra: dict[str, str], name: str
) -> None:
    check_refusal(run, checkout, "build", name, extra)
    assert not (tmp_path / "loot").exists()


@pytest.mark.slow
@pytest.mark.parametrize("variable", ["ENV", "PATH"])
def test_a_build_that_writes_to_the_files_of_the_job_is_noticed(
    checkout: Checkout, env: dict[str, str], tmp_path: Path, variable: str
) -> None:
    job = tmp_path / "job-env"
    job.write_text("armed")
    done = run_as_process(checkout, {**env, f"GITHUB_{variable}": str(job)}, "build")
    assert done.returncode == 6, done.stderr
    assert f"GITHUB_{variable}" in done.stderr
    assert not (checkout.root / "dist").exists()
    assert json.loads((tmp_path / "loot").read_text())
    assert os.path.lexists(job)


@pytest.mark.parametrize("server", SERVERS.values(), ids=SERVERS)
def test_the_token_of_every_conda_server_is_a_publishing_credential(server: type[ChannelServer]) -> None:
    assert not server.token_variable or server.token_variable in PUBLISHING
