"""What a project's workflows must hold: one job for each place that its versions go to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from release_tools.config.schema import Config
from release_tools.engine.routes import (
    CONDA_FORGE,
    DRAFT,
    GITHUB,
    PYPI,
    TESTPYPI,
    Channel,
    Index,
    Server,
    publisher_names,
    route_for,
)
from release_tools.model.release import Kind
from release_tools.planning.build_plan import BuildJob
from release_tools.publishers.conda_channel.servers import TOKENS
from release_tools.system.credentials import ANACONDA_TOKEN, CONDA_FORGE_TOKEN, PYPI_PASSWORD

_READ: Final = ("contents: read", "to check out")
_MINT: Final = ("id-token: write", "to be a trusted publisher, without a password")
_RELEASE: Final = ("contents: write", "to make the release")


@dataclass(frozen=True)
class PublishJob:
    """The job that publishes to one place.

    Attributes:
        id: in the workflow.
        title: for a person.
        place: the name for ``--only``.
        permissions: each with its reason.
        environment: of GitHub, which holds the job's secrets and may ask for approval; empty without one.
        secrets: the names of what that environment holds.
        url: the action's output that a person may follow from the job.
        history: whether the whole history is needed, for the release notes.
    """

    id: str
    title: str
    place: str
    permissions: tuple[tuple[str, str], ...] = (_READ,)
    environment: str = ""
    secrets: tuple[str, ...] = ()
    url: str = ""
    history: bool = False


@dataclass(frozen=True)
class WorkflowPlan:
    """All that the templates fill in.

    Attributes:
        name: the project's.
        branch: where releases are made from.
        tags: patterns of the tags that start a release.
        project: the project's folder in the repository, with forward slashes; ``.`` for the top.
        dist: the folder of the artifacts in the repository.
        jobs: in the order in which they run.
        dev: whether every commit on the branch is published as a development version.
        ours: this action, as ``uses:`` names it, comment included.
        pins: other actions by name, each as ``SHA # version``, where the project's own differ from ours.
        matrix: the jobs that build the wheels of a compiled project; empty for a pure project.
    """

    name: str
    branch: str
    tags: tuple[str, ...]
    project: str
    dist: str
    jobs: tuple[PublishJob, ...]
    dev: bool
    ours: str
    pins: Mapping[str, str] = field(default_factory=dict)
    matrix: tuple[BuildJob, ...] = ()

    @property
    def built_by(self) -> str:
        """The id of the job whose output ``artifacts`` describes all files."""
        return "gather" if self.matrix else "build"


def jobs(config: Config, *, dev: bool) -> tuple[PublishJob, ...]:
    """A job for each place on the routes, in the order in which they are published.

    Args:
        config: the project's.
        dev: whether development versions are published too.

    Raises:
        ConfigError: a route names places that do not exist.
    """
    kinds = [kind for kind in Kind if dev or kind is not Kind.DEV]
    places: dict[str, Index | Channel] = {}
    for kind in kinds:
        way = route_for(config, kind)
        places |= {index.name: index for index in way.indexes}
        places |= {channel.name: channel for channel in way.channels}
    order = sorted(places.values(), key=lambda place: (isinstance(place, Channel), place != TESTPYPI))
    named = {name for kind in kinds for name in publisher_names(config, kind)}
    draft = PublishJob(DRAFT, "GitHub draft", DRAFT, (_RELEASE,), history=True)
    release = PublishJob(GITHUB, "GitHub release", GITHUB, (_RELEASE,), history=True)
    forge = PublishJob(
        CONDA_FORGE,
        "conda-forge",
        CONDA_FORGE,
        environment=CONDA_FORGE,
        secrets=(CONDA_FORGE_TOKEN,),
        url="conda-forge-pr-url",
    )
    every = (draft, *filter(None, map(_job, order)), release, forge)
    return tuple(job for job in every if job.place in named)


def _job(place: Index | Channel) -> PublishJob | None:
    name = _identifier(place.name)
    if isinstance(place, Index) and place.audience:
        url = {PYPI: "pypi-url"}.get(place, "")
        return PublishJob(name, place.title, place.name, (_READ, _MINT), environment=name, url=url)
    if isinstance(place, Index):
        return PublishJob(name, place.title, place.name, environment=name, secrets=("TWINE_USERNAME", PYPI_PASSWORD))
    if place.server is Server.FOLDER:
        return None  # a folder of this machine is none of a runner's
    secret = TOKENS[place.server]
    url = "anaconda-url" if secret == ANACONDA_TOKEN else ""
    title = "Anaconda.org" if place.server is Server.ANACONDA else place.name
    return PublishJob(name, title, place.name, environment=name, secrets=(secret,), url=url)


def _identifier(name: str) -> str:
    """A place's name as a job's id, which may hold letters, digits and hyphens."""
    return "-".join(part for part in "".join(c if c.isalnum() else " " for c in name).split()) or "place"
