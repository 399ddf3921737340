"""Metadata is written by others: in a recipe it is text, or it is refused."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from release_tools.errors import ReleaseToolsError
from release_tools.recipe.evidence import Built
from release_tools.recipe.generate import make_recipe
from release_tools.recipe.names import Names
from release_tools.recipe.scalars import make_inert, write_scalar
from release_tools.recipe.write_v0 import write_v0
from release_tools.recipe.write_v1 import write_v1
from tests.recipe.evidence import make_evidence
from tests.recipe.test_generate import render, render_v0

PLAIN = "Metadata-Version: 2.4\nName: demo\nVersion: 1.0\nLicense-Expression: MIT\n"

SUMMARIES = [
    "${{ env.get('ANACONDA_API_TOKEN') }}",
    "$${{{ 7 * 7 }}}",
    "{{ environ['TOKEN'] }}",
    "{% set version = '9.9' %}",
    "{# hidden #}",
    "{{{{ 7*7 }}}} and }}} and %}",
    "Works well  # [win]",
    "a # [linux] b # [osx]",
    "quotes \" and ' and \\ backslash",
    "colon: and # hash",
    "- list",
    "& anchor * alias ! tag | > @ ` %",
    "null",
    "no",
    "1.0",
    "2024-01-01",
    "line\n  other: true\n",
    "tab\tand bell\x07 and \x1b[31mred and \u202eback",
    "«quoted», 数, 😀",
    "",
]


@pytest.mark.parametrize("summary", SUMMARIES)
def test_a_hostile_summary_is_only_text(summary: str, tmp_path: Path) -> None:
    folded = summary.replace("\n", "\n        ")
    recipe = make_recipe(make_evidence(f"{PLAIN}Summary: {folded}\n"), Names(), ["ann"])
    path = tmp_path / "recipe.yaml"
    path.write_text(write_v1(recipe), encoding="utf-8")
    expected = make_inert(recipe.about.summary)
    for rendered in (*render(path, "linux-64"), render_v0(write_v0(recipe))):
        assert rendered["about"].get("summary", "") == expected
        assert rendered["package"]["version"] == "1.0"
    assert not any(mark in expected for mark in ("{{", "}}", "{%", "%}", "{#", "${", "\n", "\x07", "\x1b", "\u202e"))
    assert not ("#" in expected and "[" in expected)


FIELDS = {
    "Home-page: https://example.org/${{ 7*7 }}": "homepage",
    "Home-page: javascript:alert(1)": "homepage",
    "Home-page: https://example.org/ # [win]": "homepage",
    'Project-URL: Source, https://github.com/a/b"\n: {{ x }}': "repository",
    "Project-URL: Docs, file:///etc/passwd": "documentation",
    "License: MIT # [win]": "",
    "License: ${{ x }}": "",
    "License-File: ../../etc/passwd": "",
    "License-File: ${{ x }}": "",
}


@pytest.mark.parametrize(("line", "field"), FIELDS.items())
def test_a_hostile_field_is_left_out(line: str, field: str) -> None:
    recipe = make_recipe(make_evidence(f"Metadata-Version: 2.4\nName: demo\nVersion: 1.0\n{line}\n"), Names(), ["ann"])
    if field:
        assert not getattr(recipe.about, field)
    assert "${{ x" not in write_v1(recipe)
    assert "7*7" not in write_v1(recipe)
    assert not recipe.about.license_files
    assert not recipe.about.license


REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "requirement": (PLAIN + "Requires-Dist: click # [win]\n", {}),
    "url requirement": (PLAIN + "Requires-Dist: click @ https://example.org/${{ 7*7 }}.whl\n", {}),
    "requires-python": (PLAIN + "Requires-Python: >=3.10 # [win]\n", {}),
    "build requirement": (PLAIN, {"pyproject": '[build-system]\nrequires = ["${{ x }}"]\n'}),
    "name too long": (PLAIN.replace("demo", "d" * 65), {}),
    "file name": (PLAIN, {"filename": "demo-1.0 # [win].tar.gz"}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_a_grammar_and_breaks_it_is_refused(name: str) -> None:
    metadata, options = REFUSED[name]
    with pytest.raises(ReleaseToolsError):
        make_recipe(make_evidence(metadata, **options), Names(), ["ann"])


@pytest.mark.parametrize("maintainer", ["a b", "${{ x }}", "a\n  - b", "-a", "a" * 50, "", "a/b/c"])
def test_a_maintainer_that_is_no_github_name_is_refused(maintainer: str) -> None:
    with pytest.raises(ReleaseToolsError, match="maintainers"):
        make_recipe(make_evidence(PLAIN), Names(), [maintainer])


POINTS = (
    "a b = m:f",
    "b = m:f; rm -rf /",
    "${{ x }} = m:f",
    "c = m:f # [win]",
    "d\nx = m:f",
    "-rf = m:f",
    "e = m",
    "f = m:f[${{ x }}",
)


def test_a_command_that_is_no_command_is_left_out_and_reported() -> None:
    built = Built(pure=True, paths=("demo.py",), entry_points=("fine = m:f.g", *POINTS))
    recipe = make_recipe(make_evidence(PLAIN, built=built), Names(), ["ann"])
    assert recipe.entry_points == ("fine = m:f.g", "f = m:f")
    assert recipe.commands == ("fine --help",)
    assert len([note for note in recipe.notes if "left out" in note]) == len(POINTS) - 1


def test_a_marker_never_reaches_the_recipe() -> None:
    metadata = PLAIN + 'Requires-Dist: click; python_version < "${{ 3 }}" or sys_platform == "x # [win]"\n'
    recipe = make_recipe(make_evidence(metadata), Names(), ["ann"])
    assert "${{ 3" not in write_v1(recipe)
    assert "[win]" not in write_v0(recipe)


@pytest.mark.parametrize("text", [*SUMMARIES, "on", "~", "0x1", "1e3", ".5", "/a", "a: b", "a #b", "[x]", "{x}", "'x'"])
def test_a_scalar_reads_as_itself(text: str) -> None:
    assert yaml.safe_load(f"key: {write_scalar(text)}\n") == {"key": text}
    assert yaml.safe_load(f"- {write_scalar(text)}\n") == [text]
