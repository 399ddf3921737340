"""Measure how close generated recipes come to what reviewers of conda-forge wrote, over a corpus of real feedstocks.

A corpus is a folder with ``feedstocks.json`` (for each package its sdist and wheel, and what the feedstock's recipe
says), ``score.py`` (which compares a folder of recipes with that) and ``conda-forge-names.txt`` (the names that exist
there). The files are downloaded from PyPI once and checked against their digests. ::

    python -m benchmarks.recipes --corpus FOLDER [--peer NAME ...]

Our seconds are those of making a recipe of artifacts that have been read, as they have after a build. With ``--peer``
they stand beside those of grayskull on the sdists of these packages; it runs some of them, which takes minutes.
"""

import argparse
import contextlib
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.measure import Row, command, table
from release_tools.addresses import PYPI_FILES, PYPI_SIMPLE
from release_tools.artifacts import read_sdist, read_wheel
from release_tools.publishers.package_index.index import PYPI
from release_tools.publishers.package_index.simple_api import list_project
from release_tools.recipe.evidence import Evidence, gather, says_something
from release_tools.recipe.generate import make_recipe
from release_tools.recipe.names import Names
from release_tools.recipe.write_v0 import write_v0
from release_tools.recipe.write_v1 import write_v1
from release_tools.system.http import Http

FORMATS: Final = {"v1": ("recipe.yaml", write_v1), "v0": ("meta.yaml", write_v0)}
ALLOWED: Final = 0.2  # seconds for any recipe


def main() -> int:
    """Download, generate, score; return 1 where a recipe took too long."""
    options = _options()
    packages = json.loads((options.corpus / "feedstocks.json").read_text(encoding="utf-8"))["packages"]
    with contextlib.closing(Http.to([PYPI_SIMPLE, PYPI_FILES], os.environ)) as http:
        for package in packages.values():
            _download(http, package, options.files)
    known = frozenset((options.corpus / "conda-forge-names.txt").read_text(encoding="utf-8").split())
    filename, write = FORMATS[options.format]
    seconds = {}
    for key, package in packages.items():
        evidence = _evidence(package, options.files, sdist_only=options.sdist_only)
        background = time.perf_counter()
        text = write(make_recipe(evidence, Names(exists=known.__contains__), ["nobody"]))
        seconds[key] = time.perf_counter() - background
        _keep(options.output / key, filename, text, seconds[key])
    score = [sys.executable, options.corpus / "score.py", options.output, *["--diffs"] * options.diffs]
    subprocess.run(score, check=True)
    missed = table(
        "Making a recipe",
        "allowed",
        [Row(what.__name__, ALLOWED, what(seconds.values()), 1) for what in (median, max)],
    )
    if options.peer:
        peers = [Row(key, _grayskull(options.files / packages[key]["sdist"]), seconds[key], 1) for key in options.peer]
        missed |= table("The same beside grayskull", "grayskull", peers)
    return missed


def _keep(folder: Path, filename: str, text: str, seconds: float) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / filename).write_text(text, encoding="utf-8", newline="\n")
    (folder / "time.txt").write_text(f"{seconds:.3f}", encoding="utf-8")


def _grayskull(sdist: Path) -> float:
    """Return the seconds that grayskull takes for the recipe of an sdist."""
    with tempfile.TemporaryDirectory() as folder:
        background = time.perf_counter()
        command("grayskull", "pypi", "--strict-conda-forge", "--no-use-v1-format", "--output", folder, sdist)()
        return time.perf_counter() - background


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    scratch = Path(tempfile.gettempdir()) / "release-tools-recipes"
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--files", type=Path, default=scratch / "files", help="where sdists and wheels are kept")
    parser.add_argument("--output", type=Path, default=scratch / "output", help="where the recipes are written")
    parser.add_argument("--format", choices=FORMATS, default="v1")
    parser.add_argument("--sdist-only", action="store_true", help="as if there were no wheels")
    parser.add_argument("--diffs", action="store_true", help="show each difference")
    parser.add_argument("--peer", nargs="*", default=(), metavar="NAME", help="have grayskull make these, too")
    return parser.parse_args()


def _download(http: Http, package: Mapping[str, Any], folder: Path) -> None:
    """Bring a package's sdist and wheel here, unless they are here."""
    wanted = [name for name in (package["sdist"], package.get("wheel")) if name and not (folder / name).exists()]
    if not wanted:
        return
    folder.mkdir(parents=True, exist_ok=True)
    served = list_project(http, PYPI, package["pypi"]).files
    for name in wanted:
        partial = folder / f"{name}.part"
        with partial.open("wb") as file:
            http.get(served[name].url, into=file)
        digest = hashlib.sha256(partial.read_bytes()).hexdigest()
        expected = package["sdist_sha256"] if name == package["sdist"] else served[name].sha256
        if digest != expected:
            raise SystemExit(f"{name}: not the file that the corpus means")
        partial.rename(folder / name)


def _evidence(package: Mapping[str, Any], folder: Path, *, sdist_only: bool) -> Evidence:
    sdist = read_sdist(folder / package["sdist"], wanted=says_something)
    wheel = package.get("wheel")
    return gather(sdist, package["sdist_sha256"], read_wheel(folder / wheel) if wheel and not sdist_only else None)


if __name__ == "__main__":
    sys.exit(main())
