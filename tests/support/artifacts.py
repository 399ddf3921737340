"""Wheels, sdists and conda packages with anything in them, made in milliseconds, the same bytes every time."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.archives.raw import Entry, Part, record_line, tar_bytes, zip_bytes


@dataclass(frozen=True)
class Project:
    """Describe what a wheel is made of.

    Attributes:
        name: as its metadata spells it.
        version: as its metadata spells it.
        files: contents by member name; ``{data}`` and ``{info}`` in a name stand for the wheel's own two folders.
        headers: further lines of METADATA.
        requires: ``Requires-Dist`` lines.
        entry_points: the text of ``entry_points.txt``.
        tag: what it runs on.
        build: its build tag.
        pure: whether WHEEL says so.
        bare: whether it lacks the module of the project's name.
    """

    name: str
    version: str = "1.0"
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    headers: Sequence[str] = ()
    requires: Sequence[str] = ()
    entry_points: str = ""
    tag: str = "py3-none-any"
    build: str = ""
    pure: bool = True
    bare: bool = False

    @property
    def module(self) -> str:
        return self.name.replace("-", "_").replace(".", "_").lower()

    @property
    def info(self) -> str:
        return f"{self.module}-{self.version}.dist-info"

    @property
    def metadata(self) -> str:
        """METADATA and PKG-INFO."""
        headers = [*self.headers, *(f"Requires-Dist: {line}" for line in self.requires)]
        first = ["Metadata-Version: 2.4", f"Name: {self.name}", f"Version: {self.version}"]
        return "\n".join([*first, *headers, "", "# Read me"])

    def sdist(self, folder: Path, pyproject: str = "", files: Mapping[str, str] | None = None) -> Path:
        """Write an sdist of the same project, with these files in it."""
        root = f"{self.module}-{self.version}"
        members = {"PKG-INFO": self.metadata, "pyproject.toml": pyproject, **(files or {})}
        entries = [Entry(f"{root}/{name}", text.encode()) for name, text in members.items()]
        path = folder / f"{root}.tar.gz"
        path.write_bytes(gzip.compress(tar_bytes(entries), mtime=0))
        return path

    def wheel(self, folder: Path) -> Path:
        """Write the wheel."""
        wheel = ["Wheel-Version: 1.0", f"Root-Is-Purelib: {str(self.pure).lower()}", f"Tag: {self.tag}"]
        wheel += [f"Build: {self.build}"] if self.build else []
        module = f"name = {self.name!r}\ndef main(): print(name)\n"
        files: dict[str, str | bytes] = {} if self.bare else {f"{self.module}.py": module}
        files |= {
            name.format(data=f"{self.module}-{self.version}.data", info=self.info): c for name, c in self.files.items()
        }
        files |= {f"{self.info}/METADATA": self.metadata, f"{self.info}/WHEEL": "\n".join([*wheel, ""])}
        files |= {f"{self.info}/entry_points.txt": self.entry_points} if self.entry_points else {}
        contents = {name: c.encode() if isinstance(c, str) else c for name, c in files.items()}
        record = "".join(record_line(name, content) for name, content in contents.items()) + f"{self.info}/RECORD,,\n"
        contents[f"{self.info}/RECORD"] = record.encode()
        mode = {True: 0o100755, False: 0o100644}
        parts = [Part(name, content, mode=mode[content.startswith(b"#!")]) for name, content in contents.items()]
        path = folder / "-".join(filter(None, (self.module, self.version, self.build, f"{self.tag}.whl")))
        path.write_bytes(zip_bytes(parts))
        return path


def make_wheel(
    folder: Path, name: str = "demo", version: str = "1.0", *, build: str = "", body: str = "", headers: str = ""
) -> Path:
    """Write a pure wheel with one package.

    Args:
        folder: to write to.
        name: of the project and of the package.
        version: of the project, and of the module.
        build: its build tag.
        body: further lines of the module, which make other bytes of it.
        headers: further lines of METADATA.
    """
    return _make_project(name, version, body, headers, build).wheel(folder)


def make_sdist(folder: Path, name: str = "demo", version: str = "1.0", *, body: str = "", headers: str = "") -> Path:
    """Write an sdist of the same project."""
    project = _make_project(name, version, body, headers)
    files = {path: str(text) for path, text in project.files.items()}
    return project.sdist(folder, f'[project]\nname = "{name}"\nversion = "{version}"\n', files)


def _make_project(name: str, version: str, body: str, headers: str, build: str = "") -> Project:
    files = {f"{name}/__init__.py": f'__version__ = "{version}"\n{body}'}
    return Project(name, version, files, ["Summary: A demonstration", *headers.splitlines()], build=build, bare=True)


def make_conda(folder: Path, name: str = "demo", version: str = "1.0", *, build: str = "py_0", body: str = "") -> Path:
    """Write a noarch conda package of the same module, small but whole."""
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
