"""Read the workflows of a repository as the steps in them that publish, or run this action."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Self

from release_tools import addresses
from release_tools.errors import ConfigError
from release_tools.parsed_values import parse_yaml
from release_tools.regular_files import read_regular_file
from release_tools.workflows.other_tools import SECRET_NAME, PublishingStep, read_publishing_step

_LARGEST: Final = 1_000_000
_OURS: Final = re.compile(rf"{re.escape(addresses.ACTION)}@")
_PINNED: Final = re.compile(r"@[0-9a-f]{40}$|^\./")
_OTHER_CHECKOUT: Final = re.compile(r"\b(?:git (?:clone|fetch|init)|gh (?:repo clone|pr checkout))\b")
_PUBLISHING: Final = ("publish", "release")
_SECRET: Final = re.compile(r"\$\{\{\s*secrets\.(?P<name>\w+)\s*\}\}")


@dataclass(frozen=True)
class Use:
    """One step of a job that runs this action, or publishes with another tool.

    A step with another tool is read as a ``publish`` of this action to the same destination.

    Attributes:
        path: the workflow's path in the repository.
        job: the job's id.
        uses: the step's ``uses``; empty for a script.
        inputs: the inputs of the step.
        env: the environment of the step, its job and its workflow.
        permissions: those of the job's token; None where the repository's setting decides.
        environment: the name of the job's environment; empty without one.
        depth: ``fetch-depth`` of the job's checkout as text; empty where it is not given, None without a checkout.
        tool: the other tool; empty for this action.
        conditions: of the job and of the step.
        cancels: ``cancel-in-progress`` of the workflow and of the job, where a newer run may cancel an older one.
        entry: the path of the workflow that GitHub starts: the caller of a reusable one.
        lost_secrets: those that the step reads and the caller of its workflow does not pass on.
    """

    path: str
    job: str
    uses: str
    inputs: Mapping[str, str]
    env: Mapping[str, str]
    permissions: Mapping[str, str] | None
    environment: str
    depth: str | None
    tool: str = ""
    conditions: tuple[str, ...] = ()
    cancels: tuple[str, ...] = ()
    entry: str = ""
    lost_secrets: tuple[str, ...] = ()

    @property
    def command(self) -> str:
        """Return the command that it runs."""
        return self.inputs.get("command", "release")

    @property
    def is_publishing(self) -> bool:
        """Return whether it publishes."""
        return self.command in _PUBLISHING

    @property
    def pinned(self) -> bool:
        """Return whether it names a commit, which nobody can move."""
        return not self.uses or _PINNED.search(self.uses) is not None

    def may(self, right: str, level: str) -> bool:
        """Return whether the job's token has a permission: ``may("id-token", "write")``."""
        granted = (self.permissions or {}).get(right, "none")
        return granted in ("write", level)

    def has_secret(self, name: str) -> bool:
        """Return whether the step gets a secret under this name."""
        return _SECRET.fullmatch(self.env.get(name, "")) is not None


@dataclass(frozen=True)
class Workflow:
    """One workflow.

    Attributes:
        path: its path in the repository.
        triggers: the filters of each event.
        uses: every step that runs this action, or publishes with another tool.
        data: the parsed file.
        entry: the path of the workflow that GitHub starts: the caller of a reusable one.
    """

    path: str
    triggers: Mapping[str, Any]
    uses: tuple[Use, ...]
    data: Mapping[str, Any] = field(default_factory=dict, repr=False)
    entry: str = ""

    @property
    def started_path(self) -> str:
        """Return the path of the workflow that GitHub starts: its own where nothing calls it."""
        return self.entry or self.path

    @property
    def jobs(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the jobs by id."""
        return dict(_iterate_jobs(self.data))

    @classmethod
    def read(cls, root: Path, file: Path) -> Self:
        """Read a workflow file.

        Raises:
            ConfigError: it is no YAML, or no workflow.
        """
        path = file.relative_to(root).as_posix()
        try:
            content = read_regular_file(file, _LARGEST)
        except OSError as error:
            raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
        data = read_yaml(path, content)
        if not isinstance(data, dict) or not isinstance(data.get("jobs"), dict):
            raise ConfigError(f"{path}: has no jobs")
        on = data.get(True, data.get("on"))  # `on` is a truth value in YAML 1.1
        return cls(path, _read_triggers(on), tuple(_find_uses(root, path, data)), data, path)


def list_uses(workflows: Sequence[Workflow]) -> list[Use]:
    """Return the steps of all workflows that run this action, or publish with another tool."""
    return [use for workflow in workflows for use in workflow.uses]


def resolve_calls(workflows: Sequence[Workflow]) -> list[Workflow]:
    """Return the workflows with each reusable one as its callers start it.

    A called job has no more permissions than its caller grants, and the caller's where it names none.
    """
    resolved: list[Workflow] = []
    for workflow in workflows:
        resolved += _resolve_by_callers(workflow, workflows) or [workflow]
    return resolved


def _resolve_by_callers(called: Workflow, workflows: Sequence[Workflow]) -> list[Workflow]:
    """Return a reusable workflow as each of its callers starts it; nothing for any other workflow."""
    if "workflow_call" not in called.triggers:
        return []
    return [_resolve_call(called, caller, job) for caller, job in _find_calls(called, workflows)]


def _find_calls(called: Workflow, workflows: Sequence[Workflow]) -> Iterator[tuple[Workflow, Mapping[str, Any]]]:
    """Yield the jobs that call a reusable workflow, each with its own workflow."""
    for caller in workflows:
        for job in caller.jobs.values():
            if str(job.get("uses", "")).removeprefix("./") == called.path:
                yield caller, job


def _resolve_call(called: Workflow, caller: Workflow, job: Mapping[str, Any]) -> Workflow:
    """Return a reusable workflow as one job of another workflow starts it."""
    granted = _read_permissions(job.get("permissions", caller.data.get("permissions")))
    uses = tuple(
        replace(
            use,
            permissions=_choose_fewer(use.permissions, granted),
            entry=caller.path,
            lost_secrets=tuple(_find_lost_secrets(use, job.get("secrets"))),
        )
        for use in called.uses
    )
    return replace(called, triggers=caller.triggers, uses=uses, entry=caller.path)


def _find_lost_secrets(use: Use, passed: object) -> Iterator[str]:
    """Yield the secrets that a step of a reusable workflow reads and its caller does not pass on.

    Args:
        use: the step.
        passed: ``secrets`` of the calling job: ``inherit``, or a mapping by name.
    """
    if passed == "inherit":
        return
    known = _list_passed_secrets(passed)
    yield from (name for name in _find_secrets(use) if name not in known)


def _list_passed_secrets(passed: object) -> tuple[str, ...]:
    """Return the secrets that a called workflow gets by name; the job's own token is always one of them."""
    if isinstance(passed, dict):
        return ("GITHUB_TOKEN", SECRET_NAME, *passed)
    return ("GITHUB_TOKEN",)


def _find_secrets(use: Use) -> Iterator[str]:
    """Yield the names of the secrets in the environment of a step."""
    for value in use.env.values():
        match = _SECRET.fullmatch(value)
        if match:
            yield match["name"]


def _choose_fewer(called: Mapping[str, str] | None, granted: Mapping[str, str] | None) -> Mapping[str, str] | None:
    """Return the permissions of a called job, none of them above what its caller grants."""
    if called is None:
        return granted
    if granted is None:
        return called
    return {name: min(level, granted.get(name, "none"), key=_rank) for name, level in called.items()}


def _rank(level: str) -> int:
    return {"read": 1, "write": 2}.get(level, 0)


def read_yaml(path: str, content: str | bytes) -> Any:  # noqa: ANN401 - YAML is anything
    """Return the plain data of a YAML file.

    Raises:
        ConfigError: it is not YAML, is nested too deep, or its aliases expand to too much.
    """
    try:
        return parse_yaml(content)
    except ValueError as error:
        raise ConfigError(f"{path}: not valid YAML: {error}") from None


def read_job_names(title: str, content: str) -> tuple[str, ...]:
    """Return the ids of the jobs in a part of a workflow, whose anchors may be in another part.

    Args:
        title: what the part is called in messages.
        content: of the part, beginning with ``jobs:``.

    Raises:
        ConfigError: it is not YAML.
    """
    from yaml import AliasEvent, SafeLoader, ScalarNode, YAMLError, load

    class Loader(SafeLoader):
        """Reads every alias as an empty value."""

        def compose_node(self, parent: Any, index: Any) -> Any:  # noqa: ANN401 - nodes of PyYAML
            if self.check_event(AliasEvent):
                event = self.get_event()  # type: ignore[no-untyped-call]
                return ScalarNode("tag:yaml.org,2002:null", "", event.start_mark, event.end_mark)
            return super().compose_node(parent, index)

    try:
        jobs = load(content, Loader)["jobs"]  # noqa: S506 - a safe loader
    except (YAMLError, ValueError, RecursionError) as error:
        raise ConfigError(f"{title}: not valid YAML: {' '.join(str(error).split())}") from None
    return tuple(map(str, jobs)) if isinstance(jobs, dict) else ()


def list_files(root: Path) -> list[Path]:
    """Return the workflow files of a repository."""
    folder = root / ".github" / "workflows"
    return sorted((*folder.glob("*.yml"), *folder.glob("*.yaml")))


def _read_triggers(on: object) -> dict[str, Any]:
    if isinstance(on, dict):
        return {str(event): _read_filters(filters) for event, filters in on.items()}
    events = on if isinstance(on, list) else [on]
    return {str(event): {} for event in events}


def _read_filters(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _find_uses(root: Path, path: str, workflow: Mapping[str, Any]) -> Iterator[Use]:
    is_own_repository = (root / "release_tools").is_dir()  # which uses itself
    for name, job in _iterate_jobs(workflow):
        for step in _list_callers(job):
            env = _texts(workflow.get("env")) | _texts(job.get("env")) | _texts(step.get("env"))
            found = _read_step(step, env, is_own_repository=is_own_repository)
            if found is not None:
                use = _describe_step(workflow, job, step, found)
                yield replace(use, path=path, entry=path, job=name)


def _list_callers(job: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return what may run an action or a reusable workflow: the steps of a job, or the job itself."""
    steps = list_steps(job)
    return [*steps, job] if "uses" in job else steps


def _read_step(step: Mapping[str, Any], env: Mapping[str, str], *, is_own_repository: bool) -> PublishingStep | None:
    """Return what a step does by this action, or publishes with another tool; None where it does neither."""
    uses = str(step.get("uses", ""))
    if _OURS.match(uses) or (is_own_repository and uses == "./"):
        return PublishingStep("", _texts(step.get("with")), env)
    return read_publishing_step(step, env)


def _describe_step(
    workflow: Mapping[str, Any], job: Mapping[str, Any], step: Mapping[str, Any], found: PublishingStep
) -> Use:
    """Return a step with what its job and its workflow say about it, but not their names."""
    environment = job.get("environment", "")
    return Use(
        path="",
        job="",
        uses=str(step.get("uses", "")),
        inputs=found.inputs,
        env=found.env,
        permissions=_read_permissions(job.get("permissions", workflow.get("permissions"))),
        environment=str(environment.get("name", "") if isinstance(environment, dict) else environment),
        depth=_read_depth(list_steps(job)),
        tool=found.tool,
        conditions=tuple(_text(item["if"]) for item in (job, step) if "if" in item),
        cancels=tuple(_find_cancels(workflow.get("concurrency"), job.get("concurrency"))),
    )


def _iterate_jobs(workflow: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, job in workflow.get("jobs", {}).items():
        if isinstance(job, dict):
            yield str(name), job


def list_steps(job: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the steps of a job."""
    steps = job.get("steps")
    return [step for step in steps if isinstance(step, dict)] if isinstance(steps, list) else []


def _read_depth(steps: Sequence[Mapping[str, Any]]) -> str | None:
    """Return ``fetch-depth`` of the first checkout, 0 for one by a script, None where nothing is checked out."""
    for step in steps:
        uses = str(step.get("uses", ""))
        if uses.startswith("actions/checkout@"):
            return _texts(step.get("with")).get("fetch-depth", "")
        if _is_other_checkout(step):
            return "0"
    return None


def _is_other_checkout(step: Mapping[str, Any]) -> bool:
    """Return whether a step checks out by a script, or by an action of others."""
    action, script = str(step.get("uses", "")).partition("@")[0], str(step.get("run", ""))
    return "checkout" in action or _OTHER_CHECKOUT.search(script) is not None


def _find_cancels(*values: object) -> Iterator[str]:
    for value in values:
        if isinstance(value, dict) and "github.run_id" not in str(value.get("group")):
            yield _text(value.get("cancel-in-progress", False))


def _read_permissions(value: object) -> dict[str, str] | None:
    if isinstance(value, str):
        level = {"write-all": "write", "read-all": "read"}.get(value, "none")
        return dict.fromkeys(("contents", "id-token", "attestations", "pull-requests"), level)
    return _texts(value) if isinstance(value, dict) else None


def _texts(value: object) -> dict[str, str]:
    return {str(key): _text(item) for key, item in value.items()} if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
