"""``release-tools tag`` with real remotes: over file, over http with git's own http-backend, and by GitHub's API."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from release_tools.cli import main
from release_tools.errors import UsageError
from tests.servers.base import Fault, Response, What
from tests.servers.github import Bare, GitHub
from tests.support.repositories import Checkout
from tests.support.world import GITHUB_TOKEN, SLUG, World


@pytest.fixture(params=["file", "http", "api"])
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def checkout(hosted: World, far: Bare, way: str) -> Checkout:
    """A checkout whose branch is pushed, with the credentials that each way has."""
    if way == "file":
        checkout = Checkout.create(hosted.folder, far.path.as_uri())
    else:
        checkout = Checkout.create(hosted.folder, f"https://github.com/{SLUG}.git", hosted.proxy.environment)
    far.git("fetch", "--quiet", str(checkout.root), "main:main")
    checkout.git("update-ref", "refs/remotes/origin/main", "main")
    if way == "http":
        checkout.git("config", "http.extraheader", hosted.github.basic(GITHUB_TOKEN))
    if way == "api":
        checkout.more["GITHUB_TOKEN"] = GITHUB_TOKEN
    return checkout


def tag(checkout: Checkout, *arguments: str) -> int:
    return main.main(["tag", "-C", str(checkout.root), *arguments], checkout.env)


@pytest.mark.slow
def test_a_dry_run_makes_no_tag_a_run_an_annotated_one_and_a_second_run_finds_it(
    checkout: Checkout, far: Bare, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tag(checkout, "1.0", "--dry-run") == 0
    assert "would push the tag v1.0" in capsys.readouterr().out
    assert far.refs("refs/tags/") == {}
    assert checkout.git("tag") == ""
    assert tag(checkout, "1.0") == 0
    before = far.refs()
    assert far.kind(before["refs/tags/v1.0"]) == "tag"
    assert far.resolve("refs/tags/v1.0^{commit}") == checkout.head
    assert far.git("for-each-ref", "--format=%(contents:subject)", "refs/tags") == "demo 1.0"
    capsys.readouterr()
    assert tag(checkout, "1.0") == 0
    assert "already done" in capsys.readouterr().out
    assert far.refs() == before


@pytest.mark.parametrize("way", ["file"], indirect=True)
def test_the_option_for_the_changelog_is_gone_and_names_prepare(
    checkout: Checkout, far: Bare, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tag(checkout, "1.0", "--changelog") == UsageError.exit_code
    assert "release-tools prepare 1.0" in capsys.readouterr().err
    assert "refs/tags/v1.0" not in far.refs()


@pytest.mark.slow
@pytest.mark.parametrize("way", ["file", "api"], indirect=True)
def test_a_branch_of_the_same_name_does_not_matter(checkout: Checkout, far: Bare) -> None:
    checkout.git("branch", "v1.0")
    far.git("update-ref", "refs/heads/v1.0", checkout.head)
    checkout.commit({"demo.py": "x = 2\n"})
    far.git("fetch", "--quiet", str(checkout.root), "main:main")
    assert tag(checkout, "1.0") == 0
    assert far.resolve("refs/tags/v1.0^{commit}") == checkout.head


def commits_and_tags(name: str, *, far: bool = False) -> Callable[[Checkout, Bare], None]:
    """A tag on a commit that is not the one to release."""

    def prepare(checkout: Checkout, bare: Bare) -> None:
        if far:
            bare.git("tag", name, "main")
        else:
            checkout.git("tag", "--annotate", "--message=old", name)
        checkout.commit({"demo.py": "x = 3\n"})
        bare.git("fetch", "--quiet", str(checkout.root), "main:main")

    return prepare


def unpushed(checkout: Checkout, bare: Bare) -> None:
    assert bare.refs()
    checkout.commit({"demo.py": "x = 4\n"})


def dirty(checkout: Checkout, bare: Bare) -> None:
    assert bare.refs()
    (checkout.root / "notes.txt").write_text("later")


def elsewhere(checkout: Checkout, bare: Bare) -> None:
    assert bare.refs()
    checkout.git("checkout", "--quiet", "-b", "work")


def nothing(checkout: Checkout, bare: Bare) -> None:
    assert checkout.head == bare.resolve("main")


REFUSALS = [
    ("file", "1.0.0-rc1", nothing, "Write 1.0.0rc1"),
    ("file", "v1.0-1", nothing, "Write 1.0.post1"),
    ("file", "1.0+local", nothing, "local part"),
    ("file", "one", nothing, "not a PEP 440 version"),
    ("file", "1.0", dirty, "uncommitted: notes.txt"),
    ("file", "1.0", unpushed, "does not contain"),
    ("api", "1.0", unpushed, "does not contain"),
    ("file", "1.0", elsewhere, "no branch work"),
    ("api", "1.0", elsewhere, "no branch work"),
    ("file", "1.0", commits_and_tags("v2.0"), "older than 2.0"),
    ("file", "1!1.0", commits_and_tags("v0.9"), "another epoch"),
    ("file", "1.0", commits_and_tags("v1.0"), "v1.0 is on"),
    ("file", "1.0", commits_and_tags("1.0"), "1.0 is on"),
    ("file", "1.0", commits_and_tags("v1.0.0"), "v1.0.0 is on"),
    ("file", "1.0", commits_and_tags("v1.0", far=True), "has v1.0 on another commit"),
    ("api", "1.0", commits_and_tags("v1.0", far=True), "has v1.0 on another commit"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("way", "version", "prepare", "fault"), REFUSALS, indirect=["way"])
def test_what_must_not_be_tagged_is_refused(
    checkout: Checkout,
    far: Bare,
    capsys: pytest.CaptureFixture[str],
    version: str,
    prepare: Callable[[Checkout, Bare], None],
    fault: str,
) -> None:
    prepare(checkout, far)
    before, here = far.refs("refs/tags/"), checkout.git("tag")
    assert tag(checkout, version) != 0
    assert fault in "".join(capsys.readouterr())
    assert (far.refs("refs/tags/"), checkout.git("tag")) == (before, here)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["file"], indirect=True)
def test_every_fault_is_reported_at_once(checkout: Checkout, far: Bare, capsys: pytest.CaptureFixture[str]) -> None:
    commits_and_tags("v2.0")(checkout, far)
    unpushed(checkout, far)
    dirty(checkout, far)
    assert tag(checkout, "1.0") == 14
    said = capsys.readouterr().err
    assert all(fault in said for fault in ("older than 2.0", "uncommitted", "does not contain"))


@pytest.mark.slow
@pytest.mark.parametrize("way", ["file"], indirect=True)
@pytest.mark.parametrize("prepare", [dirty, unpushed, elsewhere])
def test_a_dry_run_only_warns_of_what_can_yet_be_done(
    checkout: Checkout, far: Bare, prepare: Callable[[Checkout, Bare], None]
) -> None:
    prepare(checkout, far)
    assert tag(checkout, "1.0", "--dry-run") == 0


@pytest.mark.slow
@pytest.mark.parametrize("way", ["file"], indirect=True)
def test_an_older_line_is_released_when_asked(checkout: Checkout, far: Bare) -> None:
    commits_and_tags("v2.0")(checkout, far)
    assert tag(checkout, "1.0.1", "--allow-older") == 0
    assert "refs/tags/v1.0.1" in far.refs()


@pytest.mark.slow
@pytest.mark.parametrize("way", ["file"], indirect=True)
@pytest.mark.parametrize(
    ("other", "options", "code"),
    [
        ("package-1.0", (), 14),
        ("package-1.0", ("--tag-format", "v{version}"), 0),
        ("package-1.0", ("--dry-run",), 0),
        ("package-0.9", (), 0),
        ("docs-3", (), 0),
    ],
)
def test_a_release_gets_no_second_tag(
    checkout: Checkout, far: Bare, other: str, options: tuple[str, ...], code: int
) -> None:
    checkout.git("tag", "--annotate", "--message=theirs", other)
    assert tag(checkout, "1.0", *options) == code
    assert ("refs/tags/v1.0" in far.refs()) is (code == 0 and "--dry-run" not in options)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["file"], indirect=True)
@pytest.mark.parametrize("before", ["demo-0.9", "demo/v0.9", "demo@0.9"])
def test_a_new_tag_is_spelled_as_the_others_with_the_projects_name(checkout: Checkout, far: Bare, before: str) -> None:
    commits_and_tags(before)(checkout, far)
    assert tag(checkout, "1.0") == 0
    assert f"refs/tags/{before.replace('0.9', '1.0')}" in far.refs("refs/tags/")


@pytest.mark.slow
@pytest.mark.parametrize("way", ["file", "api"], indirect=True)
@pytest.mark.parametrize("branch", ["main", "release"])
def test_a_configured_branch_must_contain_the_commit(checkout: Checkout, far: Bare, branch: str) -> None:
    far.git("update-ref", "refs/heads/release", far.commit({"other.txt": "x"}, branch="release"))
    assert (tag(checkout, "1.0", "--tag-branch", branch) == 0) is (branch == "main")


@pytest.mark.slow
@pytest.mark.parametrize("way", ["file"], indirect=True)
def test_hooks_of_the_repository_do_not_run(checkout: Checkout, far: Bare) -> None:
    hook = checkout.root / ".git" / "hooks" / "pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    assert tag(checkout, "1.0") == 0
    assert "refs/tags/v1.0" in far.refs()


@pytest.mark.slow
@pytest.mark.parametrize("way", ["file"], indirect=True)
@pytest.mark.parametrize(("job", "tagger"), [(False, None), (True, "github-actions[bot]")])
def test_everybody_who_tags_has_a_name(checkout: Checkout, far: Bare, *, job: bool, tagger: str | None) -> None:
    checkout.git("config", "--global", "--remove-section", "user")
    checkout.git("config", "--global", "user.useConfigOnly", "true")
    if job:
        checkout.more["GITHUB_ACTIONS"] = "true"
    assert (tag(checkout, "1.0") == 0) is bool(tagger)
    assert (far.git("for-each-ref", "--format=%(taggername)", "refs/tags") or None) == tagger


@pytest.mark.slow
@pytest.mark.parametrize("way", ["http"], indirect=True)
def test_without_credentials_the_advice_is_to_give_some(
    checkout: Checkout, far: Bare, capsys: pytest.CaptureFixture[str]
) -> None:
    checkout.git("config", "--unset", "http.extraheader")
    assert tag(checkout, "1.0") == 4
    assert "GITHUB_TOKEN" in capsys.readouterr().err
    assert "refs/tags/v1.0" not in far.refs()


@pytest.mark.slow
@pytest.mark.parametrize("way", ["http"], indirect=True)
@pytest.mark.parametrize("status", [403, 404])
def test_credentials_in_the_address_are_never_shown(
    checkout: Checkout, server: GitHub, capsys: pytest.CaptureFixture[str], status: int
) -> None:
    checkout.git("remote", "set-url", "origin", "https://ana:s3cr3t-canary@github.com/octo/demo.git")
    server.faults = [Fault(path="git-receive-pack", response=Response(status), times=None)]
    assert tag(checkout, "1.0") != 0
    output = capsys.readouterr()
    assert "s3cr3t-canary" not in output.out + output.err


FAULTS = [
    Fault(method="POST", path="/git/tags"),
    Fault(What.DROP, method="POST", path="/git/tags", done=True),
    Fault(method="POST", path="/git/refs"),
    Fault(What.DROP, method="POST", path="/git/refs"),
    Fault(What.DROP, method="POST", path="/git/refs", done=True),
    Fault(path="/git/ref/", times=2),
    Fault(method="POST", path="/git/refs", response=Response(403, b'{"message": "slow"}', {"Retry-After": "0"})),
]


@pytest.mark.slow
@pytest.mark.parametrize("way", ["api"], indirect=True)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.method}{fault.path} {fault.what} {fault.done}")
def test_a_failing_server_leaves_one_tag(checkout: Checkout, far: Bare, server: GitHub, fault: Fault) -> None:
    server.faults = [fault]
    assert tag(checkout, "1.0", "--network-pause", "1") == 0
    assert far.resolve("refs/tags/v1.0^{commit}") == checkout.head
    assert len([line for line in server.lines("POST", "/git/refs") if line]) <= 2


@pytest.mark.slow
@pytest.mark.parametrize("way", ["http"], indirect=True)
@pytest.mark.parametrize("fault", [
    Fault(method="POST", path="git-receive-pack"),
    Fault(What.DROP, method="POST", path="git-receive-pack"),
    Fault(What.DROP, method="POST", path="git-receive-pack", done=True),
], ids=["500", "dropped before", "dropped after"])  # fmt: skip
def test_a_failing_push_leaves_one_tag(checkout: Checkout, far: Bare, server: GitHub, fault: Fault) -> None:
    server.faults = [fault]
    assert tag(checkout, "1.0", "--network-pause", "1") == 0
    assert far.resolve("refs/tags/v1.0^{commit}") == checkout.head


@pytest.mark.slow
@pytest.mark.parametrize("way", ["api"], indirect=True)
@pytest.mark.parametrize(
    ("prepare", "code", "said"),
    [
        (lambda server: server.workflow_token(GITHUB_TOKEN, SLUG, writes=False), 12, "contents: write"),
        (lambda server: server.tokens.clear(), 12, "expired or been revoked"),
        (lambda server: setattr(server.repositories[SLUG], "locked_tags", True), 13, "rule violations"),
    ],
    ids=["may not", "expired", "locked"],
)
def test_a_refusal_says_what_is_missing(
    checkout: Checkout,
    far: Bare,
    server: GitHub,
    capsys: pytest.CaptureFixture[str],
    prepare: Callable[[GitHub], None],
    code: int,
    said: str,
) -> None:
    prepare(server)
    assert tag(checkout, "1.0") == code
    output = capsys.readouterr()
    assert said in output.err
    assert GITHUB_TOKEN not in output.out + output.err
    assert "refs/tags/v1.0" not in far.refs()


@pytest.fixture
def signer(checkout: Checkout, tmp_path: Path) -> Path:
    """The person's SSH key, by which git signs; gives the file of those who are trusted."""
    key = tmp_path / "key"
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "ana@example.org", "-f", str(key)]
    subprocess.run(command, check=True)
    trusted = tmp_path / "trusted"
    trusted.write_text(f"ana@example.org {key.with_suffix('.pub').read_text()}")
    checkout.git("config", "--global", "gpg.format", "ssh")
    checkout.git("config", "--global", "user.signingKey", str(key))
    return trusted


@pytest.mark.slow
@pytest.mark.parametrize("way", ["api"], indirect=True)
def test_signing_takes_git_although_the_api_is_at_hand(checkout: Checkout, far: Bare, signer: Path) -> None:
    checkout.git("config", "http.extraheader", GitHub.basic(GITHUB_TOKEN))
    assert tag(checkout, "1.0", "--sign") == 0
    far.git("-c", f"gpg.ssh.allowedSignersFile={signer}", "verify-tag", "v1.0")
    assert tag(checkout, "1.1", "--sign", "--push", "api") == 3


@pytest.mark.slow
@pytest.mark.parametrize("way", ["file"], indirect=True)
def test_without_a_key_nothing_is_pushed_unsigned(checkout: Checkout, far: Bare) -> None:
    checkout.git("config", "--global", "gpg.format", "ssh")
    assert tag(checkout, "1.0", "--sign") == 4
    assert far.refs("refs/tags/") == {}


@pytest.mark.slow
@pytest.mark.parametrize("way", ["file"], indirect=True)
def test_an_unsigned_tag_is_not_taken_for_a_signed_one(checkout: Checkout, far: Bare, signer: Path) -> None:
    assert signer.exists()
    checkout.git("tag", "--annotate", "--message=mine", "v1.0")
    assert tag(checkout, "1.0", "--sign") == 4
    assert far.refs("refs/tags/") == {}


@pytest.mark.slow
@pytest.mark.parametrize("way", ["file"], indirect=True)
def test_a_signed_tag_is_verified_by_git_and_by_us_and_a_strangers_is_refused(
    checkout: Checkout, far: Bare, signer: Path
) -> None:
    assert tag(checkout, "1.0", "--sign") == 0
    far.git("-c", f"gpg.ssh.allowedSignersFile={signer}", "verify-tag", "v1.0")
    assert tag(checkout, "1.0", "--sign") != 0, "nobody is trusted"
    checkout.git("config", "--global", "gpg.ssh.allowedSignersFile", str(signer))
    assert tag(checkout, "1.0", "--sign") == 0
    assert "refs/tags/v1.0" in far.refs()


BUMPS = [
    ("minor", "1.4.2", "1.5.0"),
    ("final", "2.0rc1", "2.0"),
    ("post", "1.4.2", "1.4.2.post1"),
    ("auto", "1.4.2", "1.4.3"),
]


@pytest.mark.slow
@pytest.mark.parametrize("way", ["file"], indirect=True)
@pytest.mark.parametrize(("bump", "before", "after"), BUMPS)
def test_a_bump_raises_the_newest_version(checkout: Checkout, far: Bare, bump: str, before: str, after: str) -> None:
    commits_and_tags(f"v{before}")(checkout, far)
    assert tag(checkout, "--bump", bump) == 0
    assert f"refs/tags/v{after}" in far.refs()
    assert tag(checkout, "--bump", bump) == 0
    assert set(far.refs("refs/tags/")) == {f"refs/tags/v{before}", f"refs/tags/v{after}"}


@pytest.mark.slow
@pytest.mark.parametrize("way", ["file"], indirect=True)
def test_a_pre_release_becomes_final_on_its_own_commit(checkout: Checkout, far: Bare) -> None:
    assert tag(checkout, "2.0rc1") == 0
    assert tag(checkout, "--bump", "final") == 0
    assert far.resolve("refs/tags/v2.0^{commit}") == far.resolve("refs/tags/v2.0rc1^{commit}")


@pytest.mark.parametrize("way", ["file"], indirect=True)
@pytest.mark.parametrize("arguments", [(), ("1.0", "--bump", "minor"), ("--bump", "minor")])
def test_without_one_version_nothing_is_tagged(checkout: Checkout, far: Bare, arguments: tuple[str, ...]) -> None:
    assert tag(checkout, *arguments) in {2, 5}
    assert far.refs("refs/tags/") == {}
