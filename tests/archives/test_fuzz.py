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


@pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded on Linux only")
@pytest.mark.parametrize(("body", "reported"), [pytest.param(*case, id=id_) for id_, case in BROKEN.items()])
def test_a_reader_that_breaks_a_promise_is_found(body: str, reported: str) -> None:
    code = f"""if True:
        import sys
        from release_tools import errors
        from tests.archives import fuzz
        read, fuzz.LONGEST = fuzz.read_wheel, 0.02
        def broken(path):
            {body}
        fuzz.read_wheel = broken
        sys.argv = ["fuzz", "--count", "24"]
        sys.exit(fuzz.main())
    """
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert reported in done.stdout
