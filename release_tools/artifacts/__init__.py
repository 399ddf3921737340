"""The one reader of wheels, sdists and conda packages.

It checks before it reads, reads member by member, and never unpacks what it can stream. Whatever a hostile or broken
archive holds, there is one answer: an `ArchiveError` that names the member.
"""

from release_tools.artifacts.conda_packages import CondaPackage, read_conda
from release_tools.artifacts.core_metadata import CoreMetadata
from release_tools.artifacts.members import LIMITS, Limits, Member
from release_tools.artifacts.sdists import Sdist, read_sdist, unpack_sdist
from release_tools.artifacts.wheels import Wheel, read_wheel

__all__ = [
    "LIMITS",
    "CondaPackage",
    "CoreMetadata",
    "Limits",
    "Member",
    "Sdist",
    "Wheel",
    "read_conda",
    "read_sdist",
    "read_wheel",
    "unpack_sdist",
]
