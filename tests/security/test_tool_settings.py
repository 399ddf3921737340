"""The configuration of every tool that we start is fixed: nothing that lies on the way changes what it does."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from release_tools.builders.virtual_environment import Environment
from release_tools.errors import CredentialError
from release_tools.system.tool_settings import EVERY_TOOL, UV, ToolSettings
from tests.publishing.built_project import BuiltProject
from tests.support.artifacts import make_wheel

FOUND: Mapping[str, Mapping[str, str]] = {
    "git": {"GIT_DIR": "/evil", "GIT_CONFIG_COUNT": "1", "GIT_EXTERNAL_DIFF": "/evil", "GIT_EXEC_PATH": "/evil"},
    "uv": {"UV_TARGET": "/evil", "UV_CONFIG_FILE": "/evil", "UV_PYTHON": "/evil", "UV_ENV_FILE": "/evil"},
    "pip": {"PIP_TARGET": "/evil", "PIP_CONFIG_FILE": "/evil", "PIP_PYTHON": "/evil", "PIP_REQUIREMENT": "/evil"},
    "rattler-build": {"RATTLER_AUTH_FILE": "/evil", "CONDA_BLD_PATH": "/evil", "PIXI_HOME": "/evil"},
    "conda-build": {"CONDARC": "/evil", "CONDA_ANACONDA_UPLOAD": "1", "MAMBARC": "/evil", "XDG_CONFIG_HOME": "/evil"},
    "cibuildwheel": {"CIBW_BEFORE_ALL": "evil", "CIBW_BUILD": "*", "CIBW_CONFIG_FILE": "/evil"},
    "twine": {"TWINE_REPOSITORY_URL": "https://evil.example.org", "TWINE_CERT": "/evil", "TWINE_REPOSITORY": "evil"},
}


@pytest.mark.parametrize("settings", EVERY_TOOL, ids=lambda settings: settings.tool)
def test_no_variable_of_the_shell_changes_what_a_tool_does(settings: ToolSettings) -> None:
    found = FOUND[settings.tool]
    passed = settings.apply({"PATH": "/usr/bin", **found})
    assert "evil" not in str(passed)
    assert not set(found) & (set(passed) - set(settings.fixed))
    assert passed["PATH"] == "/usr/bin"
    assert settings.fixed.items() <= passed.items()


@pytest.mark.parametrize("settings", EVERY_TOOL, ids=lambda settings: settings.tool)
def test_where_packages_come_from_is_passed_on(settings: ToolSettings) -> None:
    kept = dict.fromkeys(settings.kept, "https://index.example.org/simple")
    assert kept.items() <= settings.apply(kept).items()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder, above which somebody left configuration that no tool can read."""
    for name in ("uv.toml", "pip.conf", "pip.ini", "setup.cfg", "pyproject.toml"):
        (tmp_path / name).write_text("this [is no configuration\n")
    (tmp_path / "home").mkdir()
    folder = tmp_path / "scratch" / "inner"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("installer", ["uv", pytest.param("pip", marks=pytest.mark.slow)])
def test_configuration_above_the_scratch_folder_is_not_read(elsewhere: Path, installer: str) -> None:
    home = str(elsewhere.parents[1] / "home")
    env = {"PATH": os.environ["PATH"], "HOME": home, "USERPROFILE": home, **FOUND["uv"], **FOUND["pip"]}
    environment = Environment.at(elsewhere / "env", env)
    if installer == "pip":
        environment = replace(environment, uv=None)
    environment.make()
    environment.install([str(make_wheel(elsewhere))], dependencies=False)
    assert environment.python("-c", "import demo; print(demo.__version__)").stdout.strip() == "1.0"


@pytest.mark.skipif(os.name == "nt", reason="it is in another folder there")
def test_the_users_own_configuration_of_uv_holds(tmp_path: Path) -> None:
    own = tmp_path / ".config/uv/uv.toml"
    own.parent.mkdir(parents=True)
    own.write_text('index-url = "https://index.example.org/simple"\n')
    assert UV.apply({"HOME": str(tmp_path)})["UV_CONFIG_FILE"] == str(own)
    assert "UV_CONFIG_FILE" not in UV.apply({"HOME": "."})


@pytest.mark.parametrize("home", [{}, {"HOME": ""}, {"HOME": "."}], ids=["none", "empty", "relative"])
def test_without_a_home_folder_no_login_is_taken_from_the_checkout(
    there: BuiltProject, home: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    there.build(conda=False)
    (there.project / ".pypirc").write_text("[pypi]\nusername = __token__\npassword = pypi-of-the-checkout\n")
    monkeypatch.chdir(there.project)
    del there.env["HOME"]
    there.env.update(home)
    assert there.run("publish", "--only", "pypi") == CredentialError.exit_code
    assert not there.pypi.uploads
