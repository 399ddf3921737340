"""Install release-tools for one job: from the action's own checkout, with the dependencies that its lock names.

Runs before anything is installed, so with the standard library alone: ``python -I install.py``. Every archive must have
a hash of ``requirements.lock``; nothing is built, nothing of the user's checkout is read, and nothing is left outside
the runner's temporary folder. There is no cache that another job could have written to, except a folder of wheels that
the caller may name: what does not have a hash of the lock is deleted from it before it is looked at.
"""

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
CHECKED = ("--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:")
SCRIPTS, EXE = ("Scripts", ".exe") if os.name == "nt" else ("bin", "")


def main() -> None:
    """Install, and say in the step's output ``python`` which interpreter has it."""
    folder = Path(os.environ["RUNNER_TEMP"]) / f"release-tools-{identity()}"
    python = folder / "env" / SCRIPTS / f"python{EXE}"
    done = folder / "installed"
    if not done.exists():
        install(folder, python, os.environ.get("WHEELS", ""))
        done.touch()
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8", newline="\n") as output:
        output.write(f"python={python}\n")


def identity() -> str:
    """Another one for another lock, checkout or Python, so that a job's second step uses what its first installed."""
    told = f"{sys.version} {sys.executable} {ROOT}".encode() + LOCK.read_bytes()
    return hashlib.sha256(told).hexdigest()[:16]


def install(folder: Path, python: Path, wheels: str) -> None:
    """An environment with every dependency, and this checkout on its path."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "uv.lock").write_text(locked_uv(), encoding="utf-8")
    if wheels:
        kept = Path(wheels).resolve()
        discard_unknown(kept)
        offline = ("--no-index", f"--find-links={kept}")
        if not populate(folder, python, *offline, check=False):
            pip("download", *CHECKED, f"--dest={kept}", "-r", LOCK)
            populate(folder, python, *offline)
    else:
        populate(folder, python)
    (packages,) = (folder / "env").glob("Lib/site-packages" if os.name == "nt" else "lib/python*/site-packages")
    (packages / "release-tools.pth").write_text(f"{ROOT}\n", encoding="utf-8")


def populate(folder: Path, python: Path, *source: str, check: bool = True) -> bool:
    """Install uv by pip, then everything by uv; both check the hash of every archive, wherever it comes from."""
    uv = folder / "uv" / "bin" / f"uv{EXE}"
    private = ("--no-config", f"--cache-dir={folder / 'cache'}")
    return (
        pip(
            "install",
            *CHECKED,
            *source,
            "--no-compile",
            f"--target={uv.parent.parent}",
            "-r",
            folder / "uv.lock",
            check=check,
        )
        and run(
            uv,
            "venv",
            "--quiet",
            "--clear",
            "--no-project",
            *private,
            f"--python={sys.executable}",
            folder / "env",
            check=check,
        )
        and run(uv, "pip", "install", *CHECKED, *private, *source, f"--python={python}", "-r", LOCK, check=check)
    )


def locked_uv() -> str:
    """The part of the lock that is about uv."""
    found = re.search(r"^uv==(?:.*\\\n)*.*\n", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    return found[0] if found else sys.exit(f"{LOCK}: names no uv")


def discard_unknown(wheels: Path) -> None:
    """Delete every file whose hash the lock does not know: who filled this folder need not be trusted."""
    wheels.mkdir(parents=True, exist_ok=True)
    known = set(re.findall(r"sha256:([0-9a-f]{64})", LOCK.read_text(encoding="utf-8")))
    for path in wheels.iterdir():
        if path.is_symlink() or hashlib.sha256(path.read_bytes()).hexdigest() not in known:
            path.unlink()


def pip(*arguments: str | Path, check: bool = True) -> bool:
    """Run pip, isolated from the modules of the folder that it runs in."""
    return run(sys.executable, "-I", "-m", "pip", "--disable-pip-version-check", *arguments, check=check)


def run(*command: str | Path, check: bool = True) -> bool:
    """Run a program in the runner's temporary folder; if it fails and that matters, end with its exit code."""
    silent = None if check else subprocess.DEVNULL
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=os.environ["RUNNER_TEMP"], stdout=silent, stderr=silent, check=False)  # noqa: S603 - argument lists only, never a shell
    if check and done.returncode:
        sys.exit(done.returncode)
    return done.returncode == 0


if __name__ == "__main__":
    main()
