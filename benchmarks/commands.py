"""Measure how soon short commands answer.

``--help`` is compared with twine, ``version`` with versioningit, among 10,000 tags and in a large project, and ``next``
in the large project with the least that it needs: ``version``, one ``git log --name-only``, and griffe loading the
package at both versions.

Run it as ``python -m benchmarks.commands``.
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks.large_project import make_large_project
from benchmarks.measure import command, options, python, scratch, table, timed

TAGS = 10_000
LOAD = "import griffe, sys; griffe.load('large', search_paths=[sys.argv[1]], allow_inspection=False)"
PYPROJECT = '[project]\nname = "many"\ndynamic = ["version"]\n[tool.versioningit]\n'


def main() -> int:
    """Measure, print the table, and return 1 where a ratio is missed."""
    chosen = options(__doc__, rounds=9)
    helped = python("twine", "--help"), python("release_tools", "--help")
    with scratch() as folder:
        rows = [timed("--help", *helped, bound=1 / 3, rounds=chosen.rounds)]
        project = _many_tags(folder / "many")
        commands = python("versioningit", cwd=project), python("release_tools", "version", cwd=project)
        rows.append(timed(f"version, {TAGS} tags", *commands, bound=1.5, rounds=chosen.rounds))
        large, older = _large_project(folder)
        commands = python("versioningit", cwd=large), python("release_tools", "version", cwd=large)
        rows.append(timed("version, large project", *commands, bound=3, rounds=chosen.rounds))
        commands = _evidence(large, older), python("release_tools", "next", cwd=large)
        rows.append(timed("next, large project", *commands, bound=1.5, rounds=chosen.rounds))
        return table("Commands", "peer", rows)


def _large_project(folder: Path) -> tuple[Path, Path]:
    """Return the large project, with a commit since its last tag, and the folder of its source at that tag."""
    project, older = make_large_project(folder / "large"), folder / "older"
    older.mkdir()
    command("git", "archive", "--output=../older.tar", "HEAD", cwd=project)()
    command("tar", "-xf", "older.tar", "-C", "older", cwd=folder)()
    pyproject = project / "pyproject.toml"
    text = pyproject.read_text(encoding="utf-8").replace("hatch-vcs", "versioningit").replace('"vcs"', '"versioningit"')
    pyproject.write_text(f"{text}[tool.versioningit]\n", encoding="utf-8")
    module = next(path for path in sorted((project / "large").rglob("*.py")) if path.stat().st_size)
    module.write_text(f"{module.read_text(encoding='utf-8')}\n\ndef added() -> None:\n    pass\n", encoding="utf-8")
    identity = ("-c", "user.name=bench", "-c", "user.email=bench@localhost")
    command("git", *identity, "commit", "--quiet", "--all", "--message", "Add a function", cwd=project)()
    return project, older


def _evidence(project: Path, older: Path) -> Callable[[], None]:
    """Return what reads the same evidence as ``next``, one program after the other."""
    programs = (
        python("release_tools", "version", cwd=project),
        command("git", "log", "--name-only", cwd=project),
        command(sys.executable, "-c", LOAD, str(project)),
        command(sys.executable, "-c", LOAD, str(older)),
    )

    def run() -> None:
        for program in programs:
            program()

    return run


def _many_tags(folder: Path) -> Path:
    """Make a repository with a commit and an annotated tag for each of many versions, packed as in a clone."""
    folder.mkdir()
    lines = []
    for number in range(TAGS):
        lines += ["commit refs/heads/main", f"committer b <b@localhost> {1_700_000_000 + number} +0000", "data 1", "c"]
        if number == 0:
            lines += ["M 644 inline pyproject.toml", f"data {len(PYPROJECT)}", PYPROJECT]
        name = f"v0.{number}.0"
        lines += [f"tag {name}", "from refs/heads/main", f"tagger b <b@localhost> {1_700_000_000 + number} +0000"]
        lines += [f"data {len(name)}", name]
    lines += ["commit refs/heads/main", "committer b <b@localhost> 1800000000 +0000", "data 1", "c", ""]
    packed = ["pack-refs", "--all"]
    start, fill, checkout = ["init", "--quiet", "-b", "main"], ["fast-import", "--quiet"], ["reset", "--hard", "main"]
    for argv in (start, fill, checkout, packed):
        stdin = "\n".join(lines) if argv[0] == "fast-import" else None
        subprocess.run(["git", *argv], cwd=folder, input=stdin, text=True, check=True, stdout=subprocess.DEVNULL)  # noqa: S607 - the PATH's git
    return folder


if __name__ == "__main__":
    sys.exit(main())
