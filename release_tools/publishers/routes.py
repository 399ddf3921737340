"""Find the publishers of each kind of version, as the setting ``routes`` lists them.

A route is a tuple of destinations as people write them:

- ``pypi``, ``testpypi``, or a name from the table ``indexes``: a package index;
- ``anaconda``, or ``anaconda:LABEL``: the configured owner's channel on Anaconda.org, under a label (``main``);
- a name from the table ``channels``: another conda server or a folder;
- an address itself: ``https://…`` is a package index, ``file://…`` a channel in a folder, ``quetz+https://…``,
  ``prefix+https://…``, ``artifactory+https://…``, ``cloudsmith+https://…`` the channel of a conda server.

The git tag, the GitHub release and conda-forge are on every route, and decide for each release whether they apply.
"""

import difflib
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from typing import Final, TypeAlias

from release_tools.config.schema import Config
from release_tools.engine.context import Context
from release_tools.errors import ConfigError
from release_tools.model.release import Kind
from release_tools.publishers import git_tag, github_release
from release_tools.publishers.base import Phase, Publisher, Unconfigured, UnconfiguredPublisher
from release_tools.publishers.conda_channel.channel_publisher import ChannelPublisher
from release_tools.publishers.conda_channel.channel_server import Channel
from release_tools.publishers.conda_channel.servers import SERVERS
from release_tools.publishers.conda_forge import conda_forge_publisher
from release_tools.publishers.package_index.index import PUBLIC_INDEXES, PYPI, TESTPYPI, Index, parse_index
from release_tools.publishers.package_index.index_publisher import IndexPublisher
from release_tools.publishers.wheel_channel import WheelChannelPublisher

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


class Publishers:
    """The publishers of a run, each created once."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._created: dict[object, Publisher] = {}

    def route(self, kind: Kind) -> tuple[Publisher, ...]:
        """Return the publishers of a kind of version, in order, all of them or those that ``--only`` names.

        Raises:
            ConfigError: the route names unknown destinations.
        """
        only = self._context.request.only
        publishers = self._create_all(parse_route(self._context.config, kind))
        return tuple(one for one in publishers if not only or one.name in only)

    def all(self) -> tuple[Publisher, ...]:
        """Return the publishers of all routes, each channel once whatever its labels.

        Raises:
            ConfigError: a route names unknown destinations.
        """
        destinations: dict[Destination, None] = {}
        for kind in Kind:
            for destination in parse_route(self._context.config, kind):
                destinations[destination.base] = None
        wheel_channel = [WheelChannelPublisher(self._context)] if PYPI in destinations else []
        return (*self._create_all(tuple(destinations)), *wheel_channel)

    def names(self, kind: Kind) -> tuple[str, ...]:
        """Return the names of a route's publishers for ``--only``, without those that do not take this kind.

        Raises:
            ConfigError: the route names unknown destinations.
        """
        publishers = self._create_all(parse_route(self._context.config, kind))
        return tuple(dict.fromkeys(one.name for one in publishers if one.is_selectable and one.takes(kind)))

    def is_proposed(self, kind: Kind) -> bool:
        """Return whether a kind of version is proposed to conda-forge in this run."""
        only = self._context.request.only
        return conda_forge_publisher.NAME in self.names(kind) and (not only or conda_forge_publisher.NAME in only)

    def check_only(self, only: Collection[str]) -> None:
        """Check the names that ``--only`` gives.

        Raises:
            ConfigError: a name is on no route.
        """
        known: set[str] = set()
        for kind in Kind:
            known.update(self.names(kind))
        unknown = sorted(set(only) - known)
        if unknown:
            names = ", ".join(map(repr, unknown))
            raise ConfigError(f"--only: no route has {names}", f"The routes have {', '.join(sorted(known))}.")

    def phases(self, publisher: Publisher) -> tuple[Phase, ...]:
        """Return the phases of a publisher, all of them or the one that ``--phase`` names."""
        wanted = self._context.request.phase
        return tuple(phase for phase in publisher.phases if wanted in ("", phase.option))

    def _create_all(self, destinations: Sequence[Destination]) -> tuple[Publisher, ...]:
        """Return the publishers of some destinations, between those that are on every route; each is created once."""
        context, is_on_pypi = self._context, PYPI in destinations
        return (
            self._create(git_tag.NAME, lambda: git_tag.GitTagPublisher(context)),
            self._create(github_release.NAME, lambda: github_release.GitHubReleasePublisher(context)),
            *(self._create(destination, partial(_create, context, destination)) for destination in destinations),
            self._create(
                (conda_forge_publisher.NAME, is_on_pypi),
                lambda: conda_forge_publisher.CondaForgePublisher(context, is_on_pypi=is_on_pypi),
            ),
        )

    def _create(self, key: object, create: Callable[[], Publisher]) -> Publisher:
        if key not in self._created:
            self._created[key] = create()
        return self._created[key]


def split_names(text: str) -> tuple[str, ...]:
    """Return the publishers that ``--only`` names, separated by commas or spaces."""
    return tuple(text.replace(",", " ").split())


def _create(context: Context, destination: Destination) -> Publisher:
    if isinstance(destination, Index):
        return IndexPublisher(context, destination)
    if isinstance(destination, Channel):
        return ChannelPublisher(context, SERVERS[destination.server](context, destination))
    return UnconfiguredPublisher(destination.name, destination.reason, destination.advice)


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
    known = [*PUBLIC_INDEXES, *_NAMED_SERVERS, *config.indexes, *config.channels]
    close = difflib.get_close_matches(text, known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(known)}, or an address"
    raise ConfigError(f"unknown destination {text!r} ({hint})")


def _parse_address(config: Config, name: str, address: str) -> Destination:
    for server in SERVERS.values():
        if server.address_prefix and address.startswith(server.address_prefix):
            return server.parse(name, address.removeprefix(server.address_prefix), config)
    if "+" in address.partition("://")[0]:
        known = (server.address_prefix for server in SERVERS.values() if server.address_prefix)
        raise ConfigError(f"{address!r}: unknown kind of server (known: {', '.join(known)})")
    return parse_index(config, name, address)
