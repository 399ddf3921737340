"""Gather what is known about a project before its maintainer is asked anything."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from packaging.version import Version

from release_tools import addresses
from release_tools.builders.backend_facts import find_name
from release_tools.builders.conda.base import CondaProject
from release_tools.builders.conda.registry import plan_conda_packages
from release_tools.builders.planner import make_plan
from release_tools.commit import COMMIT
from release_tools.config.loader import read_pyproject
from release_tools.engine.context import Context
from release_tools.errors import ConfigError, ReleaseToolsError, RepositoryError, UsageError
from release_tools.forges.registry import choose_forge
from release_tools.git.remote import Remote
from release_tools.git.repository import Repository
from release_tools.model.release import Release
from release_tools.planning.build_plan import BuildPlan
from release_tools.project.facts import Project, VersionSource, is_python_project
from release_tools.project.tag_spelling import find_tag_format
from release_tools.publishers.routes import Publishers
from release_tools.regular_files import read_regular_file
from release_tools.system.process import ProcessError
from release_tools.workflows.generated_files import NAMELESS, find_workflow
from release_tools.workflows.jobs import WorkflowPlan, list_publishing_jobs
from release_tools.workflows.render import CHECK, RELEASE
from release_tools.workflows.workflow_files import read_yaml

_LARGEST_EVENT: Final = 50_000_000


@dataclass(eq=False)
class ProjectWorkflows:
    """A project whose workflows are written, compared or checked.

    Attributes:
        context: of the run.
        root: the top folder of its repository.
        name: the project's.
        folder: the project's in the repository, with forward slashes; ``.`` for the top.
        branch: the default one.
        slug: ``owner/name`` on GitHub; empty where the remote is elsewhere.
        source: where the project keeps its version.
        backend: its build backend.
        paths: where each workflow is, or would be written, by its default path.
        texts: the existing workflows that we wrote, by their default path.
        has_anchors: whether the server reads YAML's anchors in workflows.
    """

    context: Context
    root: Path
    name: str
    folder: str
    branch: str
    slug: str
    source: VersionSource
    backend: str
    paths: Mapping[str, str]
    texts: Mapping[str, str]
    has_anchors: bool = True

    @classmethod
    def of(cls, context: Context) -> Self:
        """Read the project, its repository and its workflows.

        Raises:
            RepositoryError: it is not in a repository.
        """
        repository = Repository.open(context.project, context.env)
        project = Project.of(read_pyproject(context.project))
        remote = Remote(repository, context.config.tag.remote)
        forge = choose_forge(context, remote.url)
        name = _choose_name(context)
        paths, texts = _find_workflows(repository.root, name)
        return cls(
            context,
            repository.root,
            name,
            context.project.relative_to(repository.root).as_posix(),
            context.config.tag.branch or _find_default_branch(repository, remote.name, context.env),
            context.config.github.repository or forge.slug(remote.url),
            project.source,
            project.backend,
            paths,
            texts,
            forge.site == addresses.GITHUB_SITE,
        )

    @property
    def existing(self) -> dict[str, str]:
        """Return the existing workflows that we wrote, by their paths."""
        return {self.paths[default]: text for default, text in self.texts.items()}

    @property
    def dev(self) -> bool:
        """Return whether the existing workflow publishes every commit on the branch."""
        try:
            triggers = read_yaml(RELEASE, self.texts.get(RELEASE, "")) or {}
            return "branches" in triggers[True]["push"]  # `on` is a truth value in YAML 1.1
        except (ConfigError, KeyError, TypeError):
            return False

    def plan(self, *, dev: bool, ours: str) -> WorkflowPlan:
        """Return the values for this project's workflows.

        Args:
            dev: whether every commit on the branch is published as a development version.
            ours: the value of ``uses:`` for this action.

        Raises:
            BuildError: the project is compiled, and cibuildwheel is missing or refuses its settings.
            ConfigError: a route names an unknown destination.
        """
        config = self.context.config
        dist = config.packages_dir if self.folder == "." else f"{self.folder}/{config.packages_dir}"
        jobs = list_publishing_jobs(self.context.reuse(Publishers), is_dev=dev)
        tags = find_tag_format(self.context).globs
        build = self._plan_build()
        return WorkflowPlan(
            self.name,
            self.branch,
            tags,
            self.folder,
            dist,
            jobs,
            dev,
            ours,
            matrix=build.matrix,
            repository=self.slug,
            has_submodules=(self.root / ".gitmodules").is_file(),
            has_anchors=self.has_anchors,
            paths=self.paths,
            is_prepared=self.source in {VersionSource.STATIC, VersionSource.BACKEND},
        )

    def _plan_build(self) -> BuildPlan:
        """Return the build plan of some version: only its jobs count."""
        context = self.context
        version = "1.0"
        plan = make_plan(context.project, context.config.wheels, context.env, self.name, version)
        release = Release(self.name, version, tag=find_tag_format(context).tag(Version(version)), plan=plan)
        return plan_conda_packages(CondaProject(context, release)) or plan


def _find_workflows(root: Path, name: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return the path of each workflow, and the text of those that exist, both by the default path."""
    paths, texts = {}, {}
    for default in (RELEASE, CHECK):
        paths[default], text = find_workflow(root, default, name)
        if text is not None:
            texts[default] = text
    return paths, texts


def _choose_name(context: Context) -> str:
    """Return the project's name, or a placeholder where only the backend knows it, and cannot be asked here."""
    if not is_python_project(context.project, read_pyproject(context.project)):
        return context.project.name
    try:
        return find_name(context)
    except ReleaseToolsError:
        return NAMELESS


def find_our_action(env: Mapping[str, str], version: str) -> str:
    """Return the value of ``uses:`` for this action, at the commit of this copy of release-tools.

    Raises:
        UsageError: the commit of this copy is unknown.
    """
    commit = COMMIT or _find_checkout_commit(env)
    if not commit:
        raise UsageError(
            "the commit of this copy of release-tools is unknown",
            f"Name it: --action {addresses.ACTION}@COMMIT",
        )
    return f"{addresses.ACTION}@{commit}" + (f" # v{version}" if _is_released(version) else "")


def _is_released(version: str) -> bool:
    """Return whether a version of release-tools can have a tag: one counted between tags has none."""
    return bool(version) and not Version(version).is_devrelease and not Version(version).local


def _find_checkout_commit(env: Mapping[str, str]) -> str:
    """Return the commit of the checkout that release-tools runs from, or an empty string."""
    root = Path(__file__).parent.parent.parent
    if not (root / "action.yml").is_file():
        return ""
    try:
        return Repository.open(root, env).head().commit
    except RepositoryError:
        return ""


def _find_default_branch(repository: Repository, remote: str, env: Mapping[str, str]) -> str:
    """Return the remote's default branch by the job's event or by the clone, else the branch that is checked out.

    In a job for a pull request no branch is checked out, and the clone does not know the default branch.
    """
    branch = _read_event(env)
    if branch:
        return branch
    try:
        head = repository.git("symbolic-ref", "--quiet", "--short", f"refs/remotes/{remote}/HEAD").strip()
        return head.removeprefix(f"{remote}/")
    except ProcessError:
        return repository.head().branch or "main"


def _read_event(env: Mapping[str, str]) -> str:
    try:
        event = json.loads(read_regular_file(Path(env["GITHUB_EVENT_PATH"]), _LARGEST_EVENT))
        return str(event["repository"]["default_branch"])
    except (KeyError, OSError, ValueError, TypeError, RecursionError):
        return ""
