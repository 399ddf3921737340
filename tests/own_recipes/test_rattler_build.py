"""Own recipes of the newer format, built by rattler-build for real on a local channel."""

from pathlib import Path

import pytest

from release_tools.artifacts import read_conda
from release_tools.builders.conda import rattler
from release_tools.errors import BuildError, ConfigError, CredentialError, VersionError
from tests.conftest import Run
from tests.own_recipes.projects import GENERIC, METAPACKAGE, OUTPUTS, V1, Built, data_project, python_project, release
from tests.support.compiled_channel import HERE, two_pythons
from tests.support.conda import NEEDS_POSIX, Channel

pytestmark = [pytest.mark.slow, NEEDS_POSIX]


def variants() -> str:
    return "python:\n" + "".join(f'  - "{one.variant}"\n' for one in two_pythons())


@pytest.mark.slow
def test_a_recipe_is_built_for_each_python_of_its_variants(run: Run, tmp_path: Path, compiled_channel: Channel) -> None:
    files = python_project(V1, {"recipe/variants.yaml": variants()})
    built = release(run, tmp_path / "demo", files, compiled_channel)
    assert built.code == 0, built.err
    packages = [name for name in built.artifacts if name.startswith(HERE)]
    assert len(packages) == len(two_pythons())
    for one in two_pythons():
        (name,) = (name for name in packages if f"-py{one.tag[2:]}" in name)
        package = read_conda(built.dist / name)
        assert (package.version, package.build_number) == ("1.0", 2)
        assert f"python_abi {one.minor}.* *_{one.tag}" in package.depends
    assert any("0.9" in note["detail"] for note in built.sections["Build conda package"])
    done = {note["text"] for note in built.sections["Verify"] if note["state"] == "done"}
    assert sum("passes its own tests" in text for text in done) == len(packages)
    assert "0.9" in (built.checkout.root / "recipe" / "recipe.yaml").read_text(), "the checkout is left alone"


def test_a_data_package_is_released_without_any_python(run: Run, tmp_path: Path, compiled_channel: Channel) -> None:
    built = release(run, tmp_path / "demo", data_project(), compiled_channel, command="dry-run")
    assert built.code == 0, built.err
    (name,) = built.artifacts
    assert name.startswith("noarch/demo-data-1.0-")
    package = read_conda(built.package("demo-data"))
    assert package.noarch == "generic"
    assert [member.name for member in package.members] == ["share/demo/cities.csv"]


def test_a_data_package_needs_no_channel(run: Run, tmp_path: Path) -> None:
    built = release(run, tmp_path / "demo", data_project(), None)
    assert built.code == 0, built.err
    assert built.package("demo-data").is_file()


def test_a_metapackage_has_requirements_and_no_file(run: Run, tmp_path: Path, compiled_channel: Channel) -> None:
    files = data_project(METAPACKAGE)
    built = release(run, tmp_path / "demo", files, compiled_channel, "--no-verify-conda-install")
    assert built.code == 0, built.err
    package = read_conda(built.package("demo-all"))
    assert package.depends == ("demo ==1.0", "demo-extras")
    assert package.members == ()


def test_every_output_is_built_in_order_and_installs_and_what_is_skipped_is_not(
    run: Run, tmp_path: Path, compiled_channel: Channel
) -> None:
    built = release(run, tmp_path / "demo", python_project(OUTPUTS), compiled_channel)
    assert built.code == 0, built.err
    packages = {name.rpartition("/")[2].rsplit("-", 2)[0] for name in built.artifacts if name.endswith(".conda")}
    assert packages == {"demo", "demo-data"}
    pinned = read_conda(built.package("demo-data"))
    assert f"demo-data ==1.0 {pinned.build}" in read_conda(built.package("demo")).depends
    check_installed(tmp_path, compiled_channel, built)


def check_installed(folder: Path, channel: Channel, built: Built) -> None:
    """Install what was built with what it requires."""
    own = channel.over(folder / "channel")
    (own.folder / "noarch").mkdir(parents=True)
    for path in built.dist.rglob("*.conda"):
        (own.folder / "noarch" / path.name).write_bytes(path.read_bytes())
    rattler.index_channel(own.folder)
    own.install(folder / "prefix", "demo")
    assert (folder / "prefix" / "share" / "demo" / "cities.csv").is_file()


@pytest.mark.exhaustive
def test_the_same_commit_gives_the_same_bytes_in_both_formats(
    run: Run, tmp_path: Path, compiled_channel: Channel
) -> None:
    files = python_project(V1, {"recipe/variants.yaml": f'python:\n  - "{two_pythons()[0].variant}"\n'})
    both = ("--conda-formats", "conda,tar.bz2", "--no-verify-conda-install")
    first, second = (
        release(run, tmp_path / folder / "demo", files, compiled_channel, *both)
        for folder in ("one", "another-folder-with-a-longer-name")
    )
    assert first.code == 0, first.err
    digests = {name: one["sha256"] for name, one in first.artifacts.items()}
    assert len([name for name in digests if name.startswith(HERE)]) == 2
    assert digests == {name: one["sha256"] for name, one in second.artifacts.items()}
    conda, bz2 = (read_conda(path) for path in sorted(first.dist.rglob("demo-*-*.*")) if path.suffix != ".whl")
    assert conda.members == bz2.members
    assert conda.documents == bz2.documents


REFUSED = {
    "another version": (
        python_project(V1.replace("${{ version }}", '"${{ version }}.post1"')),
        (),
        VersionError,
        ("1.0.post1", "version 1.0"),
    ),
    "an output of another version": (
        data_project(OUTPUTS.replace("name: demo-data\n", 'name: demo-data\n      version: "7"\n')),
        (),
        VersionError,
        ("demo-data 7", "1.0"),
    ),
    "a recipe that is not there": (data_project(), ("--conda-recipe", "nowhere"), ConfigError, ("nowhere",)),
    "a script that fails": (
        data_project(GENERIC.replace("cp cities.csv", "cp villages.csv")),
        (),
        BuildError,
        ("villages.csv",),
    ),
    "what cannot be rendered": (data_project("build: {noarch: nonsense}"), (), BuildError, ("recipe.yaml",)),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_built_is_refused(case: str, run: Run, tmp_path: Path, compiled_channel: Channel) -> None:
    files, options, error, words = REFUSED[case]
    built = release(run, tmp_path / "demo", files, compiled_channel, *options)
    assert built.code == error.exit_code, built.err
    for word in words:
        assert word in built.err
    assert not built.dist.exists()


def test_a_requirement_that_is_nowhere_is_named(run: Run, tmp_path: Path, compiled_channel: Channel) -> None:
    recipe = V1.replace("    - pip\n", "    - pip\n    - lib-nowhere >=3\n")
    built = release(run, tmp_path / "demo", python_project(recipe), compiled_channel)
    assert built.code == BuildError.exit_code
    assert "lib-nowhere" in built.err


def test_requirements_are_solved_before_anything_is_built(run: Run, tmp_path: Path, compiled_channel: Channel) -> None:
    built = tmp_path / "built"
    recipe = OUTPUTS.replace(
        "script: mkdir -p $PREFIX/share/demo", f"script: touch {built} && mkdir -p $PREFIX/share/demo"
    )
    recipe = recipe.replace("        - pip\n", "        - pip\n        - lib-nowhere >=3\n")
    said = release(run, tmp_path / "demo", python_project(recipe), compiled_channel)
    assert said.code == BuildError.exit_code
    assert "lib-nowhere >=3" in said.err
    assert not built.exists(), "the first output needs nothing, and is not built either"


def test_without_a_channel_a_dry_run_goes_on_and_a_release_does_not(run: Run, tmp_path: Path) -> None:
    files = python_project(V1)
    tried = release(run, tmp_path / "one" / "demo", files, None, command="dry-run")
    assert tried.code == 0, tried.err
    assert [name for name in tried.artifacts if name.endswith((".conda", ".bz2"))] == []
    assert "skipped" in {note["state"] for note in tried.sections["Build conda package"]}
    assert release(run, tmp_path / "two" / "demo", files, None).code == BuildError.exit_code


def test_a_recipe_is_not_built_where_a_credential_is(run: Run, tmp_path: Path) -> None:
    from tests.support.repositories import make_repository

    checkout = make_repository(tmp_path / "demo", data_project(), ". v1.0")
    said = run("build", "-C", checkout.root, ANACONDA_API_TOKEN="oc-canary-1a2b3c4d5e")
    assert said.code == CredentialError.exit_code


def test_a_package_is_chosen_by_setting(run: Run, tmp_path: Path, compiled_channel: Channel) -> None:
    files = python_project(V1)
    quick = ("--no-verify-conda-install", "--conda-builder")
    none = release(run, tmp_path / "one" / "demo", files, compiled_channel, *quick, "none")
    assert (none.code, {name.rpartition(".")[2] for name in none.artifacts}) == (0, {"gz", "whl"})
    converted = release(run, tmp_path / "two" / "demo", files, compiled_channel, *quick, "convert")
    assert "noarch/demo-1.0-py_0.conda" in converted.artifacts
