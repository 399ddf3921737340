"""The conda packages of a build plan: which are built, by which job, and which are missing.

conda has no musllinux, no 32-bit systems and no free-threaded Pythons of its own: what is planned for these is a wheel
alone. https://github.com/conda/ceps/blob/main/cep-0026.md names the subdirs.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Final

from release_tools.planning.build_plan import BuildJob, BuildPlan
from release_tools.planning.runners import RUNNERS

NOARCH: Final = "noarch"
"""The subdir of packages for every platform."""
SUBDIRS: Final[Mapping[str, str]] = {
    "manylinux_x86_64": "linux-64",
    "manylinux_aarch64": "linux-aarch64",
    "macosx_x86_64": "osx-64",
    "macosx_arm64": "osx-arm64",
    "win_amd64": "win-64",
    "win_arm64": "win-arm64",
}
"""conda's name of each platform, by cibuildwheel's."""
_SUBDIRS_OF_JOBS: Final[Mapping[str, str]] = {
    "linux-x86_64": "linux-64",
    "linux-aarch64": "linux-aarch64",
    "macos-x86_64": "osx-64",
    "macos-arm64": "osx-arm64",
    "windows-x86_64": "win-64",
    "windows-arm64": "win-arm64",
}
USUAL_SUBDIRS: Final = ("linux-64", "linux-aarch64", "osx-64", "osx-arm64", "win-64")
"""The platforms that most packages are built for."""
_CPYTHON: Final = re.compile(r"cp3(\d+)")
_BUILD: Final = re.compile(r"(py3\d{1,3})[^-]*")
_HASH: Final = re.compile(r"h[0-9a-f]{7}(?=_\d+$)")


@dataclass(frozen=True, order=True)
class CondaTarget:
    """A conda package that is to be built.

    Attributes:
        name: of the package; empty where the recipe was not rendered.
        version: as conda writes it.
        subdir: the channel folder that it belongs in: ``noarch``, ``linux-64``.
        python: the Python that it is built for, such as ``py312``; empty where it is for none or for all.
        build: the build string; empty where it is not final before dependencies are solved.
    """

    name: str
    version: str
    subdir: str
    python: str = ""
    build: str = ""

    @property
    def identifier(self) -> str:
        """Return how the build plan names it: ``linux-64/demo-1.0-py312h0123456_0``, the file without its suffix.

        What is not known before the build is a ``*``. Of a recipe that was not rendered it is the subdir alone.
        """
        build = self.build or f"{self.python}*"
        return f"{self.subdir}/{self.name}-{self.version}-{build}" if self.name else self.subdir


def list_subdirs(plan: BuildPlan, jobs: Sequence[str]) -> tuple[str, ...]:
    """Return the platforms that conda packages are built for: those of the wheels, or of these build jobs."""
    found = [SUBDIRS[target.platform] for _, target in plan.targets if target.platform in SUBDIRS]
    return tuple(dict.fromkeys(found or _list_known_subdirs(jobs)))


def list_subdirs_of_jobs(jobs: Sequence[str]) -> tuple[str, ...]:
    """Return the platforms of these build jobs; the usual ones where conda has none of them, or there is no job."""
    return tuple(_list_known_subdirs(jobs)) or USUAL_SUBDIRS


def _list_known_subdirs(jobs: Sequence[str]) -> list[str]:
    return [_SUBDIRS_OF_JOBS[job] for job in jobs if job in _SUBDIRS_OF_JOBS]


def list_wheel_pythons(plan: BuildPlan, pythons: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return the Pythons of the wheels that a release needs, by platform, as far as conda knows them: ``3.12``.

    Args:
        plan: with the wheels.
        pythons: the minor versions that conda packages are built for, such as ``3.12``.
    """
    found: dict[str, dict[str, None]] = {}
    for _, target in plan.targets:
        subdir = SUBDIRS.get(target.platform)
        match = _CPYTHON.fullmatch(target.python)
        minor = f"3.{match[1]}" if match else ""
        if subdir and minor in pythons and not target.is_optional:
            found.setdefault(subdir, {})[minor] = None
    return {subdir: tuple(minors) for subdir, minors in found.items()}


def assign_conda_targets(
    plan: BuildPlan, targets: Iterable[CondaTarget], labels: Mapping[str, str] | None = None
) -> BuildPlan:
    """Return a build plan with conda packages, each in the job that has a wheel for its platform and Python.

    A platform without a job gets one. Packages for every platform are built once, by the first job on Linux.

    Args:
        plan: the plan.
        targets: the packages.
        labels: the setting ``wheels.runners``: labels of runners by the name of the job.
    """
    wanted = list(dict.fromkeys(targets))
    served = {NOARCH}.union(*map(_list_subdirs, plan.jobs))
    missing = dict.fromkeys(target.subdir for target in wanted if target.subdir not in served)
    jobs = [*plan.jobs, *(_make_job(subdir, labels or {}) for subdir in missing)]
    assigned: dict[str, list[str]] = {}
    for target in wanted:
        assigned.setdefault(_choose_job(jobs, target).name, []).append(target.identifier)
    return replace(plan, jobs=tuple(replace(job, conda=tuple(assigned.get(job.name, ()))) for job in jobs))


def _make_job(subdir: str, labels: Mapping[str, str]) -> BuildJob:
    """Return a job that builds nothing but the conda packages for one platform."""
    name = next(job for job, own in _SUBDIRS_OF_JOBS.items() if own == subdir)
    return BuildJob(name, labels.get(name, RUNNERS[name].label), "", ())


def _choose_job(jobs: Sequence[BuildJob], target: CondaTarget) -> BuildJob:
    if target.subdir == NOARCH:
        return next((job for job in jobs[1:] if _is_on_linux(job)), jobs[0])
    own = [job for job in jobs if target.subdir in _list_subdirs(job)]
    return next((job for job in own if _has_wheel_for(job, target)), own[0])


def _is_on_linux(job: BuildJob) -> bool:
    return any(subdir.startswith("linux-") for subdir in _list_subdirs(job))


def _has_wheel_for(job: BuildJob, target: CondaTarget) -> bool:
    """Return whether a job builds a wheel for the platform and the Python of a conda package."""
    python = (target.python or _find_python(target.build)).replace("py", "cp")
    return any(SUBDIRS.get(wheel.platform) == target.subdir and wheel.python == python for wheel in job.targets)


def _list_subdirs(job: BuildJob) -> set[str]:
    """Return the platforms whose conda packages a job builds."""
    found = {SUBDIRS[target.platform] for target in job.targets if target.platform in SUBDIRS}
    return found or {_SUBDIRS_OF_JOBS[name] for name in (job.name,) if name in _SUBDIRS_OF_JOBS}


def find_conda_faults(
    plan: BuildPlan, packages: Sequence[tuple[str, str]], job: BuildJob | None = None
) -> Iterator[str]:
    """Yield a line for each conda package of the plan that is missing, and for each one that is not of it.

    The hash in a build string depends on what was pinned on the day, so it may be another one than in the plan.

    Args:
        plan: the plan.
        packages: subdir and file name of each package.
        job: compare only with what this job builds.
    """
    stems = dict.fromkeys(f"{subdir}/{_drop_suffix(filename)}" for subdir, filename in packages)
    planned = _list_planned(plan.jobs if job is None else (job,))
    absent = _list_absent(planned, stems)
    unplanned = [stem for stem in stems if stem not in planned]
    found = _match_other_hashes(absent, unplanned)
    for identifier in absent:
        if identifier not in found:
            yield f"{identifier}: the conda package is missing; job {planned[identifier].name} builds it"
    yield from _find_unplanned(plan, [stem for stem in unplanned if stem not in found.values()])


def _list_planned(jobs: Iterable[BuildJob]) -> dict[str, BuildJob]:
    """Return the job of each conda package."""
    return {identifier: job for job in jobs for identifier in job.conda}


def _list_absent(planned: Mapping[str, BuildJob], stems: Collection[str]) -> list[str]:
    """Return the planned packages that a release needs, and that are not there under their names."""
    required = (identifier for identifier, job in planned.items() if not job.is_optional)
    return [identifier for identifier in required if _is_rendered(identifier) and identifier not in stems]


def _match_other_hashes(absent: Iterable[str], stems: Iterable[str]) -> dict[str, str]:
    """Return the package that differs from a planned one by its hash alone, by the planned one's identifier."""
    left = list(stems)
    found = {}
    for identifier in absent:
        pattern = _drop_hash(identifier)
        stem = next((stem for stem in left if fnmatchcase(stem, pattern)), None)
        if stem is not None:
            left.remove(stem)
            found[identifier] = stem
    return found


def match_served_packages(gathered: Iterable[str], served: Collection[str]) -> dict[str, str]:
    """Return the served package that each gathered one was built again for: it differs by its bytes, or by its hash.

    Args:
        gathered: packages by `Artifact.key`, their subdir and file name.
        served: the same of those that are published.
    """
    variants = {_find_variant(key): key for key in served}
    found = {key: key if key in served else variants.get(_find_variant(key)) for key in gathered}
    return {key: other for key, other in found.items() if other}


def _find_variant(key: str) -> str:
    """Return what tells a package from others of its release: its name without the hash of what was pinned."""
    return _HASH.sub("h", _drop_suffix(key))


def _is_rendered(identifier: str) -> bool:
    """Return whether an identifier names a package, and not a subdir alone."""
    return "/" in identifier


def _find_unplanned(plan: BuildPlan, stems: Sequence[str]) -> Iterator[str]:
    """Yield a line for each of these packages, if the plan names all by their files.

    Those for every platform count only if the plan names any.
    """
    identifiers = _list_planned(plan.jobs).keys()
    if not identifiers or not all(map(_is_rendered, identifiers)):
        return
    noarch = f"{NOARCH}/"
    has_noarch = any(identifier.startswith(noarch) for identifier in identifiers)
    for stem in stems:
        if has_noarch or not stem.startswith(noarch):
            yield f"{stem}: the build plan does not name such a conda package"


def _drop_suffix(filename: str) -> str:
    return filename.removesuffix(".conda").removesuffix(".tar.bz2")


def _drop_hash(identifier: str) -> str:
    """Return a pattern for the packages of the same name, version and Python."""
    stem, _, build = identifier.rpartition("-")
    return f"{stem}-{_find_python(build)}*"


def _find_python(build: str) -> str:
    match = _BUILD.fullmatch(build)
    return match[1] if match else ""
