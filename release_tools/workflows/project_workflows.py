"""What can be found out about a project before anything is asked."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from release_tools import addresses
from release_tools.builders.backend_facts import find_name
from release_tools.builders.planner import make_plan
from release_tools.commit import COMMIT
from release_tools.config.loader import read_pyproject
from release_tools.engine.context import Context
from release_tools.errors import ConfigError, ReleaseToolsError, RepositoryError, UsageError
from release_tools.forges.github.client import GitHub
from release_tools.git.remote import Remote
from release_tools.git.repository import Repository
from release_tools.project.facts import Project, VersionSource, is_python_project
from release_tools.project.tag_spelling import find_tag_format
from release_tools.publishers.routes import Publishers
from release_tools.system.process import ProcessError
from release_tools.workflows.jobs import WorkflowPlan, publishing_jobs
from release_tools.workflows.render import CHECK, RELEASE
from release_tools.workflows.workflow_files import read_yaml


@dataclass(frozen=True)
class ProjectWorkflows:
    """A project whose workflows are written, compared or judged.

    Attributes:
        context: of the run.
        root: the top folder of its repository.
        name: the project's.
        folder: the project's in the repository, with forward slashes; ``.`` for the top.
        branch: the default one.
        slug: ``owner/name`` on GitHub; empty where the remote lies elsewhere.
        source: where the project keeps its version.
        backend: its build backend.
        texts: the workflows of ours that are there, by path.
    """

    context: Context
    root: Path
    name: str
    folder: str
    branch: str
    slug: str
    source: VersionSource
    backend: str
    texts: Mapping[str, str]

    @classmethod
    def of(cls, context: Context) -> Self:
        """Look at the project, its repository and its workflows.

        Raises:
            RepositoryError: it is not in a repository.
        """
        repository = Repository.open(context.project, context.env)
        project = Project.of(read_pyproject(context.project))
        remote = Remote(repository, context.config.tag.remote)
        hub = GitHub.of(context.env, context.http)
        paths = {path: repository.root / path for path in (RELEASE, CHECK)}
        return cls(
            context,
            repository.root,
            _name(context),
            context.project.relative_to(repository.root).as_posix(),
            context.config.tag.branch or _default_branch(repository, remote.name, context.env),
            context.config.github.repository or hub.slug(remote.url),
            project.source,
            project.backend,
            {
                path: file.read_text(encoding="utf-8", errors="replace")
                for path, file in paths.items()
                if file.is_file()
            },
        )

    @property
    def dev(self) -> bool:
        """Whether the workflow that is there publishes every commit on the branch."""
        try:
            triggers = read_yaml(RELEASE, self.texts.get(RELEASE, "")) or {}
            return "branches" in triggers[True]["push"]  # `on` is a truth value in YAML 1.1
        except (ConfigError, KeyError, TypeError):
            return False

    def plan(self, *, dev: bool, ours: str) -> WorkflowPlan:
        """What the workflows must hold.

        Args:
            dev: whether every commit on the branch is published as a development version.
            ours: this action, as ``uses:`` names it.

        Raises:
            BuildError: the project is compiled, and cibuildwheel is missing or refuses its settings.
            ConfigError: a route leads to a place that does not exist.
        """
        config = self.context.config
        dist = config.packages_dir if self.folder == "." else f"{self.folder}/{config.packages_dir}"
        jobs = publishing_jobs(self.context.shared(Publishers), is_dev=dev)
        tags = find_tag_format(self.context).globs
        build = make_plan(self.context.project, config.wheels, self.context.env, self.name, "")
        made = WorkflowPlan(self.name, self.branch, tags, self.folder, dist, jobs, dev, ours, matrix=build.matrix)
        return replace(made, is_prepared=self.source in {VersionSource.STATIC, VersionSource.BACKEND})


def _name(context: Context) -> str:
    """Return the project's name, or the word NAME where only the backend knows it, and cannot be asked here."""
    if not is_python_project(context.project, read_pyproject(context.project)):
        return context.project.name
    try:
        return find_name(context)
    except ReleaseToolsError:
        return "NAME"


def our_action(env: Mapping[str, str], version: str) -> str:
    """This action at the commit that this copy of release-tools is, as ``uses:`` names it.

    Raises:
        UsageError: this copy does not know its commit.
    """
    commit = COMMIT or _checkout_commit(env)
    if not commit:
        raise UsageError(
            "this copy of release-tools does not know the commit that it was made from",
            f"Name it: --action {addresses.ACTION}@COMMIT",
        )
    return f"{addresses.ACTION}@{commit}" + (f" # v{version}" if version else "")


def _checkout_commit(env: Mapping[str, str]) -> str:
    """The commit of the checkout that runs, where release-tools runs from one."""
    root = Path(__file__).parent.parent.parent
    if not (root / "action.yml").is_file():
        return ""
    try:
        return Repository.open(root, env).head().commit
    except RepositoryError:
        return ""


def _default_branch(repository: Repository, remote: str, env: Mapping[str, str]) -> str:
    """The remote's default branch as a job's event or the clone tells it, else the one that is checked out.

    A job for a pull request has neither a branch checked out nor a clone that remembers.
    """
    branch = _of_event(env)
    if branch:
        return branch
    try:
        head = repository.git("symbolic-ref", "--quiet", "--short", f"refs/remotes/{remote}/HEAD").strip()
        return head.removeprefix(f"{remote}/")
    except ProcessError:
        return repository.head().branch or "main"


def _of_event(env: Mapping[str, str]) -> str:
    try:
        event = json.loads(Path(env["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
        return str(event["repository"]["default_branch"])
    except (KeyError, OSError, ValueError, TypeError):
        return ""
