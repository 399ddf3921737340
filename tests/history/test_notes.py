"""Release notes, from changelogs and from commits, and what they can't do."""

import re
from collections.abc import Sequence

import pytest
from packaging.version import Version

from release_tools.history.changelog import Changelog
from release_tools.history.commits import Author, Commit, list_changes
from release_tools.history.notes import LONGEST, write_notes_from_changelog, write_notes_from_changes, write_thanks
from release_tools.history.rst import to_markdown

ANA = Author("Ana", "ana@example.org")


def markdown(text: str) -> str:
    changelog = Changelog.parse("CHANGELOG.md", f"# Changelog\n\n## 1.0\n\n{text}\n\n## 0.9\n\n- older\n")
    return write_notes_from_changelog(changelog, changelog.parts[:1])


def commits(subjects: Sequence[str], author: Author = ANA) -> str:
    return write_notes_from_changes(list_changes(Commit("c", (), (author,), subject, "") for subject in subjects))


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        pytest.param("- one\n- two", "- one\n- two", id="as it is"),
        pytest.param("- one\n  goes on\n- two", "- one goes on\n- two", id="a line end within an entry is a space"),
        pytest.param("Words\ngo on.\n\nMore.", "Words go on.\n\nMore.", id="and within a paragraph"),
        pytest.param("### Added\n- one", "### Added\n- one", id="not after a heading"),
        pytest.param("hard  \nbreak\\\nhere", "hard  \nbreak\\\nhere", id="a hard line end stays"),
        pytest.param("```py\na\nb\n```\nc", "```py\na\nb\n```\nc", id="code stays"),
        pytest.param("text\n\n    a\n    b", "text\n\n    a\n    b", id="indented code stays"),
        pytest.param("| a | b |\n|---|---|\n| 1 | 2 |", "| a | b |\n|---|---|\n| 1 | 2 |", id="a table stays"),
        pytest.param("> a\n> b", "> a\n> b", id="a quotation stays"),
        pytest.param("text\n***\ntext", "text\n***\ntext", id="a rule stays"),
        pytest.param("1. a\n2) b", "1. a\n2) b", id="a numbered list stays"),
        pytest.param("- by @ben, fixes #1", "- by @\u200bben, fixes\u200b #1", id="nobody is called, nothing closed"),
        pytest.param("::error::x\n\na ##[error]y", "\\::error::x\n\na ##\\[error]y", id="no runner is commanded"),
        pytest.param("<!-- release notes start -->\n- a", "- a", id="comments are left out"),
    ],
)
def test_notes_are_what_the_changelog_says(text: str, notes: str) -> None:
    assert markdown(text) == notes


def test_links_that_are_defined_elsewhere_go_along() -> None:
    text = "## 1.0\n\n- See [the manual] and [that][Other], not [this](https://x.example).\n\n## 0.9\n\n- x\n\n"
    links = "[the manual]: https://demo.example/manual\n[other]: https://demo.example/other\n[0.9]: https://x.example\n"
    changelog = Changelog.parse("CHANGELOG.md", text + links)
    assert write_notes_from_changelog(changelog, changelog.parts[:1]).split("\n\n") == [
        "- See [the manual] and [that][Other], not [this](https://x.example).",
        "[the manual]: https://demo.example/manual\n[other]: https://demo.example/other",
    ]


def test_the_pre_releases_that_led_to_a_version_are_below_it() -> None:
    changelog = Changelog.parse("NEWS.md", "## 1.0\n\n- a\n\n## 1.0rc2\n\n## v1.0rc1\n\n- b\n")
    assert [part.version for part in changelog.parts] == [Version("1.0"), Version("1.0rc2"), Version("1.0rc1")]
    assert write_notes_from_changelog(changelog, changelog.parts) == "- a\n\n## 1.0rc1\n\n- b"


RST = """\
Features
~~~~~~~~

* A :func:`~demo.load` and ``dump`` by `Ben <https://ben.example>`_,
  see :issue:`12`. :pr:`13`

  .. code-block:: python

     load("x")

* PEP: :pep:`517`, :ref:`words <target>`, *thus* and **so**, a_b and __init__ and `old`_.

  - inner
    goes on

.. note::
   Take
   care.

.. versionadded:: 1.0

.. a comment

1. one
2. two

term
   its meaning

Text::

    literal @ben

======  =========
a       *b* | c
======  =========
1       2
======  =========

.. _old: https://old.example
.. include:: /etc/passwd
.. raw:: html

   <b>raw</b>
"""


def test_restructured_text_becomes_markdown() -> None:
    assert to_markdown(RST).split("\n") == [
        "### Features",
        "",
        "- A `load` and `dump` by [Ben](https://ben.example), see #12. #13",
        "",
        "  ```python",
        '  load("x")',
        "  ```",
        "- PEP: PEP 517, words, *thus* and **so**, a_b and \\_\\_init\\_\\_ and [old](https://old.example).",
        "",
        "  - inner goes on",
        "",
        "> **Note**",
        ">",
        "> Take care.",
        "",
        "1. one",
        "2. two",
        "",
        "term",
        "",
        "its meaning",
        "",
        "Text:",
        "",
        "```",
        "literal @ben",
        "```",
        "",
        "| a | *b* \\| c |",
        "|---|---|",
        "| 1 | 2 |",
    ]


def test_a_role_without_text_stops_no_notes() -> None:
    assert to_markdown("Before :func:` ` after").startswith("Before ")


def test_a_changelog_in_restructured_text_gives_markdown() -> None:
    changelog = Changelog.parse("CHANGES.rst", "1.0\n===\n\n* by @ben, fixes #1,\n  <b>bold</b>\n\n0.9\n===\n\n* x\n")
    assert write_notes_from_changelog(changelog, changelog.parts[:1]) == (
        "- by @\u200bben, fixes\u200b #1, \\&lt;b>bold\\&lt;/b>"
    )


def test_without_types_commits_are_one_list() -> None:
    assert commits(["Add a loader (#12)", "Merge branch 'x'", "Fix <b> for @ben"]) == (
        "- Add a loader (#12), by Ana\n- Fix \\<b\\> for @\u200bben, by Ana"
    )


def test_conventional_commits_are_grouped() -> None:
    found = commits(["feat: a", "fix(x): b (#2)", "ci: c", "feat!: d", "docs: e"])
    assert found.split("\n\n") == [
        "### Breaking changes",
        "- d, by Ana",
        "### Features",
        "- a, by Ana",
        "### Fixes",
        "- b (#2), by Ana",
        "### Documentation",
        "- e, by Ana",
        "### Maintenance",
        "- c, by Ana",
    ]


@pytest.mark.parametrize(
    "name", ["@ben", "![x](https://evil.example)", "<img src=x>", "Closes #1", "::error::x\n- more"]
)
def test_a_name_is_only_a_name(name: str) -> None:
    for text in (commits(["Add"], Author(name, "")), write_thanks([Author(name, "")])):
        assert not re.search(r"@b|!\[|(?<!\\)<img|#1|^::|^- more", text, re.MULTILINE), text
    assert write_thanks([]) == ""


@pytest.mark.slow
def test_notes_that_github_would_refuse_are_cut_at_a_lines_end() -> None:
    notes = markdown("```\n" + "a line\n\n" * (LONGEST // 7))
    assert len(notes) < LONGEST + 100
    assert notes.endswith(("a line\n\n```\n\n…", "a line\n```\n\n…"))
    assert len(markdown("x" * 2 * LONGEST)) < LONGEST + 100


@pytest.mark.slow
@pytest.mark.parametrize(
    "hostile", ["a\n", "- ", "-\n", "> ", "- - ", "`", "[a](", "  \n", "|", "* a\n  ", "=\n", ".. x::\n"]
)
def test_hostile_changelogs_take_no_longer(hostile: str) -> None:
    text = f"# Changelog\n\n## 1.0\n\n{hostile * (50_000 // len(hostile))}\n\n## 0.9\n"
    changelog = Changelog.parse("CHANGELOG.md", text)
    assert changelog.parts[0].spelled == "1.0"
    assert write_notes_from_changelog(changelog, changelog.parts[:1]) is not None
    changelog.list_categories(changelog.parts[0])
