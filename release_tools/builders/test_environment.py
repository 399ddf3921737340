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
from release_tools.engine.background import Begun, Chain

if TYPE_CHECKING:
    from release_tools.artifacts.core_metadata import CoreMetadata


def needs(metadata: "CoreMetadata") -> list[Requirement]:
    """What a distribution requires wherever it is installed, extras aside."""
    return [one for one in metadata.parsed.requires_dist or () if "extra" not in str(one.marker)]


def begin_trial(needed: Iterable[Requirement], scratch: Path, env: Mapping[str, str], begun: Begun) -> None:
    """Begin to install what a wheel will need, as far as it comes from an index, unless that is begun already.

    Only a head start, which helps a wheel that needs exactly this: see `environment_for`.
    """
    needed = list(needed)
    environment = _environment(scratch, env, needed)
    if environment.uv and environment.folder.name not in begun and not any(one.url for one in needed):
        begun.add(environment.folder.name, environment.begin(list(map(str, needed))))


def begin_stated(texts: Iterable[str], scratch: Path, env: Mapping[str, str], begun: Begun) -> None:
    """As `begin_trial`, with requirements as ``pyproject.toml`` states them; one that cannot be read is told later."""
    with suppress(InvalidRequirement):
        begin_trial(map(Requirement, texts), scratch, env, begun)


def environment_for(
    needed: Iterable[Requirement], scratch: Path, env: Mapping[str, str], begun: Begun
) -> tuple[Environment, bool]:
    """An environment for a wheel with these requirements, and whether they are installed in it; nothing else is.

    Raises:
        ProcessError: it could not be made.
    """
    environment = _environment(scratch, env, needed)
    chain = begun.take(environment.folder.name, Chain)
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
