"""A channel with conda-build: the stand-in, or the real one of another environment."""

import json
import subprocess
import sysconfig
from pathlib import Path

from tests.support.compiled_channel import Made, find_pip, two_pythons
from tests.support.conda import Channel

VERSION = "26.7.0"
COPIED = ("jinja2", "markupsafe", "yaml")
"""The imports of the stand-in, without compiled code."""


def add_stand_in(channel: Channel, folder: Path) -> Channel:
    """A channel before that one, with the stand-in as ``conda-build``."""
    source = Path(__file__).with_name("stand_in.py").read_bytes()
    known = {one.minor: {"python": str(one.executable), "pip": str(find_pip(channel, one))} for one in two_pythons()}
    files: dict[str, bytes | Path] = {
        "site-packages/conda_build/__init__.py": source,
        "site-packages/conda_build/api.py": b"from conda_build import render\n",
        "site-packages/conda_build/config.py": b"from conda_build import Config\n",
        "site-packages/conda_build/pythons.json": json.dumps(known).encode(),
    }
    libraries = Path(sysconfig.get_path("purelib"))
    for name in COPIED:
        found = (libraries / name).rglob("*.py")
        files |= {f"site-packages/{path.relative_to(libraries).as_posix()}": path for path in found}
    made = _made("conda-build", VERSION, files, "conda_build:main")
    return _written(channel, folder, made, _made("conda-index", "0.13.0", {}))


def add_real(channel: Channel, folder: Path, python: Path) -> Channel:
    """A channel before that one, whose ``conda-build`` is that of another environment with the same Python."""
    asked = [
        str(python),
        "-c",
        "import sysconfig, sys; print(sysconfig.get_path('purelib')); print(sys.version.split()[0])",
    ]
    path, version = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.splitlines()
    files: dict[str, bytes | Path] = {"site-packages/real-conda-build.pth": f"{path}\n".encode()}
    made = _made("conda-build", VERSION, files, "conda_build.cli.main_build:execute", f"python =={version}")
    conda = _made("conda", VERSION, {}, "conda.cli.main:main", "conda-rattler-solver")
    solver = _made("conda-rattler-solver", "0.2.0", {})
    return _written(channel, folder, made, conda, solver, _made("conda-index", "0.13.0", {}, depends="conda"))


def _made(name: str, version: str, files: dict[str, bytes | Path], command: str = "", depends: str = "python") -> Made:
    points = [f"{name} = {command}"] if command else []
    link = {"noarch": {"type": "python", "entry_points": points}, "package_metadata_version": 1}
    return Made(name, version, files, depends=(depends,), noarch="python", link=link)


def _written(channel: Channel, folder: Path, *packages: Made) -> Channel:
    from release_tools.builders.conda import rattler

    for made in packages:
        made.write(folder)
    rattler.index_channel(folder)
    return channel.over(folder)


def find_version(python: Path) -> str:
    """Return the version of the Python of an environment."""
    asked = [str(python), "-c", "import sys; print(sys.version.split()[0])"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
