"""Measure how soon the command answers: ``--help`` next to twine, ``version`` next to versioningit among 10,000 tags.

Run it as ``python -m benchmarks.commands``.
"""

import subprocess
import sys
from pathlib import Path

from benchmarks.measure import options, python, scratch, table, timed

TAGS = 10_000
PYPROJECT = '[project]\nname = "many"\ndynamic = ["version"]\n[tool.versioningit]\n'


def main() -> int:
    """Measure, print the table, and return 1 where a ratio is missed."""
    chosen = options(__doc__, rounds=9)
    helped = python("twine", "--help"), python("release_tools", "--help")
    with scratch() as folder:
        rows = [timed("--help", *helped, bound=1 / 3, rounds=chosen.rounds)]
        project = _many_tags(folder)
        commands = python("versioningit", cwd=project), python("release_tools", "version", cwd=project)
        rows.append(timed(f"version, {TAGS} tags", *commands, bound=1.5, rounds=chosen.rounds))
        return table("Commands", "twine, versioningit", rows)


def _many_tags(folder: Path) -> Path:
    """Make a repository with a commit and an annotated tag for each of many versions."""
    lines = []
    for number in range(TAGS):
        lines += ["commit refs/heads/main", f"committer b <b@localhost> {1_700_000_000 + number} +0000", "data 1", "c"]
        if number == 0:
            lines += ["M 644 inline pyproject.toml", f"data {len(PYPROJECT)}", PYPROJECT]
        name = f"v0.{number}.0"
        lines += [f"tag {name}", "from refs/heads/main", f"tagger b <b@localhost> {1_700_000_000 + number} +0000"]
        lines += [f"data {len(name)}", name]
    lines += ["commit refs/heads/main", "committer b <b@localhost> 1800000000 +0000", "data 1", "c", ""]
    for argv in (["init", "--quiet", "-b", "main"], ["fast-import", "--quiet"], ["reset", "--quiet", "--hard", "main"]):
        stdin = "\n".join(lines) if argv[0] == "fast-import" else None
        subprocess.run(["git", *argv], cwd=folder, input=stdin, text=True, check=True)  # noqa: S607 - the PATH's git
    return folder


if __name__ == "__main__":
    sys.exit(main())
