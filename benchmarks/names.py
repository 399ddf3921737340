"""Count how many PyPI names of conda-forge's packages we translate to the right conda name.

A corpus is a folder with ``names-differ.json`` (the PyPI names whose one conda-forge package is called otherwise) and
``conda-forge-names.txt`` (all names on conda-forge). A name of PyPI that both sides share is right when we keep it. The
names of PyPI are read from the first column of a file, one name a line. ::

    python -m benchmarks.names --corpus FOLDER --pypi FILE

It exits with 1 where fewer than 99 of 100 names are right. ``--wrong`` lists those that are not.
"""

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from packaging.utils import canonicalize_name

from release_tools.recipe.names import Names

WANTED: Final = 0.99


def main() -> int:
    """Translate every name, with a channel's list of names and without; return 1 where too few are right."""
    options = _options()
    known = frozenset((options.corpus / "conda-forge-names.txt").read_text(encoding="utf-8").split())
    differing = json.loads((options.corpus / "names-differ.json").read_text(encoding="utf-8"))["names"]
    truth = _truth(differing, known, options.pypi)
    shares = []
    for title, names in (("without a channel", Names()), ("with a channel", Names(exists=known.__contains__))):
        found = {pypi: names.conda_name(pypi).conda for pypi in truth}
        wrong = {pypi: conda for pypi, conda in found.items() if conda not in truth[pypi]}
        share = 1 - len(wrong) / len(truth)
        shares.append(share)
        sys.stdout.write(f"{title}: {len(truth) - len(wrong):,} of {len(truth):,} names are right ({share:.2%})\n")
        if options.wrong:
            sys.stdout.writelines(f"  {pypi}: {conda}, not {truth[pypi]}\n" for pypi, conda in wrong.items())
    return int(min(shares) < WANTED)


def _truth(differing: Mapping[str, str], known: frozenset[str], pypi: Path) -> dict[str, tuple[str, ...]]:
    """Return the conda names that are right for each PyPI name."""
    spelled: defaultdict[str, list[str]] = defaultdict(list)
    for conda in known:
        spelled[canonicalize_name(conda)].append(conda)
    truth: dict[str, tuple[str, ...]] = {canonicalize_name(name): (conda,) for name, conda in differing.items()}
    with pypi.open(encoding="utf-8") as lines:
        for line in lines:
            name = canonicalize_name(line.split("\t")[0].strip())
            if name in spelled:
                truth.setdefault(name, tuple(spelled[name]))
    return truth


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--pypi", type=Path, required=True, help="PyPI's names, in the first column")
    parser.add_argument("--wrong", action="store_true", help="list the names that are not right")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
