"""Write the table of conda names that the package ships, from files of facts about conda-forge.

    nox -s names -- FILE...

Each file is JSON, and the first that has a PyPI name is believed. Two shapes are known: ``{"names": {pypi: conda}}``,
with the names of projects that have exactly one package on conda-forge, and ``{pypi: {"conda_name": conda}}``, as the
conda-pypi project keeps it.
"""

import json
import re
import sys
from pathlib import Path
from typing import Final

from packaging.utils import canonicalize_name

CHANNEL_TABLE: Final = Path(__file__).parents[1] / "release_tools" / "recipe" / "conda_pypi_names.txt"
CHANNEL_HEADER: Final = """\
# PyPI names and the names that the conda-pypi channel gives them, where those are not the same: conda-pypi 0.13's own
# table (conda community, BSD-3-Clause), by which the channel translates requirements. We do not correct it.
# Written by "nox -s names -- FILE..."; do not edit it.
"""
TABLE: Final = Path(__file__).parents[1] / "release_tools" / "recipe" / "conda_names.txt"
HEADER: Final = """\
# PyPI names and their conda-forge names, one project a line; a line with one name means the same name on both sides.
# Facts from prefix-dev/parselmouth's mapping of conda-forge (2026-08-19, BSD-3-Clause), and for projects that have
# several packages or the same name from conda-pypi 0.13's mapping (conda community, BSD-3-Clause).
# Written by "nox -s names -- FILE..."; do not edit it. Corrections belong in name_overrides.py.
"""
CONDA_NAME: Final = re.compile(r"[a-z0-9_][a-z0-9_.\-]{0,63}")
DIGEST: Final = re.compile(r"[0-9a-f]{50,}")


def main(paths: list[str]) -> int:
    """Write the table; return 2 where no file is named."""
    if not paths:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    names: dict[str, str] = {}
    for path in paths:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        listed = read_names(content)
        for pypi, conda in listed.items():
            names.setdefault(pypi, conda)
        if "names" not in content:
            differing = (f"{pypi} {conda}\n" for pypi, conda in sorted(listed.items()) if pypi != conda)
            CHANNEL_TABLE.write_text(CHANNEL_HEADER + "".join(differing), encoding="utf-8", newline="\n")
    lines = (pypi if pypi == conda else f"{pypi} {conda}" for pypi, conda in sorted(names.items()))
    TABLE.write_text(HEADER + "".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")
    return 0


def read_names(content: dict[str, object]) -> dict[str, str]:
    """Return canonical PyPI names with their conda names, leaving out whatever is not one."""
    listed = content.get("names")
    facts: dict[str, object] = listed if isinstance(listed, dict) else content
    names: dict[str, str] = {}
    for pypi, fact in facts.items():
        conda = fact.get("conda_name") if isinstance(fact, dict) else fact
        canonical = canonicalize_name(pypi)
        if isinstance(conda, str) and CONDA_NAME.fullmatch(conda) and not DIGEST.fullmatch(canonical):
            names[canonical] = conda
    return names


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
