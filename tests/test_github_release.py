"""The release on GitHub: drafted with all files, published last, and taken up again wherever a run broke off."""

import gzip
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from release_tools.config.loader import read_config
from release_tools.engine.context import Context, Request
from release_tools.engine.gate import Gate
from release_tools.errors import PreflightError
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.release import Release
from release_tools.pipeline import CHECK_TAG
from release_tools.publish_pipeline import RESUME
from release_tools.publishers.base import Phase
from release_tools.report.json_data import report_data
from release_tools.run_steps import Item, Outcome, Step, run
from release_tools.steps.identify import identify
from release_tools.system.console import Console
from tests.servers import base
from tests.servers.base import Fault, Outage, What, serve
from tests.servers.github import Addresses, Asset, GitHub, Repository
from tests.servers.github import Release as Hosted
from tests.servers.proxy import proxying
from tests.support.artifacts import make_sdist, make_wheel
from tests.support.compiled_channel import Made
from tests.support.repositories import Checkout

pytestmark = pytest.mark.slow

TOKEN = "ghs-canary-0123456789"
NAMES = ["demo-1.0.tar.gz", "demo-1.0-py3-none-any.whl", "SHA256SUMS", "release.json"]


@pytest.fixture
def server(tmp_path: Path) -> GitHub:
    server = GitHub(tmp_path / "hub")
    server.workflow_token(TOKEN, "ana/demo")
    server.account("ana", "ana-secret")
    return server


@pytest.fixture
def there(server: GitHub) -> Repository:
    return server.create("ana/demo")


@pytest.fixture
def checkout(tmp_path: Path, server: GitHub, there: Repository) -> Iterator[Checkout]:
    with proxying(server.routes) as proxy:
        checkout = Checkout.create(tmp_path, "https://github.com/ana/demo.git", proxy.environment)
        there.bare.git("fetch", "--quiet", str(checkout.root), "main:main")
        checkout.more["GITHUB_TOKEN"] = TOKEN
        yield checkout
        assert proxy.complaints == []


Releases = Callable[..., Outcome]


@pytest.fixture
def release(checkout: Checkout, tmp_path: Path) -> Releases:
    """Release a version: each call is a run on a fresh machine, whose build may give other bytes."""
    count = iter(range(100))

    def go(
        version: str = "1.0",
        *,
        body: str = "",
        packed: int = 0,
        is_dry_run: bool = False,
        notes: str = "",
        steps: int = 6,
        subdirs: Sequence[str] = (),
        only: tuple[str, ...] = (),
    ) -> Outcome:
        folder = tmp_path / f"machine-{next(count)}"
        folder.mkdir()

        def build(_: Context, release: Release) -> Release:
            sdist = make_sdist(folder, version=version, body=body)
            wheel = make_wheel(folder, version=version, body=body)
            repack(sdist, wheel, packed)
            files = (Artifact.of(sdist, ArtifactKind.SDIST), Artifact.of(wheel, ArtifactKind.WHEEL))
            packages = [Made("demo", version, {"a": body.encode()}, "py312_0", platform=one) for one in subdirs]
            condas = [Artifact.of(one.write(folder), ArtifactKind.CONDA, one.subdir) for one in packages]
            made = replace(release, artifacts=(*files, *condas))
            return replace(made, release_notes=notes)

        every: list[Item] = [
            Step("Version", identify),
            Step("Build", build),
            Phase.TAG,
            RESUME,
            Phase.STAGE,
            Phase.REVEAL,
        ]
        if only:
            every[2] = CHECK_TAG
        config = read_config(checkout.root, checkout.env, {"network.pause": "1"})
        console = Console(checkout.env, out=io.StringIO(), err=io.StringIO())
        gate = Gate(is_dry_run, pause=0)
        context = Context(checkout.root, config, checkout.env, console, gate, folder, Request(version, only=only))
        try:
            return run(every[:steps], context)
        finally:
            context.http.close()

    return go


def repack(sdist: Path, wheel: Path, packed: int) -> None:
    """Other bytes with the same content, as a build that leaves its time in archives makes them."""
    content = gzip.decompress(sdist.read_bytes())
    with sdist.open("wb") as raw, gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=packed) as file:
        file.write(content)
    with zipfile.ZipFile(wheel) as before:
        members = {name: before.read(name) for name in before.namelist()}
    with zipfile.ZipFile(wheel, "w") as after:
        for name, text in members.items():
            after.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, packed)), text)


def texts(outcome: Outcome) -> str:
    return "\n".join(f"{note.text} {note.detail}" for section in outcome.report.sections for note in section.notes)


def shown(repository: Repository) -> list[tuple[str, bool, list[str]]]:
    """Every release: its tag, whether it is a draft, its files."""
    return [(one.tag, one.draft, [asset.name for asset in one.assets]) for one in repository.releases]


def test_a_release_is_published_with_all_files(release: Releases, there: Repository, server: GitHub) -> None:
    assert release(notes="### Added\n\n- things").error is None
    assert shown(there) == [("v1.0", False, NAMES)]
    made = there.releases[0]
    assert (made.name, made.body, made.prerelease) == ("demo 1.0", "### Added\n\n- things", False)
    assert there.latest == made.id
    assert server.complaints == []
    sums = made.asset("SHA256SUMS")
    assert sums
    assert [line.split("  ")[1] for line in sums.content.decode().splitlines()] == NAMES[:2]


def test_a_second_run_does_nothing(release: Releases, there: Repository, server: GitHub) -> None:
    release()
    server.log.clear()
    assert release().error is None
    assert [line for line in server.lines() if not line.startswith("GET")] == []
    assert shown(there) == [("v1.0", False, NAMES)]


def test_a_dry_run_writes_nothing(release: Releases, there: Repository, server: GitHub) -> None:
    outcome = release(is_dry_run=True)
    assert outcome.error is None
    assert "would upload demo-1.0.tar.gz to the GitHub release" in texts(outcome)
    assert [line for line in server.lines() if not line.startswith("GET")] == []
    assert shown(there) == []


@pytest.mark.parametrize(("is_dry_run", "code"), [(True, None), (False, 13)])
def test_offline_there_is_a_dry_run_but_no_release(
    release: Releases, checkout: Checkout, *, is_dry_run: bool, code: int | None
) -> None:
    checkout.more.update(dict.fromkeys(("HTTPS_PROXY", "https_proxy"), "http://127.0.0.1:9"))
    outcome = release(is_dry_run=is_dry_run)
    assert (outcome.error and outcome.error.exit_code) == code
    if is_dry_run:
        assert "could not check" in texts(outcome)
        assert "would push the tag v1.0 to ana/demo (skipped if already there)" in texts(outcome)


@pytest.mark.parametrize("state", ["untagged", "tagged here alone", "on another commit", "pushed"])
def test_without_its_tag_on_github_nothing_is_drafted(
    release: Releases, checkout: Checkout, there: Repository, state: str
) -> None:
    if state == "on another commit":
        there.bare.git("update-ref", "refs/tags/v1.0", there.bare.commit({"other.txt": "x"}))
    elif state != "untagged":
        checkout.git("tag", "-a", "v1.0", "-m", "1.0")
    if state == "pushed":
        there.bare.git("fetch", "--quiet", str(checkout.root), "refs/tags/v1.0:refs/tags/v1.0")
    can_be_repaired = state in ("untagged", "tagged here alone")
    dry = release(only=("github",), is_dry_run=True)
    assert (dry.error is not None) == (state == "on another commit")
    assert ("release-tools tag 1.0" in str(dry.report)) == can_be_repaired
    error = release(only=("github",)).error
    assert (error and error.exit_code) == (None if state == "pushed" else PreflightError.exit_code)
    assert shown(there) == ([("v1.0", False, NAMES)] if state == "pushed" else [])


WRITES = 8


@pytest.mark.parametrize(
    ("done", "packed"),
    [
        pytest.param(False, 0, id="not done, the same bytes", marks=pytest.mark.exhaustive),
        pytest.param(False, 1, id="not done, other bytes"),
        pytest.param(True, 0, id="done, the same bytes", marks=pytest.mark.exhaustive),
        pytest.param(True, 1, id="done, other bytes"),
    ],
)
@pytest.mark.parametrize("write", range(WRITES))
def test_a_rerun_ends_where_one_run_would(
    release: Releases, there: Repository, server: GitHub, checkout: Checkout, write: int, *, done: bool, packed: int
) -> None:
    server.faults = [Outage(What.DROP, write=write, done=done, times=None)]
    assert release().error
    server.faults = []
    outcome = release(packed=packed)
    assert outcome.error is None
    assert [(tag, draft, sorted(names)) for tag, draft, names in shown(there)] == [("v1.0", False, sorted(NAMES))]
    assert there.bare.resolve("refs/tags/v1.0^{commit}") == checkout.head
    assert len(there.bare.refs("refs/tags/")) == 1
    assert {f"sha256:{artifact.sha256}" for artifact in outcome.release.artifacts} <= {
        asset.digest for asset in there.releases[0].assets
    }


def test_all_writes_of_a_run_were_struck(release: Releases, server: GitHub) -> None:
    release()
    assert len([line for line in server.lines() if not line.startswith("GET")]) == WRITES


SHAKY = [
    Fault(path="/releases", method="GET", times=3),
    Fault(path="/releases$", method="POST"),
    Fault(What.DROP, path="/releases$", method="POST", done=True),
    Fault(path="/assets$", method="POST"),
    Fault(What.DROP, path="/assets$", method="POST", done=True),
    Fault(What.DROP, path="/assets$", method="POST"),
    Fault(path="/assets$", method="POST", response=base.Response(403, b'{"message": "slow"}', {"Retry-After": "0"})),
    Fault(path="/releases/", method="PATCH"),
    Fault(What.DROP, path="/releases/", method="PATCH", done=True),
]


@pytest.mark.parametrize("fault", SHAKY, ids=lambda fault: f"{fault.method} {fault.path} {fault.what} {fault.done}")
def test_a_shaky_server_does_not_stop_a_run(release: Releases, there: Repository, server: GitHub, fault: Fault) -> None:
    server.faults = [fault]
    assert release().error is None
    assert shown(there) == [("v1.0", False, NAMES)]
    assert there.latest == there.releases[0].id


def test_the_draft_is_the_durable_copy(release: Releases, there: Repository, server: GitHub) -> None:
    first = release(steps=5)
    second = release(packed=1)
    assert second.error is None
    assert [artifact.sha256 for artifact in second.release.artifacts] == [
        artifact.sha256 for artifact in first.release.artifacts
    ]
    assert all(artifact.path.read_bytes() for artifact in second.release.artifacts)
    assert "its content is the same" in texts(second)
    assert shown(there) == [("v1.0", False, NAMES)]
    assert server.complaints == []


SHARED = ["linux-64-demo-1.0-py312_0.conda", "osx-64-demo-1.0-py312_0.conda"]


def test_packages_of_one_name_are_distinguished_by_their_subdirs(release: Releases, there: Repository) -> None:
    first = release(subdirs=("linux-64", "osx-64"), steps=5)
    second = release(subdirs=("linux-64", "osx-64"), body="built_at = 2\n")
    assert second.error is None
    assert shown(there) == [("v1.0", False, [*NAMES[:2], *SHARED, *NAMES[2:]])]
    digests = {artifact.key: artifact.sha256 for artifact in first.release.artifacts}
    assert {artifact.key: artifact.sha256 for artifact in second.release.artifacts} == digests
    assert [one.path.parent.name for one in second.release.artifacts[2:]] == ["linux-64", "osx-64"]
    assert "linux-64/demo-1.0-py312_0.conda has different content" in texts(second)
    sums = there.releases[0].asset("SHA256SUMS")
    assert sums
    assert [line.split("  ")[1] for line in sums.content.decode().splitlines()] == [*NAMES[:2], *SHARED]


def test_a_package_of_a_name_of_its_own_keeps_it(release: Releases, there: Repository) -> None:
    assert release(subdirs=("linux-64",)).error is None
    assert "demo-1.0-py312_0.conda" in [asset.name for asset in there.releases[0].assets]


def test_other_content_of_our_own_is_taken_and_named(release: Releases, there: Repository) -> None:
    first = release(steps=5)
    second = release(body="built_at = 2\n")
    assert second.error is None
    assert second.release.artifacts[0].sha256 == first.release.artifacts[0].sha256
    assert "demo-1.0-py3-none-any.whl has different content" in texts(second)
    assert "demo/__init__.py" in texts(second)
    assert shown(there) == [("v1.0", False, NAMES)]


@pytest.mark.parametrize("body", ["", "evil = 1\n"], ids=["same content", "other content"])
def test_nobody_else_chooses_what_is_published(
    release: Releases, there: Repository, checkout: Checkout, body: str
) -> None:
    checkout.more["GITHUB_TOKEN"] = "ana-secret"
    assert release(body=body, steps=5).error is None
    checkout.more["GITHUB_TOKEN"] = TOKEN
    outcome = release(packed=1)
    assert (outcome.error is None) is (body == "")
    assert shown(there)[0][1] is (body != "")
    if outcome.error:
        assert "uploaded by another account" in str(outcome.error)
        assert "demo/__init__.py" in str(outcome.error)


def replaced(one: Hosted) -> None:
    one.assets[0].content += b"x"


def of_another_commit(one: Hosted) -> None:
    rewrite(one, {"commit": "0" * 40})


def of_another_version(one: Hosted) -> None:
    rewrite(one, {"version": "1.1"})


def leading_away(one: Hosted) -> None:
    artifacts = json.loads(marker(one).content)["artifacts"]
    rewrite(one, {"artifacts": [{**artifacts[0], "filename": "../../evil"}]})


def lacking_a_file(one: Hosted) -> None:
    del one.assets[0]


def no_json(one: Hosted) -> None:
    marker(one).content = b"release.json"


def marker(one: Hosted) -> Asset:
    asset = one.asset("release.json")
    assert asset
    return asset


def rewrite(one: Hosted, facts: dict[str, object]) -> None:
    asset = marker(one)
    asset.content = json.dumps({**json.loads(asset.content), **facts}).encode()
    asset.digest = None


@pytest.mark.parametrize(
    ("tamper", "fault"),
    [
        (replaced, "does not match its release.json"),
        (of_another_commit, "commit: 0000000000"),
        (of_another_version, "version: 1.1 there, 1.0 here"),
        (leading_away, "not a file name"),
        (lacking_a_file, "lacks demo-1.0.tar.gz"),
        (no_json, "not written by"),
    ],
)
def test_a_draft_that_does_not_agree_with_itself_is_refused(
    release: Releases, there: Repository, tamper: Callable[[Hosted], None], fault: str
) -> None:
    release(steps=5)
    tamper(there.releases[0])
    outcome = release(packed=1)
    assert fault in str(outcome.error)
    assert outcome.error
    assert outcome.error.exit_code in {11, 13}
    assert there.releases[0].draft


def test_what_an_unfinished_run_left_is_replaced(release: Releases, there: Repository, server: GitHub) -> None:
    server.faults = [Outage(What.DROP, write=4, times=None)]
    assert release().error
    assert shown(there) == [("v1.0", True, NAMES[:1])]
    server.faults = []
    assert release(body="x = 2\n").error is None
    assert sorted(shown(there)[0][2]) == sorted(NAMES)


def test_an_unfinished_file_of_somebody_else_is_a_conflict(
    release: Releases, there: Repository, server: GitHub
) -> None:
    server.faults = [Outage(What.DROP, write=4, times=None)]
    release()
    server.faults = []
    there.releases[0].assets[0].uploader = "ana"
    outcome = release(body="x = 2\n")
    assert outcome.error
    assert outcome.error.exit_code == 11


def test_a_broken_upload_is_repeated(release: Releases, there: Repository) -> None:
    release(steps=5)
    there.releases[0].assets[1].state, there.releases[0].assets[1].content = "open", b""
    assert release().error is None
    assert sorted(shown(there)[0][2]) == sorted(NAMES)
    assert all(asset.state == "uploaded" for asset in there.releases[0].assets)


def hosted(there: Repository, *, draft: bool, tag: str = "v1.0", **more: object) -> Hosted:
    """A release that a person made by hand."""
    one = Hosted(
        len(there.releases) + 1000, tag, "main", "By hand", "My words", draft, prerelease=False, author="ana", created=0
    )
    for name, value in more.items():
        setattr(one, name, value)
    there.releases.append(one)
    return one


@pytest.mark.parametrize("draft", [True, False])
def test_a_release_that_a_person_began_is_completed_and_keeps_its_words(
    release: Releases, there: Repository, *, draft: bool
) -> None:
    one = hosted(there, draft=draft)
    assert release(notes="ours").error is None
    assert shown(there) == [("v1.0", False, NAMES)]
    assert (one.name, one.body) == ("By hand", "My words")


def test_an_immutable_release_is_left_as_it_is(release: Releases, there: Repository) -> None:
    there.immutable = True
    assert release().error is None
    assert there.releases[0].immutable
    assert release(packed=1).error is None
    there.releases.clear()
    hosted(there, draft=False, immutable=True)
    outcome = release()
    assert outcome.error is None
    assert "is immutable" in texts(outcome)


def test_further_drafts_are_reported_and_left(release: Releases, there: Repository) -> None:
    hosted(there, draft=True)
    hosted(there, draft=True)
    outcome = release()
    assert "1 more draft of v1.0" in texts(outcome)
    assert [one[1] for one in shown(there)] == [False, True]


@pytest.mark.parametrize(
    ("version", "others", "prerelease", "latest"),
    [
        ("1.0", [], False, True),
        ("1.0rc1", [], True, False),
        ("1.0.post1", ["1.0"], False, True),
        ("1.9", ["1.8", "1.10"], False, False),
        ("2.0", ["1.8", "1.10"], False, True),
        ("2.0", ["2.1rc1"], False, True),
        ("2.0a1", ["1.0"], True, False),
        ("1.0", ["docs-3"], False, True),
    ],
)
def test_only_the_highest_final_version_is_the_latest(
    release: Releases, there: Repository, version: str, others: list[str], *, prerelease: bool, latest: bool
) -> None:
    for other in others:
        one = hosted(there, draft=False, tag=f"v{other}" if other[0].isdigit() else other, prerelease="rc" in other)
        there.latest = there.latest if one.prerelease else one.id
    before = there.latest
    assert release(version).error is None
    made = next(one for one in there.releases if one.tag == f"v{version}")
    assert made.prerelease is prerelease
    assert there.latest == (made.id if latest else before)


def test_without_digests_the_files_are_read(release: Releases, there: Repository, server: GitHub) -> None:
    server.digests = False
    assert release().error is None
    assert release().error is None
    assert release(packed=1).error is None
    assert shown(there) == [("v1.0", False, NAMES)]


def test_github_enterprise_is_another_address(
    release: Releases, there: Repository, server: GitHub, checkout: Checkout
) -> None:
    with serve(server) as url:
        server.at = Addresses.enterprise(url)
        checkout.git("remote", "set-url", "origin", f"{url}/ana/demo.git")
        checkout.more.update({"GITHUB_API_URL": server.at.api, "GITHUB_SERVER_URL": server.at.site})
        assert release(steps=5).error is None
        outcome = release(packed=1)
    assert outcome.error is None
    assert shown(there) == [("v1.0", False, NAMES)]
    assert all(receipt.url.startswith(url) for receipt in outcome.release.receipts)


@pytest.mark.parametrize(("is_dry_run", "code"), [(True, None), (False, 12)])
def test_without_a_token_there_is_a_dry_run_but_no_release(
    release: Releases, there: Repository, checkout: Checkout, *, is_dry_run: bool, code: int | None
) -> None:
    del checkout.more["GITHUB_TOKEN"]
    checkout.git("tag", "--annotate", "--message=1", "v1.0")
    there.bare.git("fetch", "--quiet", str(checkout.root), "refs/tags/*:refs/tags/*")
    outcome = release(is_dry_run=is_dry_run)
    assert (outcome.error and outcome.error.exit_code) == code
    assert "GITHUB_TOKEN" in json.dumps(report_data(outcome.release, outcome.report, outcome.error))
    assert shown(there) == []


@pytest.mark.parametrize("secret", [TOKEN, "expired-canary-1"])
def test_a_token_that_may_not_is_refused_and_never_shown(
    release: Releases, there: Repository, server: GitHub, checkout: Checkout, secret: str
) -> None:
    server.workflow_token(TOKEN, "ana/demo", writes=False)
    checkout.more["GITHUB_TOKEN"] = secret
    outcome = release()
    assert outcome.error
    assert outcome.error.exit_code == 12
    assert secret not in json.dumps(report_data(outcome.release, outcome.report, outcome.error))
    assert shown(there) == []


def test_a_release_is_not_published_without_its_tag(release: Releases, there: Repository, server: GitHub) -> None:
    release(steps=5)
    there.bare.git("update-ref", "-d", "refs/tags/v1.0")
    server.faults = [Fault(path="/git/refs", method="POST", done=False, times=None, response=base.Response(422, b"{}"))]
    assert release().error
    assert there.releases[0].draft


@pytest.mark.parametrize("remote", ["https://gitlab.example/ana/demo.git", "https://github.com.evil.example/ana/demo"])
def test_a_project_elsewhere_gets_no_release_here(
    release: Releases, there: Repository, server: GitHub, checkout: Checkout, remote: str
) -> None:
    checkout.git("remote", "set-url", "origin", remote)
    checkout.git("config", f"url.{there.bare.path.as_uri()}.insteadOf", remote)
    assert release().error is None
    assert server.log == []
    assert shown(there) == []


def test_a_release_can_be_switched_off(release: Releases, there: Repository, checkout: Checkout) -> None:
    checkout.more["RELEASE_TOOLS_GITHUB"] = "false"
    assert release().error is None
    assert shown(there) == []
