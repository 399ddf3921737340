"""Real host names without a network: a CONNECT proxy that ends TLS itself and lets doubles answer for the hosts.

A host that nobody plays is refused with 502 and remembered, so that a test can assert that nothing leaked.
"""

import ssl
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import trustme

from tests.servers.base import Double, Handler, Server, running


@cache
def _authority() -> trustme.CA:
    return trustme.CA()


@dataclass
class Proxy:
    """A running proxy.

    Attributes:
        url: what ``HTTPS_PROXY`` is set to.
        ca: PEM file with the throw-away authority's certificate.
        routes: who plays which host; may grow while it runs.
        unknown: hosts that were asked for and that nobody plays.
    """

    ca: Path
    routes: dict[str, Double]
    url: str = ""
    unknown: list[str] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """Return what a child process needs so that each client that we use goes through here, and nowhere else."""
        bundle = str(self.ca)
        return {
            "HTTPS_PROXY": self.url,
            "https_proxy": self.url,
            "HTTP_PROXY": self.url,
            "http_proxy": self.url,
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
            "SSL_CERT_FILE": bundle,
            "REQUESTS_CA_BUNDLE": bundle,
            "PIP_CERT": bundle,
            "GIT_SSL_CAINFO": bundle,
            "OTEL_SDK_DISABLED": "true",
            "RELEASE_TOOLS_CONDA_WHEEL_CHANNEL": "none",  # its index is read past Python, by another client
        }

    @property
    def complaints(self) -> list[str]:
        """Everything that should not have happened: unknown hosts and what the doubles refused."""
        doubles = {id(double): double for double in self.routes.values()}
        return [
            *(f"unknown host asked: {host}" for host in self.unknown),
            *(text for double in doubles.values() for text in double.complaints),
        ]


class _ProxyHandler(Handler):
    proxy: Proxy
    host = ""

    def target_double(self) -> Double | None:
        return self.proxy.routes.get(self.host)

    def target_host(self) -> str:
        return self.host

    def do_CONNECT(self) -> None:  # noqa: N802 - the base class calls it so
        host = self.path.rpartition(":")[0]
        if host not in self.proxy.routes:
            self._refuse(host)
            return
        self.send_response(200, "Connection established")
        self.end_headers()
        self.wfile.flush()
        self.connection = _tls(frozenset(self.proxy.routes)).wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb")
        self.host = host
        self.close_connection = False

    def serve_request(self) -> None:
        if self.host:
            super().serve_request()
        else:
            self._refuse(self.path)

    def finish(self) -> None:
        """Close the TLS socket too: the server only knows the one under it, which TLS has taken over."""
        try:
            super().finish()
        finally:
            for file in (self.wfile, self.rfile):
                with suppress(OSError):  # what a client that hung up will never read
                    file.close()
            self.connection.close()

    def _refuse(self, host: str) -> None:
        self.proxy.unknown.append(host)
        self.send_error(502, f"nobody plays {host}")
        self.close_connection = True


@cache
def _tls(hosts: frozenset[str]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _authority().issue_cert(*sorted(hosts)).configure_cert(context)
    return context


@contextmanager
def proxying(routes: Mapping[str, Double]) -> Iterator[Proxy]:
    """Run a proxy in which each double plays its hosts."""
    with tempfile.TemporaryDirectory(prefix="release-tools-proxy-") as folder:
        ca = Path(folder, "ca.pem")
        _authority().cert_pem.write_to_path(str(ca))
        proxy = Proxy(ca, dict(routes))
        handler = type("BoundProxyHandler", (_ProxyHandler,), {"proxy": proxy})
        with running(Server(("127.0.0.1", 0), handler)) as port:
            proxy.url = f"http://127.0.0.1:{port}"
            try:
                yield proxy
            finally:
                for double in proxy.routes.values():
                    double.close()
