"""The build jobs that a compiled project can have: the runner of each, and what cibuildwheel builds there.

A project's own ``[tool.cibuildwheel]`` decides what is built. What it does not mention is built for the machine of the
runner alone: 32-bit, emulated and mobile platforms only on request.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from release_tools.errors import ConfigError
from release_tools.parsed_values import find_table, list_words
from release_tools.planning.build_plan import PURE_WHEEL, SDIST, SOURCE_JOB, BuildJob, BuildPlan, BuildTarget

SOURCE_RUNNER: Final = "ubuntu-latest"
_NATIVE: Final = frozenset({"auto", "auto64", "native"})


@dataclass(frozen=True)
class Runner:
    """A kind of runner and what it can build.

    Attributes:
        label: GitHub's name for it.
        platform: cibuildwheel's name for it.
        native: the architecture that is built unless the project's settings say otherwise.
        others: architectures that it builds where the project asks for them, as cibuildwheel names them.
    """

    label: str
    platform: str
    native: str
    others: tuple[str, ...] = ()


RUNNERS: Final[Mapping[str, Runner]] = {
    "linux-x86_64": Runner("ubuntu-latest", "linux", "x86_64", ("i686", "ppc64le", "s390x", "riscv64")),
    "linux-aarch64": Runner("ubuntu-24.04-arm", "linux", "aarch64", ("armv7l",)),
    "macos-arm64": Runner("macos-15", "macos", "arm64", ("universal2",)),
    "macos-x86_64": Runner("macos-15-intel", "macos", "x86_64"),
    "windows-x86_64": Runner("windows-2025", "windows", "AMD64", ("x86",)),
    "windows-arm64": Runner("windows-11-arm", "windows", "ARM64"),
    "pyodide": Runner("ubuntu-latest", "pyodide", "wasm32"),
    "android": Runner("ubuntu-latest", "android", "x86_64", ("arm64_v8a",)),
    "ios": Runner(
        "macos-15", "ios", "arm64_iphoneos", ("arm64_iphonesimulator", "x86_64_iphonesimulator")
    ),
}  # fmt: skip
"""By the name of the build job."""

DEFAULT_JOBS: Final = ("linux-x86_64", "linux-aarch64", "macos-arm64", "macos-x86_64", "windows-x86_64")
"""Built unless ``wheels.jobs`` says otherwise."""

_ON_REQUEST: Final = ("pyodide", "android", "ios")
"""Built where the project has a table of that name in ``[tool.cibuildwheel]``."""
_THIRTY_TWO_BITS: Final[Mapping[str, str]] = {
    "linux-x86_64": "i686",
    "linux-aarch64": "armv7l",
    "windows-x86_64": "x86",
}
_IN_IDENTIFIERS: Final[Mapping[str, str]] = {"AMD64": "win_amd64", "ARM64": "win_arm64", "x86": "win32"}


@dataclass(frozen=True)
class Selection:
    """The architectures that each build job is asked for.

    Attributes:
        jobs: by the job's name, as cibuildwheel names architectures.
    """

    jobs: Mapping[str, tuple[str, ...]]

    @property
    def platforms(self) -> Mapping[str, tuple[str, ...]]:
        """Return every platform with the architectures that all of its jobs are asked for."""
        found: dict[str, tuple[str, ...]] = {}
        for name, archs in self.jobs.items():
            platform = RUNNERS[name].platform
            found[platform] = (*found.get(platform, ()), *archs)
        return found

    def job_of(self, platform: str, identifier: str) -> str:
        """Return the name of the job that builds an identifier.

        Raises:
            ValueError: none does.
        """
        built_for = BuildTarget(identifier).platform
        for name, archs in self.jobs.items():
            if RUNNERS[name].platform == platform and any(_is_built_for(built_for, arch) for arch in archs):
                return name
        raise ValueError(f"cibuildwheel lists {identifier}, which no build job makes")


def _is_built_for(platform: str, arch: str) -> bool:
    """Return whether the platform of an identifier is that of a word of cibuildwheel's option ``--archs``."""
    return platform == _IN_IDENTIFIERS.get(arch) or platform.endswith(f"_{arch}")


def select(jobs: Sequence[str], pyproject: Mapping[str, Any]) -> Selection:
    """Return the build jobs of a compiled project, and the architectures of each.

    Args:
        jobs: the setting ``wheels.jobs``.
        pyproject: the parsed ``pyproject.toml``.
    """
    table = find_table(pyproject, "tool", "cibuildwheel")
    names = [*jobs, *(name for name in _ON_REQUEST if name in table and name not in jobs)]
    chosen = {name: _list_architectures(name, table) for name in names}
    return Selection({name: archs for name, archs in chosen.items() if archs})


def plan_compiled(  # noqa: PLR0913 - a plan has as many facts
    name: str,
    version: str,
    selection: Selection,
    identifiers: Mapping[str, Sequence[str]],
    *,
    optional: Sequence[str] = (),
    is_split: bool = False,
    labels: Mapping[str, str] | None = None,
    cibuildwheel: str = "",
) -> BuildPlan:
    """Return the build plan of a compiled project.

    Args:
        name: the project's.
        version: canonical PEP 440 text.
        selection: the jobs.
        identifiers: what cibuildwheel listed, by platform.
        optional: the setting ``wheels.optional``: names of jobs, or patterns of identifiers.
        is_split: the setting ``wheels.split``: whether every wheel gets a job of its own.
        labels: the setting ``wheels.runners``: labels of runners by the name of the job.
        cibuildwheel: its version.

    Raises:
        ConfigError: a setting names something that is not in the plan.
    """
    labels = labels or {}
    made = [
        BuildJob(job, labels.get(job, RUNNERS[job].label), RUNNERS[job].platform, targets)
        for job, targets in _group_targets(selection, identifiers, optional).items()
    ]
    _check_settings(made, optional, labels)
    if is_split:
        made = list(_split_jobs(made))
    source = BuildJob(SOURCE_JOB, SOURCE_RUNNER, "", (BuildTarget(SDIST),))
    return BuildPlan(name, version, (source, *made), cibuildwheel)


def _group_targets(
    selection: Selection, identifiers: Mapping[str, Sequence[str]], optional: Sequence[str]
) -> dict[str, tuple[BuildTarget, ...]]:
    """Return the targets of each job that has any, in the order of the jobs."""
    targets: dict[str, tuple[BuildTarget, ...]] = dict.fromkeys(selection.jobs, ())
    for platform, listed in identifiers.items():
        for identifier in listed:
            job = selection.job_of(platform, identifier)
            targets[job] += (BuildTarget(identifier, _is_optional(job, identifier, optional)),)
    return {job: found for job, found in targets.items() if found}


def _split_jobs(jobs: Iterable[BuildJob]) -> Iterator[BuildJob]:
    """Yield a job for each target."""
    for job in jobs:
        for target in job.targets:
            yield BuildJob(target.identifier, job.runner, job.platform, (target,))


def plan_pure(name: str, version: str, *, has_python: bool = True) -> BuildPlan:
    """Return the build plan of a pure project: one job makes the sdist and the one wheel, if it is a Python project."""
    targets = (BuildTarget(SDIST), BuildTarget(PURE_WHEEL)) if has_python else ()
    return BuildPlan(name, version, (BuildJob(SOURCE_JOB, SOURCE_RUNNER, "", targets),))


def _list_architectures(job: str, table: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the architectures that one job builds, by the project's ``archs`` for its platform."""
    own = find_table(table, RUNNERS[job].platform).get("archs")
    asked = list_words(own) or list_words(table.get("archs")) or ["native"]
    return tuple(dict.fromkeys(arch for word in asked for arch in _resolve_architectures(job, word)))


def _resolve_architectures(job: str, word: str) -> Iterator[str]:
    """Yield what one word of ``archs``, such as ``auto``, means for a job."""
    runner = RUNNERS[job]
    if word in (*_NATIVE, "all", runner.native):
        yield runner.native
    if word == "auto32" and job in _THIRTY_TWO_BITS:
        yield _THIRTY_TWO_BITS[job]
    yield from (other for other in runner.others if word in ("all", other))


def _is_optional(job: str, identifier: str, optional: Sequence[str]) -> bool:
    return any(pattern == job or fnmatchcase(identifier, pattern) for pattern in optional)


def _check_settings(jobs: Sequence[BuildJob], optional: Sequence[str], labels: Mapping[str, str]) -> None:
    """Refuse settings that name what the plan does not hold: they would be without effect, and nobody would notice."""
    if not jobs:
        raise ConfigError(
            "cibuildwheel lists no wheel for this project: nothing would be built",
            "Compare requires-python, [tool.cibuildwheel] and wheels.jobs; a pure project has wheels.jobs = [].",
        )
    names = [job.name for job in jobs]
    faults = [*_find_unmatched(jobs, optional)]
    faults += [f"wheels.runners: {name!r} is no job of the plan" for name in labels if name not in names]
    if faults:
        raise ConfigError(
            "The settings of the wheels do not fit the build plan:",
            f"Its jobs are {', '.join(names)}; release-tools plan shows their targets.",
            faults=faults,
        )


def _find_unmatched(jobs: Iterable[BuildJob], optional: Sequence[str]) -> Iterator[str]:
    for pattern in optional:
        if not any(_is_optional(job.name, target.identifier, [pattern]) for job in jobs for target in job.targets):
            yield f"wheels.optional: {pattern!r} is neither a job nor a build identifier of the plan"
