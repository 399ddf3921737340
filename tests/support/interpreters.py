"""An interpreter that has pip, as a runner provides one; the environment of the tests may have none."""

import atexit
import os
import shutil
import sys
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from venv import EnvBuilder


@cache
def python_with_pip() -> str:
    if find_spec("pip"):
        return sys.executable
    folder = Path(tempfile.mkdtemp(prefix="release-tools-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    EnvBuilder(with_pip=True, symlinks=os.name != "nt").create(folder)
    return str(folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
