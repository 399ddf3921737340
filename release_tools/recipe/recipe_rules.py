"""Check a ``recipe.yaml`` by those rules of conda-forge's linter that need no network.

The rules, by the names in conda-smithy's own list: R-000 to R-005, R-007 to R-016, R-019 to R-026, R-028 to R-035,
R-038 to R-040, R-044, R-046, R-047, R-049, R-050, R-052, R-053, R1-001, R1-002 and R1-004 to R1-007. `output_rules` has
those that are about one output, and `forge_settings` those of ``conda-forge.yml``.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from release_tools.parsed_values import parse_yaml
from release_tools.recipe.forge_settings import check_settings, has_several_platforms
from release_tools.recipe.markers import CONDA_FORGE_PYTHON
from release_tools.recipe.names import CONDA_NAME
from release_tools.recipe.output_rules import as_list, as_mapping, check_end, check_order, check_output

SECTIONS: Final = (
    "$schema", "schema_version", "context", "package", "source", "build", "requirements", "tests", "about", "extra",
)  # fmt: skip
SECTIONS_OF_OUTPUTS: Final = (
    "$schema", "schema_version", "context", "recipe", "source", "build", "outputs", "about", "extra",
)  # fmt: skip
_LICENSE_WORD: Final = re.compile(r"(?<!-)(?<!un)license(?!ref)", re.IGNORECASE)
_REQUIRED: Final = ("homepage", "license", "summary", "license_file")
_SELECTOR: Final = re.compile(r"\s#\s*\[[^\[\]]+\]\s*$")
_WHEEL: Final = re.compile(r"https?://\S{1,500}\.whl\b")
_VARIABLE: Final = re.compile(r"\$\{\{(.{0,500}?)\}\}")
_LINES: Final = (
    (_SELECTOR, "selectors in comments are no longer read; use if and then"),
    (re.compile(r"https://pypi\.io/"), "PyPI's address is pypi.org"),
    (re.compile(r"\bpython setup\.py install\b"), "install with pip"),
    (
        re.compile(r"\bis_abi3\s{0,9}[=!]=\s{0,9}['\"](?:true|false)['\"]"),
        "is_abi3 is true or false: leave out the rest",
    ),
    (re.compile(r"^\s{0,99}(?:-\s)?\s{0,9}(?:then:\s|export\s){0,2}SP_DIR\s{0,9}="), "rattler-build sets SP_DIR"),
    (re.compile(r"%PREFIX%[\\/]{1,9}Lib[\\/]{1,9}site-packages", re.IGNORECASE), "use %SP_DIR%"),
)
"""Patterns that no line may match, and why."""


def check_rules(text: str, conda_forge_yml: str = "") -> tuple[str, ...]:
    """Return what conda-forge's linter would refuse or advise against in a recipe, a line each.

    Args:
        text: the whole ``recipe.yaml``.
        conda_forge_yml: the whole ``conda-forge.yml``; empty for none.
    """
    try:
        recipe = parse_yaml(text)
    except ValueError:
        return ("the recipe is not YAML",)
    if not isinstance(recipe, dict):
        return ("the recipe is not a mapping",)
    found = [
        *_check_text(text),
        *_check_sections(recipe),
        *_check_about(as_mapping(recipe.get("about"))),
        *_check_extra(as_mapping(recipe.get("extra"))),
        *_check_package(recipe),
        *_check_numbers(recipe, ""),
        *_check_python_min(as_mapping(recipe.get("context"))),
        *_check_sources(recipe),
        *check_settings(conda_forge_yml),
    ]
    for output in _list_outputs(recipe):
        found += check_output(output, recipe, has_platforms=has_several_platforms(conda_forge_yml))
    return tuple(dict.fromkeys(found))


def _check_text(text: str) -> Iterator[str]:
    yield from check_end(text)
    for number, line in enumerate(text.splitlines(), 1):
        yield from (f"line {number}: {reason}" for reason in _check_line(line))


def _check_line(line: str) -> Iterator[str]:
    yield from (reason for pattern, reason in _LINES if pattern.search(line))
    if any(inner != f" {inner.strip()} " for inner in _VARIABLE.findall(line)):
        yield "write one space on both sides within ${{ }}"


def _check_sections(recipe: Mapping[str, Any]) -> Iterator[str]:
    order = SECTIONS_OF_OUTPUTS if "outputs" in recipe else SECTIONS
    yield from (f"the section {section} is unexpected" for section in recipe if section not in order)
    yield from check_order("the sections", recipe, order)


def _check_about(about: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"about.{field} is missing" for field in _REQUIRED if not about.get(field))
    if about.get("license"):
        yield from check_license(str(about["license"]))


def check_license(license_: str) -> Iterator[str]:
    """Yield what the linter would say of a license, in either format of recipes."""
    if license_.strip().lower() == "unknown":
        yield "about.license cannot be unknown"
    elif _LICENSE_WORD.search(license_):
        yield "about.license must not contain the word License"
    elif not _is_spdx(license_):
        yield f"about.license is no SPDX expression: {license_}"


def _is_spdx(license_: str) -> bool:
    """Return whether a license is an expression of names that SPDX has; True for one that a template makes."""
    if "{{" in license_:
        return True
    try:
        return canonicalize_license_expression(license_).casefold() == " ".join(license_.split()).casefold()
    except InvalidLicenseExpression:
        return False


def _check_extra(extra: Mapping[str, Any]) -> Iterator[str]:
    maintainers = extra.get("recipe-maintainers")
    if not maintainers:
        yield "extra.recipe-maintainers is missing"
    elif not isinstance(maintainers, list):
        yield "extra.recipe-maintainers has to be a list"
    if str(extra.get("feedstock-name") or "").endswith("-feedstock"):
        yield "extra.feedstock-name must not end in -feedstock"


def _check_package(recipe: Mapping[str, Any]) -> Iterator[str]:
    package = as_mapping(recipe.get("package") or recipe.get("recipe"))
    name = _resolve(package.get("name"), as_mapping(recipe.get("context")))
    if "${{" not in name and not CONDA_NAME.fullmatch(name):
        yield f"the name {name!r} has other characters than a-z, 0-9, _, - and ."
    if package.get("version") in (None, ""):
        yield "the version is missing"


def _check_numbers(value: object, path: str) -> Iterator[str]:
    """Yield each value that YAML reads as a fraction, so that 3.10 becomes 3.1."""
    if isinstance(value, float):
        yield f"{path} is read as the number {value}: put it in quotes"
    elif isinstance(value, list):
        for item in value:
            yield from _check_numbers(item, path)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _check_numbers(item, f"{path}.{key}" if path else str(key))


def _check_python_min(context: Mapping[str, Any]) -> Iterator[str]:
    declared = re.fullmatch(r"3\.(\d{1,3})", str(context.get("python_min", "")))
    if declared and int(declared[1]) <= int(CONDA_FORGE_PYTHON.rpartition(".")[2]):
        yield f"context.python_min is {declared[0]}, which conda-forge has anyway: leave it out"


def _check_sources(recipe: Mapping[str, Any]) -> Iterator[str]:
    for source in _list_sources(recipe):
        if "url" in source and not {"sha256", "md5"} & set(source):
            yield "a source with a url needs its sha256"
        yield from map(_describe_wheel, _WHEEL.findall(str(source.get("url") or "")))


def _list_sources(recipe: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    places = [recipe, *as_list(recipe.get("outputs"))]
    return [as_mapping(source) for place in places for source in as_list(as_mapping(place).get("source"))]


def _describe_wheel(wheel: str) -> str:
    if wheel.endswith("-none-any.whl"):
        return f"a wheel should not be a source; use the sdist: {wheel}"
    return f"a compiled wheel cannot be a source: {wheel}"


def _list_outputs(recipe: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    outputs = [as_mapping(output) for output in as_list(recipe.get("outputs"))]
    return outputs or [recipe]


def _resolve(value: object, context: Mapping[str, Any]) -> str:
    text = str(value or "")
    return _VARIABLE.sub(lambda found: str(context.get(found[1].strip(), found[0])), text)
