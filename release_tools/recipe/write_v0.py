"""A recipe as ``meta.yaml``, for those who build with conda-build; conda-forge takes no new ones since 2026-08."""

from collections.abc import Iterator

from release_tools.recipe.recipe_model import Line, Recipe
from release_tools.recipe.scalars import fields, inert, items, one_or_items, scalar, sections


def write_v0(recipe: Recipe) -> str:
    """Return the text of ``meta.yaml``, with the sections in the order that conda-forge's linter demands."""
    contents = {
        "package": [f"  name: {scalar(recipe.name)}", "  version: {{ version }}"],
        "source": [f"  url: {_template(recipe.url)}", f"  sha256: {scalar(recipe.sha256)}"],
        "build": _build(recipe),
        "requirements": _requirements(recipe),
        "test": _test(recipe),
        "about": _about(recipe),
        "extra": items("recipe-maintainers", recipe.maintainers, 2),
    }
    return "\n\n".join(["\n".join(_set(recipe)), *sections(contents)]) + "\n"


def _set(recipe: Recipe) -> Iterator[str]:
    yield f'{{% set version = "{recipe.version}" %}}'
    if recipe.python_min:
        yield f'{{% set python_min = "{recipe.python_min}" %}}'


def _build(recipe: Recipe) -> Iterator[str]:
    yield "  number: 0"
    if recipe.noarch:
        yield "  noarch: python"
    if recipe.skip:
        yield f"  skip: true  # [{recipe.skip.v0}]"
    if len(recipe.script) == 1:
        yield f"  script: {_template(recipe.script[0])}"
    else:
        yield "  script:"
        yield from (f"    - {_template(command)}" for command in recipe.script)
    yield from items("entry_points", recipe.entry_points, 2)


def _requirements(recipe: Recipe) -> Iterator[str]:
    for section, lines in (("build", recipe.build), ("host", recipe.host), ("run", recipe.run)):
        if lines:
            yield f"  {section}:"
            yield from map(_requirement, lines)


def _requirement(line: Line) -> str:
    selector = f"  # [{line.when.v0}]" if line.when else ""
    return f"    - {_template(line.spec)}{selector}"


def _test(recipe: Recipe) -> Iterator[str]:
    yield from items("imports", recipe.imports, 2)
    yield from items("commands", ("pip check", *recipe.commands), 2)
    yield from items("requires", ("pip",), 2)
    if recipe.noarch:
        yield "    - python {{ python_min }}"


def _about(recipe: Recipe) -> Iterator[str]:
    about = recipe.about
    yield from fields({"home": about.homepage, "summary": inert(about.summary), "license": about.license}, 2)
    yield from one_or_items("license_file", about.license_files, 2)
    yield from fields({"doc_url": about.documentation, "dev_url": about.repository}, 2)


def _template(text: str) -> str:
    """Turn our own template text into conda-build's jinja, which is evaluated before YAML and needs no quotes."""
    return text.replace("${{", "{{") if "${{" in text else scalar(text)
