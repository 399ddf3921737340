"""Runs in the prefix where the cases are installed, and tells as JSON what it finds there."""

import base64
import hashlib
import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackagePath, distributions
from pathlib import Path
from typing import Any


def faults_of(files: list[PackagePath]) -> Iterator[str]:
    """Return which files of RECORD are missing or have another digest."""
    for file in files:
        path = Path(str(file.locate()))
        if not path.is_file():
            yield f"{file}: missing"
        elif file.hash:
            digest = base64.urlsafe_b64encode(hashlib.new(file.hash.mode, path.read_bytes()).digest())
            if digest.rstrip(b"=").decode() != file.hash.value:
                yield f"{file}: other digest"


def pip(*arguments: str) -> dict[str, Any]:
    done = subprocess.run([sys.executable, "-m", "pip", *arguments], capture_output=True, text=True, check=False)
    return {"code": done.returncode, "output": done.stdout}


def attempt(module: str) -> str:
    try:
        importlib.import_module(module)
    except ImportError as error:
        return f"{type(error).__name__}: {error}"
    return ""


if __name__ == "__main__":
    modules = json.loads(sys.argv[1])
    json.dump(
        {
            "distributions": {
                found.metadata["Name"]: {
                    "version": found.version,
                    "installer": (found.read_text("INSTALLER") or "").strip(),
                    "faults": list(faults_of(found.files or [])),
                    "files": [str(file) for file in found.files or []],
                    "points": [[point.group, point.name, point.value] for point in found.entry_points],
                }
                for found in distributions()
            },
            "imports": {module: attempt(module) for module in modules},
            "list": json.loads(pip("list", "--format=json")["output"]),
            "check": pip("check"),
        },
        sys.stdout,
    )
