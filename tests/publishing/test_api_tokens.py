"""API tokens of PyPI, read before they are used: for which projects they are, and whether they are good now."""

import base64
import json
import time

import pytest

from release_tools.errors import CredentialError
from release_tools.publishers.package_index.api_tokens import Rights, read_rights
from tests.publishing.built_project import BuiltProject

PYPI_ONLY = ("publish", "--routes-final", "pypi", "--attestations", "off")
NOW = int(time.time())


def field(kind: int, data: bytes) -> bytes:
    assert len(data) < 1 << 14
    length = bytes([len(data)]) if len(data) < 128 else bytes([len(data) & 0x7F | 0x80, len(data) >> 7])
    return bytes([kind]) + length + data


def token(*caveats: object) -> str:
    """Return a token as PyPI makes it."""
    head = b"\x02" + field(1, b"pypi.org") + field(2, b"4a9b1c0e-canary") + b"\x00"
    rest = b"".join(field(2, json.dumps(caveat).encode()) + b"\x00" for caveat in caveats)
    whole = head + rest + b"\x00" + field(6, b"s" * 32)
    return "pypi-" + base64.urlsafe_b64encode(whole).decode().rstrip("=")


@pytest.mark.parametrize(
    ("caveats", "expected"),
    [
        ((), Rights()),
        (([3, "user-id"],), Rights()),
        (([1, ["demo"]], [2, ["project-id"]]), Rights(frozenset({"demo"}))),
        (({"version": 1, "permissions": {"projects": ["demo", "other"]}},), Rights(frozenset({"demo", "other"}))),
        (({"version": 1, "permissions": "user"},), Rights()),
        (([1, ["demo", "other"]], [1, ["demo"]]), Rights(frozenset({"demo"}))),
        (([0, 200, 100],), Rights(None, 100, 200)),
        (([1, ["x" * 300]],), Rights(frozenset({"x" * 300}))),
        (("unknown", 7, None, [0], [1, "demo"]), Rights()),
    ],
)
def test_a_token_says_what_it_is_for(caveats: tuple[object, ...], expected: Rights) -> None:
    assert read_rights(token(*caveats)) == expected


@pytest.mark.parametrize(
    "text", ["", "secret", "pypi-", "pypi-canary", "pypi-é", "pypi-AgEI", token([1, ["demo"]])[:-60], "pypi-Av____8P"]
)
def test_what_is_no_token_is_not_judged(text: str) -> None:
    assert read_rights(text) is None


@pytest.mark.parametrize(
    ("caveat", "said"),
    [
        ([1, ["other", "another"]], "the token is for another, other, not demo"),
        ([0, NOW - 60, NOW - 600], "the token is not valid now"),
        ([0, NOW + 90_000, NOW + 86_400], "the token is not valid now"),
    ],
)
def test_a_token_that_cannot_do_it_is_refused_before_anything_goes(
    caveat: object, said: str, there: BuiltProject, capsys: pytest.CaptureFixture[str]
) -> None:
    there.build(conda=False)
    there.env["TWINE_PASSWORD"] = token(caveat)
    assert there.run(*PYPI_ONLY) == CredentialError.exit_code
    assert said in capsys.readouterr().err
    assert there.pypi.uploads == []


@pytest.mark.parametrize(
    ("caveat", "said"),
    [([1, ["demo"]], "for demo alone"), ([3, "user-id"], "for all projects of its account")],
)
def test_a_token_that_can_is_reported_with_what_it_is_for(
    caveat: object, said: str, there: BuiltProject, capsys: pytest.CaptureFixture[str]
) -> None:
    there.build(conda=False)
    there.env["TWINE_PASSWORD"] = token(caveat)
    assert there.run(*PYPI_ONLY, "--dry-run") == 0
    assert f"login for PyPI from TWINE_PASSWORD  {said}" in capsys.readouterr().out
