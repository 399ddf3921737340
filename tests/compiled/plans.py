"""A compiled project without an index or a compiler, the files of its source job, and those of the other jobs."""

import json
import os
import shutil
import sysconfig
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from release_tools.artifacts import manifest
from release_tools.cli.main import main
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.release import Release
from tests.conftest import Run, Said
from tests.support.artifacts import Project
from tests.support.projects import in_tree_project
from tests.support.repositories import Checkout, make_repository

SETTINGS = """
requires-python = ">=3.11"
[tool.cibuildwheel]
build = ["cp312-manylinux*", "cp312-musllinux_x86_64", "cp31[23]-win*", "cp312-macosx_arm64"]
[tool.release-tools]
wheels.optional = ["cp313-win_amd64"]
wheels.jobs = ["linux-x86_64", "windows-x86_64", "macos-arm64"]
"""
QUICK = ("--no-verify-install", "--no-conda")
WHEELS: Mapping[str, tuple[str, ...]] = {
    "linux-x86_64": ("cp312-cp312-manylinux_2_17_x86_64", "cp312-cp312-musllinux_1_2_x86_64"),
    "windows-x86_64": ("cp312-cp312-win_amd64", "cp313-cp313-win_amd64"),
    "macos-arm64": ("cp312-cp312-macosx_11_0_arm64",),
}
"""The tags of the wheels that the jobs of the plan build."""
PLATFORM = sysconfig.get_platform().replace("-", "_").replace(".", "_")
VERSION = f"cp{sysconfig.get_python_version().replace('.', '')}"
TAG_HERE = f"{VERSION}-{VERSION}-{PLATFORM}"
"""The tag of a wheel for this Python on this platform."""


def project(settings: str = "") -> dict[str, str]:
    files = in_tree_project()
    return {**files, "pyproject.toml": files["pyproject.toml"] + SETTINGS + settings}


def tag_wheels(files: Mapping[str, str], tag: str) -> dict[str, str]:
    """Have the backend of an in-tree project tag its wheel, as one with compiled code."""
    backend = files["build-backend/backend.py"].replace('TAG = "py3-none-any"', f'TAG = "{tag}"')
    return {**files, "build-backend/backend.py": backend.replace("Root-Is-Purelib: true", "Root-Is-Purelib: false")}


@dataclass(frozen=True)
class Jobs:
    """The folders of all build jobs of one project.

    Attributes:
        checkout: of the project.
        root: the folder of these folders.
        expect: what the source job reported.
    """

    checkout: Checkout
    root: Path
    expect: str

    def folder(self, job: str) -> Path:
        return self.root / f"wheels-{job}"

    @property
    def source(self) -> Release:
        return manifest.load(self.folder("source"))

    def write(
        self, job: str, tags: Iterable[str], facts: Mapping[str, object] | None = None, *, body: bytes = b""
    ) -> None:
        """Write what a job would: the sdist and plan that it had, its wheels, and its manifest with these facts."""
        folder = self.folder(job)
        folder.mkdir(exist_ok=True)
        for path in folder.glob("*.whl"):
            path.unlink()
        for name in ("demo-1.0.tar.gz", "plan.json"):
            (folder / name).write_bytes((self.folder("source") / name).read_bytes())
        wheels = [wheel(tag, body).wheel(folder) for tag in tags]
        sdist = Artifact.of(folder / "demo-1.0.tar.gz", ArtifactKind.SDIST)
        made = (sdist, *(Artifact.of(path, ArtifactKind.WHEEL) for path in wheels))
        release = replace(self.source, **{"artifacts": made, "job": job, **(facts or {})})  # type: ignore[arg-type] # of any type
        (folder / "release.json").write_text(manifest.dump(release), encoding="utf-8")

    def write_all(self) -> None:
        for job, tags in WHEELS.items():
            self.write(job, tags)

    def gather(self, run: Run, to: Path, *arguments: str, expect: str | None = None) -> Said:
        options = (
            "-C",
            self.checkout.root,
            "--packages-dir",
            to,
            "--expect",
            self.expect if expect is None else expect,
        )
        return run("gather", self.root, *options, *arguments)


def wheel(tag: str, body: bytes = b"") -> Project:
    return Project(
        "demo",
        files={"demo/__init__.py": "", "demo/_core.bin": body},
        headers=("Description-Content-Type: text/markdown",),
        tag=tag,
        pure=False,
        bare=True,
    )


def make_jobs(folder: Path, settings: str = "") -> Jobs:
    """Run the source job for real, and leave the other jobs' folders to `Jobs.write`."""
    checkout = make_repository(folder / "project", project(settings), ". v1.0")
    root, output = folder / "jobs", folder / "output"
    root.mkdir()
    where = ("-C", str(checkout.root), "--packages-dir", str(root / "wheels-source"))
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "GITHUB_OUTPUT": str(output)}
    assert main(["build", "--job", "source", *where, *QUICK], env) == 0
    return load_jobs(folder)


def load_jobs(folder: Path) -> Jobs:
    """Return the jobs that `make_jobs` has made in a folder."""
    return Jobs(Checkout(folder / "project"), folder / "jobs", outputs(folder / "output")["artifacts"])


def copy_jobs(jobs: Jobs, root: Path) -> Jobs:
    """Copy the folders of all jobs, to change them."""
    shutil.copytree(jobs.root, root)
    return replace(jobs, root=root)


def outputs(path: Path) -> dict[str, str]:
    """Return what a command wrote for ``GITHUB_OUTPUT``."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return {lines[at].partition("<<")[0]: lines[at + 1] for at in range(0, len(lines), 3)}


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")} - {"report.html"}


def plan_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    return found
