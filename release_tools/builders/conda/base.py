"""Define what builds the conda packages of a project."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

from release_tools.builders.conda.own_recipe import OwnRecipe, find_own_recipe
from release_tools.engine.context import Context
from release_tools.errors import ConfigError
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.note import Note
from release_tools.model.release import Release
from release_tools.planning.build_plan import BuildJob
from release_tools.planning.conda_targets import NOARCH, CondaTarget
from release_tools.recipe.document import Format


@dataclass(frozen=True)
class BuiltPackages:
    """The packages that a builder made.

    Attributes:
        artifacts: the files, each with its subdir.
        notes: for the report.
    """

    artifacts: tuple[Artifact, ...] = ()
    notes: tuple[Note, ...] = field(default=(), repr=False)


@dataclass(eq=False)
class CondaProject:
    """A project whose conda packages are built.

    Attributes:
        context: the run's surroundings.
        release: with sdist and wheels, where there are any.
    """

    context: Context
    release: Release

    @cached_property
    def recipe(self) -> OwnRecipe | None:
        """Return the recipe that the project keeps; None where it keeps none.

        Raises:
            ConfigError: the recipe that ``conda.recipe`` names does not exist.
        """
        return find_own_recipe(self.context, self.release)

    def recipe_of(self, form: Format) -> OwnRecipe:
        """Return the recipe that the project keeps, in this format.

        Raises:
            ConfigError: it keeps none, or one of the other format.
        """
        if self.recipe is None:
            raise ConfigError(
                f"conda.builder is {self.context.config.conda.builder}, but the project has no conda recipe",
                f"Set conda.recipe to the path of its {form}.",
            )
        if self.recipe.form is not form:
            raise ConfigError(
                f"conda.builder is {self.context.config.conda.builder}, which does not build {self.recipe.path}",
                f'Set conda.recipe to the path of a {form}, or conda.builder to "auto".',
            )
        return self.recipe

    @property
    def sdist(self) -> Artifact | None:
        """Return the source distribution that this run built."""
        return next(iter(self.release.artifacts_of_kind(ArtifactKind.SDIST)), None)

    @property
    def wheels(self) -> tuple[Artifact, ...]:
        """Return the wheels that this run built, those for this machine only included."""
        trial = (one for one in self.release.trial if one.kind is ArtifactKind.WHEEL)
        return (*self.release.artifacts_of_kind(ArtifactKind.WHEEL), *trial)

    @property
    def is_compiled(self) -> bool:
        """Return whether its wheels are for single platforms, as its build plan says."""
        return self.release.plan is not None and self.release.plan.is_compiled

    @property
    def is_trial(self) -> bool:
        """Return whether packages are built for this machine only, to show that they can be."""
        return self.is_compiled and not self.release.job

    @property
    def builds_noarch(self) -> bool:
        """Return whether packages for every platform are built here: one of several build jobs does."""
        plan, job = self.release.plan, self.release.job
        if plan is None or not job:
            return True
        named = tuple(filter(_has_noarch, plan.jobs))
        return (named or plan.matrix or plan.jobs)[0] == plan.job(job)

    @property
    def folder(self) -> Path:
        """Return the scratch folder of conda packages."""
        return self.context.scratch / "conda"

    @property
    def channels(self) -> Sequence[str]:
        """Return the channels from which requirements are installed."""
        return self.context.config.conda.channels


def _has_noarch(job: BuildJob) -> bool:
    return any(target.startswith(NOARCH) for target in job.conda)


class CondaBuilder(Protocol):
    """A way to build conda packages; another one is one file and one line in the registry."""

    name: str
    """For the setting ``conda.builder``."""
    method: str
    """For people, such as ``built by rattler-build``."""

    def applies_because(self, project: CondaProject) -> str:
        """Return why ``conda.builder = "auto"`` takes this builder, for a person; empty where it does not."""

    def plan(self, project: CondaProject, subdirs: Sequence[str]) -> Sequence[CondaTarget]:
        """Return the packages for these platforms, before anything is built; none where one machine builds all.

        Args:
            project: its release has the plan of the wheels.
            subdirs: conda's names of the platforms.

        Raises:
            BuildError: the recipe cannot be rendered.
        """

    def build(self, project: CondaProject) -> BuiltPackages:
        """Build every package that this machine can build.

        Raises:
            BuildError: the build failed.
            CondaError: the project cannot become a conda package in this way.
            VersionError: the recipe computes another version than the one that is released.
        """
