"""File names that Windows cannot have, so that neither pip nor conda installs the package there.

https://learn.microsoft.com/windows/win32/fileio/naming-a-file
"""

import re
from typing import Final

_DEVICES: Final = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[1-9\u00b9\u00b2\u00b3]) *", re.IGNORECASE
)
_FORBIDDEN: Final = re.compile(r'[<>:"|?*]')


def find_windows_fault(path: str) -> str:
    """Return why Windows cannot have a file of this path, separated by forward slashes; empty where it can."""
    for part in path.split("/"):
        if _DEVICES.fullmatch(part.partition(".")[0]):
            return f"{part!r} is the name of a device"
        if found := _FORBIDDEN.search(part):
            return f"{part!r} contains {found.group()!r}"
        if part.endswith((".", " ")):
            return f"{part!r} ends with a dot or a space"
    return ""
