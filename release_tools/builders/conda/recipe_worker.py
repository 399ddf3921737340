"""rattler-build as a program of its own that builds one recipe, for a build runs the project's code.

This file is run by its path and imports nothing of ours, so it needs no more than rattler-build beside the interpreter.
"""

import json
import sys
from pathlib import Path
from typing import Any

_SHOWN = 500


def main() -> None:
    """Build all packages of one recipe, and test none.

    Arguments: the recipe, the folder for the packages, the file that gets the answer, a JSON object of variants, and
    channels. The answer is an object: ``packages`` that were built, and ``fault``, empty where all were, with the end
    of the ``log`` and what the package that failed ``requires`` while it is built.
    """
    from rattler_build import RattlerBuildError, Stage0Recipe, ToolConfiguration, VariantConfig

    recipe, output, answer, variants, *channels = sys.argv[1:]
    told: dict[str, Any] = {"packages": [], "fault": "", "log": [], "requires": []}
    tools = ToolConfiguration(test_strategy="skip", keep_build=True)
    try:
        for variant in Stage0Recipe.from_file(recipe).render(VariantConfig(json.loads(variants))):
            requirements = variant.recipe.to_dict().get("requirements") or {}
            told["requires"] = [spec for spec in requirements.get("host", []) if isinstance(spec, str)]
            told["packages"] += map(str, variant.run_build(tools, output, channels).packages)
    except RattlerBuildError as error:
        told["fault"] = str(error)
        logs = sorted(Path(output, "bld").glob("*/*/conda_build.log"))
        told["log"] = [line for log in logs for line in log.read_text(encoding="utf-8", errors="replace").splitlines()]
    Path(answer).write_text(json.dumps(told | {"log": told["log"][-_SHOWN:]}), encoding="utf-8")


if __name__ == "__main__":
    main()
