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
BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
"""The fields of a syntax tree that hold statements, or what holds those."""
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


def statements(module: Path) -> Iterator[ast.stmt]:
    """Yield every statement of a module, however deep; what is inside of an expression is none."""
    todo: list[ast.AST] = [ast.parse(module.read_text(encoding="utf-8"))]
    while todo:
        node = todo.pop()
        for field in BLOCKS:
            todo += getattr(node, field, ())
        if isinstance(node, ast.stmt):
            yield node


def found_in(text: str) -> list[str]:
    return [found[0].lower() for found in RETIRED_PROSE.finditer(" ".join(text.split()))]


def find_retired(module: Path) -> Iterator[str]:
    """Yield the retired words of a module: in its names, and in its comments, docstrings and messages."""
    lines: dict[str, int] = {}
    for token in tokens(module):
        if token.type == tokenize.NAME:
            lines.setdefault(token.string, token.start[0])
        elif token.type in STRINGS:
            yield from (f"{module}:{token.start[0]}: {word}" for word in found_in(token.string))
    for name, line in lines.items():
        retired = [word for word in words(name) if RETIRED_NAMES.fullmatch(word)]
        yield from (f"{module}:{line}: {name}" for word in retired if not is_position(module, word))


@pytest.mark.slow
def test_no_name_comment_docstring_or_message_has_a_retired_word() -> None:
    assert [found for module in MODULES for found in find_retired(module)] == []


def begins_as_fragment(text: str) -> bool:
    first = re.match(r"\w*", text.strip())
    return first is not None and first[0] in FRAGMENTS


@pytest.mark.slow
def test_no_docstring_begins_as_a_fragment() -> None:
    found = [
        f"{module}:{node.lineno}: {node.value.value[:60]}"
        for module in PYTHON
        for node in statements(module)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        if begins_as_fragment(node.value.value)
    ]
    assert found == []


def is_verb(name: str) -> bool:
    first = name.lstrip("_").partition("_")[0]
    return first in VERBS or not PARTICIPLE.fullmatch(first)


@pytest.mark.slow
def test_functions_are_verbs() -> None:
    found = [
        f"{module}:{node.lineno}: {node.name}"
        for module in MODULES
        for node in statements(module)
        if isinstance(node, ast.FunctionDef) and not is_verb(node.name)
        if not any("property" in ast.unparse(one) for one in node.decorator_list)
    ]
    assert found == []


def test_no_text_has_a_retired_word() -> None:
    found = {path.relative_to(ROOT).as_posix(): set(found_in(path.read_text(encoding="utf-8"))) for path in TEXTS}
    assert {name: here for name, here in found.items() if here - EXCEPTIONS.get(name, set())} == {}


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
