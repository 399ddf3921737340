"""Install release-tools for one job: from the action's own checkout, with the dependencies that its lock names.

Runs before anything is installed, so with the standard library alone: ``python -I install.py``. Every archive must have
a hash of ``requirements.lock``; nothing is built, nothing of the user's checkout is read, and nothing is left outside
the runner's temporary folder. There is no cache that another job could have written to, except a folder of wheels that
the caller may name: what does not have a hash of the lock is deleted from it before it is looked at.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
CHECKED = ("--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:")
SCRIPTS, EXE = ("Scripts", ".exe") if os.name == "nt" else ("bin", "")
CONDA = {"py-rattler", "py-rattler-build"}
"""What solves, builds and uploads conda packages: three quarters of all that is installed."""
UNUSED = dict.fromkeys(("draft", "testpypi", "pypi", "github"), CONDA) | {"anaconda": {"py-rattler"}}
"""What a job that publishes to one place (the input ``only``) does without; all is installed for any other."""
COMMAND, ONLY, CONDA_INSTALL = "COMMAND", "ONLY", "CONDA_INSTALL"
"""The inputs of the action that say what a job will do; ``verify-conda-install`` is the last."""


@dataclass(frozen=True)
class Job:
    """What is installed for one job.

    Attributes:
        folder: in the runner's temporary folder.
        lock: requirement to its lines of the lock.
    """

    folder: Path
    lock: dict[str, str]

    @property
    def environment(self) -> Path:
        """The virtual environment."""
        return self.folder / "env"

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.environment / SCRIPTS / f"python{EXE}"

    @property
    def packages(self) -> Path:
        """Where its packages lie."""
        pattern = "Lib/site-packages" if os.name == "nt" else "lib/python*/site-packages"
        return next(self.environment.glob(pattern))

    def requirements(self, *names: str) -> Path:
        """A part of the lock as a file of its own."""
        file = self.folder / f"{'-'.join(names)[:50]}.lock"
        file.write_text("".join(self.lock[name] for name in names), encoding="utf-8")
        return file


def main() -> None:
    """Install, and say in the step's output ``python`` which interpreter has it."""
    wanted = needed(os.environ, read_lock())
    job = Job(Path(os.environ["RUNNER_TEMP"]) / f"release-tools-{identity(wanted)}", wanted)
    done = job.folder / "installed"
    if not done.exists():
        install(job, os.environ.get("WHEELS", ""))
        done.touch()
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8", newline="\n") as output:
        output.write(f"python={job.python}\n")


def read_lock() -> dict[str, str]:
    """Every requirement of the lock with its hashes, by its name."""
    found = re.findall(r"^(([\w.-]+)==.*\n(?: +--hash=.*\n)+)", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: lines for lines, name in found}


def needed(inputs: Mapping[str, str], lock: dict[str, str]) -> dict[str, str]:
    """The part of the lock that a command needs."""
    command, places = inputs.get(COMMAND), inputs.get(ONLY, "").replace(",", " ").split()
    unused: set[str] = set()
    if command == "publish" and places:
        unused = set.intersection(*(UNUSED.get(place, set()) for place in places))
    elif command == "build" and inputs.get(CONDA_INSTALL) == "false":
        unused = {"py-rattler"}
    return {name: lines for name, lines in lock.items() if name not in unused}


def identity(lock: dict[str, str]) -> str:
    """Another one for another lock, checkout or Python, so that a job's second step uses what its first installed."""
    told = f"{sys.version} {sys.executable} {ROOT} {''.join(lock.values())}"
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def install(job: Job, wheels: str) -> None:
    """An environment with every dependency, and this checkout on its path."""
    venv.create(job.environment, clear=True, symlinks=os.name != "nt")
    if wheels:
        kept = Path(wheels).resolve()
        discard_unknown(kept)
        offline = ("--no-index", f"--find-links={kept}")
        if not populate(job, kept, *offline, check=False):
            pip("download", *CHECKED, f"--dest={kept}", "-r", LOCK)
            populate(job, kept, *offline)
    else:
        populate(job, job.folder / "wheels")
    (job.packages / "release-tools.pth").write_text(f"{ROOT}\n", encoding="utf-8")


def populate(job: Job, wheels: Path, *source: str, check: bool = True) -> bool:
    """Unpack uv, then install everything by it, which checks the hash of every archive, wherever it comes from."""
    found = list(wheels.glob("uv-*.whl"))
    if len(found) != 1:  # none yet, or one for each of several systems: pip knows which
        alone = job.folder / "uv"
        if not pip("download", *CHECKED, *source, f"--dest={alone}", "-r", job.requirements("uv"), check=check):
            return False
        found = list(alone.glob("*.whl"))
    unpack(found[0], hashes(job.lock["uv"]), job)
    private = ("--no-config", f"--cache-dir={job.folder / 'cache'}", f"--python={job.python}")
    wanted = job.requirements(*(name for name in job.lock if name != "uv"))
    uv = job.environment / SCRIPTS / f"uv{EXE}"
    return run(uv, "pip", "install", *CHECKED, *private, *source, "-r", wanted, check=check)


def unpack(wheel: Path, known: set[str], job: Job) -> None:
    """Install uv itself, in a fifth of the time that pip would take."""
    content = wheel.read_bytes()
    if hashlib.sha256(content).hexdigest() not in known:
        sys.exit(f"{wheel.name} has no hash of {LOCK}")
    with zipfile.ZipFile(BytesIO(content)) as archive:
        for name in archive.namelist():
            script = PurePosixPath(name).match("*.data/scripts/*")
            target = job.environment / SCRIPTS / PurePosixPath(name).name if script else job.packages / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(name) as source, target.open("wb") as sink:
                shutil.copyfileobj(source, sink)
            if script:
                target.chmod(0o755)


def discard_unknown(wheels: Path) -> None:
    """Delete every file whose hash the lock does not know: who filled this folder need not be trusted."""
    wheels.mkdir(parents=True, exist_ok=True)
    known = hashes(LOCK.read_text(encoding="utf-8"))

    def discard(path: Path) -> None:
        if path.is_symlink() or hashlib.sha256(path.read_bytes()).hexdigest() not in known:
            path.unlink()

    with ThreadPoolExecutor() as pool:
        list(pool.map(discard, wheels.iterdir()))


def hashes(lock: str) -> set[str]:
    """Every hash in a part of the lock."""
    return set(re.findall(r"sha256:([0-9a-f]{64})", lock))


def pip(*arguments: str | Path, check: bool = True) -> bool:
    """Run pip, isolated from the modules of the folder that it runs in."""
    return run(sys.executable, "-I", "-m", "pip", "--disable-pip-version-check", *arguments, check=check)


def run(*command: str | Path, check: bool = True) -> bool:
    """Run a program in the runner's temporary folder; if it fails and that matters, end with its exit code."""
    output = None if check else subprocess.DEVNULL
    words = [str(word) for word in command]
    code: int | str
    try:
        code = subprocess.call(words, cwd=os.environ["RUNNER_TEMP"], stdout=output, stderr=output)  # noqa: S603 - argument lists only, never a shell
    except OSError as error:  # a program for another system
        code = f"{words[0]}: {error}"
    if check and code:
        sys.exit(code)
    return not code


if __name__ == "__main__":
    main()
