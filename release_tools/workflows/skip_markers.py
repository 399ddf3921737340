"""Find the text in a commit's message that makes GitHub start no workflow for it.

https://docs.github.com/actions/how-tos/manage-workflow-runs/skip-workflow-runs
"""

import re
from typing import Final

_MARKER: Final = re.compile(r"\[(?:skip ci|ci skip|no ci|skip actions|actions skip)\]", re.IGNORECASE)
_TRAILER: Final = re.compile(r"^skip-checks:[ \t]*true[ \t]*$", re.IGNORECASE | re.MULTILINE)


def find_skip_marker(message: str) -> str:
    """Return the marker because of which GitHub skips the workflows of a push, or an empty string.

    Args:
        message: of the commit that is pushed, or that the pushed tag is on.
    """
    marker = _MARKER.search(message)
    if marker:
        return marker[0]
    trailer = _TRAILER.search(message.rstrip().rpartition("\n\n")[2]) if "\n\n" in message else None
    return trailer[0] if trailer else ""
