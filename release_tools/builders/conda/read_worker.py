"""Read conda packages by rattler-build, as a program of its own.

To list its files, rattler-build unpacks a package, and holds up every thread of the process that asks. This file is run
by its path and imports nothing of ours, so it needs only rattler-build and the interpreter.
"""

import json
import sys
from pathlib import Path


def main() -> None:
    """Read packages.

    Arguments: the packages, and the file that gets the answer. The answer is a list of objects, one a package: what
    rattler-build reads of it, or the ``fault`` that it finds.
    """
    *packages, answer = sys.argv[1:]
    Path(answer).write_text(json.dumps([read_package(package) for package in packages]), encoding="utf-8")


def read_package(path: str) -> dict[str, object]:
    """Return what rattler-build reads of one package; only its ``fault`` where it cannot."""
    from rattler_build import Package, RattlerBuildError

    try:
        found = Package.from_file(path)
        files = found.files
    except RattlerBuildError as error:
        return {"fault": str(error)}
    return {
        "name": found.name,
        "version": found.version,
        "build": found.build_string,
        "build number": found.build_number,
        "subdir": found.subdir,
        "noarch": found.noarch or "",
        "requirements": found.depends,
        "files": files,
    }


if __name__ == "__main__":
    main()
