"""`status`: how far a version is on its way to conda-forge's users, and waiting until they can install it."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from release_tools.cli.main import main
from tests.conda_forge.forge import BOT, FEEDSTOCK, STAGED, URL, Forge, bots_pull, recipe, served
from tests.servers.anaconda import Dist, Store

STAGES = ("pull-request", "checks", "merged", "built", "installable")
SHA = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def channel(forge: Forge, *depends: str) -> str:
    """A channel with one package, which needs what is not there if anything; gives its address."""
    folder = forge.folder / "channel"
    (folder / "noarch").mkdir(parents=True, exist_ok=True)
    record = {
        "name": "demo", "version": "1.0", "build": "0", "build_number": 0, "depends": list(depends),
        "subdir": "noarch", "sha256": SHA, "size": 1,
    }  # fmt: skip
    packages = {"demo-1.0-0.conda": record}
    content = {"info": {"subdir": "noarch"}, "packages": {}, "packages.conda": packages}
    (folder / "noarch" / "repodata.json").write_text(json.dumps(content))
    return folder.as_uri()


def built(forge: Forge) -> None:
    basename = "noarch/demo-1.0-pyh_0.conda"
    forge.anaconda.stores["conda-forge"] = Store({"demo"}, {("demo", "1.0")})
    dist = Dist("conda-forge", "demo", "1.0", basename, ["main"], "", {}, b"-", committed=True)
    forge.anaconda.dists["conda-forge", "demo", "1.0", basename] = dist


def arguments(forge: Forge, channels: str = "") -> list[str]:
    here = ["--name", "demo", "-C", str(forge.folder), "--routes-dev", "pypi", "--no-github"]
    return ["status", "1.0", *here, f"--conda-channels={channels}", "--network-pause", "1"]


def status(forge: Forge, capsys: pytest.CaptureFixture[str], channels: str = "") -> dict[str, Any]:
    argv = [*arguments(forge, channels), "--json"]
    assert main(argv, {**forge.env, "HOME": str(forge.folder)}) == 0
    publishers = json.loads(capsys.readouterr().out)["publishers"]
    return next(one for one in publishers if one["publisher"] == "conda-forge")


def nothing(forge: Forge) -> None:
    """Nobody has done anything."""


def opened(forge: Forge) -> None:
    bots_pull(forge, recipe("1.0", served(forge)))


def running(forge: Forge) -> None:
    opened(forge)
    forge.pulls[0].checks = {"linux_64_": "success", "win_64_": None}


def failing(forge: Forge) -> None:
    opened(forge)
    forge.pulls[0].checks = {"linux_64_": "success", "win_64_": "failure"}
    forge.pulls[0].statuses = {"conda-forge-linter": "success"}


def failing_by_status(forge: Forge) -> None:
    opened(forge)
    forge.pulls[0].checks = {"linux_64_": "skipped"}
    forge.pulls[0].statuses = {"conda-forge-linter": "error"}


def passing(forge: Forge) -> None:
    opened(forge)
    forge.pulls[0].checks = {"linux_64_": "success", "win_64_": "neutral"}
    forge.pulls[0].statuses = {"conda-forge-linter": "success"}


def closed(forge: Forge) -> None:
    opened(forge)
    forge.pulls[0].state = "closed"


def closed_and_opened_again(forge: Forge) -> None:
    closed(forge)
    bots_pull(forge, recipe("1.0", served(forge)), author="bob", title="update to 1.0")


def merged(forge: Forge) -> None:
    forge.upstream({"recipe/recipe.yaml": recipe("1.0", served(forge))})


def another_version(forge: Forge) -> None:
    bots_pull(forge, recipe("1.0", served(forge)), title="demo v1.0.1")
    forge.pulls[0].head_branch = "1.0.1_h1"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("what", "states"),
    [
        (nothing, "pending pending pending pending pending"),
        (another_version, "pending pending pending pending pending"),
        (opened, "done pending pending pending pending"),
        (running, "done pending pending pending pending"),
        (failing, "done failed pending pending pending"),
        (failing_by_status, "done failed pending pending pending"),
        (passing, "done done pending pending pending"),
        (closed, "failed pending pending pending pending"),
        (closed_and_opened_again, "done pending pending pending pending"),
        (merged, "done done done pending pending"),
        (built, "done done done done unknown"),
    ],
)
def test_status_has_each_stage(
    forge: Forge, capsys: pytest.CaptureFixture[str], what: Callable[[Forge], None], states: str
) -> None:
    what(forge)
    stages = status(forge, capsys)["stages"]
    assert {one["stage"]: one["state"] for one in stages} == dict(zip(STAGES, states.split(), strict=True))


@pytest.mark.slow
def test_what_failed_is_named_and_linked(forge: Forge, capsys: pytest.CaptureFixture[str]) -> None:
    failing(forge)
    pull, checks, *_ = status(forge, capsys)["stages"]
    assert (pull["detail"], checks["detail"]) == (URL, "win_64_")


@pytest.mark.parametrize(("depends", "state"), [((), "done"), (("nowhere >=1",), "pending")])
def test_the_solver_decides_if_it_is_installable(
    forge: Forge, capsys: pytest.CaptureFixture[str], depends: tuple[str, ...], state: str
) -> None:
    built(forge)
    last = status(forge, capsys, channel(forge, *depends))["stages"][-1]
    assert (last["stage"], last["state"]) == ("installable", state)
    assert ("nowhere" in last["detail"]) is bool(depends)


def test_an_index_that_lags_is_not_installable(forge: Forge, capsys: pytest.CaptureFixture[str]) -> None:
    built(forge)
    (forge.folder / "empty" / "noarch").mkdir(parents=True)
    (forge.folder / "empty" / "noarch" / "repodata.json").write_text('{"packages": {}, "packages.conda": {}}')
    assert status(forge, capsys, (forge.folder / "empty").as_uri())["stages"][-1]["state"] == "pending"


@pytest.mark.slow
def test_a_new_package_is_followed_in_staged_recipes(forge: Forge, capsys: pytest.CaptureFixture[str]) -> None:
    forge.without_feedstock()
    forge.release()
    forge.pulls[0].checks = {"linux": "success"}
    found = status(forge, capsys)
    assert [one["state"] for one in found["stages"][:3]] == ["done", "done", "pending"]
    assert found["url"].endswith(STAGED)


def test_people_read_each_stage(forge: Forge, capsys: pytest.CaptureFixture[str]) -> None:
    failing(forge)
    assert main(arguments(forge), {**forge.env, "HOME": str(forge.folder)}) == 0
    shown = capsys.readouterr().out.partition("conda-forge  ")[2]
    for word in (URL, "win_64_", "not merged", FEEDSTOCK):
        assert word in f"{shown} {FEEDSTOCK}"


@pytest.mark.slow
def test_waiting_ends_when_the_version_is_installable(forge: Forge, capsys: pytest.CaptureFixture[str]) -> None:
    opened(forge)
    timer = threading.Timer(1.0, built, [forge])
    timer.start()
    argv = [*arguments(forge, channel(forge)), "--wait", "conda-forge"]
    assert main(argv, {**forge.env, "HOME": str(forge.folder)}) == 0
    timer.join()
    shown = capsys.readouterr()
    assert "waiting for conda-forge" in shown.out + shown.err
    assert "the solver installs it" in shown.out


def test_waiting_ends_after_the_minutes_that_are_given(forge: Forge, capsys: pytest.CaptureFixture[str]) -> None:
    argv = [*arguments(forge), "--wait", "conda-forge", "--wait-minutes", "0"]
    assert main(argv, {**forge.env, "HOME": str(forge.folder)}) == 13
    assert "no pull request" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["nowhere", "conda-forge"])
def test_waiting_for_no_destination_is_a_mistake(forge: Forge, tmp_path: Path, name: str) -> None:
    argv = [*arguments(forge), "--wait", name, *["--no-conda-forge"] * (name == "conda-forge")]
    assert main(argv, {**forge.env, "HOME": str(tmp_path)}) == 2


def test_the_bot_is_no_other_author(forge: Forge, capsys: pytest.CaptureFixture[str]) -> None:
    bots_pull(forge, recipe("1.0", served(forge)), title="demo 1.0", author=BOT)
    assert status(forge, capsys)["stages"][0]["state"] == "done"
