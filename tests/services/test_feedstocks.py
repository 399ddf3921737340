"""The feedstock of a package: found by its name or named in the settings, and read without writing anything."""

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from release_tools.config.loader import read_config
from release_tools.engine.context import Context
from release_tools.engine.gate import Gate
from release_tools.errors import ConfigError, RecipeError, ReleaseToolsError, UnreachableError
from release_tools.publishers.conda_forge.feedstocks import Feedstock, ask_feedstock
from release_tools.system.console import Console
from tests.servers.base import Fault, Response, What
from tests.servers.github import GitHub
from tests.servers.proxy import proxying

V1 = {"recipe/recipe.yaml": "schema_version: 1\n"}
V0 = {"recipe/meta.yaml": "package:\n"}
OUTPUTS = {"outputs/d/e/m/demo-core.json": '{"feedstocks": ["demo"]}', "outputs/x/z/z/x.json": "no json"}

Asking = Callable[..., Feedstock | None]


@pytest.fixture
def server(tmp_path: Path) -> GitHub:
    server = GitHub(tmp_path / "hub")
    server.untouchable = {"conda-forge"}
    server.create("conda-forge/feedstock-outputs", OUTPUTS)
    return server


@pytest.fixture
def ask(tmp_path: Path, server: GitHub) -> Iterator[Asking]:
    with proxying(server.routes) as proxy:

        def asking(package: str, feedstock: str = "", branch: str = "", **env: str) -> Feedstock | None:
            env = {**proxy.environment, "HOME": str(tmp_path), **env}
            config = read_config(tmp_path, env, {"conda-forge.feedstock": feedstock, "network.pause": "1"})
            console = Console(env, out=io.StringIO(), err=io.StringIO())
            context = Context(tmp_path, config, env, console, Gate(is_dry_run=True), tmp_path)
            try:
                return ask_feedstock(context, package, branch)
            finally:
                context.close()

        yield asking
        assert proxy.complaints == []
        assert [line for line in server.lines() if not line.startswith("GET")] == []


@dataclass(frozen=True)
class Case:
    """Describe what there is, what is asked for, and what is found: the repository and the recipe's path in it."""

    there: Mapping[str, Mapping[str, str]]
    package: str = "demo"
    feedstock: str = ""
    branch: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    found: tuple[str, str] | None = ("conda-forge/demo-feedstock", "recipe/recipe.yaml")


DEMO = {"conda-forge/demo-feedstock": V1}
OLD = "recipe/meta.yaml"
CASES = {
    "by its name": Case(DEMO),
    "the older format": Case({"conda-forge/demo-feedstock": V0}, found=("conda-forge/demo-feedstock", OLD)),
    "both formats": Case({"conda-forge/demo-feedstock": {**V0, **V1}}),
    "none": Case({}, found=None),
    "none of a short name": Case({}, "x", found=None),
    "an output of another": Case(DEMO, "demo-core"),
    "hyphens": Case({"conda-forge/a-b-feedstock": V0}, "a_b", found=("conda-forge/a-b-feedstock", OLD)),
    "underscores": Case({"conda-forge/a_b-feedstock": V0}, "a-b", found=("conda-forge/a_b-feedstock", OLD)),
    "configured": Case(DEMO, "other", feedstock="demo"),
    "configured in full": Case({"octo/x-feedstock": V0}, feedstock="octo/x-feedstock", found=("octo/x-feedstock", OLD)),
    "no such branch": Case(DEMO, branch="rc", found=None),
    "no such branch, configured": Case(DEMO, feedstock="demo", branch="rc", found=None),
    "another server's token is not shown": Case(
        DEMO, env={"GITHUB_TOKEN": "theirs", "GITHUB_SERVER_URL": "https://git.example"}
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_feedstock_is_found(server: GitHub, ask: Asking, case: Case) -> None:
    for name, files in case.there.items():
        server.create(name, files)
    found = ask(case.package, case.feedstock, case.branch, **case.env)
    assert (found and (found.repository.slug, found.path)) == case.found
    if found:
        repository = server.repositories[found.repository.slug]
        assert (found.branch, found.commit) == ("main", repository.bare.resolve("refs/heads/main"))
        assert found.text == next(iter(case.there.values()))[found.path]
        assert found.configured is bool(case.feedstock)


def test_another_branch_is_read(server: GitHub, ask: Asking) -> None:
    feedstock = server.create("conda-forge/demo-feedstock", V1)
    feedstock.bare.commit({"recipe/recipe.yaml": "rc\n"}, branch="rc")
    found = ask("demo", branch="rc")
    assert found
    assert (found.text, found.branch) == ("rc\n", "rc")


@pytest.mark.parametrize(
    ("feedstock", "there", "error"),
    [
        ("demo", {}, ConfigError),
        ("no name", {}, ConfigError),
        ("", {"conda-forge/demo-feedstock": {"README.md": "-\n"}}, RecipeError),
    ],
)
def test_what_cannot_be_read_is_said(
    server: GitHub, ask: Asking, feedstock: str, there: Mapping[str, Mapping[str, str]], error: type[ReleaseToolsError]
) -> None:
    for name, files in there.items():
        server.create(name, files)
    with pytest.raises(error):
        ask("demo", feedstock)


@pytest.mark.parametrize("fault", [Fault(What.DROP, times=None), Fault(response=Response(502), times=None)])
def test_a_dry_run_asks_once_where_github_fails(server: GitHub, ask: Asking, fault: Fault) -> None:
    server.faults = [fault]
    with pytest.raises(UnreachableError):
        ask("demo")
    assert len(server.log) == 1
