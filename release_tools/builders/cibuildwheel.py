"""cibuildwheel, by its command line: which wheels a project has, and the building of some of them.

https://cibuildwheel.pypa.io/en/stable/options/
"""

import platform
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any, Final

from packaging.tags import Tag
from packaging.utils import parse_wheel_filename

from release_tools.builders.build_log import find_error_lines, save_log
from release_tools.errors import BuildError
from release_tools.planning.build_plan import BuildJob, BuildPlan, BuildTarget
from release_tools.planning.completeness import covers
from release_tools.system.process import Process, ProcessError, run
from release_tools.system.tool_settings import CIBUILDWHEEL

INSTALL: Final = "pip install 'python-release-tools[compiled]'"
_LAST_LINES: Final = 30
_MOST_CHARACTERS: Final = 500
_PREFIX: Final = "CIBW_"
_SELECTING: Final = re.compile(
    "CIBW_(?:BUILD|SKIP|ARCHS|ENABLE|PLATFORM)(?:_(?:LINUX|MACOS|WINDOWS|PYODIDE|ANDROID|IOS))?"
)
"""Variables by which cibuildwheel would build something else than the plan."""
_MACHINES: Final[Mapping[str, tuple[str, ...]]] = {"x86_64": ("amd64",), "arm64": ("aarch64",)}
"""Other names that platform tags have for a machine."""
_ENGINE: Final = "CIBW_CONTAINER_ENGINE"
_PASSED_ON: Final = "CIBW_ENVIRONMENT_PASS_LINUX"


def read_cibuildwheel_version() -> str:
    """Return the version that is installed; empty where none is."""
    try:
        return installed_version("cibuildwheel")
    except PackageNotFoundError:
        return ""


def list_identifiers(
    source: Path, platforms: Mapping[str, Sequence[str]], env: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """Return the build identifiers of a project by platform; nothing is built or downloaded.

    Variables named ``CIBW_…`` are not handed on: the plan is the commit's, on whatever machine it is computed.

    Args:
        source: the project's folder, or its sdist.
        platforms: the architectures that are wanted, by platform.
        env: the environment.

    Raises:
        BuildError: cibuildwheel is not installed, or refuses the project's settings.
    """
    _require()
    own = CIBUILDWHEEL.apply(env)
    processes: dict[str, Process] = {}
    listed: dict[str, tuple[str, ...]] = {}
    try:
        for platform, archs in platforms.items():
            options = ("--platform", platform, "--archs", ",".join(archs), "--print-build-identifiers", "--allow-empty")
            argv = [sys.executable, "-I", "-m", "cibuildwheel", *options, str(source)]
            processes[platform] = Process(argv, env=own, cwd=source if source.is_dir() else source.parent)
        for platform in platforms:
            listed[platform] = tuple(processes.pop(platform).finish().stdout.split())
    except ProcessError as error:
        raise BuildError(
            f"cibuildwheel cannot list the wheels of this project: {error.message}",
            "Correct [tool.cibuildwheel] in pyproject.toml.",
            faults=error.output.splitlines()[-_LAST_LINES:],
        ) from None
    finally:
        for process in processes.values():
            process.end()
    return listed


def _require() -> None:
    if not read_cibuildwheel_version():
        raise BuildError(
            "cibuildwheel is not installed, which plans and builds the wheels of a compiled project", f"Type: {INSTALL}"
        )


@dataclass(frozen=True)
class WheelBuild:
    """Describe what cibuildwheel built.

    Attributes:
        wheels: the files.
        failed: identifiers of optional targets whose build failed, each with the reason.
    """

    wheels: tuple[Path, ...]
    failed: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class CiBuildWheel:
    """Builds the targets of one job from an sdist, by the command line of cibuildwheel.

    Attributes:
        job: whose targets these are.
        sdist: built for this release.
        folder: where the wheels are written; made if it is missing.
        env: the environment, without credentials. ``CIBW_…`` variables say how wheels are built, but not which.
        commit_time: seconds since the epoch, for ``SOURCE_DATE_EPOCH``.
        passed_on: names of variables that the project's settings hand on to the container of a Linux build.
    """

    job: BuildJob
    sdist: Path
    folder: Path
    env: Mapping[str, str]
    commit_time: int
    passed_on: tuple[str, ...] = ()

    def build(self) -> WheelBuild:
        """Build every target.

        The required targets are built by one call, in which cibuildwheel builds a wheel for the stable ABI only once.
        Each optional target is built by a call of its own, as its failure must not take the others with it.

        Raises:
            BuildError: cibuildwheel is not installed, or a required target could not be built.
        """
        _require()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._build_required([target.identifier for target in self.job.targets if not target.is_optional])
        optional = [target for target in self.job.targets if target.is_optional]
        failed = [(target.identifier, reason) for target in optional if (reason := self._build_optional(target))]
        return WheelBuild(self._list_wheels(), tuple(failed))

    def _build_required(self, identifiers: Sequence[str]) -> None:
        """Build targets, if there are any, by one call.

        Raises:
            BuildError: one could not be built.
        """
        if not identifiers:
            return
        try:
            self._call(identifiers)
        except ProcessError as error:
            raise self._describe_failure(identifiers, error) from None

    def _build_optional(self, target: BuildTarget) -> str:
        """Build a target unless a wheel covers it already; return why its build failed, empty where it did not."""
        if any(covers(_parse_tags(path), target) for path in self._list_wheels()):
            return ""
        try:
            self._call([target.identifier])
        except ProcessError as error:
            return "; ".join(find_error_lines(error.output))[:_MOST_CHARACTERS] or error.message
        return ""

    def _describe_failure(self, identifiers: Sequence[str], error: ProcessError) -> BuildError:
        """Return the error that names the job, the target whose build failed, and the reason."""
        started = {error.output.rfind(f"Building {identifier} wheel"): identifier for identifier in identifiers}
        last = max(started)
        target = started[last] if last >= 0 else ", ".join(identifiers)
        log = save_log(error.output, self.env)
        advice = "Fix what these lines report, then run the job again."
        return BuildError(
            f"job {self.job.name}: {target} was not built: {error.message}",
            f"{advice} The whole output: {log}" if log else advice,
            faults=find_error_lines(error.output),
        )

    def _call(self, identifiers: Sequence[str]) -> None:
        kept = {name: value for name, value in self.env.items() if not _SELECTING.fullmatch(name)}
        passed = [self.env.get(_PASSED_ON) or " ".join(self.passed_on), "SOURCE_DATE_EPOCH"]
        own = {
            "CIBW_BUILD": " ".join(identifiers),
            "CIBW_SKIP": "",
            "SOURCE_DATE_EPOCH": str(self.commit_time),
            _PASSED_ON: " ".join(passed).strip(),
        }
        if _ENGINE not in kept and not shutil.which("docker", path=kept.get("PATH")):
            own[_ENGINE] = "podman"
        options = ("--platform", self.job.platform, "--archs", "all", "--output-dir", str(self.folder))
        argv = [sys.executable, "-I", "-m", "cibuildwheel", *options, str(self.sdist)]
        run(argv, env={**kept, **own}, cwd=self.folder)

    def _list_wheels(self) -> tuple[Path, ...]:
        return tuple(sorted(self.folder.glob("*.whl")))


def find_platform_job(plan: BuildPlan) -> BuildJob | None:
    """Return a job with every target of the plan that this machine can build; None where it has none."""
    system = {"linux": "linux", "darwin": "macos", "win32": "windows"}.get(sys.platform, "")
    machine = platform.machine().lower()
    names = {machine, *_MACHINES.get(machine, ())}
    targets = [
        target
        for job, target in plan.targets
        if job.platform == system and any(target.platform.endswith(f"_{name}") for name in names)
    ]
    return BuildJob(f"{system}-{machine}", "this machine", system, tuple(targets)) if targets else None


def list_passed_variables(pyproject: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the variables that ``environment-pass`` in ``[tool.cibuildwheel]`` hands on to Linux containers."""
    table = pyproject.get("tool", {}).get("cibuildwheel", {})
    value = table.get("linux", {}).get("environment-pass", table.get("environment-pass", ()))
    return tuple(value.split()) if isinstance(value, str) else tuple(map(str, value))


def _parse_tags(path: Path) -> frozenset[Tag]:
    return parse_wheel_filename(path.name)[3]
