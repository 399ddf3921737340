"""Read the destinations of each kind of version from the setting ``routes``.

A route is a tuple of destinations as people write them:

- ``pypi``, ``testpypi``, or a name from the table ``indexes``: a package index;
- ``anaconda``, or ``anaconda:LABEL``: the configured owner's channel on Anaconda.org, under a label (``main``);
- a name from the table ``channels``: another conda server or a folder;
- an address itself: ``https://…`` is a package index, ``file://…`` a channel in a folder, ``quetz+https://…``,
  ``prefix+https://…``, ``artifactory+https://…``, ``cloudsmith+https://…`` the channel of a conda server.
"""

import difflib
from collections.abc import Iterator
from typing import Final, TypeAlias

from release_tools.config.schema import Config
from release_tools.errors import ConfigError
from release_tools.model.release import Kind
from release_tools.publishers.base import Unconfigured
from release_tools.publishers.conda_channel.channel_server import Channel
from release_tools.publishers.conda_channel.servers import SERVERS
from release_tools.publishers.package_index.index import PUBLIC_INDEXES, PYPI, TESTPYPI, Index, parse_index

Destination: TypeAlias = Index | Channel | Unconfigured

_NAMED_SERVERS: Final = {kind: server for kind, server in SERVERS.items() if not server.address_prefix}
"""The servers whose channels have no address in a route."""


def parse_route(config: Config, kind: Kind) -> tuple[Destination, ...]:
    """Return the destinations of a kind of version, in order; TestPyPI before PyPI with ``testpypi-first``.

    Raises:
        ConfigError: the route names unknown destinations; all are listed.
    """
    names: tuple[str, ...] = getattr(config.routes, kind.value)
    found: list[Destination] = []
    faults = []
    for name in names:
        try:
            found.append(parse_destination(config, name))
        except ConfigError as error:
            faults.append(f"routes.{kind.value}: {error.message}")
    if faults:
        raise ConfigError(
            "unknown destinations on a route:", "Correct them in [tool.release-tools.routes].", faults=faults
        )
    if config.testpypi_first and PYPI in found and TESTPYPI not in found:
        found.insert(found.index(PYPI), TESTPYPI)
    return tuple(dict.fromkeys(found))


def leads_to_pypi(config: Config, kind: Kind) -> bool:
    """Return whether a kind of version goes to PyPI or TestPyPI, whose rules its files must then follow.

    Raises:
        ConfigError: the route names unknown destinations.
    """
    return any(destination in PUBLIC_INDEXES.values() for destination in parse_route(config, kind))


def list_origins(config: Config) -> Iterator[str]:
    """Yield the addresses of every destination of every route: the only hosts that publishing may ask.

    Raises:
        ConfigError: a route names unknown destinations.
    """
    for kind in Kind:
        for destination in parse_route(config, kind):
            yield from destination.origins


def parse_destination(config: Config, text: str) -> Destination:
    """Return the destination that a route names.

    Raises:
        ConfigError: it is unknown.
    """
    name, _, label = text.partition(":")
    if name in _NAMED_SERVERS:
        return _NAMED_SERVERS[name].parse(name, label, config)
    if "://" in text:
        return _parse_address(config, text, text)
    if text in config.indexes:
        return parse_index(config, text, config.indexes[text])
    if text in config.channels:
        return _parse_address(config, text, config.channels[text])
    if text in PUBLIC_INDEXES:
        return PUBLIC_INDEXES[text]
    raise ConfigError(f"unknown destination {text!r} ({_suggest(config, text)})")


def _suggest(config: Config, text: str) -> str:
    known = [*PUBLIC_INDEXES, *_NAMED_SERVERS, *config.indexes, *config.channels]
    close = difflib.get_close_matches(text, known, n=1)
    return f"did you mean {close[0]}?" if close else f"known: {', '.join(known)}, or an address"


def _parse_address(config: Config, name: str, address: str) -> Destination:
    for server in SERVERS.values():
        if server.address_prefix and address.startswith(server.address_prefix):
            return server.parse(name, address.removeprefix(server.address_prefix), config)
    if "+" in address.partition("://")[0]:
        known = (server.address_prefix for server in SERVERS.values() if server.address_prefix)
        raise ConfigError(f"{address!r}: unknown kind of server (known: {', '.join(known)})")
    return parse_index(config, name, address)


def split_names(text: str) -> tuple[str, ...]:
    """Return the publishers that ``--only`` names, separated by commas or spaces."""
    return tuple(text.replace(",", " ").split())
