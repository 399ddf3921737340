"""Check a ``recipe.yaml`` by those rules of conda-forge's linter that need no network.

The rules, by the names in conda-smithy's own list (LINTER.md): R-000 to R-005, R-007 to R-016, R-019 to R-026, R-028 to
R-031, R-033 to R-035, R-039, R-040, R-051, R1-001, R1-002 and FC-001.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from release_tools.parsed_values import parse_yaml
from release_tools.recipe.names import CONDA_NAME

SECTIONS: Final = (
    "$schema", "schema_version", "context", "package", "source", "build", "requirements", "tests", "about", "extra",
)  # fmt: skip
SECTIONS_OF_OUTPUTS: Final = (
    "$schema", "schema_version", "context", "recipe", "source", "build", "outputs", "about", "extra",
)  # fmt: skip
REQUIREMENTS_ORDER: Final = ("build", "host", "run", "run_constraints")
PLATFORMS: Final = frozenset(
    "linux_64 linux_aarch64 linux_ppc64le linux_armv7l linux_s390x osx_64 osx_arm64 win_64 win_arm64 win_32".split()  # noqa: SIM905 - easier to read as words
)
SYSTEMS: Final = frozenset({"win", "linux", "osx", "unix"})
_OPERATORS: Final = frozenset({"!=", "=", "==", ">", "<", "<=", ">="})
_LICENSE_WORD: Final = re.compile(r"(?<!-)(?<!un)license(?!ref)", re.IGNORECASE)
_SELECTOR: Final = re.compile(r"\s#\s*\[[^\[\]]+\]\s*$")
_WHEEL: Final = re.compile(r"https?://\S{1,500}\.whl\b")
_VARIABLE: Final = re.compile(r"\$\{\{(.{0,500}?)\}\}")
_FLOAT: Final = re.compile(r"[0-9]+\.[0-9]+")
_COMPILER: Final = re.compile(r"compiler\(['\"](?:c|cxx|fortran|rust)['\"]\)")
_STDLIB: Final = re.compile(r"stdlib\(['\"]c['\"]\)")


def check_rules(text: str, conda_forge_yml: str = "") -> tuple[str, ...]:
    """Return what conda-forge's linter would refuse or advise against in a recipe, a line each.

    Args:
        text: the whole ``recipe.yaml``.
        conda_forge_yml: the whole ``conda-forge.yml``; empty for none.
    """
    try:
        recipe = parse_yaml(text)
        settings = parse_yaml(conda_forge_yml) or {}
    except ValueError:
        return ("the recipe or its conda-forge.yml is not YAML",)
    if not isinstance(recipe, dict) or not isinstance(settings, dict):
        return ("the recipe or its conda-forge.yml is not a mapping",)
    platforms = settings.get("noarch_platforms") or []
    found = [
        *_check_text(text),
        *_check_sections(recipe),
        *_check_package(recipe),
        *_check_sources(recipe),
        *_check_settings(settings, conda_forge_yml),
    ]
    for output in _list_outputs(recipe):
        found += _check_output(output, recipe, platforms=len(platforms) if isinstance(platforms, list) else 1)
    return tuple(dict.fromkeys(found))


def _check_text(text: str) -> Iterator[str]:
    if not text.endswith("\n") or text.endswith("\n\n"):
        yield "the file has to end with exactly one line end"
    for number, line in enumerate(text.splitlines(), 1):
        if _SELECTOR.search(line):
            yield f"line {number}: selectors in comments are no longer read; use if and then"
        if any(inner != f" {inner.strip()} " for inner in _VARIABLE.findall(line)):
            yield f"line {number}: write one space on both sides within ${{{{ }}}}"
        if "https://pypi.io/" in line:
            yield f"line {number}: PyPI's address is pypi.org"


def _check_sections(recipe: Mapping[str, Any]) -> Iterator[str]:
    order = SECTIONS_OF_OUTPUTS if "outputs" in recipe else SECTIONS
    known = [section for section in recipe if section in order]
    yield from (f"the section {section} is unexpected" for section in recipe if section not in order)
    if known != sorted(known, key=order.index):
        yield f"the sections have to be in this order: {', '.join(sorted(known, key=order.index))}"
    about = _read_mapping(recipe.get("about"))
    for field in ("homepage", "license", "summary"):
        if not about.get(field):
            yield f"about.{field} is missing"
    if not about.get("license_file"):
        yield "about.license_file is missing"
    license_ = str(about.get("license") or "")
    if license_.strip().lower() == "unknown":
        yield "about.license cannot be unknown"
    if _LICENSE_WORD.search(license_):
        yield "about.license must not contain the word License"
    extra = _read_mapping(recipe.get("extra"))
    maintainers = extra.get("recipe-maintainers")
    if not maintainers:
        yield "extra.recipe-maintainers is missing"
    elif not isinstance(maintainers, list):
        yield "extra.recipe-maintainers has to be a list"
    if str(extra.get("feedstock-name") or "").endswith("-feedstock"):
        yield "extra.feedstock-name must not end in -feedstock"


def _check_package(recipe: Mapping[str, Any]) -> Iterator[str]:
    context = _read_mapping(recipe.get("context"))
    package = _read_mapping(recipe.get("package") or recipe.get("recipe"))
    name = _resolve(package.get("name"), context)
    if "${{" not in name and not CONDA_NAME.fullmatch(name):
        yield f"the name {name!r} has other characters than a-z, 0-9, _, - and ."
    if package.get("version") in (None, ""):
        yield "the version is missing"
    values = {"context.version": context.get("version"), "package.version": package.get("version")}
    for field, value in values.items():
        if isinstance(value, float) and _FLOAT.fullmatch(str(value)):
            yield f'{field} is read as a number: write "{value}"'


def _check_sources(recipe: Mapping[str, Any]) -> Iterator[str]:
    places = [recipe, *_list(recipe.get("outputs"))]
    for source in (source for place in places for source in _list(_read_mapping(place).get("source"))):
        fields = _read_mapping(source)
        if "url" in fields and not {"sha256", "md5"} & set(fields):
            yield "a source with a url needs its sha256"
        for wheel in _WHEEL.findall(str(fields.get("url") or "")):
            if not wheel.endswith("-none-any.whl"):
                yield f"a compiled wheel cannot be a source: {wheel}"
            else:
                yield f"a wheel should not be a source; use the sdist: {wheel}"


def _check_settings(settings: Mapping[str, Any], text: str) -> Iterator[str]:
    platforms = settings.get("noarch_platforms")
    wrong = [str(platform) for platform in _list(platforms) if platform not in PLATFORMS]
    if wrong:
        yield f"conda-forge.yml: noarch_platforms has no {', '.join(wrong)}"
    keys = re.findall(r"^([A-Za-z_]\w*):", text, re.MULTILINE)
    if len(keys) != len(set(keys)):
        yield "conda-forge.yml: a key is there twice"


def _list_outputs(recipe: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    outputs = [_read_mapping(output) for output in _list(recipe.get("outputs"))]
    return outputs or [recipe]


def _check_output(output: Mapping[str, Any], recipe: Mapping[str, Any], *, platforms: int) -> Iterator[str]:
    build = {**_read_mapping(recipe.get("build")), **_read_mapping(output.get("build"))}
    requirements = _read_mapping(output.get("requirements"))
    noarch = build.get("noarch")
    if build.get("number") is None:
        yield "build.number is missing"
    if noarch not in (None, "python", "generic"):
        yield f"build.noarch cannot be {noarch}"
    if not output.get("tests"):
        yield "tests are missing"
    sections = [section for section in requirements if section in REQUIREMENTS_ORDER]
    if sections != sorted(sections, key=REQUIREMENTS_ORDER.index):
        yield f"requirements have to be in this order: {', '.join(sorted(sections, key=REQUIREMENTS_ORDER.index))}"
    if noarch:
        yield from _check_noarch(build, requirements, has_platforms=platforms > 1)
    specs = {section: _list_specs(requirements.get(section)) for section in REQUIREMENTS_ORDER}
    for section, listed in specs.items():
        yield from (fault for spec in listed for fault in check_spec(section, spec))
    yield from _check_python(specs, noarch)
    yield from _check_compilers(specs)


def _check_noarch(build: Mapping[str, Any], requirements: Mapping[str, Any], *, has_platforms: bool) -> Iterator[str]:
    if "skip" in build:
        yield "a noarch package cannot be skipped anywhere"
    for section in ("build", "host", "run"):
        for item in _list(requirements.get(section)):
            if not isinstance(item, dict):
                continue
            words = set(str(item.get("if", "")).split()) - {"not", "and", "or"}
            if not has_platforms:
                yield f"requirements.{section}: conditions of a noarch package need noarch_platforms"
            elif not words <= SYSTEMS:
                yield f"requirements.{section}: conditions of a noarch package can only be on systems"


def check_spec(section: str, spec: str) -> Iterator[str]:
    """Yield what the linter would say of one requirement of a section."""
    parts = spec.split()
    if "${{" in spec or not parts:
        return
    if len(parts) > 2 and parts[1] in _OPERATORS:  # noqa: PLR2004 - name, operator, version
        yield f"requirements.{section}: no space between operator and version in {spec!r}"
    elif re.search(r"[<>=]", parts[0]):
        yield f"requirements.{section}: a space is needed between name and version in {spec!r}"
    if parts[0].startswith("sysroot_linux"):
        yield f"requirements.{section}: use ${{{{ stdlib('c') }}}} in place of {parts[0]}"
    if spec.startswith("__osx >"):
        yield f"requirements.{section}: use ${{{{ stdlib('c') }}}} in place of {spec}"


def _check_python(specs: Mapping[str, list[str]], noarch: object) -> Iterator[str]:
    python = {section: [spec for spec in specs[section] if spec.split()[:1] == ["python"]] for section in specs}
    if noarch == "python" and not any(spec != "python" for spec in python["run"]):
        yield "requirements.run: python needs a lower bound, python >=${{ python_min }}"
    if noarch is None:
        if python["host"] and not python["run"]:
            yield "requirements.run: python is missing, which is in host"
        if any(spec != "python" and spec.split()[1][:1] in "<>" for spec in (*python["host"], *python["run"])):
            yield "requirements: python must have no bound where the package is not noarch"


def _check_compilers(specs: Mapping[str, list[str]]) -> Iterator[str]:
    build = " ".join(specs["build"])
    if _COMPILER.search(build) and not _STDLIB.search(build):
        yield "requirements.build: a compiler needs ${{ stdlib('c') }} next to it"
    if re.search(r"compiler\(['\"]rust['\"]\)", build) and "cargo-bundle-licenses" not in build:
        yield "requirements.build: Rust needs cargo-bundle-licenses"


def _list_specs(section: object) -> list[str]:
    """Return the requirements of a section, those below conditions included."""
    found: list[str] = []
    for item in _list(section):
        if isinstance(item, dict):
            found += [str(spec) for branch in ("then", "else") for spec in _list(item.get(branch))]
        else:
            found.append(str(item))
    return found


def _resolve(value: object, context: Mapping[str, Any]) -> str:
    text = str(value or "")
    return _VARIABLE.sub(lambda found: str(context.get(found[1].strip(), found[0])), text)


def _read_mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
