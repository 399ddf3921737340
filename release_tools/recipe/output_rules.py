"""Check one output of a ``recipe.yaml`` by the rules of conda-forge's linter, which `recipe_rules` lists."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

REQUIREMENTS_ORDER: Final = ("build", "host", "run", "run_constraints")
SYSTEMS: Final = frozenset({"win", "linux", "osx", "unix"})
BACKENDS: Final = frozenset({
    "flit", "flit-core", "hatchling", "jupyter-packaging", "maturin", "meson-python", "pdm-backend", "pdm-pep517",
    "poetry", "poetry-core", "pymsbuild", "scikit-build-core", "setuptools", "sphinx-theme-builder", "uv-build",
    "whey"
})  # fmt: skip
"""The packages of which pip needs one in host, as the linter lists them."""
BUILD_THEMSELVES: Final = frozenset({"hatchling", "pdm-backend", "setuptools"})
_OPERATORS: Final = frozenset({"!=", "=", "==", ">", "<", "<=", ">="})
_COMPILER: Final = re.compile(r"compiler\(['\"](?:m2w64_)?(?:c|cxx|fortran|rust|go-cgo)['\"]\)")
_STDLIB: Final = re.compile(r"stdlib\(['\"](?:m2w64_)?c['\"]\)")
_BUNDLERS: Final = {"rust": "cargo-bundle-licenses", "go": "go-licenses"}
_MINIMUM: Final = {
    "host": (re.compile(r"python\s+=?=?\$\{\{ python_min \}\}"), "python ${{ python_min }}.*"),
    "run": (re.compile(r"python\s+>=\$\{\{ python_min \}\}"), "python >=${{ python_min }}"),
}


def as_mapping(value: object) -> Mapping[str, Any]:
    """Return a value of a recipe as a mapping; an empty one where it is anything else."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    """Return a value of a recipe as a list: a single one takes the place of a list of one."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


@dataclass(frozen=True)
class Output:
    """One output of a recipe, or the recipe itself where it has none.

    Attributes:
        name: of the package; empty where a template makes it.
        build: the section, the recipe's own filled in.
        requirements: the section.
        tests: the tests.
        specs: the requirements of each section, those below conditions included.
    """

    name: str
    build: Mapping[str, Any]
    requirements: Mapping[str, Any]
    tests: Sequence[Mapping[str, Any]]
    specs: Mapping[str, list[str]]

    @property
    def noarch(self) -> object:
        """Return the value of ``noarch``; None for none."""
        return self.build.get("noarch")

    @property
    def is_version_independent(self) -> bool:
        """Return whether one package serves several Pythons although it is compiled."""
        return bool(as_mapping(self.build.get("python")).get("version_independent"))

    @property
    def python_tests(self) -> list[Mapping[str, Any]]:
        """Return the tests that import modules."""
        return [as_mapping(test["python"]) for test in self.tests if "python" in test]

    @property
    def serves_several_pythons(self) -> bool:
        """Return whether one package is installed with several Pythons."""
        return self.noarch == "python" or self.is_version_independent

    @property
    def is_capped(self) -> bool:
        """Return whether it is for no Python newer than some version."""
        return any("<" in spec for spec in self.find("run", "python"))

    def find(self, section: str, package: str) -> list[str]:
        """Return the requirements of a package in a section."""
        return [spec for spec in self.specs[section] if spec.split()[:1] == [package]]


def check_output(output: Mapping[str, Any], recipe: Mapping[str, Any], *, has_platforms: bool) -> Iterator[str]:
    """Yield what the linter would say of one output.

    Args:
        output: the output; the recipe itself where it has none.
        recipe: the whole recipe.
        has_platforms: whether ``conda-forge.yml`` has a noarch package built on several platforms.
    """
    read = _read_output(output, recipe)
    yield from _check_form(read)
    if read.noarch:
        yield from _check_noarch(read, has_platforms=has_platforms)
    yield from (fault for section, specs in read.specs.items() for spec in specs for fault in check_spec(section, spec))
    yield from _check_python(read)
    yield from _check_tested_pythons(read)
    yield from _check_stable_abi(read)
    yield from _check_tools(read)


def _read_output(output: Mapping[str, Any], recipe: Mapping[str, Any]) -> Output:
    requirements = as_mapping(output.get("requirements"))
    return Output(
        name=str(as_mapping(output.get("package")).get("name") or ""),
        build={**as_mapping(recipe.get("build")), **as_mapping(output.get("build"))},
        requirements=requirements,
        tests=[as_mapping(test) for test in as_list(output.get("tests"))],
        specs={section: _flatten(requirements.get(section)) for section in REQUIREMENTS_ORDER},
    )


def _flatten(section: object) -> list[str]:
    """Return the texts of a list, those below conditions included."""
    found: list[str] = []
    for item in as_list(section):
        if isinstance(item, dict):
            found += [str(text) for branch in ("then", "else") for text in as_list(item.get(branch))]
        else:
            found.append(str(item))
    return found


def _check_form(output: Output) -> Iterator[str]:
    if output.build.get("number") is None:
        yield "build.number is missing"
    if output.noarch not in (None, "python", "generic"):
        yield f"build.noarch cannot be {output.noarch}"
    if not output.tests:
        yield "tests are missing"
    yield from check_order("requirements", output.requirements, REQUIREMENTS_ORDER)


def check_end(text: str) -> Iterator[str]:
    """Yield the fault of a file that does not end with one line end."""
    if not text.endswith("\n") or text.endswith("\n\n"):
        yield "the file has to end with exactly one line end"


def check_order(what: str, found: Iterable[str], order: Sequence[str]) -> Iterator[str]:
    """Yield in which order some sections have to be, unless they are; unknown ones do not count."""
    known = [section for section in found if section in order]
    wanted = sorted(known, key=order.index)
    if known != wanted:
        yield f"{what} have to be in this order: {', '.join(wanted)}"


def _check_noarch(output: Output, *, has_platforms: bool) -> Iterator[str]:
    if "skip" in output.build:
        yield "a noarch package cannot be skipped anywhere"
    for section in ("build", "host", "run"):
        for item in as_list(output.requirements.get(section)):
            if not isinstance(item, dict):
                continue
            if not has_platforms:
                yield f"requirements.{section}: conditions of a noarch package need noarch_platforms"
            elif not _is_on_systems(str(item.get("if", ""))):
                yield f"requirements.{section}: conditions of a noarch package can only be on systems"


def _is_on_systems(condition: str) -> bool:
    return set(condition.split()) - {"not", "and", "or"} <= SYSTEMS


def check_spec(section: str, spec: str) -> Iterator[str]:
    """Yield what the linter would say of one requirement of a section."""
    if "${{" in spec or not spec.split():
        return
    name, *rest = spec.split()
    if len(rest) > 1 and rest[0] in _OPERATORS:
        yield f"requirements.{section}: no space between operator and version in {spec!r}"
    elif re.search(r"[<>=]", name):
        yield f"requirements.{section}: a space is needed between name and version in {spec!r}"
    if spec.startswith(("sysroot_linux", "__osx >")):
        yield f"requirements.{section}: use ${{{{ stdlib('c') }}}} in place of {spec}"


def _check_python(output: Output) -> Iterator[str]:
    host, run = output.find("host", "python"), output.find("run", "python")
    if output.noarch == "python":
        yield from _check_python_bounds({"host": host, "run": run})
    elif output.noarch is None:
        if host and not run:
            yield "requirements.run: python is missing, which is in host"
        if not output.is_version_independent and any(map(_has_bound, (*host, *run))):
            yield "requirements: python must have no bound where the package is not noarch"


def _check_python_bounds(found: Mapping[str, Sequence[str]]) -> Iterator[str]:
    if not any(spec != "python" for spec in found["run"]):
        yield "requirements.run: python needs a lower bound, python >=${{ python_min }}"
    for section, (pattern, wanted) in _MINIMUM.items():
        if found[section] and not any(pattern.match(spec) for spec in found[section]):
            yield f"requirements.{section}: write {wanted}"


def _has_bound(spec: str) -> bool:
    return spec.partition(" ")[2].lstrip()[:1] in ("<", ">")


def _check_tested_pythons(output: Output) -> Iterator[str]:
    """Yield the rules on the Pythons with which a package for several Pythons is tested."""
    if not output.serves_several_pythons:
        return
    tested = [_flatten(test.get("python_version")) for test in output.python_tests]
    if not output.is_capped and any("*" not in pythons for pythons in tested):
        yield 'tests: python_version has to name the newest Python, "*", too'
    if output.noarch == "python" and output.tests and not _is_oldest_tested(output, tested):
        yield "tests: python_version has to name the oldest Python, ${{ python_min }}.*"


def _is_oldest_tested(output: Output, tested: Sequence[Sequence[str]]) -> bool:
    required = [spec for test in output.tests for spec in _flatten(as_mapping(test.get("requirements")).get("run"))]
    specs = [*required, *(f"python {python}" for pythons in tested for python in pythons)]
    return any(_MINIMUM["host"][0].match(spec) for spec in specs)


def _check_stable_abi(output: Output) -> Iterator[str]:
    if not output.is_version_independent or output.noarch == "python":
        return
    if _ignores_cross_python(output):
        yield "requirements.ignore_run_exports: cross-python needs no entry any more"
    if output.find("host", "python-abi3") and not any(map(_is_audit, output.tests)):
        yield "tests: a package for the stable ABI is checked with abi3audit"


def _ignores_cross_python(output: Output) -> bool:
    ignored = as_mapping(output.requirements.get("ignore_run_exports"))
    return any(text.startswith("cross-python") for text in _flatten(ignored.get("from_package")))


def _is_audit(test: Mapping[str, Any]) -> bool:
    required = _flatten(as_mapping(test.get("requirements")).get("run"))
    return any("abi3audit" in text for text in (*required, *_flatten(test.get("script"))))


def _check_tools(output: Output) -> Iterator[str]:
    build = output.specs["build"]
    joined = " ".join(build)
    if _lacks_stdlib(joined):
        yield "requirements.build: a compiler needs ${{ stdlib('c') }} next to it"
    for language, bundler in _BUNDLERS.items():
        if re.search(rf"compiler\(['\"]{language}['\"]\)", joined) and bundler not in (*build, output.name):
            yield f"requirements.build: {language.title()} needs {bundler}"
    if _lacks_backend(output):
        yield "requirements.host: pip needs a build backend, such as setuptools or hatchling"


def _lacks_stdlib(build: str) -> bool:
    return _COMPILER.search(build) is not None and not _STDLIB.search(build)


def _lacks_backend(output: Output) -> bool:
    names = {spec.partition(" ")[0].replace("_", "-") for spec in output.specs["host"] or output.specs["build"]}
    return "pip" in names and not names & BACKENDS and output.name not in BUILD_THEMSELVES
