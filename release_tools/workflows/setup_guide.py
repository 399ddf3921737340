"""List what a person must register before the first release, with every value."""

from collections.abc import Iterator
from typing import Final

from release_tools import addresses
from release_tools.model.note import Note, State
from release_tools.publishers.base import JobNeeds
from release_tools.workflows.jobs import WorkflowPlan
from release_tools.workflows.render import RELEASE

TAG_ENVIRONMENT: Final = "release"
"""The environment of the job that tags a dispatched release."""


def list_setup_steps(plan: WorkflowPlan, slug: str) -> Iterator[Note]:
    """Yield one note for each thing to register, with the address of the page for it.

    Args:
        plan: whose jobs they are.
        slug: ``owner/name`` of the repository on GitHub; a placeholder is used where it is unknown.
    """
    repository = slug or "OWNER/REPOSITORY"
    settings = f"{addresses.GITHUB_SITE}/{repository}/settings/environments"
    yield Note(
        State.INFO,
        f"GitHub: create the environment {TAG_ENVIRONMENT}",
        settings,
        f"Add required reviewers there, and allow the branch {plan.branch} only: they approve a release that is started"
        " by hand, before it is tagged.",
    )
    for job in plan.jobs:
        if job.environment:
            yield Note(
                State.INFO, f"GitHub: create the environment {job.environment}", settings, _describe_protection(job)
            )
        yield from _list_credentials(plan, job, repository, settings)


def _list_credentials(plan: WorkflowPlan, job: JobNeeds, repository: str, settings: str) -> Iterator[Note]:
    """Yield one note for each credential of a job: a trusted publisher, or secrets."""
    owner, _, name = repository.partition("/")
    workflow = plan.paths.get(RELEASE, RELEASE).rpartition("/")[2]
    if job.trusting:
        yield Note(
            State.INFO,
            f"{job.trusting.title}: add a trusted publisher",
            f"project {plan.name}, owner {owner}, repository {name}, workflow {workflow},"
            f" environment {job.environment}",
            f"For a new project: {job.trusting.make_publishing_page(plan.name, is_new=True)};"
            f" for an existing one: {job.trusting.make_publishing_page(plan.name, is_new=False)}",
        )
    for secret in job.secrets:
        yield Note(
            State.INFO,
            f"GitHub: add the secret {secret} to the environment {job.environment}",
            settings,
            job.secret_advice,
        )


def _describe_protection(job: JobNeeds) -> str:
    return "Add required reviewers there if a person is to approve every release." if job.url_output else ""
