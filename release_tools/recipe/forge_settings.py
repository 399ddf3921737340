"""Check a ``conda-forge.yml``, the settings of a feedstock, by the rules of conda-smithy that need no network.

Names and values are those of conda-smithy's schema of 2026-08 (BSD 3-Clause); its rules are FC-001, FC-002 and CF-007.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import yaml

from release_tools.parsed_values import find_table, list_words, parse_yaml

FILE: Final = "conda-forge.yml"
SETTINGS: Final = frozenset({
    "appveyor", "azure", "bot", "build_platform", "build_with_mambabuild", "channel_priority", "choco", "circle",
    "clone_depth", "compiler_stack", "conda_build", "conda_build_tool", "conda_forge_output_validation",
    "conda_install_tool", "conda_solver", "config_version", "docker", "drone", "exclusive_config_file", "github",
    "github_actions", "idle_timeout_minutes", "linter", "matrix", "max_py_ver", "max_r_ver", "min_py_ver",
    "min_r_ver", "noarch_platforms", "os_version", "package", "private_upload", "provider", "recipe_dir",
    "remote_ci_setup", "secrets", "shellcheck", "skip_render", "templates", "test", "test_on_native_only", "travis",
    "upload_on_branch", "woodpecker", "workflow_settings"
})  # fmt: skip
PLATFORMS: Final = frozenset({
    "emscripten_wasm32", "freebsd_64", "linux_32", "linux_64", "linux_aarch64", "linux_armv6l", "linux_armv7l",
    "linux_ppc64", "linux_ppc64le", "linux_riscv64", "linux_s390x", "osx_64", "osx_arm64", "wasi_wasm32", "win_32",
    "win_64", "win_arm64", "zos_z"
})  # fmt: skip
CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "conda_build_tool": (
        "conda-build", "conda-build+classic", "conda-build+conda-libmamba-solver", "mambabuild", "rattler-build",
    ),
    "conda_install_tool": ("conda", "mamba", "micromamba", "pixi"),
    "conda_solver": ("libmamba", "classic"),
}  # fmt: skip
OLD_SYSTEMS: Final = ("cos7", "alma8", "ubi8")
OLD_VARIABLES: Final = ("CONDA_BLD_PATH", "CONDA_FORGE_DOCKER_RUN_ARGS", "MINIFORGE_HOME", "SET_PAGEFILE")


def check_settings(text: str) -> tuple[str, ...]:
    """Return what conda-forge's linter would say of a ``conda-forge.yml``, a line each; nothing for an empty one."""
    try:
        settings = parse_yaml(text) or {}
    except ValueError:
        return (f"{FILE} is not YAML",)
    if not isinstance(settings, dict):
        return (f"{FILE} is not a mapping",)
    found = (*_check_keys(text, settings), *_check_values(settings), *_check_outdated(settings))
    return tuple(f"{FILE}: {fault}" for fault in found)


def has_several_platforms(text: str) -> bool:
    """Return whether a noarch package is built on several platforms; False for settings that cannot be read."""
    try:
        settings = parse_yaml(text)
    except ValueError:
        return False
    platforms = settings.get("noarch_platforms") if isinstance(settings, dict) else None
    return isinstance(platforms, list) and len(platforms) > 1


def _check_keys(text: str, settings: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{key} is no setting" for key in settings if key not in SETTINGS)
    yield from (f"{key} is there twice" for key in dict.fromkeys(_list_repeated(yaml.compose(text, yaml.SafeLoader))))


def _list_repeated(node: yaml.Node | None) -> Iterator[str]:
    """Yield each key that a mapping has more than once."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _list_repeated(item)
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if str(key.value) in seen:
                yield str(key.value)
            seen.add(str(key.value))
            yield from _list_repeated(value)


def _check_values(settings: Mapping[str, Any]) -> Iterator[str]:
    wrong = [platform for platform in list_words(settings.get("noarch_platforms")) if platform not in PLATFORMS]
    if wrong:
        yield f"noarch_platforms has no {', '.join(wrong)}"
    for key, allowed in CHOICES.items():
        if settings.get(key) is not None and settings[key] not in allowed:
            yield f"{key} cannot be {settings[key]}; it is one of {', '.join(allowed)}"


def _check_outdated(settings: Mapping[str, Any]) -> Iterator[str]:
    for platform, system in find_table(settings, "os_version").items():
        if system in OLD_SYSTEMS:
            yield f"os_version: {system} of {platform} is out of date; leave it out"
    for platform in ("linux", "osx", "win"):
        variables = find_table(settings, "azure", f"settings_{platform}", "variables")
        yield from (f"azure: {name} is a setting of its own now" for name in OLD_VARIABLES if name in variables)
