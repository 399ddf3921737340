"""``[tool.release-tools]``: every setting, its default and its meaning; read once into frozen dataclasses.

A setting has one name everywhere: key ``anaconda.owner``, option ``--anaconda-owner``, environment variable
``RELEASE_TOOLS_ANACONDA_OWNER``, action input ``anaconda-owner``. An option beats the environment, that the file.
"""

import difflib
import tomllib
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Final, Literal, cast

from release_tools.errors import ConfigError

TABLE: Final = "tool.release-tools"
_ENV_PREFIX: Final = "RELEASE_TOOLS_"
_LARGEST_FILE: Final = 1_000_000
_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off"})

CondaFormat = Literal["conda", "tar.bz2"]


def setting(doc: str, default: Any = MISSING) -> Any:  # noqa: ANN401 - as dataclasses.field, it answers any type
    """A dataclass field with its sentence for the reference page; a callable default is a factory."""
    if callable(default):
        return field(default_factory=default, metadata={"doc": doc})
    return field(default=default, metadata={"doc": doc})


@dataclass(frozen=True)
class CondaConfig:
    """The conda package; ``enabled`` is ``--conda`` and ``--no-conda`` on the command line."""

    enabled: bool = setting("Build a conda package from the wheel.", default=True)
    name: str = setting("The conda package's name; the project's own name if empty.", "")
    formats: tuple[CondaFormat, ...] = setting("File formats to write.", ("conda",))
    aliases: tuple[str, ...] = setting("Other spellings of the name; each becomes a metapackage.", ())
    names: Mapping[str, str] = setting("PyPI name = conda name, where ours would be wrong.", dict)
    build_number: int = setting("The build number of the conda package.", 0)
    compression_level: int = setting("zstd level of `.conda` files, 1 to 22; 9, 16 and 19 are usual too.", 12)
    channels: tuple[str, ...] = setting(
        "Where the dependencies come from when the package is tested.", ("conda-forge",)
    )


@dataclass(frozen=True)
class VerifyConfig:
    """The checks before anything is published."""

    imports: tuple[str, ...] = setting("Modules to import; the wheel's top-level ones if empty.", ())
    top_level: tuple[str, ...] = setting(
        "Top-level modules to accept although they look like strays, such as tests.", ()
    )
    install: bool = setting(
        "Install the wheel with its dependencies in a fresh environment and import it.", default=True
    )
    conda_install: bool = setting("Install the conda package where a channel with Python is at hand.", default=True)


@dataclass(frozen=True)
class RoutesConfig:
    """Which places a kind of version goes to; see `release_tools.places` for how a place is written."""

    dev: tuple[str, ...] = setting("Where development versions (1.2.dev3) go.", ("testpypi", "anaconda:dev"))
    pre: tuple[str, ...] = setting("Where pre-releases (1.2rc1) go.", ("pypi", "anaconda:rc"))
    final: tuple[str, ...] = setting("Where final releases (1.2) go.", ("pypi", "anaconda:main"))
    post: tuple[str, ...] = setting("Where post-releases (1.2.post1) go.", ("pypi", "anaconda:main"))


@dataclass(frozen=True)
class AnacondaConfig:
    """The channel on Anaconda.org."""

    owner: str = setting("The account or organization whose channel gets the conda packages.", "")
    url: str = setting("Address of the API of another server of the same kind; Anaconda.org's if empty.", "")


@dataclass(frozen=True)
class NetworkConfig:
    """Patience with servers."""

    timeout: int = setting("Seconds until a connection stands, and between two pieces of an answer.", 60)
    tries: int = setting("How often a read is tried; an upload is tried again only after looking.", 4)
    pause: int = setting("Milliseconds before the second try; doubled before each further one.", 500)
    uploads: int = setting("How many files go to an index side by side, once the first is there.", 3)
    wait: int = setting("Seconds to wait, after an upload, until a place serves what was uploaded.", 300)


@dataclass(frozen=True)
class TagConfig:
    """The git tag."""

    remote: str = setting("The git remote that tags are pushed to.", "origin")
    branch: str = setting(
        "The branch that a tagged commit must be on; the one that is checked out if empty, else the remote's default.",
        "",
    )
    sign: bool = setting(
        "Sign tags as git is configured to, by GPG or SSH; a tag without a trusted signature is then not released.",
        default=False,
    )
    push: Literal["auto", "git", "api"] = setting(
        "Push by git, or by GitHub's API where the checkout has no credentials; `auto` takes the API where there is a"
        " GITHUB_TOKEN for it.",
        "auto",
    )


@dataclass(frozen=True)
class GitHubConfig:
    """The release on GitHub; ``enabled`` is ``--github`` and ``--no-github`` on the command line."""

    enabled: bool = setting("Make a GitHub release, where the git remote lies on GitHub.", default=True)
    draft: bool = setting("Leave the release a draft, for a person to publish.", default=False)
    repository: str = setting("The repository as owner/name; told from the git remote if empty.", "")


@dataclass(frozen=True)
class Config:
    """All settings of a project."""

    output_dir: str = setting("Where artifacts are written, relative to the project.", "dist")
    tag_format: str = setting(
        'How a version is written as a tag, such as "pkg-a-v{version}"; v1.2.3 or 1.2.3 if empty.', ""
    )
    changelog: str = setting("The changelog's path in the project; looked for under the usual names if empty.", "")
    scheme: Literal["auto", "semver", "calver"] = setting(
        'How versions are counted: "semver", "calver", or "auto": as the past releases show.', "auto"
    )
    public_api: tuple[str, ...] = setting(
        "Import packages whose public API is compared between releases; found by themselves if empty.", ()
    )
    allow_credentials_in_build: bool = setting(
        "Build although credentials for publishing are in the environment, where the build could read them.",
        default=False,
    )
    rehearse: bool = setting(
        "Upload to TestPyPI first, install from there and import, before PyPI is touched.", default=False
    )
    attestations: Literal["auto", "required", "off"] = setting(
        'Sign what goes to PyPI (PEP 740): "auto" where the job can, "required", or "off".', "auto"
    )
    allow_older: bool = setting("Publish a version below the newest final one that is there.", default=False)
    indexes: Mapping[str, str] = setting("Other package indexes: name = address that takes uploads.", dict)
    simple_urls: Mapping[str, str] = setting(
        "Root of an index's simple API, by the index's name, where it is not beside the upload address.", dict
    )
    channels: Mapping[str, str] = setting(
        "Other conda channels: name = address (`file://…`, `quetz+https://…`, `prefix+…`, `artifactory+…`).",
        dict,
    )
    routes: RoutesConfig = field(default_factory=RoutesConfig)
    anaconda: AnacondaConfig = field(default_factory=AnacondaConfig)
    network: NetworkConfig = field(default_factory=NetworkConfig)
    tag: TagConfig = field(default_factory=TagConfig)
    conda: CondaConfig = field(default_factory=CondaConfig)
    verify: VerifyConfig = field(default_factory=VerifyConfig)
    github: GitHubConfig = field(default_factory=GitHubConfig)


@dataclass(frozen=True)
class Setting:
    """One setting, seen from outside.

    Attributes:
        path: its key, a part a table: ``("anaconda", "owner")``.
        type: str, int, bool, a Literal, ``tuple[…, ...]`` or ``Mapping[str, str]``.
        default: what holds where nobody says otherwise.
        doc: one sentence.
    """

    path: tuple[str, ...]
    type: Any
    default: Any
    doc: str

    @property
    def key(self) -> str:
        """In the file: ``anaconda.owner``."""
        return ".".join(self.path)

    @property
    def name(self) -> str:
        """As an option or input: ``anaconda-owner``; ``conda`` for ``conda.enabled``."""
        return "-".join(self.path).removesuffix("-enabled")

    @property
    def option(self) -> str:
        """On the command line: ``--anaconda-owner``."""
        return f"--{self.name}"

    @property
    def variable(self) -> str:
        """In the environment: ``RELEASE_TOOLS_ANACONDA_OWNER``."""
        return _ENV_PREFIX + self.name.upper().replace("-", "_")

    @property
    def is_table(self) -> bool:
        """Whether it is a table of free keys, which only the file can hold."""
        origin = typing.get_origin(self.type)
        return isinstance(origin, type) and issubclass(origin, Mapping)


def settings(cls: type = Config, prefix: tuple[str, ...] = ()) -> Iterator[Setting]:
    """Every setting, in the order of the dataclasses."""
    hints = typing.get_type_hints(cls)
    for item in fields(cls):
        path = (*prefix, _key(item))
        if is_dataclass(hints[item.name]):
            yield from settings(cast("type", hints[item.name]), path)
        else:
            yield Setting(path, hints[item.name], _default(item), item.metadata["doc"])


def read_config(project: Path, env: Mapping[str, str], options: Mapping[str, Any]) -> Config:
    """The project's settings, from file, environment and options.

    Args:
        project: the folder of ``pyproject.toml``; without that file, the defaults hold.
        env: the environment; variables beginning with ``RELEASE_TOOLS_`` are settings.
        options: what the command line said, by `Setting.key`.

    Raises:
        ConfigError: with every fault of all three sources.
    """
    faults: list[str] = []
    tree = _table(project / "pyproject.toml")
    known = {item.variable: item for item in settings() if not item.is_table}
    for name in sorted(env):
        if name.startswith(_ENV_PREFIX) and env[name]:
            if name in known:
                _put(tree, known[name].path, _from_text(known[name], env[name], name, faults))
            else:
                faults.append(f"{name}: no such setting{_did_you_mean(name, known)}")
    by_key = {item.key: item for item in settings()}
    for key, value in options.items():
        _put(tree, by_key[key].path, _from_text(by_key[key], value, by_key[key].option, faults))
    config: Config = _build(Config, tree, "", faults)
    if faults:
        raise ConfigError("The configuration has faults:", faults=faults)
    return config


def read_pyproject(project: Path) -> dict[str, Any]:
    """``pyproject.toml`` as plain data; empty where there is none.

    Raises:
        ConfigError: it is no TOML, no UTF-8, or larger than a megabyte.
    """
    path = project / "pyproject.toml"
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise ConfigError(f"{path}: larger than {_LARGEST_FILE:,} bytes", "Is it the right file?")
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}", "Correct that line and run again.") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None


def _table(path: Path) -> dict[str, Any]:
    tool = read_pyproject(path.parent).get("tool", {})
    table = tool.get("release-tools", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise ConfigError(f"{path}: [{TABLE}] is not a table")
    return table


def _build(cls: type[Any], tree: Mapping[str, Any], prefix: str, faults: list[str]) -> Any:  # noqa: ANN401 - answers a cls
    hints = typing.get_type_hints(cls)
    known = {_key(item): item for item in fields(cls)}
    values: dict[str, Any] = {}
    for key, value in tree.items():
        name = f"{prefix}{key}"
        if key not in known:
            faults.append(f"{TABLE}.{name}: unknown key{_did_you_mean(key, known)}")
            continue
        item = known[key]
        hint = hints[item.name]
        if is_dataclass(hint):
            if isinstance(value, dict):
                values[item.name] = _build(cast("type", hint), value, f"{name}.", faults)
            else:
                faults.append(f"{TABLE}.{name}: expected a table, got {_named(value)}")
        elif (fault := _mismatch(hint, value)) is None:
            values[item.name] = _frozen(value)
        else:
            faults.append(f"{TABLE}.{name}: {fault}")
    return cls(**values)


def _mismatch(hint: Any, value: object) -> str | None:  # noqa: ANN401 - a type hint has no type of its own
    """Why a value does not fit a type hint; None where it does."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return None if value in arguments else f"expected one of {', '.join(map(repr, arguments))}, got {value!r}"
    if origin is None:
        fits = isinstance(value, hint) and not (hint is int and isinstance(value, bool))
        return None if fits else f"expected {_WORDS[hint]}, got {_named(value)}"
    faults: Iterator[str | None]
    if issubclass(origin, Mapping) and isinstance(value, dict):
        faults = (
            fault and f"{key}: {fault}" for key, item in value.items() if (fault := _mismatch(arguments[1], item))
        )
    elif origin is tuple and isinstance(value, list):
        faults = (_mismatch(arguments[0], item) for item in value)
    else:
        return f"expected a {'table' if issubclass(origin, Mapping) else 'list'}, got {_named(value)}"
    return next(filter(None, faults), None)


def _from_text(item: Setting, value: Any, source: str, faults: list[str]) -> Any:  # noqa: ANN401 - as the setting's type
    """An option's or variable's text as the setting's type; lists are comma- or space-separated."""
    if not isinstance(value, str):
        return value
    if typing.get_origin(item.type) is tuple:
        return value.replace(",", " ").split()
    if item.type is bool and value.lower() in _TRUE | _FALSE:
        return value.lower() in _TRUE
    if item.type is int and value.lstrip("-").isdecimal():
        return int(value)
    if item.type in (bool, int):
        faults.append(f"{source}: expected {_WORDS[item.type]}, got {value!r}")
        return item.default
    return value


def _put(tree: dict[str, Any], path: tuple[str, ...], value: object) -> None:
    for part in path[:-1]:
        inner = tree.setdefault(part, {})
        if not isinstance(inner, dict):
            return  # the file's fault is reported where it is read
        tree = inner
    tree[path[-1]] = value


def _frozen(value: Any) -> Any:  # noqa: ANN401 - as it came
    if isinstance(value, list):
        return tuple(value)
    return types.MappingProxyType(value) if isinstance(value, dict) else value


def _key(item: Field[Any]) -> str:
    return item.name.replace("_", "-")


def _default(item: Field[Any]) -> Any:  # noqa: ANN401 - as the field's type
    return item.default if item.default_factory is MISSING else item.default_factory()


def _did_you_mean(name: str, known: Mapping[str, object]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else f"; known are {', '.join(known)}"


def _named(value: object) -> str:
    return f"{_WORDS.get(type(value), type(value).__name__)} ({value!r})"


_WORDS: Final[Mapping[type, str]] = {
    str: "a string",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
}
