"""Find workflows that run strangers' code with rights, and those that push tags which start nothing."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from release_tools.model.note import Note, State
from release_tools.workflows.workflow_files import Use, Workflow, list_steps

_UNTRUSTED_EVENTS: Final = ("pull_request_target", "workflow_run", "issue_comment")
_HEAD: Final = re.compile(
    r"github\.event\.pull_request\.(?:head|merge)|github\.head_ref|github\.event\.workflow_run\.head|refs/pull/|pull/\$"
    r"|gh pr checkout|github\.event\.(?:number|pull_request\.number|issue\.number)"
)
_CHECKOUT: Final = re.compile(r"\bgit (?:fetch|pull|checkout|clone)\b|\bgh pr checkout\b")
_TAGGING_ACTIONS: Final = re.compile(
    r"(?:mathieudutour/github-tag-action|anothrNick/github-tag-action|rickstaa/action-create-tag"
    r"|python-semantic-release/python-semantic-release|softprops/action-gh-release|ncipollo/release-action"
    r"|googleapis/release-please-action|commitizen-tools/commitizen-action)@",
    re.IGNORECASE,
)
_TAGGING_SCRIPT: Final = re.compile(
    r"\bgit push\b[^\n]{0,200}(?:--tags|--follow-tags|--mirror|refs/tags/|\bv?\$)|\bgh release create\b"
    r"|\bsemantic-release\b[^\n]{0,200}\b"
    r"(?:version|publish)\b|\brelease-tools +(?:tag|release)\b(?![^\n]{0,200}--dry-run)"
)
_BUILD_ACTIONS: Final = re.compile(
    r"(?:pypa/cibuildwheel|PyO3/maturin-action|hynek/build-and-inspect-python-package|messense/maturin-action)@",
    re.IGNORECASE,
)
_BUILD_SCRIPT: Final = re.compile(
    r"\b(?:python[\d.]*|py|pipx run|uvx?|uv run) +(?:-m +)?(?:build|cibuildwheel)\b|\bpyproject-build\b"
    r"|\b(?:uv|hatch|poetry|pdm|flit|maturin) +build\b|\bpip +wheel\b|\bcibuildwheel +"
    r"|\bsetup\.py +(?:[a-z_]+ +)*(?:sdist|bdist_wheel|bdist)\b"
    r"|\b(?:flit|maturin) +publish\b|\bpdm +publish\b(?![^\n]{0,80}--no-build)|\bpoetry +publish\b[^\n]{0,80}--build"
    r"|\b(?:nox|tox)\b[^\n]{0,80}\bbuild\b|\bmake +(?:build|dist)\b"
)
"""Commands that run a build backend, and so code of the project and of its build requirements."""
_OWN_TOKEN: Final = re.compile(r"\$\{\{\s*secrets\.(?!GITHUB_TOKEN\b)\w+|steps\.[\w-]+\.outputs\.token")
_TAG_EVENTS: Final = frozenset({"push", "release", "create"})
_STARTS_OTHERS: Final = re.compile(r"gh workflow run|/dispatches\b|createWorkflowDispatch")


def check_untrusted_code(workflow: Workflow) -> Iterator[Note]:
    """Yield the jobs that check out a stranger's commit where the event gives them rights or secrets."""
    event = _find_untrusted_event(workflow)
    if not event:
        return
    for name, job in workflow.jobs.items():
        if _has_rights(workflow, job) and any(map(_is_untrusted_checkout, list_steps(job))):
            yield Note(
                State.FAILED,
                f"{workflow.path}, job {name}: runs on {event} with write permissions or secrets, and checks out"
                " the code of the pull request",
                advice="Use the event pull_request, or do not check out its head: anybody could release by it.",
            )


def _find_untrusted_event(workflow: Workflow) -> str:
    """Return the event by which strangers can start a workflow with rights; empty where there is none."""
    return next((event for event in _UNTRUSTED_EVENTS if event in workflow.triggers), "")


def _is_untrusted_checkout(step: Mapping[str, Any]) -> bool:
    if str(step.get("uses", "")).startswith("actions/checkout@"):
        return _names_head(step.get("with"))
    script, env = str(step.get("run", "")), str(step.get("env", ""))
    return _CHECKOUT.search(script) is not None and _HEAD.search(script + env) is not None


def _names_head(inputs: object) -> bool:
    """Return whether the inputs of a checkout name the commit, or the repository, of a pull request."""
    if not isinstance(inputs, dict):
        return False
    return any(_HEAD.search(str(inputs.get(name, ""))) for name in ("ref", "repository"))


def _has_rights(workflow: Workflow, job: Mapping[str, Any]) -> bool:
    permissions = job.get("permissions", workflow.data.get("permissions"))
    if permissions is None or "secrets." in str(job) or job.get("environment"):
        return True
    return "write" in str(permissions)


def check_builds_with_identity(workflow: Workflow) -> Iterator[Note]:
    """Yield the jobs of a publishing workflow that build by hand and could get a token for the index meanwhile.

    A build of this action is checked with the use of the action.
    """
    if not any(use.is_publishing for use in workflow.uses):
        return
    for name, job in workflow.jobs.items():
        if _has_identity(workflow, job) and any(map(_is_build, list_steps(job))):
            yield Note(
                State.FAILED,
                f"{workflow.path}, job {name}: builds with id-token: write: the build could get a token for PyPI",
                advice="Build in another job without it, and pass the files on by an artifact.",
            )


def _has_identity(workflow: Workflow, job: Mapping[str, Any]) -> bool:
    """Return whether a job may get a token that says which workflow it is of."""
    permissions: object = job.get("permissions", workflow.data.get("permissions"))
    if isinstance(permissions, dict):
        return bool(permissions.get("id-token") == "write")
    return permissions == "write-all"


def _is_build(step: Mapping[str, Any]) -> bool:
    return bool(_BUILD_ACTIONS.match(str(step.get("uses", ""))) or _BUILD_SCRIPT.search(str(step.get("run", ""))))


def check_tags_by_workflow(workflows: Sequence[Workflow], publishing: Sequence[Workflow]) -> Iterator[Note]:
    """Yield the jobs that push a tag as the job itself, which starts no other workflow.

    https://docs.github.com/actions/concepts/security/github_token

    Args:
        workflows: all workflows.
        publishing: those that publish.
    """
    uploading = [workflow for workflow in publishing if any(map(_is_upload, workflow.uses))]
    started = _find_started_path(uploading)
    if not started:
        return
    for name in _find_lost_tags(workflows, uploading):
        yield Note(
            State.FAILED,
            f"{name}: pushes a tag with GITHUB_TOKEN, which does not start {started}",
            advice="Publish in the same workflow, as release-tools init writes it, or use the token of an app.",
        )


def _find_started_path(workflows: Sequence[Workflow]) -> str:
    """Return the path of the first workflow that a tag may start; empty where there is none."""
    return next((item.started_path for item in workflows if _TAG_EVENTS & item.triggers.keys()), "")


def _find_lost_tags(workflows: Sequence[Workflow], uploading: Sequence[Workflow]) -> Iterator[str]:
    """Yield the jobs that push a tag and start nothing with it, in other workflows than those that upload files."""
    own = _list_paths(uploading)
    for workflow in workflows:
        if workflow.path not in own and not _STARTS_OTHERS.search(str(workflow.data)):
            yield from (f"{workflow.path}, job {job}" for job in _find_tagging_jobs(workflow))


def _list_paths(workflows: Sequence[Workflow]) -> set[str]:
    """Return the paths of workflows and of those that call them."""
    return {path for workflow in workflows for path in (workflow.path, workflow.entry)}


def creates_tags(workflow: Workflow) -> bool:
    """Return whether a workflow tags its releases by another tool, as python-semantic-release and release-please do."""
    return any(_is_tagging_by_others(step) for job in workflow.jobs.values() for step in list_steps(job))


def _find_tagging_jobs(workflow: Workflow) -> Iterator[str]:
    """Yield the ids of the jobs that push a tag, and with no other token than the job's own."""
    for name, job in workflow.jobs.items():
        if _has_tagging_step(workflow, name, job) and not _OWN_TOKEN.search(str(job)):
            yield name


def _has_tagging_step(workflow: Workflow, name: str, job: Mapping[str, Any]) -> bool:
    return any(_is_tagging(step, workflow, name) for step in list_steps(job))


def _is_upload(use: Use) -> bool:
    """Return whether a step publishes more than a GitHub release, which may itself create the tag."""
    return use.is_publishing and not (use.tool and use.inputs.get("only") == "github")


def _is_tagging(step: Mapping[str, Any], workflow: Workflow, job: str) -> bool:
    return _is_tagging_by_others(step) or _is_tagging_by_us(step, workflow, job)


def _is_tagging_by_others(step: Mapping[str, Any]) -> bool:
    """Return whether a step pushes a tag by another action, or by a script."""
    by_action, by_script = str(step.get("uses", "")), str(step.get("run", ""))
    return bool(_TAGGING_ACTIONS.match(by_action) or _TAGGING_SCRIPT.search(by_script))


def _is_tagging_by_us(step: Mapping[str, Any], workflow: Workflow, job: str) -> bool:
    """Return whether a step runs this action's command ``tag``, and not as a dry run."""
    inputs = step.get("with")
    if not isinstance(inputs, dict) or "--dry-run" in str(inputs.get("arguments", "")):
        return False
    return inputs.get("command") == "tag" and _is_ours(step, workflow, job)


def _is_ours(step: Mapping[str, Any], workflow: Workflow, job: str) -> bool:
    """Return whether a step of a job runs this action."""
    uses = str(step.get("uses", ""))
    return any(use.job == job and use.uses == uses for use in workflow.uses)
