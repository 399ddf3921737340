"""Find in a project's own recipe what would fail on a build machine, or make its packages wrong there."""

import re
from collections.abc import Iterator
from typing import Final

from release_tools.builders.conda.own_recipe import OwnRecipe
from release_tools.errors import RecipeError
from release_tools.model.note import Note, State
from release_tools.recipe.document import Format, RecipeDocument

_COMMENT: Final = re.compile(r"\s#")
_SELECTOR: Final = re.compile(r"\[([^\[\]]+)\]")
_SYSTEM: Final = re.compile(r"\b(?:aarch64|arm64|linux(?:32|64)?|osx|unix|win(?:32|64)?|x86(?:_64)?|py\d*k?|np)\b")
_SKIPPED: Final = re.compile(r"^\s*skip\s*:")
_CONDITION: Final = re.compile(r"\s*(?:-\s*)?if:\s*+(\S.*)")
_LOGIN: Final = re.compile(r"\banaconda\s+(?:upload|login)\b|\bconda\s+install\b")


def check_recipe(recipe: OwnRecipe) -> Iterator[Note]:
    """Yield a note for each fault of a recipe; nothing is run."""
    try:
        document = RecipeDocument(recipe.text, recipe.form)
    except RecipeError as error:
        yield Note(State.FAILED, f"{recipe.path}: {error.message}", advice=error.advice)
        return
    yield from _check_conditions(recipe, document)
    if not document.in_outputs("build", "number"):
        advice = "Write build: number: 0, and raise it to build the same version again."
        yield Note(State.WARNING, f"{recipe.path}: no build number", advice=advice)
    if not _has_license_file(document):
        advice = "Write about: license_file: LICENSE, so that the package carries the text."
        yield Note(State.WARNING, f"{recipe.path}: no license_file", advice=advice)
    if match := _LOGIN.search(recipe.text):
        advice = "Its build has no login and no miniconda: release-tools uploads what it built."
        yield Note(State.WARNING, f"{recipe.path}: runs {match[0]!r}", advice=advice)


def _check_conditions(recipe: OwnRecipe, document: RecipeDocument) -> Iterator[Note]:
    """Yield the conditions on a system that a noarch recipe has."""
    found = list(_find_selectors(recipe))
    if not found or not document.in_outputs("build", "noarch"):
        return
    other = "use __win and __unix" if recipe.form is Format.V1 else "leave them out"
    advice = f"A noarch package is built once and installed everywhere: {other}, or leave out noarch."
    yield Note(State.WARNING, f"{recipe.path}: noarch, with conditions on a system", "; ".join(found), advice)


def _find_selectors(recipe: OwnRecipe) -> Iterator[str]:
    """Yield each condition on a system or Python, with its line; one that only skips the build is none."""
    for number, line in enumerate(recipe.text.split("\n"), 1):
        condition = _match_selector(line) if recipe.form is Format.V0 else _CONDITION.match(line)
        if condition and _SYSTEM.search(condition[1]):
            yield f"line {number}: {condition[1].strip()}"


def _match_selector(line: str) -> re.Match[str] | None:
    """Return the selector in the comment of a line that holds more than a comment and does not skip the build."""
    comment = _COMMENT.search(line.lstrip())
    if comment is None or line.lstrip().startswith("#") or _SKIPPED.match(line):
        return None
    return _SELECTOR.search(line.lstrip(), comment.end())


def _has_license_file(document: RecipeDocument) -> bool:
    return any(
        where.startswith("about.license_file") or ".about.license_file" in where for where, _ in document.entries()
    )
