"""A local channel from which compiled projects are built: Pythons of this machine, compilers, zlib and pip.

It behaves as conda-forge does where that matters to a solver: a Python exports `python_abi` to what is built with it
and constrains it, so that no environment mixes two Pythons; compilers export their runtime libraries, and libraries
themselves. The compiler packages only lead to the system's own compiler.
"""

import hashlib
import io
import itertools
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
from rattler import Subdir

from release_tools.builders.conda.package_writer import Package, PackageEntry, Style, write_package
from tests.support import python_files
from tests.support.conda import COMMIT_TIME, Channel, once

HERE: Final = str(Subdir.current())
GCC: Final = shutil.which("gcc")
NEEDS_COMPILER: Final = pytest.mark.skipif(
    not (sys.platform == "linux" and GCC), reason="the compiler packages lead to the gcc of a Linux system"
)
_NEW_BUILD_STRINGS: Final = 13
_ASK: Final = """\
import json, sys, sysconfig
print(json.dumps([sys.version.split()[0].rstrip("+"), sys.base_prefix, sysconfig.get_path("stdlib"),
                  sysconfig.get_path("include"), getattr(sys, "_base_executable", sys.executable),
                  bool(sysconfig.get_config_var("Py_GIL_DISABLED"))]))
"""


@dataclass(frozen=True)
class Interpreter:
    """A Python of this machine.

    Attributes:
        version: all of it, such as ``3.12.1``.
        base: the folder that it is installed in.
        stdlib: of its standard library.
        include: of its headers.
        executable: the interpreter itself.
    """

    version: str
    base: Path
    stdlib: Path
    include: Path
    executable: Path

    @property
    def minor(self) -> str:
        return ".".join(self.version.split(".")[:2])

    @property
    def tag(self) -> str:
        return f"cp{self.minor.replace('.', '')}"

    @property
    def build(self) -> str:
        """The end of the build string, as conda-forge writes it."""
        return "cpython" if int(self.minor.split(".")[1]) < _NEW_BUILD_STRINGS else self.tag

    @property
    def variant(self) -> str:
        """The value of the variant ``python``, as conda-forge pins it."""
        return f"{self.minor}.* *_{self.build}"


@dataclass(frozen=True)
class Made:
    """A package of the channel.

    Attributes:
        name: of the package.
        version: of it.
        files: content, or the file that holds it, by path in the prefix.
        build: the build string.
        depends: what it needs.
        constrains: what must not be installed with it, unless it matches.
        run_exports: what it adds to the requirements of what is built with it.
        noarch: ``python``, ``generic``, or empty for this platform's own.
        link: ``link.json``, for commands.
        platform: the subdir, where it is for another platform than this one.
    """

    name: str
    version: str
    files: Mapping[str, bytes | Path] = field(default_factory=dict)
    build: str = "0"
    depends: Sequence[str] = ()
    constrains: Sequence[str] = ()
    run_exports: Mapping[str, Sequence[str]] = field(default_factory=dict)
    noarch: str = ""
    link: Mapping[str, Any] = field(default_factory=dict)
    platform: str = ""

    @property
    def subdir(self) -> str:
        return self.platform or ("noarch" if self.noarch else HERE)

    def write(self, channel: Path) -> Path:
        """Write it into its subdir of a channel, which is not indexed."""
        index = {
            "name": self.name,
            "version": self.version,
            "build": self.build,
            "build_number": 0,
            "depends": list(self.depends),
            "constrains": list(self.constrains),
            "subdir": self.subdir,
            **({"noarch": self.noarch} if self.noarch else {}),
        }
        measured = {path: _measured(content) for path, content in self.files.items()}
        paths = [
            {"_path": path, "path_type": "hardlink", "sha256": digest, "size_in_bytes": size}
            for path, (digest, size) in sorted(measured.items())
        ]
        documents = {
            "index.json": index,
            "about.json": {"license": "MIT"},
            "paths.json": {"paths": paths, "paths_version": 1},
            **({"run_exports.json": self.run_exports} if self.run_exports else {}),
            **({"link.json": self.link} if self.link else {}),
        }
        info = {name: json.dumps(document).encode() for name, document in documents.items()}
        entries = [PackageEntry(path, measured[path][1], _runs(path, content)) for path, content in self.files.items()]
        folder = channel / self.subdir
        folder.mkdir(parents=True, exist_ok=True)
        stem = f"{self.name}-{self.version}-{self.build}"
        return write_package(
            folder, Package(stem, info, entries, _readers(self.files.values())), Style("conda", 1, COMMIT_TIME)
        )


def _measured(content: bytes | Path) -> tuple[str, int]:
    data = content if isinstance(content, bytes) else content.read_bytes()
    return hashlib.sha256(data).hexdigest(), len(data)


def _runs(path: str, content: bytes | Path) -> bool:
    return path.startswith("bin/") if isinstance(content, bytes) else os.access(content, os.X_OK)


def _readers(contents: Any) -> Iterator[io.BytesIO]:  # noqa: ANN401 - bytes or paths
    for content in contents:
        yield io.BytesIO(content if isinstance(content, bytes) else content.read_bytes())


def _find_interpreters() -> Iterator[Interpreter]:
    """Yield the Pythons of this machine that this project supports, one a minor version, the oldest first."""
    for minor in range(11, 15):
        own = [Path(sys.executable)] if sys.version_info.minor == minor else []
        named = shutil.which(f"python3.{minor}")
        neighbours = sorted(Path(sys.base_prefix).parent.glob(f"3.{minor}*/bin/python3"))
        candidates = [*own, *([Path(named)] if named else []), *neighbours]
        usable = (one for one in map(_ask, candidates) if one and one.minor == f"3.{minor}")
        yield from itertools.islice(usable, 1)


def _ask(python: Path) -> Interpreter | None:
    """Return what a Python says of itself; None where nothing can be compiled for it, or it has no global lock."""
    with suppress(OSError, subprocess.SubprocessError, ValueError):
        asked = subprocess.run([python, "-I", "-c", _ASK], capture_output=True, check=True, timeout=20)
        version, base, stdlib, include, executable, threaded = json.loads(asked.stdout)
        one = Interpreter(version, Path(base), Path(stdlib), Path(include), Path(executable).resolve())
        if not threaded and (one.include / "Python.h").is_file() and one.stdlib.is_relative_to(one.base):
            return one
    return None


@cache
def two_pythons() -> tuple[Interpreter, ...]:
    """The Pythons of the channel: the oldest two of this machine, where it has two; each takes seconds and 15 MB."""
    return tuple(itertools.islice(_find_interpreters(), 2))


def python_package(one: Interpreter, pip: Path, folder: Path) -> Made:
    """A package ``python`` with headers, and with the bytecode of this pip; what is made for it goes into a folder."""
    listed = python_files.list_python_files(one.executable, one.base, one.stdlib, pip, folder)
    files: dict[str, bytes | Path] = {**listed, **python_files.list_files(one.base, one.include)}
    abi = f"python_abi {one.minor}.* *_{one.tag}"
    exported = {"weak": [abi], "noarch": ["python"]}
    return Made("python", one.version, files, f"0_{one.build}", (), (abi,), exported)


def stable_abi_packages(one: Interpreter) -> Iterator[Made]:
    """Describe what a package for the stable ABI is built with, and what it then requires, as on conda-forge."""
    yield Made("cpython", one.version, depends=(f"python {one.minor}.*",), build=f"{one.tag}_0", noarch="generic")
    exported = {"noarch": [f"cpython >={one.minor}", "_python_abi3_support 1.*"]}
    depends = (f"cpython {one.minor}.*",)
    yield Made("python-abi3", one.minor, depends=depends, run_exports=exported, noarch="generic")
    yield Made("_python_abi3_support", "1.0", depends=("cpython",), noarch="generic")


def compiler_packages() -> Iterator[Made]:
    """Compilers for C and C++ that lead to the system's own, and what they and their libraries export."""
    machine = {"linux-64": "x86_64", "linux-aarch64": "aarch64"}.get(HERE, platform.machine())
    host = f"{machine}-conda-linux-gnu"
    tools = {"gcc": {"cc": "gcc", "gcc": "gcc", "ar": "ar", "ld": "ld"}, "gxx": {"c++": "g++", "g++": "g++"}}
    for package, variable, flags, runtimes in (
        ("gcc", "CC", "CFLAGS", ["libgcc"]),
        ("gxx", "CXX", "CXXFLAGS", ["libgcc", "libstdcxx"]),
    ):
        files: dict[str, bytes | Path] = {
            f"bin/{host}-{name}": f'#!/bin/sh\nexec {shutil.which(tool) or tool} "$@"\n'.encode()
            for name, tool in tools[package].items()
        }
        first = next(iter(tools[package]))
        files[f"etc/conda/activate.d/activate-{package}_{HERE}.sh"] = (
            f'export {variable}="$CONDA_PREFIX/bin/{host}-{first}"\n'
            f'export {flags}="-O2 -fPIC -isystem $PREFIX/include'
            ' -ffile-prefix-map=$SRC_DIR=/src -ffile-prefix-map=$PREFIX=/prefix"\n'
            'export LDFLAGS="-Wl,-rpath,$PREFIX/lib -L$PREFIX/lib"\n'
        ).encode()
        yield Made(f"{package}_{HERE}", "15.2.0", files, run_exports={"strong": runtimes})
    for library in ("libgcc", "libstdcxx"):
        yield Made(library, "15.2.0")
    exported = {"strong": ["__glibc >=2.17,<3.0.a0"]}
    yield Made(f"sysroot_{HERE}", "2.17", run_exports=exported, noarch="generic")


def zlib_package() -> Made:
    """The system's zlib, with its headers."""
    include = next(folder for folder in (Path("/usr/include"),) if (folder / "zlib.h").is_file())
    header = next(path for path in (include / "zconf.h", *include.glob("*/zconf.h")) if path.is_file())
    (library, *_) = (path for folder in ("/usr/lib", "/lib") for path in Path(folder).glob("*/libz.so.1"))
    files: dict[str, bytes | Path] = {"include/zlib.h": include / "zlib.h", "include/zconf.h": header}
    files |= {f"lib/{name}": library.resolve() for name in ("libz.so", "libz.so.1")}
    return Made("zlib", "1.2.13", files, run_exports={"weak": ["zlib >=1.2.13,<2.0a0"]})


def make_compiled_channel(folder: Path) -> None:
    """All of it in an empty folder, with pip."""
    (pip,) = two_pythons()[-1].stdlib.glob("ensurepip/_bundled/pip-*.whl")
    for one in two_pythons():
        Made("python_abi", one.minor, build=f"8_{one.tag}", noarch="generic").write(folder)
        for made in stable_abi_packages(one):
            made.write(folder)
        python_package(one, pip, _python_folder(folder, one)).write(folder)
    for made in (*compiler_packages(), zlib_package()):
        made.write(folder)
    Channel(folder, folder.with_name("rattler-cache")).add(pip)


def _python_folder(channel: Path, one: Interpreter) -> Path:
    return channel.with_name(f"files-of-{one.tag}")


def find_pip(channel: Channel, one: Interpreter) -> Path:
    """Return the folder with the pip of a Python of the channel, compiled for it."""
    return python_files.find_pip(_python_folder(channel.folder, one), one.stdlib)


@pytest.fixture(scope="session")
def compiled_channel(shared: Path) -> Channel:
    """A channel from which compiled projects are built for every Python of this machine; nobody adds to it."""
    return Channel(once(shared / "compiled-channel", make_compiled_channel), shared / "rattler-cache")
