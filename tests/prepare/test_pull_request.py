"""A preparation in two jobs: one makes a patch, the other opens a pull request with it and runs nothing."""

import json
import os
from pathlib import Path

import pytest

from release_tools.cli import main
from tests.servers.base import Fault, Response
from tests.servers.github import Bare, GitHub
from tests.support.repositories import Checkout
from tests.support.world import GITHUB_TOKEN, SLUG, World

pytestmark = pytest.mark.slow

FILES = {
    "pyproject.toml": '[project]\nname = "demo"\nversion = "1.3.0"\n',
    "CHANGELOG.md": "# Changelog\n\n## Unreleased\n\n- Something\n\n## 1.3.0 - 2026-01-01\n\n- Old\n",
    "gone.txt": "x\n",
}
REFUSED = {"message": "GitHub Actions is not permitted to create or approve pull requests."}
BRANCH = "refs/heads/release-tools/prepare-demo-1.4.0"


@pytest.fixture
def checkout(hosted: World) -> Checkout:
    """A checkout in a job that has a token, whose project was released as 1.3.0."""
    made = Checkout.create(hosted.folder, f"https://github.com/{SLUG}.git", hosted.proxy.environment)
    made.commit(FILES)
    made.git("tag", "v1.3.0")
    made.commit({"demo.py": "x = 2\n"})
    login = f"http.extraheader={hosted.github.basic(GITHUB_TOKEN)}"
    made.git("-c", login, "push", "--quiet", "origin", "main", "v1.3.0")
    made.more["GITHUB_TOKEN"] = GITHUB_TOKEN
    return made


@pytest.fixture
def patch(checkout: Checkout, tmp_path: Path) -> Path:
    """The patch that the job without rights has made."""
    file = tmp_path / "prepared.patch"
    assert prepare(checkout, "--bump", "minor", "--patch", str(file)) == 0
    return file


def prepare(checkout: Checkout, *arguments: str) -> int:
    return main.main(["prepare", "-C", str(checkout.root), *arguments], checkout.env)


def propose(checkout: Checkout, patch: Path, *more: str) -> int:
    return prepare(checkout, "1.4.0", "--pull-request", str(patch), "--network-pause", "1", *more)


def test_a_patch_changes_nothing_here(checkout: Checkout, patch: Path) -> None:
    assert b'+version = "1.4.0"' in patch.read_bytes()
    assert checkout.git("status", "--porcelain") == ""
    checkout.git("apply", "--check", str(patch))


def test_the_pull_request_has_just_the_patch(checkout: Checkout, patch: Path, far: Bare, server: GitHub) -> None:
    before = far.refs()
    assert propose(checkout, patch) == 0
    assert {name: sha for name, sha in far.refs("refs/heads/").items() if name != BRANCH} == {
        name: sha for name, sha in before.items() if name.startswith("refs/heads/")
    }
    assert far.git("rev-list", "--count", f"main..{BRANCH}") == "1"
    assert far.git("diff", "--name-only", "main", BRANCH).split() == ["CHANGELOG.md", "pyproject.toml"]
    (pull,) = server.repositories[SLUG].pulls
    assert (pull.base, pull.head_branch, pull.title) == ("main", BRANCH.removeprefix("refs/heads/"), "Prepare 1.4.0")
    assert "starts no checks" in pull.body
    assert "open it again" in pull.body


def test_a_second_run_finds_it_open(checkout: Checkout, patch: Path, far: Bare, server: GitHub) -> None:
    assert propose(checkout, patch) == 0
    before = far.refs()
    assert propose(checkout, patch) == 0
    assert far.refs() == before
    assert len(server.repositories[SLUG].pulls) == 1


@pytest.mark.parametrize(
    ("path", "lost"),
    [
        *(("/git/blobs", False), ("/git/commits", False)),  # without an answer they are the same objects again
        *(("/git/refs", False), ("/git/refs", True)),
        *(("/pulls", False), ("/pulls", True)),
    ],
)
def test_a_run_that_broke_off_is_taken_up(
    checkout: Checkout, patch: Path, far: Bare, server: GitHub, path: str, *, lost: bool
) -> None:
    server.faults = [Fault(path=path, method="POST", times=None, done=lost)]
    assert propose(checkout, patch) != 0 or lost
    server.faults = []
    assert propose(checkout, patch) == 0
    assert far.git("rev-list", "--count", f"main..{BRANCH}") == "1"
    assert len(server.repositories[SLUG].pulls) == 1


def test_a_dry_run_opens_nothing(checkout: Checkout, patch: Path, far: Bare, server: GitHub) -> None:
    before = far.refs()
    assert propose(checkout, patch, "--dry-run") == 0
    assert (far.refs(), server.repositories[SLUG].pulls) == (before, [])


def test_a_branch_with_other_content_is_never_replaced(checkout: Checkout, patch: Path, far: Bare) -> None:
    far.git("update-ref", BRANCH, "main")
    before = far.refs()
    assert propose(checkout, patch) == 11
    assert far.refs() == before


def test_after_a_squashed_merge_the_version_is_found_prepared(
    checkout: Checkout, patch: Path, far: Bare, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert propose(checkout, patch) == 0
    checkout.git("apply", "--index", str(patch))
    checkout.commit({}, "Prepare 1.4.0 (#1)")
    far.git("fetch", "--quiet", str(checkout.root), "main:main")
    again = tmp_path / "again.patch"
    capsys.readouterr()
    assert prepare(checkout, "--bump", "minor", "--patch", str(again), "--json") == 0
    assert json.loads(capsys.readouterr().out)["version"] == "1.4.0"
    assert not again.exists()
    assert main.main(["tag", "-C", str(checkout.root), "--bump", "minor"], checkout.env) == 0
    assert far.resolve("refs/tags/v1.4.0^{commit}") == checkout.head


def test_the_notes_end_with_the_link_to_all_changes(
    checkout: Checkout, capsys: pytest.CaptureFixture[str], far: Bare
) -> None:
    link = "**Full changelog**: https://github.com/octo/demo/compare/v1.3.0...v1.4.0"
    assert main.main(["notes", "-C", str(checkout.root), "1.4.0"], checkout.env) == 0
    assert capsys.readouterr().out.rstrip().endswith(link)
    assert main.main(["notes", "-C", str(checkout.root), "1.3.0"], checkout.env) == 0
    assert "Full changelog" not in capsys.readouterr().out
    checkout.commit({"pyproject.toml": FILES["pyproject.toml"].replace("1.3.0", "1.4.0")})
    far.git("fetch", "--quiet", str(checkout.root), "main:main")
    assert main.main(["tag", "-C", str(checkout.root), "1.4.0"], checkout.env) == 0
    assert link in far.git("for-each-ref", "--format=%(contents)", "refs/tags/v1.4.0")


WORKFLOW = """\
diff --git a/.github/workflows/x.yml b/.github/workflows/x.yml
new file mode 100644
--- /dev/null
+++ b/.github/workflows/x.yml
@@ -0,0 +1 @@
+on: push
"""
LINK = """\
diff --git a/link b/link
new file mode 120000
--- /dev/null
+++ b/link
@@ -0,0 +1 @@
+/etc/passwd
\\ No newline at end of file
"""
OUTSIDE = WORKFLOW.replace(".github/workflows/x.yml", "../../x")
INSIDE_GIT = WORKFLOW.replace(".github/workflows/x.yml", ".git/hooks/post-checkout")
ELSEWHERE = "--- a/gone.txt\n+++ b/gone.txt\n@@ -1 +1 @@\n-other\n+text\n"


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
@pytest.mark.parametrize("text", [WORKFLOW, LINK, OUTSIDE, INSIDE_GIT, ELSEWHERE, "no patch\n"])
def test_a_patch_that_changes_what_no_preparation_does_is_refused(
    checkout: Checkout, far: Bare, tmp_path: Path, text: str
) -> None:
    before = far.refs()
    (tmp_path / "bad.patch").write_text(text)
    assert propose(checkout, tmp_path / "bad.patch") == 4
    assert far.refs() == before


def test_a_token_that_may_not_is_reported_with_what_it_lacks(
    checkout: Checkout, patch: Path, server: GitHub, capsys: pytest.CaptureFixture[str]
) -> None:
    server.faults = [Fault(path="/pulls", method="POST", times=None, response=Response.of_json(REFUSED, 403))]
    assert propose(checkout, patch) == 12
    assert "pull-requests: write" in capsys.readouterr().err


def test_nothing_of_the_project_runs_next_to_the_token(
    checkout: Checkout, patch: Path, far: Bare, tmp_path: Path
) -> None:
    spring = f"open({str(tmp_path / 'sprung')!r}, 'w')\n"
    checkout.commit({"setup.py": spring, "conftest.py": spring, "sitecustomize.py": spring, "towncrier.py": spring})
    far.git("fetch", "--quiet", str(checkout.root), "main:main")
    assert propose(checkout, patch) == 0
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("more", [("--bump", "minor"), ("1.4.0", "--no-commit"), ()])
def test_a_pull_request_needs_the_version_of_its_patch(checkout: Checkout, patch: Path, more: tuple[str, ...]) -> None:
    assert prepare(checkout, *more, "--pull-request", str(patch)) == 2
