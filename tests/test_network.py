"""Test that the tests themselves stay on this machine."""

import socket
import subprocess
import sys
from collections.abc import Callable, Mapping

import pytest

from release_tools.system.http import Http
from release_tools.system.retries import RetryPolicy
from tests.support import network

ELSEWHERE = "192.0.2.7"  # nobody's, by RFC 5737


def by_name() -> None:
    socket.create_connection(("example.org", 443), timeout=1)


def by_address() -> None:
    socket.create_connection((ELSEWHERE, 443), timeout=1)


def by_datagram() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"x", (ELSEWHERE, 53))


@pytest.mark.parametrize("reach", [by_name, by_address, by_datagram])
def test_nothing_elsewhere_is_reached_from_here(reach: Callable[[], None]) -> None:
    with pytest.raises(OSError, match="beyond what a test may reach"):
        reach()
    assert network.beyond.pop() in ("example.org", ELSEWHERE)


def test_a_client_that_takes_the_refusal_for_a_lost_network_is_found_out() -> None:
    http = Http.to(["https://example.org"], {}, RetryPolicy(tries=1))
    with pytest.raises(Exception, match="could not be reached"):
        http.get("https://example.org/")
    http.close()
    assert network.beyond == ["example.org"]
    network.beyond.clear()


def test_a_child_gets_nowhere(env: Mapping[str, str]) -> None:
    ask = "from urllib.request import urlopen\nurlopen('https://pypi.org/', timeout=5)"
    done = subprocess.run([sys.executable, "-c", ask], env=env, capture_output=True, text=True, check=False)
    assert "Connection refused" in done.stderr or "WinError" in done.stderr


def test_this_machine_is_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname(), timeout=5):
        assert network.beyond == []
