"""A generated recipe, built, tested and installed for real, without a network."""

import io
import json
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from release_tools.artifacts import read_conda
from release_tools.builders.conda import rattler
from tests.conftest import Run
from tests.support.artifacts import Project
from tests.support.conda import NEEDS_POSIX, Channel

pytestmark = [pytest.mark.slow, NEEDS_POSIX]
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"

# A build backend in the sdist itself, so that the channel needs none.
BACKEND = """\
import pathlib, zipfile

def build_wheel(folder, settings=None, metadata=None):
    info = "greeter-1.0.dist-info/"
    members = {
        "greeter.py": pathlib.Path("greeter.py").read_text(),
        info + "METADATA": pathlib.Path("PKG-INFO").read_text(),
        info + "WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
        info + "entry_points.txt": "[console_scripts]\\ngreet = greeter:main\\n",
    }
    record = "".join(f"{name},,\\n" for name in (*members, info + "RECORD"))
    with zipfile.ZipFile(f"{folder}/greeter-1.0-py3-none-any.whl", "w") as wheel:
        for name, text in (*members.items(), (info + "RECORD", record)):
            wheel.writestr(name, text)
    return "greeter-1.0-py3-none-any.whl"
"""
# A build can read its own environment and, on Linux, that of the programs that started it.
SEARCH = """\
import os, pathlib

assert "CONDA_FORGE_TOKEN" not in os.environ
process = os.getppid()
while process > 1 and os.access(f"/proc/{process}/environ", os.R_OK):
    assert b"ghp_canary1a2b3c4d5e" not in pathlib.Path(f"/proc/{process}/environ").read_bytes()
    process = int(pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])

"""
FILES = {
    "PKG-INFO": f"""\
Metadata-Version: 2.4
Name: greeter
Version: 1.0
Summary: Greets: people, and {{{{ machines }}}}
Project-URL: Homepage, https://example.org/greeter
License-Expression: MIT
License-File: LICENSE
Requires-Python: >={PYTHON}
Requires-Dist: words>=1.2
Requires-Dist: gone; python_version < "3"
""",
    "pyproject.toml": """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project.scripts]
greet = "greeter:main"
""",
    "backend.py": BACKEND,
    "greeter.py": "import words\ndef main():\n    print('hello from', words.name)\n",
    "LICENSE": "Permission is hereby granted, free of charge, to any person\n",
}


def make_sdist(folder: Path, files: Mapping[str, str] = FILES) -> Path:
    path = folder / "greeter-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as sdist:
        for name, text in files.items():
            member = tarfile.TarInfo(f"greeter-1.0/{name}")
            member.size = len(text.encode())
            sdist.addfile(member, io.BytesIO(text.encode()))
    return path


def test_a_generated_recipe_builds_without_credentials_tests_and_installs(
    run: Run, tmp_path: Path, conda_channel: Channel
) -> None:
    own = conda_channel.over(tmp_path / "channel")
    own.add(Project("words", "1.3"))
    sdist = make_sdist(tmp_path, FILES | {"backend.py": SEARCH + BACKEND})
    env = {"RELEASE_TOOLS_CONDA_CHANNELS": ",".join(own.urls), "CONDA_FORGE_TOKEN": "ghp_canary1a2b3c4d5e"}
    said = run("recipe", sdist, "-C", tmp_path, "--build", "--json", **env)
    assert said.code == 0, said.err
    answer = json.loads(said.out)
    assert "greet --help" in answer["text"]
    (reported,) = answer["test-build"]
    assert (reported["state"], reported["detail"]) == ("done", "by rattler-build")

    (built,) = (tmp_path / "dist" / "recipe" / "noarch").iterdir()
    package = read_conda(built)
    assert package.noarch == "python"
    assert set(package.depends) == {f"python >={PYTHON}", "words >=1.2"}
    noarch = own.folder / "noarch"
    (noarch / package.path.name).write_bytes(package.path.read_bytes())
    rattler.index_channel(own.folder)
    own.install(tmp_path / "prefix", "greeter")
    greet = subprocess.run([tmp_path / "prefix" / "bin" / "greet"], check=True, capture_output=True, text=True)
    assert greet.stdout == "hello from words\n"


FAULTS = {
    "a requirement that is nowhere": (
        {"pyproject.toml": FILES["pyproject.toml"].replace("requires = []", 'requires = ["nowhere"]')},
        "nowhere",
    ),
    "a build that fails": ({"backend.py": "raise SystemExit('the backend gave up')"}, "the backend gave up"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_why_a_recipe_does_not_build_is_reported(case: str, run: Run, tmp_path: Path, conda_channel: Channel) -> None:
    files, why = FAULTS[case]
    channels = {"RELEASE_TOOLS_CONDA_CHANNELS": ",".join(conda_channel.urls)}
    said = run("recipe", make_sdist(tmp_path, FILES | files), "-C", tmp_path, "--build", **channels)
    assert said.code == 9
    assert "the recipe does not build" in said.err
    assert why in said.err


NOT_TRIED = {
    "patches": ("  sha256: x", "  sha256: x\n  patches: [mine.patch]", "needs other files"),
    "a source beside it": (
        "  url: https://example.org/a.tar.gz\n  sha256: x",
        "  path: ..",
        "needs other files",
    ),
    "a script beside it": ("  script: make\n", "", "needs other files"),
    "compiled code": (
        "  script: make\n",
        "  script: make\nrequirements:\n  build: [\"${{ compiler('c') }}\"]\n",
        "is of compiled code",
    ),
}
OWN = """\
package: {name: greeter, version: "1.0"}
source:
  url: https://example.org/a.tar.gz
  sha256: x
build:
  noarch: python
  script: make
"""


@pytest.mark.parametrize("case", NOT_TRIED)
def test_a_recipe_that_cannot_be_built_by_itself_is_not_tried(case: str, run: Run, tmp_path: Path) -> None:
    old, new, why = NOT_TRIED[case]
    assert old in OWN
    (tmp_path / "recipe").mkdir()
    (tmp_path / "recipe" / "recipe.yaml").write_text(OWN.replace(old, new))
    said = run("recipe", make_sdist(tmp_path), "-C", tmp_path, "--build")
    assert said.code == 9
    assert f"not built: the recipe {why}" in said.err


def test_a_recipe_is_not_built_without_a_channel(run: Run, tmp_path: Path) -> None:
    nowhere = {"RELEASE_TOOLS_CONDA_CHANNELS": "http://127.0.0.1:9/channel"}
    said = run("recipe", make_sdist(tmp_path), "-C", tmp_path, "--build", **nowhere)
    assert said.code == 9
    assert "no reachable conda channel" in said.err
    assert yaml.safe_load((tmp_path / "dist" / "recipe" / "recipe.yaml").read_text())["package"]["name"] == "greeter"
