"""No test reaches beyond this machine, but those that build from the package registry that it is set up for.

In this process, names are not resolved and sockets not connected elsewhere; whatever it starts is told a proxy where
nobody listens, and so is what asks the network past Python.
"""

import ipaddress
import json
import os
import socket
import sys
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

PROXIES: Final = tuple(
    spelled for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY") for spelled in (name, name.lower())
)
_REPORTED: Final = "TESTS_ONLINE"  # by the process that started this one to run tests beside it, and took it away
ONLINE: Final[Mapping[str, str]] = json.loads(
    os.environ.get(_REPORTED) or json.dumps({name: os.environ[name] for name in PROXIES if name in os.environ})
)
"""Variables by which this machine reaches its package registry."""

NOBODY: Final = "http://127.0.0.1:9"
OFFLINE: Final[Mapping[str, str]] = {
    name: "127.0.0.1,localhost,::1" if name.lower() == "no_proxy" else NOBODY for name in PROXIES
}
"""Variables with which nothing but this machine is reached."""

_INDEXES: Final = ("UV_INDEX_URL", "UV_DEFAULT_INDEX", "PIP_INDEX_URL", *ONLINE)
REGISTRY: Final = frozenset(
    {"pypi.org", "files.pythonhosted.org"}
    | {host for name in _INDEXES if (host := urlsplit(ONLINE.get(name) or os.environ.get(name, "")).hostname)}
)

beyond: Final[list[str]] = []
"""Hosts that the running test asked for all the same."""
_resolved: Final[set[str]] = set()
_resolve: Final = socket.getaddrinfo


def _is_here(host: str) -> bool:
    if host in ("", "localhost", socket.gethostname()) or host in REGISTRY or host in _resolved:
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _refuse(host: object) -> None:
    name = host.decode() if isinstance(host, bytes) else str(host or "")
    if not _is_here(name):
        beyond.append(name)
        raise OSError(f"{name} is beyond what a test may reach")


def _guarded_resolve(host: Any, *arguments: Any, **options: Any) -> list[Any]:  # noqa: ANN401 - handed on
    _refuse(host)
    found = _resolve(host, *arguments, **options)
    if host in REGISTRY:
        _resolved.update(str(address[0]) for *_, address in found)
    return found


def _guard(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.sendto") and isinstance(arguments[1], tuple):
        _refuse(arguments[1][0])


def guard() -> None:
    """From now on and to the end of this process."""
    os.environ.update({**OFFLINE, _REPORTED: json.dumps(ONLINE)})
    socket.getaddrinfo = _guarded_resolve
    sys.addaudithook(_guard)
