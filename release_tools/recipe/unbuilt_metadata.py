"""Metadata of an sdist that was not built: PKG-INFO, and what it leaves to the build, from the sources.

The order of trust: PKG-INFO, ``pyproject.toml``, setuptools' own egg-info, ``setup.cfg``, ``setup.py`` read as text.
"""

import configparser
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from packaging.metadata import RawMetadata
from packaging.version import InvalidVersion, Version

from release_tools.parsed_values import list_texts
from release_tools.recipe.evidence import Evidence, Sources
from release_tools.recipe.setup_py import SetupPy, read_setup_py

DYNAMIC_SINCE: Final = Version("2.2")  # from this Metadata-Version on, what is absent and not Dynamic is empty
CONSOLE: Final = "console_scripts"
GUI: Final = "gui_scripts"

Groups = Mapping[str, Mapping[str, str]]


def complete_evidence(evidence: Evidence) -> Evidence:
    """Return the evidence with the requirements that an sdist's PKG-INFO leaves to the build."""
    if evidence.built is not None or _states_requirements(evidence.metadata):
        return evidence
    metadata = evidence.metadata.copy()
    metadata["requires_dist"] = next(filter(None, _read_requirements(evidence.sources)), [])
    if "requires_python" not in metadata:
        metadata["requires_python"] = _read_requires_python(evidence.sources)
    return replace(evidence, metadata=metadata)


def _states_requirements(pkg_info: RawMetadata) -> bool:
    """Return whether PKG-INFO lists the requirements, or is new enough to say by their absence that there are none."""
    if "requires_dist" in pkg_info:
        return True
    if "requires-dist" in map(str.lower, pkg_info.get("dynamic", [])):
        return False
    try:
        return Version(pkg_info.get("metadata_version", "1.0")) >= DYNAMIC_SINCE
    except InvalidVersion:
        return False


def _read_requirements(sources: Sources) -> Iterator[list[str]]:
    """Yield the requirements that each file lists, the most trusted file first."""
    yield _list_lines(sources.table("project").get("dependencies"))
    yield _read_egg_info_requirements(sources.egg_info("requires.txt"))
    yield _list_lines(_read_setup_cfg(sources, "options").get("install_requires"))
    yield _list_lines(_read_setup_keyword(sources, "install_requires"))


def _read_egg_info_requirements(text: str) -> list[str]:
    """Return the requirements of ``requires.txt``, whose sections are extras, markers, or ``extra:marker``."""
    found, marker = [], ""
    for line in _list_lines(text):
        if line.startswith("["):
            marker = _read_section_marker(line.strip("[]"))
        else:
            found.append(f"{line} ; {marker}" if marker else line)
    return found


def _read_section_marker(section: str) -> str:
    """Return the marker of a section of ``requires.txt``."""
    extra, _, condition = section.partition(":")
    conditions = []
    if condition:
        conditions.append(f"({condition})")
    if extra:
        conditions.append(f"extra == '{extra}'")
    return " and ".join(conditions)


def _read_requires_python(sources: Sources) -> str:
    stated = sources.table("project").get("requires-python") or _read_setup_keyword(sources, "python_requires")
    return str(stated or "")


def read_setup_requires(sources: Sources) -> list[str]:
    """Return what setuptools adds to the build requirements (PEP 517), and fetches during the build if missing."""
    in_setup_cfg = _read_setup_cfg(sources, "options").get("setup_requires")
    return _list_lines(in_setup_cfg) + _list_lines(_read_setup_keyword(sources, "setup_requires"))


def read_entry_points(sources: Sources) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return the console and gui scripts, ``name = module:function``, and the names of the latter."""
    groups = next(filter(_has_scripts, _read_groups(sources)), {})
    console, gui = groups.get(CONSOLE, {}), groups.get(GUI, {})
    return tuple(f"{name} = {value}" for name, value in (*console.items(), *gui.items())), frozenset(gui)


def _has_scripts(groups: Groups) -> bool:
    return bool(groups.get(CONSOLE) or groups.get(GUI))


def _read_groups(sources: Sources) -> Iterator[Groups]:
    """Yield the entry points that each file lists, the most trusted file first."""
    project = sources.table("project")
    yield {CONSOLE: _read_pairs(project.get("scripts")), GUI: _read_pairs(project.get("gui-scripts"))}
    for tool in ("poetry", "flit"):
        yield {CONSOLE: _read_pairs(sources.table("tool", tool).get("scripts"))}
    yield _read_ini(sources.egg_info("entry_points.txt"))
    yield _read_assignments(_read_setup_cfg(sources, "options.entry_points"))
    points = _read_setup_keyword(sources, "entry_points")
    if isinstance(points, str):
        yield _read_ini(points)
    elif isinstance(points, dict):
        yield _read_assignments(points)


def _read_pairs(value: Any) -> dict[str, str]:  # noqa: ANN401 - a value of somebody's TOML
    if not isinstance(value, dict):
        return {}
    return {name: text for name, text in value.items() if isinstance(text, str)}


def _read_assignments(groups: Mapping[Any, object]) -> Groups:
    """Return groups whose members are lines ``name = value``."""
    return {str(group): _read_group(_list_lines(lines)) for group, lines in groups.items()}


def _read_group(lines: Iterable[str]) -> dict[str, str]:
    parts = [line.partition("=") for line in lines]
    return {name.strip(): value.strip() for name, equals, value in parts if equals}


def _read_setup_cfg(sources: Sources, section: str) -> Mapping[str, str]:
    """Return a section of ``setup.cfg``; empty where there is none."""
    return _read_ini(sources.texts.get("setup.cfg", "")).get(section, {})


def _read_ini(text: str) -> Groups:
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign] # the documented way to keep case
    try:
        parser.read_string(text)
    except configparser.Error:
        return {}
    return {section: dict(parser[section]) for section in parser.sections()}


def _read_setup_keyword(sources: Sources, keyword: str) -> object:
    """Return an argument of ``setup()``; None where it is absent or not known without running ``setup.py``."""
    return parse_setup_py(sources).keywords.get(keyword)


def parse_setup_py(sources: Sources) -> SetupPy:
    """Return what the sdist's ``setup.py`` says; nothing where there is none."""
    return read_setup_py(sources.texts.get("setup.py", ""))


def _list_lines(value: object) -> list[str]:
    """Return the items of a list, or the lines of a text, as setuptools accepts both; comments are left out."""
    lines = value.splitlines() if isinstance(value, str) else list_texts(value)
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]
