"""A recipe as ``recipe.yaml``, which rattler-build reads and conda-forge asks of new packages (CEP 13 and 14)."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from release_tools.recipe.recipe_model import Condition, Recipe
from release_tools.recipe.scalars import (
    make_inert,
    write_fields,
    write_items,
    write_one_or_items,
    write_scalar,
    write_sections,
)
from release_tools.recipe.stable_abi import IS_ABI3, write_audits, write_oldest_python


def write_v1(recipe: Recipe) -> str:
    """Return the text of ``recipe.yaml``, with the sections in the order that conda-forge's linter demands."""
    contents = {
        "context": _write_context(recipe),
        "package": [f"  name: {write_scalar(recipe.name)}", "  version: ${{ version }}"],
        "source": [f"  url: {write_scalar(recipe.url)}", f"  sha256: {write_scalar(recipe.sha256)}"],
        "build": _build(recipe),
        "requirements": _write_requirements(recipe),
        "tests": _write_tests(recipe),
        "about": _write_about_section(recipe),
        "extra": write_items("recipe-maintainers", recipe.maintainers, 2),
    }
    return "\n\n".join(["schema_version: 1", *write_sections(contents)]) + "\n"


def _write_context(recipe: Recipe) -> Iterator[str]:
    yield f'  version: "{recipe.version}"'
    if recipe.python_min:
        yield f'  python_min: "{recipe.python_min}"'


def _build(recipe: Recipe) -> Iterator[str]:
    yield "  number: 0"
    if recipe.noarch:
        yield "  noarch: python"
    if recipe.skip:
        yield f"  skip: {write_scalar(recipe.skip.v1)}"
    yield from write_one_or_items("script", recipe.script, 2)
    settings = list(_write_python_settings(recipe))
    if settings:
        yield "  python:"
        yield from settings


def _write_python_settings(recipe: Recipe) -> Iterator[str]:
    if recipe.abi:
        yield "    version_independent: ${{ is_abi3 }}"
    yield from write_items("entry_points", recipe.entry_points, 4)


def _write_requirements(recipe: Recipe) -> Iterator[str]:
    for section, lines in (("build", recipe.build), ("host", recipe.host), ("run", recipe.run)):
        if lines:
            yield f"  {section}:"
            for when, group in groupby(lines, key=lambda line: line.when):
                yield from _write_under(when, [line.spec for line in group], 4)


def _write_under(when: Condition | None, texts: Sequence[str], indent: int) -> Iterator[str]:
    """Yield the items of a list as they are or below their condition."""
    space = " " * indent
    if when is None:
        yield from (f"{space}- {write_scalar(text)}" for text in texts)
        return
    yield f"{space}- if: {write_scalar(when.v1)}"
    yield from write_one_or_items("then", texts, indent + 2)


def _write_tests(recipe: Recipe) -> Iterator[str]:
    if recipe.imports:
        yield "  - python:"
        yield from write_items("imports", recipe.imports, 6)
        yield "      pip_check: true"
        if recipe.noarch:
            yield from write_items("python_version", ("${{ python_min }}.*", "*"), 6)
        elif recipe.stable_modules:
            yield "      python_version:"
            yield from _write_under(IS_ABI3, (f"{write_oldest_python(recipe.abi)}.*", "*"), 8)
    if recipe.commands:
        yield "  - script:"
        yield from (f"      - {write_scalar(command)}" for command in recipe.commands)
    if recipe.stable_modules:
        yield from _write_audit(recipe)


def _write_audit(recipe: Recipe) -> Iterator[str]:
    """Yield the test that the extension modules keep to the stable ABI."""
    yield "  - requirements:"
    yield "      run:"
    yield from _write_under(IS_ABI3, ["abi3audit"], 8)
    yield "    script:"
    for system, command in write_audits(recipe).items():
        yield from _write_under(Condition(f"is_abi3 and {system}", f"is_abi3 and {system}"), [command], 6)


def _write_about_section(recipe: Recipe) -> Iterator[str]:
    about = recipe.about
    yield from write_fields(
        {"homepage": about.homepage, "summary": make_inert(about.summary), "license": about.license}, 2
    )
    yield from write_one_or_items("license_file", about.license_files, 2)
    yield from write_fields({"repository": about.repository, "documentation": about.documentation}, 2)
