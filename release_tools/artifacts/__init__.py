"""Read wheels, sdists and conda packages; nothing else in the package does.

The readers check before they read, go member by member, and never unpack what they can stream. Whatever a hostile or
broken archive holds, they raise an `ArchiveError` that names the member.
"""

from release_tools.artifacts.conda_packages import CondaPackage, read_conda
from release_tools.artifacts.core_metadata import CoreMetadata
from release_tools.artifacts.members import LIMITS, Limits, Member
from release_tools.artifacts.sdists import Sdist, UnpackedSdist, read_sdist, unpack_sdist
from release_tools.artifacts.wheels import Wheel, read_wheel

__all__ = [
    "LIMITS",
    "CondaPackage",
    "CoreMetadata",
    "Limits",
    "Member",
    "Sdist",
    "UnpackedSdist",
    "Wheel",
    "read_conda",
    "read_sdist",
    "read_wheel",
    "unpack_sdist",
]
