import pytest

from release_tools.recipe.about import describe
from release_tools.recipe.readme import find_first_sentence

SAYS = "Demo shows things of many kinds."
READMES = {
    "plain": (SAYS, SAYS),
    "more behind it": (f"{SAYS} It is small.\n\nAnd more.", SAYS),
    "over two lines": ("Demo shows things\nof many kinds.\nIt is small.", SAYS),
    "title and badges": (f"# Demo\n\n[![PyPI](https://x/y.svg)](https://pypi.org)\n![a](b)\n\n{SAYS}", SAYS),
    "links and emphasis": (
        "_Demo_ **shows** [things](https://example.org/x) of many [kinds][1].",
        SAYS,
    ),
    "reStructuredText": (
        """
======
 Demo
======

.. image:: x
   :alt: x

|badge| |other|

**Demo shows** ``things`` of `many <https://example.org>`__ kinds_.
""",
        SAYS,
    ),
    "html": (f'<p align="center">\n <img src="x">\n</p>\n<!-- a\n\nb -->\n\n{SAYS}', SAYS),
    "navigation": (f"**[Install](#i)** |\n**[Docs](#d)** |\n\n{SAYS}", SAYS),
    "underscores in names": ("The demo_tool shows all of them.", "The demo_tool shows all of them."),
    "another section": ("Sponsors\n========\n\nThe firm pays for all of this.", ""),
    "a quotation": (f"> To show or not.\n\n{SAYS}", SAYS),
    "a definition": ("Demo is a tool that shows things.", ""),
    "too short": ("It shows things.\n\nDemo is a tool that shows things.", ""),
    "no sentence": ("Demo can be installed with pip like this:\n\n    pip install demo", ""),
    "nothing": ("", ""),
}


@pytest.mark.parametrize("name", READMES)
def test_the_first_sentence_of_a_readme_is_found(name: str) -> None:
    readme, sentence = READMES[name]
    assert find_first_sentence(readme, "demo") == sentence


SUMMARIES = {
    ("Shows things", f"# Demo\n\n{SAYS}"): SAYS,
    ("Shows things", f"# Demo: shows things\n\n{SAYS}"): "Shows things",
    ("Shows things", "See the documentation."): "Shows things",
    ("A viewer for things", SAYS): "A viewer for things",
    ("demo: shows things of many kinds", ""): "Shows things of many kinds",
    ("Demo, things of [many](https://example.org) kinds", ""): "Things of many kinds",
    ("The Demo - a viewer for many things", ""): "A viewer for many things",
    ("Demo: show things", ""): "Demo: show things",
    ("", ""): "",
}


@pytest.mark.parametrize(("reported", "summary"), SUMMARIES.items())
def test_a_summary_says_what_the_project_is(reported: tuple[str, str], summary: str) -> None:
    metadata = {"name": "demo", "summary": reported[0], "description": reported[1]}
    assert describe(metadata, (), ()).summary == summary  # type: ignore[arg-type] # a TypedDict's keys, as variables
