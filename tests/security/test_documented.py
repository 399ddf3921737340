"""Every promise of docs/security.md names a test that is there."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
ROOT = TESTS.parent
PAGE = (ROOT / "docs/security.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (?!promise \||change \||-)(?P<promise>.+) \| (?P<tests>.+) \|$", re.MULTILINE)
NAMED = re.compile(r"`([\w/]+\.py)::(test_\w+)`")


@cache
def functions(path: Path) -> frozenset[str]:
    """The tests of a file, by its syntax: nothing is imported for it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def promises() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    for row in ROW.finditer(PAGE):
        yield row["promise"], NAMED.findall(row["tests"])


@pytest.mark.slow
def test_every_promise_names_tests_that_are_there() -> None:
    missing = [
        f"{promise}: {file}::{name}"
        for promise, named in promises()
        for file, name in named
        if not (TESTS / file).is_file() or name not in functions(TESTS / file)
    ]
    assert not missing
    assert sum(1 for _ in promises()) > 50


def test_no_promise_is_without_a_test() -> None:
    assert [promise for promise, named in promises() if not named] == []
    assert len(NAMED.findall(PAGE)) == sum(len(named) for _, named in promises()), "a test outside of the tables"


def test_the_policy_leads_to_the_page_and_both_to_where_a_fault_is_reported() -> None:
    policy = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert "(docs/security.md)" in policy
    address = "/security/advisories/new)"
    assert address in policy
    assert address in PAGE
    assert re.search(r"^ +- security\.md$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)
