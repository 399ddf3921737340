"""Look up the name of a PyPI project on a conda channel.

The first that has the name decides: the user's own table, our curated one, the table of conda-forge's names that the
package ships. A name that none of them has is kept and reported as unconfirmed, with what was tried: a package of the
same name on a channel may be another project's, unless it says itself which project of PyPI it is.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache, cached_property
from importlib.resources import files
from itertools import chain
from typing import Final

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from release_tools.errors import ConfigError
from release_tools.recipe.name_overrides import (
    BOUNDS,
    DOTTED,
    EXTRA_PACKAGES,
    EXTRA_REQUIREMENTS,
    RENAMED,
    SAME,
    WITH_EXTRA,
)

# Returns what an extra of a project requires, by the Requires-Dist of its newest release that a constraint allows; None
# when that is not known.
ExtraLookup = Callable[[str, str, SpecifierSet], Sequence[str] | None]

TABLE: Final = "conda_names.txt"
CONDA_NAME: Final = re.compile(r"[a-z0-9_][a-z0-9_.\-]{0,63}")


class NameSource(StrEnum):
    """The source of a conda name."""

    CONFIG = "configuration"
    CURATED = "curated table"
    TABLE = "table of conda-forge's names"
    CHANNEL = "channel"
    SAME_NAME = "same name"


@dataclass(frozen=True)
class Name:
    """A PyPI project's name on a conda channel.

    Attributes:
        pypi: the name as it was asked for.
        conda: the name on the channel.
        source: the table or channel that has it.
        confirmed: whether a table or the channel knows it; False for a mere guess, or when the channel lacks it.
        tried: the tables and spellings that did not have it, in order.
        bound: the versions of the conda package that are this project, such as ``==5.*`` of ``pyqt``; empty for all.
    """

    pypi: str
    conda: str
    source: NameSource
    confirmed: bool
    tried: tuple[str, ...] = ()
    bound: str = ""


@dataclass(eq=False)
class Names:
    """A lookup from PyPI names to conda names.

    Attributes:
        overrides: the user's own table, PyPI name to conda name; the PyPI names in any spelling.
        exists: returns whether a channel has a package of that name; None when no channel is queried.
        is_package_of: returns whether a package on the channel says that it is this PyPI project; None when that cannot
            be queried.
        extras: what the extras of a dependency ask for, where the tables do not know; None when it cannot be asked.
    """

    overrides: Mapping[str, str] = field(default_factory=dict)
    exists: Callable[[str], bool] | None = None
    is_package_of: Callable[[str, str], bool] | None = None
    extras: ExtraLookup | None = None

    def conda_name(self, pypi_name: str) -> Name:
        """Return the conda name of a PyPI project, in any spelling of the project's name.

        Raises:
            ConfigError: the user's table gives something that cannot be a conda name (CEP 26).
        """
        pypi = canonicalize_name(pypi_name)
        tried: list[str] = []
        for source, find in (
            (NameSource.CONFIG, self._overrides.get),
            (NameSource.CURATED, self._curated.get),
            (NameSource.TABLE, find_in_table),
        ):
            conda = find(pypi) or ""
            if not _is_name(conda):
                tried.append(f"{source}: not listed")
            elif source is NameSource.CONFIG or self.has(conda):
                bound = BOUNDS.get(pypi, "")
                return Name(pypi_name, conda, source, confirmed=self.has(conda), tried=tuple(tried), bound=bound)
            else:
                tried.append(f"{source}: {conda} is not on the channel")
        return self._guess(pypi_name, tried)

    def _guess(self, pypi_name: str, tried: list[str]) -> Name:
        """Return a spelling that the channel has; where it has ``python-NAME`` too, NAME may be a library's."""
        spellings = _list_spellings(pypi_name)
        if self.exists is None:
            return _make_guess(pypi_name, spellings[0], NameSource.SAME_NAME, tried)
        found = next(filter(self.exists, spellings), "")
        prefixed = f"python-{spellings[0]}"
        missing = f"{NameSource.CHANNEL}: no {', '.join(spellings)}"
        if self.exists(prefixed):
            doubt = f"{NameSource.CHANNEL}: {found} may be a library" if found else missing
            return _make_guess(pypi_name, prefixed, NameSource.CHANNEL, [*tried, doubt])
        if not found:
            return _make_guess(pypi_name, spellings[0], NameSource.SAME_NAME, [*tried, missing])
        if self._is_said_by_package(found, pypi_name):
            return Name(pypi_name, found, NameSource.CHANNEL, confirmed=True, tried=tuple(tried))
        doubt = f"{NameSource.CHANNEL}: {found} may be another project"
        return _make_guess(pypi_name, found, NameSource.CHANNEL, [*tried, doubt])

    def _is_said_by_package(self, conda: str, pypi_name: str) -> bool:
        return self.is_package_of is not None and self.is_package_of(conda, canonicalize_name(pypi_name))

    def has(self, conda: str) -> bool:
        """Return whether the channel has a package of this name; it is taken to have it where none is queried."""
        return self.exists is None or self.exists(conda)

    def extra_package(self, name: Name, extra: str) -> str:
        """Return the conda package that replaces a project with one of its extras; empty where there is none."""
        known = EXTRA_PACKAGES.get((canonicalize_name(name.pypi), extra), "")
        return known if known and self.has(known) else ""

    def extra_companion(self, name: Name, extra: str) -> str:
        """Return the conda package that brings what an extra asks for, ``name-with-extra``; empty where there is none.

        Such a package pins the project's own to just its version, so a constraint stays with the latter.
        """
        conda = f"{name.conda}-with-{extra}"
        there = self.exists(conda) if self.exists else (canonicalize_name(name.pypi), extra) in WITH_EXTRA
        return conda if there else ""

    def extra_requirements(self, pypi_name: str, extra: str, allowed: SpecifierSet) -> Sequence[str] | None:
        """Return what an extra of a project requires in addition to the project; None where that is not known.

        Args:
            pypi_name: of the project.
            extra: its extra.
            allowed: the versions of the project that are allowed.
        """
        known = EXTRA_REQUIREMENTS.get((canonicalize_name(pypi_name), extra))
        if known is None and self.extras is not None:
            return self.extras(pypi_name, extra, allowed)
        return known

    @cached_property
    def _overrides(self) -> Mapping[str, str]:
        wrong = {pypi: conda for pypi, conda in self.overrides.items() if not _is_name(conda)}
        if wrong:
            raise ConfigError(
                "The table of conda names has faults.",
                "Write a conda name in lower case with letters, digits, '-', '_' and '.' only.",
                faults=[f"{pypi!r}: {conda!r} is not a conda name" for pypi, conda in wrong.items()],
            )
        return {canonicalize_name(pypi): conda for pypi, conda in self.overrides.items()}

    @cached_property
    def _curated(self) -> Mapping[str, str]:
        return {canonicalize_name(name): name for name in SAME} | RENAMED


def _make_guess(pypi_name: str, conda: str, source: NameSource, tried: Iterable[str]) -> Name:
    return Name(pypi_name, conda, source, confirmed=False, tried=tuple(tried))


def merge_names(*groups: Sequence[Name]) -> tuple[Name, ...]:
    """Return the names of all groups, one for each conda package."""
    return tuple({name.conda: name for name in chain(*groups)}.values())


def _is_name(text: str) -> bool:
    return CONDA_NAME.fullmatch(text) is not None


def _list_spellings(pypi_name: str) -> tuple[str, ...]:
    """Return the spellings that conda channels use for one name, the likeliest first.

    Dots are a part of many conda names (``backports.zoneinfo``), underscores of few; where a namespace is written with
    a dot, it is so although the metadata of the project that needs it has a hyphen, as hatchling writes it.
    """
    written = pypi_name.strip().lower()
    hyphens = canonicalize_name(written)
    namespace, _, rest = hyphens.partition("-")
    spellings = [written.replace("_", "-"), hyphens, hyphens.replace("-", "_"), hyphens.replace("-", ".")]
    if namespace in DOTTED and rest:
        spellings.insert(0, f"{namespace}.{rest}")
    return tuple(dict.fromkeys(spellings))


@cache
def find_in_table(pypi: str) -> str:
    """Return the conda name that the shipped table has; empty where it has none."""
    line = re.search(rf"^{re.escape(pypi)}(?: (\S+))?$", _load_shipped_table(), re.MULTILINE)
    if line is None:
        return ""
    return line[1] or pypi


@cache
def _load_shipped_table() -> str:
    return files("release_tools.recipe").joinpath(TABLE).read_text(encoding="utf-8")
