"""Find the publishers of each kind of version: those of its route's destinations, and those that are on every route.

The git tag, the GitHub release and conda-forge are on every route, and decide for each release whether they apply.
"""

from collections.abc import Callable, Collection, Sequence
from functools import partial

from release_tools.engine.context import Context
from release_tools.errors import ConfigError
from release_tools.model.release import Kind
from release_tools.publishers import git_tag, github_release
from release_tools.publishers.base import Phase, Publisher, UnconfiguredPublisher
from release_tools.publishers.conda_channel.channel_publisher import ChannelPublisher
from release_tools.publishers.conda_channel.channel_server import Channel
from release_tools.publishers.conda_channel.servers import SERVERS
from release_tools.publishers.conda_forge import NAME as CONDA_FORGE
from release_tools.publishers.conda_forge.conda_forge_publisher import CondaForgePublisher
from release_tools.publishers.destinations import Destination, parse_route
from release_tools.publishers.package_index.index import PYPI, Index
from release_tools.publishers.package_index.index_publisher import IndexPublisher


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
        return self._create_all(self._list_destinations())

    def followers(self) -> tuple[Publisher, ...]:
        """Return what follows a destination of the routes, and is published to by nobody: the conda-pypi channel.

        Raises:
            ConfigError: a route names unknown destinations.
        """
        if PYPI not in self._list_destinations():
            return ()
        from release_tools.publishers.wheel_channel import WheelChannelPublisher

        return (WheelChannelPublisher(self._context),)

    def _list_destinations(self) -> tuple[Destination, ...]:
        """Return the destinations of all routes, each channel once."""
        routes = (parse_route(self._context.config, kind) for kind in Kind)
        return tuple(dict.fromkeys(destination.base for route in routes for destination in route))

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
        return CONDA_FORGE in self.names(kind) and (not only or CONDA_FORGE in only)

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
                (CONDA_FORGE, is_on_pypi),
                lambda: CondaForgePublisher(context, is_on_pypi=is_on_pypi),
            ),
        )

    def _create(self, key: object, create: Callable[[], Publisher]) -> Publisher:
        if key not in self._created:
            self._created[key] = create()
        return self._created[key]


def _create(context: Context, destination: Destination) -> Publisher:
    if isinstance(destination, Index):
        return IndexPublisher(context, destination)
    if isinstance(destination, Channel):
        return ChannelPublisher(context, SERVERS[destination.server](context, destination))
    return UnconfiguredPublisher(destination.name, destination.reason, destination.advice)
