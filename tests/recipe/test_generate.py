from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml
from rattler_build import PlatformConfig, RenderConfig, Stage0Recipe, VariantConfig

from release_tools.builders.conda.rattler_build import PINNED
from release_tools.recipe.generate import make_recipe
from release_tools.recipe.names import Names
from release_tools.recipe.write_v0 import write_v0
from release_tools.recipe.write_v1 import write_v1
from tests.recipe.evidence import make_evidence, read_case

CASES = sorted(Path(__file__).with_name("generated").iterdir(), key=lambda folder: folder.name)
MAINTAINERS = ("ann", "conda-forge/team")
VARIANTS = VariantConfig(PINNED)


def render(recipe: Path, platform: str) -> list[dict[str, Any]]:
    """The recipe as rattler-build understands it on one platform."""
    config = RenderConfig(platform=PlatformConfig(target_platform=platform, build_platform=platform))
    return [variant.recipe.to_dict() for variant in Stage0Recipe.from_file(recipe).render(VARIANTS, config)]


def render_v0(text: str) -> dict[str, Any]:
    """The recipe as conda-build understands it, selectors aside."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=True)
    known = {"PYTHON": "python", "python_min": "3.10", "target_platform": "linux-64"}
    functions = {name: f"{name}-{{}}".format for name in ("compiler", "stdlib")}
    loaded = yaml.load(environment.from_string(text).render(known | functions), yaml.BaseLoader)  # noqa: S506 - text only
    assert isinstance(loaded, dict)
    return loaded


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_recipe_is_the_one_that_a_reviewer_would_write(case: Path) -> None:
    recipe = make_recipe(read_case(case), Names(), MAINTAINERS)
    assert write_v1(recipe) == (case / "recipe.yaml").read_text(encoding="utf-8")
    assert write_v0(recipe) == (case / "meta.yaml").read_text(encoding="utf-8")
    assert list(recipe.notes) == (case / "notes.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("platform", ["linux-64", "osx-arm64", "win-64"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_rattler_build_renders_the_recipe(case: Path, platform: str) -> None:
    (rendered,) = render(case / "recipe.yaml", platform)
    assert any(str(spec).startswith("python") for spec in rendered["requirements"]["run"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_both_formats_say_the_same(case: Path) -> None:
    (v1,) = render(case / "recipe.yaml", "linux-64")
    v0 = render_v0((case / "meta.yaml").read_text(encoding="utf-8"))
    assert v0["package"] == v1["package"]
    for field in ("summary", "license"):
        assert v0["about"][field] == v1["about"][field]


def test_a_project_without_a_summary_has_the_first_sentence_of_its_readme() -> None:
    metadata = "Metadata-Version: 2.4\nName: demo\nVersion: 1\n\n# Demo\n\nReads a great many files at once. Fast.\n"
    recipe = make_recipe(make_evidence(metadata, {"demo.py": ""}), Names(), MAINTAINERS)
    assert recipe.about.summary == "Reads a great many files at once."
