"""The GitHub double, spoken to by PyGithub and git as they are, under GitHub's own names."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from github import Auth, Github, GithubException, InputGitTreeElement

from tests.servers.base import serve
from tests.servers.github import Addresses, GitHub, Repository, TokenKind
from tests.servers.proxy import Proxy, proxying

Hub = Callable[[str], Github]


@pytest.fixture
def server(tmp_path: Path) -> GitHub:
    server = GitHub(tmp_path)
    server.account("ana", "ana-secret")
    server.account("bob", "bob-secret")
    server.account("eve", "eve-secret", TokenKind.FINE_GRAINED)
    server.workflow_token("job-secret", "ana/demo")
    server.workflow_token("reading-secret", "ana/demo", writes=False)
    return server


@pytest.fixture
def demo(server: GitHub) -> Repository:
    return server.create("ana/demo", {"README.md": "Demo\n", "src/demo.py": "x = 1\n"})


@pytest.fixture
def proxy(server: GitHub, demo: Repository, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    assert demo.full_name
    with proxying(server.routes) as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def hub(proxy: Proxy) -> Iterator[Hub]:
    """PyGithub as somebody, by their token."""
    assert proxy.url
    opened: list[Github] = []

    def login(token: str) -> Github:
        auth = Auth.Token(token)
        opened.append(Github(auth=auth, retry=None, seconds_between_requests=None, seconds_between_writes=None))
        return opened[-1]

    yield login
    for each in opened:
        each.close()


def git(*arguments: str, cwd: Path, proxy: Proxy) -> subprocess.CompletedProcess[str]:
    environment = {**proxy.environment, "PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull}
    who = ("-c", "user.name=Ana", "-c", "user.email=ana@example.org")
    command = ["git", *who, *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("verb", "path", "body", "fault"),
    [
        ("POST", "/releases", {"tag_name": "v1", "pre_release": True}, "'pre_release' was unexpected"),
        ("POST", "/releases", {"name": "1"}, "'tag_name' is a required property"),
        ("POST", "/releases", {"tag_name": "v1", "draft": "yes"}, "'yes' is not of type 'boolean'"),
        ("POST", "/releases", {"tag_name": "v1", "make_latest": True}, "True is not"),
        ("GET", "/pulls?state=merged", None, "'merged' is not one of"),
        ("GET", "/pulls?who=ana", None, "no parameter 'who'"),
        ("POST", "/git/tags", {"tag": "v1", "message": "m", "object": "0" * 40, "type": "Tree"}, "'Tree' is not one"),
    ],
)  # fmt: skip
def test_what_breaks_githubs_description_is_refused(
    server: GitHub, demo: Repository, verb: str, path: str, body: object, fault: str
) -> None:
    assert demo.full_name
    with serve(server) as url:
        server.at = Addresses.enterprise(url)
        headers = {"Authorization": "Bearer ana-secret"}
        answer = requests.request(verb, f"{server.at.api}/repos/ana/demo{path}", json=body, headers=headers, timeout=5)
    assert answer.status_code == 400
    assert fault in server.complaints[0]


def test_an_answer_that_github_would_not_give_is_complained_of(
    server: GitHub, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.servers.github.serialize.Teller.user", lambda *_: {"login": "ana", "nick": "a"})
    with pytest.raises(GithubException):
        hub("ana-secret").get_repo("ana/demo")
    assert "'nick' was unexpected" in server.complaints[0]


def test_a_release_goes_from_draft_to_published(server: GitHub, hub: Hub, demo: Repository, tmp_path: Path) -> None:
    repo = hub("job-secret").get_repo("ana/demo")
    tag = repo.create_git_tag("v1.0", "One", repo.get_commit("main").sha, "commit")
    repo.create_git_ref("refs/tags/v1.0", tag.sha)
    release = repo.create_git_release("v1.0", "1.0", "notes", draft=True)
    assert "untagged-" in release.html_url
    assert [each.tag_name for each in repo.get_releases()] == ["v1.0"]
    assert list(hub("bob-secret").get_repo("ana/demo").get_releases()) == []
    wheel = tmp_path / "demo 1!0.whl"
    wheel.write_bytes(b"wheel")
    asset = release.upload_asset(str(wheel), label=wheel.name)
    assert (asset.name, asset.label) == ("demo.1.0.whl", "demo 1!0.whl")
    with pytest.raises(GithubException) as refused:
        release.upload_asset(str(wheel))
    assert refused.value.status == 422
    asset.download_asset(str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == b"wheel"
    release.update_release("1.0", "notes", draft=False, make_latest="true")
    assert repo.get_latest_release().id == release.id
    assert demo.bare.kind(demo.bare.refs()["refs/tags/v1.0"]) == "tag"
    assert server.complaints == []


def test_an_immutable_release_takes_no_more_files(hub: Hub, demo: Repository, tmp_path: Path) -> None:
    demo.immutable = True
    release = hub("ana-secret").get_repo("ana/demo").create_git_release("v1.0", "1.0", "notes", target_commitish="main")
    late = tmp_path / "late.txt"
    late.write_text("late")
    with pytest.raises(GithubException, match="immutable"):
        release.upload_asset(str(late))


def test_a_second_published_release_of_a_tag_is_refused(hub: Hub) -> None:
    repo = hub("ana-secret").get_repo("ana/demo")
    repo.create_git_release("v1.0", "1.0", "notes")
    draft = repo.create_git_release("v1.0", "1.0", "notes", draft=True)
    with pytest.raises(GithubException, match="already_exists"):
        draft.update_release("1.0", "notes", draft=False)
    assert [each.draft for each in repo.get_releases()] == [True, False]


@pytest.mark.slow
def test_a_pull_request_travels_from_a_fork(server: GitHub, hub: Hub, demo: Repository) -> None:
    bob = hub("bob-secret")
    upstream = bob.get_repo("ana/demo")
    fork = upstream.create_fork()
    demo.bare.commit({"more.txt": "more\n"})
    assert fork.merge_upstream("main").merge_type == "fast-forward"
    tip = fork.get_git_ref("heads/main").object.sha
    element = InputGitTreeElement("recipes/demo/recipe.yaml", "100644", "blob", content="recipe\n")
    tree = fork.create_git_tree([element], fork.get_git_tree(tip))
    commit = fork.create_git_commit("Add demo", tree, [fork.get_git_commit(tip)])
    fork.create_git_ref("refs/heads/release-tools/demo-1.0", commit.sha)
    pull = upstream.create_pull(base="main", head="bob:release-tools/demo-1.0", title="Adding", body="b", draft=True)
    pull.create_issue_comment("hello")
    assert [each.number for each in bob.search_issues("adding repo:ana/demo is:pr is:open in:title")] == [pull.number]
    assert [comment.body for comment in demo.pulls[0].comments] == ["hello"]
    with pytest.raises(GithubException, match="already exists"):
        upstream.create_pull(base="main", head="bob:release-tools/demo-1.0", title="Again", body="b")
    assert server.complaints == []


@pytest.mark.parametrize(
    ("token", "status"), [("eve-secret", 403), ("job-secret", 403), ("bob-secret", 404), ("nobody", 401)]
)
def test_nobody_writes_where_they_may_not(server: GitHub, hub: Hub, token: str, status: int) -> None:
    server.create("carl/other", {"README.md": "Other\n"})
    with pytest.raises(GithubException) as refused:
        hub(token).get_repo("carl/other").create_git_release("v1", "1", "n", draft=True)
    assert refused.value.status == status


def test_an_untouchable_repository_is_not_written_to_even_by_its_owner(
    server: GitHub, hub: Hub, proxy: Proxy, tmp_path: Path
) -> None:
    server.untouchable = {"ana"}
    with pytest.raises(GithubException):
        hub("ana-secret").get_repo("ana/demo").create_git_release("v1", "1", "n", draft=True)
    git("clone", "--quiet", "https://ana:ana-secret@github.com/ana/demo.git", "demo", cwd=tmp_path, proxy=proxy)
    assert git("push", "origin", "main:other", cwd=tmp_path / "demo", proxy=proxy).returncode != 0
    assert len(server.complaints) == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("who", "pushed"),
    [("ana:ana-secret@", True), ("x-access-token:job-secret@", True), ("bob:bob-secret@", False),
     ("x-access-token:reading-secret@", False), ("", False)],
)  # fmt: skip
def test_git_clones_and_only_writers_push(
    server: GitHub, demo: Repository, proxy: Proxy, tmp_path: Path, who: str, *, pushed: bool
) -> None:
    git("clone", "--quiet", f"https://{who}github.com/ana/demo", "clone", cwd=tmp_path, proxy=proxy)
    clone = tmp_path / "clone"
    assert (clone / "README.md").read_text() == "Demo\n"
    git("tag", "--annotate", "--message=One", "v1.0", cwd=clone, proxy=proxy)
    answer = git("-c", "core.askPass=true", "push", "origin", "refs/tags/v1.0", cwd=clone, proxy=proxy)
    assert (answer.returncode == 0) is pushed
    assert ("refs/tags/v1.0" in demo.bare.refs()) is pushed
    assert server.complaints == []
    assert proxy.complaints == []
