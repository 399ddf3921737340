"""The workflows of a repository as this action's uses in them: which job does what, with which rights."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Any, Final, Self

from release_tools import addresses
from release_tools.errors import ConfigError

_LARGEST: Final = 1_000_000
_OURS: Final = re.compile(rf"{re.escape(addresses.ACTION)}@")
_PINNED: Final = re.compile(r"@[0-9a-f]{40}$|^\./")
_SECRET: Final = re.compile(r"\$\{\{\s*secrets\.\w+\s*\}\}")


@dataclass(frozen=True)
class Use:
    """One step of a job that runs this action.

    Attributes:
        path: of the workflow in the repository.
        job: its id.
        uses: as the step names us.
        inputs: what it hands over.
        env: the environment of the step, its job and its workflow.
        permissions: of the job's token; None where nothing is said, and the repository's setting decides.
        environment: of GitHub; empty without one.
        depth: ``fetch-depth`` of the job's checkout as text; empty where it is not said, None without a checkout.
    """

    path: str
    job: str
    uses: str
    inputs: Mapping[str, str]
    env: Mapping[str, str]
    permissions: Mapping[str, str] | None
    environment: str
    depth: str | None

    @property
    def command(self) -> str:
        """Return the command that it runs."""
        return self.inputs.get("command", "release")

    @property
    def pinned(self) -> bool:
        """Return whether it names a commit, which nobody can move."""
        return _PINNED.search(self.uses) is not None

    def may(self, right: str, level: str) -> bool:
        """Return whether the job's token has a right: ``may("id-token", "write")``."""
        granted = (self.permissions or {}).get(right, "none")
        return granted in ("write", level)

    def has_secret(self, name: str) -> bool:
        """Return whether the step gets a secret under this name."""
        return _SECRET.fullmatch(self.env.get(name, "")) is not None


@dataclass(frozen=True)
class Workflow:
    """One workflow.

    Attributes:
        path: in the repository.
        triggers: event to its filters.
        uses: every step of it that runs this action.
    """

    path: str
    triggers: Mapping[str, Any]
    uses: tuple[Use, ...]

    @classmethod
    def read(cls, root: Path, file: Path) -> Self:
        """Return a workflow file.

        Raises:
            ConfigError: it is no YAML, or no workflow.
        """
        path = file.relative_to(root).as_posix()
        if file.stat().st_size > _LARGEST:
            raise ConfigError(f"{path}: larger than {_LARGEST:,} bytes")
        data = read_yaml(path, file.read_bytes())
        if not isinstance(data, dict) or not isinstance(data.get("jobs"), dict):
            raise ConfigError(f"{path}: has no jobs")
        on = data.get(True, data.get("on"))  # `on` is a truth value in YAML 1.1
        return cls(path, _triggers(on), tuple(_uses(root, path, data)))


def read_yaml(path: str, content: str | bytes) -> Any:  # noqa: ANN401 - YAML is anything
    """Return a YAML file as plain data.

    Aliases are common in workflows, so they are allowed; but their values may be written out later, and so has a
    limit.

    Raises:
        ConfigError: it is no YAML, nested too deep, or its aliases expand to too much.
    """
    from yaml import YAMLError, safe_load

    try:
        data = safe_load(content)
    except (YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    if _written_out(data, {}) > _LARGEST:
        raise ConfigError(f"{path}: its aliases expand to more than {_LARGEST:,} values")
    return data


def _written_out(value: object, known: dict[int, float]) -> float:
    """Return how many values there are with each alias replaced by its value."""
    if not isinstance(value, dict | list):
        return 1
    if id(value) not in known:
        known[id(value)] = inf  # while it is not counted, only an alias inside of itself can ask
        inner = (*value.keys(), *value.values()) if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_written_out(item, known) for item in inner)
    return known[id(value)]


def files(root: Path) -> list[Path]:
    """Return the workflow files of a repository."""
    folder = root / ".github" / "workflows"
    return sorted((*folder.glob("*.yml"), *folder.glob("*.yaml")))


def _triggers(on: object) -> dict[str, Any]:
    if isinstance(on, dict):
        return {str(event): filters if isinstance(filters, dict) else {} for event, filters in on.items()}
    return {str(event): {} for event in (on if isinstance(on, list) else [on])}


def _uses(root: Path, path: str, workflow: Mapping[str, Any]) -> Iterator[Use]:
    own = (root / "release_tools").is_dir()  # our own repository, which uses itself
    for name, job in workflow["jobs"].items():
        steps = [step for step in job.get("steps", ()) if isinstance(step, dict)] if isinstance(job, dict) else []
        checkouts = [
            _texts(step.get("with")) for step in steps if str(step.get("uses")).startswith("actions/checkout@")
        ]
        for step in steps:
            if _OURS.match(str(step.get("uses", ""))) or (own and step.get("uses") == "./"):
                environment = job.get("environment", "")
                yield Use(
                    path,
                    str(name),
                    str(step["uses"]),
                    _texts(step.get("with")),
                    _texts(workflow.get("env")) | _texts(job.get("env")) | _texts(step.get("env")),
                    _permissions(job.get("permissions", workflow.get("permissions"))),
                    str(environment.get("name", "") if isinstance(environment, dict) else environment),
                    _texts(checkouts[0].get("with")).get("fetch-depth", "") if checkouts else None,
                )


def _permissions(value: object) -> dict[str, str] | None:
    if isinstance(value, str):
        level = {"write-all": "write", "read-all": "read"}.get(value, "none")
        return dict.fromkeys(("contents", "id-token"), level)
    return _texts(value) if isinstance(value, dict) else None


def _texts(value: object) -> dict[str, str]:
    return {str(key): _text(item) for key, item in value.items()} if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
