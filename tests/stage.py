"""Everything that a workflow meets when it releases: the world, a repository, and a runner.

What act does not enforce is laid into the copy of the workflow that it runs: a job gets the runner's address for
identity tokens only if its permissions say so.
"""

import shutil
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from release_tools.cli.main import main
from release_tools.workflows.render import FOLDER
from tests.acting import Run, Runner
from tests.servers.package_index import Publisher
from tests.support.repositories import Checkout
from tests.support.world import ANACONDA_TOKEN, CONDA_FORGE_TOKEN, GITHUB_TOKEN, PYPI_TOKEN, SLUG, World, world

ACT_ITSELF = "api.nektosact.com"  # which act asks for news of itself
SETTINGS = """
[tool.release-tools]
attestations = "off"
[tool.release-tools.verify]
conda-install = false
[tool.release-tools.conda]
channels = []
[tool.release-tools.network]
pause = 5
wait = 5
[tool.release-tools.anaconda]
owner = "octo"
[tool.release-tools.conda-forge]
enabled = {conda_forge}
"""


@dataclass(frozen=True)
class Stage(World):
    """Hold everything that a workflow meets when it releases.

    Attributes:
        checkout: the project's, with the workflows that init wrote, pushed to GitHub.
        runner: runs them.
    """

    checkout: Checkout
    runner: Runner

    def push_tag(self, tag: str) -> None:
        """Tag the commit, as a person does who then pushes the tag."""
        self.checkout.git("tag", "--annotate", "--message", tag, tag)
        self.push(tag)

    def push(self, ref: str) -> None:
        """Push as the person who may."""
        login = f"http.extraheader={self.github.basic(GITHUB_TOKEN)}"
        self.checkout.git("-c", login, "push", "--quiet", "origin", ref)

    def run(
        self,
        workflow: str,
        event: Mapping[str, object],
        name: str = "push",
        *,
        secrets: bool = True,
        before: Mapping[str, str] | None = None,
    ) -> Run:
        """Run one workflow of the project.

        Args:
            workflow: its file's name.
            event: the payload that starts it.
            name: of the event.
            secrets: whether it has those of its environments, and a token.
            before: what somebody does on the machine just before a job begins, by job.
        """
        shutil.rmtree(self.runner.folder / "artifacts", ignore_errors=True)  # on GitHub, each run has its own
        source = yaml.safe_load((self.checkout.root / FOLDER / workflow).read_text(encoding="utf-8"))
        self.provider.claims["job_workflow_ref"] = f"{SLUG}/{FOLDER}/{workflow}@{event.get('ref', '')}"
        source["on"] = source.pop(True)  # `on` is a truth value in YAML 1.1
        for job, content in source["jobs"].items():
            if content["permissions"].get("id-token") == "write":
                content["env"] = self.provider.environment
            if before and job in before:
                content["steps"].insert(0, {"run": before[job]})
        copy = self.folder / "workflows" / workflow
        copy.parent.mkdir(exist_ok=True)
        copy.write_text(yaml.safe_dump(source), encoding="utf-8")
        known = {
            "ANACONDA_API_TOKEN": ANACONDA_TOKEN,
            "GITHUB_TOKEN": GITHUB_TOKEN,
            "CONDA_FORGE_TOKEN": CONDA_FORGE_TOKEN,
        }
        payload = {"repository": {"full_name": SLUG, "default_branch": "main"}, **event}
        return self.runner.run(self.checkout.root, payload, name=name, secrets=known if secrets else {}, workflow=copy)


@contextmanager
def stage(
    folder: Path,
    action: Path,
    files: Mapping[str, str],
    settings: str = "",
    env: Mapping[str, str] | None = None,
    *,
    conda_forge: bool = False,
    folders: Sequence[str] = ("",),
) -> Iterator[Stage]:
    """A project that is registered everywhere and was never released; at the end, that no unlisted host was asked.

    A project without ``pyproject.toml`` is called demo.

    Args:
        folder: for all of it.
        action: our own, as `make_action` makes it.
        files: of the project.
        settings: more of its configuration.
        env: more environment for every step of a workflow.
        conda_forge: whether the project is proposed there, which does not know it yet.
        folders: of the projects in the repository, each with a slash at its end and its own workflows and tags.
    """
    reported = SETTINGS.format(conda_forge=str(conda_forge).lower()) + settings
    servers = ("pypi", "testpypi", "anaconda", "github", "provider")
    with world(folder, *servers, excused=lambda complaint: ACT_ITSELF in complaint) as base:
        base.github.create(SLUG)
        base.open_conda_forge()
        for index in (base.pypi, base.testpypi):
            del index.tokens[PYPI_TOKEN]  # a job shows an identity token
            for number, name in enumerate(_find_name(files, project) for project in folders):
                index.publishers.append(Publisher(name, SLUG, f"release-{name}.yml" if number else "release.yml"))
        checkout = Checkout.create(folder, f"https://github.com/{SLUG}.git", base.proxy.environment)
        checkout.git("rm", "--quiet", "pyproject.toml", "demo.py")
        checkout.write(files)
        for project in folders:
            checkout.write(_configure(files, project, reported))
        ours = ("--action", f"python-release-tools/python-release-tools@{'a' * 40}")
        for project in folders:
            assert main(["init", "-C", str(checkout.root / project), "--yes", *ours], checkout.env) == 0
        checkout.commit({})
        runner = Runner(folder / "runner", action, {**base.proxy.environment, **(env or {})})
        made = Stage(**vars(base), checkout=checkout, runner=runner)
        made.push("main")
        yield made


def _find_name(files: Mapping[str, str], folder: str) -> str:
    """Return a project's name."""
    table = tomllib.loads(files.get(f"{folder}pyproject.toml", ""))
    stated = table.get("project") or table.get("tool", {}).get("poetry") or {"name": "demo"}
    return str(stated["name"])


def _configure(files: Mapping[str, str], folder: str, settings: str) -> dict[str, str]:
    """Return the file with a project's settings, by path: ``pyproject.toml``, or our own where it has none."""
    path = f"{folder}pyproject.toml"
    if folder:
        table = "[tool.release-tools]\n"
        settings = settings.replace(table, f'{table}tag-format = "{_find_name(files, folder)}-v{{version}}"\n')
    if path in files:
        return {path: files[path] + settings}
    own = settings.replace("[tool.release-tools]\n", "").replace("[tool.release-tools.", "[")
    return {f"{folder}release-tools.toml": own}
