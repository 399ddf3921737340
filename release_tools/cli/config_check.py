"""Check the whole configuration, before the first step of any command."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from release_tools.config.schema import CondaConfig, Config
from release_tools.errors import ConfigError
from release_tools.model.release import Kind
from release_tools.model.versions import TagFormat
from release_tools.publishers.destinations import parse_destination, parse_route

_SLUG: Final = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_CONDA_NAME: Final = re.compile(r"[a-z0-9_][a-z0-9_.-]*", re.ASCII)  # CEP 26


def check_config(config: Config) -> None:
    """Check everything about the settings that needs no network and no project.

    Raises:
        ConfigError: with every fault, each by its key.
    """
    faults = list(dict.fromkeys((*_check_routes(config), *_check_others(config))))
    if len(faults) == 1:
        raise ConfigError(faults[0], "Correct the setting. To list them all, type: release-tools config")
    if faults:
        raise ConfigError("The configuration has faults:", faults=faults)


def _check_routes(config: Config) -> Iterator[str]:
    for kind in Kind:
        yield from _find_faults(partial(parse_route, config, kind))
    for table, names in (("indexes", config.indexes), ("channels", config.channels)):
        for name in names:
            for fault in _find_faults(partial(parse_destination, config, name)):
                yield f"{table}.{name}: {fault}"


def _check_others(config: Config) -> Iterator[str]:
    yield from _find_faults(partial(TagFormat.parse, config.tag_format))
    if config.github.repository and not _SLUG.fullmatch(config.github.repository):
        yield f"github.repository: {config.github.repository!r} is not a repository like owner/name"
    if config.tag.push == "api" and config.tag.sign:
        yield 'tag.push: GitHub\'s API cannot sign tags; set tag.push = "git" or tag.sign = false'
    if config.conda.builder != CondaConfig.builder:  # else they need not be imported
        from release_tools.builders.conda.registry import check_builder

        yield from _find_faults(partial(check_builder, config.conda.builder))
    yield from _check_conda_names(config.conda)


def _check_conda_names(config: CondaConfig) -> Iterator[str]:
    for key, name in _list_conda_names(config):
        if not _CONDA_NAME.fullmatch(name):
            yield f"{key}: {name!r} is not a conda name (lower-case letters, digits, '-', '_' and '.': CEP 26)"


def _list_conda_names(config: CondaConfig) -> Iterator[tuple[str, str]]:
    """Yield each name of a conda package in the settings, with its key."""
    if config.name:
        yield "conda.name", config.name
    for alias in filter(None, config.aliases):
        yield "conda.aliases", alias
    for pypi, conda in config.names.items():
        yield f"conda.names.{pypi}", conda


def _find_faults(check: Callable[[], object]) -> list[str]:
    try:
        check()
    except ConfigError as error:
        return list(error.faults) or [error.message]
    return []
