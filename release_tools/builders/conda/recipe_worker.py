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

    The request has ``recipe``, ``output`` (the folder of a channel, empty to render only), ``channels``, ``platforms``
    (the variants by the subdir that is rendered for; an empty one is this machine's), ``pinning`` (a file that
    overrides these variants, but for Python; may be empty) and ``variant_files`` (which override both).

    The answer has ``targets`` (one for each package of the recipe that is not skipped, those for every platform only as
    the first platform has them), ``packages`` that were built,
    and ``fault``, empty where all went well, with the end of the ``log`` and the requirements, ``host`` and ``build``,
    of the package that failed.
    """
    request = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    answer: dict[str, Any] = {"targets": [], "packages": [], "fault": "", "log": [], "host": [], "build": []}
    from rattler_build import RattlerBuildError

    try:
        for number, (platform, variants) in enumerate(request["platforms"].items()):
            rendered = _render(request, platform, variants)
            found = [_describe_target(one) for one in rendered]
            answer["targets"] += [one for one in found if number == 0 or one["subdir"] != "noarch"]
            if request["output"]:
                _build(request, rendered, answer)
    except RattlerBuildError as error:
        answer["fault"] = str(error)
        answer["log"] = _log(Path(request["output"])) if request["output"] else []
    Path(sys.argv[2]).write_text(json.dumps(answer), encoding="utf-8")


def _render(request: dict[str, Any], platform: str, variants: dict[str, Any]) -> list[Any]:
    from rattler_build import PlatformConfig, RenderConfig, Stage0Recipe

    other = {"target_platform": platform, "host_platform": platform} if platform else {}
    platforms = PlatformConfig(experimental=True, **other)
    config = _read_variants(request, variants, platforms)
    recipe = Stage0Recipe.from_file(Path(request["recipe"]))
    rendering = RenderConfig(platform=platforms)
    rendered = recipe.render(config, rendering)
    return [variant for variant in rendered if not _is_skipped(recipe, variant, config.to_dict(), rendering)]


def _read_variants(request: dict[str, Any], variants: dict[str, Any], platforms: Any) -> Any:  # noqa: ANN401 - as above
    """Return the variants of the request, overridden by those of its files."""
    from rattler_build import JinjaConfig, VariantConfig

    context = JinjaConfig(platform=platforms)
    config = VariantConfig(variants)
    if request["pinning"]:
        pinned = VariantConfig.from_conda_build_config(request["pinning"], context)
        config = _merge(config, _without_python(pinned))
    for path in request["variant_files"]:
        if Path(path).name == _CONDA_BUILD_CONFIG:
            config = _merge(config, VariantConfig.from_conda_build_config(path, context))
        else:
            config = _merge(config, VariantConfig.from_file(path))
    return config


def _without_python(config: Any) -> Any:  # noqa: ANN401 - rattler-build's
    """Return variants without the Pythons, which the build plan chooses, and without what is zipped with them."""
    from rattler_build import VariantConfig

    groups = config.zip_keys or []
    zipped = [keys for keys in groups if "python" in keys]
    left_out = {"python"}.union(*zipped)
    kept = {name: values for name, values in config.to_dict().items() if name not in left_out}
    return VariantConfig(kept, [keys for keys in groups if keys not in zipped] or None)


def _merge(config: Any, other: Any) -> Any:  # noqa: ANN401 - rattler-build's
    """Return the variants of both; the other ones win, and zip keys of a variable that they redefine are gone."""
    from rattler_build import VariantConfig

    own = other.to_dict()
    zipped = [keys for keys in (config.zip_keys or []) if not set(keys) & set(own)]
    return VariantConfig({**config.to_dict(), **own}, [*zipped, *(other.zip_keys or [])] or None)


def _is_skipped(recipe: Any, variant: Any, variants: dict[str, Any], rendering: Any) -> bool:  # noqa: ANN401 - as above
    """Return whether a recipe's own condition skips a variant: rattler-build says it for one of several outputs alone.

    So an output with the same condition is rendered with the values of the variant.
    """
    from rattler_build import Stage0Recipe, VariantConfig

    data = recipe.to_dict()
    conditions = (data.get("build") or {}).get("skip")
    if not conditions:
        return False
    output = {"package": {"name": "probe"}, "build": {"skip": conditions}}
    probe = {"recipe": {"name": "probe", "version": "1"}, "context": data.get("context") or {}, "outputs": [output]}
    values = variants | {name: [value] for name, value in variant.variant.items()}
    return not list(Stage0Recipe.from_dict(probe).render(VariantConfig(values), rendering))


def _describe_target(variant: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    recipe = variant.recipe.to_dict()
    build = recipe["build"]
    environments = (_list_requirements(variant, section) for section in ("build", "host"))
    return {
        "name": str(recipe["package"]["name"]),
        "version": str(recipe["package"]["version"]),
        "build": str(build.get("string") or ""),
        "subdir": "noarch" if build.get("noarch") else str(variant.variant.get("target_platform", "")),
        "python": _format_python(variant) if _is_for_one_python(build) else "",
        "requires": [specs for specs in environments if specs],
    }


def _is_for_one_python(build: dict[str, Any]) -> bool:
    return not build.get("noarch") and not (build.get("python") or {}).get("version_independent")


def _format_python(variant: Any) -> str:  # noqa: ANN401 - as above
    """Return the Python of a variant, such as ``py312``; empty where it has none."""
    words = str(variant.variant.get("python", "")).split()
    return "py" + "".join(words[0].split(".")[:2]) if words else ""


def _list_requirements(variant: Any, section: str) -> list[str]:  # noqa: ANN401 - as above
    """Return what an environment of the build needs, with the Python of the variant."""
    python = str(variant.variant.get("python", ""))
    specs = _format_specs(variant, section)
    return [f"python {python}" if spec == "python" and python and section == "host" else spec for spec in specs]


def _format_specs(variant: Any, section: str) -> list[str]:  # noqa: ANN401 - as above
    requirements = variant.recipe.to_dict().get("requirements") or {}
    return [spec for spec in requirements.get(section) or [] if isinstance(spec, str)]


def _build(request: dict[str, Any], rendered: list[Any], answer: dict[str, Any]) -> None:
    from rattler_build import ToolConfiguration

    tools = ToolConfiguration(test_strategy="skip", keep_build=True)
    for variant in rendered:
        answer["host"] = _list_requirements(variant, "host")
        answer["build"] = _list_requirements(variant, "build")
        built = variant.run_build(tools, request["output"], request["channels"], no_build_id=True)
        answer["packages"] += map(str, built.packages)


def _log(output: Path) -> list[str]:
    """Return the last lines of the newest build's log."""
    logs = sorted(output.glob("bld/*/**/conda_build.log"), key=lambda log: log.stat().st_mtime)
    return logs[-1].read_text(encoding="utf-8", errors="replace").splitlines()[-_SHOWN:] if logs else []


if __name__ == "__main__":
    main()
