"""Molecules, read from the files beside this one (https://en.wikipedia.org/wiki/XYZ_file_format)."""

from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True)
class Molecule:
    """A molecule: its symbols, and a point in space for each, in ångström."""

    name: str
    symbols: tuple[str, ...]
    points: tuple[tuple[float, float, float], ...]


def load(name: str) -> Molecule:
    """One of the molecules that come with this package."""
    lines = (files("molecool") / "data" / f"{name}.xyz").read_text(encoding="utf-8").splitlines()
    rows = [line.split() for line in lines[2 : 2 + int(lines[0])]]
    points = tuple((float(x), float(y), float(z)) for _, x, y, z in rows)
    return Molecule(lines[1], tuple(row[0] for row in rows), points)
