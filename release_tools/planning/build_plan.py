"""The build plan: every file that a release consists of, grouped into the jobs that build them.

``plan.json`` carries it from the job that computes it to the jobs that build and to the one that gathers. Its digest
travels with the manifest, so a job that changes the plan is found out.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from release_tools.errors import OutputError, UsageError, did_you_mean
from release_tools.regular_files import read_regular_file

PLAN_FILE: Final = "plan.json"
SOURCE_JOB: Final = "source"
"""The first build job: it makes the sdist, and the wheel of a pure project."""
SDIST: Final = "sdist"
PURE_WHEEL: Final = "py3-none-any"

_SCHEMA: Final = 1
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,80}", re.ASCII)
_CONDA: Final = re.compile(r"(?:noarch|[a-z]{2,10}-[a-z0-9]{1,10})(?:/[A-Za-z0-9._+!*-]{1,200})?", re.ASCII)
_LARGEST: Final = 1_000_000


@dataclass(frozen=True, order=True)
class BuildTarget:
    """One file to be built.

    Attributes:
        identifier: ``sdist``, ``py3-none-any``, or cibuildwheel's build identifier (``cp312-manylinux_x86_64``).
        is_optional: whether a release may go on without it.
    """

    identifier: str
    is_optional: bool = False

    @property
    def python(self) -> str:
        """Return the interpreter of a wheel: ``cp312``, ``cp314t``, ``pp311``."""
        return self.identifier.partition("-")[0]

    @property
    def platform(self) -> str:
        """Return the platform of a wheel: ``manylinux_x86_64``, ``win_amd64``; empty for the sdist."""
        return self.identifier.partition("-")[2]


@dataclass(frozen=True)
class BuildJob:
    """The build targets that one runner makes.

    Attributes:
        name: for ``build --job``: ``source``, ``linux-x86_64``, or a single target's identifier.
        runner: the label of GitHub's runner.
        platform: for cibuildwheel: ``linux``, ``macos``, ``windows``; empty where cibuildwheel is not used.
        targets: in cibuildwheel's order.
        conda: the conda packages that are built too, such as ``linux-64/demo-1.0-py312h0123456_0``.
    """

    name: str
    runner: str
    platform: str
    targets: tuple[BuildTarget, ...]
    conda: tuple[str, ...] = ()

    @property
    def is_optional(self) -> bool:
        """Return whether a release may go on without everything that this job builds."""
        return bool(self.targets) and all(target.is_optional for target in self.targets)


@dataclass(frozen=True)
class BuildPlan:
    """Every file to be built for one version of one project.

    Attributes:
        name: the project's, as its metadata spells it.
        version: canonical PEP 440 text.
        jobs: the source job first.
        cibuildwheel: the version of cibuildwheel that listed the targets; empty for a pure project.
    """

    name: str
    version: str
    jobs: tuple[BuildJob, ...]
    cibuildwheel: str = ""

    @property
    def is_compiled(self) -> bool:
        """Return whether there are jobs that build wheels for single platforms."""
        return any(job.targets for job in self.matrix)

    @property
    def has_sdist(self) -> bool:
        """Return whether an sdist is built: a project without Python has none."""
        return any(target.identifier == SDIST for _, target in self.targets)

    @property
    def matrix(self) -> tuple[BuildJob, ...]:
        """Return the jobs that follow the source job, one cell of a workflow's matrix each."""
        return tuple(job for job in self.jobs if job.name != SOURCE_JOB)

    @property
    def targets(self) -> Iterator[tuple[BuildJob, BuildTarget]]:
        """Return every target with its job, in the order of the plan."""
        for job in self.jobs:
            for target in job.targets:
                yield job, target

    def job(self, name: str) -> BuildJob:
        """Return the job of that name.

        Raises:
            UsageError: the plan has none.
        """
        for job in self.jobs:
            if job.name == name:
                return job
        names = [job.name for job in self.jobs]
        raise UsageError(
            f"--job {name}: the build plan has no such job{did_you_mean(name, names)}", f"It has {', '.join(names)}."
        )

    @property
    def data(self) -> dict[str, Any]:
        """Return the plan as plain data, the content of ``plan.json``."""
        return {
            "schema": _SCHEMA,
            "name": self.name,
            "version": self.version,
            "cibuildwheel": self.cibuildwheel,
            "jobs": [
                {
                    "name": job.name,
                    "runner": job.runner,
                    "platform": job.platform,
                    "targets": [target.identifier for target in job.targets],
                    "optional": [target.identifier for target in job.targets if target.is_optional],
                    **({"conda": list(job.conda)} if job.conda else {}),
                }
                for job in self.jobs
            ],
        }

    @property
    def text(self) -> str:
        """Return the text of ``plan.json``; the same plan gives the same text on every machine."""
        return json.dumps(self.data, indent=2) + "\n"

    @property
    def digest(self) -> str:
        """Return the sha256 of ``plan.json``, in hexadecimal digits."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @classmethod
    def of_data(cls, data: Mapping[str, Any]) -> Self:
        """Return the plan that plain data describes.

        Raises:
            ValueError: a value is not one that `data` gives.
            KeyError: a field is missing.
            TypeError: a field has another type.
        """
        if data["schema"] != _SCHEMA:
            raise ValueError(f"schema {data['schema']!r}, known is {_SCHEMA}")
        jobs = tuple(map(_read_job, data["jobs"]))
        if not jobs or jobs[0].name != SOURCE_JOB:
            raise ValueError(f"the first job is not {SOURCE_JOB}")
        _check_unique([job.name for job in jobs])
        _check_unique([target.identifier for job in jobs for target in job.targets])
        return cls(str(data["name"]), str(data["version"]), jobs, str(data["cibuildwheel"]))


def read_plan(folder: Path) -> BuildPlan:
    """Read ``plan.json`` of a folder.

    Raises:
        OutputError: it is missing, cannot be read, or is not one of ours.
    """
    path = folder / PLAN_FILE
    advice = "Download the artifact of the job that ran: release-tools build --job source"
    try:
        plan = BuildPlan.of_data(json.loads(read_regular_file(path, _LARGEST)))
    except FileNotFoundError:
        raise OutputError(f"{path}: no such file, so it is not known which wheels to build", advice) from None
    except OSError as error:
        raise OutputError(f"{path}: cannot be read: {error.strerror}", advice) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise OutputError(f"{path}: not written by release-tools ({type(error).__name__}: {error})", advice) from None
    return plan


def _check_unique(names: Sequence[str]) -> None:
    if len(set(names)) < len(names):
        raise ValueError("a job or a target occurs twice")


def _read_job(item: Mapping[str, Any]) -> BuildJob:
    optional = set(map(str, item["optional"]))
    names = list(map(str, item["targets"]))
    _check_names(_NAME, (str(item["name"]), *names), "a job or a target")
    if not optional <= set(names):
        raise ValueError(f"{item['name']}: an optional target is not among its targets")
    targets = tuple(BuildTarget(name, name in optional) for name in names)
    conda = tuple(map(str, item.get("conda", ())))
    _check_names(_CONDA, conda, "a conda package's target")
    return BuildJob(str(item["name"]), str(item["runner"]), str(item["platform"]), targets, conda)


def _check_names(pattern: re.Pattern[str], names: Sequence[str], what: str) -> None:
    for name in names:
        if not pattern.fullmatch(name):
            raise ValueError(f"{name[:80]!r} is no name of {what}")
