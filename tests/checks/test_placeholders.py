"""Files that git stores by a pointer or encrypted: released with their content, or not at all."""

import hashlib
import json
import zipfile
from pathlib import Path

import pytest

from tests.archives.raw import Part, wheel_bytes
from tests.conftest import Run
from tests.support.projects import in_tree_project
from tests.support.repositories import Checkout, make_repository

QUICK = ("--no-conda", "--no-verify-install", "--json")
CONTENT = b"\0weights" * 100
DIGEST = hashlib.sha256(CONTENT).hexdigest()
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{DIGEST}\nsize {len(CONTENT)}\n"
PATH = "demo/model.bin"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A clone made without Git LFS: its files are pointers."""
    attributes = "*.bin filter=lfs diff=lfs merge=lfs -text\n"
    return make_repository(tmp_path / "ours", {**in_tree_project(), ".gitattributes": attributes, PATH: POINTER})


def store(checkout: Checkout, content: bytes = CONTENT) -> None:
    """Have the content where ``git lfs fetch`` puts it."""
    path = checkout.root / ".git/lfs/objects" / DIGEST[:2] / DIGEST[2:4] / DIGEST
    path.parent.mkdir(parents=True)
    path.write_bytes(content)


def build(run: Run, checkout: Checkout, *options: str) -> tuple[int, list[dict[str, str]]]:
    """The exit code of a build, and the notes about what failed."""
    said = run("build", "-C", checkout.root, "--packages-dir", checkout.root.parent / "dist", *QUICK, *options)
    notes = [note for section in json.loads(said.out)["sections"] for note in section["notes"]]
    return said.code, [note for note in notes if note["state"] == "failed"]


def shipped(checkout: Checkout) -> bytes:
    with zipfile.ZipFile(checkout.root.parent / "dist" / "demo-1.0-py3-none-any.whl") as wheel:
        return wheel.read(PATH)


@pytest.mark.slow
def test_a_pointer_without_its_content_is_not_released(run: Run, checkout: Checkout) -> None:
    code, (fault,) = build(run, checkout)
    assert code == 9
    assert PATH in fault["detail"]
    assert "git lfs pull" in fault["advice"]
    assert not (checkout.root.parent / "dist").exists()


@pytest.mark.slow
def test_content_of_another_digest_is_not_taken(run: Run, checkout: Checkout) -> None:
    store(checkout, CONTENT[::-1])
    (checkout.root / PATH).write_bytes(CONTENT[:-1] + b"!")
    assert build(run, checkout)[0] == 9


@pytest.mark.slow
@pytest.mark.parametrize("where", ["store", "work tree", "configured store"])
def test_the_content_is_taken_from_where_the_checkout_has_it(run: Run, checkout: Checkout, where: str) -> None:
    if where == "work tree":
        (checkout.root / PATH).write_bytes(CONTENT)
    else:
        store(checkout)
    if where == "configured store":
        (checkout.root / ".git/lfs").rename(checkout.root / ".git/elsewhere")
        checkout.git("config", "lfs.storage", "elsewhere")
    assert build(run, checkout) == (0, [])
    assert shipped(checkout) == CONTENT


@pytest.mark.slow
def test_the_clone_stays_clean_for_what_derives_a_version_from_it(run: Run, tmp_path: Path) -> None:
    record = tmp_path / "status.txt"
    status = 'subprocess.check_output(["git", "status", "--short", "--untracked-files=no"])'
    code = f"import subprocess\nPath({str(record)!r}).write_bytes({status})"
    attributes = "*.bin filter=lfs -text\n"
    files = {**in_tree_project(f'if name == "sdist":\n{_indented(code)}'), ".gitattributes": attributes, PATH: POINTER}
    checkout = make_repository(tmp_path / "ours", files)
    store(checkout)
    assert build(run, checkout)[0] == 0
    assert record.read_text(encoding="utf-8") == ""


def _indented(code: str) -> str:
    return "\n".join(f"    {line}" for line in code.splitlines())


@pytest.mark.slow
def test_a_pointer_that_is_meant_is_released_where_that_is_set(run: Run, checkout: Checkout) -> None:
    assert build(run, checkout, "--verify-placeholders", "demo/*.bin") == (0, [])
    assert shipped(checkout) == POINTER.encode()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (POINTER.encode(), "Git LFS"),
        (POINTER.replace("git-lfs", "hawser").encode(), "Git LFS"),
        (POINTER.replace("oid", "ext-0-foo sha256:ab\noid").encode(), "Git LFS"),
        (b"/annex/objects/SHA256E-s12--0123456789abcdef.bin\n", "git-annex"),
        (b"\0GITCRYPT\0rest", "git-crypt"),
        (b"# version https://git-lfs.github.com/spec/v1\n", ""),
        (b"version https://git-lfs.github.com/spec/v1\nis what a pointer begins with", ""),
        (b"/annex/objects/ is a folder", ""),
    ],
)
def test_verify_tells_placeholders_from_files_that_mention_them(
    run: Run, tmp_path: Path, content: bytes, expected: str
) -> None:
    wheel = tmp_path / "demo-1.0-py3-none-any.whl"
    wheel.write_bytes(wheel_bytes(Part("demo/a.dat", content)))
    said = run("verify", wheel, "--no-verify-install", "--json")
    notes = [note for section in json.loads(said.out)["sections"] for note in section["notes"]]
    failed = [note["text"] for note in notes if note["state"] == "failed"]
    assert (said.code, [expected in text for text in failed]) == ((9, [True]) if expected else (0, []))
