"""Upload one conda package by rattler-build, as a program of its own that reads its request from standard input.

In our process the uploader could be neither stopped nor timed: it ignores signals while it waits for a server. This
file is run by its path and imports nothing of ours, so it needs no more than rattler-build next to the interpreter.
"""

import json
import sys


def main() -> None:
    """Upload one file.

    Reads a JSON object: ``function`` (in `rattler_build.upload`), ``path`` and the function's keyword ``arguments``,
    the token among them.
    """
    from rattler_build import upload

    request = json.load(sys.stdin)
    upload_package = getattr(upload, request["function"])
    upload_package([request["path"]], **request["arguments"])


if __name__ == "__main__":
    main()
