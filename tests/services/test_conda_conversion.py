"""Test refusals, the files that a conversion adds, and that the bytes are always the same."""

import json
import os
import subprocess
import sys
import tarfile
import time
import zipfile
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
import yaml
from rattler_build import PlatformConfig, RenderConfig, Stage0Recipe, VariantConfig

from release_tools.artifacts import read_conda, read_wheel
from release_tools.builders.conda import rattler
from release_tools.builders.conda.from_wheel import Conversion, convert
from release_tools.builders.conda.rattler_build import find_disagreements, read_packages, run_tests
from release_tools.builders.conda.read_worker import read_package
from release_tools.errors import ArchiveError, CondaError
from release_tools.planning.conda_targets import USUAL_SUBDIRS
from tests.support.artifacts import Project, make_wheel
from tests.support.conda import COMMIT_TIME, NEEDS_POSIX, Channel, read_back

DEMO = Project(
    "demo",
    files={
        "{data}/scripts/tool": "#!python\n",
        "{data}/data/share/x": "x",
        "{info}/licenses/LICENSE": "Permission is hereby granted, free of charge",
        "package/__init__.py": "",
    },
    headers=(
        "Summary: demo - A demonstration of ${{ env.get('HOME') }}",
        "License-Expression: MIT",
        "License-File: LICENSE",
        "Project-URL: Source Code, https://example.org/demo",
        "Project-URL: Docs, https://example.org/docs",
        "Requires-Python: >=3.10",
    ),
    requires=("lib-a>=1",),
    entry_points="[console_scripts]\ndemo = demo:main\n",
)

REFUSED = {
    "not pure": (replace(DEMO, pure=False), "Root-Is-Purelib: false"),
    "made for one platform": (replace(DEMO, tag="py3-none-win_amd64"), "made for one platform: py3-none-win_amd64"),
    "made for one interface": (replace(DEMO, tag="cp311-abi3-any"), "made for one platform: cp311-abi3-any"),
    "made for Python 2": (replace(DEMO, tag="py2-none-any"), "not for every Python 3: py2"),
    "made for PyPy": (replace(DEMO, tag="pp310-none-any"), "not for every Python 3: pp310"),
    "shared object": (replace(DEMO, files={"demo_x.cpython-311-x86_64-linux-gnu.so": ""}), "is compiled code"),
    "versioned shared object": (replace(DEMO, files={"demo.libs/libz.so.1.2": ""}), "'demo.libs/libz.so.1.2'"),
    "Windows module": (replace(DEMO, files={"demo_x.PYD": ""}), "'demo_x.PYD' is compiled code"),
    "Windows library": (replace(DEMO, files={"demo_x.dll": ""}), "is compiled code"),
    "macOS library": (replace(DEMO, files={"demo_x.dylib": ""}), "is compiled code"),
    "data in info": (replace(DEMO, files={"{data}/data/info/index.json": "{}"}), "conda reserves"),
    "data in conda-meta": (replace(DEMO, files={"{data}/data/conda-meta/x.json": "{}"}), "conda reserves"),
    "data in site-packages": (replace(DEMO, files={"{data}/data/site-packages/x": ""}), "conda reserves"),
    "command as script too": (replace(DEMO, files={"{data}/scripts/Demo": "#!python\n"}), "'Demo' is there twice"),
    "URL": (replace(DEMO, requires=("lib-a @ https://example.org/a.whl",)), "a URL is not a package"),
    "kernel": (replace(DEMO, requires=("lib-a; platform_release >= '6'",)), "platform_release"),
    "equal to no version": (replace(DEMO, requires=("lib-a===built-by-me",)), "lib-a===built-by-me"),
    "no Python": (replace(DEMO, headers=("Requires-Python: <3",)), "admits none of the Pythons"),
}


@pytest.mark.parametrize(("project", "description"), [pytest.param(*case, id=id_) for id_, case in REFUSED.items()])
def test_a_wheel_that_noarch_cannot_express_is_refused_with_a_way_out(
    project: Project, description: str, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with pytest.raises(CondaError) as refusal:
        convert(read_wheel(project.wheel(tmp_path)), out, Conversion(), COMMIT_TIME)
    assert description in str(refusal.value)
    assert "--no-conda" in refusal.value.advice
    assert not out.exists()


def test_all_faults_of_a_wheel_are_reported_at_once(tmp_path: Path) -> None:
    project = replace(DEMO, pure=False, tag="py2-none-any", files={"a.so": "", "{data}/data/info/x": ""})
    with pytest.raises(CondaError) as refusal:
        convert(read_wheel(project.wheel(tmp_path)), tmp_path, Conversion(), COMMIT_TIME)
    assert len(refusal.value.faults) == 4
    assert "--no-conda" in refusal.value.advice


NAMES = {
    "capital": (Conversion(name="Demo"), "'Demo' is not a conda name"),
    "long": (Conversion(name="d" * 65), "is not a conda name"),
    "path": (Conversion(aliases=("../demo",)), "'../demo' is not a conda name"),
    "alias of itself": (Conversion(aliases=("demo",)), "'demo' is there twice"),
    "alias twice": (Conversion(aliases=("other", "other")), "'other' is there twice"),
}


@pytest.mark.parametrize(("conversion", "description"), [pytest.param(*case, id=id_) for id_, case in NAMES.items()])
def test_a_name_that_conda_does_not_take_is_refused(conversion: Conversion, description: str, tmp_path: Path) -> None:
    with pytest.raises(CondaError, match=description):
        convert(read_wheel(DEMO.wheel(tmp_path)), tmp_path, conversion, COMMIT_TIME)


def test_a_version_longer_than_conda_takes_is_refused(tmp_path: Path) -> None:
    project = replace(DEMO, version=".".join(["10"] * 30))
    with pytest.raises(CondaError, match="longer than 64"):
        convert(read_wheel(project.wheel(tmp_path)), tmp_path, Conversion(), COMMIT_TIME)


@pytest.mark.slow
def test_the_same_wheel_gives_the_same_bytes_later_and_with_other_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    big = replace(DEMO, files={**DEMO.files, "big.txt": "".join(str(number) for number in range(900_000))})
    wheel = read_wheel(big.wheel(tmp_path))
    digests = set()
    for cores in (1, 7):
        monkeypatch.setattr("os.cpu_count", lambda cores=cores: cores)
        monkeypatch.setattr("time.time", lambda cores=cores: 1_600_000_000 + 86400 * cores)
        paths = convert(wheel, tmp_path / str(cores), Conversion(formats=("conda", "tar.bz2")), COMMIT_TIME).paths
        digests.add(tuple(sha256(path.read_bytes()).hexdigest() for path in paths))
    assert len(digests) == 1


@pytest.mark.slow
def test_another_process_with_other_habits_gives_the_same_bytes(tmp_path: Path) -> None:
    wheel = DEMO.wheel(tmp_path)
    code = (
        "import sys; from pathlib import Path; from release_tools.artifacts import read_wheel\n"
        "from release_tools.builders.conda.from_wheel import Conversion, convert\n"
        f"convert(read_wheel(Path(sys.argv[1])), Path(sys.argv[2]), Conversion(), {COMMIT_TIME})"
    )
    digests = set()
    for number, habits in enumerate(({"TZ": "Asia/Tokyo", "PYTHONHASHSEED": "1"}, {"LC_ALL": "C", "USER": "other"})):
        folder = tmp_path / str(number)
        env = {**os.environ, **habits, "PYTHONPATH": os.pathsep.join(sys.path)}
        subprocess.run([sys.executable, "-c", code, wheel, folder], env=env, cwd=tmp_path, check=True)
        (made,) = folder.iterdir()
        digests.add(sha256(made.read_bytes()).hexdigest())
    assert len(digests) == 1


@pytest.mark.parametrize("suffix", ["conda", "tar.bz2"])
def test_nothing_in_a_package_tells_where_or_when_it_was_made(suffix: str, tmp_path: Path) -> None:
    (path,) = convert(read_wheel(DEMO.wheel(tmp_path)), tmp_path, Conversion(formats=(suffix,)), COMMIT_TIME).paths
    entries = [entry for archive in _tars(path) for entry in archive]
    assert {entry.mtime for entry in entries} == {COMMIT_TIME}
    assert {(entry.uid, entry.gid, entry.uname, entry.gname) for entry in entries} == {(0, 0, "", "")}
    assert {entry.mode for entry in entries} == {0o644, 0o755}
    if suffix == "conda":
        with zipfile.ZipFile(path) as outer:
            assert {entry.date_time for entry in outer.infolist()} == {time.gmtime(COMMIT_TIME)[:6]}
            assert {entry.create_system for entry in outer.infolist()} == {3}


def _tars(path: Path) -> list[list[tarfile.TarInfo]]:
    from conda_package_streaming.package_streaming import stream_conda_component

    parts = ("pkg", "info") if path.suffix == ".conda" else ("pkg",)
    return [[member for _, member in stream_conda_component(path, component=part)] for part in parts]


def test_both_formats_hold_the_same(tmp_path: Path) -> None:
    converted = convert(
        read_wheel(DEMO.wheel(tmp_path)), tmp_path, Conversion(formats=("conda", "tar.bz2")), COMMIT_TIME
    )
    first, second = map(read_conda, converted.paths)
    assert [path.name for path in converted.paths] == ["demo-1.0-py_0.conda", "demo-1.0-py_0.tar.bz2"]
    assert (first.members, first.documents, first.info) == (second.members, second.documents, second.info)


def test_a_requirement_of_one_system_makes_two_packages(tmp_path: Path) -> None:
    project = replace(DEMO, requires=("lib-a; sys_platform == 'win32'", "lib-b"))
    converted = convert(read_wheel(project.wheel(tmp_path)), tmp_path, Conversion(build_number=2), COMMIT_TIME)
    assert [path.name for path in converted.paths] == ["demo-1.0-unix_py_2.conda", "demo-1.0-win_py_2.conda"]
    assert [set(read_conda(path).depends) for path in converted.paths] == [
        {"python >=3.10", "lib-b", "__unix"},
        {"python >=3.10", "lib-b", "__win", "lib-a"},
    ]


@pytest.mark.slow
@NEEDS_POSIX
def test_a_requirement_of_some_machines_makes_a_package_for_each_platform_that_installs(
    tmp_path: Path, conda_channel: Channel
) -> None:
    this = rattler.find_this_subdir()
    machine = "x86_64" if this.endswith("-64") else "aarch64' or platform_machine == 'arm64"
    project = replace(DEMO, requires=(f"lib-a; platform_machine == '{machine}'",), headers=())
    channel = conda_channel.over(tmp_path / "channel")
    converted = convert(read_wheel(project.wheel(tmp_path)), channel.folder, Conversion(), COMMIT_TIME)
    assert [file.path.parent.name for file in converted.files] == list(USUAL_SUBDIRS)
    assert {file.path.name for file in converted.files} == {"demo-1.0-py_0.conda"}
    for file in converted.files:
        package = read_conda(file.path)
        assert (package.subdir, package.noarch, read_back(package)) == (file.subdir, "python", ())
        index = json.loads(package.documents["index.json"])
        system, _, word = file.subdir.partition("-")
        assert (index["platform"], index["arch"]) == (system, "x86_64" if word == "64" else word)
    channel.add(Project("lib-a"))
    prefix = tmp_path / "prefix"
    channel.install(prefix, "demo")
    assert {"demo", "lib-a"} <= {one.name for one in rattler.list_installed(prefix)}
    said = subprocess.run([prefix / "bin" / "demo"], capture_output=True, check=True, text=True)
    assert said.stdout == "demo\n"


@pytest.mark.slow
def test_rattler_build_reads_large_packages_in_a_program_of_its_own_and_says_the_same(tmp_path: Path) -> None:
    large = replace(DEMO, files={"demo/data.bin": os.urandom(600_000)})
    (path,) = convert(read_wheel(large.wheel(tmp_path)), tmp_path, Conversion(), COMMIT_TIME).paths
    package, broken = read_conda(path), tmp_path / "broken-1.0-py_0.conda"
    broken.write_bytes(path.read_bytes()[:400_000])
    read, fault = read_packages([path, broken], {"PATH": ""})
    assert read == read_package(str(path))
    assert find_disagreements(package, read) == ()
    assert find_disagreements(package, {**read, "build number": 1, "files": []}) != ()
    assert "rattler-build cannot read it" in find_disagreements(package, fault)[0]


def test_the_recipe_in_a_package_for_one_platform_renders_as_that_package(tmp_path: Path) -> None:
    project = replace(DEMO, requires=("lib-a; platform_machine == 'x86_64'",))
    files = convert(read_wheel(project.wheel(tmp_path)), tmp_path, Conversion(), COMMIT_TIME).files
    for file in files:
        package = read_conda(file.path)
        config = RenderConfig(platform=PlatformConfig(target_platform=file.subdir))
        recipe = Stage0Recipe.from_yaml(package.documents["recipe/recipe.yaml"].decode())
        (variant,) = recipe.render(VariantConfig(), config)
        rendered = variant.recipe.to_dict()
        assert rendered["build"]["python"]["version_independent"]
        assert rendered["requirements"]["run"] == list(package.depends)


def test_a_build_tag_becomes_the_build_number_unless_one_is_given(tmp_path: Path) -> None:
    wheel = read_wheel(replace(DEMO, build="7x").wheel(tmp_path))
    names = [convert(wheel, tmp_path, Conversion(build_number=number), COMMIT_TIME).paths[0].name for number in (0, 9)]
    assert names == ["demo-1.0-py_7.conda", "demo-1.0-py_9.conda"]


def test_an_alias_is_a_metapackage_pinned_to_the_real_one(tmp_path: Path) -> None:
    conversion = Conversion(name="demo-py", aliases=("demo", "demo_py"))
    _, *aliases = map(read_conda, convert(read_wheel(DEMO.wheel(tmp_path)), tmp_path, conversion, COMMIT_TIME).paths)
    assert [(alias.name, alias.noarch, alias.depends, alias.members) for alias in aliases] == [
        ("demo", "generic", ("demo-py ==1.0",), ()),
        ("demo_py", "generic", ("demo-py ==1.0",), ()),
    ]
    assert [read_back(alias) for alias in aliases] == [(), ()]


def test_a_package_tells_people_and_machines_what_it_is(tmp_path: Path) -> None:
    package = read_conda(convert(read_wheel(DEMO.wheel(tmp_path)), tmp_path, Conversion(), COMMIT_TIME).paths[0])
    index, about = json.loads(package.documents["index.json"]), json.loads(package.documents["about.json"])
    assert index["timestamp"] == COMMIT_TIME * 1000
    assert index["purls"] == ["pkg:pypi/demo"]
    assert about == {
        "home": "https://example.org/demo",
        "dev_url": "https://example.org/demo",
        "doc_url": "https://example.org/docs",
        "license": "MIT",
        "license_file": ["LICENSE"],
        "summary": "A demonstration of ${{ env.get('HOME') }}",
    }
    assert yaml.safe_load(package.documents["tests/tests.yaml"]) == [
        {"python": {"imports": ["demo", "package"], "pip_check": True}}
    ]


def test_the_recipe_in_a_package_renders_and_evaluates_no_text_of_others(tmp_path: Path) -> None:
    package = read_conda(convert(read_wheel(DEMO.wheel(tmp_path)), tmp_path, Conversion(), COMMIT_TIME).paths[0])
    text = package.documents["recipe/recipe.yaml"].decode()
    assert "env.get" not in text
    (variant,) = Stage0Recipe.from_yaml(text).render(VariantConfig())
    recipe = variant.recipe.to_dict()
    assert (recipe["package"]["name"], recipe["package"]["version"]) == ("demo", "1.0")
    assert recipe["requirements"]["run"] == ["python >=3.10", "lib-a >=1"]


@pytest.mark.slow
@NEEDS_POSIX
def test_a_package_passes_its_own_tests_or_says_why_not(tmp_path: Path, conda_channel: Channel) -> None:
    env = {**os.environ, "RATTLER_CACHE_DIR": str(conda_channel.cache)}
    outcomes = {}
    for name, code in (("sound", ""), ("broken", "import nowhere")):
        project = Project(name, files={f"{name}_package/__init__.py": code})
        (path,) = convert(read_wheel(project.wheel(tmp_path)), tmp_path, Conversion(), COMMIT_TIME).paths
        (outcomes[name],) = run_tests(path, [conda_channel.url], env)
    assert outcomes["sound"].passed
    assert not outcomes["broken"].passed
    assert any("No module named 'nowhere'" in line for line in outcomes["broken"].output)


@pytest.mark.slow
def test_a_package_may_be_packed_far_better_than_its_wheel(tmp_path: Path) -> None:
    wheel = read_wheel(make_wheel(tmp_path, body=os.urandom(1 << 18).hex() * 130))
    (path,) = convert(wheel, tmp_path, Conversion(), COMMIT_TIME).paths
    assert path.stat().st_size * 50 < 65 << 20, "the ratio that no wheel may have"
    assert read_conda(path).name == "demo"


def test_a_wheel_that_changes_while_it_is_converted_leaves_nothing_behind(tmp_path: Path) -> None:
    path = DEMO.wheel(tmp_path)
    wheel = read_wheel(path)
    path.write_bytes(path.read_bytes().replace(b"def main()", b"def evil()"))
    out = tmp_path / "out"
    with pytest.raises(ArchiveError):
        convert(wheel, out, Conversion(), COMMIT_TIME)
    assert list(out.iterdir()) == []


def test_an_older_package_of_the_same_name_is_replaced(tmp_path: Path) -> None:
    wheel = read_wheel(DEMO.wheel(tmp_path))
    (tmp_path / "demo-1.0-py_0.conda").write_bytes(b"old")
    (path,) = convert(wheel, tmp_path, Conversion(), COMMIT_TIME).paths
    assert read_conda(path).name == "demo"
