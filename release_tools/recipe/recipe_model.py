"""A conda-forge recipe, before it is written in either of the two formats."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from release_tools.recipe.names import Name


@dataclass(frozen=True)
class Condition:
    """A condition for a requirement, in the words of both formats.

    Attributes:
        v1: an expression for ``if:``, such as ``win and match(python, "<3.11")``.
        v0: a selector, such as ``win and py<311``.
    """

    v1: str
    v0: str

    def narrow(self, other: "Condition") -> "Condition":
        """Return the condition that holds where both do."""
        return Condition(
            f"{_bracket(self.v1)} and {_bracket(other.v1)}", f"{_bracket(self.v0)} and {_bracket(other.v0)}"
        )


def _bracket(text: str) -> str:
    return f"({text})" if " or " in text else text


@dataclass(frozen=True)
class Line:
    """One requirement.

    Attributes:
        spec: a MatchSpec; may hold ``${{ python_min }}``, ``${{ compiler('c') }}`` and their like.
        when: the condition; None for always.
    """

    spec: str
    when: Condition | None = None

    @property
    def name(self) -> str:
        """Return the package that is required."""
        return self.spec.partition(" ")[0]


@dataclass(frozen=True)
class About:
    """Describe what the package is; a field that is not known is empty."""

    homepage: str = ""
    summary: str = ""
    license: str = ""
    license_files: tuple[str, ...] = ()
    repository: str = ""
    documentation: str = ""


@dataclass(frozen=True)
class Recipe:
    """A complete recipe for one Python package.

    Attributes:
        name: the conda name.
        version: in conda's spelling.
        url: of the sdist, the version in it as ``${{ version }}``.
        sha256: of the sdist.
        noarch: whether one package serves every system and Python.
        script: the commands of the build.
        entry_points: ``name = module:function``.
        python_min: the oldest minor Python version, where it is newer than conda-forge's own; else empty.
        skip: when a compiled package is not built at all.
        build: what runs on the building machine.
        host: what is there while the package is built.
        run: what the package needs.
        imports: the modules that the test imports.
        commands: the commands that the test runs.
        about: what the package is.
        maintainers: GitHub names.
        unconfirmed: conda names that nobody confirmed.
        notes: what a person should know or do, a sentence each.
        abi: the oldest Python whose stable ABI it is built for, such as ``3.11``; empty for another ABI.
        stable_modules: its extension modules for the stable ABI, as paths in ``site-packages`` without suffix.
        noarch_platforms: conda-forge.yml's names of the platforms on which a noarch package is built; empty for one.
        extras: what the project's own extras require, by extra; a recipe has no place for it, but a feedstock may.
        newest: what the newest Python needs, where that is more than the one line for all Pythons says.
        is_compiled: whether there is compiled code; a package without it is not noarch where machines differ.
        cross_platforms: conda-forge.yml's names of the platforms that others build for, by theirs.
        chosen: the packages that only a recipe in the sdist asks for, the project's own.
    """

    name: str
    version: str
    url: str
    sha256: str
    noarch: bool
    script: tuple[str, ...]
    about: About
    imports: tuple[str, ...]
    maintainers: tuple[str, ...]
    python_min: str = ""
    skip: Condition | None = None
    entry_points: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    build: tuple[Line, ...] = ()
    host: tuple[Line, ...] = ()
    run: tuple[Line, ...] = ()
    unconfirmed: tuple[Name, ...] = ()
    notes: tuple[str, ...] = ()
    noarch_platforms: tuple[str, ...] = ()
    abi: str = ""
    stable_modules: tuple[str, ...] = ()
    extras: Mapping[str, tuple[Line, ...]] = field(default_factory=dict)
    newest: tuple[str, ...] = ()
    is_compiled: bool = False
    cross_platforms: Mapping[str, str] = field(default_factory=dict)
    chosen: frozenset[str] = frozenset()

    @property
    def conda_forge_yml(self) -> str:
        """Return the text of ``conda-forge.yml``; empty where the package needs none."""
        lines = []
        if self.noarch_platforms:
            lines.append("noarch_platforms:")
            lines += [f"  - {platform}" for platform in self.noarch_platforms]
        if self.cross_platforms:
            lines.append("build_platform:")
            lines += [f"  {platform}: {builder}" for platform, builder in self.cross_platforms.items()]
        return "".join(f"{line}\n" for line in lines)
