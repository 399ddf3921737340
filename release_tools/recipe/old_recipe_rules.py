"""Check a ``meta.yaml`` by those rules of conda-forge's linter that need neither a network nor a rendered recipe.

They are taken from conda-smithy's own list (LINTER.md). The recipe is read with its jinja masked, so what an expression
gives is not judged.
"""

import re
from collections.abc import Iterator
from typing import Final

from release_tools.errors import RecipeError
from release_tools.recipe.document import Format, RecipeDocument
from release_tools.recipe.names import CONDA_NAME
from release_tools.recipe.recipe_rules import check_spec

SECTIONS: Final = ("package", "source", "build", "requirements", "test", "app", "outputs", "about", "extra")
_ABOUT: Final = {"home": "about.home", "license": "about.license", "summary": "about.summary"}
_SECTION: Final = re.compile(r"^([a-z_]{1,30}):", re.MULTILINE)
_EXPRESSION: Final = re.compile(r"\{\{([^{}\n]{0,300})\}\}")
_SET: Final = re.compile(r"^[ \t]{0,20}\{%-?[^%\n]{0,300}%\}", re.MULTILINE)
_SPACED_SET: Final = re.compile(r"[ \t]*\{%-? .{0,300} -?%\}")
_LICENSE_WORD: Final = re.compile(r"(?<!-)(?<!un)license(?!ref)", re.IGNORECASE)
_SELECTOR: Final = re.compile(r"^[^#\n]{1,500}#[ \t]{0,20}\[[^\[\]\n]{1,200}\]", re.MULTILINE)


def check_old_rules(text: str) -> tuple[str, ...]:
    """Return what conda-forge's linter would refuse or advise against in a ``meta.yaml``, a line each."""
    try:
        document = RecipeDocument(text, Format.V0)
    except RecipeError as error:
        return (error.message,)
    found = [*_check_text(text), *_check_sections(text, document), *_check_requirements(document)]
    return tuple(dict.fromkeys(found))


def _check_text(text: str) -> Iterator[str]:
    if not text.endswith("\n") or text.endswith("\n\n"):
        yield "the file has to end with exactly one line end"
    if any(inner != f" {inner.strip()} " for inner in _EXPRESSION.findall(text)):
        yield "write one space on both sides within {{ }}"
    if any(not _SPACED_SET.fullmatch(found) for found in _SET.findall(text)):
        yield "write one space on both sides within {% %}"
    if any("  # [" not in found for found in _SELECTOR.findall(text)):
        yield "selectors are written as '  # [win]'"


def _check_sections(text: str, document: RecipeDocument) -> Iterator[str]:
    sections = [name for name in _SECTION.findall(text) if name in SECTIONS]
    yield from (f"the section {name} is unexpected" for name in _SECTION.findall(text) if name not in SECTIONS)
    if sections != sorted(sections, key=SECTIONS.index):
        yield f"the sections have to be in this order: {', '.join(sorted(sections, key=SECTIONS.index))}"
    yield from _check_about(document)
    yield from _check_package(document)


def _check_about(document: RecipeDocument) -> Iterator[str]:
    for key, field in _ABOUT.items():
        if not document.in_outputs("about", key):
            yield f"{field} is missing"
    licenses = document.in_outputs("about", "license")
    if any(_LICENSE_WORD.search(span.value) for span in licenses):
        yield "about.license must not contain the word License"
    entries = {path for path, _ in document.entries()}
    if "about.license_file" not in entries and "outputs.about.license_file" not in entries:
        yield "about.license_file is missing"
    if "extra.recipe-maintainers" not in entries:
        yield "extra.recipe-maintainers is missing"


def _check_package(document: RecipeDocument) -> Iterator[str]:
    entries = {path for path, _ in document.entries()}
    if not any(path.startswith(("test.", "outputs.test.")) for path in entries):
        yield "tests are missing"
    if not document.in_outputs("build", "number"):
        yield "build.number is missing"
    for span in document.scalars("package", "name"):
        if "{{" not in span.value and not CONDA_NAME.fullmatch(span.value):
            yield f"the name {span.value!r} has other characters than a-z, 0-9, _, - and ."
    for source in document.sources():
        if source.get("url") and not (source.get("sha256") or source.get("md5")):
            yield "a source with a url needs its sha256"


def _check_requirements(document: RecipeDocument) -> Iterator[str]:
    for section in ("build", "host", "run"):
        for item in (item for listed in document.requirements(section) for item in listed.items):
            if not item.computed:
                yield from check_spec(section, item.place.value)
