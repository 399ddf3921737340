"""The conda packages of a compiled project: one for each platform and Python that has a wheel and that conda knows.

conda has no musllinux, no 32-bit systems and no free-threaded Pythons of its own: what is planned for these is a wheel
alone. https://github.com/conda/ceps/blob/main/cep-0026.md names the subdirs.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from release_tools.planning.build_plan import BuildJob, BuildPlan

SUBDIRS: Final[Mapping[str, str]] = {
    "manylinux_x86_64": "linux-64",
    "manylinux_aarch64": "linux-aarch64",
    "macosx_x86_64": "osx-64",
    "macosx_arm64": "osx-arm64",
    "win_amd64": "win-64",
    "win_arm64": "win-arm64",
}
"""conda's name of each platform, by cibuildwheel's."""
_CPYTHON: Final = re.compile(r"cp3(\d+)")
_BUILD: Final = re.compile(r"-(py3\d{1,3})[^-]*$")


def with_conda_targets(plan: BuildPlan, pythons: Collection[str]) -> BuildPlan:
    """Return a build plan with a conda package for each wheel that conda has a platform and a Python for.

    Args:
        plan: with the wheels.
        pythons: the minor versions that conda packages are built for, such as ``3.12``.
    """
    return replace(plan, jobs=tuple(replace(job, conda=tuple(_read_targets(job, pythons))) for job in plan.jobs))


def _read_targets(job: BuildJob, pythons: Collection[str]) -> Iterator[str]:
    for target in job.targets:
        subdir = SUBDIRS.get(target.platform)
        match = _CPYTHON.fullmatch(target.python)
        if subdir and match and f"3.{match[1]}" in pythons and not target.is_optional:
            yield f"{subdir}/py3{match[1]}"


def find_conda_faults(
    plan: BuildPlan, packages: Sequence[tuple[str, str]], job: BuildJob | None = None
) -> Iterator[str]:
    """Yield a line for each conda package of the plan that is missing.

    Args:
        plan: the plan.
        packages: subdir and file name of each package.
        job: compare only with what this job builds.
    """
    found = {identifier for subdir, filename in packages if (identifier := make_conda_identifier(subdir, filename))}
    for each in plan.jobs:
        if job in (None, each):
            for identifier in each.conda:
                if identifier not in found:
                    yield f"{identifier}: the conda package is missing; job {each.name} builds it"


def make_conda_identifier(subdir: str, filename: str) -> str:
    """Return the name of the target that a package is of; empty where it is for no single Python."""
    match = _BUILD.search(filename)
    return f"{subdir}/{match[1]}" if match else ""
