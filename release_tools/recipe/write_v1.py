"""A recipe as ``recipe.yaml``, which rattler-build reads and conda-forge asks of new packages (CEP 13 and 14)."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from release_tools.recipe.recipe_model import Condition, Recipe
from release_tools.recipe.scalars import fields, inert, items, one_or_items, scalar, sections


def write_v1(recipe: Recipe) -> str:
    """Return the text of ``recipe.yaml``, with the sections in the order that conda-forge's linter demands."""
    contents = {
        "context": _context(recipe),
        "package": [f"  name: {scalar(recipe.name)}", "  version: ${{ version }}"],
        "source": [f"  url: {scalar(recipe.url)}", f"  sha256: {scalar(recipe.sha256)}"],
        "build": _build(recipe),
        "requirements": _requirements(recipe),
        "tests": _tests(recipe),
        "about": _about(recipe),
        "extra": items("recipe-maintainers", recipe.maintainers, 2),
    }
    return "\n\n".join(["schema_version: 1", *sections(contents)]) + "\n"


def _context(recipe: Recipe) -> Iterator[str]:
    yield f'  version: "{recipe.version}"'
    if recipe.python_min:
        yield f'  python_min: "{recipe.python_min}"'


def _build(recipe: Recipe) -> Iterator[str]:
    yield "  number: 0"
    if recipe.noarch:
        yield "  noarch: python"
    if recipe.skip:
        yield f"  skip: {scalar(recipe.skip.v1)}"
    yield from one_or_items("script", recipe.script, 2)
    if recipe.entry_points:
        yield "  python:"
        yield from items("entry_points", recipe.entry_points, 4)


def _requirements(recipe: Recipe) -> Iterator[str]:
    for section, lines in (("build", recipe.build), ("host", recipe.host), ("run", recipe.run)):
        if lines:
            yield f"  {section}:"
            for when, group in groupby(lines, key=lambda line: line.when):
                yield from _under(when, [line.spec for line in group])


def _under(when: Condition | None, specs: Sequence[str]) -> Iterator[str]:
    """Return requirements as they are or below their condition."""
    if when is None:
        yield from (f"    - {scalar(spec)}" for spec in specs)
        return
    yield f"    - if: {scalar(when.v1)}"
    yield from one_or_items("then", specs, 6)


def _tests(recipe: Recipe) -> Iterator[str]:
    if recipe.imports:
        yield "  - python:"
        yield from items("imports", recipe.imports, 6)
        yield "      pip_check: true"
        if recipe.noarch:
            yield from items("python_version", ("${{ python_min }}.*", "*"), 6)
    if recipe.commands:
        yield "  - script:"
        yield from (f"      - {scalar(command)}" for command in recipe.commands)


def _about(recipe: Recipe) -> Iterator[str]:
    about = recipe.about
    yield from fields({"homepage": about.homepage, "summary": inert(about.summary), "license": about.license}, 2)
    yield from one_or_items("license_file", about.license_files, 2)
    yield from fields({"repository": about.repository, "documentation": about.documentation}, 2)
