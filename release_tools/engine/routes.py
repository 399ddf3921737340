"""Where a release goes: package indexes and conda channels, and the route that each kind of version takes.

A route is a tuple of places as a person writes them:

- ``pypi``, ``testpypi``, or a name from the table ``indexes``: a package index;
- ``anaconda``, or ``anaconda:LABEL``: the configured owner's channel on Anaconda.org, under a label (``main``);
- a name from the table ``channels``: another conda server or a folder;
- an address itself: ``https://…`` is a package index, ``file://…`` a channel in a folder, ``quetz+https://…``,
  ``prefix+https://…``, ``artifactory+https://…`` the channel of a conda server.
"""

import difflib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from packaging.utils import canonicalize_name

from release_tools import addresses
from release_tools.config.schema import Config
from release_tools.errors import ConfigError
from release_tools.model.release import Kind
from release_tools.system.http import bare


@dataclass(frozen=True)
class Index:
    """A package index.

    Attributes:
        name: in the config and in receipts: ``pypi``.
        title: for a person: ``PyPI``.
        upload: address that takes uploads (the "legacy" API, which is the only one).
        simple: root of the simple API.
        site: where a person looks at a project; empty where the index has no pages.
        audience: of identity tokens for trusted publishing; fixed, never asked from the index. Empty without it.
    """

    name: str
    title: str
    upload: str
    simple: str
    site: str = ""
    audience: str = ""

    def listing_url(self, project: str) -> str:
        """Where the simple API lists a project."""
        return f"{self.simple.rstrip('/')}/{canonicalize_name(project)}/"

    def page(self, project: str, version: str) -> str:
        """Where a person finds one version of a project."""
        if not self.site:
            return self.listing_url(project)
        return f"{self.site}/project/{canonicalize_name(project)}/{version}/"

    def publishing_page(self, project: str, *, new: bool) -> str:
        """Where a trusted publisher is registered: for a project that is there, or for one that is still to come."""
        return f"{self.site}/manage/" + ("account/publishing/" if new else f"project/{project}/settings/publishing/")


PYPI: Final = Index("pypi", "PyPI", addresses.PYPI_UPLOAD, addresses.PYPI_SIMPLE, addresses.PYPI_SITE, audience="pypi")
TESTPYPI: Final = Index(
    "testpypi",
    "TestPyPI",
    addresses.TESTPYPI_UPLOAD,
    addresses.TESTPYPI_SIMPLE,
    addresses.TESTPYPI_SITE,
    audience="testpypi",
)


class Server(StrEnum):
    """What kind of server holds a conda channel."""

    ANACONDA = "anaconda"
    QUETZ = "quetz"
    PREFIX = "prefix"
    ARTIFACTORY = "artifactory"
    FOLDER = "file"


@dataclass(frozen=True)
class Channel:
    """A conda channel.

    Attributes:
        name: in the config and in receipts: ``anaconda``.
        server: its kind.
        url: of the channel, as conda installs from it; a ``file://`` address for a folder.
        api: where uploads go; for `Server.ANACONDA` the root of its API, otherwise the server's root.
        owner: account or channel name; empty for a folder.
        label: of Anaconda.org, by which users choose what they get; empty elsewhere.
    """

    name: str
    server: Server
    url: str
    api: str = ""
    owner: str = ""
    label: str = ""

    def labelled(self, label: str) -> "Channel":
        """The same channel under another label, where the server has labels."""
        if self.server is not Server.ANACONDA:
            return self
        root = self.url.partition("/label/")[0]
        return replace(self, label=label, url=root + (f"/label/{label}" if label != "main" else ""))

    @property
    def title(self) -> str:
        """For a person: ``Anaconda.org/octo/label/dev``."""
        if self.server is Server.ANACONDA:
            return f"Anaconda.org/{self.owner}" + (f"/label/{self.label}" if self.label != "main" else "")
        return self.url


@dataclass(frozen=True)
class UnconfiguredPublisher:
    """A place on a route that cannot be used yet.

    Attributes:
        name: as the route names it.
        reason: what is missing.
        advice: what to set.
    """

    name: str
    reason: str
    advice: str


@dataclass(frozen=True)
class Route:
    """Where one kind of version goes.

    Attributes:
        indexes: in order.
        channels: in order.
        unconfigured: what the route names but the configuration lacks.
    """

    indexes: tuple[Index, ...] = ()
    channels: tuple[Channel, ...] = ()
    unconfigured: tuple[UnconfiguredPublisher, ...] = ()


def route_for(config: Config, kind: Kind) -> Route:
    """Where a kind of version goes.

    With ``testpypi-first`` a route to PyPI leads over TestPyPI first.

    Raises:
        ConfigError: the route names places that do not exist; all are told, with the known ones.
    """
    names: tuple[str, ...] = getattr(config.routes, kind.value)
    found, faults = [], []
    for name in names:
        try:
            found.append(_place(config, name))
        except ConfigError as error:
            faults.append(f"routes.{kind.value}: {error.message}")
    if faults:
        raise ConfigError("A route leads to a place that does not exist:", faults=faults)
    indexes = list(dict.fromkeys(place for place in found if isinstance(place, Index)))
    if config.testpypi_first and PYPI in indexes and TESTPYPI not in indexes:
        indexes.insert(0, TESTPYPI)
    return Route(
        tuple(indexes),
        tuple(dict.fromkeys(place for place in found if isinstance(place, Channel))),
        tuple(place for place in found if isinstance(place, UnconfiguredPublisher)),
    )


DRAFT: Final = "draft"
GITHUB: Final = "github"
"""The GitHub release goes first, as a draft, and last, when it is published; so it is two stops."""
CONDA_FORGE: Final = "conda-forge"
"""Where a pull request goes, once PyPI serves the sdist."""


def includes_conda_forge(config: Config, kind: Kind) -> bool:
    """Whether a kind of version is proposed to conda-forge, which takes its sources from PyPI.

    A route without any index may be what is left for one job of several, so it rules nothing out.

    Raises:
        ConfigError: the route names places that do not exist.
    """
    wanted = kind in {Kind.FINAL, Kind.POST} or (kind is Kind.PRE and bool(config.conda_forge.pre_branch))
    indexes = route_for(config, kind).indexes
    return config.conda_forge.enabled and wanted and (not indexes or PYPI in indexes)


def publisher_names(config: Config, kind: Kind) -> tuple[str, ...]:
    """The names of all places that a kind of version goes to, in order, as `only_publishers` takes them.

    Raises:
        ConfigError: the route names places that do not exist.
    """
    way = route_for(config, kind)
    names = [*(index.name for index in way.indexes), *(channel.name for channel in way.channels)]
    if config.github.enabled and kind is not Kind.DEV:
        names = [DRAFT, *names, *([] if config.github.draft else [GITHUB])]
    if PYPI in way.indexes and includes_conda_forge(config, kind):
        names.append(CONDA_FORGE)
    return tuple(dict.fromkeys(names))


def split_names(text: str) -> list[str]:
    """The places that ``--only`` names, separated by commas or spaces."""
    return text.replace(",", " ").split()


def only_publishers(config: Config, wanted: Collection[str]) -> Config:
    """The configuration with no other places than these, for one job of several that share a release.

    Args:
        config: the project's.
        wanted: names as `publisher_names` gives them.

    Raises:
        ConfigError: a name is on no route.
    """
    known = set().union(*(publisher_names(config, kind) for kind in Kind))
    unknown = sorted(set(wanted) - known)
    if unknown:
        raise ConfigError(f"--only: {', '.join(map(repr, unknown))}: on no route; there are {', '.join(sorted(known))}")
    routes = {}
    for kind in Kind:
        names: tuple[str, ...] = getattr(config.routes, kind.value)
        rehearsal = (TESTPYPI.name,) if TESTPYPI in route_for(config, kind).indexes else ()
        every = dict.fromkeys((*rehearsal, *names))
        routes[kind.value] = tuple(name for name in every if _place(config, name).name in wanted)
    return replace(
        config,
        testpypi_first=config.testpypi_first and TESTPYPI.name in wanted,
        routes=replace(config.routes, **routes),
        github=replace(
            config.github,
            enabled=config.github.enabled and not {DRAFT, GITHUB}.isdisjoint(wanted),
            draft=config.github.draft or GITHUB not in wanted,
        ),
        conda_forge=replace(config.conda_forge, enabled=config.conda_forge.enabled and CONDA_FORGE in wanted),
    )


def all_publishers(config: Config) -> Route:
    """All places that any route leads to, for those who look rather than publish."""
    routes = [route_for(config, kind) for kind in Kind]
    return Route(
        tuple(dict.fromkeys(index for one in routes for index in one.indexes)),
        tuple(dict.fromkeys(channel.labelled("main") for one in routes for channel in one.channels)),
        tuple(dict.fromkeys(place for one in routes for place in one.unconfigured)),
    )


def origins(config: Config) -> Iterator[str]:
    """The addresses of every place of every route, which are all that publishing may ask."""
    every = all_publishers(config)
    for index in every.indexes:
        yield from (index.upload, index.simple)
    for channel in every.channels:
        yield from filter(None, (channel.api, channel.url if channel.server is not Server.FOLDER else ""))


def channel_server(channel: str) -> str:
    """The server of one of ``conda.channels``, where a bare name is one of Anaconda.org's; empty for a folder."""
    if channel.startswith(("file:", ".", "/", "~")):
        return ""
    return channel if "://" in channel else f"{addresses.ANACONDA_CHANNEL}/{channel}"


def resolve_name(config: Config, name: str) -> Index | Channel | UnconfiguredPublisher:
    """Return the publisher that a route names.

    Raises:
        ConfigError: there is none of that name.
    """
    return _place(config, name)


def _place(config: Config, text: str) -> Index | Channel | UnconfiguredPublisher:
    name, _, label = text.partition(":")
    if name == Server.ANACONDA:
        return _anaconda(config, label or "main", text)
    if "://" in text:
        return _addressed(config, text, text)
    indexes = {"pypi": PYPI, "testpypi": TESTPYPI}
    if text in config.indexes:
        return _index(config, text, config.indexes[text])
    if text in config.channels:
        return _addressed(config, text, config.channels[text])
    if text in indexes:
        return indexes[text]
    known = [*indexes, Server.ANACONDA, *config.indexes, *config.channels]
    close = difflib.get_close_matches(text, known, n=1)
    hint = f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}, or an address"
    raise ConfigError(f"{text!r} is no place: {hint}")


def _anaconda(config: Config, label: str, text: str) -> Channel | UnconfiguredPublisher:
    owner = config.anaconda.owner
    if not owner:
        return UnconfiguredPublisher(
            text, "no Anaconda.org owner configured", 'Set anaconda.owner, or take "anaconda" out of the route.'
        )
    api = (config.anaconda.url or addresses.ANACONDA_API).rstrip("/")
    root = addresses.ANACONDA_CHANNEL if api == addresses.ANACONDA_API else api
    return Channel("anaconda", Server.ANACONDA, f"{root}/{owner}", api, owner, "main").labelled(label)


def _addressed(config: Config, name: str, address: str) -> Index | Channel:
    scheme, _, rest = address.partition("://")
    if scheme == "file":
        return Channel(name, Server.FOLDER, address)
    kind, plus, transport = scheme.partition("+")
    if not plus:
        return _index(config, name, address)
    if kind not in (Server.QUETZ, Server.PREFIX, Server.ARTIFACTORY):
        raise ConfigError(f"{address!r}: known are file://, quetz+https://, prefix+https:// and artifactory+https://")
    url = f"{transport}://{rest.rstrip('/')}"
    api, _, owner = url.rpartition("/")
    # Users install from another address than packages are sent to: Quetz's /get, prefix.dev's host for files.
    api = api.removesuffix("/get").replace("://repo.", "://") if kind != Server.ARTIFACTORY else api
    return Channel(name, Server(kind), url, api, owner)


def _index(config: Config, name: str, upload: str) -> Index:
    """An index by the address that takes its uploads; the simple API is where servers usually have it."""
    if urlsplit(upload).username:
        raise ConfigError(f"{bare(upload)}: not with a password; set TWINE_USERNAME and TWINE_PASSWORD instead")
    known = {index.upload.rstrip("/"): index for index in (PYPI, TESTPYPI)}
    if upload.rstrip("/") in known:
        return known[upload.rstrip("/")]
    simple = config.simple_urls.get(name) or upload.rstrip("/").removesuffix("/legacy") + "/simple/"
    return Index(name, name, upload, simple)
