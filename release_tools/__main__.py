"""``python -m release_tools`` is ``release-tools``."""

import gc
import sys

from release_tools.cli import main

_OBJECTS = 50_000


def run() -> int:
    """One command in a process of its own: it ends soon, so little garbage is looked for, and none at the end."""
    gc.set_threshold(_OBJECTS)
    try:
        return main()
    finally:
        gc.freeze()


if __name__ == "__main__":
    sys.exit(run())
