"""From a wheel to ``noarch: python`` conda packages, its members streamed, nothing unpacked and no network asked.

There is one for every system and machine, or one for each platform where the requirements differ more than that.

The same wheel gives the same bytes on every machine; nothing in the package tells where or when it was made.
"""

import hashlib
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, NamedTuple

from packaging.utils import canonicalize_name

from release_tools.artifacts import Member, Wheel
from release_tools.builders.conda.base import BuiltPackages, CondaProject
from release_tools.builders.conda.package_writer import Package, PackageEntry, Readable, Style, write_package
from release_tools.config.schema import Config
from release_tools.engine.archives import open_wheel
from release_tools.errors import CondaError
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.note import Note, State
from release_tools.model.versions import format_conda_version
from release_tools.planning.conda_targets import NOARCH, USUAL_SUBDIRS, CondaTarget, list_subdirs_of_jobs
from release_tools.recipe import noarch, package_info
from release_tools.recipe.about import describe
from release_tools.recipe.names import CONDA_NAME, Name, Names
from release_tools.recipe.package_info import Facts
from release_tools.recipe.recipe_model import About
from release_tools.recipe.requirements import Translated, Variant, translate

_LONGEST: Final = 64


@dataclass(frozen=True)
class Conversion:
    """Describe how a wheel is to be converted.

    Attributes:
        name: the conda name; the project's own name, in lower case, if empty.
        formats: of the files to write: ``conda``, ``tar.bz2``, or both.
        aliases: other names, each of which becomes a metapackage.
        build_number: orders the builds of one version; the wheel's build tag if 0.
        compression_level: of zstd, 1 to 22.
        imports: the modules that the package's test imports; those of the wheel if empty.
        names: the way from PyPI names to conda names.
        subdirs: the platforms that get a package of their own, if one for all cannot express the requirements.
    """

    name: str = ""
    formats: tuple[str, ...] = ("conda",)
    aliases: tuple[str, ...] = ()
    build_number: int = 0
    compression_level: int = 12
    imports: tuple[str, ...] = ()
    names: Names = field(default_factory=Names)
    subdirs: tuple[str, ...] = USUAL_SUBDIRS


class ConvertedFile(NamedTuple):
    """A package that was written, and the channel folder that it belongs in."""

    path: Path
    subdir: str


@dataclass(frozen=True)
class Converted:
    """Describe what was made.

    Attributes:
        files: the packages, in each format the metapackages after the real ones.
        name: the conda name.
        version: in conda's spelling.
        translated: the requirements, the names that could not be confirmed, and what a person should know.
    """

    files: tuple[ConvertedFile, ...]
    name: str
    version: str
    translated: Translated

    @property
    def paths(self) -> tuple[Path, ...]:
        """Return where the packages are."""
        return tuple(file.path for file in self.files)


@dataclass(frozen=True)
class _Placed:
    """A file of the package: where it lies, and its content where that is not the wheel's own.

    Attributes:
        member: its name in the package, size and digest.
        content: to be written; None for the wheel's member, which is streamed.
        rewritten: whether the prefix's path stands in it.
    """

    member: Member
    content: bytes | None = None
    rewritten: bool = False

    @classmethod
    def of(cls, name: str, content: bytes, *, executable: bool = False, rewritten: bool = False) -> "_Placed":
        digest = hashlib.sha256(content).hexdigest()
        return cls(Member(name, len(content), digest, executable), content, rewritten)


@dataclass(frozen=True)
class _Source:
    """Describe what is the same in every package that is made of one wheel.

    Attributes:
        wheel: that is converted.
        about: what it is.
        licenses: their texts, by their names below ``info/licenses``.
        imports: the modules that its test imports.
        streamed: the files that come from the wheel, by their names there.
        own: the files that conda adds.
    """

    wheel: Wheel
    about: About
    licenses: Mapping[str, bytes]
    imports: tuple[str, ...]
    streamed: Mapping[str, _Placed]
    own: tuple[_Placed, ...]


def convert(wheel: Wheel, folder: Path, conversion: Conversion, commit_time: int) -> Converted:
    """Write the conda packages of a wheel.

    Args:
        wheel: as `archives.read_wheel` checked it.
        folder: where the packages are written, those for one platform in a folder of its name; made if it is missing.
        conversion: how.
        commit_time: seconds since the epoch, the time of every file and of the package.

    Raises:
        ArchiveError: the wheel has changed since it was checked.
        CondaError: the wheel cannot become a ``noarch: python`` package, or a name or requirement no conda one.
    """
    noarch.check_convertible(wheel)
    translated = translate(
        wheel.metadata.raw.get("requires_dist", []),
        noarch.find_required_python(wheel),
        conversion.names,
        subdirs=conversion.subdirs,
    )
    facts = _describe_wheel(wheel, conversion, commit_time)
    variants = [_describe_variant(facts, variant) for variant in translated.variants]
    _check_names(facts, conversion.aliases, variants)
    source = _read_source(wheel, conversion.imports)
    files: list[ConvertedFile] = []
    for suffix in conversion.formats:
        style = Style(suffix, conversion.compression_level, commit_time)
        files += [_write(folder, variant.subdir, _plan_package(source, variant), style) for variant in variants]
        files += [_write(folder, NOARCH, _plan_alias(source, facts, alias), style) for alias in conversion.aliases]
    return Converted(tuple(files), facts.name, facts.version, translated)


def _describe_wheel(wheel: Wheel, conversion: Conversion, commit_time: int) -> Facts:
    """Return what all packages that are made of a wheel have in common."""
    metadata = wheel.metadata
    return Facts(
        name=conversion.name or metadata.name.lower(),
        version=format_conda_version(metadata.version),
        build="",
        build_number=conversion.build_number or (wheel.build[0] if wheel.build else 0),
        noarch="python",
        depends=(),
        time=commit_time,
        purl=f"pkg:pypi/{canonicalize_name(metadata.name)}",
    )


def _describe_variant(facts: Facts, variant: Variant) -> Facts:
    build = _build_string(variant.virtual, facts.build_number)
    return replace(facts, build=build, depends=variant.depends, subdir=variant.subdir)


def _write(folder: Path, subdir: str, package: Package, style: Style) -> ConvertedFile:
    own = folder if subdir == NOARCH else folder / subdir
    own.mkdir(parents=True, exist_ok=True)
    return ConvertedFile(write_package(own, package, style), subdir)


def _plan_alias(source: "_Source", facts: Facts, alias: str) -> Package:
    """Return a package of another name that only requires the real one."""
    pinned = replace(facts, name=alias, build=_build_string("", facts.build_number), noarch="generic", purl="")
    pinned = replace(pinned, depends=(f"{facts.name} =={facts.version}",))
    return Package(pinned.stem, package_info.write_metapackage(pinned, source.about))


def _build_string(virtual: str, number: int) -> str:
    """Return ``py_0``; of two packages for different systems, ``unix_py_0`` and ``win_py_0``."""
    return "_".join(filter(None, (virtual.strip("_"), "py", str(number))))


def _check_names(facts: Facts, aliases: tuple[str, ...], variants: list[Facts]) -> None:
    faults = [*_find_name_faults((facts.name, *aliases))]
    texts = (facts.version, *(variant.build for variant in variants))
    faults += [f"{text!r} is longer than {_LONGEST} characters" for text in texts if len(text) > _LONGEST]
    if faults:
        raise CondaError(
            "The name of the conda package is not valid.",
            "Correct conda.name or conda.aliases: lower-case letters, digits, '-', '_' and '.' (CEP 26).",
            faults=sorted(faults),
        )


def _find_name_faults(names: Sequence[str]) -> Iterator[str]:
    for name, often in Counter(names).items():
        if not CONDA_NAME.fullmatch(name):
            yield f"{name!r} is not a conda name"
        if often > 1:
            yield f"{name!r} is there twice, as name or alias"


def _read_source(wheel: Wheel, imports: tuple[str, ...]) -> _Source:
    """Read what has to be known before anything is written: scripts and licenses."""
    kept = [member for member in wheel.members if noarch.is_kept(wheel, member.name)]
    scripts = [member.name for member in kept if noarch.is_script(member.name)]
    texts = wheel.read(*scripts, *wheel.license_files)
    rewritten = dict(zip(scripts, map(noarch.with_prefix, texts), strict=False))
    licenses = dict(zip(map(_name_license, wheel.license_files), texts[len(scripts) :], strict=True))
    streamed = {member.name: _place(member, rewritten) for member in kept}
    own = tuple(_Placed.of(path, content) for path, content in noarch.write_added(wheel).items())
    decoded = [text.decode(errors="replace") for text in licenses.values()]
    about = describe(wheel.metadata.raw, tuple(licenses), decoded)
    return _Source(wheel, about, licenses, imports or wheel.import_names, streamed, own)


def _place(member: Member, rewritten: Mapping[str, bytes | None]) -> _Placed:
    """Return where a member of the wheel goes, and as what; scripts may be executed whatever the wheel says."""
    path = noarch.find_installed_path(member.name)
    content = rewritten.get(member.name)
    if content is not None:
        return _Placed.of(path, content, executable=True, rewritten=True)
    return _Placed(replace(member, name=path, executable=member.executable or member.name in rewritten))


def _name_license(member: str) -> str:
    """Return a license file's name below ``info/licenses``, its folders kept."""
    return member.partition("/")[2].removeprefix("licenses/")


def _write_documents(source: _Source, facts: Facts) -> dict[str, bytes]:
    """Return the files under ``info/``."""
    files = (*source.streamed.values(), *source.own)
    commands = noarch.list_commands(source.wheel)
    return {
        **package_info.write_common(facts, source.about),
        **package_info.write_installed((file.member for file in files), {f.member.name for f in files if f.rewritten}),
        "link.json": package_info.link(commands),
        "recipe/recipe.yaml": package_info.write_recipe(
            facts, source.wheel.path.name, commands, source.imports, source.about
        ),
        "tests/tests.yaml": package_info.write_tests(source.imports),
        **{f"licenses/{name}": text for name, text in source.licenses.items()},
    }


def _plan_package(source: _Source, facts: Facts) -> Package:
    """Return the members: the wheel's files in its order, as sorted they compress worse, then conda's own."""
    files = (*source.streamed.values(), *source.own)
    entries = [PackageEntry(file.member.name, file.member.size, file.member.executable) for file in files]
    return Package(facts.stem, _write_documents(source, facts), entries, _read_contents(source))


def _read_contents(source: _Source) -> Iterator[Readable]:
    for member, content in source.wheel.stream():
        if file := source.streamed.get(member.name):
            yield content if file.content is None else io.BytesIO(file.content)
    yield from (io.BytesIO(file.content or b"") for file in source.own)


class WheelConverter:
    """Converts the wheel of a pure project."""

    name = "convert"
    method = "converted from the wheel"

    def applies_because(self, project: CondaProject) -> str:
        """Return that there is a wheel; empty where there is none."""
        return "the project has no conda recipe" if project.wheels else ""

    def plan(self, project: CondaProject, subdirs: Sequence[str]) -> Sequence[CondaTarget]:  # noqa: ARG002
        """Return nothing: the job that builds the wheel converts it, too."""
        return ()

    def build(self, project: CondaProject) -> BuiltPackages:
        """Convert every wheel.

        Raises:
            ArchiveError: a wheel is corrupt.
            CondaError: a wheel cannot become a ``noarch: python`` package.
        """
        artifacts: list[Artifact] = []
        notes: list[Note] = []
        for built in project.wheels:
            wheel = open_wheel(project.context.background, built)
            wanted = plan_conversion(project.context.config)
            converted = convert(wheel, project.folder, wanted, project.release.commit_time)
            artifacts += [Artifact.of(file.path, ArtifactKind.CONDA, file.subdir) for file in converted.files]
            notes += _make_notes(converted.translated)
        return BuiltPackages(tuple(artifacts), tuple(notes))


def plan_conversion(config: Config) -> Conversion:
    """Return how this project's settings want a wheel converted."""
    conda = config.conda
    return Conversion(
        name=conda.name,
        formats=conda.formats,
        aliases=conda.aliases,
        build_number=conda.build_number,
        compression_level=conda.compression_level,
        imports=config.verify.imports,
        names=Names(overrides=conda.names),
        subdirs=list_subdirs_of_jobs(config.wheels.jobs),
    )


def _make_notes(translated: Translated) -> Iterator[Note]:
    yield Note(State.INFO, f"depends on {', '.join(translated.depends)}")
    for where, depends in _list_additions(translated):
        yield Note(State.INFO, f"{where}, also on {', '.join(depends) or 'nothing'}")
    yield from (Note(State.INFO, note) for note in translated.notes)
    advice = "If it is not available everywhere, release without the conda package: --no-conda."
    yield from (Note(State.WARNING, warning, advice=advice) for warning in translated.warnings)
    if translated.unconfirmed:
        yield _make_unconfirmed_note(translated.unconfirmed)


def _list_additions(translated: Translated) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what is required on some systems or platforms only, with the words for these."""
    for virtual, depends in translated.by_system.items():
        yield f"with {virtual}", depends
    for depends in dict.fromkeys(translated.by_subdir.values()):
        platforms = [subdir for subdir, own in translated.by_subdir.items() if own == depends]
        yield f"for {', '.join(platforms)}", depends


def _make_unconfirmed_note(unconfirmed: Sequence[Name]) -> Note:
    first = unconfirmed[0]
    return Note(
        State.WARNING,
        f"assuming these conda names match (unconfirmed): {', '.join(name.conda for name in unconfirmed)}",
        f"tried: {'; '.join(first.tried)}",
        f'If conda uses another name: [tool.release-tools.conda.names] {first.pypi} = "its conda name"',
    )
