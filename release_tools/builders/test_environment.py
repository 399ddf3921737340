"""The environment in which a wheel is tried out; what the wheel requires is installed there while it is built."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from copy import copy
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from release_tools.builders.virtual_environment import Environment
from release_tools.engine.tasks import BackgroundTasks

if TYPE_CHECKING:
    from release_tools.artifacts.core_metadata import CoreMetadata


def needs(metadata: "CoreMetadata") -> list[Requirement]:
    """Return what a distribution requires wherever it is installed, extras aside."""
    return [one for one in metadata.parsed.requires_dist or () if "extra" not in str(one.marker)]


def start_test_environment(
    requirements: Iterable[str], scratch: Path, env: Mapping[str, str], background: BackgroundTasks
) -> None:
    """Start to make the environment of a wheel with these requirements; an invalid one is reported by the build."""
    with suppress(InvalidRequirement):
        needed = list(map(Requirement, requirements))
        environment = _create_environment(scratch, env, needed)
        background.start(environment.folder.name, _make, environment, needed)


def make_test_environment(
    needed: list[Requirement], scratch: Path, env: Mapping[str, str], background: BackgroundTasks
) -> Environment:
    """Return an environment where just these requirements are installed, with all that they require.

    Raises:
        ProcessError: it could not be made.
    """
    environment = _create_environment(scratch, env, needed)
    return background.result(environment.folder.name, _make, environment, needed)


def _create_environment(scratch: Path, env: Mapping[str, str], needed: Iterable[Requirement]) -> Environment:
    key = "\n".join(sorted(map(_canonicalise, needed)))
    return Environment.at(scratch / f"test-{sha256(key.encode()).hexdigest()[:16]}", env)


def _make(environment: Environment, needed: Iterable[Requirement]) -> Environment:
    environment.make()
    environment.install(list(map(str, needed)))
    return environment


def _canonicalise(requirement: Requirement) -> str:
    """Return a requirement as all backends spell it, whatever the project's own spelling."""
    canonical = copy(requirement)
    canonical.name = canonicalize_name(requirement.name)
    return str(canonical)
