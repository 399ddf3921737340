"""Retired words stay out of names and prose: each had a private meaning, and the field has a word of its own for it."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "release_tools"
MODULES = sorted(PACKAGE.rglob("*.py"))
TEXTS = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "docs/*.py", "templates/**/*", "action.yml", "mkdocs.yml", ".github/**/*.yml")
    for path in ROOT.glob(pattern)
    if path.is_file()
)
RETIRED_NAMES = re.compile(
    r"acts?|deeds?|begun|ahead|rehears\w*|told|tellings?|places?|shelf|shelves|seals?|patience|former|standing|whoever|beside"
)
RETIRED_PROSE = re.compile(
    r"\b(?:deeds?|begun|rehears\w*|shelf|shelves|seal(?:s|ed|ing)?|patience|anew|whoever|mend(?:s|ed|ing)?|at hand"
    r"|lies in|lie in|stands for|stand for|beside)\b",
    re.IGNORECASE,
)
FRAGMENTS = ("What", "Whether", "Where", "When", "Why", "How", "Which", "Who", "That", "Of", "As")
"""Words with which no docstring begins: it begins with a verb, or a constant's with a noun."""
PARTICIPLE = re.compile(
    "made|told|seen|taken|found|built|sent|written|kept|held|shown|known|given|drawn|[a-z]+(?:ed|ing)"
)
"""The first word of a name that says what something is, as no function does."""
VERBS = frozenset(
    {"embed", "exceed", "feed", "need", "proceed", "seed", "squeeze", "unneeded", "bring", "ping", "string"}
)
PYTHON = sorted(
    path
    for folder in ("action", "benchmarks", "docs", "release_tools", "tests")
    for path in (ROOT / folder).rglob("*.py")
)
STRINGS = frozenset({tokenize.STRING, tokenize.COMMENT, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)})
POSITIONS = ("artifacts", "builders", "checks", "recipe", "publishers/conda_forge", "publishers/package_index")
"""Rooms in which a place is a position in a text, an archive or on a machine, and never a destination."""
EXCEPTIONS = {
    "CHANGELOG.md": {"rehearse"},  # a setting and an id that were renamed
}
"""Words that a file may have, with the reason."""


def words(name: str) -> list[str]:
    """Return the words of an identifier: split at underscores and capitals, in lower case."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]


def is_position(module: Path, word: str) -> bool:
    return word in {"place", "places"} and module.relative_to(PACKAGE).as_posix().startswith(POSITIONS)


def tokens(module: Path) -> Iterator[tokenize.TokenInfo]:
    yield from tokenize.generate_tokens(io.StringIO(module.read_text(encoding="utf-8")).readline)


def found_in(text: str) -> list[str]:
    return [found[0].lower() for found in RETIRED_PROSE.finditer(" ".join(text.split()))]


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_name_has_a_retired_word(module: Path) -> None:
    for token in tokens(module):
        if token.type == tokenize.NAME:
            retired = [word for word in words(token.string) if RETIRED_NAMES.fullmatch(word)]
            assert not [word for word in retired if not is_position(module, word)], (
                f"{token.string}, line {token.start[0]}"
            )


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_comment_docstring_or_message_has_a_retired_word(module: Path) -> None:
    for token in tokens(module):
        if token.type in STRINGS:
            assert not found_in(token.string), f"line {token.start[0]}"


@pytest.mark.parametrize("module", PYTHON, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_docstring_begins_as_a_fragment(module: Path) -> None:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        for child in ast.iter_child_nodes(node):
            if (
                isinstance(child, ast.Expr)
                and isinstance(child.value, ast.Constant)
                and isinstance(child.value.value, str)
            ):
                first = re.match(r"\w*", child.value.value.strip())
                assert first is None or first[0] not in FRAGMENTS, f"line {child.lineno}: {child.value.value[:60]}"


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_functions_are_verbs(module: Path) -> None:
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and not any("property" in ast.unparse(one) for one in node.decorator_list):
            first = node.name.lstrip("_").partition("_")[0]
            assert first in VERBS or not PARTICIPLE.fullmatch(first), f"line {node.lineno}: {node.name}"


@pytest.mark.parametrize("text", TEXTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_text_has_a_retired_word(text: Path) -> None:
    found = set(found_in(text.read_text(encoding="utf-8")))
    assert found <= EXCEPTIONS.get(text.relative_to(ROOT).as_posix(), set())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("_find_deeds", ["find", "deeds"]),
        ("IndexPublisher", ["index", "publisher"]),
        ("HTTPServer", ["http", "server"]),
    ],
)
def test_names_are_split_into_words(name: str, expected: list[str]) -> None:
    assert words(name) == expected
