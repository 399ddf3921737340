"""Notes of a project on GitHub: labels, categories, links to pull requests and accounts, and one text everywhere."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from release_tools.cli import main
from tests.servers.base import Fault, Response
from tests.servers.github import Bare, GitHub
from tests.servers.github.bare import EPOCH
from tests.servers.proxy import proxying
from tests.support.repositories import Checkout

pytestmark = pytest.mark.slow

SITE = "https://github.com"
REPO = f"{SITE}/ana/demo"
FILES = {"pyproject.toml": '[project]\nname = "demo"\nversion = "1.3.0"\n'}
RELEASE_YML = """\
changelog:
  exclude:
    labels: [Internal]
    authors: [renovate]
  categories:
    - title: Shiny things 🛠
      labels: [enhancement, Bug]
      exclude:
        labels: [dull]
    - title: Everything else
      labels: ["*"]
"""


@pytest.fixture
def server(tmp_path: Path) -> GitHub:
    server = GitHub(tmp_path / "hub")
    server.create("ana/demo")
    server.account("ana", "token-0123456789")
    server.emails |= {"ana@example.org": "ana", "ben@example.org": "ben"}
    return server


@pytest.fixture
def far(server: GitHub) -> Bare:
    return server.repositories["ana/demo"].bare


@pytest.fixture
def checkout(tmp_path: Path, server: GitHub) -> Iterator[Checkout]:
    """A project that was released as 1.3.0, without a changelog."""
    with proxying(server.routes) as proxy:
        made = Checkout.create(tmp_path, f"{REPO}.git", proxy.environment)
        made.commit(FILES)
        made.git("tag", "v1.3.0")
        yield made
        assert proxy.complaints == []


def change(checkout: Checkout, subject: str, author: str = "Ben <ben@example.org>") -> str:
    """Commit something of somebody's."""
    checkout.git("commit", "--quiet", "--allow-empty", "--author", author, "--message", subject)
    return checkout.head


def merged(server: GitHub, commit: str, *labels: str, title: str = "A title", author: str = "ben") -> int:
    """Let GitHub know the pull request of a commit, merged now."""
    pull = server.merged_pull(server.repositories["ana/demo"], title, author, commit)
    pull.merged = round(time.time()) - EPOCH + 10
    pull.labels.extend(labels)
    return pull.number


def push(checkout: Checkout, far: Bare) -> None:
    far.git("fetch", "--quiet", str(checkout.root), "main:main", "+refs/tags/*:refs/tags/*")


def notes(checkout: Checkout, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    assert main.main(["notes", "-C", str(checkout.root), *(arguments or ("1.4.0",))], checkout.env) == 0
    return capsys.readouterr().out


def test_labels_group_the_changes(
    checkout: Checkout, server: GitHub, far: Bare, capsys: pytest.CaptureFixture[str]
) -> None:
    for label in (
        "Type: bug",
        "enhancement",
        "kind/documentation",
        "breaking-change",
        "dependencies",
        "skip-changelog",
    ):
        number = len(server.repositories["ana/demo"].pulls) + 1
        merged(server, change(checkout, f"About {label.split('-')[0]} (#{number})"), label)
    push(checkout, far)
    said = notes(checkout, capsys)
    parts = [part.split("\n", 1)[0] for part in said.split("### ")[1:]]
    assert parts == [
        "Breaking changes", "Features", "Fixes", "Documentation", "Maintenance", "First contributions",
    ]  # fmt: skip
    assert f"- About enhancement ([#2]({REPO}/pull/2)), by [Ben]({SITE}/ben)" in said
    assert "skip" not in said


def test_the_categories_of_the_project_come_first(
    checkout: Checkout, server: GitHub, far: Bare, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout.root / ".github").mkdir()
    checkout.commit({".github/release.yml": RELEASE_YML}, "fix: categories")
    merged(server, change(checkout, "Shine (#1)"), "enhancement")
    merged(server, change(checkout, "Be dull (#2)"), "bug", "dull")
    merged(server, change(checkout, "Refactor (#3)"), "internal")
    merged(server, change(checkout, "Update (#4)", "renovate[bot] <x@y.example>"), author="renovate[bot]")
    push(checkout, far)
    said = notes(checkout, capsys).split("### ")[1:]
    assert [part.split("\n")[0] for part in said] == ["Shiny things 🛠", "Everything else", "First contributions"]
    assert "Shine" in said[0]
    assert "Be dull" in said[1]
    assert "categories" in said[1]
    assert not [part for part in said if "Refactor" in part or "Update" in part]


@pytest.mark.parametrize("text", ["", "changelog:", "changelog: {categories: [1, {}]}", "a: [", "- x", "\0"])
def test_a_file_without_categories_changes_nothing(
    checkout: Checkout, server: GitHub, far: Bare, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout.root / ".github").mkdir()
    merged(server, change(checkout, "Crash (#1)"), "bug")
    checkout.commit({".github/release.yml": text}, "ci: x")
    push(checkout, far)
    assert notes(checkout, capsys).count("Crash") == 1


def test_merges_and_rebases_are_known_by_their_pull_requests(
    checkout: Checkout, server: GitHub, far: Bare, capsys: pytest.CaptureFixture[str]
) -> None:
    checkout.git("checkout", "--quiet", "-b", "work")
    change(checkout, "Half", "Eve <7+eve@users.noreply.github.com>")
    checkout.git("checkout", "--quiet", "main")
    checkout.git("merge", "--quiet", "--no-ff", "-m", "Merge pull request #1 from eve/work", "work")
    merged(server, checkout.head, "bug", title="Stop the crash @ben", author="eve")
    merged(server, change(checkout, "Rebased"), "enhancement")
    push(checkout, far)
    said = notes(checkout, capsys)
    assert f"- Stop the crash @\u200bben ([#1]({REPO}/pull/1)), by [Eve]({SITE}/eve)" in said
    assert f"- Rebased ([#2]({REPO}/pull/2)), by [Ben]({SITE}/ben)" in said
    assert "Half" not in said
    assert f"- [Eve]({SITE}/eve) in [#1]({REPO}/pull/1)" in said.partition("### First contributions")[2]


def test_a_person_is_linked_once_and_a_bot_never(
    checkout: Checkout, server: GitHub, far: Bare, capsys: pytest.CaptureFixture[str]
) -> None:
    merged(
        server,
        change(
            checkout,
            "Fix it (#1)\n\nCo-authored-by: Ben B. <ben@example.org>"
            "\nCo-authored-by: Ana <1+ana@users.noreply.github.com>"
            "\nCo-authored-by: dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>",
        ),
    )
    push(checkout, far)
    said = notes(checkout, capsys).splitlines()[0]
    assert said.count(f"{SITE}/ben)") == said.count(f"{SITE}/ana)") == 1
    assert "bot" not in said


def test_an_account_of_another_service_is_not_linked(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    change(checkout, "Fix it", "Eve <7-eve@users.noreply.gitlab.com>")
    assert f"{SITE}/eve" not in notes(checkout, capsys)


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500])
def test_without_an_answer_the_types_of_commits_decide(
    checkout: Checkout, server: GitHub, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    change(checkout, "fix: a crash (#7)", "Eve <7+eve@users.noreply.github.com>")
    server.faults = [Fault(path="/repos/", times=None, response=Response.of_json({"message": "no"}, status))]
    said = notes(checkout, capsys, "1.4.0", "--network-pause", "1")
    assert said.startswith(f"### Fixes\n\n- a crash ([#7]({REPO}/pull/7)), by [Eve]({SITE}/eve)\n")


@pytest.mark.parametrize(
    "answer",
    [{"a": 1}, ["x"], [{}], [{"updated_at": 1}], [{"author": "x", "updated_at": "2999-01-01", "merged_at": 1}]],
)
def test_an_answer_of_another_form_is_no_answer(
    checkout: Checkout, server: GitHub, answer: object, capsys: pytest.CaptureFixture[str]
) -> None:
    change(checkout, "Repair (#7)")
    server.faults = [Fault(path="/repos/", times=None, response=Response.of_json(answer))]
    assert "- Repair (" in notes(checkout, capsys)


def test_a_commit_that_is_not_pushed_is_known_by_its_author(
    checkout: Checkout, far: Bare, capsys: pytest.CaptureFixture[str]
) -> None:
    push(checkout, far)
    change(checkout, "Repair", "Ana Author <ana@example.org>")
    assert notes(checkout, capsys).startswith(f"- Repair, by [Ana Author]({SITE}/ana)")


def test_many_pull_requests_are_read_page_by_page(
    checkout: Checkout, server: GitHub, far: Bare, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(120):
        merged(server, checkout.head, "bug")
    pulls = server.repositories["ana/demo"].pulls
    pulls[0].labels[:] = ["enhancement"]
    change(checkout, "Invent (#1)")
    push(checkout, far)
    assert notes(checkout, capsys).startswith("### Features\n\n- Invent")


def test_the_tag_the_release_and_the_report_have_one_text(
    checkout: Checkout, server: GitHub, far: Bare, capsys: pytest.CaptureFixture[str]
) -> None:
    merged(server, change(checkout, "Repair  it (#1)"), "bug")
    checkout.commit({"pyproject.toml": FILES["pyproject.toml"].replace("1.3.0", "1.4.0")}, "Prepare 1.4.0")
    push(checkout, far)
    said = notes(checkout, capsys).rstrip("\n")
    checkout.more["GITHUB_TOKEN"] = "token-0123456789"
    assert main.main(["tag", "-C", str(checkout.root), "1.4.0"], checkout.env) == 0
    assert far.git("for-each-ref", "--format=%(contents:body)", "refs/tags/v1.4.0").strip("\n") == said
    checkout.git("fetch", "--quiet", "--tags", "origin")
    # Labels change, and GitHub fails: what was released does not.
    server.repositories["ana/demo"].pulls[0].labels[:] = ["enhancement"]
    assert notes(checkout, capsys).rstrip("\n") == said
    server.faults = [Fault(path="/repos/", times=None, response=Response.of_json({"message": "no"}, 500))]
    assert notes(checkout, capsys).rstrip("\n") == said
    # A tag without a message, as actions/checkout leaves it, is read from GitHub.
    server.faults = []
    checkout.git("tag", "--force", "v1.4.0", checkout.head)
    assert notes(checkout, capsys).rstrip("\n") == said


@pytest.mark.parametrize("message", ["x", "Release 1.4.0\n\nSigned by me.", "demo 1.3.9\n\nOther notes", "demo 1.4.0"])
def test_a_tag_of_somebodys_own_has_no_notes(
    checkout: Checkout, far: Bare, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    change(checkout, "Repair")
    checkout.git("tag", "--annotate", "--message", message, "v1.4.0")
    push(checkout, far)
    assert notes(checkout, capsys).startswith("- Repair, by ")
