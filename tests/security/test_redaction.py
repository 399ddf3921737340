"""No spelling of a secret passes the console, whoever wrote it."""

import base64
import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from release_tools.errors import ReleaseToolsError
from release_tools.model.note import Note, Section, State
from release_tools.system.console import Console
from release_tools.system.credentials import is_secret
from release_tools.system.process import ProcessError, run
from release_tools.system.sanitize import escape_words

SECRET = "pypi-AgEIcHlwaS5vcmc+ca/na?ry~ü"
KEY = "-----BEGIN KEY-----\nMC4CAQAwBQYDK2VwBCIEIPcanary\n-----END KEY-----\n"


def basic(user: str) -> str:
    return base64.b64encode(f"{user}:{SECRET}".encode()).decode()


SPELLINGS: dict[str, str] = {
    "raw": SECRET,
    "in the middle of a word": f"x{SECRET}x",
    "URL-encoded": quote(SECRET, safe=""),
    "in JSON": json.dumps({"token": SECRET}),
    "base64": base64.b64encode(SECRET.encode()).decode(),
    "base64, URL-safe": base64.urlsafe_b64encode(SECRET.encode()).decode(),
    "in a header, three bytes in": basic("ab"),
    "in a header, one byte in": basic("ana"),
    "in a header, two bytes in": basic("a"),
    "in a header with more behind it": base64.b64encode(f"a:{SECRET}\nb".encode()).decode(),
    "split by a colour": f"{SECRET[:9]}\x1b[0m{SECRET[9:]}",
    "split by a title": f"{SECRET[:9]}\x1b]0;x\x07{SECRET[9:]}",
}
WHERE: dict[str, Callable[[Console, str], None]] = {
    "a line": lambda console, text: console.say(text),
    "data": lambda console, text: console.data(text),
    "a remark": lambda console, text: console.remark(Note(State.WARNING, text, text, text)),
    "a section": lambda console, text: console.section(Section(text, (Note(State.WARNING, text, text, text),), 0.0)),
    "an error": lambda console, text: console.error(ReleaseToolsError(text, text, faults=[text])),
}


def pieces(text: str, size: int = 8) -> set[str]:
    return {text[start : start + size] for start in range(len(text) - size + 1)}


@pytest.mark.parametrize("job", ["true", ""], ids=["in a job", "in a terminal"])
@pytest.mark.parametrize("say", WHERE.values(), ids=WHERE)
@pytest.mark.parametrize("spelled", SPELLINGS.values(), ids=SPELLINGS)
def test_a_secret_is_shown_in_no_spelling(say: Callable[[Console, str], None], spelled: str, job: str) -> None:
    out, err = io.StringIO(), io.StringIO()
    say(Console({"SOME_TOKEN": SECRET, "GITHUB_ACTIONS": job}, out=out, err=err), spelled)
    said = out.getvalue() + err.getvalue()
    assert "***" in said
    # Base64 may leave the ends of what stands around the secret, and so one letter with bits of both.
    assert not pieces(SECRET) & pieces(said)
    assert not pieces(spelled.rstrip("="), 16) & pieces(said, 16)


@pytest.mark.parametrize("shown", [KEY, KEY.splitlines()[1], f"bad key: {KEY.splitlines()[1]!r}"])
def test_a_secret_of_several_lines_is_shown_by_none_of_them(shown: str) -> None:
    out, err = io.StringIO(), io.StringIO()
    Console({"SIGNING_KEY": KEY}, out=out, err=err).error(ReleaseToolsError(shown))
    assert "canary" not in out.getvalue() + err.getvalue()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("http://me:pa-canary%2Bword@proxy.example:3128", "407 from http://me:pa-canary%2Bword@proxy.example:3128"),
        ("http://me:pa-canary%2Bword@proxy.example:3128", "me:pa-canary+word was refused"),
        ("https://canary-token@index.example/simple", "cannot reach https://canary-token@index.example/simple"),
    ],
)
def test_a_password_in_an_address_is_a_secret_in_whatever_variable(value: str, shown: str) -> None:
    out = io.StringIO()
    Console({"PIP_INDEX_URL": value}, out=out).say(shown)
    assert "canary" not in out.getvalue()


@pytest.mark.parametrize("empty", ["", "x", "    ", "\n"])
def test_what_is_too_short_to_be_a_secret_spoils_no_text(empty: str) -> None:
    out = io.StringIO()
    console = Console({"SOME_TOKEN": empty}, out=out)
    console.mask(empty)
    console.say("x is here")
    assert out.getvalue() == "x is here\n"


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("TWINE_PASSWORD", True),
        ("github_token", True),
        ("QUETZ_API_KEY", True),
        ("AWS_SECRET_ACCESS_KEY", True),
        ("GPG_PASSPHRASE", True),
        ("GOOGLE_APPLICATION_CREDENTIALS", True),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", True),
        ("ACTIONS_ID_TOKEN_REQUEST_URL", False),
        ("SSH_AUTH_SOCK", False),
        ("PATH", False),
    ],
)
def test_a_variable_is_a_secret_by_its_name(name: str, *, secret: bool) -> None:
    assert is_secret(name) is secret


@pytest.mark.parametrize("streams", ["one", "both"])
def test_a_secret_that_a_program_writes_in_two_pieces_is_shown_in_none(streams: str, tmp_path: Path) -> None:
    other = "err" if streams == "both" else "out"
    program = (
        f"import sys, time\nsys.stdout.write('so ' + {SECRET[:9]!r}); sys.stdout.flush(); time.sleep(0.05)\n"
        f"sys.std{other}.write({SECRET[9:]!r} + ' it is'); sys.exit(1)\n"
    )
    out, err = io.StringIO(), io.StringIO()
    with pytest.raises(ProcessError) as raised:
        run([sys.executable, "-I", "-X", "utf8", "-c", program], env=dict(os.environ), cwd=tmp_path)
    Console({"SOME_TOKEN": SECRET}, out=out, err=err).error(ReleaseToolsError("it failed", raised.value.output))
    assert "so *** it is" in err.getvalue()


@pytest.mark.parametrize("room", range(10, 60, 3))
@pytest.mark.parametrize("last", [False, True], ids=["first", "last"])
def test_what_is_cut_short_shows_no_half_of_a_secret(room: int, *, last: bool) -> None:
    out = io.StringIO()
    text = f"so it is refused: {SECRET} is not one of ours, it said"
    Console({"SOME_TOKEN": SECRET}, out=out).say(escape_words(text, room, last=last))
    assert not pieces(SECRET, 4) & pieces(out.getvalue(), 4)
