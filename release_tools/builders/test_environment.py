"""The environment in which a wheel is tried out; what it will need is installed there while it is built."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from copy import copy
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from release_tools.builders.virtual_environment import Environment
from release_tools.engine.background import BackgroundTasks, ProcessChain

if TYPE_CHECKING:
    from release_tools.artifacts.core_metadata import CoreMetadata


def needs(metadata: "CoreMetadata") -> list[Requirement]:
    """What a distribution requires wherever it is installed, extras aside."""
    return [one for one in metadata.parsed.requires_dist or () if "extra" not in str(one.marker)]


def start_test_environment(
    needed: Iterable[Requirement], scratch: Path, env: Mapping[str, str], background: BackgroundTasks
) -> None:
    """Begin to install what a wheel will need, as far as it comes from an index, unless that is begun already.

    Only a head start, which helps a wheel that needs exactly this: see `environment_for`.
    """
    needed = list(needed)
    environment = _environment(scratch, env, needed)
    if environment.uv and environment.folder.name not in background and not any(one.url for one in needed):
        background.add(environment.folder.name, environment.begin(list(map(str, needed))))


def start_stated_environment(
    texts: Iterable[str], scratch: Path, env: Mapping[str, str], background: BackgroundTasks
) -> None:
    """Start the environment from requirements as ``pyproject.toml`` states them; invalid ones are reported later."""
    with suppress(InvalidRequirement):
        start_test_environment(map(Requirement, texts), scratch, env, background)


def environment_for(
    needed: Iterable[Requirement], scratch: Path, env: Mapping[str, str], background: BackgroundTasks
) -> tuple[Environment, bool]:
    """An environment for a wheel with these requirements, and whether they are installed in it; nothing else is.

    Raises:
        ProcessError: it could not be made.
    """
    environment = _environment(scratch, env, needed)
    chain = background.take(environment.folder.name, ProcessChain)
    if chain and chain.finish():
        return environment, True
    return Environment.create(environment.folder.with_name(f"{environment.folder.name}-anew"), env), False


def _environment(scratch: Path, env: Mapping[str, str], needed: Iterable[Requirement]) -> Environment:
    key = "\n".join(sorted(map(_spelled, needed)))
    return Environment.at(scratch / f"try-{sha256(key.encode()).hexdigest()[:16]}", env)


def _spelled(requirement: Requirement) -> str:
    """A requirement as backends agree on it, whatever the project's own spelling."""
    spelled = copy(requirement)
    spelled.name = canonicalize_name(requirement.name)
    return str(spelled)
