"""conda-build as a program: renders the variants of a ``meta.yaml``, run by the Python of the prefix that has it.

This file is run by its path and imports nothing of ours.
"""

import json
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    """Render a recipe without solving anything.

    Arguments: the recipe's folder, the file that gets the answer, the root of scratch folders, and subdirs such as
    ``linux-64``. The answer is a JSON object: ``targets``, one for each package that is not skipped, those for every
    platform only as the first subdir has them, and ``fault``, empty where all went well.
    """
    recipe, answer, croot, *subdirs = sys.argv[1:]
    found: dict[str, Any] = {"targets": [], "fault": ""}
    try:
        for number, subdir in enumerate(subdirs):
            targets = _render(recipe, croot, subdir)
            found["targets"] += [one for one in targets if number == 0 or one["subdir"] != "noarch"]
    except (Exception, SystemExit) as error:  # noqa: BLE001 - conda-build raises anything, and exits
        found["fault"] = f"{type(error).__name__}: {error}"
    Path(answer).write_text(json.dumps(found), encoding="utf-8")


def _render(recipe: str, croot: str, subdir: str) -> list[dict[str, Any]]:
    from conda_build import api
    from conda_build.config import Config

    platform, _, arch = subdir.partition("-")
    config = Config(platform=platform, arch=arch, croot=croot, verbose=False)
    rendered = api.render(
        recipe, config=config, finalize=False, bypass_env_check=True, permit_unsatisfiable_variants=True
    )
    return [_describe_target(metadata) for metadata, _, _ in rendered if not metadata.skip()]


def _describe_target(metadata: Any) -> dict[str, Any]:  # noqa: ANN401 - conda-build's
    noarch = metadata.noarch
    uses_python = not noarch and "python" in (metadata.get_used_vars() or ())
    python = str(metadata.config.variant.get("python", "")) if uses_python else ""
    return {
        "name": str(metadata.name()),
        "version": str(metadata.version()),
        "subdir": "noarch" if noarch else str(metadata.config.host_subdir),
        "python": "py" + "".join(python.split()[0].split(".")[:2]) if python else "",
    }


if __name__ == "__main__":
    main()
