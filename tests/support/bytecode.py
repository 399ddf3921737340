"""The bytecode of a Python's library and of its pip, without which each new environment would compile them again."""

import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

LEFT_OUT: Final = frozenset({"site-packages", "test", "idlelib", "__pycache__", "turtledemo", "tkinter", "lib2to3"})
"""Folders of a library that no environment of a test needs."""
_UNCHECKED: Final = (1).to_bytes(4, "little")  # of PEP 552: valid whatever becomes of the time of the source
_MAGIC, _FLAGS_END = 4, 8


def write_bytecode(python: Path, stdlib: Path, pip: Path, folder: Path) -> dict[str, Path]:
    """Write the bytecode of a Python's library and of its pip, and return the files by their path in an environment.

    Args:
        python: the interpreter.
        stdlib: its library.
        pip: the wheel.
        folder: for the files, which is made.
    """
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
        if not LEFT_OUT.intersection(folders) and ".opt-" not in path.name:
            yield path
