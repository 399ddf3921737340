"""Measure how often ``release-tools next`` recommends what maintainers then released, over real histories.

For each of a project's last final releases, the question is asked at its commit, before the tag was made. The
repositories are cloned once. ::

    python -m benchmarks.next_version --folder FOLDER [--last N] [--details] [OWNER/NAME ...]
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from release_tools.addresses import GITHUB_SITE
from release_tools.model.versions import TagFormat

PROJECTS = ("encode/httpx", "pypa/packaging", "pallets/click", "python-attrs/attrs", "Textualize/rich")


@dataclass(frozen=True)
class Answer:
    """One question and its answer.

    Attributes:
        chosen: what the maintainers released.
        recommended: what the command says.
        by_evidence: the same, if the changelog did not name a version.
        rule: why.
        evidence: a line each.
    """

    chosen: str
    recommended: str
    by_evidence: str
    rule: str
    evidence: tuple[str, ...] = ()


def main() -> int:
    """Clone, ask, and print a table."""
    options = _options()
    options.folder.mkdir(parents=True, exist_ok=True)
    for project in options.projects:
        clone = options.folder / project.replace("/", "+")
        if not clone.exists():
            source = options.mirror.format(project.replace("/", "+")) if options.mirror else f"{GITHUB_SITE}/{project}"
            _git(options.folder, "clone", "--quiet", "--no-checkout", source, str(clone))
        answers = list(_answers(clone, options.last))
        same = sum(answer.chosen == answer.recommended for answer in answers)
        alone = sum(answer.chosen == answer.by_evidence for answer in answers)
        print(f"\n## {project}: {same} of {len(answers)}, by the evidence alone {alone}\n")
        print("| released | recommended | by the evidence | why |\n|---|---|---|---|")
        for answer in answers:
            print(f"| {answer.chosen} | {answer.recommended} | {answer.by_evidence} | {answer.rule} |")
            if options.details:
                print("\n".join(f"| | | | {line} |" for line in answer.evidence))
    return 0


def _answers(clone: Path, last: int) -> Iterator[Answer]:
    """Yield an answer for each of the last final releases, newest first, at its commit without its own tag."""
    tags = _git(clone, "tag", "--merged", "origin/HEAD").split()
    versions = {tag: version for tag in tags if (version := TagFormat().version(tag)) is not None}
    asked = 0
    try:
        for tag in sorted(versions, key=lambda tag: versions[tag], reverse=True):
            commit, day = _git(clone, "log", "-1", "--format=%H %ct", tag).split()
            _git(clone, "tag", "--delete", tag)
            if not versions[tag].is_prerelease:
                _git(clone, "checkout", "--quiet", "--force", "--detach", commit)
                yield _ask(clone, str(versions[tag]), day)
                asked += 1
            if asked == last:
                return
    finally:
        _git(clone, "fetch", "--quiet", "--tags", "origin")


def _ask(clone: Path, chosen: str, day: str) -> Answer:
    command = [sys.executable, "-m", "release_tools", "next", "--json", "-C", str(clone)]
    env = {**os.environ, "SOURCE_DATE_EPOCH": day}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        return Answer(chosen, "-", "-", done.stderr.splitlines()[0])
    data = json.loads(done.stdout)
    evidence = (f"{item['source']}: {item['text']} ({item['asks-for']})" for item in data["evidence"])
    return Answer(chosen, data["version"] or "-", data["by-evidence"] or "-", data["rule"], tuple(evidence))


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("projects", nargs="*", default=PROJECTS, metavar="OWNER/NAME")
    parser.add_argument("--folder", type=Path, required=True, help="where the clones lie")
    parser.add_argument("--last", type=int, default=10, metavar="N", help="how many releases of each (default: 10)")
    parser.add_argument("--mirror", default="", metavar="PATH", help="clone from here; {} stands for owner+name")
    parser.add_argument("--details", action="store_true", help="show the evidence too")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
