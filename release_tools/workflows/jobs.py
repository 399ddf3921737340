"""List the jobs that a project's workflows need: those that its publishers ask for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from release_tools.model.release import Kind
from release_tools.planning.build_plan import BuildJob
from release_tools.publishers.base import JobNeeds, Phase
from release_tools.publishers.routes import Publishers
from release_tools.workflows.generated_files import KeptParts


@dataclass(frozen=True)
class WorkflowPlan:
    """The values that the workflow templates are rendered with.

    Attributes:
        name: the project's name.
        branch: the branch that releases are made from.
        tags: patterns of the tags that start a release.
        project: the project's folder in the repository, with forward slashes; ``.`` for the top.
        dist: the folder of the artifacts in the repository.
        jobs: in the order in which they run.
        is_dev: True if every commit on the branch is published as a development version.
        action: the value of ``uses:`` for this action, comment included.
        pins: other actions by name, each as ``SHA # version``, where the project's own differ from ours.
        matrix: the jobs that build the wheels of a compiled project; empty for a pure project.
        is_prepared: True if the version is in a file, which a dispatched release raises by a pull request first.
        repository: ``owner/name`` on GitHub, for the guard against forks; empty if unknown.
        has_submodules: True if the repository has submodules.
        has_anchors: True if the server reads YAML's anchors in workflows, so that shared steps are written once.
        paths: where a workflow is written, by its default path.
        kept: what users changed in a workflow, by its default path.
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
    repository: str = ""
    has_submodules: bool = False
    has_anchors: bool = True
    paths: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, KeptParts] = field(default_factory=dict)

    @property
    def built_by(self) -> str:
        """Return the id of the job whose output ``artifacts`` describes all files."""
        return "gather" if self.matrix else "build"


def list_publishing_jobs(publishers: Publishers, *, is_dev: bool) -> tuple[JobNeeds, ...]:
    """Return the jobs of all publishers on the routes, in the order in which they publish.

    Args:
        publishers: the project's.
        is_dev: whether development versions are published too.

    Raises:
        ConfigError: a route names unknown destinations.
    """
    found: dict[str, tuple[Phase, JobNeeds]] = {}
    for kind in _list_kinds(is_dev=is_dev):
        for phase, job in _list_jobs(publishers, kind):
            found.setdefault(job.id, (phase, job))
    return tuple(job for _, job in sorted(found.values(), key=lambda item: item[0]))


def _list_kinds(*, is_dev: bool) -> list[Kind]:
    """Return the kinds of versions that are published."""
    return [kind for kind in Kind if is_dev or kind is not Kind.DEV]


def _list_jobs(publishers: Publishers, kind: Kind) -> Iterator[tuple[Phase, JobNeeds]]:
    """Yield the jobs of the publishers that a kind of version goes to, each with its first phase."""
    names = publishers.names(kind)
    for publisher in publishers.route(kind):
        if publisher.name in names:
            yield from ((job.phase or publisher.phases[0], job) for job in publisher.jobs())
