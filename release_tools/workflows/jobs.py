"""List the jobs that a project's workflows need: those that its publishers ask for."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from release_tools.model.release import Kind
from release_tools.planning.build_plan import BuildJob
from release_tools.publishers.base import JobNeeds, Phase
from release_tools.publishers.routes import Publishers


@dataclass(frozen=True)
class WorkflowPlan:
    """All that the templates fill in.

    Attributes:
        name: the project's name.
        branch: where releases are made from.
        tags: patterns of the tags that start a release.
        project: the project's folder in the repository, with forward slashes; ``.`` for the top.
        dist: the folder of the artifacts in the repository.
        jobs: in the order in which they run.
        is_dev: whether every commit on the branch is published as a development version.
        action: this action, as ``uses:`` names it, comment included.
        pins: other actions by name, each as ``SHA # version``, where the project's own differ from ours.
        matrix: the jobs that build the wheels of a compiled project; empty for a pure project.
        is_prepared: whether the version is in a file, which a dispatched release raises by a pull request first.
    """

    name: str
    branch: str
    tags: tuple[str, ...]
    project: str
    dist: str
    jobs: tuple[JobNeeds, ...]
    is_dev: bool
    action: str
    pins: Mapping[str, str] = field(default_factory=dict)
    matrix: tuple[BuildJob, ...] = ()
    is_prepared: bool = False

    @property
    def built_by(self) -> str:
        """The id of the job whose output ``artifacts`` describes all files."""
        return "gather" if self.matrix else "build"


def publishing_jobs(publishers: Publishers, *, is_dev: bool) -> tuple[JobNeeds, ...]:
    """Return the jobs of all publishers on the routes, in the order in which they publish.

    Args:
        publishers: the project's.
        is_dev: whether development versions are published too.

    Raises:
        ConfigError: a route names unknown destinations.
    """
    found: dict[str, tuple[Phase, JobNeeds]] = {}
    for kind in Kind:
        if kind is Kind.DEV and not is_dev:
            continue
        names = publishers.names(kind)
        for publisher in publishers.route(kind):
            if publisher.name in names:
                for job in publisher.jobs():
                    found.setdefault(job.id, (job.phase or publisher.phases[0], job))
    return tuple(job for _, job in sorted(found.values(), key=lambda item: item[0]))
