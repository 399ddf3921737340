"""Test what was published with the clients that will use it, pip and py-rattler, and on other conda servers."""

import asyncio
import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from conda_package_streaming.create import conda_builder

from release_tools.errors import ConflictError, CredentialError, VerifyError
from release_tools.model.artifact import ArtifactKind
from tests.publishing.built_project import BuiltProject
from tests.servers.conda_server import HOST, CondaServer
from tests.support.interpreters import python_with_pip

pytestmark = pytest.mark.slow

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


TRUSTING = ("--allow-credentials-in-build",)
"""The installed package may be imported although the index's password is in reach."""


def test_pip_installs_what_was_published(there: BuiltProject, tmp_path: Path) -> None:
    there.build(conda=False)
    there.log_in()
    assert there.run("publish", "--routes-final", "pypi") == 0
    target = tmp_path / "site"
    command = [python_with_pip(), "-m", "pip", "--isolated", "install", "-q", "--no-cache-dir", "--target", str(target)]
    subprocess.run([*command, "--index-url", "https://pypi.org/simple/", "demo==1.0"], env=there.env, check=True)
    assert (target / "demo" / "__init__.py").is_file()


def test_testpypi_first_installs_from_testpypi_before_pypi_is_touched(
    there: BuiltProject, capsys: pytest.CaptureFixture[str]
) -> None:
    there.build(conda=False)
    there.log_in()
    assert there.run("publish", "--testpypi-first", "--routes-final", "pypi", *TRUSTING) == 0
    assert "installed from TestPyPI and imported" in capsys.readouterr().out
    assert there.testpypi.holds() == there.pypi.holds()
    assert there.testpypi.lines("GET", "test-files.pythonhosted.org/packages/")


def test_a_failed_check_on_testpypi_leaves_pypi_untouched(
    there: BuiltProject, capsys: pytest.CaptureFixture[str]
) -> None:
    there.build(conda=False, body="raise SystemError('does not import')\n")
    there.log_in()
    assert there.run("publish", "--testpypi-first", "--routes-final", "pypi", *TRUSTING) == VerifyError.exit_code
    assert "does not import" in capsys.readouterr().err
    assert len(there.testpypi.accepted) == 2
    assert there.pypi.holds() == {}


def test_with_credentials_testpypi_first_installs_and_runs_nothing(
    there: BuiltProject, capsys: pytest.CaptureFixture[str]
) -> None:
    there.build(conda=False, body="raise SystemError('it was run')\n")
    there.log_in()
    assert there.run("publish", "--testpypi-first", "--routes-final", "pypi") == 0
    said = capsys.readouterr().out
    assert "installed from TestPyPI\n" in said
    assert "not imported" in said
    assert there.testpypi.holds() == there.pypi.holds()


def test_a_channel_in_a_folder_is_installed_from(there: BuiltProject, tmp_path: Path) -> None:
    channel = tmp_path / "channel"
    there.build()
    for _ in range(2):
        assert there.run("publish", "--routes-final", channel.as_uri()) == 0
    make_python(channel / "noarch")
    prefix = tmp_path / "prefix"
    asyncio.run(install(channel, prefix))
    [module] = prefix.glob("lib/python*/site-packages/demo/__init__.py" if os.name != "nt" else "Lib/**/demo/*.py")
    assert module.is_file()


def test_other_bytes_in_a_folder_are_never_replaced(there: BuiltProject, tmp_path: Path) -> None:
    release = there.build()
    channel = tmp_path / "channel"
    [conda] = release.artifacts_of_kind(ArtifactKind.CONDA)
    (channel / "noarch").mkdir(parents=True)
    (channel / "noarch" / conda.filename).write_bytes(b"other")
    assert there.run("publish", "--routes-final", channel.as_uri()) == ConflictError.exit_code
    assert (channel / "noarch" / conda.filename).read_bytes() == b"other"


def make_python(folder: Path) -> None:
    """A ``python`` of this interpreter's version without a file: all that linking a noarch package asks for."""
    index = {
        "name": "python",
        "version": f"{PYTHON}.0",
        "build": "0",
        "build_number": 0,
        "depends": [],
        "noarch": "generic",
    }
    members = {
        "info/index.json": json.dumps({**index, "subdir": "noarch"}),
        "info/paths.json": json.dumps({"paths": [], "paths_version": 1}),
        "info/about.json": "{}",
    }
    with conda_builder(f"python-{PYTHON}.0-0", folder) as package:
        for name, text in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            package.addfile(entry, io.BytesIO(text.encode()))


async def install(channel: Path, prefix: Path) -> None:
    import rattler
    from rattler.index import index_fs

    await index_fs(channel, force=True)
    gateway = rattler.Gateway(cache_dir=prefix.parent / "repodata")
    platforms = [rattler.Subdir.current(), rattler.Subdir("noarch")]
    records = await rattler.solve([rattler.Channel(channel.as_uri())], ["demo ==1.0", "python"], gateway, platforms)
    await rattler.install(records, prefix, cache_dir=prefix.parent / "packages")


@pytest.mark.parametrize(
    ("address", "variable"),
    [
        (f"quetz+https://{HOST}/get/lab", "QUETZ_API_KEY"),
        (f"prefix+https://{HOST}/lab", "PREFIX_API_KEY"),
        (f"artifactory+https://{HOST}/artifactory/lab", "ARTIFACTORY_TOKEN"),
        (f"cloudsmith+https://{HOST}/octo/lab", "CLOUDSMITH_API_KEY"),
    ],
)
def test_other_conda_servers_take_packages_too(there: BuiltProject, address: str, variable: str) -> None:
    [conda] = there.build().artifacts_of_kind(ArtifactKind.CONDA)
    server = CondaServer("canary-of-the-lab")
    there.proxy.routes[HOST] = server
    assert there.run("publish", "--routes-final", address) == CredentialError.exit_code
    there.env[variable] = server.token
    for _ in range(2):
        assert there.run("publish", "--routes-final", address) == 0
    assert server.files == {conda.filename: conda.path.read_bytes()}
    writes = [line for line in server.lines("POST") + server.lines("PUT") if "/storage/" not in line]
    assert len(writes) == (2 if address.startswith("cloudsmith") else 1)
    server.files[conda.filename] = b"other"
    assert there.run("publish", "--routes-final", address) == ConflictError.exit_code
