"""Windows: a program and everything that it starts are one job, which ends as a whole."""

import ctypes
import os
import sys
import time
from pathlib import Path

import pytest

from release_tools.system.process import run
from release_tools.system.windows_job import ExtendedLimits, WindowsJob

LEAVES = """
import subprocess, sys
late = "import time, pathlib, sys; time.sleep(3); pathlib.Path(sys.argv[1]).touch()"
subprocess.Popen([sys.executable, "-c", late, sys.argv[1]], creationflags=0x8, close_fds=True)
"""


@pytest.mark.skipif(ctypes.sizeof(ctypes.c_void_p) != 8, reason="the documented size is that of 64-bit Windows")
def test_the_structure_is_the_one_that_windows_expects() -> None:
    assert ctypes.sizeof(ExtendedLimits) == 144
    assert ExtendedLimits.IoInfo.offset == 64


def test_elsewhere_a_job_does_nothing() -> None:
    if os.name == "nt":
        pytest.skip("it does there")
    job = WindowsJob(0)
    job.close()
    job.close()


@pytest.mark.skipif(sys.platform != "win32", reason="job objects are of Windows")
def test_what_a_program_leaves_behind_ends_with_its_job(tmp_path: Path) -> None:
    mark = tmp_path / "lived on"
    run([sys.executable, "-c", LEAVES, str(mark)], env=dict(os.environ))
    time.sleep(5)
    assert not mark.exists()
