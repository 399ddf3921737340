"""rattler-build as a program of its own that renders or builds one recipe, for a build runs the project's code.

This file is run by its path and imports nothing of ours, so it needs only rattler-build and the interpreter.
"""

import json
import sys
from pathlib import Path
from typing import Any

_SHOWN = 500
_CONDA_BUILD_CONFIG = "conda_build_config.yaml"


def main() -> None:
    """Render a recipe and, where that is asked, build its packages and test none.

    Arguments: a file with the request, and the file that gets the answer; both hold a JSON object.

    The request has ``recipe``, ``output`` (the folder of a channel, empty to render only), ``channels``, ``variants``,
    ``variant_files`` (which override ``variants``), ``platform`` (empty for this one) and ``pythons`` (the ``pyXY`` to
    build for, empty for all).

    The answer has ``targets`` (one for each package of the recipe that is not skipped), ``packages`` that were built,
    and ``fault``, empty where all went well, with the end of the ``log`` and the requirements, ``host`` and ``build``,
    of the package that failed.
    """
    request = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    answer: dict[str, Any] = {"targets": [], "packages": [], "fault": "", "log": [], "host": [], "build": []}
    from rattler_build import RattlerBuildError

    try:
        rendered = [one for one in _render(request) if not _is_skipped(one)]
        answer["targets"] = [_describe_target(one) for one in rendered]
        if request["output"]:
            _build(request, rendered, answer)
    except RattlerBuildError as error:
        answer["fault"] = str(error)
        answer["log"] = _log(Path(request["output"])) if request["output"] else []
    Path(sys.argv[2]).write_text(json.dumps(answer), encoding="utf-8")


def _render(request: dict[str, Any]) -> list[Any]:
    from rattler_build import JinjaConfig, PlatformConfig, RenderConfig, Stage0Recipe, VariantConfig

    platform = {"target_platform": request["platform"], "host_platform": request["platform"]}
    platforms = PlatformConfig(experimental=True, **({k: v for k, v in platform.items() if v}))
    config = VariantConfig(request["variants"])
    for path in request["variant_files"]:
        if Path(path).name == _CONDA_BUILD_CONFIG:
            context = JinjaConfig(platform=platforms)
            config = _merge(config, VariantConfig.from_conda_build_config(path, context))
        else:
            config = _merge(config, VariantConfig.from_file(path))
    return list(Stage0Recipe.from_file(request["recipe"]).render(config, RenderConfig(platform=platforms)))


def _merge(config: Any, other: Any) -> Any:  # noqa: ANN401 - rattler-build's
    """Return the variants of both; the other ones win, and zip keys of a variable that they redefine are gone."""
    from rattler_build import VariantConfig

    own = other.to_dict()
    zipped = [keys for keys in (config.zip_keys or []) if not set(keys) & set(own)]
    return VariantConfig({**config.to_dict(), **own}, [*zipped, *(other.zip_keys or [])] or None)


def _is_skipped(variant: Any) -> bool:  # noqa: ANN401 - as above
    skip = variant.recipe.to_dict()["build"].get("skip")
    return any(skip) if isinstance(skip, list) else bool(skip)


def _describe_target(variant: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    recipe = variant.recipe.to_dict()
    noarch = recipe["build"].get("noarch") or ""
    independent = bool((recipe["build"].get("python") or {}).get("version_independent"))
    python = str(variant.variant.get("python", "")) if not noarch and not independent else ""
    return {
        "name": str(recipe["package"]["name"]),
        "version": str(recipe["package"]["version"]),
        "build": str(recipe["build"].get("string") or ""),
        "subdir": "noarch" if noarch else str(variant.variant.get("target_platform", "")),
        "python": "py" + "".join(python.split()[0].split(".")[:2]) if python else "",
        "needs": bool(_format_specs(variant, "host") or _format_specs(variant, "build")),
    }


def _format_specs(variant: Any, section: str) -> list[str]:  # noqa: ANN401 - as above
    requirements = variant.recipe.to_dict().get("requirements") or {}
    return [spec for spec in requirements.get(section) or [] if isinstance(spec, str)]


def _build(request: dict[str, Any], rendered: list[Any], answer: dict[str, Any]) -> None:
    from rattler_build import ToolConfiguration

    tools = ToolConfiguration(test_strategy="skip", keep_build=True)
    wanted = set(request["pythons"])
    for variant in rendered:
        target = _describe_target(variant)
        if wanted and target["python"] and target["python"] not in wanted:
            continue
        python = str(variant.variant.get("python", ""))
        host = _format_specs(variant, "host")
        answer["host"] = [f"python {python}" if spec == "python" and python else spec for spec in host]
        answer["build"] = _format_specs(variant, "build")
        built = variant.run_build(tools, request["output"], request["channels"], no_build_id=True)
        answer["packages"] += map(str, built.packages)


def _log(output: Path) -> list[str]:
    """Return the last lines of the newest build's log."""
    logs = sorted(output.glob("bld/*/**/conda_build.log"), key=lambda log: log.stat().st_mtime)
    return logs[-1].read_text(encoding="utf-8", errors="replace").splitlines()[-_SHOWN:] if logs else []


if __name__ == "__main__":
    main()
