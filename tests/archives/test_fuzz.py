import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(os.name != "posix", reason="the fuzzer bounds time and memory as POSIX does")
def test_no_changed_archive_breaks_a_promise(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.archives.fuzz", "--count", "400", "--seed", "7", "--keep", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " read," in done.stdout, "changes that leave nothing sound test little"
    assert list(tmp_path.iterdir()) == []


BROKEN = {
    "an exception of its own": ("raise KeyError(path)", "KeyError"),
    "an error without advice": ("raise errors.ArchiveError('no')", "not a clear error"),
    "a file outside": ("open('/dev/shm/outside', 'w')", "lies outside"),
    "a program started": ("import os; os.system('true')", "os.system"),
    "more memory": ("bytearray(2 << 30)", "MemoryError"),
    "no end": ("while True: pass", "more than 0.02 seconds"),
    "fewer members": ("import dataclasses; return dataclasses.replace(read(path), members=())", "another parser"),
}


DRIVER = """if True:
    import json, os, sys
    from pathlib import Path
    from release_tools import errors
    from tests.archives import fuzz

    def run(body, log):
        read, fuzz.LONGEST = fuzz.read_wheel, 0.02
        space = {"read": read, "errors": errors}
        exec(f"def broken(path):\\n    {body}", space)
        fuzz.read_wheel = space["broken"]
        sys.argv = ["fuzz", "--count", "24"]
        os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT), 1)
        code = fuzz.main()
        sys.stdout.flush()
        os._exit(code)

    ended = {}
    for at, (name, body) in enumerate(json.loads(sys.argv[1]).items()):
        log = Path(sys.argv[2], str(at))
        if not (child := os.fork()):
            run(body, log)
        ended[name] = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), log.read_text()
    print(json.dumps(ended))
"""
"""Imports once, and forks for each reader."""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded on Linux only")
def test_a_reader_that_breaks_a_promise_is_found(tmp_path: Path) -> None:
    bodies = json.dumps({name: body for name, (body, _) in BROKEN.items()})
    command = [sys.executable, "-c", DRIVER, bodies, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    for name, (code, said) in json.loads(done.stdout).items():
        assert code == 1, f"{name}: {said}{done.stderr}"
        assert BROKEN[name][1] in said
