"""Find out if a project has compiled code, and what its build then needs in addition to Python."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from release_tools.recipe.build_code import list_backend_requires
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
COMPILED_BACKENDS: Final = frozenset({"maturin", "scikit_build_core.build", "mesonpy", "py_build_cmake.build"})
# Tables of pyproject.toml that only a project with extension modules has.
COMPILED_TOOLS: Final = frozenset({"cibuildwheel", "scikit-build", "setuptools-rust"})


BUNDLED: Final = re.compile(r"[A-Za-z0-9_+]+")
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


def find_backend(sources: Sources) -> str:
    """Return the build backend's import path; setuptools' where the project names none (PEP 517)."""
    named = sources.table("build-system").get("build-backend")
    return named if isinstance(named, str) else "setuptools.build_meta"


def build_requires(sources: Sources) -> tuple[str, ...]:
    """Return the build requirements, without those that an sdist has no use for.

    Setuptools' ``setup_requires`` and those of hatchling's build hooks are among them.
    """
    named = sources.table("build-system").get("requires")
    lists: list[object] = [named if isinstance(named, list) else ["setuptools"]]
    lists += [read_setup_requires(sources)] * find_backend(sources).startswith("setuptools")
    lists += [list(list_backend_requires(sources))]
    lists += [hook.get("dependencies") for hook in _read_hatch_hooks(sources).values()]
    texts = [text for each in lists if isinstance(each, list) for text in each if isinstance(text, str)]
    return _drop_repeated(text for text in texts if _find_project(text) not in NEEDLESS)


def _drop_repeated(texts: Iterable[str]) -> tuple[str, ...]:
    """Return requirements without those that repeat an earlier one's project and ask for nothing in addition."""
    kept: list[str] = []
    for text in dict.fromkeys(texts):
        project = _find_project(text)
        if canonicalize_name(text) != project or project not in map(_find_project, kept):
            kept.append(text)
    return tuple(kept)


def list_host_requires(evidence: Evidence) -> tuple[str, ...]:
    """Return the build requirements, and Babel where it makes the message catalogs that are installed.

    A project that requires Babel and installs catalogs compiles them with it, in the build or before the sdist is made:
    https://babel.pocoo.org/en/latest/cmdline.html#compile
    """
    asked = build_requires(evidence.sources)
    plain = {_find_project(text) for text in evidence.metadata.get("requires_dist", []) if ";" not in text}
    return (*asked, "babel") if "babel" in plain - set(map(_find_project, asked)) and _has_catalogs(evidence) else asked


def _has_catalogs(evidence: Evidence) -> bool:
    """Return whether message catalogs are installed; an sdist may hold only their sources."""
    paths = evidence.built.paths if evidence.built else _select_compiled(evidence.sources.paths)
    suffixes = (".mo",) if evidence.built else (".mo", ".po")
    return any("/LC_MESSAGES/" in path and path.endswith(suffixes) for path in paths)


def list_bundled(built: Built | None) -> tuple[str, ...]:
    """Return the shared libraries in a repaired wheel (``libgeos``), which on conda are packages of their own.

    Those of the compilers are left out: their packages come with them.
    """
    files = [path.split("/") for path in (built.paths if built else ())]
    names = {BUNDLED.match(parts[-1]) for parts in files if len(parts) > 1 and parts[-2].endswith((".libs", ".dylibs"))}
    return tuple(sorted({name[0] for name in names if name and not name[0].startswith(COMPILER_RUNTIMES)}))


def _read_hatch_hooks(sources: Sources) -> Mapping[str, Mapping[str, Any]]:
    """Return the build hooks of hatchling that run for a wheel, by name."""
    build = sources.table("tool", "hatch", "build")
    tables = (build.get("hooks"), sources.table("tool", "hatch", "build", "targets", "wheel").get("hooks"))
    hooks = {name: hook for table in tables if isinstance(table, dict) for name, hook in table.items()}
    return {
        name: hook for name, hook in hooks.items() if isinstance(hook, dict) and hook.get("enable-by-default", True)
    }


def find_toolchain(evidence: Evidence) -> Toolchain | None:
    """Return what compiles the project; None for a pure one. A wheel decides, where there is one."""
    compiled = _looks_compiled(evidence.sources) if evidence.built is None else not evidence.built.pure
    return _make_toolchain(evidence.sources) if compiled else None


def _looks_compiled(sources: Sources) -> bool:
    """Return whether the sources, without being built, seem to contain extension modules."""
    name = find_backend(sources)
    if name == "mesonpy":
        return bool(_find_meson_languages(sources))
    if name in COMPILED_BACKENDS or MAKERS.keys() & set(map(_find_project, build_requires(sources))):
        return True
    if name.startswith("hatchling"):
        return "custom" in _read_hatch_hooks(sources) and bool(_find_languages(sources.paths))
    if "ext-modules" in sources.table("tool", "setuptools") or COMPILED_TOOLS & sources.table("tool").keys():
        return True
    return not name.startswith(PURE_BACKENDS) and parse_setup_py(sources).extensions


def _make_toolchain(sources: Sources) -> Toolchain:
    name, required = find_backend(sources), set(map(_find_project, build_requires(sources)))
    languages = {MAKERS[maker] for maker in MAKERS.keys() & required}
    if name == "mesonpy":
        languages |= _find_meson_languages(sources)
    elif not languages & {"rust"}:
        languages |= _find_languages(sources.paths)
    tools: list[str] = []
    if name == "mesonpy" and LIBRARY.search(sources.texts.get("meson.build", "")):
        tools += ["pkg-config"]
    if name in {"scikit_build_core.build", "py_build_cmake.build"} or required & {"cmake", "scikit-build"}:
        tools += ["cmake", "ninja"]
    # The C that Cython wrote into an sdist is for the Cython of its day: a recipe has it generated again.
    host = []
    if "cython" not in required and any(path.endswith(".pyx") for path in _select_compiled(sources.paths)):
        host.append("cython")
    if name == "mesonpy":
        host.append("ninja")
    rust = "rust" in languages
    languages |= set() if "cxx" in languages else {"c"}
    order = ("c", "cxx", "fortran", "cuda", "rust", "go")
    return Toolchain(
        tuple(language for language in order if language in languages),
        (*tools, *["cargo-bundle-licenses"] * rust),
        tuple(host),
        rust,
    )


def _find_meson_languages(sources: Sources) -> set[str]:
    """Return the languages of ``project()`` and ``add_languages()`` in the root ``meson.build``."""
    text = sources.texts.get("meson.build", "")
    found = re.search(r"\bproject\s*\(([^)]{0,4000})\)", text)
    words = set(re.findall(r"'(\w+)'", found[1])) if found else set()
    words |= set(re.findall(r"\badd_languages\s*\(\s*'(\w+)'", text))
    return {MESON_LANGUAGES[word] for word in words & MESON_LANGUAGES.keys()}


def _find_languages(paths: Iterable[str]) -> set[str]:
    suffixes = {PurePosixPath(path).suffix.lower() for path in _select_compiled(paths)}
    return {LANGUAGES[suffix] for suffix in suffixes & LANGUAGES.keys()} - {"go", "rust"}


def _select_compiled(paths: Iterable[str]) -> Iterable[str]:
    """Return the files that may be compiled: not those of tests, examples and the like."""
    return (path for path in paths if not NOT_BUILT & set(path.split("/")))


def _find_project(requirement: str) -> str:
    try:
        return canonicalize_name(Requirement(requirement).name)
    except InvalidRequirement:
        return ""
