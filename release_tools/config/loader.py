"""Read the settings: how each is named, and how file, environment and options become a `Config`.

A setting has one name everywhere: key ``anaconda.owner``, option ``--anaconda-owner``, environment variable
``RELEASE_TOOLS_ANACONDA_OWNER``, action input ``anaconda-owner``. An option beats the environment, that the file.
"""

import re
import tomllib
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from pathlib import Path, PureWindowsPath
from reprlib import repr as shortened
from typing import Any, Final, Literal, TypeAlias, cast

from release_tools.config.schema import Config
from release_tools.errors import ConfigError, did_you_mean
from release_tools.regular_files import read_regular_file

TABLE: Final = "tool.release-tools"
SETTINGS_FILE: Final = "release-tools.toml"
"""The file with the settings of a project that has no ``pyproject.toml``; it holds the table itself."""
_ENV_PREFIX: Final = "RELEASE_TOOLS_"
_LARGEST_FILE: Final = 1_000_000
_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off"})
_NUMBER: Final = re.compile(r"-?[0-9]{1,9}", re.ASCII)
_WORDS: Final[Mapping[type, str]] = {
    str: "a string",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "a table",
}


@dataclass(frozen=True)
class Setting:
    """One setting, as users name it.

    Attributes:
        path: its key, one part for each table: ``("anaconda", "owner")``.
        type: str, int, bool, a Literal, ``tuple[…, ...]`` or ``Mapping[str, str]``.
        default: the value where it is not set.
        doc: one sentence.
        within: the numbers that are allowed, for a number.
        inside: whether it is a path that must not lead out of the project when the project's own file sets it.
        also: another name of its option; empty for most.
    """

    path: tuple[str, ...]
    type: Any
    default: Any
    doc: str
    within: range | None = None
    inside: bool = False
    also: str = ""

    @property
    def key(self) -> str:
        """Return its name in the file: ``anaconda.owner``."""
        return ".".join(self.path)

    @property
    def name(self) -> str:
        """Return its name as an option or input: ``anaconda-owner``; ``conda`` for ``conda.enabled``."""
        return "-".join(self.path).removesuffix("-enabled")

    @property
    def option(self) -> str:
        """Return its name on the command line: ``--anaconda-owner``."""
        return self.options[0]

    @property
    def options(self) -> tuple[str, ...]:
        """Return every spelling on the command line, the usual one first."""
        return tuple(f"--{name}" for name in (self.name, self.also) if name)

    @property
    def variable(self) -> str:
        """Return its name in the environment: ``RELEASE_TOOLS_ANACONDA_OWNER``."""
        return _ENV_PREFIX + self.name.upper().replace("-", "_")

    @property
    def is_table(self) -> bool:
        """Check whether it is a table of free keys, which only the file can hold."""
        return _is_mapping(self.type)

    def fault(self, value: object) -> str:
        """Return why a value, as the file holds it, does not fit; empty where it does."""
        fault = _find_mismatch(self.type, value)
        if not fault and self.within is not None and value not in self.within:
            return f"expected {self.within.start} to {self.within.stop - 1}, got {value}"
        return fault

    def from_text(self, text: str) -> object:
        """Convert the text of an option or variable to the value that the file would hold; other text stays text."""
        if typing.get_origin(self.type) is tuple:
            return text.replace(",", " ").split()
        if self.type is bool and text.lower() in _TRUE | _FALSE:
            return text.lower() in _TRUE
        if self.type is int and _NUMBER.fullmatch(text):
            return int(text)
        return text


def list_settings(cls: type = Config, prefix: tuple[str, ...] = ()) -> Iterator[Setting]:
    """Yield every setting, in the order of the dataclasses."""
    hints = typing.get_type_hints(cls)
    for item in fields(cls):
        path = (*prefix, _normalise_key(item))
        if is_dataclass(hints[item.name]):
            yield from list_settings(cast("type", hints[item.name]), path)
        else:
            yield Setting(path, hints[item.name], _find_default(item), **item.metadata)


def read_config(project: Path, env: Mapping[str, str], options: Mapping[str, Any]) -> Config:
    """Read the project's settings from file, environment and options.

    Args:
        project: the folder of ``pyproject.toml``, or of ``release-tools.toml``; without either, the defaults hold.
        env: the environment; variables beginning with ``RELEASE_TOOLS_`` are settings.
        options: the values from the command line, by `Setting.key`.

    Raises:
        ConfigError: with every fault of all three sources.
    """
    given = _collect_given(project, env, options)
    return cast("Config", _fill(Config, {path: _freeze(value) for path, (_, value) in given.items()}, ()))


def find_sources(project: Path, env: Mapping[str, str], options: Mapping[str, Any]) -> dict[str, str]:
    """Return where each setting is set, by its key: its key in the file, its variable or its option.

    Settings that have their defaults are left out; the arguments are those of `read_config`.

    Raises:
        ConfigError: with every fault of all three.
    """
    return {".".join(path): source for path, (source, _) in _collect_given(project, env, options).items()}


def _collect_given(
    project: Path, env: Mapping[str, str], options: Mapping[str, Any]
) -> dict[tuple[str, ...], tuple[str, object]]:
    """Return every setting that is set somewhere, with the last place that sets it and the value there."""
    known = {item.path: item for item in list_settings()}
    faults: list[str] = []
    values: dict[tuple[str, ...], tuple[str, object]] = {}
    for source, item, value in (
        *_read_file(project, known, faults),
        *_read_environment(env, known.values(), faults),
        *_read_options(options, known.values()),
    ):
        if fault := item.fault(value):
            faults.append(f"{source}: {fault}")
        else:
            values[item.path] = (source, value)
    if faults:
        raise ConfigError("The configuration has faults:", faults=faults)
    return values


def read_pyproject(project: Path) -> dict[str, Any]:
    """Read ``pyproject.toml`` as plain data; empty where there is none.

    Raises:
        ConfigError: it is not valid TOML or UTF-8, cannot be read, or is larger than a megabyte.
    """
    return _read_toml(project / "pyproject.toml")


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(read_regular_file(path, _LARGEST_FILE).decode("utf-8"))
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError) as error:  # a ValueError that is not TOML's own: numbers of too many digits
        raise ConfigError(f"{path}: not valid TOML: {error}", "Correct that line and run again.") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}", "Check the path and its permissions.") from None


_Given: TypeAlias = tuple[str, Setting, object]
"""The place that sets it, the setting, and the value."""


def _read_file(project: Path, known: Mapping[tuple[str, ...], Setting], faults: list[str]) -> Iterator[_Given]:
    tool = read_pyproject(project).get("tool", {})
    table = tool.get("release-tools", {}) if isinstance(tool, dict) else {}
    own = _read_toml(project / SETTINGS_FILE)
    if own and (project / "pyproject.toml").is_file():
        faults.append(f"{SETTINGS_FILE}: not read where there is a pyproject.toml; move its settings to [{TABLE}]")
    elif own:
        yield from _read_table(own, (), known, faults, f"{SETTINGS_FILE}: ")
    elif isinstance(table, dict):
        yield from _read_table(table, (), known, faults, f"{TABLE}.")
    else:
        faults.append(f"{TABLE}: {_describe_mismatch(dict, table)}")


def _read_table(
    table: Mapping[str, Any],
    prefix: tuple[str, ...],
    known: Mapping[tuple[str, ...], Setting],
    faults: list[str],
    origin: str,
) -> Iterator[_Given]:
    below = {path[len(prefix)]: path for path in known if path[: len(prefix)] == prefix}
    for key, value in table.items():
        path = (*prefix, key)
        source = origin + ".".join(path)
        if path in known:
            yield from _read_value(source, known[path], value, faults)
        elif key not in below:
            faults.append(f"{source}: unknown key{_suggest_name(key, below)}")
        elif isinstance(value, dict):
            yield from _read_table(value, path, known, faults, origin)
        else:
            faults.append(f"{source}: {_describe_mismatch(dict, value)}")


def _read_value(source: str, setting: Setting, value: object, faults: list[str]) -> Iterator[_Given]:
    if setting.inside and _leaves(value):
        faults.append(f"{source}: leads out of the project: {shortened(value)}")
    else:
        yield source, setting, value


def _leaves(path: object) -> bool:
    """Check whether a path leads out of the folder that it is relative to, on any system."""
    if not isinstance(path, str):
        return False
    windows = PureWindowsPath(path)
    return bool(windows.anchor) or path.startswith("~") or ".." in windows.parts


def _read_environment(env: Mapping[str, str], known: Iterable[Setting], faults: list[str]) -> Iterator[_Given]:
    by_name = {item.variable: item for item in known if not item.is_table}
    for name, text in sorted(env.items()):
        if not name.startswith(_ENV_PREFIX) or not text:
            continue
        if name in by_name:
            yield name, by_name[name], by_name[name].from_text(text)
        else:
            faults.append(f"{name}: no such setting{_suggest_name(name, by_name)}")


def _read_options(options: Mapping[str, Any], known: Iterable[Setting]) -> Iterator[_Given]:
    for item in known:
        if item.key in options:
            value = options[item.key]
            yield item.option, item, item.from_text(value) if isinstance(value, str) else value


def _fill(cls: type, values: Mapping[tuple[str, ...], Any], prefix: tuple[str, ...]) -> object:
    """Build the dataclass from the values that are set, and its defaults for the others."""
    hints = typing.get_type_hints(cls)
    given = {}
    for item in fields(cls):
        path = (*prefix, _normalise_key(item))
        if is_dataclass(hints[item.name]):
            given[item.name] = _fill(cast("type", hints[item.name]), values, path)
        elif path in values:
            given[item.name] = values[path]
    return cls(**given)


def _find_mismatch(hint: Any, value: object) -> str:  # noqa: ANN401 - a type hint has no type of its own
    """Return why a value does not fit a type hint; empty where it does."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return _find_mismatch_of_choice(arguments, value)
    if origin is tuple:
        return _find_mismatch_of_list(arguments[0], value)
    if _is_mapping(hint):
        return _find_mismatch_of_table(arguments[1], value)
    return _find_mismatch_of_scalar(hint, value)


def _find_mismatch_of_choice(choices: tuple[str, ...], value: object) -> str:
    if isinstance(value, str) and value in choices:
        return ""
    return f"expected one of {', '.join(map(repr, choices))}, got {shortened(value)}"


def _find_mismatch_of_list(item_hint: Any, value: object) -> str:  # noqa: ANN401 - as above
    if not isinstance(value, list):
        return _describe_mismatch(list, value)
    return next(filter(None, (_find_mismatch(item_hint, item) for item in value)), "")


def _find_mismatch_of_table(item_hint: Any, value: object) -> str:  # noqa: ANN401 - as above
    if not isinstance(value, dict):
        return _describe_mismatch(dict, value)
    for key, item in value.items():
        if fault := _find_mismatch(str, key) or _find_mismatch(item_hint, item):
            return f"{key!r}: {fault}"
    return ""


def _find_mismatch_of_scalar(wanted: type, value: object) -> str:
    if type(value) is not wanted:
        return _describe_mismatch(wanted, value)
    if isinstance(value, str) and not value.isprintable():
        return f"contains a control character: {shortened(value)}"
    return ""


def _describe_mismatch(wanted: type, value: object) -> str:
    return f"expected {_WORDS[wanted]}, got {_describe_source(value)}"


def _freeze(value: Any) -> Any:  # noqa: ANN401 - as it came
    if isinstance(value, list):
        return tuple(value)
    return types.MappingProxyType(value) if isinstance(value, dict) else value


def _is_mapping(hint: Any) -> bool:  # noqa: ANN401 - a type hint has no type of its own
    origin = typing.get_origin(hint)
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _normalise_key(item: Field[Any]) -> str:
    return item.name.replace("_", "-")


def _find_default(item: Field[Any]) -> Any:  # noqa: ANN401 - as the field's type
    return item.default if item.default_factory is MISSING else item.default_factory()


def _suggest_name(name: str, known: Iterable[str]) -> str:
    return did_you_mean(name, known) or f"; known are {', '.join(known)}"


def _describe_source(value: object) -> str:
    return f"{_WORDS.get(type(value), type(value).__name__)} ({shortened(value)})"
