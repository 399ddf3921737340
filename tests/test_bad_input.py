"""Whatever is wrong with what comes in: one clear message, its exit code, and the output folder as it was before."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.support.projects import in_tree_project, project
from tests.support.repositories import make_repository

ROOT = Path(__file__).parent.parent
BEFORE = {"demo-0.9.tar.gz": b"former", "notes.txt": b"somebody's", "release.json": b"{}"}


def snapshot(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def output(tmp_path: Path) -> Path:
    """An output folder that holds something already."""
    folder = tmp_path / "out"
    folder.mkdir()
    for name, content in BEFORE.items():
        (folder / name).write_bytes(content)
    return folder


def with_pyproject(text: str) -> dict[str, str]:
    return {**in_tree_project(), "pyproject.toml": text}


def backend(code: str) -> dict[str, str]:
    """A project whose build runs this code; it may refer to what the sdist and the wheel are called."""
    return in_tree_project(f"import sys, subprocess, time\n{code}")


def answering(answer: str) -> dict[str, str]:
    """A project whose backend makes rubbish of that name, and answers it."""
    made = f"Path(folder, {answer!r}).write_bytes(b'rubbish')" if answer else "None"
    code = f"from pathlib import Path\ndef build_sdist(folder, _=None):\n    {made}\n    return {answer or None!r}\n"
    return {**in_tree_project(), "build-backend/backend.py": code}


BACKEND_TABLE = '[build-system]\nrequires = []\nbuild-backend = "{}"\n[project]\nname = "demo"\nversion = "1.0"\n'


@pytest.mark.slow
@pytest.mark.parametrize(
    ("files", "options", "code", "reported"),
    [
        ({"README.md": ""}, [], 2, "no project"),
        (
            {"b c/pyproject.toml": "", "a/setup.py": ""},
            [],
            2,
            "Choose one: --project a or --project 'b c'",
        ),
        (with_pyproject("[project"), [], 3, "pyproject.toml: not valid TOML"),
        (with_pyproject("[tool.release-tools]\npackages = 1"), [], 3, "unknown key; did you mean packages-dir?"),
        (with_pyproject("[build-system]\nrequires = 5\n[project]\nversion = '1'"), [], 6, "`build-system`"),
        (with_pyproject("[build-system]\n[project]\nname = 'demo'\nversion = '1'"), [], 6, "`build-system`"),
        (with_pyproject(BACKEND_TABLE.format("nothing.there")), [], 6, "Backend 'nothing.there' is not available"),
        (with_pyproject("build-system = 1\nproject = 2\ntool = 3\n"), [], 6, "The build"),
        (backend("raise SystemExit('it cannot be')"), [], 6, "it cannot be"),
        (backend("if name == 'wheel': raise OSError('no wheel')"), [], 6, "The build of the wheel failed"),
        (backend("os.kill(os.getpid(), 9)"), [], 6, "The build of the sdist failed: python: was ended by SIGKILL"),
        (backend("print('x' * 10_000_000); sys.exit('too much')"), [], 6, "too much"),
        (backend("global _project; _project = lambda: ('other', '1.0')"), [], 5, "names the project demo"),
        (backend("global _project; _project = lambda: ('demo', '2.0')"), [], 5, "but the version of v1.0 is 1.0"),
        (backend("global _project; _project = lambda: ('../demo', '1.0')"), [], 6, "no such file"),
        (answering(""), [], 6, "The build of the sdist failed"),
        (answering("demo-1.0.tar.gz"), [], 6, "The build of the sdist failed: Not a gzipped file"),
        (answering("demo-1.0.zip"), [], 6, "The build of the sdist failed: Not a gzipped file"),
        (backend("global _project; _project = lambda: ('demo', 'x y')"), [], 7, "demo-x y.tar.gz"),
        (backend("global _metadata; _metadata = lambda *_: b'nothing'"), [], 9, ""),
        (
            in_tree_project(version="2.0"),
            ["--version", "3"],
            5,
            "pyproject.toml says version 2.0, but --version says 3",
        ),
        (in_tree_project(), ["--packages-dir", "a\0b"], 3, "--packages-dir: contains a control character"),
        (in_tree_project(), ["--packages-dir", "pyproject.toml"], 10, "pyproject.toml: not writable"),
        (in_tree_project(), ["--packages-dir", "pyproject.toml/below"], 10, "below: not writable"),
        (in_tree_project(), ["--nonsense"], 2, "--nonsense: release-tools build takes no such argument"),
        (
            in_tree_project(),
            ["--outdir=x"],
            2,
            "--outdir: release-tools build takes no such argument; did you mean --output-dir?",
        ),
        (
            in_tree_project(),
            ["--conda-compression-level", "0"],
            3,
            "--conda-compression-level: expected 1 to 22, got 0",
        ),
    ],
)
def test_a_bad_project_is_one_clear_error(
    run: Run, tmp_path: Path, output: Path, files: Mapping[str, str], options: list[str], code: int, reported: str
) -> None:
    checkout = make_repository(tmp_path / "ours", files)
    before = snapshot(checkout.root)
    said = run(
        "build", "-C", checkout.root, "--no-conda", "--no-verify-install", "--packages-dir", str(output), *options
    )
    assert said.code == code, said.err
    assert reported in said.err
    assert "fault of release-tools itself" not in said.err
    assert snapshot(output) == BEFORE
    assert snapshot(checkout.root) == before


@pytest.mark.registry
def test_a_requirement_that_does_not_exist_is_named(run: Run, tmp_path: Path, output: Path) -> None:
    checkout = make_repository(tmp_path / "ours", project(requires="release-tools-has-no-such-friend"))
    said = run("build", "-C", checkout.root, "--packages-dir", output)
    assert said.code == 6
    assert "release-tools-has-no-such-friend" in said.err
    assert snapshot(output) == BEFORE


def test_a_folder_outside_of_any_repository_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    said = run("dry-run", "-C", tmp_path)
    assert said.code == 4
    assert said.err.startswith(f"error: {tmp_path}: not in a git repository\n")


def test_a_folder_that_does_not_exist_is_named(run: Run, tmp_path: Path) -> None:
    said = run("version", "-C", tmp_path / "nowhere")
    assert said.code == 2
    assert "nowhere: no such folder" in said.err


def test_a_missing_git_is_named(run: Run, tmp_path: Path) -> None:
    checkout = make_repository(tmp_path, in_tree_project())
    said = run("version", "-C", checkout.root, PATH=str(tmp_path))
    assert said.code == 4
    assert "git: not found" in said.err


def test_a_pyproject_that_leads_in_a_circle_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "setup.py").touch()
    (tmp_path / "pyproject.toml").symlink_to("pyproject.toml")
    said = run("version", "-C", tmp_path)
    assert said.code == 3
    assert "pyproject.toml: cannot be read" in said.err


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root may give files away, and root may read all")
def test_a_repository_of_somebody_else_is_explained(run: Run, tmp_path: Path) -> None:
    checkout = make_repository(tmp_path / "theirs", in_tree_project())
    for path in (checkout.root, checkout.root / ".git"):
        os.chown(path, 12345, 12345)
    said = run("version", "-C", checkout.root)
    assert said.code == 4
    assert f"git config --global --add safe.directory {checkout.root}" in said.err


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read and write all")
@pytest.mark.parametrize(("name", "mode", "code"), [("pyproject.toml", 0o000, 3), ("dist", 0o500, 10)])
def test_what_may_not_be_read_or_written_is_named(run: Run, tmp_path: Path, name: str, mode: int, code: int) -> None:
    checkout = make_repository(tmp_path, in_tree_project())
    (checkout.root / "dist").mkdir()
    (checkout.root / name).chmod(mode)
    said = run("build", "-C", checkout.root, "--no-conda", "--no-verify-install")
    (checkout.root / name).chmod(0o755)
    assert said.code == code
    assert name in said.err


def test_no_room_for_scratch_files_is_no_fault_of_ours(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout = make_repository(tmp_path, in_tree_project())
    with monkeypatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
        said = run("version", "-C", checkout.root)
    assert said.code == 10
    assert "missing" in said.err


SLEEPS = """
subprocess.Popen([sys.executable, "-c", "import time; time.sleep({wait}); open({late!r}, 'w')"])
open({background!r}, "w").close()
time.sleep(60)
"""


@pytest.fixture
def a_terminal_s_signals() -> Iterator[None]:
    """A job in the background is started with Ctrl-C ignored, and so would be what it starts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.slow
@pytest.mark.usefixtures("a_terminal_s_signals")
@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals to send")
def test_ctrl_c_in_the_middle_of_a_build_leaves_nothing(env: Mapping[str, str], tmp_path: Path, output: Path) -> None:
    background, late, scratch = tmp_path / "begun", tmp_path / "late", tmp_path / "scratch"
    scratch.mkdir()
    checkout = make_repository(
        tmp_path / "ours", backend(SLEEPS.format(wait=2, background=str(background), late=str(late)))
    )
    command = [sys.executable, "-m", "release_tools", "build", "-C", str(checkout.root), "--packages-dir", str(output)]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**env, "TMPDIR": str(scratch)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as program:
        while not background.exists():
            assert program.poll() is None
            time.sleep(0.02)
        began = time.monotonic()
        program.send_signal(signal.SIGINT)
        _, err = program.communicate()
    assert program.returncode == 130
    assert err == "error: interrupted\nNothing was left half done; run the same command again.\n"
    assert snapshot(output) == BEFORE
    assert list(scratch.iterdir()) == []
    time.sleep(max(0, began + 2.2 - time.monotonic()))
    assert not late.exists(), "what the build started has ended with it"


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows ends processes in another way")
def test_a_process_that_a_build_leaves_behind_neither_delays_nor_outlives_it(run: Run, tmp_path: Path) -> None:
    late = tmp_path / "late"
    leaves = f'subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1.5); open({str(late)!r}, chr(119))"])'
    checkout = make_repository(tmp_path / "ours", backend(leaves))
    said = run("build", "-C", checkout.root, "--no-conda", "--no-verify-install")
    assert said.code == 0, said.err
    time.sleep(1.6)
    assert not late.exists()
