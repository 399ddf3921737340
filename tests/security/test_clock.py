"""A clock that is wrong by a day changes no byte: the commit's time is the only one that counts."""

import hashlib
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from release_tools.cli import main
from tests.support.projects import in_tree_project
from tests.support.repositories import make_repository

DAY = 86_400
ITS_CLOCK = "import time\nnow, shift = time.time, int(Path({path!r}).read_text())\ntime.time = lambda: now() + shift"


def digests(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("demo-*") if path.is_file())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.slow
def test_a_clock_that_is_wrong_by_a_day_changes_no_byte(
    tmp_path: Path, env: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shift, now, made = tmp_path / "shift", time.time, []
    checkout = make_repository(tmp_path / "demo", in_tree_project(ITS_CLOCK.format(path=str(shift))), ". v1.0")
    for seconds in (0, -DAY):
        shift.write_text(str(seconds))
        monkeypatch.setattr(time, "time", lambda seconds=seconds: now() + seconds)
        options = ("--packages-dir", str(tmp_path / str(seconds)), "--no-verify-install", "--no-verify-conda-install")
        assert main.main(["build", "-C", str(checkout.root), *options], env) == 0
        made.append(digests(tmp_path / str(seconds)))
    assert len(made[0]) == 3
    assert made[0] == made[1]
