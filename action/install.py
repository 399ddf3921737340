"""Install release-tools for one job: from the action's own checkout, with the dependencies that its lock names.

Runs before anything is installed, so with the standard library and pip alone: ``python -I install.py``. Every archive
must have a hash of ``requirements.lock``; nothing is built, nothing of the user's checkout is read, and nothing is left
outside the runner's temporary folder. There is no cache that another job could have written to, except a folder of
wheels that the caller may name: its files are unpacked only from bytes that have a hash of the lock.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
import zipfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
CHECKED = ("--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:")
SCRIPTS, EXE = ("Scripts", ".exe") if os.name == "nt" else ("bin", "")
DATA = re.compile(r"[^/]+\.data/(\w+)/(.+)")
"""The name of a member that is installed to another folder than that of the packages."""
MARKER = ".release-tools-wheels"
"""The file that says that a folder of wheels is ours."""
MARKED = "This folder is a cache of python-release-tools: wheels that its lock does not know are deleted.\n"
PIECE = 1 << 20
"""Bytes that are unpacked at a time."""
BUILDING = ("builders", "checks", "recipe", "workflows")
"""The folders of release-tools of which the commands that do not build import next to nothing."""
NOT_BUILDING = ("publish", "status")
COMPILED = ("packaging", "yaml", "urllib3", "requests", "charset_normalizer", "github", "jinja2", "markdown_it")
"""Packages that a job imports almost whole, in the order in which it does."""
COMPILED_FOR_TWINE = ("rich",)
"""Packages that a job imports only with twine."""
OURSELVES = "python-release-tools (pyproject.toml)"
"""The name by which the lock says that we require a package ourselves."""
NAME = re.compile(r"[\w-]+")
"""The name that a requirement begins with."""
COMMAND, ONLY, IS_COMPILED, ARGUMENTS = "COMMAND", "ONLY", "COMPILED", "ARGUMENTS"
"""The inputs of the action that say what a job will do."""
STATUS = "--status"
"""The option of ``publish`` with which a job reads every destination at the end."""


@dataclass(frozen=True)
class Requirement:
    """One package of the lock.

    Attributes:
        name: as PEP 503 writes it.
        version: the only one.
        marker: where it is needed (PEP 508); everywhere if empty.
        lines: of the lock.
        askers: who needs it.
    """

    name: str
    version: str
    marker: str
    lines: str
    askers: frozenset[str]

    def has(self, content: bytes) -> bool:
        """Return whether these are the bytes of one of its archives."""
        return compute_hash(content) in self.lines


Lock = Mapping[str, Requirement]
"""Requirements by their names."""


@dataclass(frozen=True)
class Job:
    """Describe what is installed for one job.

    Attributes:
        folder: in the runner's temporary folder.
        lock: what the job needs.
    """

    folder: Path
    lock: Lock

    @property
    def environment(self) -> Path:
        """Return the folder of the virtual environment."""
        return self.folder / "env"

    @property
    def scripts(self) -> Path:
        """Return the folder of its programs."""
        return self.environment / SCRIPTS

    @property
    def python(self) -> Path:
        """Return its interpreter."""
        return self.scripts / f"python{EXE}"

    @cached_property
    def packages(self) -> Path:
        """Return the folder of its packages."""
        pattern = "Lib/site-packages" if os.name == "nt" else "lib/python*/site-packages"
        return next(self.environment.glob(pattern))

    def place(self, member: str) -> Path:
        """Return the path to which a member of a wheel is installed, by the binary distribution format."""
        found = DATA.fullmatch(member)
        if not found:
            return self.packages / member
        folders = {"purelib": self.packages, "platlib": self.packages, "scripts": self.scripts}
        return folders.get(found[1], self.environment) / found[2]


def main() -> None:
    """Install, and say in the step's output ``python`` which interpreter has it."""
    lock = read_lock()
    wanted = needed(os.environ, lock)
    job = Job(Path(os.environ["RUNNER_TEMP"]) / f"release-tools-{identity(wanted)}", wanted)
    done = job.folder / "installed"
    if not done.exists():
        venv.create(job.environment, clear=True, symlinks=os.name != "nt")
        install_ourselves(job)
        left_out = {"templates", *(BUILDING if os.environ.get(COMMAND) in NOT_BUILDING else ())}
        package = job.packages / "release_tools"
        compile_in_background(job, [path for path in package.iterdir() if path.name not in left_out])
        if wheels := os.environ.get("WHEELS", ""):
            install_from(Path(wheels).resolve(), job)
        else:
            install(job, lock["uv"])
        names = (*COMPILED, *(COMPILED_FOR_TWINE if "twine" in wanted else ()))
        if packages := [job.packages / name for name in names if (job.packages / name).is_dir()]:
            compile_in_background(job, packages)  # without any, it would compile the standard library
        done.touch()
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8", newline="\n") as output:
        output.write(f"python={job.python}\n")


def install_ourselves(job: Job) -> None:
    """Copy release-tools into the environment."""
    package = job.packages / "release_tools"
    shutil.copytree(ROOT / "release_tools", package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "templates", package / "templates")


def compile_in_background(job: Job, paths: list[Path]) -> None:
    """Start to compile modules to bytecode on another core, and do not wait: the next step begins with other work.

    Without bytecode, each start of Python compiles hundreds of modules. One that is not compiled when it is imported is
    compiled then, and one whose bytecode is being written is not there yet. The action's checkout, and a folder of
    wheels, have no bytecode, because another job would run it unproven.
    """
    subprocess.Popen(  # noqa: S603 - argument lists only, never a shell
        [sys.executable, "-I", "-m", "compileall", "-q", *paths],
        cwd=job.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def read_lock() -> Lock:
    """Return every requirement of the lock, by name."""
    form = r"^(([\w.-]+)==(\S+)(?: ; (.+?))? \\\n(?: +--hash=.*\n)+) +# via (.+)\n"
    found = re.findall(form, LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    return {
        name: Requirement(name, version, marker, lines, frozenset(askers.split(", ")))
        for lines, name, version, marker, askers in found
    }


def needed(inputs: Mapping[str, str], lock: Lock) -> Lock:
    """Return the part of the lock that a command needs."""
    jobs, extras = read_jobs()
    required, left_out = {name for name, one in lock.items() if OURSELVES in one.askers}, set(jobs["never-used"])
    if inputs.get(IS_COMPILED) != "true":
        required -= extras["compiled"]
    command, destinations = inputs.get(COMMAND, ""), read_destinations(inputs, jobs)
    if destinations:
        required = set(jobs["publish"]).union(*(jobs["publish-to"][destination] for destination in destinations))
        if STATUS in inputs.get(ARGUMENTS, "").split():
            required |= set(jobs["with-status"])
        left_out |= set(jobs["checked-before"])
    elif command in jobs["unused"]:
        required -= extras["attestations"].union(jobs["unused"][command])
    wanted = add_dependencies(required, lock, in_vain=set(jobs["asks-in-vain"]), left_out=left_out)
    return {name: lock[name] for name in lock if name in wanted}


def read_destinations(inputs: Mapping[str, str], jobs: Mapping[str, Any]) -> set[str]:
    """Return the destinations that a job publishes to; empty if one is unknown, or if it does something else."""
    destinations = set(inputs.get(ONLY, "").replace(",", " ").split())
    is_known = inputs.get(COMMAND) == "publish" and destinations <= jobs["publish-to"].keys()
    return destinations if is_known else set()


def add_dependencies(names: set[str], lock: Lock, *, in_vain: set[str], left_out: set[str]) -> set[str]:
    """Return packages with everything that they need, and that this needs in turn.

    Args:
        names: of the packages.
        lock: which says who needs what.
        in_vain: packages that work without what they ask for.
        left_out: dependencies that no job uses.
    """
    wanted, added = names, names
    while added:
        askers = added - in_vain
        added = {name for name, requirement in lock.items() if requirement.askers & askers} - wanted - left_out
        wanted = wanted | added
    return wanted


def read_jobs() -> tuple[dict[str, Any], dict[str, set[str]]]:
    """Return what pyproject.toml says about jobs, and the names of the requirements of each extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = {
        extra: {NAME.match(requirement)[0] for requirement in requirements}  # type: ignore[index]  # each begins so
        for extra, requirements in project["project"]["optional-dependencies"].items()
    }
    return project["tool"]["release-tools-action"], extras


def identity(lock: Lock) -> str:
    """Return one text per lock, checkout and Python, so that a job's second step uses what its first installed."""
    text = f"{sys.version} {sys.executable} {ROOT} {lines(lock)}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def lines(lock: Lock) -> str:
    """Return a part of the lock as it is written there."""
    return "".join(requirement.lines for requirement in lock.values())


def install(job: Job, uv: Requirement) -> None:
    """Let pip bring uv, and uv the rest, many times faster; both check the hash of every archive."""
    folder = job.folder / "uv"
    folder.mkdir()
    for name, lock in (("uv", {"uv": uv}), ("rest", job.lock)):
        (folder / name).write_text(lines(lock), encoding="utf-8")
    pip("download", *CHECKED, f"--dest={folder}", "-r", folder / "uv")
    unpack(next(folder.glob("*.whl")), uv, job)
    private = ("--no-config", f"--cache-dir={job.folder / 'cache'}", f"--python={job.python}")
    run(job.scripts / f"uv{EXE}", "pip", "install", *CHECKED, *private, "-r", folder / "rest")


def install_from(wheels: Path, job: Job) -> None:
    """Unpack the wheels of a folder; if one is missing there, or is another than the lock's, let pip fill it first."""
    if not unpack_all(wheels, job):
        discard_unknown(wheels)
        pip("download", *CHECKED, f"--dest={wheels}", "-r", LOCK)
        if not unpack_all(wheels, job):
            sys.exit(f"{wheels} does not keep what pip downloads into it")


def unpack_all(wheels: Path, job: Job) -> bool:
    """Unpack what the job needs; False if not all of it is there."""
    found = fitting(wheels, job.lock)
    if found is None:
        return False
    with ThreadPoolExecutor() as pool:  # the largest first, so that none is left alone at the end
        largest = sorted(found, key=lambda name: found[name].stat().st_size, reverse=True)
        return all(pool.map(lambda name: unpack(found[name], job.lock[name], job), largest))


def fitting(wheels: Path, lock: Lock) -> dict[str, Path] | None:
    """Return the wheel in a folder for each requirement that holds for this Python; None if one is not there."""
    from pip._vendor.packaging.markers import Marker

    wanted = {one.name: one.version for one in lock.values() if not one.marker or Marker(one.marker).evaluate()}
    found: dict[str, tuple[int, Path]] = {}
    for name, version, rank, path in rank_wheels(wheels):
        if wanted.get(name) == version:
            found[name] = min(found.get(name, (rank, path)), (rank, path))
    return {name: path for name, (_, path) in found.items()} if found.keys() == wanted.keys() else None


def rank_wheels(wheels: Path) -> Iterator[tuple[str, str, int, Path]]:
    """Yield name, version and path of the wheels that this Python can use, with a rank: the smallest fits best."""
    from pip._vendor.packaging.tags import sys_tags
    from pip._vendor.packaging.utils import InvalidWheelFilename, parse_wheel_filename

    ranks = {tag: rank for rank, tag in enumerate(sys_tags())}
    for path in wheels.glob("*.whl"):
        try:
            name, version, _, tags = parse_wheel_filename(path.name)
        except InvalidWheelFilename:
            continue
        if usable := tags & ranks.keys():
            yield name, str(version), min(ranks[tag] for tag in usable), path


def unpack(wheel: Path, requirement: Requirement, job: Job) -> bool:
    """Install one wheel from the very bytes whose hash was compared; False if it is not one of the lock."""
    content = wheel.read_bytes()
    if not requirement.has(content):
        return False
    with zipfile.ZipFile(BytesIO(content)) as archive:
        for member in archive.infolist():
            if not member.is_dir():
                target = job.place(member.filename)
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as source, target.open("wb") as sink:
                    shutil.copyfileobj(source, sink, PIECE)
                if target.parent == job.scripts:
                    target.chmod(0o755)
    return True


def discard_unknown(wheels: Path) -> None:
    """Delete every wheel of ours whose hash the lock does not know: who filled this folder need not be trusted.

    A folder with other files in it is not a cache of ours, unless our marker says that we made it. Nothing but wheels
    that bear the name of a requirement is deleted in any case.
    """
    marker = wheels / MARKER
    if not wheels.exists() or not any(wheels.iterdir()):
        wheels.mkdir(parents=True, exist_ok=True)
        marker.write_text(MARKED, encoding="utf-8")
    names = set(read_lock())
    ours = [path for path in wheels.glob("*.whl") if path.name.partition("-")[0].lower().replace("_", "-") in names]
    others = sorted({path.name for path in wheels.iterdir()} - {path.name for path in ours} - {MARKER})
    if others and (marker.is_symlink() or not marker.is_file()):
        sys.exit(
            f"input wheels: {wheels} is not a folder that this action made: there is {others[0]}\n"
            "Nothing was deleted. Name a folder of its own, which need not exist."
        )
    known = LOCK.read_text(encoding="utf-8")
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda path: discard_if_unknown(path, known), ours))


def discard_if_unknown(wheel: Path, known: str) -> None:
    """Delete a link, and a file whose hash is not in the text of the lock; leave a folder."""
    if wheel.is_symlink() or (wheel.is_file() and compute_hash(wheel.read_bytes()) not in known):
        wheel.unlink()


def compute_hash(content: bytes) -> str:
    """Return a hash as the lock writes it."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def pip(*arguments: str | Path) -> None:
    """Run pip, isolated from the modules of the folder that it runs in."""
    run(sys.executable, "-I", "-m", "pip", "--disable-pip-version-check", *arguments)


def run(*command: str | Path) -> None:
    """Run a program in the runner's temporary folder; if it fails, end with its exit code."""
    if code := subprocess.call([str(word) for word in command], cwd=os.environ["RUNNER_TEMP"]):  # noqa: S603 - argument lists only, never a shell
        sys.exit(code)


if __name__ == "__main__":
    main()
