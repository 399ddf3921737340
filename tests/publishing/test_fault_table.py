"""The fault table: one loop over every destination, with each fault around each of its actions."""

import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from release_tools.errors import RemoteError
from release_tools.publishers.conda_channel.servers import SERVERS
from tests.publishing.destinations import DESTINATIONS, Destination, Machines, build, machines
from tests.servers.base import Outage
from tests.support.runs import AFTER, BEFORE, Ended, Run, Runs

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="fork and SIGKILL are of POSIX")]

USUAL = ("tag by git", "GitHub release", "PyPI", "anaconda", "conda-forge")
every_destination = pytest.mark.parametrize(
    "destination",
    [
        pytest.param(destination, id=name, marks=() if name in USUAL else pytest.mark.exhaustive)
        for name, destination in DESTINATIONS.items()
    ],
)
KILLED = -signal.SIGKILL
MOST_RUNS = 20


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    build(folder)
    return folder


def publish(runs: Runs, there: Machines, kill: str = "") -> Ended:
    """Each run is on another machine: nothing is known of the one before but what the destination shows."""
    return runs.one(Run(*there.machine(), kill))


def named(there: Machines, keys: tuple[str, ...]) -> list[str]:
    """The keys of actions, without the folder of a channel in a folder."""
    return [key.replace(there.folder.as_uri(), "") for key in keys]


def test_every_kind_of_conda_server_is_in_the_table() -> None:
    assert SERVERS.keys() <= DESTINATIONS.keys()


@dataclass(frozen=True)
class Whole:
    """The actions of a run without any fault, and what is there after it.

    Attributes:
        actions: the keys of its actions.
        holds: everything that is anywhere.
        taken: the files that the servers took, once for each time.
    """

    actions: list[str]
    holds: dict[str, Any]
    taken: list[str]


@pytest.fixture(scope="module")
def whole(runs: Runs, files: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Destination], Whole]:
    """Publish without any fault, once for all tests of a destination."""

    @cache
    def run(destination: Destination) -> Whole:
        with machines(tmp_path_factory.mktemp("whole") / "world", destination, files) as there:
            first = publish(runs, there)
            assert first.code == 0, first.said
            assert first.applied
            found = Whole(named(there, first.applied), there.holds(), there.count_uploads())
            second = publish(runs, there)
            assert (second.code, second.applied) == (0, ()), second.said
            assert there.holds() == found.holds
        return found

    return run


@pytest.fixture
def there(tmp_path: Path, destination: Destination, files: Path) -> Iterator[Machines]:
    with machines(tmp_path / "world", destination, files) as made:
        yield made


@every_destination
def test_killed_before_and_after_each_action_a_rerun_elsewhere_does_the_rest_once(
    runs: Runs, there: Machines, whole: Callable[[Destination], Whole], destination: Destination
) -> None:
    applied: list[str] = []
    for _ in range(MOST_RUNS):
        before = there.holds()
        ended = publish(runs, there, BEFORE)
        assert there.holds() == before
        if ended.code != KILLED:
            break
        ended = publish(runs, there, AFTER)
        assert ended.code == KILLED, ended.said
        applied += named(there, ended.applied)
    assert ended.code == 0, ended.said
    assert Whole(applied, there.holds(), there.count_uploads()) == whole(destination)


@every_destination
def test_a_server_that_breaks_down_at_any_write_costs_a_rerun(
    runs: Runs, there: Machines, whole: Callable[[Destination], Whole], destination: Destination
) -> None:
    """From one write on, every answer is a 500; the write itself is done, or the next time is not."""
    for write in range(MOST_RUNS):
        for double in there.doubles:
            double.faults = [Outage(write=write // 2, done=write % 2 == 0, times=None)]
        ended = publish(runs, there)
        assert ended.code in {0, RemoteError.exit_code}, ended.said
        if ended.code == 0:
            break
    for double in there.doubles:
        double.faults = []
    ended = publish(runs, there)
    assert ended.code == 0, ended.said
    expected = whole(destination)
    assert (there.holds(), there.count_uploads()) == (expected.holds, expected.taken)


@every_destination
def test_two_runs_at_once_end_where_one_would(
    runs: Runs, there: Machines, whole: Callable[[Destination], Whole], destination: Destination
) -> None:
    ended = runs.together(Run(*there.machine()), Run(*there.machine()))
    assert all(one.code in {0, RemoteError.exit_code} for one in ended), [one.said for one in ended]
    last = publish(runs, there)
    assert last.code == 0, last.said
    assert there.holds() == whole(destination).holds
