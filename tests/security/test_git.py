"""Git: what a repository, a setting or a job names is never an option or a program to it."""

import os
import subprocess
from pathlib import Path

import pytest

from release_tools.cli import main
from release_tools.errors import PreflightError, RepositoryError, VersionError
from release_tools.git.repository import Repository
from tests.support.repositories import Checkout

REFS = ["v1;id", "v1${IFS}x", "v1$(id)", "--upload-pack=touch sprung", "v1\u202e0", "v1..2", "v1@{0}", "v1.lock", "-v1"]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    bare = tmp_path / "remote.git"
    made = Checkout.create(tmp_path, bare.as_uri())
    made.git("init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    made.git("push", "--quiet", "origin", "main")
    return made


@pytest.fixture
def calls(checkout: Checkout, tmp_path: Path) -> Path:
    """Return the file in which every call of git is recorded: one argument a line, and a NUL after each call."""
    log, folder = tmp_path / "calls", tmp_path / "bin"
    folder.mkdir()
    fake = folder / "git"
    fake.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> {log}\nprintf "\\0" >> {log}\nPATH="$REAL" exec git "$@"\n')
    fake.chmod(0o755)
    path = os.environ["PATH"]
    checkout.more.update({"PATH": f"{folder}{os.pathsep}{path}", "REAL": path})
    return log


def run(checkout: Checkout, *arguments: str, **env: str) -> int:
    return main.main([arguments[0], "-C", str(checkout.root), *arguments[1:]], {**checkout.env, **env})


@pytest.mark.parametrize("ref", REFS)
def test_the_ref_that_started_a_job_keeps_to_our_grammar(
    checkout: Checkout, ref: str, capsys: pytest.CaptureFixture[str]
) -> None:
    job = {"GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": ref}
    assert run(checkout, "version", **job) == VersionError.exit_code
    assert "GITHUB_REF_NAME" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="the witness is a shell script")
@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--tag-remote", "--upload-pack=touch sprung"),
        ("--tag-remote", "ext::sh -c touch% sprung"),
        ("--tag-branch", "--upload-pack=touch sprung"),
        ("--tag-branch", "+refs/heads/*"),
        ("--changelog-file", "--output=sprung"),
        ("--tag-format", "--exec=sprung{version}"),
    ],
)
def test_a_setting_is_no_option_of_gits(
    checkout: Checkout, calls: Path, option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(checkout, "tag", "1.0", f"{option}={value}")
    assert "Traceback" not in "".join(capsys.readouterr())
    for call in calls.read_text().split("\0") if calls.exists() else ():
        arguments = call.splitlines()
        if value in arguments:
            assert "--" in arguments[: arguments.index(value)], arguments
    assert not list(checkout.root.parent.rglob("sprung"))


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="the witness is a shell script")
def test_every_call_of_git_is_neutral(checkout: Checkout, calls: Path) -> None:
    assert run(checkout, "tag", "1.0") == 0
    assert run(checkout, "version") == 0
    made = [call.strip("\n").splitlines() for call in calls.read_text().split("\0") if call]
    assert len(made) > 10
    for setting in ("core.fsmonitor=false", f"core.hooksPath={os.devnull}", "safe.bareRepository=explicit"):
        assert all(setting in call for call in made)


@pytest.mark.skipif(os.name == "nt", reason="the trap is a shell script")
def test_a_bare_repository_inside_of_a_checkout_is_not_entered(checkout: Checkout, tmp_path: Path) -> None:
    """Committed files can be a repository, whose configuration names programs (CVE-2022-24765's cousin)."""
    sprung = tmp_path / "sprung"
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {sprung}\n")
    trap.chmod(0o755)
    inside = checkout.root / "vendor"
    checkout.git("clone", "--quiet", "--bare", ".", str(inside))
    (inside / "work").mkdir()
    (inside / "pyproject.toml").write_text('[project]\nname = "demo"\nversion = "1.0"\n')
    for key, value in (("core.bare", "false"), ("core.worktree", "."), ("core.fsmonitor", str(trap))):
        checkout.git("config", "--file", str(inside / "config"), key, value)
    assert main.main(["version", "-C", str(inside)], checkout.env) == RepositoryError.exit_code
    assert not sprung.exists()
    subprocess.run(["git", "status"], cwd=inside, env=checkout.env, capture_output=True, check=False)
    assert sprung.exists(), "the trap works"


PROGRAM_KEYS = [
    "alias.status",
    "core.alternateRefsCommand",
    "core.askPass",
    "core.editor",
    "core.fsmonitor",
    "core.gitProxy",
    "core.hooksPath",
    "core.pager",
    "core.sshCommand",
    "credential.helper",
    "credential.https://github.com.helper",
    "diff.evil.command",
    "diff.evil.textconv",
    "diff.external",
    "filter.evil.clean",
    "filter.evil.process",
    "filter.evil.smudge",
    "gpg.program",
    "gpg.openpgp.program",
    "gpg.ssh.defaultKeyCommand",
    "gpg.ssh.program",
    "merge.evil.driver",
    "pager.log",
    "remote.origin.receivepack",
    "remote.origin.uploadpack",
    "remote.origin.vcs",
    "sequence.editor",
    "trailer.sign.command",
    "uploadpack.packObjectsHook",
]


@pytest.fixture
def poisoned(checkout: Checkout, tmp_path: Path) -> Checkout:
    """A checkout whose configuration names a program for whatever git starts one for."""
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path / 'sprung'}\ncat\n")
    trap.chmod(0o755)
    checkout.commit({"demo.py": "x = 2\n"})
    checkout.git("push", "--quiet", "origin", "main")
    (checkout.root / ".git/info").mkdir(exist_ok=True)
    (checkout.root / ".git/info/attributes").write_text("* filter=evil diff=evil merge=evil\n")
    for key in PROGRAM_KEYS:
        checkout.git("config", "--file", ".git/config", key, str(trap))
    (checkout.root / ".git/more").write_text(f'[filter "evil"]\n\tclean = {trap}\n[tag]\n\tgpgSign = true\n')
    checkout.git("config", "--file", ".git/config", "include.path", "more")
    hooks = checkout.root / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    for hook in ("pre-push", "reference-transaction", "post-checkout", "post-index-change", "pre-auto-gc"):
        (hooks / hook).write_text(trap.read_text())
        (hooks / hook).chmod(0o755)
    os.utime(checkout.root / "demo.py", (1, 1))  # git has to compare its content, which a filter would clean
    return checkout


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="the trap is a shell script")
def test_the_configuration_of_the_checkout_starts_nothing(poisoned: Checkout, tmp_path: Path) -> None:
    assert run(poisoned, "version") == 0
    assert run(poisoned, "next") == 0
    assert run(poisoned, "notes", "1.0") == 0
    assert run(poisoned, "tag", "1.0", "--no-tag-sign") in {0, RepositoryError.exit_code}
    assert run(poisoned, "doctor") in range(20)
    Repository.open(poisoned.root, poisoned.env).clone(tmp_path / "clone", poisoned.head)
    assert (tmp_path / "clone/demo.py").read_text() == "x = 2\n"
    assert not (tmp_path / "sprung").exists()


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="the trap is a shell script")
def test_the_configuration_of_a_submodule_starts_nothing(checkout: Checkout, tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path / 'sprung'}\ncat\n")
    trap.chmod(0o755)
    inner = tmp_path / "inner.git"
    checkout.git("clone", "--quiet", "--bare", ".", str(inner))
    checkout.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "inner")
    checkout.commit({})
    checkout.git("push", "--quiet", "origin", "main")
    for key in ("filter.evil.clean", "core.fsmonitor", "filter.evil.smudge"):
        checkout.git("-C", "inner", "config", key, str(trap))
    attributes = checkout.root / ".git/modules/inner/info/attributes"
    attributes.parent.mkdir(exist_ok=True)
    attributes.write_text("* filter=evil\n")
    os.utime(checkout.root / "inner/demo.py", (1, 1))
    assert run(checkout, "tag", "1.0") == 0
    Repository.open(checkout.root, checkout.env).clone(tmp_path / "clone", checkout.head)
    assert (tmp_path / "clone/inner/demo.py").exists()
    assert not (tmp_path / "sprung").exists()
    (checkout.root / "inner/demo.py").write_text("changed = True\n")
    assert run(checkout, "tag", "1.1") == PreflightError.exit_code, "what is changed in a submodule is uncommitted"


@pytest.mark.parametrize("shape", ["worktree", "sha256", "reftable", "packed", "alternates", "shallow", "split index"])
def test_every_shape_of_a_repository_is_read(
    checkout: Checkout, shape: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkout.git("tag", "--annotate", "--message", "1.0", "v1.0")
    path = tmp_path / "shaped"
    if shape == "worktree":
        checkout.git("worktree", "add", "--quiet", "--detach", str(path), "HEAD")
    elif shape == "alternates":
        checkout.git("clone", "--quiet", "--shared", ".", str(path))
    elif shape == "shallow":
        checkout.git("push", "--quiet", "origin", "v1.0")
        checkout.git(
            "clone", "--quiet", "--depth=1", "--branch=v1.0", checkout.git("remote", "get-url", "origin"), str(path)
        )
    elif shape in ("sha256", "reftable"):
        option = "--object-format=sha256" if shape == "sha256" else "--ref-format=reftable"
        path.mkdir()
        shaped = Checkout(path, checkout.home)
        if subprocess.run(["git", "init", "--quiet", option], cwd=path, env=checkout.env, check=False).returncode:
            pytest.skip("this git does not know it")
        for name in ("pyproject.toml", "demo.py"):
            (path / name).write_text((checkout.root / name).read_text())
        shaped.git("add", "--all")
        shaped.git("commit", "--quiet", "--message", "First")
        shaped.git("tag", "--annotate", "--message", "1.0", "v1.0")
    else:
        path = checkout.root
        arguments = ("pack-refs", "--all") if shape == "packed" else ("update-index", "--split-index")
        checkout.git(*arguments)
    capsys.readouterr()
    assert main.main(["version", "-C", str(path)], checkout.env) == 0
    assert capsys.readouterr().out.strip() == "1.0"


@pytest.mark.slow
def test_a_tag_is_made_in_the_repository_itself(checkout: Checkout, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    checkout.git("pack-refs", "--all")
    checkout.git("worktree", "add", "--quiet", "-b", "release", str(linked), "HEAD")
    checkout.git("push", "--quiet", "origin", "release")
    assert main.main(["tag", "1.0", "-C", str(linked)], checkout.env) == 0
    assert checkout.git("rev-parse", "v1.0^{commit}") == checkout.head
    assert checkout.git("fsck", "--strict", "--no-dangling") == ""


def test_gits_own_words_are_shown(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout.root / ".git/index").write_bytes(b"DIRC damaged")
    assert run(checkout, "tag", "1.0") == RepositoryError.exit_code
    assert "index file" in capsys.readouterr().err
