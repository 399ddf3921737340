"""Modules that are executed late: when something of them is wanted, once, and whole for every thread."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path

import pytest

from release_tools.lazy import import_lazily

PACKAGE = {
    "__init__": "import late.one, late.other\n",
    "log": "executed = []\n",
    "one": "import late.other, late.log\nlate.log.executed.append('one')\nvalue = 1\nlast = late.other\n",
    "other": (
        "import late.one, late.log, time\nlate.log.executed.append('other')\ntime.sleep(0.05)\n"
        "def sum(): return late.one.value + value\nvalue = 2\n"
    ),
    "broken": "import late.log\nlate.log.executed.append('broken')\nraise ValueError('broken')\n",
    "never": "raise AssertionError('nothing of it was wanted')\n",
}


@pytest.fixture
def executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The names of the package's modules that have been executed."""
    (tmp_path / "late").mkdir()
    for name, text in PACKAGE.items():
        (tmp_path / "late" / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    import_lazily("late", "later")
    (tmp_path / "later.py").write_text("raise AssertionError('nothing of it was wanted')\n", encoding="utf-8")
    for name in ("late", "late.never", "later"):
        import_module(name)
    yield import_module("late.log").executed
    for name in [name for name in sys.modules if name.partition(".")[0] in ("late", "later")]:
        del sys.modules[name]


def test_a_module_is_executed_when_something_of_it_is_wanted(executed: list[str]) -> None:
    assert executed == []
    other = import_module("late.other")
    assert executed == []
    assert other.value == 2
    assert executed == ["other"]
    assert other.sum() == 3
    assert executed == ["other", "one"]
    assert import_module("late.one").last is other


def test_every_thread_sees_the_whole_module(executed: list[str]) -> None:
    other = import_module("late.other")
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: other.sum(), range(8))) == [3] * 8
    assert executed == ["other", "one"]


def test_a_module_that_fails_does_so_each_time(executed: list[str]) -> None:
    broken = import_module("late.broken")
    for _ in range(2):
        with pytest.raises(ValueError, match="broken"):
            _ = broken.value
    assert executed == ["broken"] * 2


def test_a_release_leaves_most_of_pygithub_alone() -> None:
    code = "import sys, release_tools.services.github.requester; print(any(name in sys.modules for name in {!r}))"
    asked = [sys.executable, "-c", code.format(("cryptography", "nacl.bindings"))]
    said = subprocess.run(asked, capture_output=True, encoding="utf-8", check=False)
    assert said.stdout == "False\n", said.stderr
