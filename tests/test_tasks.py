"""Background tasks: started early, run once, ended when nobody asks for them."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from threading import Event
from time import perf_counter

import pytest

from release_tools.engine.tasks import BackgroundTasks
from release_tools.errors import VersionError
from release_tools.system.process import ProcessError, run
from tests.support.projects import in_tree_project
from tests.support.repositories import make_repository

ROOT = Path(__file__).parent.parent
WATCHED = """
import json, sys, threading
importers = []
class Watch:
    def find_spec(self, name, path=None, target=None):
        importers.append((name, threading.current_thread().name))
sys.meta_path.insert(0, Watch())
from release_tools.cli.main import main
code = main(sys.argv[2:])
with open(sys.argv[1], "w") as file:
    json.dump([code, [found for found in importers if found[0] in sys.modules]], file)
"""


@pytest.mark.slow
def test_no_two_threads_import_parts_of_one_foreign_package(env: Mapping[str, str], tmp_path: Path) -> None:
    changes = (
        "Changes\n=======\n\n1.0\n---\n\n* First.\n\n.. note:: Of **note**.\n\n.. code:: python\n\n   import this\n"
    )
    checkout = make_repository(tmp_path / "ours", {**in_tree_project(), "CHANGES.rst": changes}, ". v1.0")
    result = tmp_path / "imports.json"
    command = [sys.executable, "-c", WATCHED, str(result), "dry-run", "-C", str(checkout.root)]
    done = subprocess.run(command, cwd=ROOT, env={**env}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    code, importers = json.loads(result.read_text(encoding="utf-8"))
    assert code == 0, done.stderr
    threads: dict[str, set[str]] = {}
    for name, thread in importers:
        package = name.partition(".")[0]
        is_acyclic = package == "release_tools" or package in sys.stdlib_module_names
        if not is_acyclic and not name.startswith("docutils.parsers.rst.directives."):
            threads.setdefault(package, set()).add(thread)
    assert {package: found for package, found in threads.items() if len(found) > 1} == {}


def test_no_task_finds_the_configuration_of_python_half_read() -> None:
    ask = "import sysconfig; from release_tools.engine.tasks import BackgroundTasks; BackgroundTasks()"
    code = f"{ask}; assert sysconfig._CONFIG_VARS is not None"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_a_task_runs_once_and_gives_its_result_as_often_as_it_is_asked_for() -> None:
    background, done = BackgroundTasks(), list[str]()

    def work(name: str) -> str:
        done.append(name)
        return f"result of {name}"

    background.start("early", work, "early")
    background.start("early", work, "again")
    for _ in range(2):
        assert background.result("early", work, "early") == "result of early"
        assert background.result("late", work, "late") == "result of late"
    background.end()
    assert sorted(done) == ["early", "late"]


@pytest.mark.parametrize("is_started", [True, False])
def test_the_error_of_a_task_is_raised_where_its_result_is_asked_for(*, is_started: bool) -> None:
    background = BackgroundTasks()

    def fail() -> None:
        raise VersionError("no")

    if is_started:
        background.start("fails", fail)
    for _ in range(2):
        with pytest.raises(VersionError, match="no"):
            background.result("fails", fail)


def test_a_program_that_a_task_waits_for_is_killed_at_the_end_and_so_is_the_next_one() -> None:
    background, started, errors = BackgroundTasks(), Event(), list[ProcessError]()

    def work() -> None:
        for _ in range(2):
            started.set()
            try:
                run([sys.executable, "-c", "import time; time.sleep(60)"], env=os.environ)
            except ProcessError as error:
                errors.append(error)

    background.start("sleeps", work)
    started.wait()
    before = perf_counter()
    background.end()
    assert perf_counter() - before < 10
    background.result("sleeps", work)
    assert len(errors) == 2


@pytest.mark.slow
def test_the_end_does_not_wait_for_a_task_that_cannot_be_stopped() -> None:
    background, never = BackgroundTasks(), Event()
    background.start("hangs", never.wait)
    before = perf_counter()
    background.end()
    assert perf_counter() - before < 10
    never.set()
