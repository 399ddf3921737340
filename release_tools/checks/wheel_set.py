"""Compare all wheels of a release with one another, and choose the one that this machine can try out."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from packaging.tags import Tag, sys_tags
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from release_tools.artifacts import Wheel
from release_tools.checks.artifacts import ReleaseFiles
from release_tools.errors import ArchiveError
from release_tools.model.artifact import Artifact
from release_tools.model.note import Note, State
from release_tools.parsed_values import parse_json
from release_tools.wording import list_some

_SBOM: Final = "/sboms/"
_SBOM_FORMAT: Final = ".cdx.json"
_SHOWN: Final = 3


def check_wheel_set(files: ReleaseFiles) -> tuple[Note, ...]:
    """Return a line for everything that the wheels of one release must agree on and do not.

    Name and version are compared with the release's where the metadata are checked.
    """
    return (*_check_requires_python(files), *_compare_requirements(files.wheels), *_list_bundled(files.wheels))


def find_installable(wheels: Iterable[Artifact]) -> Artifact | None:
    """Return the wheel that an installer would choose on this machine; None where there is none for it."""
    ranks = {tag: rank for rank, tag in enumerate(sys_tags())}
    found = [(rank, wheel) for wheel in wheels if (rank := _find_rank(wheel, ranks)) is not None]
    _, best = min(found, key=lambda item: (item[0], item[1].filename), default=(None, None))
    return best


def _find_rank(wheel: Artifact, ranks: Mapping[Tag, int]) -> int | None:
    """Return the place of a wheel in an installer's order; None where it is not for this machine."""
    try:
        tags = parse_wheel_filename(wheel.filename)[3]
    except InvalidWheelFilename:
        return None
    return min((ranks[tag] for tag in tags if tag in ranks), default=None)


def _check_requires_python(files: ReleaseFiles) -> Iterator[Note]:
    stated: dict[str, list[str]] = {}
    for dist in files.dists:
        wanted = dist.metadata.parsed.requires_python
        stated.setdefault(str(wanted) if wanted is not None else "", []).append(dist.path.name)
    if len(stated) > 1:
        shown = "; ".join(
            f"{wanted or 'nothing'}: {list_some(names, _SHOWN)}" for wanted, names in sorted(stated.items())
        )
        advice = "Installers rely on it, so set it once: requires-python in pyproject.toml."
        yield Note(State.FAILED, "Requires-Python is not the same in every file", shown, advice)


def _compare_requirements(wheels: Iterable[Wheel]) -> Iterator[Note]:
    """Return a line about requirements that only some of the wheels have, which may be meant."""
    stated: dict[frozenset[str], list[str]] = {}
    for wheel in wheels:
        stated.setdefault(frozenset(wheel.metadata.raw.get("requires_dist", [])), []).append(wheel.path.name)
    if len(stated) > 1:
        common = frozenset.intersection(*stated)
        shown = "; ".join(
            f"{', '.join(sorted(own - common)) or 'none of them'}: {list_some(names, _SHOWN)}"
            for own, names in stated.items()
        )
        advice = "Resolvers may read the requirements of one wheel for all; environment markers serve every wheel."
        yield Note(State.INFO, "the wheels do not all have the same requirements", shown, advice)


def _list_bundled(wheels: Iterable[Wheel]) -> Iterator[Note]:
    """Return a line about the libraries that a repair put into the wheels, as their bills of materials name them."""
    libraries: dict[str, list[str]] = {}
    for wheel in wheels:
        for library in (library for name in _find_bills(wheel) for library in _read_components(wheel, name)):
            libraries.setdefault(library, []).append(wheel.path.name)
    if libraries:
        shown = "; ".join(f"{library}: {list_some(found, _SHOWN)}" for library, found in sorted(libraries.items()))
        yield Note(State.INFO, "libraries inside wheels, and their licenses", shown)


def _find_bills(wheel: Wheel) -> Iterator[str]:
    """Yield the members of a wheel that are bills of materials (PEP 770)."""
    folder = f"{wheel.dist_info}{_SBOM}"
    names = (member.name for member in wheel.members)
    yield from (name for name in names if name.startswith(folder) and name.endswith(_SBOM_FORMAT))


def _read_components(wheel: Wheel, member: str) -> Iterator[str]:
    """Yield each library of a bill of materials (CycloneDX), with its license, in a few words."""
    try:
        [content] = wheel.read(member)
        for component in parse_json(content)["components"]:
            if not str(component.get("purl", "")).startswith("pkg:pypi/"):
                yield _describe_component(component)
    except (ArchiveError, ValueError, KeyError, TypeError, AttributeError):
        yield f"{member} (cannot be read)"


def _describe_component(component: dict[str, Any]) -> str:
    licenses = ", ".join(filter(None, map(_read_license, component.get("licenses", []))))
    return f"{component['name']} {component.get('version', '')} ({licenses or 'license not stated'})"


def _read_license(item: dict[str, Any]) -> str:
    license_ = item.get("license", {})
    return str(item.get("expression") or license_.get("id") or license_.get("name") or "")
