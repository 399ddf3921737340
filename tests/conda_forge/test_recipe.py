"""``release-tools recipe``: from named files, from what build left, or from a build; the project's own respected."""

import hashlib
import json
from pathlib import Path

import pytest
import yaml

from release_tools.system.written_files import RECORD
from tests.conftest import Run
from tests.recipe.test_hostile_metadata import SUMMARIES
from tests.support.artifacts import Project
from tests.support.conda import Channel
from tests.support.projects import in_tree_project
from tests.support.repositories import make_repository

BUILD = '[build-system]\nrequires = ["hatchling>=1.27"]\nbuild-backend = "hatchling.build"\n'
HEADERS = ("Summary: Words", "License-Expression: MIT", "License-File: LICENSE", "Requires-Python: >=3.11")
WORDS = Project(
    "words",
    "1.2",
    requires=("click>=8", "no-such-thing<2"),
    headers=HEADERS,
    entry_points="[console_scripts]\nw=words:main\n",
)
OFFLINE = "http://127.0.0.1:9/channel"
NO_CHANNEL = {"RELEASE_TOOLS_CONDA_CHANNELS": OFFLINE}
OWN_V1 = """\
# Ours: see the notes in doc/packaging.
schema_version: 1
context:
  version: 0.9   # as a number
package: {name: demo, version: "${{ version }}"}
source:
  url: https://pypi.org/packages/source/d/demo/demo-${{ version }}.tar.gz
  sha256: "0000000000000000000000000000000000000000000000000000000000000000"
build:
  number: 4
requirements:
  run: [python >=3.9, our-own-choice]  # keep
"""
OWN_V0 = """\
{% set version = "0.9" %}
package:
  name: demo
  version: {{ version }}
source:
  path: ..
build:
  number: 3  # [win]
"""


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "files"
    folder.mkdir()
    return [WORDS.sdist(folder, BUILD, {"LICENSE": "MIT"}), WORDS.wheel(folder)]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_recipe_is_made_of_named_files(run: Run, files: list[Path], tmp_path: Path) -> None:
    said = run("recipe", *files, "-C", tmp_path, "--conda-forge-maintainers", "ann", **NO_CHANNEL)
    assert said.code == 0, said.err
    recipe = yaml.safe_load(said.out)
    assert recipe["context"] == {"version": "1.2", "python_min": "3.11"}
    assert recipe["source"]["sha256"] == digest(files[0])
    assert recipe["requirements"]["host"] == ["python ${{ python_min }}.*", "hatchling >=1.27", "pip"]
    assert recipe["requirements"]["run"] == ["python >=${{ python_min }}", "click >=8", "no-such-thing <2"]
    assert recipe["tests"][1] == {"script": ["w --help"]}
    assert recipe["extra"] == {"recipe-maintainers": ["ann"]}
    assert (tmp_path / "dist" / "recipe" / "recipe.yaml").read_text(encoding="utf-8") == said.out
    assert (tmp_path / "dist" / ".gitignore").read_text() == "*\n"


def test_doubtful_names_are_listed_with_what_was_tried(run: Run, files: list[Path], tmp_path: Path) -> None:
    said = run("recipe", *files, "-C", tmp_path, **NO_CHANNEL)
    (doubt,) = (line for line in said.err.splitlines() if "no-such-thing" in line)
    assert "configuration: not listed; curated table: not listed; table of conda-forge's names: not listed" in doubt
    assert said.err.count(OFFLINE) == 1, "once: that nothing could be confirmed"
    assert "maintainers is not known" in said.err


@pytest.mark.slow
def test_names_are_confirmed_on_a_channel(run: Run, files: list[Path], tmp_path: Path) -> None:
    there = Channel(tmp_path / "channel", tmp_path / "cache")
    there.add(Project("click", "8.1"), Project("no_such_thing"), Project("hatchling", "1.27"), Project("pip"))
    said = run("recipe", *files, "-C", tmp_path, "--json", RELEASE_TOOLS_CONDA_CHANNELS=there.url)
    answer = json.loads(said.out)
    assert (answer["unconfirmed"], answer["unmet"], answer["not-asked"]) == ([], [], "")
    assert "no_such_thing <2" in answer["text"]


def test_what_is_not_on_the_channel_yet_is_reported(run: Run, files: list[Path], tmp_path: Path) -> None:
    there = Channel(tmp_path / "channel", tmp_path / "cache")
    there.add(Project("click"))
    answer = json.loads(run("recipe", *files, "-C", tmp_path, "--json", RELEASE_TOOLS_CONDA_CHANNELS=there.url).out)
    tried = {doubt["pypi"]: doubt["tried"][-1] for doubt in answer["unconfirmed"]}
    assert tried == {
        "hatchling": "channel: no hatchling",
        "no-such-thing": "channel: no no-such-thing, no_such_thing, no.such.thing",
    }
    assert answer["unmet"] == ["click >=8"]


def test_the_older_format_is_made_on_demand(run: Run, files: list[Path], tmp_path: Path) -> None:
    assert run("recipe", *files, "-C", tmp_path, **NO_CHANNEL).code == 0
    said = run("recipe", *files, "-C", tmp_path, "--format", "v0", **NO_CHANNEL)
    assert said.out.startswith('{% set version = "1.2" %}')
    written = {path.name for path in (tmp_path / "dist" / "recipe").iterdir()}
    assert written == {"meta.yaml", RECORD}, "the recipe in the other format is gone"


def test_no_sdist_no_recipe(run: Run, files: list[Path], tmp_path: Path) -> None:
    said = run("recipe", files[1], "-C", tmp_path, **NO_CHANNEL)
    assert said.code == 2
    assert "there is none" in said.err


@pytest.mark.parametrize("summary", [summary for summary in SUMMARIES if summary.strip()])
def test_what_others_wrote_is_only_text(summary: str, run: Run, tmp_path: Path) -> None:
    project = Project("words", headers=("Summary: " + summary.replace("\n", "\n        "),))
    said = run("recipe", project.sdist(tmp_path), project.wheel(tmp_path), "-C", tmp_path, **NO_CHANNEL)
    assert said.code == 0, said.err
    recipe = yaml.safe_load(said.out)
    assert set(recipe) <= {"schema_version", "context", "package", "source", "build", "requirements", "tests", "about"}
    shown = recipe["about"].get("summary", "")
    assert not any(mark in shown for mark in ("{{", "}}", "{%", "%}", "{#", "${", "\n", "\x1b"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    checkout = make_repository(tmp_path / "demo", in_tree_project(version="1.0"), ". v1.0")
    checkout.git("remote", "add", "origin", "git@github.com:octo-lab/demo.git")
    return checkout.root


@pytest.mark.slow
def test_this_commit_is_built_once(run: Run, project: Path) -> None:
    first = run("recipe", "-C", project, **NO_CHANNEL)
    assert (first.code, list((project / "dist").glob("demo*"))) == (0, [])
    assert yaml.safe_load(first.out)["extra"] == {"recipe-maintainers": ["octo-lab"]}
    assert "conda-forge.maintainers" in first.err, "an owner may be an organization"
    assert run("build", "-C", project, "--no-conda", "--no-verify-install").code == 0
    (project / "build-backend" / "backend.py").write_text("raise SystemExit('built again')")
    again = run("recipe", "-C", project, **NO_CHANNEL)
    assert (again.code, again.out) == (0, first.out), "the same bytes, and none of them built again"
    built = json.loads((project / "dist" / "release.json").read_text())["artifacts"]
    assert yaml.safe_load(first.out)["source"]["sha256"] in {one["sha256"] for one in built}
    (project / "dist" / built[0]["filename"]).write_bytes(b"changed")
    assert run("recipe", "-C", project, **NO_CHANNEL).out == first.out, "what somebody changed is not trusted"


OWN = {
    "conda.recipe/recipe.yaml": (OWN_V1, [("0.9  ", '"1.0"  '), ("0" * 64, "SHA"), ("number: 4", "number: 2")]),
    "recipe/meta.yaml": (OWN_V0, [('"0.9"', '"1.0"'), ("number: 3", "number: 2")]),
    "packaging/for/conda/recipe.yaml": (OWN_V1, [("0.9  ", '"1.0"  '), ("0" * 64, "SHA"), ("number: 4", "number: 2")]),
}


@pytest.mark.slow
@pytest.mark.parametrize("path", OWN)
def test_a_recipe_of_the_projects_own_is_filled_in_and_else_left_alone(path: str, run: Run, tmp_path: Path) -> None:
    text, changes = OWN[path]
    checkout = make_repository(tmp_path / "demo", in_tree_project(version="1.0") | {path: text}, ". v1.0")
    (checkout.root / path).write_text("not committed")
    options = ["--conda-build-number", "2", *(["--conda-forge-recipe", path] if path.startswith("packaging") else [])]
    said = run("recipe", "-C", checkout.root, "--json", *options, **NO_CHANNEL)
    answer = json.loads(said.out)
    for old, new in changes:
        assert text.count(old) == 1
        text = text.replace(old, new)
    sha256 = next((line.split('"')[1] for line in answer["text"].splitlines() if "sha256:" in line), "")
    assert answer["text"] == text.replace("SHA", sha256)
    assert sha256 != "0" * 64
    assert (answer["own"], Path(answer["file"]).name) == (path, Path(path).name)


@pytest.mark.slow
def test_another_format_than_the_own_one_is_made_from_the_artifacts(run: Run, tmp_path: Path) -> None:
    files = in_tree_project(version="1.0") | {"recipe/meta.yaml": OWN_V0}
    checkout = make_repository(tmp_path / "demo", files, ". v1.0")
    said = run("recipe", "-C", checkout.root, "--format", "v1", **NO_CHANNEL)
    assert yaml.safe_load(said.out)["schema_version"] == 1
    assert "own recipe/meta.yaml is another format" in said.err


@pytest.mark.slow
def test_a_configured_recipe_that_is_not_there_is_a_fault(run: Run, project: Path) -> None:
    said = run("recipe", "-C", project, "--conda-forge-recipe", "nowhere/recipe.yaml", **NO_CHANNEL)
    assert said.code == 3
    assert "nowhere/recipe.yaml" in said.err
