"""A recipe as ``meta.yaml``, for those who build with conda-build; conda-forge takes no new ones since 2026-08."""

from collections.abc import Iterator, Sequence

from release_tools.recipe.recipe_model import Line, Recipe
from release_tools.recipe.scalars import (
    is_read_as_fraction,
    make_inert,
    write_fields,
    write_items,
    write_one_or_items,
    write_scalar,
    write_sections,
)
from release_tools.recipe.stable_abi import write_audits


def write_v0(recipe: Recipe) -> str:
    """Return the text of ``meta.yaml``, with the sections in the order that conda-forge's linter demands."""
    contents = {
        "package": [f"  name: {write_scalar(recipe.name)}", f"  version: {_write_version(recipe.version)}"],
        "source": [f"  url: {_write_template(recipe.url)}", f"  sha256: {write_scalar(recipe.sha256)}"],
        "build": _build(recipe),
        "requirements": _write_requirements(recipe),
        "test": _test(recipe),
        "about": _write_about_section(recipe),
        "extra": write_items("recipe-maintainers", recipe.maintainers, 2),
    }
    return "\n\n".join(["\n".join(_set(recipe)), *write_sections(contents)]) + "\n"


def _set(recipe: Recipe) -> Iterator[str]:
    yield f'{{% set version = "{recipe.version}" %}}'
    if recipe.python_min:
        yield f'{{% set python_min = "{recipe.python_min}" %}}'


def _write_version(version: str) -> str:
    """Return the variable of the version, quoted where YAML would read a number in its place."""
    return '"{{ version }}"' if is_read_as_fraction(version) else "{{ version }}"


def _build(recipe: Recipe) -> Iterator[str]:
    yield "  number: 0"
    if recipe.noarch:
        yield "  noarch: python"
    if recipe.skip:
        yield f"  skip: true  # [{recipe.skip.v0}]"
    if recipe.abi:
        yield "  python_version_independent: true  # [is_abi3]"
    yield from _write_script(recipe.script)
    yield from write_items("entry_points", recipe.entry_points, 2)


def _write_script(commands: Sequence[str]) -> Iterator[str]:
    if len(commands) == 1:
        yield f"  script: {_write_template(commands[0])}"
        return
    yield "  script:"
    yield from (f"    - {_write_template(command)}" for command in commands)


def _write_requirements(recipe: Recipe) -> Iterator[str]:
    for section, lines in (("build", recipe.build), ("host", recipe.host), ("run", recipe.run)):
        if lines:
            yield f"  {section}:"
            yield from map(_write_requirement, lines)


def _write_requirement(line: Line) -> str:
    selector = f"  # [{line.when.v0}]" if line.when else ""
    return f"    - {_write_template(line.spec)}{selector}"


def _test(recipe: Recipe) -> Iterator[str]:
    yield from write_items("imports", recipe.imports, 2)
    yield from write_items("commands", ("pip check", *recipe.commands), 2)
    for system, command in write_audits(recipe).items():
        yield f"    - {_write_template(command)}  # [is_abi3 and {system}]"
    yield from write_items("requires", ("pip",), 2)
    if recipe.noarch:
        yield "    - python {{ python_min }}"
    if recipe.stable_modules:
        yield "    - abi3audit  # [is_abi3]"


def _write_about_section(recipe: Recipe) -> Iterator[str]:
    about = recipe.about
    yield from write_fields({"home": about.homepage, "summary": make_inert(about.summary), "license": about.license}, 2)
    yield from write_one_or_items("license_file", about.license_files, 2)
    yield from write_fields({"doc_url": about.documentation, "dev_url": about.repository}, 2)


def _write_template(text: str) -> str:
    """Turn our own template text into conda-build's jinja, which is evaluated before YAML and needs no quotes."""
    return text.replace("${{", "{{") if "${{" in text else write_scalar(text)
