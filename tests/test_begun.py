"""What is begun before its turn, and what is put off until nobody waits."""

import json
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from release_tools.engine.background import BackgroundTasks, Task
from tests.support.projects import in_tree_project
from tests.support.repositories import make_repository

ROOT = Path(__file__).parent.parent
WATCHED = """
import json, sys, threading
others = []
class Watch:
    def find_spec(self, name, path=None, target=None):
        if threading.current_thread() is not threading.main_thread():
            others.append(name)
sys.meta_path.insert(0, Watch())
from release_tools.cli.main import main
code = main(sys.argv[2:])
with open(sys.argv[1], "w") as told:
    json.dump([code, others], told)
"""


def test_one_thread_alone_imports(env: Mapping[str, str], tmp_path: Path) -> None:
    changes = (
        "Changes\n=======\n\n1.0\n---\n\n* First.\n\n.. note:: Of **note**.\n\n.. code:: python\n\n   import this\n"
    )
    checkout = make_repository(tmp_path / "ours", {**in_tree_project(), "CHANGES.rst": changes}, ". v1.0")
    told = tmp_path / "told.json"
    command = [sys.executable, "-c", WATCHED, str(told), "dry-run", "-C", str(checkout.root)]
    done = subprocess.run(command, cwd=ROOT, env={**env}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    code, others = json.loads(told.read_text(encoding="utf-8"))
    assert code == 0, done.stderr
    late = ("encodings.", "docutils.parsers.rst.directives.")  # parts of what was loaded, each wanted by one thread
    assert [name for name in others if not name.startswith(late)] == [], others


def test_what_was_put_off_is_done_until_what_is_waited_for_is_there() -> None:
    background, done = BackgroundTasks(), list[int]()
    for number in range(4):
        background.put_off(partial(done.append, number))
    background.meanwhile(lambda: len(done) == 2)
    assert done == [0, 1]
    background.put_off(partial(done.append, 4))
    background.meanwhile(lambda: False)
    assert done == [0, 1, 2, 3, 4]


def test_ctrl_c_waits_for_the_end_of_what_was_put_off() -> None:
    background, done = BackgroundTasks(), list[int]()
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def swallows() -> None:
        with suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        done.append(1)

    background.put_off(swallows)
    background.put_off(partial(done.append, 2))
    try:
        with pytest.raises(KeyboardInterrupt):
            background.meanwhile(lambda: False)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert done == [1]


def test_what_nobody_asked_for_is_undone() -> None:
    background, undone = BackgroundTasks(), list[str]()
    background.add("asked for", Task(lambda: "one", undo=undone.append))
    background.add("forgotten", Task(lambda: "other", undo=undone.append))
    task: Task[str] | None = background.take("asked for", Task)
    assert task
    assert task.finish() == "one"
    background.end()
    assert undone == ["other"]
