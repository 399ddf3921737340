"""Places that lead elsewhere, echo what they got, or name other hosts: nothing follows them, nothing is sent on."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from release_tools.errors import CredentialError, PreflightError, RemoteError
from tests.publishing.built_project import BuiltProject
from tests.servers.base import Double, Fault, Request, Response
from tests.support.world import ANACONDA_TOKEN

EVIL = "https://evil.example/take"
JOB_ONLY = ("--routes-final", "pypi", "--attestations", "off")


@pytest.mark.slow
@pytest.mark.parametrize("status", [301, 307])
def test_no_upload_follows_a_redirect(there: BuiltProject, status: int) -> None:
    there.log_in()
    there.build(conda=False)
    elsewhere = Response(status, headers={"Location": EVIL})
    there.pypi.faults = [Fault(method="POST", path="/legacy/$", response=elsewhere, times=None)]
    assert there.run("publish") == RemoteError.exit_code
    assert there.proxy.unknown == []


class Taking(Double):
    """Whoever leads others here takes what they bring."""

    def answer(self, request: Request) -> Response:
        return Response.of_json({"post_url": EVIL, "form_data": {}, "dist_id": "1", "taken": request.path})


@pytest.mark.slow
@pytest.mark.parametrize(("path", "status"), [("/stage/", 303), ("/stage/", 307), ("/s3$", 303), ("/commit/", 308)])
def test_a_redirect_of_an_upload_to_a_channel_gets_no_token(there: BuiltProject, path: str, status: int) -> None:
    """rattler-build's uploader follows redirects; what it carries along is another matter."""
    there.log_in()
    there.build(dists=False)
    taking = Taking()
    there.proxy.routes["evil.example"] = taking
    elsewhere = Response(status, headers={"Location": EVIL})
    there.anaconda.faults = [Fault(method="POST", path=path, response=elsewhere, times=None)]
    assert there.run("publish", "--network-wait", "0") != 0
    there.anaconda.complaints.clear()  # of a commit that nothing was staged for
    assert taking.log
    for request in taking.log:
        assert ANACONDA_TOKEN not in f"{request.headers} {request.target}"
        assert ANACONDA_TOKEN.encode() not in request.body


@pytest.mark.slow
@pytest.mark.parametrize("status", [302, 308])
def test_an_identity_token_follows_no_redirect(job: BuiltProject, status: int) -> None:
    job.pypi.faults = [Fault(path="/_/oidc/mint-token", response=Response(status, headers={"Location": EVIL}))]
    assert job.run("publish", *JOB_ONLY) == CredentialError.exit_code
    assert job.proxy.unknown == []
    assert job.pypi.uploads == []


@pytest.mark.slow
def test_addresses_in_a_listing_are_never_fetched(there: BuiltProject) -> None:
    there.log_in()
    there.pypi.files_root = "https://evil.example"
    there.build()
    assert there.run("publish") == 0
    assert there.run("publish") == 0
    assert there.run("status", "1.0") == 0
    assert there.run("retract", "1.0", "--reason", "x") == 0
    assert there.proxy.unknown == []


Echo = Callable[[BuiltProject, Request], Response]


def refused_upload(there: BuiltProject, _: Request) -> Response:
    return Response.of_text(f"Not you: {there.pypi.minted[-1]}", 400)


def refused_mint(_: BuiltProject, request: Request) -> Response:
    return Response.of_json({"errors": [{"code": "x", "description": f"Not you: {request.json()['token']}"}]}, 422)


@pytest.mark.parametrize(
    ("path", "echo"), [("/legacy/", refused_upload), ("/_/oidc/mint-token", refused_mint)], ids=["upload", "mint"]
)
def test_a_token_is_masked_before_anything_that_its_receiver_says(
    job: BuiltProject, path: str, echo: Echo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    itself = job.pypi.answer

    def answer(request: Request) -> Response:
        return echo(job, request) if request.path == path else itself(request)

    monkeypatch.setattr(job.pypi, "answer", answer)
    monkeypatch.setattr(sys, "stderr", sys.stdout)  # the runner reads both as one
    assert job.run("publish", *JOB_ONLY) != 0
    said = capsys.readouterr().out
    for token in (*job.pypi.minted, *job.provider.issued):
        assert said.count(token) == said.count(f"::add-mask::{token}\n") >= 1
        assert said.index(f"::add-mask::{token}\n") < said.index("Not you:")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["TWINE_PASSWORD", "ANACONDA_API_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"])
def test_a_token_that_was_pasted_with_its_line_end_is_refused_and_not_shown(
    there: BuiltProject, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    there.log_in()
    there.build()
    there.env.update(there.provider.environment)
    if name == "ACTIONS_ID_TOKEN_REQUEST_TOKEN":
        del there.env["TWINE_PASSWORD"]
    for end in ("\n", "\r\n", " ", "\u2028", "\x00"):
        there.env[name] = f"pypi-canary-5e0a{end}x"
        assert there.run("publish") == CredentialError.exit_code, ascii(end)
        said = "".join(capsys.readouterr())
        assert name in said
        assert "canary-5e0a" not in said.replace("::add-mask::", "")
        assert not there.pypi.lines("POST") + there.anaconda.lines("POST")


@pytest.mark.slow
def test_an_epoch_is_published_only_when_asked(there: BuiltProject, capsys: pytest.CaptureFixture[str]) -> None:
    release = there.build("1!1.0", conda=False)
    there.log_in()
    there.pypi.put("demo-2.0.tar.gz", b"before")
    assert there.run("publish", "--dry-run") == PreflightError.exit_code
    assert "another epoch than 2.0" in capsys.readouterr().err
    assert there.run("publish") == PreflightError.exit_code
    assert there.pypi.uploads == []
    assert there.run("publish", "--allow-epoch") == 0
    assert len(there.pypi.accepted) == len(release.artifacts)
    for artifact in release.artifacts:
        artifact.path.unlink()
    there.build("1!1.1", conda=False)
    assert there.run("publish") == 0, "what has an epoch keeps it"


def test_leaving_an_epoch_is_asked_for_too(there: BuiltProject) -> None:
    there.build("3.0", conda=False)
    there.log_in()
    there.pypi.put("demo-1!2.0.tar.gz", b"before")
    assert there.run("publish") == PreflightError.exit_code


@pytest.mark.slow
def test_nothing_is_left_in_the_home_folder(there: BuiltProject) -> None:
    there.log_in()
    there.build()
    for command in (("publish",), ("status", "1.0"), ("retract", "1.0", "--reason", "x")):
        assert there.run(*command) == 0
    assert [path.name for path in Path(there.env["HOME"]).rglob("*")] == []


@pytest.mark.skipif(os.name == "nt", reason="modes are of POSIX")
def test_a_pypirc_that_is_there_is_read_and_never_written(there: BuiltProject) -> None:
    there.log_in()
    there.build(conda=False)
    pypirc = Path(there.env["HOME"], ".pypirc")
    pypirc.write_text(f"[pypi]\nusername = __token__\npassword = {there.env.pop('TWINE_PASSWORD')}\n")
    pypirc.chmod(0o400)
    before = pypirc.read_bytes(), pypirc.stat().st_mtime_ns
    assert there.run("publish", "--routes-final", "pypi") == 0
    assert (pypirc.read_bytes(), pypirc.stat().st_mtime_ns) == before
    assert json.loads((there.dist / "release.json").read_text())["name"] == "demo"
