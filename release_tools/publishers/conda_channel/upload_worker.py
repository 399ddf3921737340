"""rattler-build's uploader as a program of its own: the request, token included, comes over standard input.

In our process it could be neither stopped nor timed: it answers to no signal while it waits for a server. This file
is run by its path and imports nothing of ours, so it needs no more than rattler-build beside the interpreter.
"""

import json
import sys


def main() -> None:
    """Upload one file.

    Reads a JSON object: ``server``, ``path``, ``api``, ``owner``, ``labels`` and ``token``.
    """
    from rattler_build import upload

    request = json.load(sys.stdin)
    server, files, token = request["server"], [request["path"]], request["token"]
    api, owner = request["api"], request["owner"]
    if server == "anaconda":
        upload.upload_package_to_anaconda(files, owner, channel=request["labels"], api_key=token, url=api)
    elif server == "quetz":
        upload.upload_package_to_quetz(files, api, owner, api_key=token)
    elif server == "prefix":
        upload.upload_package_to_prefix(files, api, owner, api_key=token)
    else:
        upload.upload_package_to_artifactory(files, api, owner, token=token)


if __name__ == "__main__":
    main()
