"""rattler-build: builds a ``recipe.yaml``, reads packages back, and tests them by its runner."""

import json
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from release_tools.artifacts import CondaPackage
from release_tools.builders.conda import rattler, read_worker, recipe_worker, test_worker
from release_tools.builders.conda.base import BuiltPackages, CondaProject
from release_tools.builders.conda.build_from_clone import (
    RecipeSource,
    build_folder,
    check_versions,
    clone_with_recipe,
    collect_packages,
    compute_git_variables,
    explain_unreachable,
    report_not_built,
    skip_if_built_elsewhere,
)
from release_tools.builders.conda.generated_recipe import plan_generated_packages, write_generated_recipe
from release_tools.builders.conda.own_recipe import copy_recipe
from release_tools.builders.conda.variants import PYTHONS, choose_default_variants
from release_tools.errors import BuildError, RecipeError
from release_tools.parsed_values import list_tables, parse_json
from release_tools.planning.conda_targets import CondaTarget
from release_tools.recipe.document import Format
from release_tools.recipe.markers import CONDA_FORGE_PYTHON
from release_tools.regular_files import read_regular_file
from release_tools.system.credentials import refuse_credentials, remove_credentials
from release_tools.system.process import ProcessError, run
from release_tools.system.tool_settings import RATTLER_BUILD

_LARGEST_ANSWER: Final = 100_000_000
_SMALL: Final = 500_000
"""Bytes of packages below which it takes longer to start a program than to read them."""
_TIMEOUT: Final = 600.0
_LAST_LINES: Final = 30
_CORRECT: Final = "Correct the recipe, then run again."
PINNED: Final[dict[str, list[str | bool]]] = {
    "python_min": [CONDA_FORGE_PYTHON],
    "python": ["3.12.* *_cpython"],
    "is_python_min": [False],
    "is_abi3": [False],
    "c_compiler": ["gcc"],
    "c_stdlib": ["sysroot"],
    "cxx_compiler": ["gxx"],
    "fortran_compiler": ["gfortran"],
    "rust_compiler": ["rust"],
}
"""Something for each variable that conda-forge pins for all recipes, and that rattler-build must know to render one."""


@dataclass(frozen=True)
class Tested:
    """One test of a package.

    Attributes:
        passed: whether it did.
        output: what was said, a line each.
    """

    passed: bool
    output: tuple[str, ...]


@dataclass(frozen=True)
class Packages:
    """Describe what became of a recipe.

    Attributes:
        paths: the packages that were built.
        fault: what rattler-build said; empty where all went well.
        log: the last lines of the build that failed; empty where it was not started.
        requires: MatchSpecs of what the package that failed needs in its host environment.
        build_requires: the same for its build environment.
        targets: of all packages of the recipe that are not skipped.
        environments: the different environments that they are built in, as MatchSpecs.
    """

    paths: tuple[Path, ...]
    fault: str = ""
    log: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    build_requires: tuple[str, ...] = ()
    targets: tuple[CondaTarget, ...] = ()
    environments: tuple[tuple[str, ...], ...] = ()


def read_packages(paths: Sequence[Path], env: Mapping[str, str]) -> tuple[Mapping[str, Any], ...]:
    """Return what rattler-build reads of each package, which it unpacks; see `read_worker`.

    Small packages are read in this process, sooner than a program starts.

    Raises:
        ProcessError: rattler-build itself failed.
    """
    if sum(path.stat().st_size for path in paths) < _SMALL:
        return tuple(map(read_worker.read_package, map(str, paths)))
    answer = _answer(read_worker, list(map(str, paths)), [], remove_credentials(env))
    return tuple(answer)


def find_disagreements(package: CondaPackage, read: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what rattler-build reads otherwise than we do; empty where both agree."""
    if "fault" in read:
        return (f"rattler-build cannot read it: {read['fault']}",)
    ours = {
        "name": package.name,
        "version": package.version,
        "build": package.build,
        "build number": package.build_number,
        "subdir": package.subdir,
        "noarch": package.noarch,
        "requirements": list(package.depends),
        "files": sorted(member.name for member in package.members),
    }
    theirs = {**read, "files": sorted(set(read["files"]) - _list_folders(package))}
    return tuple(f"its {what}: rattler-build reads {theirs[what]!r}" for what in ours if theirs[what] != ours[what])


def _list_folders(package: CondaPackage) -> set[str]:
    """Return the empty folders that a package lists among its files."""
    listed = list_tables(parse_json(package.documents["paths.json"])["paths"])
    return {path["_path"] for path in listed if path.get("path_type") == "directory"}


def explain_unrendered(text: str) -> str:
    """Return why rattler-build cannot render a ``recipe.yaml``; empty where it can. Nothing is built or fetched."""
    from rattler_build import RattlerBuildError, Stage0Recipe, VariantConfig

    with tempfile.TemporaryDirectory(prefix="release-tools-") as folder:  # else it makes one, and leaves it behind
        try:
            Stage0Recipe.from_yaml(text, recipe_dir=folder).render(VariantConfig(PINNED))
        except RattlerBuildError as error:
            return str(error)
    return ""


def render_run(text: str, subdirs: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return what a ``recipe.yaml`` requires to run, on any of conda-forge's Pythons, by platform; nothing is built.

    Args:
        text: the recipe, which has one output.
        subdirs: conda's names of the platforms.

    Raises:
        RecipeError: it cannot be rendered.
    """
    from rattler_build import PlatformConfig, RattlerBuildError, RenderConfig, Stage0Recipe, VariantConfig

    variants = VariantConfig({**PINNED, "python": list(PYTHONS.values())})
    found: dict[str, tuple[str, ...]] = {}
    with tempfile.TemporaryDirectory(prefix="release-tools-") as folder:
        try:
            recipe = Stage0Recipe.from_yaml(text, recipe_dir=folder)
            for subdir in subdirs:
                config = RenderConfig(platform=PlatformConfig(target_platform=subdir, build_platform=subdir))
                required = [one.recipe.to_dict()["requirements"]["run"] for one in recipe.render(variants, config)]
                found[subdir] = tuple(dict.fromkeys(chain.from_iterable(required)))
        except RattlerBuildError as error:
            raise RecipeError(f"The recipe cannot be rendered: {error}") from None
    return found


def run_tests(path: Path, channels: Sequence[str], env: Mapping[str, str]) -> tuple[Tested, ...]:
    """Run the tests that a package carries, each in an environment of its own.

    Args:
        path: the package.
        channels: where its requirements come from.
        env: the environment; credentials are left out of it.

    Raises:
        ProcessError: the test runner itself failed.
    """
    answer = _answer(test_worker, [str(path)], channels, remove_credentials(env))
    return tuple(Tested(one["passed"], tuple(one["output"])) for one in answer)


def build_recipe(recipe: Path, folder: Path, channels: Sequence[str], env: Mapping[str, str]) -> Packages:
    """Build the packages of a ``recipe.yaml`` that has no compiled code, each in environments of its own.

    One that is not noarch is built for this machine and the version of Python that runs this.

    Args:
        recipe: the file.
        folder: gets the packages, in the folders of a channel.
        channels: where its requirements come from.
        env: the environment; credentials are left out of it.

    Raises:
        ProcessError: rattler-build itself failed.
    """
    variants = {"python_min": [CONDA_FORGE_PYTHON], "python": [f"{sys.version_info.major}.{sys.version_info.minor}.*"]}
    return run_recipe(RecipeRequest(recipe, {"": variants}, tuple(channels), folder), env)


@dataclass(frozen=True)
class RecipeRequest:
    """A recipe that rattler-build renders or builds.

    Attributes:
        recipe: the file.
        platforms: the values of each variable, by the subdir that it is rendered for; an empty one is this machine's.
        channels: where its requirements come from.
        output: the folder of a channel that gets the packages; None to render only.
        pinning: conda-forge's, which overrides these values, but for Python; None for none.
        variant_files: override both.
    """

    recipe: Path
    platforms: Mapping[str, Mapping[str, Sequence[str]]]
    channels: tuple[str, ...] = ()
    output: Path | None = None
    pinning: Path | None = None
    variant_files: tuple[Path, ...] = ()

    @property
    def data(self) -> dict[str, object]:
        """Return the request as plain data for `recipe_worker`."""
        return {
            "recipe": str(self.recipe),
            "channels": list(self.channels),
            "output": str(self.output or ""),
            "platforms": {
                platform: {name: list(values) for name, values in variants.items()}
                for platform, variants in self.platforms.items()
            },
            "pinning": str(self.pinning or ""),
            "variant_files": [str(path) for path in self.variant_files],
        }


def run_recipe(
    request: RecipeRequest,
    env: Mapping[str, str],
    also: Mapping[str, str] | None = None,
    timeout: float | None = _TIMEOUT,
) -> Packages:
    """Render a recipe and build its packages, in a process without credentials.

    Args:
        request: the recipe and how it is built.
        env: the environment; credentials are left out of it.
        also: variables that the recipe is given too.
        timeout: in seconds; None for none.

    Raises:
        ProcessError: rattler-build itself failed.
    """
    with tempfile.TemporaryDirectory(prefix="release-tools-") as folder:
        file = Path(folder, "request.json")
        file.write_text(json.dumps(request.data), encoding="utf-8")
        answer = _answer(recipe_worker, [str(file)], [], remove_credentials(env) | dict(also or {}), timeout)
    return Packages(
        tuple(map(Path, answer["packages"])),
        answer["fault"],
        tuple(answer["log"]),
        tuple(answer["host"]),
        tuple(answer["build"]),
        tuple(_read_target(one) for one in answer["targets"]),
        tuple(dict.fromkeys(tuple(specs) for one in answer["targets"] for specs in one["requires"])),
    )


def _read_target(data: Mapping[str, Any]) -> CondaTarget:
    return CondaTarget(data["name"], data["version"], data["subdir"], data["python"], data["build"])


def _answer(
    program: ModuleType,
    before: Sequence[str],
    after: Sequence[str],
    env: Mapping[str, str],
    timeout: float | None = _TIMEOUT,
) -> Any:  # noqa: ANN401 - JSON is anything
    """Run a program that writes its answer to a file, whose path is one of its arguments."""
    with tempfile.TemporaryDirectory(prefix="release-tools-") as folder:
        answer = Path(folder, "answer.json")
        argv = [sys.executable, "-P", str(program.__file__), *before, str(answer), *after]
        done = run(argv, env=RATTLER_BUILD.apply(env), timeout=timeout)
        try:
            return parse_json(read_regular_file(answer, _LARGEST_ANSWER))
        except (OSError, ValueError):
            raise ProcessError(f"{Path(before[0]).name}: rattler-build gave no answer", done.stderr) from None


class RecipeBuilder:
    """Builds the project's own ``recipe.yaml``, or one that is generated from what was built."""

    name = "rattler-build"
    method = "built by rattler-build"

    def applies_because(self, project: CondaProject) -> str:
        """Return that the project has a recipe of the newer format, or compiled code; empty where it has neither."""
        recipe = project.recipe
        if recipe is None:
            return "the project has compiled code and no conda recipe" if project.is_compiled else ""
        return f"the project has {recipe.path}" if recipe.form is Format.V1 else ""

    def plan(self, project: CondaProject, subdirs: Sequence[str]) -> Sequence[CondaTarget]:
        """Return every package that the recipe gives on these platforms, by its final name.

        Raises:
            BuildError: the recipe cannot be rendered.
            ConfigError: the project's recipe has the other format.
        """
        if project.recipe is None:
            return _plan_generated(project)
        recipe = project.recipe_of(Format.V1)
        path = copy_recipe(project.context, project.release, recipe)
        request = RecipeRequest(
            path,
            {subdir: choose_default_variants(subdir) for subdir in subdirs},
            variant_files=tuple(path.with_name(name) for name in recipe.variant_files),
        )
        rendered = run_recipe(request, project.context.env, compute_git_variables(project.release))
        if rendered.fault:
            raise BuildError(f"{recipe.path}: rattler-build cannot render it: {rendered.fault}", _CORRECT)
        return rendered.targets

    def build(self, project: CondaProject) -> BuiltPackages:
        """Build every package of the recipe for this platform.

        Raises:
            BuildError: the build failed, or a requirement cannot be resolved.
            ConfigError: the project's recipe has the other format.
            CredentialError: credentials for publishing are in the environment, where the build could read them.
            VersionError: the recipe computes another version than the one that is released.
        """
        context = project.context
        refuse_credentials(context.env, allowed=context.config.allow_credentials_in_build)
        path, source = _prepare_source(project)
        variants = choose_default_variants(rattler.find_this_subdir(), source.pythons, is_abi3=source.is_abi3)
        request = RecipeRequest(
            source.recipe,
            {"": variants},
            tuple(project.channels),
            pinning=source.pinning,
            variant_files=source.variant_files,
        )
        rendered = run_recipe(request, context.env, source.git_variables)
        if rendered.fault:
            raise BuildError(f"{path}: rattler-build cannot render it: {rendered.fault}", _CORRECT)
        if elsewhere := skip_if_built_elsewhere(project, path, rendered.targets):
            return elsewhere
        check_versions(path, rendered.targets, project.release)
        needs_python = any(target.python for target in rendered.targets)
        if rendered.environments and (reason := explain_unreachable(context, needs_python=needs_python)):
            return report_not_built(project, path, reason)
        _check_requirements(path, rendered, project.channels)
        with build_folder() as output:
            built = run_recipe(replace(request, output=output), context.env, source.git_variables, timeout=None)
            if built.fault:
                raise _describe_failure(path, built)
            artifacts = collect_packages(project, built.paths, (source.folder, output, context.scratch))
        return BuiltPackages(artifacts, source.notes)


def _prepare_source(project: CondaProject) -> tuple[str, RecipeSource]:
    """Return what the recipe is called in messages, and where it is built: the project's own, or a generated one."""
    if project.recipe is None:
        return "the generated recipe", write_generated_recipe(project)
    recipe = project.recipe_of(Format.V1)
    return recipe.path, clone_with_recipe(project, recipe)


def _plan_generated(project: CondaProject) -> tuple[CondaTarget, ...]:
    """Return a package for each wheel, or one a platform for the stable ABI; by its final name as far as it is known.

    The recipe is drafted from the sources, as nothing is built yet.
    """
    planned = plan_generated_packages(project)
    request = RecipeRequest(
        planned.draft,
        {
            subdir: choose_default_variants(subdir, pythons, is_abi3=planned.is_abi3)
            for subdir, pythons in planned.pythons.items()
        },
        pinning=planned.pinning,
        variant_files=planned.variant_files,
    )
    if not planned.draft.exists():
        return planned.targets

    def make_key(target: CondaTarget) -> tuple[str, str]:
        return target.subdir, "" if planned.is_abi3 else target.python

    rendered = run_recipe(request, project.context.env)
    exact = {make_key(target): target for target in rendered.targets}
    return tuple(exact.get(make_key(target), target) for target in planned.targets)


def _check_requirements(path: str, rendered: Packages, channels: Sequence[str]) -> None:
    """Solve the environments that packages are built in, for rattler-build does not say which requirement it lacks.

    Raises:
        BuildError: one has no solution.
    """
    own = {target.name for target in rendered.targets}
    for specs in rendered.environments:
        others = [spec for spec in specs if spec.split()[0] not in own]
        if others and (reason := rattler.explain_unavailable(channels, specs=others)):
            raise BuildError(
                f"{path}: {reason}", "Correct the requirement in the recipe, or add a channel that has it."
            )


def _describe_failure(path: str, built: Packages) -> BuildError:
    """Return why a package was not built."""
    if not built.log:
        return BuildError(f"{path}: {built.fault}", _CORRECT)
    return BuildError(
        f"{path}: {built.fault}",
        "Fix what the last lines report, then run again.",
        faults=built.log[-_LAST_LINES:],
    )
