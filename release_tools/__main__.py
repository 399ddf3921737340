"""``python -m release_tools`` is ``release-tools``."""

import sys

from release_tools.cli.main import main, run_process


def run() -> int:
    """Run the command in a process of its own."""
    return run_process(main)


if __name__ == "__main__":
    sys.exit(run())
