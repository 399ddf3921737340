"""Small, valid artifacts made in milliseconds, the same bytes every time."""

import base64
import gzip
import hashlib
import io
import json
import tarfile
import zipfile
from pathlib import Path

EPOCH = (2026, 1, 1, 0, 0, 0)


def metadata(name: str, version: str) -> str:
    return f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\nSummary: A demonstration\n"


def make_wheel(
    folder: Path, name: str = "demo", version: str = "1.0", *, build: str = "", body: str = "", told: str = ""
) -> Path:
    """A pure wheel with one module; ``build`` is its build tag, ``body`` makes other bytes of it.

    ``told`` is what its metadata says besides.
    """
    info = f"{name}-{version}.dist-info"
    members = {
        f"{name}/__init__.py": f'__version__ = "{version}"\n{body}',
        f"{info}/METADATA": metadata(name, version) + told,
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        + (f"Build: {build}\n" if build else ""),
    }
    lines = [f"{path},sha256={_digest(text)},{len(text)}" for path, text in members.items()]
    members[f"{info}/RECORD"] = "\n".join([*lines, f"{info}/RECORD,,", ""])
    path = folder / "-".join(filter(None, (name, version, build, "py3-none-any.whl")))
    with zipfile.ZipFile(path, "w") as wheel:
        for member, text in members.items():
            wheel.writestr(zipfile.ZipInfo(member, EPOCH), text)
    return path


def make_sdist(folder: Path, name: str = "demo", version: str = "1.0", *, body: str = "", told: str = "") -> Path:
    """An sdist of the same project."""
    root = f"{name}-{version}"
    members = {
        f"{root}/PKG-INFO": metadata(name, version) + told,
        f"{root}/pyproject.toml": f'[project]\nname = "{name}"\nversion = "{version}"\n',
        f"{root}/{name}/__init__.py": f'__version__ = "{version}"\n{body}',
    }
    path = folder / f"{root}.tar.gz"
    with (
        path.open("wb") as raw,
        gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as sdist,
    ):
        for member, text in members.items():
            entry = tarfile.TarInfo(member)
            entry.size = len(text)
            sdist.addfile(entry, io.BytesIO(text.encode()))
    return path


def make_conda(folder: Path, name: str = "demo", version: str = "1.0", *, build: str = "py_0", body: str = "") -> Path:
    """A noarch conda package of the same module, small but whole."""
    from conda_package_streaming.create import conda_builder

    index = {"name": name, "version": version, "build": build, "build_number": 0, "subdir": "noarch"}
    module = f'__version__ = "{version}"\n{body}'
    path = f"site-packages/{name}/__init__.py"
    listed = {"_path": path, "path_type": "hardlink", "sha256": hashlib.sha256(module.encode()).hexdigest()}
    members = {
        "info/index.json": json.dumps({**index, "noarch": "python", "depends": [], "license": "MIT"}),
        "info/about.json": json.dumps({"summary": "A demonstration", "license": "MIT"}),
        "info/link.json": json.dumps({"noarch": {"type": "python"}, "package_metadata_version": 1}),
        "info/paths.json": json.dumps({"paths": [listed | {"size_in_bytes": len(module)}], "paths_version": 1}),
        "info/files": f"{path}\n",
        path: module,
    }
    stem = f"{name}-{version}-{build}"
    folder.mkdir(exist_ok=True)
    with conda_builder(stem, folder) as package:
        for member, text in members.items():
            entry = tarfile.TarInfo(member)
            entry.size = len(text)
            package.addfile(entry, io.BytesIO(text.encode()))
    return folder / f"{stem}.conda"


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
