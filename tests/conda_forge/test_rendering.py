"""Test that a dry run shows of the pull request to conda-forge the very change that would be sent."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from release_tools.artifacts import manifest
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.release import Release
from tests.conda_forge.feedstock import BUILD, NEW, Feedstock, feedstock
from tests.conftest import Run, Said
from tests.support.artifacts import Project
from tests.support.conda import Channel


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Feedstock]:
    with feedstock(tmp_path) as made:
        yield made


def dry_run(run: Run, there: Feedstock, project: Project = NEW, *options: str) -> Said:
    """``publish --dry-run`` of these files, as ``build`` would have left them."""
    dist = there.project / "dist"
    for path in dist.glob("words*"):
        path.unlink()
    files = (
        Artifact.of(project.sdist(dist, BUILD, {"LICENSE": "MIT"}), ArtifactKind.SDIST),
        Artifact.of(project.wheel(dist), ArtifactKind.WHEEL),
    )
    release = Release(
        "words", project.version, tag=f"v{project.version}", tagged=True, commit="c" * 40, artifacts=files
    )
    (dist / manifest.FILENAME).write_text(manifest.dump(release))
    (there.project / "pyproject.toml").write_text(
        '[project]\nname = "words"\n[tool.release-tools.conda]\nchannels = []\n'
    )
    return run("publish", "--dry-run", "-C", there.project, "--no-github", "--offline-tag", *options, **there.env)


def section(report: dict[str, Any], title: str = "conda-forge recipe") -> list[tuple[str, str]]:
    (found,) = (one for one in report["sections"] if one["title"] == title)
    return [(note["state"], note["text"]) for note in found["notes"]]


@pytest.mark.slow
def test_the_change_of_the_feedstock_is_shown_as_text_and_as_what_it_means(run: Run, there: Feedstock) -> None:
    said = dry_run(run, there)
    assert said.code == 0, said.err
    sha256 = Artifact.of(there.project / "dist" / "words-1.3.tar.gz", ArtifactKind.SDIST).sha256
    after = (
        there.recipe.replace('"1.2"', '"1.3"')
        .replace(there.pypi.files["words-1.2.tar.gz"].sha256, sha256)
        .replace("number: 1", "number: 0")
        .replace("click >=8\n", "click >=8.1\n    - rich\n")
    )
    assert (there.project / "dist" / "recipe" / "recipe.yaml").read_text(encoding="utf-8") == after
    for line in ('-  version: "1.2"  # the bot reads this', '+  version: "1.3"  # the bot reads this', "+    - rich"):
        assert line in said.out.splitlines()

    recipe = json.loads(dry_run(run, there, NEW, "--json").out)["recipe"]
    assert (recipe["kind"], recipe["repository"]) == ("update", "conda-forge/words-feedstock")
    assert recipe["diff"] in said.out
    assert recipe["changes"] == [
        "version 1.2 → 1.3",
        "sha256 of words-1.3.tar.gz",
        "build number → 0",
        "run: click >=8 → click >=8.1",
        "run: rich is new",
    ]


@pytest.mark.slow
def test_drift_has_a_line_in_every_dry_run(run: Run, there: Feedstock) -> None:
    notes = section(json.loads(dry_run(run, there, NEW, "--json").out))
    assert ("done", "rattler-build renders it") in notes
    assert ("warning", "the feedstock's recipe lacks 1, has in excess 1, has otherwise 1") in notes
    notes = section(json.loads(dry_run(run, there, NEW, "--json", "--conda-forge-accepted", "tabulate").out))
    assert ("info", "the feedstock's recipe lacks 1, has otherwise 1; this change brings it all") in notes
    there.keep(there.recipe.replace("click >=8\n", "click >=8.1\n    - rich\n"))
    notes = section(json.loads(dry_run(run, there, NEW, "--json", "--conda-forge-accepted", "tabulate").out))
    assert ("done", "the feedstock's recipe agrees with the project") in notes


@pytest.mark.slow
def test_a_new_requirement_that_is_not_on_the_channel_yet_is_reported(
    run: Run, there: Feedstock, tmp_path: Path
) -> None:
    channel = Channel(tmp_path / "channel", tmp_path / "cache")
    channel.add(Project("click", "8.0"), Project("hatchling", "1.27"), Project("pip"))
    report = json.loads(dry_run(run, there, NEW, "--json", "--conda-channels", channel.url).out)
    reported = [text for state, text in section(report) if state == "warning" and "yet" in text]
    assert [line.partition(" (")[0] for line in reported] == [
        f"not on {channel.url} yet: rich → rich",
        f"not on {channel.url} yet: click >=8.1",
    ]
    assert reported[0].endswith("channel: no rich)"), "with what was tried"


@pytest.mark.slow
def test_without_the_previous_release_the_requirements_are_a_persons_matter(run: Run, there: Feedstock) -> None:
    there.pypi.files.clear()
    recipe = json.loads(dry_run(run, there, NEW, "--json").out)["recipe"]
    assert recipe["changes"] == ["version 1.2 → 1.3", "sha256 of words-1.3.tar.gz", "build number → 0"]
    assert recipe["checklist"] == [
        "What 1.2 required is not known here: compare the requirements.",
        "The project needs run: rich, which the recipe does not have.",
    ]


@pytest.mark.slow
def test_a_file_that_is_not_what_pypi_says_is_not_believed(run: Run, there: Feedstock) -> None:
    there.pypi.lies["words-1.2.tar.gz"] = "0" * 64
    recipe = json.loads(dry_run(run, there, NEW, "--json").out)["recipe"]
    assert recipe["checklist"][0] == "What 1.2 required is not known here: compare the requirements."


LEFT_ALONE = {
    "newer": ('"1.2"', '"1.4"', "recipe.yaml line 2: 1.4 is newer than 1.3."),
    "an alias": ("license: MIT", "license: &x MIT\n  summary: *x", "recipe.yaml line 30: "),
    "a version that is computed": ('"1.2"', "${{ 1 + 1 }}", "recipe.yaml line 2: "),
    "another source": ("https://pypi.org/packages/source/w/words", "https://example.org", "recipe.yaml line "),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", LEFT_ALONE)
def test_what_cannot_be_updated_is_reported_with_its_line_and_left_alone(case: str, run: Run, there: Feedstock) -> None:
    old, new, reported = LEFT_ALONE[case]
    if case == "another source":
        there.pypi.files.clear()
    there.keep(there.recipe.replace(old, new))
    said = dry_run(run, there, NEW, "--json")
    assert said.code == 0, said.err
    report = json.loads(said.out)
    assert report["recipe"] is None
    (state, text), *drift = section(report)
    assert (state, text[: len(reported)]) == ("warning", reported)
    assert bool(drift) is (case != "an alias"), "what cannot be read cannot be compared"
    assert not (there.project / "dist" / "recipe").exists()


@pytest.mark.slow
def test_a_feedstock_that_has_the_version_is_left_as_it_is(run: Run, there: Feedstock) -> None:
    there.keep(there.recipe.replace('"1.2"', '"1.3"'))
    report = json.loads(dry_run(run, there, NEW, "--json").out)
    assert report["recipe"]["diff"] == ""
    assert section(report)[0] == ("unchanged", "conda-forge/words-feedstock has 1.3 already")


@pytest.mark.slow
def test_a_new_package_gets_a_whole_recipe(run: Run, there: Feedstock) -> None:
    del there.github.repositories["conda-forge/words-feedstock"]
    there.github.create("conda-forge/staged-recipes", {"README.md": "Begin\n"})
    report = json.loads(dry_run(run, there, NEW, "--json").out)
    assert ("done", "rattler-build renders it") in section(report)
    assert (report["recipe"]["kind"], report["recipe"]["package"]) == ("new", "words")
    text = (there.project / "dist" / "recipe" / "recipe.yaml").read_text(encoding="utf-8")
    assert [line[1:] for line in report["recipe"]["diff"].splitlines()[3:]] == text.splitlines()
    assert "+++ b/recipes/words/recipe.yaml" in report["recipe"]["diff"]


URL = "url: https://pypi.org/packages/source/w/words/words-${{ version }}.tar.gz"
OWN_RECIPE = f"""\
context:
  version: 0.1
package: {{name: words, version: "${{{{ version }}}}"}}
source:
  {URL}
  sha256: {"0" * 64}
build: {{number: 3, noarch: python, script: make}}
requirements: {{run: [python, our-own-choice]}}
"""
SUBMITTED = {
    ("recipe.yaml", OWN_RECIPE): "",
    ("recipe.yaml", OWN_RECIPE.replace(URL, "url: https://example.org/words.tar.gz")): "has its source elsewhere",
    ("meta.yaml", OWN_RECIPE): "is of the older format",
}


@pytest.mark.slow
@pytest.mark.parametrize(("own", "fault"), SUBMITTED.items())
def test_a_new_package_brings_the_projects_own_recipe_if_conda_forge_can_build_it(
    own: tuple[str, str], fault: str, run: Run, there: Feedstock
) -> None:
    del there.github.repositories["conda-forge/words-feedstock"]
    there.github.create("conda-forge/staged-recipes", {"README.md": "Begin\n"})
    (there.project / "recipe").mkdir()
    (there.project / "recipe" / own[0]).write_text(own[1])
    recipe = json.loads(dry_run(run, there, NEW, "--json").out)["recipe"]
    assert ("our-own-choice" in recipe["diff"]) is not bool(fault)
    assert any(fault in line for line in recipe["checklist"]) is bool(fault)
    assert ('+  version: "1.3"' in recipe["diff"], "+build: {number: 3" in recipe["diff"]) == (True, False)


@pytest.mark.slow
def test_hostile_metadata_stays_text_in_the_feedstock(run: Run, there: Feedstock) -> None:
    hostile = replace(NEW, headers=(*NEW.headers[1:], "Summary: ${{ env.get('TOKEN') }} # [win]"))
    recipe = json.loads(dry_run(run, there, hostile, "--json").out)["recipe"]
    assert "TOKEN" not in recipe["diff"]
    broken = replace(NEW, requires=('click>=8; python_version < "3${{ 7 }}"', "evil-${{ x }}"))
    report = json.loads(dry_run(run, there, broken, "--json").out)
    assert report["recipe"] is None or "${{ x" not in report["recipe"]["diff"]


@pytest.mark.slow
@pytest.mark.parametrize("is_lost", [True, False])
def test_a_previous_wheel_that_cannot_be_read_gives_way_to_its_sdist(
    run: Run, there: Feedstock, *, is_lost: bool
) -> None:
    wheel = "words-1.2-py3-none-any.whl"
    if is_lost:
        there.pypi.files[wheel].content = b"other bytes than the index says"
    else:
        del there.pypi.files[wheel]
        there.pypi.put(wheel, b"no archive", "words", "1.2")
    recipe = json.loads(dry_run(run, there, NEW, "--json").out)["recipe"]
    assert "run: click >=8 → click >=8.1" in recipe["changes"]
