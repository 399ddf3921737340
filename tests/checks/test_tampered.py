"""``release-tools verify`` finds what was changed in a wheel or conda package after it was built, and names it."""

import io
import json
import zipfile
from collections.abc import Callable, MutableMapping
from pathlib import Path

import pytest
from conda_package_streaming.package_streaming import stream_conda_component

from release_tools.artifacts import read_wheel
from release_tools.builders.conda.from_wheel import Conversion, convert
from tests.archives.raw import Entry, Part, conda_bytes, paths_of, record_line, zip_bytes
from tests.conftest import Run
from tests.support.artifacts import Project
from tests.support.conda import COMMIT_TIME

DEMO = Project(
    "demo",
    files={"{data}/scripts/tool": "#!python\n"},
    headers=("Description-Content-Type: text/markdown",),
    requires=("lib-a>=1",),
    entry_points="[console_scripts]\ndemo = demo:main\n",
)
INFO = "demo-1.0.dist-info"
Files = MutableMapping[str, bytes]


def replacing(name: str, old: str, new: str) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        assert old.encode() in files[name]
        files[name] = files[name].replace(old.encode(), new.encode())

    return change


def adding(name: str) -> Callable[[Files], None]:
    return lambda files: files.update({name: b"import evil\n"})


def removing(name: str) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        del files[name]

    return change


def change_wheel(path: Path, change: Callable[[Files], None], *, listed: bool) -> None:
    """Change what a wheel holds, and RECORD with it if that is to be true."""
    with zipfile.ZipFile(path) as wheel:
        files: Files = {name: wheel.read(name) for name in wheel.namelist()}
    change(files)
    record = f"{INFO}/RECORD"
    if listed:
        lines = "".join(record_line(name, data) for name, data in files.items() if name != record)
        files[record] = f"{lines}{record},,\n".encode()
    path.write_bytes(zip_bytes(Part(name, data) for name, data in files.items()))


def change_conda(path: Path, change: Callable[[Files], None], *, listed: bool) -> None:
    """Change what a package holds, paths.json with it if that is to be true, and the file's name with the version."""
    files: Files = {
        info.name: (archive.extractfile(info) or io.BytesIO()).read()
        for part in ("pkg", "info")
        for archive, info in stream_conda_component(path, component=part)
    }
    change(files)
    entries = [Entry(name, data) for name, data in files.items() if not name.startswith("info/")]
    if listed:
        files["info/paths.json"] = json.dumps({"paths": paths_of(entries), "paths_version": 1}).encode()
    info = [Entry(name, data) for name, data in files.items() if name.startswith("info/")]
    stem = f"demo-{json.loads(files['info/index.json'])['version']}-py_0"
    path.unlink()
    path.with_name(f"{stem}.conda").write_bytes(conda_bytes(entries, info, stem=stem))


INDEX, LINK = "info/index.json", "info/link.json"
MODULE, RECORD = "site-packages/demo.py", f"site-packages/{INFO}/RECORD"

# The change, whether RECORD or paths.json is made to agree, and the message.
IN_CONDA = {
    "content": (replacing(MODULE, "main", "evil"), False, f"{MODULE}': content does not match paths.json"),
    "content, listed": (replacing(MODULE, "main", "evil"), True, f"1 file with different content: {MODULE}"),
    "script": (replacing("python-scripts/tool", "python", "evil.."), True, "different content: python-scripts/tool"),
    "record": (
        replacing(f"site-packages/{INFO}/RECORD", "demo.py", "evil.py"),
        True,
        f"content: site-packages/{INFO}/RECORD",
    ),
    "file added": (adding("site-packages/x.pth"), False, "site-packages/x.pth': in the package, but not in paths.json"),
    "file added, listed": (adding("site-packages/x.pth"), True, "1 file not in the wheel: site-packages/x.pth"),
    "file lost": (removing(MODULE), False, f"{MODULE}': in paths.json, but not in the package"),
    "file lost, listed": (removing(MODULE), True, f"1 file not in the conda package: {MODULE}"),
    "command": (replacing(LINK, "demo:main", "evil:main"), True, "other commands: demo = demo:main, demo = evil:main"),
    "requirement": (replacing(INDEX, "lib-a >=1", "evil >=1"), True, "other requirements: python, evil >=1"),
    "python": (replacing(INDEX, '["python"', '["python >=3"'), True, "other requirements"),
    "version": (replacing(INDEX, '"version": "1.0"', '"version": "1.1"'), True, "version 1.1, not 1.0"),
}
IN_WHEEL = {
    "content": (replacing("demo.py", "main", "evil"), False, "'demo.py': content does not match RECORD"),
    "content, listed": (
        replacing("demo.py", "main", "evil"),
        True,
        f"2 files with different content: {RECORD}, {MODULE}",
    ),
    "file added": (adding("x.pth"), False, "'x.pth': in the wheel, but its digest is not in RECORD"),
    "file added, listed": (adding("x.pth"), True, "not in the conda package: site-packages/x.pth"),
    "file lost": (removing("demo.py"), False, "'demo.py': in RECORD, but not in the wheel"),
    "file lost, listed": (removing("demo.py"), True, f"not in the wheel: {MODULE}"),
    "command": (replacing(f"{INFO}/entry_points.txt", "demo:main", "evil:main"), True, "demo = evil:main"),
    "requirement": (replacing(f"{INFO}/METADATA", "lib-a>=1", "evil>=1"), True, "other requirements"),
    "version": (replacing(f"{INFO}/METADATA", "Version: 1.0", "Version: 1.1"), True, "its metadata says demo 1.1"),
}
CASES = (
    *(pytest.param("*.conda", change_conda, *case, id=f"conda: {id_}") for id_, case in IN_CONDA.items()),
    *(pytest.param("*.whl", change_wheel, *case, id=f"wheel: {id_}") for id_, case in IN_WHEEL.items()),
)
QUICK = ("--no-verify-install", "--json")


def verified(run: Run, folder: Path) -> tuple[int, list[str]]:
    """Return what ``verify`` exits with, and what it says has failed."""
    said = run("verify", *sorted(folder.iterdir()), "-C", folder, *QUICK)
    sections = json.loads(said.out)["sections"]
    failed = [note for section in sections for note in section["notes"] if note["state"] == "failed"]
    return said.code, [f"{note['text']}: {note['detail']}" for note in failed]


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A folder with a wheel and its conda package."""
    folder = tmp_path / "dist"
    folder.mkdir()
    convert(read_wheel(DEMO.wheel(folder)), folder, Conversion(), COMMIT_TIME)
    return folder


def test_what_was_built_is_sound(run: Run, made: Path) -> None:
    assert verified(run, made) == (0, [])


@pytest.mark.parametrize(("pattern", "tamper", "change", "listed", "reported"), CASES)
def test_what_was_changed_is_named(
    run: Run,
    made: Path,
    pattern: str,
    tamper: Callable[..., None],
    change: Callable[[Files], None],
    listed: bool,  # noqa: FBT001 - a column of the table
    reported: str,
) -> None:
    (path,) = made.glob(pattern)
    tamper(path, change, listed=listed)
    code, failed = verified(run, made)
    assert code == 9
    assert any(reported in line for line in failed), failed
