"""Test that the whole commit and nothing else is built, with the same bytes every time."""

import json
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.support.projects import BACKENDS, in_tree_project, project
from tests.support.repositories import Checkout, make_repository

pytestmark = pytest.mark.slow

QUICK = ("--no-conda", "--no-verify-install")


def build(run: Run, root: Path, output: Path, *options: str, **env: str) -> dict[str, str]:
    """Build, and answer each file's digest as release.json tells it."""
    said = run("build", "-C", root, "--packages-dir", output, *QUICK, *options, **env)
    assert said.code == 0, said.err
    facts = json.loads((output / "release.json").read_text())
    return {artifact["filename"]: artifact["sha256"] for artifact in facts["artifacts"]}


def members(output: Path) -> dict[str, bytes]:
    """Return what is in the sdist, by path."""
    (path,) = output.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        files = {member.name.partition("/")[2]: archive.extractfile(member) for member in archive if member.isreg()}
        return {name: file.read() for name, file in files.items() if file}


def test_nothing_that_is_not_committed_gets_in(run: Run, tmp_path: Path) -> None:
    checkout = make_repository(tmp_path / "ours", {**in_tree_project(), ".gitignore": "secret*\n", "demo/kept.py": "1"})
    checkout.git("update-index", "--skip-worktree", "demo/kept.py")
    checkout.write({"demo/kept.py": "tampered", "demo/secret.py": "ignored", "demo/stray.py": "", "README": "dirty"})
    before = {path: path.read_bytes() for path in checkout.root.rglob("*") if path.is_file()}
    build(run, checkout.root, tmp_path / "dist")
    found = members(tmp_path / "dist")
    assert found.pop("PKG-INFO")
    assert sorted(found) == sorted({*in_tree_project(), ".gitignore", "demo/kept.py"})
    assert found["demo/kept.py"] == b"1"
    assert {path: path.read_bytes() for path in checkout.root.rglob("*") if path.is_file()} == before


def test_line_ends_are_those_that_were_committed(run: Run, env: Mapping[str, str], tmp_path: Path) -> None:
    (Path(env["HOME"]) / ".gitconfig").write_text("[core]\n\tautocrlf = true\n\teol = crlf\n")
    attributes = {"a": "", "b": "* text=auto\n", "c": "* text=auto eol=lf\n", "d": "*.py text\n"}
    files = {f"demo/{folder}/.gitattributes": text for folder, text in attributes.items()}
    lines = {f"demo/{folder}/lines.py": "1\n2\n" for folder in attributes}
    checkout = make_repository(tmp_path / "ours", {**in_tree_project(), **files, **lines})
    build(run, checkout.root, tmp_path / "dist")
    found = members(tmp_path / "dist")
    assert {name: found[name] for name in lines} == dict.fromkeys(lines, b"1\n2\n")


def test_a_commit_whose_files_are_not_all_there_is_not_built(run: Run, tmp_path: Path) -> None:
    checkout = make_repository(tmp_path / "ours", in_tree_project())
    checkout.commit({"demo/lost.py": "content that will be lost\n"})
    blob = checkout.git("rev-parse", "HEAD:demo/lost.py")
    (checkout.root / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    said = run("build", "-C", checkout.root, *QUICK)
    assert said.code == 4
    assert f"unable to read sha1 file of demo/lost.py ({blob})" in said.err
    assert "git fetch --refetch" in said.err


def test_a_file_in_an_encoding_that_git_does_not_know_is_built_as_it_is(run: Run, tmp_path: Path) -> None:
    files = {**in_tree_project(), ".gitattributes": "*.inc working-tree-encoding=unheard-of\n", "demo/kept.inc": "1\n"}
    checkout = make_repository(tmp_path / "ours", files)
    build(run, checkout.root, tmp_path / "dist")
    assert members(tmp_path / "dist")["demo/kept.inc"] == b"1\n"


def test_a_clone_without_the_content_of_older_commits_is_enough(run: Run, tmp_path: Path) -> None:
    far = make_repository(tmp_path / "far", {**in_tree_project(), "demo/old.py": "1\n"})
    far.commit({"demo/old.py": "2\n"})
    far.git("config", "uploadpack.allowFilter", "true")
    near = Checkout(tmp_path / "near")
    far.git("clone", "--quiet", "--filter=blob:none", far.root.as_uri(), str(near.root))
    far.root.rename(tmp_path / "gone")
    build(run, near.root, tmp_path / "dist")
    assert members(tmp_path / "dist")["demo/old.py"] == b"2\n"


def test_a_project_may_lie_below_the_top_and_have_any_name(run: Run, tmp_path: Path) -> None:
    files = {f"pakete/größe 1/{name}": text for name, text in in_tree_project().items()}
    checkout = make_repository(tmp_path / "alle 项目", files)
    build(run, checkout.root / "pakete" / "größe 1", tmp_path / "dist")
    assert "demo/__init__.py" in members(tmp_path / "dist")


@pytest.mark.skipif(os.name == "nt", reason="the trap is a shell script")
def test_the_users_own_git_configuration_starts_nothing_in_the_clone(
    run: Run, env: Mapping[str, str], tmp_path: Path
) -> None:
    trap, sprung = tmp_path / "hooks" / "post-checkout", tmp_path / "sprung"
    trap.parent.mkdir()
    trap.write_text(f"#!/bin/sh\ntouch {sprung}\n")
    trap.chmod(0o755)
    configuration = f"[core]\n\tfsmonitor = {trap}\n\thooksPath = {trap.parent}\n[tag]\n\tgpgSign = true\n"
    (Path(env["HOME"]) / ".gitconfig").write_text(configuration)
    meanwhile = "import subprocess\nsubprocess.run(['git', 'status'], check=name == 'sdist')"
    checkout = make_repository(tmp_path / "ours", in_tree_project(meanwhile))
    build(run, checkout.root, tmp_path / "dist")
    assert not sprung.exists()


def with_submodule(tmp_path: Path) -> Checkout:
    """A repository with a submodule in a submodule, all of them checked out."""
    inner = make_repository(tmp_path / "inner", {"inner.txt": "inner\n"})
    outer = make_repository(tmp_path / "outer", {"outer.txt": "outer\n"})
    outer.git("submodule", "--quiet", "add", str(inner.root), "in ner")
    outer.commit()
    checkout = make_repository(tmp_path / "ours", in_tree_project())
    checkout.git("submodule", "--quiet", "add", str(outer.root), "demo/vendor")
    checkout.git("submodule", "--quiet", "update", "--init", "--recursive")
    checkout.commit()
    return checkout


def test_submodules_are_carried_along_as_they_are_recorded(run: Run, tmp_path: Path) -> None:
    checkout = with_submodule(tmp_path)
    Checkout(checkout.root / "demo/vendor").commit({"outer.txt": "later\n", "later.txt": ""})
    build(run, checkout.root, tmp_path / "dist")
    found = members(tmp_path / "dist")
    assert (found["demo/vendor/outer.txt"], found["demo/vendor/in ner/inner.txt"]) == (b"outer\n", b"inner\n")
    assert "demo/vendor/later.txt" not in found


def test_a_submodule_that_is_not_checked_out_is_left_out_with_a_word(run: Run, tmp_path: Path) -> None:
    checkout = with_submodule(tmp_path)
    checkout.git("submodule", "--quiet", "deinit", "--all")
    said = run("build", "-C", checkout.root, "--packages-dir", tmp_path / "dist", *QUICK)
    assert said.code == 0
    assert "a submodule that is not checked out is left out  demo/vendor" in said.out
    assert "git submodule update --init --recursive" in said.out
    assert "demo/vendor/outer.txt" not in members(tmp_path / "dist")


def test_a_shallow_or_linked_checkout_is_built_like_any(run: Run, tmp_path: Path) -> None:
    origin = make_repository(tmp_path / "origin", in_tree_project(), ". . .")
    origin.git("clone", "--quiet", "--depth", "1", f"file://{origin.root}", str(tmp_path / "shallow"))
    origin.git("worktree", "add", "--quiet", "--detach", str(tmp_path / "linked"))
    digests = [build(run, root, tmp_path / "dist") for root in (origin.root, tmp_path / "shallow", tmp_path / "linked")]
    assert all(found == digests[0] for found in digests)


def test_a_commit_from_before_zip_files_knew_time_can_be_built(run: Run, tmp_path: Path) -> None:
    checkout = make_repository(tmp_path / "ours", in_tree_project("assert int(os.environ['SOURCE_DATE_EPOCH']) > 3e8"))
    lines = checkout.git("cat-file", "commit", "HEAD").split("\n")
    dated = [
        f"{line.rsplit(' ', 2)[0]} 5 +0000" if line.startswith(("author", "committer")) else line for line in lines
    ]
    raw = "\n".join([*dated, ""]).encode()
    checkout.git(
        "update-ref", "refs/heads/main", checkout.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=raw)
    )
    build(run, checkout.root, tmp_path / "dist")


USUAL = ("setuptools", "hatchling", "flit-core")


@pytest.mark.registry
@pytest.mark.parametrize(
    "backend", [pytest.param(name, marks=() if name in USUAL else pytest.mark.exhaustive) for name in BACKENDS]
)
def test_the_same_commit_gives_the_same_bytes(run: Run, tmp_path: Path, backend: str) -> None:
    checkout = make_repository(tmp_path / "here", project(backend), ". v1.0")
    first = build(run, checkout.root, tmp_path / "first")
    other = tmp_path / "drüben und weit weg"
    Checkout(tmp_path).git("clone", "--quiet", str(checkout.root), str(other))
    for path in other.rglob("*"):
        if ".git" not in path.parts:
            path.chmod(0o700 if path.is_dir() else 0o600)
            os.utime(path, (2_000_000_000, 2_000_000_000))
    previous = os.umask(0o077)
    try:
        second = build(run, other, tmp_path / "second", TZ="Asia/Kathmandu", LC_ALL="tr_TR.UTF-8", PYTHONHASHSEED="7")
    finally:
        os.umask(previous)
    assert first == second
    assert len(first) == 2


WARNS = """import warnings
warnings.warn("mind this\\n!!\\n   a box around it\\n", UserWarning, stacklevel=1)"""


def test_what_a_backend_warns_of_is_reported_once_and_in_one_line(run: Run, tmp_path: Path) -> None:
    checkout = make_repository(tmp_path / "ours", in_tree_project(WARNS))
    said = run("build", "-C", checkout.root, *QUICK)
    assert said.code == 0
    assert said.out.count("mind this") == 1
    assert "warning from the build backend  mind this\n" in said.out
    assert said.err == ""


OF_ANOTHER_PYTHON = """global _metadata
_metadata = lambda *_: b"Metadata-Version: 2.4\\nName: demo\\nVersion: 1.0\\nRequires-Python: >=4.2\\n"
"""


def test_a_wheel_for_other_pythons_is_not_tried_out(run: Run, tmp_path: Path) -> None:
    checkout = make_repository(tmp_path / "ours", in_tree_project(OF_ANOTHER_PYTHON))
    said = run("build", "-C", checkout.root, "--no-conda")
    assert said.code == 9
    assert "demo-1.0-py3-none-any.whl cannot be tried out: it needs Python >=4.2" in said.err
    assert "--no-verify-install" in said.out


TAGS = """
import subprocess
tags = subprocess.run(["git", "tag", "--list"], capture_output=True, text=True).stdout
here = subprocess.run(["git", "tag", "--points-at", "HEAD"], capture_output=True, text=True).stdout
if name == "sdist":
    Path("tags.txt").write_text(tags)
    Path("here.txt").write_text(here)
"""


@pytest.mark.parametrize(
    ("history", "options", "tags", "here"),
    [
        (". v0.8 . v0.9 . v1.0 v1 docs-3", [], "v0.8 v0.9 v1.0", "v1.0"),
        (". v0.8 . v0.9 . v1.0rc1 v1.0 . v1.1", ["v1.0"], "v0.8 v0.9 v1.0", "v1.0"),
        (". demo-0.9 other-5.0 . demo-1.0", [], "demo-0.9 demo-1.0", "demo-1.0"),
    ],
)
def test_the_clone_has_older_tags_and_the_commit_exactly_one(
    run: Run, tmp_path: Path, history: str, options: list[str], tags: str, here: str
) -> None:
    checkout = make_repository(tmp_path / "ours", in_tree_project(TAGS), history)
    for tag in options:
        checkout.git("checkout", "--quiet", tag)
    build(run, checkout.root, tmp_path / "dist")
    found = members(tmp_path / "dist")
    assert (found["tags.txt"].decode().split(), found["here.txt"].decode().split()) == (tags.split(), here.split())
