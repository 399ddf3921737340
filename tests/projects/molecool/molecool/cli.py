"""The command ``molecool``."""

import argparse

from molecool.geometry import angle, distance
from molecool.molecules import load


def main() -> None:
    """Print a molecule's bond length and angle."""
    parser = argparse.ArgumentParser(prog="molecool", description="Small molecules, their bonds and angles.")
    parser.add_argument("molecule", nargs="?", default="water")
    molecule = load(parser.parse_args().molecule)
    first, middle, last = molecule.points
    print(f"{molecule.name}: {distance(first, middle):.3f} Å, {angle(first, middle, last):.1f}°")
