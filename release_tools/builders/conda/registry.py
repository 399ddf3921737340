"""Choose what builds the conda packages of a project."""

from dataclasses import dataclass
from typing import Final

from release_tools.builders.conda.base import CondaBuilder, CondaProject
from release_tools.builders.conda.conda_build import CondaBuildBuilder
from release_tools.builders.conda.from_wheel import WheelConverter
from release_tools.builders.conda.rattler_build import RecipeBuilder
from release_tools.errors import ConfigError, did_you_mean
from release_tools.model.note import Skip
from release_tools.planning.build_plan import BuildPlan
from release_tools.planning.conda_targets import NOARCH, assign_conda_targets, list_subdirs

BUILDERS: Final[tuple[CondaBuilder, ...]] = (
    RecipeBuilder(),  # an own recipe.yaml, or a generated one for compiled code
    CondaBuildBuilder(),
    WheelConverter(),
)
"""In the order in which ``conda.builder = "auto"`` asks them; the first that applies builds."""
AUTO, NONE = "auto", "none"


@dataclass(frozen=True)
class ChosenBuilder:
    """Describe what builds a project's conda packages.

    Attributes:
        builder: it.
        because: why, for a person.
    """

    builder: CondaBuilder
    because: str


def plan_conda_packages(project: CondaProject) -> BuildPlan | None:
    """Return the build plan of a release with its conda packages; None where it has no plan.

    Args:
        project: its release has the plan of its wheels.

    Raises:
        BuildError: the recipe cannot be rendered.
        ConfigError: ``conda.recipe`` names no recipe.
    """
    plan, chosen = project.release.plan, choose_builder(project)
    if plan is None or isinstance(chosen, Skip):
        return plan
    wheels = project.context.config.wheels
    subdirs = list_subdirs(plan, wheels.jobs)
    targets = chosen.builder.plan(project, subdirs) if subdirs else ()
    if not plan.is_compiled and all(target.subdir == NOARCH for target in targets):
        return plan  # the one job builds them
    return assign_conda_targets(plan, targets, wheels.runners)


def check_builder(name: str) -> None:
    """Refuse a value of ``conda.builder`` that is none.

    Raises:
        ConfigError: there is no such builder.
    """
    known = (AUTO, *sorted(builder.name for builder in BUILDERS), NONE)
    if name not in known:
        hint = did_you_mean(name, known)
        raise ConfigError(f"conda.builder: there is no builder {name!r}{hint}", f"Set one of {', '.join(known)}.")


def choose_builder(project: CondaProject) -> ChosenBuilder | Skip:
    """Return what builds the conda packages of a project, or why there are none.

    Raises:
        ConfigError: ``conda.recipe`` names no recipe.
    """
    config = project.context.config.conda
    if not config.enabled:
        return Skip("conda.enabled is false")
    if config.builder == NONE:
        return Skip('conda.builder is "none"')
    named = next((builder for builder in BUILDERS if builder.name == config.builder), None)
    if named:
        return ChosenBuilder(named, f'conda.builder is "{config.builder}"')
    return _choose_automatically(project)


def _choose_automatically(project: CondaProject) -> ChosenBuilder | Skip:
    for builder in BUILDERS:
        if because := builder.applies_because(project):
            return ChosenBuilder(builder, because)
    return Skip("there is neither a wheel nor a recipe to build a conda package from")
