import contextlib
import subprocess
import tomllib
from collections.abc import Callable
from difflib import SequenceMatcher
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rattler_build import Stage0Recipe

from release_tools.errors import RecipeError
from release_tools.recipe.difference import Difference, RequirementChange
from release_tools.recipe.document import Format, RecipeDocument
from release_tools.recipe.update import Updated, fill_in, read_recipe_version, update_recipe
from release_tools.recipe.update_source import Target
from tests.recipe.test_generate import render

CASES = sorted(Path(__file__).with_name("updates").iterdir(), key=lambda folder: folder.name)
NEW = "b" * 64


def read(path: Path) -> str:
    """The text with its line ends."""
    return path.read_bytes().decode()


def read_case(folder: Path) -> tuple[str, Format, Target, Difference, dict[str, Any]]:
    case = tomllib.loads(read(folder / "case.toml"))
    form = Format.V1 if folder.name.startswith("v1") else Format.V0
    changes = tuple(
        RequirementChange(**{"old": None, "new": None} | change)  # TOML has no null
        for change in case.get("changes", ())
    )
    gone, come = case.get("entry_points", ((), ()))
    difference = Difference(
        changes,
        tuple(case["python_min"]) if "python_min" in case else None,
        (tuple(gone), tuple(come)),
        tuple(case.get("others", ())),
        tuple(case.get("newest", ())),
        required={"run": frozenset(case.get("required", ()))},
    )
    archive = {key: case[key] for key in ("repository", "tag", "archive_sha256") if key in case}
    target = Target(case["version"], NEW, case["filename"], case["previous"], **archive)
    return read(folder / f"before.{form}"), form, target, difference, case


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_update_changes_just_what_changed(case: Path) -> None:
    text, form, target, difference, expected = read_case(case)
    if "refused" in expected:
        with pytest.raises(RecipeError) as caught:
            update_recipe(text, form, target, difference)
        assert caught.value.message.startswith(expected["refused"])
        assert caught.value.advice or "newer" in caught.value.message
        return
    updated = update_recipe(text, form, target, difference)
    assert updated.after == read(case / f"after.{form}")
    assert list(updated.checklist) == expected["checklist"]
    assert bool(updated.changes) is (updated.after != text) is bool(updated.diff)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_update_is_made_once(case: Path) -> None:
    text, form, target, difference, expected = read_case(case)
    if "refused" not in expected:
        updated = update_recipe(text, form, target, difference)
        again = update_recipe(updated.after, form, target, difference)
        assert (again.after, again.changes) == (updated.after, ())
        assert read_recipe_version(updated.after, form) == target.version


@pytest.mark.parametrize(
    "case", [case for case in CASES if (case / "after.recipe.yaml").exists()], ids=lambda case: case.name
)
def test_rattler_build_renders_what_was_edited(case: Path) -> None:
    Stage0Recipe.from_file(case / "after.recipe.yaml")


APPLIED = [case for case in CASES if any(case.glob("after.*"))]


@pytest.mark.parametrize("case", APPLIED, ids=lambda case: case.name)
def test_the_diff_is_one_that_git_applies(case: Path, tmp_path: Path) -> None:
    text, form, target, difference, _ = read_case(case)
    diff = update_recipe(text, form, target, difference).diff
    if not diff:
        return
    file = tmp_path / "recipe" / form
    file.parent.mkdir()
    file.write_bytes(text.encode())
    (tmp_path / "patch").write_bytes(diff.encode())
    git = ["git", "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", "patch"]
    subprocess.run(git, cwd=tmp_path, check=True)
    assert read(file) == read(case / f"after.{form}")


# A recipe drawn with every freedom that people take, and the same drawing after the update: the two must meet.
comments = st.sampled_from(["", "  # a comment", "   # {{ no }} ${{ jinja }}", " # 1.2.3", " # [not really"])
quotes = st.sampled_from(['"', "'"])
names = st.lists(st.sampled_from(["attrs", "click", "numpy", "rich", "scipy", "zarr"]), unique=True, min_size=2)
bounds = st.sampled_from(["", ">=1.0", ">=1.0,<2", "!=1.5", "1.4.*"])
own_lines = st.sampled_from(["", "# a comment line\n", "\n", "  # {% odd %}\n"])


@st.composite
def drawings(draw: st.DrawFn) -> tuple[Format, str, str, Difference]:
    form = draw(st.sampled_from(list(Format)))
    quote, after_version, after_number = draw(quotes), draw(comments), draw(comments)
    blank, number = draw(own_lines), draw(st.integers(0, 9))
    indent = draw(st.sampled_from(["    ", "      "]))
    lines: list[tuple[str, str, str]] = []  # name, constraint before and after
    for name in draw(names):
        old = draw(bounds)
        lines.append((name, old, draw(st.one_of(st.just(old), bounds))))
    trailing = [draw(comments) for _ in lines]
    changes = tuple(RequirementChange("run", name, old, new) for name, old, new in lines if old != new)

    def text(version: str, digest: str, build: int, column: int) -> str:
        listed = "".join(
            f"{indent}- {' '.join(filter(None, (line[0], line[column])))}{comment}\n"
            for line, comment in zip(lines, trailing, strict=True)
        )
        versioned = (
            f"context:\n  version: {quote}{version}{quote}{after_version}\n"
            if form is Format.V1
            else f"{{% set version = {quote}{version}{quote} %}}{after_version}\n"
        )
        dollar = "$" if form is Format.V1 else ""
        return (
            f"{versioned}{blank}package:\n  name: demo\n  version: {dollar}{{{{ version }}}}\n{blank}source:\n"
            f"  url: https://pypi.org/packages/source/d/demo/demo-{dollar}{{{{ version }}}}.tar.gz\n"
            f"  sha256: {digest}\nbuild:\n  number: {build}{after_number}\nrequirements:\n  run:\n{listed}{blank}"
        )

    return form, text("1.2.3", "a" * 64, number, 1), text("1.3.0", NEW, 0, 2), Difference(changes)


@pytest.mark.slow
@given(drawings())
def test_no_other_line_is_ever_touched(drawing: tuple[Format, str, str, Difference]) -> None:
    form, before, after, difference = drawing
    target = Target("1.3.0", NEW, "demo-1.3.0.tar.gz", "a" * 64)
    assert update_recipe(before, form, target, difference).after == after


own_words = st.sampled_from(["", "# a note", "  # 1.2.3", "\t", "#", "    # {{ odd }} {% if %}", "# [win]", "# \u00e4"])
edited = st.sampled_from([case for case in CASES if any(case.glob("after.*"))])


@pytest.mark.slow
@settings(max_examples=25)
@given(edited, st.randoms(use_true_random=False), own_words, st.sampled_from(["\n", "\r\n"]))
def test_a_line_put_anywhere_stays_and_so_do_its_neighbours(case: Path, random: Random, words: str, end: str) -> None:
    text, form, target, difference, _ = read_case(case)
    before = text.replace("\r\n", "\n").replace("\n", end).splitlines(keepends=True)
    at, put = random.randrange(len(before)), f"{words}{end}"
    with contextlib.suppress(RecipeError):  # it may have made something else of the recipe
        after = update_recipe("".join(before), form, target, difference).after.splitlines(keepends=True)
        updated = update_recipe("".join([*before[:at], put, *before[at:]]), form, target, difference).after
        blocks = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
        kept = [number for block in blocks for number in range(block.a, block.a + block.size)]
        rest = iter(updated.splitlines(keepends=True))
        expected = [*(before[n] for n in kept if n < at), put, *(before[n] for n in kept if n >= at)]
        assert [line for line in expected if line not in rest] == []
        assert set(updated.splitlines(keepends=True)) <= {put, *before, *after}


@given(st.text(max_size=200), st.sampled_from(list(Format)), st.sampled_from([update_recipe, fill_in]))
def test_any_text_is_a_recipe_or_refused(text: str, form: Format, change: Callable[..., Updated]) -> None:
    with contextlib.suppress(RecipeError):
        change(text, form, Target("1.3.0", NEW, "demo-1.3.0.tar.gz"))


HOSTILE = [mark * 90_000 for mark in ("{{", "{%", "{#", "- ", "[", "? ", "&a ", "!")] + [
    "a: {{" + "{" * 90_000,
    "a: b\n" * 8_000,
    "a: &a [1]\nb: *a\n",
    "a: #" + "[" * 90_000,
]


@pytest.mark.slow
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_text_made_to_be_slow_is_read_in_passing(text: str) -> None:
    with pytest.raises(RecipeError):
        read_recipe_version(text, Format.V0)


def test_a_text_that_is_too_large_is_refused() -> None:
    with pytest.raises(RecipeError, match="larger"):
        RecipeDocument("#" * 2_000_000, Format.V1)


OWN_V1 = """\
package:
  name: demo
  version: "0.0.0"   # filled in
source:
  path: ..
build:
  number: 3
requirements:
  run:
    - python
"""
OWN_V0 = """\
{% set version = environ.get("GIT_DESCRIBE_TAG", "0") %}
package:
  name: demo
  version: {{ version }}
source:
  - url: https://pypi.org/packages/source/d/demo/demo-{{ version }}.tar.gz
    sha256: TO-BE-FILLED
  - url: https://example.org/data.tar.gz
    sha256: cccc
build:
  number: {{ environ.get("GIT_DESCRIBE_NUMBER", 0) }}
"""


def test_a_projects_own_recipe_is_filled_in_and_otherwise_left_alone() -> None:
    filled = fill_in(OWN_V1, Format.V1, Target("1.3.0", NEW, "demo-1.3.0.tar.gz", number=1))
    assert filled.after == OWN_V1.replace("0.0.0", "1.3.0").replace("number: 3", "number: 1")
    assert filled.checklist == ()


def test_a_projects_own_recipe_may_compute_what_it_likes() -> None:
    filled = fill_in(OWN_V0, Format.V0, Target("1.3.0", NEW, "demo-1.3.0.tar.gz"))
    assert filled.after == OWN_V0.replace("TO-BE-FILLED", NEW)
    assert filled.checklist == (
        "The version is not written in one place: left as it is.",
        "The source in line 8 is not the sdist on PyPI: left as it is.",
        "The build number is computed: left as it is.",
    )


def test_a_digest_that_is_computed_is_left_alone() -> None:
    text = OWN_V0.replace("TO-BE-FILLED", "{{ one }}{{ other }}").replace(
        "{% set", '{% set one = "1" %}\n{% set other = "2" %}\n{% set', 1
    )
    filled = fill_in(text, Format.V0, Target("1.3.0", NEW, "demo-1.3.0.tar.gz"))
    assert filled.after == text
    assert "The digest in line 9 is computed: left as it is." in filled.checklist


def test_a_filled_in_recipe_renders(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(fill_in(OWN_V1, Format.V1, Target("1.3.0", NEW, "x")).after, encoding="utf-8")
    (rendered,) = render(recipe, "linux-64")
    assert rendered["package"]["version"] == "1.3.0"
