"""A project's files in memory, and what preparing a version makes of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from packaging.version import Version

from release_tools.project.prepare import FieldPlan, plan_fields
from release_tools.project.version_files import VersionFiles

DAY: Final = date(2026, 11, 30)


@dataclass(frozen=True)
class Files:
    """Files by their path."""

    contents: Mapping[str, bytes]

    def paths(self) -> tuple[str, ...]:
        return tuple(self.contents)

    def read(self, path: str) -> bytes | None:
        return self.contents.get(path)


def plan(files: Mapping[str, str | bytes], version: str = "1.4.0", released: str = "1.3.0") -> FieldPlan:
    """Return the plan for a version, of a project whose newest release is another one."""
    contents = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
    return plan_fields(VersionFiles(Files(contents)), Version(version), DAY, Version(released) if released else None)


def prepared(files: Mapping[str, str | bytes], version: str = "1.4.0", released: str = "1.3.0") -> dict[str, str]:
    """Return the files that change, and their new texts."""
    return {path: content.decode() for path, content in plan(files, version, released).contents.items()}
