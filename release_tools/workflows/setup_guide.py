"""What a person must register elsewhere before the first release, value by value."""

from collections.abc import Iterator
from typing import Final

from release_tools import addresses
from release_tools.model.note import Note, State
from release_tools.publishers.base import JobNeeds
from release_tools.publishers.package_index.index import PUBLIC_INDEXES
from release_tools.workflows.jobs import WorkflowPlan
from release_tools.workflows.render import RELEASE

_WORKFLOW: Final = RELEASE.rpartition("/")[2]


def setup_steps(plan: WorkflowPlan, slug: str) -> Iterator[Note]:
    """One line for each thing, with the address where it is done.

    Args:
        plan: whose jobs they are.
        slug: ``owner/name`` of the repository on GitHub; placeholders where it is not known.
    """
    owner, _, name = (slug or "OWNER/REPOSITORY").partition("/")
    settings = f"{addresses.GITHUB_SITE}/{owner}/{name}/settings/environments"
    for job in plan.jobs:
        if job.environment:
            yield Note(State.INFO, f"GitHub: make the environment {job.environment}", settings, _protection(job))
        for index in PUBLIC_INDEXES.values():
            if index.name == job.publisher:
                yield Note(
                    State.INFO,
                    f"{index.title}: add a trusted publisher",
                    f"project {plan.name}, owner {owner}, repository {name}, workflow {_WORKFLOW},"
                    f" environment {job.environment}",
                    f"A new project: {index.publishing_page(plan.name, is_new=True)};"
                    f" one that is there: {index.publishing_page(plan.name, is_new=False)}",
                )
        for secret in job.secrets:
            yield Note(
                State.INFO,
                f"GitHub: put the secret {secret} into the environment {job.environment}",
                settings,
                _made(job, plan.name),
            )


def _protection(job: JobNeeds) -> str:
    return "Ask there for a reviewer, if a person shall say yes to every release." if job.url_output else ""


def _made(job: JobNeeds, project: str) -> str:
    if job.publisher == "anaconda":
        return (
            f"Make it at {addresses.ANACONDA_SITE}, Settings, Access, with the scope api:write"
            f" (and for a first release of {project}, api:read)."
        )
    if job.publisher == "conda-forge":
        return (
            f"Make a classic one at {addresses.GITHUB_SITE}/settings/tokens/new?scopes=public_repo,workflow;"
            " without it, the patch is in the report."
        )
    return f"{job.title} gives it."
