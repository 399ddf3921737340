"""Find out if a project has compiled code, and what its build then needs in addition to Python."""

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from release_tools.parsed_values import list_texts
from release_tools.recipe.build_code import list_backend_requires, read_hatch_hooks
from release_tools.recipe.evidence import Built, Evidence, Sources
from release_tools.recipe.unbuilt_metadata import parse_setup_py, read_setup_requires

LANGUAGES: Final = {
    ".c": "c", ".cc": "cxx", ".cpp": "cxx", ".cu": "cuda", ".cxx": "cxx", ".f": "fortran", ".f90": "fortran",
    ".for": "fortran", ".go": "go", ".pyx": "c", ".rs": "rust",
}  # fmt: skip
# A call of meson's dependency() for what is no part of Python's own world: pkg-config finds it.
LIBRARY: Final = re.compile(r"\bdependency\s*\(\s*'(?!(?:numpy|openmp|pybind11|python3?|threads)')")
MESON_LANGUAGES: Final = {"c": "c", "cpp": "cxx", "cython": "c", "fortran": "fortran", "rust": "rust"}
NOT_BUILT: Final = frozenset({"benchmarks", "ci", "doc", "docs", "example", "examples", "test", "tests"})

# Build requirements that are there to make extension modules, and the language that they bring along.
MAKERS: Final = {
    "cffi": "c", "cython": "c", "cppy": "cxx", "maturin": "rust", "mypy": "c", "nanobind": "cxx", "pybind11": "cxx",
    "setuptools-rust": "rust",
}  # fmt: skip
# Build requirements that no build from an sdist needs: setuptools makes wheels itself since 70.1, and the license text
# that coherent.licensed fetches is in the sdist.
NEEDLESS: Final = frozenset({"coherent-licensed", "wheel"})
PURE_BACKENDS: Final = ("flit", "pdm", "poetry", "uv_build")
MESON: Final = "mesonpy"
CMAKE_BACKENDS: Final = frozenset({"scikit_build_core.build", "py_build_cmake.build"})
COMPILED_BACKENDS: Final = CMAKE_BACKENDS | {MESON, "maturin"}
# Tables of pyproject.toml that only a project with extension modules has.
COMPILED_TOOLS: Final = frozenset({"cibuildwheel", "scikit-build", "setuptools-rust"})
COMPILERS: Final = ("c", "cxx", "fortran", "cuda", "rust", "go")  # in the order of a recipe
# A library in the folder where auditwheel, delocate or delvewheel puts it.
BUNDLED: Final = re.compile(r"\.(?:libs|dylibs)/(?P<name>[A-Za-z0-9_+]++)[^/]*+$")
COMPILER_RUNTIMES: Final = ("libgcc", "libgfortran", "libgomp", "libomp", "libquadmath", "libstdc", "msvcp", "vcomp")


@dataclass(frozen=True)
class Toolchain:
    """Describe what a compiled project needs to be built.

    Attributes:
        languages: compilers, as conda's ``compiler()`` names them, C first.
        tools: conda packages that run during the build and are not in the project's own build requirements.
        host: conda packages that a reviewer puts into host in addition to the project's own build requirements.
        bundles_crates: whether the licenses of Rust crates have to be collected during the build.
    """

    languages: tuple[str, ...]
    tools: tuple[str, ...] = ()
    host: tuple[str, ...] = ()
    bundles_crates: bool = False


def find_toolchain(evidence: Evidence) -> Toolchain | None:
    """Return what compiles the project; None for a pure one. A wheel decides, where there is one."""
    return _make_toolchain(evidence.sources) if _is_compiled(evidence) else None


def _is_compiled(evidence: Evidence) -> bool:
    if evidence.built is not None:
        return not evidence.built.pure
    return _looks_compiled(evidence.sources)


def _looks_compiled(sources: Sources) -> bool:
    """Return whether the sources, without being built, seem to contain extension modules."""
    backend = find_backend(sources)
    if backend == MESON:
        return bool(_find_meson_languages(sources))
    if backend in COMPILED_BACKENDS or MAKERS.keys() & _find_projects(build_requires(sources)):
        return True
    if backend.startswith("hatchling"):
        return "custom" in read_hatch_hooks(sources) and bool(_find_languages(sources.paths))
    if _has_compiled_settings(sources):
        return True
    return not backend.startswith(PURE_BACKENDS) and parse_setup_py(sources).extensions


def _has_compiled_settings(sources: Sources) -> bool:
    return "ext-modules" in sources.table("tool", "setuptools") or bool(COMPILED_TOOLS & sources.table("tool").keys())


def _make_toolchain(sources: Sources) -> Toolchain:
    backend = find_backend(sources)
    required = _find_projects(build_requires(sources))
    languages = _list_languages(sources, backend, required)
    tools = _list_tools(sources, backend, required)
    bundles_crates = "rust" in languages
    if bundles_crates:
        tools.append("cargo-bundle-licenses")
    host = _list_added_host(sources, backend, required)
    return Toolchain(tuple(languages), tuple(tools), tuple(host), bundles_crates)


def _list_languages(sources: Sources, backend: str, required: AbstractSet[str]) -> list[str]:
    """Return the languages to compile, in the order of compilers; C is among them unless C++ is."""
    languages = {MAKERS[maker] for maker in MAKERS.keys() & required}
    if backend == MESON:
        languages |= _find_meson_languages(sources)
    elif "rust" not in languages:
        languages |= _find_languages(sources.paths)
    if "cxx" not in languages:
        languages.add("c")
    return [language for language in COMPILERS if language in languages]


def _find_meson_languages(sources: Sources) -> set[str]:
    """Return the languages of ``project()`` and ``add_languages()`` in the root ``meson.build``."""
    text = sources.texts.get("meson.build", "")
    words = set(re.findall(r"\badd_languages\s*\(\s*'(\w+)'", text))
    project = re.search(r"\bproject\s*\(([^)]{0,4000})\)", text)
    if project:
        words |= set(re.findall(r"'(\w+)'", project[1]))
    return {MESON_LANGUAGES[word] for word in words & MESON_LANGUAGES.keys()}


def _find_languages(paths: Iterable[str]) -> set[str]:
    suffixes = {PurePosixPath(path).suffix.lower() for path in _select_compiled(paths)}
    return {LANGUAGES[suffix] for suffix in suffixes & LANGUAGES.keys()} - {"go", "rust"}


def _select_compiled(paths: Iterable[str]) -> Iterable[str]:
    """Return the files that may be compiled: not those of tests, examples and the like."""
    return (path for path in paths if not NOT_BUILT & set(path.split("/")))


def _list_tools(sources: Sources, backend: str, required: AbstractSet[str]) -> list[str]:
    tools = []
    if backend == MESON and LIBRARY.search(sources.texts.get("meson.build", "")):
        tools.append("pkg-config")
    if backend in CMAKE_BACKENDS or required & {"cmake", "scikit-build"}:
        tools += ["cmake", "ninja"]
    return tools


def _list_added_host(sources: Sources, backend: str, required: AbstractSet[str]) -> list[str]:
    """Return what a reviewer adds to the build requirements.

    The C that Cython wrote into an sdist is for the Cython of its day: a recipe has it generated again.
    """
    added = []
    has_cython = any(path.endswith(".pyx") for path in _select_compiled(sources.paths))
    if has_cython and "cython" not in required:
        added.append("cython")
    if backend == MESON:
        added.append("ninja")
    return added


def list_host_requires(evidence: Evidence) -> tuple[str, ...]:
    """Return the build requirements, and Babel where it makes the message catalogs that are installed.

    A project that requires Babel and installs catalogs compiles them with it, in the build or before the sdist is made:
    https://babel.pocoo.org/en/latest/cmdline.html#compile
    """
    asked = build_requires(evidence.sources)
    always_needed = _find_projects(text for text in evidence.metadata.get("requires_dist", []) if ";" not in text)
    if "babel" in always_needed - _find_projects(asked) and _has_catalogs(evidence):
        return (*asked, "babel")
    return asked


def _has_catalogs(evidence: Evidence) -> bool:
    """Return whether message catalogs are installed; an sdist may hold only their sources."""
    if evidence.built:
        return any(_is_catalog(path, (".mo",)) for path in evidence.built.paths)
    return any(_is_catalog(path, (".mo", ".po")) for path in _select_compiled(evidence.sources.paths))


def _is_catalog(path: str, suffixes: tuple[str, ...]) -> bool:
    """Return whether a file is a catalog of translated messages."""
    return "/LC_MESSAGES/" in path and path.endswith(suffixes)


def find_backend(sources: Sources) -> str:
    """Return the build backend's import path; setuptools' where the project names none (PEP 517)."""
    named = sources.table("build-system").get("build-backend")
    return named if isinstance(named, str) else "setuptools.build_meta"


def build_requires(sources: Sources) -> tuple[str, ...]:
    """Return the build requirements, without those that an sdist has no use for.

    Setuptools' ``setup_requires`` and those of hatchling's build hooks are among them.
    """
    asked = _list_stated_requires(sources)
    if find_backend(sources).startswith("setuptools"):
        asked += read_setup_requires(sources)
    asked += list_backend_requires(sources)
    for hook in read_hatch_hooks(sources).values():
        asked += list_texts(hook.get("dependencies"))
    return _drop_repeated(text for text in asked if _find_project(text) not in NEEDLESS)


def _list_stated_requires(sources: Sources) -> list[str]:
    """Return the requirements in ``pyproject.toml``; setuptools where there is no list (PEP 518)."""
    stated = sources.table("build-system").get("requires")
    return list_texts(stated) if isinstance(stated, list) else ["setuptools"]


def _drop_repeated(texts: Iterable[str]) -> tuple[str, ...]:
    """Return requirements without those that repeat an earlier one's project and ask for nothing in addition."""
    kept: list[str] = []
    for text in dict.fromkeys(texts):
        project = _find_project(text)
        if canonicalize_name(text) != project or project not in _find_projects(kept):
            kept.append(text)
    return tuple(kept)


def _find_projects(requirements: Iterable[str]) -> set[str]:
    return set(map(_find_project, requirements))


def _find_project(requirement: str) -> str:
    """Return the canonical name of the required project; empty where the requirement cannot be read."""
    try:
        return canonicalize_name(Requirement(requirement).name)
    except InvalidRequirement:
        return ""


def list_bundled(built: Built | None) -> tuple[str, ...]:
    """Return the shared libraries in a repaired wheel (``libgeos``), which on conda are packages of their own.

    Those of the compilers are left out: their packages come with them.
    """
    if built is None:
        return ()
    names = {match["name"] for match in map(BUNDLED.search, built.paths) if match}
    return tuple(sorted(name for name in names if not name.startswith(COMPILER_RUNTIMES)))
