"""The platform tags of wheels that PyPI accepts.

PyPI checks each tag of a wheel's file name against lists of its own, which grow with new systems; ``twine check`` does
not. https://packaging.python.org/specifications/platform-compatibility-tags/
"""

import re
from typing import Final

_EXACT: Final = frozenset(
    {
        "any", "win32", "win_amd64", "win_arm64", "win_ia64",
        "manylinux1_i686", "manylinux1_x86_64", "manylinux2010_i686", "manylinux2010_x86_64",
        "manylinux2014_aarch64", "manylinux2014_armv7l", "manylinux2014_i686", "manylinux2014_ppc64",
        "manylinux2014_ppc64le", "manylinux2014_s390x", "manylinux2014_x86_64",
        "linux_armv6l", "linux_armv7l",
    }
)  # fmt: skip
_LINUX_MACHINES: Final = "aarch64|armv7l|i686|ppc64le|riscv64|s390x|x86_64"
_MAC_MACHINES: Final = "arm64|fat|fat3|fat64|i386|intel|ppc|ppc64|universal|universal2|x86_64"
_MAC_MAJORS: Final = "11|12|13|14|15|26"
_PATTERNS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        rf"manylinux_\d+_\d+_(?:{_LINUX_MACHINES}|ppc64)",
        rf"musllinux_\d+_\d+_(?:{_LINUX_MACHINES})",
        rf"macosx_10_\d+_(?:{_MAC_MACHINES})",
        rf"macosx_(?:{_MAC_MAJORS})_0_(?:{_MAC_MACHINES})",
        r"ios_\d+_\d+_(?:arm64|x86_64)_(?:iphoneos|iphonesimulator)",
        r"android_\d+_(?:armeabi_v7a|arm64_v8a|x86|x86_64)",
        r"pyemscripten_\d+_\d+_wasm32",
    )
)
_MAY_BE_NEWER: Final = re.compile(r"macosx_(?!10_)\d+_0_\w+")


def is_accepted_platform(platform: str) -> bool:
    """Return whether PyPI accepts a platform tag, such as ``manylinux_2_28_x86_64``."""
    return platform in _EXACT or any(pattern.fullmatch(platform) for pattern in _PATTERNS)


def may_be_newer(platform: str) -> bool:
    """Return whether an unknown platform tag may name a system that came after our list: a later macOS."""
    return _MAY_BE_NEWER.fullmatch(platform) is not None
