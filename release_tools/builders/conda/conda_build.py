"""conda-build itself, without miniconda: py-rattler installs it into a prefix of the run's own.

A ``meta.yaml`` is a program for conda-build: it asks for `environ`, `load_file_data` and selectors, so nothing else
builds it. conda-build gets the channels and settings that are chosen here and no others: it finds no file of the user
and no credential. The packages that it consists of stay in py-rattler's cache between runs.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from release_tools.builders.conda import conda_build_worker, rattler
from release_tools.builders.conda.base import BuiltPackages, CondaProject
from release_tools.builders.conda.build_from_clone import (
    RecipeSource,
    build_folder,
    check_versions,
    clone_with_recipe,
    collect_packages,
    explain_unreachable,
    report_not_built,
    skip_if_built_elsewhere,
)
from release_tools.builders.conda.own_recipe import is_noarch
from release_tools.engine.context import Context
from release_tools.errors import BuildError, UnreachableError, VerifyError
from release_tools.model.note import Note, State
from release_tools.parsed_values import parse_json
from release_tools.planning.conda_targets import NOARCH, CondaTarget
from release_tools.recipe.document import Format
from release_tools.regular_files import read_regular_file
from release_tools.system import tool_settings
from release_tools.system.credentials import refuse_credentials, remove_credentials
from release_tools.system.process import ProcessError, run

_LARGEST_ANSWER: Final = 100_000_000
CONDA_BUILD: Final = ("conda-build >=25.1,<28", "conda-index >=0.5")
"""The MatchSpecs that are installed to build with."""
_LAST_LINES: Final = 30
_RENDERING: Final = 600.0
_SETTINGS: Final = """\
anaconda_upload: false
auto_update_conda: false
channel_priority: strict
channels: []
default_channels: []
report_errors: false
show_channel_urls: true
"""


@dataclass(frozen=True)
class CondaBuildPrefix:
    """A prefix with conda-build.

    Attributes:
        folder: the prefix.
        packages: that it consists of.
    """

    folder: Path
    packages: tuple[rattler.SolvedPackage, ...]

    @property
    def scripts(self) -> Path:
        """Return the folder of its commands."""
        return self.folder / ("Scripts" if os.name == "nt" else "bin")

    @property
    def python(self) -> Path:
        """Return its interpreter."""
        return self.folder / "python.exe" if os.name == "nt" else self.scripts / "python"

    @property
    def command(self) -> Path:
        """Return the program ``conda-build``."""
        return self.scripts / ("conda-build.exe" if os.name == "nt" else "conda-build")

    def environment(self, env: Mapping[str, str], home: Path) -> dict[str, str]:
        """Return the environment of conda-build: no credential, and no configuration but ours.

        Args:
            env: of this process.
            home: an empty folder, which becomes the home of conda-build.
        """
        home.mkdir(parents=True, exist_ok=True)
        settings = home / "condarc"
        settings.write_text(_SETTINGS, encoding="utf-8", newline="\n")
        kept = tool_settings.CONDA_BUILD.apply(remove_credentials(env))
        path = os.pathsep.join(filter(None, (str(self.scripts), str(self.folder), env.get("PATH"))))
        own = {
            "CONDARC": str(settings),
            "CONDA_PREFIX": str(self.folder),
            "CONDA_PKGS_DIRS": str(home / "pkgs"),
            "CONDA_CHANNEL_PRIORITY": "strict",
            "HOME": str(home),
            "USERPROFILE": str(home),
            "XDG_CONFIG_HOME": str(home),
            "PATH": path,
        }
        if any(package.name == "conda-rattler-solver" for package in self.packages):
            own["CONDA_SOLVER"] = "rattler"
        return kept | own


class CondaBuildBuilder:
    """Builds the project's own ``meta.yaml``."""

    name = "conda-build"
    method = "built by conda-build"

    def applies_because(self, project: CondaProject) -> str:
        """Return that the project has a recipe of the older format; empty where it has not."""
        recipe = project.recipe
        return f"the project has {recipe.path}" if recipe and recipe.form is Format.V0 else ""

    def plan(self, project: CondaProject, subdirs: Sequence[str]) -> Sequence[CondaTarget]:
        """Return the packages that conda-build renders in the first build job; elsewhere, the platforms alone.

        Raises:
            BuildError: the recipe cannot be rendered.
            ConfigError: the project's recipe has the other format.
        """
        context = project.context
        recipe = project.recipe_of(Format.V0)
        if not context.request.job or explain_unreachable(context, needs_python=True):
            return [CondaTarget("", "", NOARCH)] if is_noarch(recipe) else [CondaTarget("", "", one) for one in subdirs]
        clone = clone_with_recipe(project, recipe, "plan-source")
        prefix = _install_conda_build(context, project.channels)
        environment = prefix.environment(context.env, project.folder / "home") | dict(clone.git_variables)
        return render(prefix, clone.recipe.parent, project.folder / "plan", subdirs, environment)

    def build(self, project: CondaProject) -> BuiltPackages:
        """Build and test every package of the recipe for this platform, in the clean clone.

        Raises:
            BuildError: conda-build cannot be installed, or the build failed.
            ConfigError: there is no such recipe.
            CredentialError: credentials for publishing are in the environment, where the build could read them.
            VersionError: the recipe computes another version than the one that is released.
        """
        context = project.context
        recipe = project.recipe_of(Format.V0)
        refuse_credentials(context.env, allowed=context.config.allow_credentials_in_build)
        if reason := explain_unreachable(context, needs_python=True):
            return report_not_built(project, recipe.path, reason)
        clone = clone_with_recipe(project, recipe)
        prefix = _install_conda_build(context, project.channels)
        environment = prefix.environment(context.env, project.folder / "home") | dict(clone.git_variables)
        subdir = rattler.find_this_subdir()
        targets = render(prefix, clone.recipe.parent, project.folder / "render", [subdir], environment)
        if elsewhere := skip_if_built_elsewhere(project, recipe.path, targets):
            return elsewhere
        check_versions(recipe.path, targets, project.release)
        with build_folder() as folder:
            output = folder / "built"
            _run_build(prefix, project, clone, folder, environment)
            built = [path for name in (subdir, NOARCH) for path in _list_packages(output / name)]
            artifacts = collect_packages(project, built, (clone.folder, folder, context.scratch))
        return BuiltPackages(artifacts, (*clone.notes, *_describe_tools(prefix)))


def render(
    prefix: CondaBuildPrefix, recipe: Path, scratch: Path, subdirs: Sequence[str], environment: Mapping[str, str]
) -> tuple[CondaTarget, ...]:
    """Return the packages that a recipe gives on some platforms; their build strings are not final before solving.

    Those for every platform are as the first platform has them.

    Args:
        prefix: with conda-build.
        recipe: the recipe's folder.
        scratch: a folder that conda-build may write to.
        subdirs: of the platforms.
        environment: of conda-build.

    Raises:
        BuildError: the recipe cannot be rendered.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    answer = scratch / "answer.json"
    argv = [
        str(prefix.python),
        "-I",
        str(conda_build_worker.__file__),
        str(recipe),
        str(answer),
        str(scratch / "croot"),
        *subdirs,
    ]
    try:
        run(argv, env=environment, cwd=scratch, timeout=_RENDERING)
        found = parse_json(read_regular_file(answer, _LARGEST_ANSWER))
    except (ProcessError, OSError, ValueError) as error:
        lines = error.output.splitlines()[-_LAST_LINES:] if isinstance(error, ProcessError) else [str(error)]
        raise BuildError(f"{recipe.name}/{Format.V0}: conda-build could not render it", faults=lines) from None
    if found["fault"]:
        raise BuildError(
            f"{recipe.name}/{Format.V0}: conda-build cannot render it: {found['fault']}",
            "Correct the recipe, then run again.",
        )
    return tuple(CondaTarget(one["name"], one["version"], one["subdir"], one["python"]) for one in found["targets"])


def _install_conda_build(context: Context, channels: Sequence[str]) -> CondaBuildPrefix:
    """Install conda-build into a prefix of this run's own.

    Raises:
        BuildError: a channel does not have it, or it cannot be installed.
    """
    folder = context.scratch / "conda-build"
    context.console.show_detail("install conda-build")
    try:
        packages = rattler.install(folder, CONDA_BUILD, channels)
    except (UnreachableError, VerifyError) as error:
        advice = f"conda.channels must have {' and '.join(CONDA_BUILD)}, as conda-forge has."
        raise BuildError(f"conda-build cannot be installed: {error.message}", advice) from None
    return CondaBuildPrefix(folder, packages)


def _run_build(
    prefix: CondaBuildPrefix, project: CondaProject, clone: RecipeSource, folder: Path, environment: Mapping[str, str]
) -> None:
    """Build and test every package.

    Raises:
        BuildError: with the last lines that conda-build wrote.
    """
    project.context.console.show_detail("conda-build")
    channels = [argument for channel in project.channels for argument in ("--channel", channel)]
    argv = [
        str(prefix.command),
        str(clone.recipe.parent),
        "--override-channels",
        *channels,
        "--croot",
        str(folder / "croot"),
        "--no-build-id",
        "--output-folder",
        str(folder / "built"),
        "--no-anaconda-upload",
    ]
    try:
        run(argv, env=environment, cwd=clone.folder)
    except ProcessError as error:
        raise BuildError(
            f"{clone.recipe.parent.name}/{Format.V0}: {error.message}",
            "Fix what the last lines report, then run again.",
            faults=error.output.splitlines()[-_LAST_LINES:],
        ) from None


def _list_packages(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("*")) if path.name.endswith((".conda", ".tar.bz2"))]


def _describe_tools(prefix: CondaBuildPrefix) -> tuple[Note, ...]:
    """Return what conda-build consists of, for the report."""
    main = next((one for one in prefix.packages if one.name == "conda-build"), None)
    text = f"built with conda-build {main.version}" if main else "built with conda-build"
    lines = [f"{one.name} {one.version} {one.build} {one.sha256}" for one in prefix.packages]
    return (Note(State.INFO, text, "; ".join(lines)),)
