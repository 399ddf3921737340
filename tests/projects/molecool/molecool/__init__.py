"""Small molecules, their bonds and angles."""

from molecool._version import __version__
from molecool.geometry import angle, distance
from molecool.molecules import Molecule, load

__all__ = ["Molecule", "__version__", "angle", "distance", "load"]
