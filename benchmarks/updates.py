"""Repeat the updates that conda-forge merged, and compare our recipes with what was merged.

The material is clones of feedstocks, with their history. An update is a pull request that set another version; the
sdist and the wheel of both versions are downloaded from PyPI once. ::

    python -m benchmarks.updates --names FILE FEEDSTOCK...

Updates that nobody edited by hand (every commit that touches the recipe is a bot's) are counted apart: in the others a
person may have changed anything. It exits with 1 where fewer than 95 of 100 of the former are equal.
"""

import argparse
import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from packaging.version import Version

from release_tools.addresses import PYPI_FILES, PYPI_SIMPLE
from release_tools.artifacts import read_sdist, read_wheel
from release_tools.errors import ReleaseToolsError
from release_tools.publishers.conda_forge.extras import Extras
from release_tools.publishers.package_index.index import PYPI, parse_file_version
from release_tools.publishers.package_index.simple_api import list_project
from release_tools.recipe.document import Format, RecipeDocument
from release_tools.recipe.evidence import Evidence, gather, says_something
from release_tools.recipe.generate import make_recipe
from release_tools.recipe.names import Names
from release_tools.recipe.old_recipe_rules import check_old_rules
from release_tools.recipe.recipe_rules import check_rules
from release_tools.recipe.source_address import ARCHIVE, AddressReader, find_archive_tag
from release_tools.recipe.source_address import PYPI as PYPI_ADDRESS
from release_tools.recipe.spans import Span
from release_tools.recipe.submission import Present, write_feedstock_update
from release_tools.recipe.update import read_recipe_version
from release_tools.recipe.update_source import Target, find_origin
from release_tools.system.http import Http

BOTS: Final = (
    "autotick",
    "conda-forge-admin",
    "conda-forge-webservices",
    "conda-forge-curator",
    "conda-forge-linter",
    "github-actions",
)
WANTED: Final = 0.95
FOLLOWS: Final = "follows project"
"""Equal but for requirements that the project changed: ours follows them, the merged recipe does not."""
FOLLOWED: Final = re.compile(r"\brequirements\b|\bentry_points\b|python_min$")
"""The keys that lead to values in which an update follows the project."""
NOWHERE: Final = Span("", -1, -1, "", 0)
DIGEST: Final = re.compile(r"\b[0-9a-f]{64}\b")
SDIST_PROJECT: Final = re.compile(r"/source/./([^/]+)/")


@dataclass(frozen=True)
class Merged:
    """An update that was merged.

    Attributes:
        feedstock: its name.
        form: the recipe's format, the same before and after.
        before: the recipe before.
        after: the recipe after.
        by_hand: whether a person touched it.
    """

    feedstock: str
    form: Format
    before: str
    after: str
    by_hand: bool


def main() -> int:
    """Repeat the updates of each feedstock; return 1 where too few are equal."""
    options = _options()
    known = frozenset(options.names.read_text(encoding="utf-8").split())
    extras = Extras(lambda: Http.to([PYPI_SIMPLE, PYPI_FILES], os.environ))
    names = Names(exists=known.__contains__, extras=extras)
    counts: dict[bool, Counter[str]] = {False: Counter(), True: Counter()}
    with contextlib.closing(Http.to([PYPI_SIMPLE, PYPI_FILES], os.environ)) as http:
        files = Files(http, options.files)
        for folder in options.feedstocks:
            for merged in islice(_find_merged(folder), options.newest):
                outcome, detail = _repeat(merged, files, names)
                counts[merged.by_hand][outcome] += 1
                mark = "hand" if merged.by_hand else "bot "
                version = _version(merged.after, merged.form)
                sys.stdout.write(f"{mark} {outcome:16} {merged.feedstock} {version}  {detail}\n")
                sys.stdout.flush()
    for by_hand, counter in counts.items():
        sys.stdout.write(f"{'by hand' if by_hand else 'by bots alone'}: {dict(counter)}\n")
    bots = counts[False]
    compared = sum(bots.values()) - bots["not on PyPI"]
    return int(bots["equal"] + bots["equal in meaning"] + bots[FOLLOWS] < WANTED * compared)


class Files:
    """The files of releases on PyPI, kept in a folder."""

    def __init__(self, http: Http, folder: Path) -> None:
        self._http = http
        self._folder = folder
        self._evidence: dict[tuple[str, str], Evidence | None] = {}

    def evidence(self, project: str, version: str) -> Evidence | None:
        """Return what a release's files say; None where there is no sdist."""
        key = (project, version)
        if key not in self._evidence:
            self._evidence[key] = self._read(project, Version(version))
        return self._evidence[key]

    def _read(self, project: str, version: Version) -> Evidence | None:
        served = list_project(self._http, PYPI, project).files
        of_version = [name for name in served if parse_file_version(name) == version]
        sdist = next((name for name in of_version if name.endswith(".tar.gz")), None)
        if sdist is None:
            return None
        wheels = sorted(
            (not name.endswith("-any.whl"), "-abi3-" not in name, name) for name in of_version if name.endswith(".whl")
        )
        self._folder.mkdir(parents=True, exist_ok=True)
        wheel = self._fetch(served[wheels[0][2]].url, wheels[0][2]) if wheels else None
        path = self._fetch(served[sdist].url, sdist)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        return gather(read_sdist(path, wanted=says_something), digest, read_wheel(wheel) if wheel else None)

    def _fetch(self, url: str, name: str) -> Path:
        path = self._folder / name
        if not path.exists():
            partial = path.with_suffix(".part")
            with partial.open("wb") as file:
                self._http.get(url, into=file)
            partial.rename(path)
        return path


def _repeat(merged: Merged, files: Files, names: Names) -> tuple[str, str]:
    """Return how our update compares with the one that was merged, and a detail."""
    try:
        project = _project(merged)
        old = files.evidence(project, _version(merged.before, merged.form))
        new = files.evidence(project, _version(merged.after, merged.form))
        if new is None:
            return "not on PyPI", project
        recipe = make_recipe(new, names, ["nobody"])
        previous = make_recipe(old, names, ["nobody"]) if old else None
        present, target = Present(merged.form, merged.before), _target(merged, recipe.version, old, new)
        update = write_feedstock_update(present, target, recipe, previous)
    except ReleaseToolsError as error:
        return "refused", " ".join(error.message.split())[:200]
    ours = next(iter(update.files.values()), merged.before)
    check = check_rules if merged.form is Format.V1 else check_old_rules
    broken = [line for line in check(ours) if line not in check(merged.before)]
    note = f"checklist {len(update.checklist)}" + (f"; linter: {broken}" if broken else "")
    if ours == merged.after:
        return "equal", note
    if _meaning(ours, merged.form) == _meaning(merged.after, merged.form):
        return "equal in meaning", note
    difference = f"{note}; {_difference(ours, merged.after)}"
    if _only_follows(merged, ours):
        return FOLLOWS, difference
    return "differs", difference


def _target(merged: Merged, version: str, old: Evidence | None, new: Evidence) -> Target:
    sources = new.sources
    address = _read_archive_address(merged)
    found = ARCHIVE.match(address)
    if found is None:
        return Target(version, sources.sha256, sources.filename, old.sources.sha256 if old else "")
    digest = DIGEST.search(merged.after)
    return Target(
        version,
        sources.sha256,
        sources.filename,
        repository=found["repository"],
        tag=find_archive_tag(address, found["repository"]) or "",
        archive_sha256=digest[0] if digest else "",
    )


def _read_archive_address(merged: Merged) -> str:
    """Return the address of GitHub's archive that the merged recipe has as its only source; empty for another one."""
    document = RecipeDocument(merged.after, merged.form)
    sources = document.sources()
    spans = sources[0].get("url") if len(sources) == 1 else []
    reader = AddressReader(document, NOWHERE, "")
    texts = [reader.read(root.value) or "" for span in spans for root in (find_origin(document, span),)]
    return texts[0] if len(texts) == 1 else ""


def _project(merged: Merged) -> str:
    found = SDIST_PROJECT.search(merged.after)
    return found[1] if found and "{" not in found[1] else merged.feedstock


def _version(text: str, form: Format) -> str:
    return read_recipe_version(text, form)


def _meaning(text: str, form: Format) -> Counter[tuple[str, str]]:
    """Return the content of a recipe, its order, quotes and white space aside.

    Expressions have their values, and the hosts that serve the files of PyPI are one.
    """
    document = RecipeDocument(text, form)
    reader = AddressReader(document, NOWHERE, "")
    meaning: Counter[tuple[str, str]] = Counter()
    for (path, written), count in document.entries().items():
        value = " ".join(written.strip("\"'").split())
        meaning[path, PYPI_ADDRESS.sub("", reader.read(value) or value)] += count
    return meaning


def _only_follows(merged: Merged, ours: str) -> bool:
    """Return whether ours has each change that was merged, and beyond them only changes of requirements.

    A line that only ours has is new; a line that only the merged recipe has was there before.
    """
    before, mine, theirs = (_meaning(text, merged.form) for text in (merged.before, ours, merged.after))
    added, kept = mine - theirs, theirs - mine
    return all(FOLLOWED.search(path) for path, _ in (*added, *kept)) and not added & before and kept == kept & before


def _difference(ours: str, theirs: str) -> str:
    mine, yours = ours.splitlines(), theirs.splitlines()
    gone = [f"+{line.strip()}" for line in mine if line not in yours]
    come = [f"-{line.strip()}" for line in yours if line not in mine]
    return " ".join([*gone, *come])[:400]


def _find_merged(folder: Path) -> Iterator[Merged]:
    """Yield the updates of a feedstock, newest first: one for each merge that set another version."""
    name = folder.name.partition("+")[2] or folder.name
    feedstock = name.removesuffix("-feedstock")
    git_folder = folder / "repo" if (folder / "repo").is_dir() else folder
    merges = _git(git_folder, "log", "--first-parent", "--format=%H %P", "HEAD", "--", "recipe").splitlines()
    for line in merges:
        commit, *parents = line.split()
        if not parents:
            continue
        for form in (Format.V1, Format.V0):
            before = _git(git_folder, "show", f"{parents[0]}:recipe/{form}")
            after = _git(git_folder, "show", f"{commit}:recipe/{form}")
            if before and after and _differ(before, after, form):
                yield Merged(feedstock, form, before, after, _is_by_hand(git_folder, f"{parents[0]}..{commit}"))


def _is_by_hand(git_folder: Path, span: str) -> bool:
    """Return whether a person wrote a commit to the recipe, or a part of one that was squashed."""
    trailers = "%(trailers:key=Co-authored-by,valueonly,unfold)"
    lines = _git(git_folder, "log", "--no-merges", f"--format=%an %ae%n{trailers}", span, "--", "recipe").splitlines()
    return any(line.strip() and not any(bot in line for bot in BOTS) for line in lines)


def _differ(before: str, after: str, form: Format) -> bool:
    try:
        return Version(read_recipe_version(after, form)) > Version(read_recipe_version(before, form))
    except ReleaseToolsError:
        return False


def _git(folder: Path, *arguments: str) -> str:
    git = shutil.which("git") or "git"
    done = subprocess.run([git, "-C", folder, *arguments], capture_output=True, check=False)
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    scratch = Path(tempfile.gettempdir()) / "release-tools-recipes"
    parser.add_argument("feedstocks", nargs="+", type=Path, metavar="FEEDSTOCK", help="a clone of a feedstock")
    parser.add_argument("--names", type=Path, required=True, help="the names on conda-forge, one a line")
    parser.add_argument("--files", type=Path, default=scratch / "files", help="where sdists and wheels are kept")
    parser.add_argument("--newest", type=int, default=4, help="the number of updates of each feedstock")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
