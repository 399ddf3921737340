"""What rattler-build says: of a package, read back by its library and tested by its runner, and of a recipe, built."""

import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from release_tools.artifacts import CondaPackage
from release_tools.builders.conda import recipe_worker, test_worker
from release_tools.recipe.markers import CONDA_FORGE_PYTHON
from release_tools.system.credentials import without_credentials
from release_tools.system.process import ProcessError, run

_PATIENCE: Final = 600.0
PINNED: Final = {
    "python_min": [CONDA_FORGE_PYTHON],
    "python": ["3.12.* *_cpython"],
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
    """What became of a recipe.

    Attributes:
        paths: the packages that were built.
        fault: what rattler-build said; empty where all went well.
        log: the last lines of the build that failed; empty where it was not begun.
        requires: MatchSpecs of what the package that failed needs while it is built.
    """

    paths: tuple[Path, ...]
    fault: str = ""
    log: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()


def read_back(package: CondaPackage) -> tuple[str, ...]:
    """What rattler-build reads otherwise than we do; empty where both agree."""
    from rattler_build import Package, RattlerBuildError

    try:
        found = Package.from_file(package.path)
        files = found.files
    except RattlerBuildError as error:
        return (f"rattler-build cannot read it: {error}",)
    pairs = {
        "name": (found.name, package.name),
        "version": (found.version, package.version),
        "build": (found.build_string, package.build),
        "build number": (found.build_number, package.build_number),
        "subdir": (found.subdir, package.subdir),
        "noarch": (found.noarch or "", package.noarch),
        "requirements": (tuple(found.depends), package.depends),
        "files": (sorted(files), sorted(member.name for member in package.members)),
    }
    return tuple(
        f"its {what}: rattler-build reads {theirs!r}" for what, (theirs, ours) in pairs.items() if theirs != ours
    )


def why_unrendered(text: str) -> str:
    """Why rattler-build cannot render a ``recipe.yaml``; empty where it can. Nothing is built or fetched."""
    from rattler_build import RattlerBuildError, Stage0Recipe, VariantConfig

    with tempfile.TemporaryDirectory(prefix="release-tools-") as folder:  # else it makes one, and leaves it behind
        try:
            Stage0Recipe.from_yaml(text, recipe_dir=folder).render(VariantConfig(PINNED))
        except RattlerBuildError as error:
            return str(error)
    return ""


def run_tests(path: Path, channels: Sequence[str], env: Mapping[str, str]) -> tuple[Tested, ...]:
    """Run the tests that a package carries, each in an environment of its own.

    Args:
        path: the package.
        channels: where its requirements come from.
        env: the environment; credentials are left out of it.

    Raises:
        ProcessError: the test runner itself failed.
    """
    told = _answer(test_worker, [str(path)], channels, env)
    return tuple(Tested(one["passed"], tuple(one["output"])) for one in told)


def build_recipe(recipe: Path, folder: Path, channels: Sequence[str], env: Mapping[str, str]) -> Packages:
    """Build the packages of a ``recipe.yaml`` that has no compiled code, each in environments of its own.

    Args:
        recipe: the file.
        folder: gets the packages, in the folders of a channel.
        channels: where its requirements come from.
        env: the environment; credentials are left out of it.

    Raises:
        ProcessError: rattler-build itself failed.
    """
    told = _answer(
        recipe_worker, [str(recipe), str(folder)], [json.dumps({"python_min": [CONDA_FORGE_PYTHON]}), *channels], env
    )
    return Packages(tuple(map(Path, told["packages"])), told["fault"], tuple(told["log"]), tuple(told["requires"]))


def _answer(program: ModuleType, before: Sequence[str], after: Sequence[str], env: Mapping[str, str]) -> Any:  # noqa: ANN401 - JSON is anything
    """Run a program that writes its answer to a file, whose path stands between its arguments."""
    with tempfile.TemporaryDirectory(prefix="release-tools-") as folder:
        answer = Path(folder, "answer.json")
        argv = [sys.executable, "-P", str(program.__file__), *before, str(answer), *after]
        done = run(argv, env=without_credentials(env), patience=_PATIENCE)
        try:
            return json.loads(answer.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise ProcessError(f"{Path(before[0]).name}: rattler-build gave no answer", done.stderr) from None
