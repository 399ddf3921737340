"""The gate: what is done, what is only said, and what happens when an answer is lost."""

from collections.abc import Callable

import pytest

from release_tools.engine.gate import Action, Gate
from release_tools.errors import ConflictError, CredentialError, RemoteError, UnreachableError
from release_tools.model.action import Receipt
from release_tools.model.note import State

OURS = Receipt("pypi:demo-1.0.tar.gz", "https://pypi.org/demo", "aa")
THEIRS = Receipt("pypi:demo-1.0.tar.gz", "https://pypi.org/demo", "bb")


class Remote:
    """The other side: each performance meets the next of the given fates."""

    def __init__(self, there: Receipt | None = None, *fates: Callable[["Remote"], None]) -> None:
        self.there = there
        self.fates = list(fates)
        self.performed = 0

    def apply(self) -> Receipt:
        self.performed += 1
        if self.fates:
            self.fates.pop(0)(self)
        self.there = OURS
        return OURS

    @property
    def act(self) -> Action:
        return Action("upload it", OURS, lambda: self.there, self.apply)


def fails(_: Remote) -> None:
    raise UnreachableError("no answer")


def is_done_but_fails(remote: Remote) -> None:
    remote.there = OURS
    raise UnreachableError("no answer")


def is_overtaken(remote: Remote) -> None:
    remote.there = THEIRS
    raise UnreachableError("no answer")


def is_refused(_: Remote) -> None:
    raise RemoteError("400")


def is_refused_as_there_already(remote: Remote) -> None:
    remote.there = OURS
    raise RemoteError("400 File already exists")


def is_forbidden(_: Remote) -> None:
    raise CredentialError("403")


@pytest.mark.parametrize(
    ("is_dry_run", "remote", "state", "performed"),
    [
        (True, Remote(), State.PLANNED, 0),
        (True, Remote(OURS), State.UNCHANGED, 0),
        (False, Remote(), State.DONE, 1),
        (False, Remote(OURS), State.UNCHANGED, 0),
        (False, Remote(None, fails), State.DONE, 2),
        (False, Remote(None, fails, fails), State.DONE, 3),
        (False, Remote(None, is_done_but_fails), State.DONE, 1),
        (False, Remote(None, fails, is_done_but_fails), State.DONE, 2),
        (False, Remote(None, is_refused_as_there_already), State.DONE, 1),
    ],
)
def test_what_passes_the_gate(*, is_dry_run: bool, remote: Remote, state: State, performed: int) -> None:
    receipt = Gate(is_dry_run, sleep=lambda _: None).run(remote.act)
    assert (receipt.digest, receipt.state, remote.performed) == ("aa", state, performed)


@pytest.mark.parametrize(
    ("is_dry_run", "remote", "error", "performed"),
    [
        (True, Remote(THEIRS), ConflictError, 0),
        (False, Remote(THEIRS), ConflictError, 0),
        (False, Remote(None, fails, fails, fails), UnreachableError, 3),
        (False, Remote(None, is_overtaken), ConflictError, 1),
        (False, Remote(None, is_refused), RemoteError, 1),
        (False, Remote(None, is_forbidden), CredentialError, 1),
    ],
)
def test_what_the_gate_holds_back(*, is_dry_run: bool, remote: Remote, error: type[Exception], performed: int) -> None:
    with pytest.raises(error):
        Gate(is_dry_run, sleep=lambda _: None).run(remote.act)
    assert remote.performed == performed


@pytest.mark.parametrize(("asked", "waited"), [(0.0, [2.0, 4.0]), (3.0, [3.0, 4.0]), (86400.0, [60.0, 60.0])])
def test_a_server_may_ask_for_time_up_to_a_cap(asked: float, waited: list[float]) -> None:
    def asks(_: Remote) -> None:
        error = UnreachableError("429")
        error.wait = asked
        raise error

    pauses: list[float] = []
    Gate(is_dry_run=False, sleep=pauses.append).run(Remote(None, asks, asks).act)
    assert pauses == waited
