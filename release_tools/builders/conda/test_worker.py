"""rattler-build's test runner as a program of its own, for a test runs the package's code.

This file is run by its path and imports nothing of ours, so it needs only rattler-build and the interpreter.
"""

import json
import sys
from pathlib import Path


def main() -> None:
    """Run all tests of one package.

    Arguments: the package, the file that gets the answer, and channels. The answer is a list of objects, ``passed`` and
    ``output``, one a test.
    """
    from rattler_build import Package

    package, answer, *channels = sys.argv[1:]
    results = Package.from_file(package).run_tests(channel=channels)
    tested = [{"passed": result.success, "output": result.output} for result in results]
    Path(answer).write_text(json.dumps(tested), encoding="utf-8")


if __name__ == "__main__":
    main()
