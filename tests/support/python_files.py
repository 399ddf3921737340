"""The files of a Python for a conda package, as few and as small as every environment of a test can do with."""

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

_LEFT_OUT: Final = frozenset(
    {
        *("site-packages", "test", "tests", "idlelib", "__pycache__", "turtledemo", "tkinter", "lib2to3"),
        *("ensurepip", "pydoc_data"),
    }
)
"""Folders of a library that no environment of a test needs."""
_UNCHECKED: Final = (1).to_bytes(4, "little")  # of PEP 552: valid whatever becomes of the time of the source
_MAGIC, _FLAGS_END = 4, 8


def list_python_files(python: Path, base: Path, stdlib: Path, pip: Path, folder: Path) -> dict[str, Path]:
    """Return the files of a Python without headers, by their path in an environment.

    Args:
        python: the interpreter.
        base: the folder that it is installed in.
        stdlib: its library.
        pip: a wheel, whose bytecode is among the files.
        folder: for files that are made, new.
    """
    files = {f"bin/{name}": python for name in (stdlib.name, "python3", "python")}
    files |= list_files(base, stdlib)
    files |= _strip({name: path for name, path in files.items() if path.suffix == ".so"}, folder / "stripped")
    libraries = {f"lib/{path.name}": path.resolve() for path in base.glob("lib/libpython*.so.*")}
    return files | _strip(libraries, folder / "libraries") | _write_bytecode(python, stdlib, pip, folder / "bytecode")


def list_files(base: Path, folder: Path) -> dict[str, Path]:
    """Return the files below a folder of a Python, by their path in an environment."""
    files: dict[str, Path] = {}
    for found, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in _LEFT_OUT and not name.startswith("config-")]
        paths = [Path(found, name) for name in names if not name.endswith((".pyc", ".a"))]
        files |= {path.relative_to(base).as_posix(): path for path in paths}
    return files


def find_pip(folder: Path, stdlib: Path) -> Path:
    """Return the folder with the compiled pip that `list_python_files` made."""
    return folder / "bytecode" / "lib" / stdlib.name / "site-packages"


def _strip(files: Mapping[str, Path], folder: Path) -> dict[str, Path]:
    """Return libraries without the symbols for debuggers, most of their size, where this system can remove these."""
    strip = shutil.which("strip")
    if not (files and strip and sys.platform == "linux"):
        return dict(files)
    stripped = {name: folder / name for name in files}
    for name, path in stripped.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(files[name], path)
    subprocess.run([strip, "--strip-debug", *stripped.values()], check=True, capture_output=True)
    return stripped


def _write_bytecode(python: Path, stdlib: Path, pip: Path, folder: Path) -> dict[str, Path]:
    """Write the bytecode of a Python's library and of its pip, which each new environment would compile otherwise."""
    library = folder / "lib" / stdlib.name
    for path in _list_compiled(stdlib):
        target = library / path.relative_to(stdlib)
        target.parent.mkdir(parents=True, exist_ok=True)
        content = path.read_bytes()
        target.write_bytes(content[:_MAGIC] + _UNCHECKED + content[_FLAGS_END:])
    packages = library / "site-packages"
    with zipfile.ZipFile(pip) as wheel:
        wheel.extractall(packages, [name for name in wheel.namelist() if name.endswith(".py")])
    compiling = [str(python), "-I", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", str(packages)]
    subprocess.run(compiling, check=True, capture_output=True)
    return {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.pyc")}


def _list_compiled(stdlib: Path) -> Iterator[Path]:
    """Yield the files that hold the bytecode of a library's modules."""
    for path in stdlib.rglob("__pycache__/*.pyc"):
        folders = path.relative_to(stdlib).parts[:-2]
        if not _LEFT_OUT.intersection(folders) and ".opt-" not in path.name:
            yield path
