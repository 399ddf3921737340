"""A build backend inside the project that it builds, so that no index is needed to try out what surrounds a build.

A frontend starts it four times for each build, so each function imports what it needs.
"""

import os
from pathlib import Path

TAG = "py3-none-any"


def meanwhile(name: str) -> None:
    """Replaced by what a test wants to happen in the build of that name."""


def build_sdist(sdist_directory: str, _config_settings: object = None) -> str:
    import io
    import tarfile

    meanwhile("sdist")
    name, version = _project()
    root = f"{name}-{version}"
    with tarfile.open(Path(sdist_directory) / f"{root}.tar.gz", "w:gz") as archive:
        members = {"PKG-INFO": _metadata(name, version)}
        members |= {path.as_posix(): path.read_bytes() for path in _files(Path()) if path.parts[0] != ".git"}
        for path, content in members.items():
            member = tarfile.TarInfo(f"{root}/{path}")
            member.size, member.mtime = len(content), int(os.environ["SOURCE_DATE_EPOCH"])
            archive.addfile(member, io.BytesIO(content))
    return f"{root}.tar.gz"


def build_wheel(wheel_directory: str, _config_settings: object = None, _metadata_directory: object = None) -> str:
    import zipfile

    meanwhile("wheel")
    name, version = _project()
    info = f"{name}-{version}.dist-info"
    members = {path.as_posix(): path.read_bytes() for path in _files(Path(name))}
    members[f"{info}/METADATA"] = _metadata(name, version)
    wheel_file = f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {TAG}\n"
    members[f"{info}/WHEEL"] = wheel_file.encode()
    rows = [f"{path},sha256={_digest(content)},{len(content)}\n" for path, content in members.items()]
    members[f"{info}/RECORD"] = "".join([*rows, f"{info}/RECORD,,\n"]).encode()
    with zipfile.ZipFile(Path(wheel_directory) / f"{name}-{version}-{TAG}.whl", "w") as wheel:
        for path, content in members.items():
            wheel.writestr(zipfile.ZipInfo(path, (2026, 1, 1, 0, 0, 0)), content)
    return f"{name}-{version}-{TAG}.whl"


def _project() -> tuple[str, str]:
    import tomllib

    table = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    return table["name"], table["version"]


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def _metadata(name: str, version: str) -> bytes:
    readme = "Description-Content-Type: text/markdown\n\n# A demonstration\n"
    return f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\nSummary: A demonstration\n{readme}".encode()


def _digest(content: bytes) -> str:
    import base64
    import hashlib

    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
