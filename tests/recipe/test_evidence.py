import io
import tarfile
from pathlib import Path

import pytest

from release_tools.artifacts import read_sdist, read_wheel
from release_tools.recipe.evidence import Evidence, gather, says_something
from tests.support.artifacts import Project


def sdist(folder: Path, files: dict[str, bytes]) -> Path:
    path = folder / "demo-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in {"PKG-INFO": b"Metadata-Version: 2.4\nName: demo\nVersion: 1.0\n", **files}.items():
            member = tarfile.TarInfo(f"demo-1.0/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def evidence(folder: Path, files: dict[str, bytes], wheel: Project | None = None) -> Evidence:
    built = read_wheel(wheel.wheel(folder)) if wheel else None
    return gather(read_sdist(sdist(folder, files), wanted=says_something), "0" * 64, built)


SAYS = {
    "pyproject.toml": True,
    "setup.py": True,
    "sub/setup.py": False,
    "LICENSE": True,
    "vendored/deep/COPYING.txt": True,
    "demo/license.py": False,
    "src/demo.egg-info/requires.txt": True,
    "requires.txt": False,
    "README.md": False,
}


@pytest.mark.parametrize(("path", "description"), SAYS.items())
def test_only_the_texts_that_say_something_are_kept(path: str, description: bool, tmp_path: Path) -> None:  # noqa: FBT001 - data
    found = evidence(tmp_path, {path: b"text"}).sources
    assert path in found.paths
    assert found.texts == ({path: "text"} if description else {})


def test_a_text_that_no_person_wrote_is_not_read(tmp_path: Path) -> None:
    assert evidence(tmp_path, {"setup.py": b"#" * 1_000_001}).sources.texts == {}


def test_a_text_in_another_encoding_does_no_harm(tmp_path: Path) -> None:
    assert evidence(tmp_path, {"LICENSE": b"\xa9 2026"}).sources.texts == {"LICENSE": "\ufffd 2026"}


def test_a_wheels_metadata_is_believed_before_the_sdists(tmp_path: Path) -> None:
    found = evidence(tmp_path, {}, Project("demo", headers=["Summary: of the wheel"], requires=["click"]))
    assert found.metadata["summary"] == "of the wheel"
    assert found.metadata["requires_dist"] == ["click"]


def test_a_wheel_tells_what_is_installed_and_which_commands_there_are(tmp_path: Path) -> None:
    points = "[console_scripts]\nDemo = demo:main\n[gui_scripts]\nwin = demo:main\n[demo.plugins]\nx = demo\n"
    files = {"{data}/purelib/other.py": "", "{data}/scripts/run.sh": "#!/bin/sh\n"}
    built = evidence(tmp_path, {}, Project("demo", files=files, entry_points=points)).built
    assert built is not None
    assert built.pure
    assert {"demo.py", "other.py"} <= set(built.paths)
    assert not [path for path in built.paths if path.endswith("run.sh")]
    assert (built.entry_points, built.gui) == (("Demo = demo:main", "win = demo:main"), frozenset({"win"}))


def test_a_wheel_for_one_system_is_not_pure(tmp_path: Path) -> None:
    built = evidence(tmp_path, {}, Project("demo", tag="py3-none-win_amd64", pure=False)).built
    assert built is not None
    assert not built.pure


@pytest.mark.parametrize("text", ["", "[", "a = 1", "tool = 3", "[tool]\nhatch = 'x'\n"])
def test_a_table_that_is_not_there_is_empty(text: str, tmp_path: Path) -> None:
    sources = evidence(tmp_path, {"pyproject.toml": text.encode()}).sources
    assert sources.table("tool", "hatch", "build") == {}
