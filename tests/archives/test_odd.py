import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from release_tools.artifacts import CondaPackage, Sdist, Wheel, read_conda, read_sdist, read_wheel, unpack_sdist
from tests.archives.odd import CONDAS, SDISTS, WHEELS, Odd
from tests.archives.raw import METADATA, Entry, Part, sdist_bytes, wheel_bytes

Archive = Wheel | Sdist | CondaPackage

EVERYTHING = (
    *(pytest.param(read_wheel, case, id=f"wheel: {case.id}") for case in WHEELS),
    *(pytest.param(read_sdist, case, id=f"sdist: {case.id}") for case in SDISTS),
    *(pytest.param(read_conda, case, id=f"conda: {case.id}") for case in CONDAS),
)


@pytest.mark.parametrize(("read", "case"), EVERYTHING)
def test_an_odd_but_sound_archive_is_read(read: Callable[[Path], Archive], case: Odd, tmp_path: Path) -> None:
    path = tmp_path / case.filename
    path.write_bytes(case.make())
    names = [member.name for member in read(path).members]
    assert case.member in names or not case.member


@pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in SDISTS])
def test_an_odd_sdist_unpacks_to_the_files_that_were_read(case: Odd, tmp_path: Path) -> None:
    path = tmp_path / case.filename
    path.write_bytes(case.make())
    (tmp_path / "unpacked").mkdir()
    top = unpack_sdist(path, tmp_path / "unpacked").folder
    found = {file.relative_to(top.parent).as_posix() for file in top.rglob("*") if file.is_symlink() or file.is_file()}
    assert found == {member.name for member in read_sdist(path).members}


def test_an_unpacked_sdist_has_plain_modes_and_the_times_of_its_members(tmp_path: Path) -> None:
    path = tmp_path / "demo-1.0.tar.gz"
    entries = (Entry("demo-1.0/run", b"x", mode=0o4777, mtime=77), Entry("demo-1.0/x", b"x", mode=0o600, mtime=-1))
    path.write_bytes(sdist_bytes(*entries))
    top = unpack_sdist(path, tmp_path).folder
    run, plain = (top / "run").stat(), (top / "x").stat()
    assert (run.st_mtime, plain.st_mtime) == (77, 0)
    if os.name == "posix":
        assert (stat.S_IMODE(run.st_mode), stat.S_IMODE(plain.st_mode)) == (0o755, 0o644)


def test_a_wheel_tells_what_a_release_needs(tmp_path: Path) -> None:
    path = tmp_path / "demo-1.0-py3-none-any.whl"
    path.write_bytes(
        wheel_bytes(
            Part("ns/part/__init__.py"),
            Part("ns/part/inner/__init__.py"),
            Part("single.py"),
            Part("not-a-module/x.py"),
            Part("demo-1.0.data/purelib/more.py"),
            Part("demo-1.0.data/scripts/tool", b"#!python\n", mode=0o100755),
            Part("demo-1.0.dist-info/licenses/LICENSE", b"MIT"),
            metadata=METADATA + b"License-File: LICENSE\nRequires-Dist: click>=8\n",
            entry_points=b"[console_scripts]\nDemo = demo:main\n[demo.plugins]\nx = demo\n",
        )
    )
    wheel = read_wheel(path)
    assert wheel.import_names == ("demo", "more", "ns.part", "single")
    assert wheel.top_level == ("demo", "more.py", "not-a-module", "ns", "single.py")
    assert wheel.license_files == ("demo-1.0.dist-info/licenses/LICENSE",)
    assert [(point.group, point.name, point.value) for point in wheel.entry_points] == [
        ("console_scripts", "Demo", "demo:main"),
        ("demo.plugins", "x", "demo"),
    ]
    assert [str(requirement) for requirement in wheel.metadata.parsed.requires_dist or ()] == ["click>=8"]
    assert [member.name for member in wheel.members if member.executable] == ["demo-1.0.data/scripts/tool"]
    assert wheel.read("demo-1.0.data/scripts/tool") == (b"#!python\n",)
    assert {member.name: content.read(99) for member, content in wheel.stream()}["demo/__init__.py"] == b"x = 1\n"


@pytest.mark.parametrize(
    ("commands", "imports"),
    [
        ("demo = demo:main\nserve = served:main [web]\n", ("demo",)),
        ("a = served:a\nb = served:b [web]\n", ("demo", "served")),
        ("serve = served.web:main [web]\n", ("demo", "served")),
        ("a = demo:main [web]\nb = served:main [web]\n", ("demo", "served")),
    ],
)
def test_a_module_behind_an_extra_is_none_to_import(tmp_path: Path, commands: str, imports: tuple[str, ...]) -> None:
    path = tmp_path / "demo-1.0-py3-none-any.whl"
    content = wheel_bytes(
        Part("served/__init__.py"), Part("served/web.py"), entry_points=b"[console_scripts]\n" + commands.encode()
    )
    path.write_bytes(content)
    assert read_wheel(path).import_names == imports


def test_a_wheel_that_names_its_imports_is_believed(tmp_path: Path) -> None:
    path = tmp_path / "demo-1.0-py3-none-any.whl"
    reported = METADATA.replace(b"2.4", b"2.5") + b"Import-Name: demo\nImport-Name: _demo ; private\n"
    path.write_bytes(wheel_bytes(Part("_demo.py"), metadata=reported))
    assert read_wheel(path).import_names == ("demo",)
