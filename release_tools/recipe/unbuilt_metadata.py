"""Metadata of an sdist that was not built: PKG-INFO, and what it leaves to the build, from the sources.

The order of trust: PKG-INFO, ``pyproject.toml``, setuptools' own egg-info, ``setup.cfg``, ``setup.py`` read as text.
"""

import configparser
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from packaging.metadata import RawMetadata
from packaging.version import InvalidVersion, Version

from release_tools.recipe.evidence import Evidence, Sources
from release_tools.recipe.setup_py import SetupPy, read_setup_py

DYNAMIC_SINCE: Final = Version("2.2")  # from this Metadata-Version on, what is absent and not Dynamic is empty
CONSOLE: Final = "console_scripts"
GUI: Final = "gui_scripts"

Groups = Mapping[str, Mapping[str, str]]


def parse_setup_py(sources: Sources) -> SetupPy:
    """Return what the sdist's ``setup.py`` says; nothing where there is none."""
    return read_setup_py(sources.texts.get("setup.py", ""))


def complete_evidence(evidence: Evidence) -> Evidence:
    """Return the evidence with the requirements that an sdist's PKG-INFO leaves to the build."""
    metadata, sources = evidence.metadata, evidence.sources
    if evidence.built is not None or "requires_dist" in metadata or _has_none(metadata):
        return evidence
    metadata = metadata.copy()
    metadata["requires_dist"] = next(filter(None, _read_requirements(sources)), [])
    if "requires_python" not in metadata:
        said = sources.table("project").get("requires-python") or parse_setup_py(sources).keywords.get(
            "python_requires"
        )
        metadata["requires_python"] = str(said or "")
    return replace(evidence, metadata=metadata)


def read_entry_points(sources: Sources) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return the console and gui scripts, ``name = module:function``, and the names of the latter."""
    groups = next((found for found in _read_groups(sources) if found.get(CONSOLE) or found.get(GUI)), {})
    console, gui = groups.get(CONSOLE, {}), groups.get(GUI, {})
    return tuple(f"{name} = {value}" for name, value in (*console.items(), *gui.items())), frozenset(gui)


def read_setup_requires(sources: Sources) -> list[str]:
    """Return what setuptools adds to the build requirements (PEP 517), and fetches during the build if missing."""
    config = _read_ini(sources.texts.get("setup.cfg", "")).get("options", {})
    return _list_lines(config.get("setup_requires")) + _list_lines(
        parse_setup_py(sources).keywords.get("setup_requires")
    )


def _has_none(pkg_info: RawMetadata) -> bool:
    dynamic = {name.lower() for name in pkg_info.get("dynamic", [])}
    try:
        return Version(pkg_info.get("metadata_version", "1.0")) >= DYNAMIC_SINCE and "requires-dist" not in dynamic
    except InvalidVersion:
        return False


def _read_requirements(sources: Sources) -> Iterator[list[str]]:
    yield _list_lines(sources.table("project").get("dependencies"))
    yield _read_egg_info_requirements(sources.egg_info("requires.txt"))
    yield _list_lines(_read_ini(sources.texts.get("setup.cfg", "")).get("options", {}).get("install_requires"))
    yield _list_lines(parse_setup_py(sources).keywords.get("install_requires"))


def _read_egg_info_requirements(text: str) -> list[str]:
    """Yield the requirements of ``requires.txt``, whose sections are extras, markers, or ``extra:marker``."""
    found, marker = [], ""
    for line in filter(None, map(str.strip, text.splitlines())):
        if line.startswith("["):
            extra, _, condition = line.strip("[]").partition(":")
            conditions = []
            if condition:
                conditions.append(f"({condition})")
            if extra:
                conditions.append(f"extra == '{extra}'")
            marker = " and ".join(conditions)
        else:
            found.append(f"{line} ; {marker}" if marker else line)
    return found


def _read_groups(sources: Sources) -> Iterator[Groups]:
    project = sources.table("project")
    yield {CONSOLE: _read_pairs(project.get("scripts")), GUI: _read_pairs(project.get("gui-scripts"))}
    for tool in ("poetry", "flit"):
        yield {CONSOLE: _read_pairs(sources.table("tool", tool).get("scripts"))}
    yield _read_ini(sources.egg_info("entry_points.txt"))
    options = _read_ini(sources.texts.get("setup.cfg", "")).get("options.entry_points", {})
    yield {group: _read_assignments(text.splitlines()) for group, text in options.items()}
    points = parse_setup_py(sources).keywords.get("entry_points")
    if isinstance(points, str):
        yield _read_ini(points)
    elif isinstance(points, dict):
        yield {str(group): _read_assignments(_list_lines(lines)) for group, lines in points.items()}


def _read_ini(text: str) -> Groups:
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign] # the documented way to keep case
    try:
        parser.read_string(text)
    except configparser.Error:
        return {}
    return {section: dict(parser[section]) for section in parser.sections()}


def _list_lines(value: object) -> list[str]:
    """Return the items of a list, or the lines of a text, as setuptools accepts both."""
    lines: Iterable[object] = value.splitlines() if isinstance(value, str) else value if isinstance(value, list) else ()
    return [line.strip() for line in lines if isinstance(line, str) and line.strip() and not line.startswith("#")]


def _read_assignments(lines: Iterable[str]) -> dict[str, str]:
    parts = [line.partition("=") for line in lines]
    return {name.strip(): value.strip() for name, equals, value in parts if equals}


def _read_pairs(value: Any) -> dict[str, str]:  # noqa: ANN401 - a value of somebody's TOML
    return {name: text for name, text in value.items() if isinstance(text, str)} if isinstance(value, dict) else {}
