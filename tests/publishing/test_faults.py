"""The fault table: every action, struck by every fault; how the run ends, and what stands there after the next one."""

import os
import signal
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from release_tools.errors import ConflictError, CredentialError, RemoteError
from release_tools.model.artifact import ArtifactKind
from release_tools.model.release import Release
from tests.publishing.built_project import BuiltProject
from tests.servers.base import Fault, Response, What
from tests.support.runs import Run, Runs

pytestmark = pytest.mark.slow

OTHER = b"other bytes"
FINE, CONFLICT, REFUSED, FAILED = 0, ConflictError.exit_code, CredentialError.exit_code, RemoteError.exit_code


@dataclass(frozen=True)
class ServerAction:
    """A request that changes something, or the look before it.

    Attributes:
        place: the double that it goes to.
        method: of the request.
        path: regular expression in ``host/path``.
    """

    place: str
    method: str
    path: str


ACTIONS = {
    "upload to PyPI": ServerAction("pypi", "POST", r"^upload\.pypi\.org/legacy/$"),
    "stage at Anaconda.org": ServerAction("anaconda", "POST", r"^api\.anaconda\.org/stage/"),
    "store at Anaconda.org": ServerAction("anaconda", "POST", r"/s3$"),
    "commit at Anaconda.org": ServerAction("anaconda", "POST", r"^api\.anaconda\.org/commit/"),
}
LOOKS = {
    "look at PyPI": ServerAction("pypi", "GET", r"^pypi\.org/simple/demo/$"),
    "look at Anaconda.org": ServerAction("anaconda", "GET", r"^api\.anaconda\.org/release/octo/demo/1\.0$"),
}


@dataclass(frozen=True)
class Trouble:
    """A fault, the exit code of the run that meets it, and of the next one, when the server is well again."""

    fault: Fault
    ends: int
    then: int = FINE


TROUBLES_BETWEEN = {"500", "dropped halfway", "done, but its answer dropped halfway", "done, but answered with 500"}
"""The faults that differ at the second and third of three requests that are one action: what was done matters."""
ACTION_TROUBLES = {
    "500": Trouble(Fault(times=None), FAILED),
    "503, then fine": Trouble(Fault(response=Response(503)), FINE),
    "429, then fine": Trouble(Fault(response=Response(429, headers={"Retry-After": "0"})), FINE),
    "dropped halfway": Trouble(Fault(What.DROP), FINE),
    "done, but its answer dropped halfway": Trouble(Fault(What.DROP, done=True), FINE),
    "done, but answered with 500": Trouble(Fault(done=True), FINE),
    "no answer in time": Trouble(Fault(What.HANG), FINE),
    "done, but no answer in time": Trouble(Fault(What.HANG, done=True), FINE),
    "401": Trouble(Fault(response=Response(401), times=None), REFUSED),
    "403": Trouble(Fault(response=Response(403), times=None), REFUSED),
}
LOOK_TROUBLES = {
    "500": Trouble(Fault(times=None), FAILED),
    "503, then fine": Trouble(Fault(response=Response(503)), FINE),
    "429, then fine": Trouble(Fault(response=Response(429, headers={"Retry-After": "0"})), FINE),
    "dropped halfway": Trouble(Fault(What.DROP, done=True), FINE),
    "no answer in time": Trouble(Fault(What.HANG), FINE),
    "401": Trouble(Fault(response=Response(401), times=None), FAILED),
    "403": Trouble(Fault(response=Response(403), times=None), FAILED),
    "an answer that is no listing": Trouble(Fault(response=Response.of_json([]), times=None), FAILED),
}
BETWEEN = {"store at Anaconda.org", "commit at Anaconda.org"}
CELLS = [
    pytest.param(
        action,
        trouble,
        id=f"{name}: {fault}",
        marks=pytest.mark.exhaustive if name in BETWEEN and fault not in TROUBLES_BETWEEN else (),
    )
    for actions, troubles in ((ACTIONS, ACTION_TROUBLES), (LOOKS, LOOK_TROUBLES))
    for name, action in actions.items()
    for fault, trouble in troubles.items()
]
REFUSALS = [
    pytest.param(
        action,
        status,
        id=f"{name}: {status}",
        marks=pytest.mark.exhaustive if name in BETWEEN and status == 400 else (),
    )
    for name, action in ACTIONS.items()
    for status in (400, 409)
]


@pytest.fixture
def release(there: BuiltProject, request: pytest.FixtureRequest) -> Release:
    """Only what goes to the action's place: the rest of a release would only cost time."""
    action: ServerAction = request.getfixturevalue("action")
    there.log_in()
    return there.build(dists=action.place == "pypi", conda=action.place == "anaconda")


def strike(there: BuiltProject, action: ServerAction, fault: Fault) -> None:
    double = getattr(there, action.place)
    double.faults = [replace(fault, method=action.method, path=action.path)]


def heal(there: BuiltProject) -> None:
    there.pypi.faults, there.anaconda.faults = [], []


def see_everything_there_once(there: BuiltProject, release: Release) -> None:
    dists = there.expected(release, ArtifactKind.SDIST, ArtifactKind.WHEEL)
    condas = {f"noarch/{name}": digest for name, digest in there.expected(release, ArtifactKind.CONDA).items()}
    assert there.pypi.holds() == dists
    assert {name: digest for name, (digest, _) in there.anaconda.holds().items()} == condas
    assert sorted(there.pypi.accepted + there.anaconda.accepted) == sorted([*dists, *condas])


@pytest.mark.parametrize(("action", "trouble"), CELLS)
def test_a_fault_costs_a_rerun_at_most(
    there: BuiltProject, release: Release, action: ServerAction, trouble: Trouble, capsys: pytest.CaptureFixture[str]
) -> None:
    strike(there, action, trouble.fault)
    impatience = ["--network-timeout", "3"] if trouble.fault.what is What.HANG else []
    assert there.run("publish", *impatience) == trouble.ends, capsys.readouterr()
    heal(there)
    assert there.run("publish") == trouble.then, capsys.readouterr()
    see_everything_there_once(there, release)


def meanwhile(there: BuiltProject, release: Release, action: ServerAction, content: bytes | None) -> None:
    """Somebody else publishes under our names just now: the same bytes, or others."""
    for artifact in release.artifacts:
        bytes_there = artifact.path.read_bytes() if content is None else content
        if action.place == "pypi" and artifact.kind is ArtifactKind.WHEEL:
            there.pypi.put(artifact.filename, bytes_there)
        if action.place == "anaconda":
            there.anaconda.put("octo", "demo", "1.0", f"noarch/{artifact.filename}", bytes_there, "main")


@pytest.mark.parametrize(("action", "status"), REFUSALS)
def test_the_same_bytes_from_elsewhere_are_as_good_as_ours(
    there: BuiltProject, release: Release, action: ServerAction, status: int
) -> None:
    refusal = Response.of_text("File already exists", status)
    strike(there, action, Fault(response=refusal, meanwhile=lambda: meanwhile(there, release, action, None)))
    assert there.run("publish") == FINE
    assert there.run("publish") == FINE


@pytest.mark.parametrize(("action", "status"), REFUSALS)
def test_other_bytes_from_elsewhere_are_a_conflict_and_stay(
    there: BuiltProject, release: Release, action: ServerAction, status: int
) -> None:
    refusal = Response.of_text("File already exists", status)
    strike(there, action, Fault(response=refusal, meanwhile=lambda: meanwhile(there, release, action, OTHER)))
    assert there.run("publish") == CONFLICT
    before = len(there.pypi.lines("POST")), len(there.anaconda.lines("POST"))
    assert there.run("publish") == CONFLICT
    assert (len(there.pypi.lines("POST")), len(there.anaconda.lines("POST"))) == before
    assert OTHER in {file.content for file in there.pypi.files.values()} | {
        dist.content for dist in there.anaconda.dists.values()
    }


@pytest.mark.parametrize(
    "action", [ACTIONS["upload to PyPI"], ACTIONS["commit at Anaconda.org"]], ids=["PyPI", "Anaconda.org"]
)
def test_a_wrong_digest_served_afterwards_is_a_conflict(
    there: BuiltProject, release: Release, action: ServerAction
) -> None:
    name = release.artifacts[0].filename
    double = getattr(there, action.place)
    double.lies = {name: "0" * 64, f"noarch/{name}": "0" * 64}
    assert there.run("publish") == CONFLICT
    assert there.run("publish") == CONFLICT
    double.lies = {}
    assert there.run("publish") == FINE
    see_everything_there_once(there, release)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL and fork are of POSIX")
@pytest.mark.parametrize(
    ("action", "done"),
    [
        *(
            pytest.param(action, done, id=f"{name}, {'after' if done else 'before'}")
            for name, action in ACTIONS.items()
            for done in (False, True)
        ),
        *(pytest.param(action, False, id=name) for name, action in LOOKS.items()),  # which change nothing
    ],
)
def test_killed_at_any_action_the_next_run_does_the_rest(
    runs: Runs, there: BuiltProject, release: Release, action: ServerAction, *, done: bool
) -> None:
    log = there.folder / "log"
    double = getattr(there, action.place)
    double.kill = lambda: os.kill(int(Path(f"{log}.pid").read_text()), signal.SIGKILL)
    strike(there, action, Fault(What.KILL, done=done))
    ended = runs.one(Run(("publish", "-C", str(there.project), "--offline-tag"), there.env, str(log)))
    assert ended.code == -signal.SIGKILL, ended.said
    heal(there)
    assert there.run("publish") == FINE
    see_everything_there_once(there, release)
