"""Check a ``meta.yaml`` by those rules of conda-forge's linter that need neither a network nor a rendered recipe.

They are taken from conda-smithy's own list. The recipe is read with its jinja masked, so what an expression gives is
not judged, except for a version that would be read as a number.
"""

import re
from collections.abc import Iterator
from typing import Final

from release_tools.errors import RecipeError
from release_tools.recipe.document import EXPRESSION, Format, RecipeDocument
from release_tools.recipe.forge_settings import check_settings, has_several_platforms
from release_tools.recipe.markers import CONDA_FORGE_PYTHON
from release_tools.recipe.names import CONDA_NAME
from release_tools.recipe.output_rules import SYSTEMS, check_end, check_order, check_spec
from release_tools.recipe.recipe_rules import check_license
from release_tools.recipe.scalars import is_read_as_fraction
from release_tools.recipe.spans import Span

SECTIONS: Final = ("package", "source", "build", "requirements", "test", "app", "outputs", "about", "extra")
_ABOUT: Final = {"home": "about.home", "license": "about.license", "summary": "about.summary"}
_DIGESTS: Final = ("sha256", "sha1", "md5")
_SECTION: Final = re.compile(r"^([a-z_]{1,30}):", re.MULTILINE)
_EXPRESSION: Final = re.compile(r"\{\{([^{}\n]{0,300})\}\}")
_SET: Final = re.compile(r"^[ \t]{0,20}\{%-?[^%\n]{0,300}%\}", re.MULTILINE)
_SPACED_SET: Final = re.compile(r"[ \t]*\{%-? .{0,300} -?%\}")
_SELECTOR: Final = re.compile(r"^[^#\n]{1,500}#[ \t]{0,20}\[([^\[\]\n]{1,200})\]", re.MULTILINE)
_OLD_PYTHON: Final = re.compile(r"\bpy\d{2,3}\b")
_MINIMUM: Final = {
    "host": (re.compile(r"python\s+=?=?\{\{ ?python_min ?\}\}"), "python {{ python_min }}"),
    "run": (re.compile(r"python\s+>=\{\{ ?python_min ?\}\}"), "python >={{ python_min }}"),
}


def check_old_rules(text: str, conda_forge_yml: str = "") -> tuple[str, ...]:
    """Return what conda-forge's linter would refuse or advise against in a ``meta.yaml``, a line each.

    Args:
        text: the whole ``meta.yaml``.
        conda_forge_yml: the whole ``conda-forge.yml``; empty for none.
    """
    try:
        document = RecipeDocument(text, Format.V0)
    except RecipeError as error:
        return (error.message,)
    found = [
        *_check_text(text),
        *_check_sections(text),
        *_check_about(document),
        *_check_package(document),
        *_check_versions(document),
        *_check_requirements(document),
        *_check_noarch(document, has_platforms=has_several_platforms(conda_forge_yml)),
        *check_settings(conda_forge_yml),
    ]
    return tuple(dict.fromkeys(found))


def _check_text(text: str) -> Iterator[str]:
    yield from check_end(text)
    if any(inner != f" {inner.strip()} " for inner in _EXPRESSION.findall(text)):
        yield "write one space on both sides within {{ }}"
    if any(not _SPACED_SET.fullmatch(found) for found in _SET.findall(text)):
        yield "write one space on both sides within {% %}"
    yield from _check_selectors(text)


def _check_selectors(text: str) -> Iterator[str]:
    for found in _SELECTOR.finditer(text):
        if "  # [" not in found[0]:
            yield "selectors are written as '  # [win]'"
        yield from (f"write a comparison in place of the selector {old}" for old in _OLD_PYTHON.findall(found[1]))


def _check_sections(text: str) -> Iterator[str]:
    found = _SECTION.findall(text)
    yield from (f"the section {name} is unexpected" for name in found if name not in SECTIONS)
    yield from check_order("the sections", found, SECTIONS)


def _check_about(document: RecipeDocument) -> Iterator[str]:
    yield from (f"{field} is missing" for key, field in _ABOUT.items() if not document.in_outputs("about", key))
    for span in document.in_outputs("about", "license"):
        yield from check_license(span.value)
    paths = _list_paths(document)
    if not paths & {"about.license_file", "outputs.about.license_file"}:
        yield "about.license_file is missing"
    if "extra.recipe-maintainers" not in paths:
        yield "extra.recipe-maintainers is missing"


def _list_paths(document: RecipeDocument) -> frozenset[str]:
    return frozenset(path for path, _ in document.entries())


def _check_package(document: RecipeDocument) -> Iterator[str]:
    if not any(path.startswith(("test.", "outputs.test.")) for path in _list_paths(document)):
        yield "tests are missing"
    if not document.in_outputs("build", "number"):
        yield "build.number is missing"
    yield from _check_names(document)
    if any(source.get("url") and not any(map(source.get, _DIGESTS)) for source in document.sources()):
        yield "a source with a url needs its sha256"


def _check_names(document: RecipeDocument) -> Iterator[str]:
    for span in document.scalars("package", "name"):
        if "{{" not in span.text and not CONDA_NAME.fullmatch(span.value):
            yield f"the name {span.value!r} has other characters than a-z, 0-9, _, - and ."


def _check_versions(document: RecipeDocument) -> Iterator[str]:
    for span in (*document.scalars("package", "version"), *document.in_outputs("version")):
        if not span.quote and _is_fraction(document, span):
            yield f"{span.path} is read as a number: put it in quotes"
    yield from _check_python_min(document)


def _check_python_min(document: RecipeDocument) -> Iterator[str]:
    for span in document.variables.get("python_min", ()):
        minor = re.fullmatch(r"3\.(\d{1,3})", span.value)
        if minor and int(minor[1]) <= int(CONDA_FORGE_PYTHON.rpartition(".")[2]):
            yield f"python_min is {span.value}, which conda-forge has anyway: leave it out"


def _is_fraction(document: RecipeDocument, span: Span) -> bool:
    """Return whether a value, alone or as the value of one variable, is read as a number with a point."""
    roots = document.roots(span) if EXPRESSION.fullmatch(span.text) else [span]
    return any(is_read_as_fraction(root.value) for root in roots)


def _check_requirements(document: RecipeDocument) -> Iterator[str]:
    for section in ("build", "host", "run"):
        for item in document.list_requirements(section):
            if "{{" not in item.place.text:
                yield from check_spec(section, item.place.value)


def _check_noarch(document: RecipeDocument, *, has_platforms: bool) -> Iterator[str]:
    """Yield the faults of a noarch recipe with one output; what several outputs share is not judged."""
    kinds = {span.value for span in document.scalars("build", "noarch")}
    if not kinds or document.in_outputs("name"):
        return
    for section in ("host", "run"):
        for item in document.list_requirements(section):
            yield from _check_selector(section, item.when, has_platforms=has_platforms)
    if "python" in kinds:
        yield from _check_python(document)


def _check_python(document: RecipeDocument) -> Iterator[str]:
    for section, (pattern, wanted) in _MINIMUM.items():
        found = [item.place.value for item in document.list_requirements(section) if item.name == "python"]
        if found and not any(map(pattern.match, found)):
            yield f"requirements.{section}: write {wanted}"


def _check_selector(section: str, when: str, *, has_platforms: bool) -> Iterator[str]:
    words = set(re.findall(r"[a-z_0-9]+", when)) - {"not", "and", "or"}
    if words & SYSTEMS and not has_platforms:
        yield f"requirements.{section}: selectors of a noarch package need noarch_platforms"
    if any(word.startswith("py") for word in words):
        yield f"requirements.{section}: selectors of a noarch package can only be on systems"
