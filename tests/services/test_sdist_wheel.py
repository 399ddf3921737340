"""The same source gives the same sdist, whatever the second in which it is built."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from release_tools.builders.python import PythonBuilder
from tests.support.projects import in_tree_project

COMMIT_TIME = 1_772_409_600
OWN_CLOCK = 'import os\nimport time\ntime.time = lambda: os.stat("clock").st_mtime\n'
OWN_TIMES = "\n\ndef _time_of(path):\n    return int(Path(path if Path(path).is_file() else 'clock').stat().st_mtime)\n"


@pytest.mark.slow
@pytest.mark.parametrize("keeps", [False, True], ids=["the time in its header", "the times of its files"])
def test_an_sdist_built_in_the_second_of_its_commit_is_the_same(
    env: Mapping[str, str], tmp_path: Path, *, keeps: bool
) -> None:
    files = in_tree_project()
    [backend] = (name for name in files if name.endswith("backend.py"))
    files[backend] = OWN_CLOCK + files[backend]
    if keeps:
        files[backend] = files[backend].replace('int(os.environ["SOURCE_DATE_EPOCH"])', "_time_of(path)") + OWN_TIMES
    first, second = (built(tmp_path / str(now), files, env, now) for now in (COMMIT_TIME, COMMIT_TIME + 100))
    assert first == second


def built(folder: Path, files: Mapping[str, str], env: Mapping[str, str], now: int) -> bytes:
    """An sdist from a clone that was made now, by a backend whose clock says so too."""
    source = folder / "source"
    for name, text in {**files, "clock": ""}.items():
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        os.utime(path, (now, now))
    with PythonBuilder(folder / "scratch", env, COMMIT_TIME) as builder:
        return builder.build(source, folder / "dist", lambda _: None, lambda *_: None).sdist.read_bytes()
