"""The flags and variables that fix the configuration of every tool that we start.

Each tool looks for configuration of its own accord: in the working directory and the folders above it, in the home
folder, in the environment. What it finds on the way can run code, or lead to another index, so each row says what is
left to be found: nothing but what the user configured for the tool, and only where that is meant.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class ToolSettings:
    """How the configuration of one tool is fixed.

    Attributes:
        tool: its name.
        prefixes: variables that begin so are the tool's.
        kept: variables of these that are passed on: where the packages come from, and how the network is reached.
        fixed: variables that are set.
        options: arguments that are added.
        reason: the configuration that would be found otherwise.
    """

    tool: str
    prefixes: tuple[str, ...]
    kept: frozenset[str]
    fixed: Mapping[str, str]
    options: tuple[str, ...]
    reason: str

    def apply(self, env: Mapping[str, str]) -> dict[str, str]:
        """Return an environment in which the tool finds no other configuration."""
        others = {
            name: value
            for name, value in env.items()
            if name in self.kept or not name.upper().startswith(self.prefixes)
        }
        return others | dict(self.fixed)


GIT_OPTIONS: Final = (
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "safe.bareRepository=explicit",
    "advice.detachedHead=false",
    "protocol.ext.allow=never",
    "gc.auto=0",  # it would remove what only the checkout's own git directory refers to
    "maintenance.auto=false",
)
GIT_VARIABLES: Final[Mapping[str, str]] = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh",
    "LC_ALL": "C.UTF-8",
}

UV: Final = ToolSettings(
    "uv",
    prefixes=("UV_",),
    kept=frozenset(
        {
            "UV_CACHE_DIR", "UV_CONCURRENT_DOWNLOADS", "UV_DEFAULT_INDEX", "UV_EXCLUDE_NEWER", "UV_EXTRA_INDEX_URL",
            "UV_FIND_LINKS", "UV_HTTP_TIMEOUT", "UV_INDEX", "UV_INDEX_STRATEGY", "UV_INDEX_URL", "UV_INSECURE_HOST",
            "UV_KEYRING_PROVIDER", "UV_NATIVE_TLS", "UV_NO_CACHE", "UV_NO_INDEX", "UV_OFFLINE", "UV_SYSTEM_CERTS",
        }
    ),
    fixed={"UV_NO_CONFIG": "1", "UV_NO_ENV_FILE": "1"},
    options=("--no-config",),
    reason="uv.toml and pyproject.toml of every folder above the working directory",
)  # fmt: skip
PIP: Final = ToolSettings(
    "pip",
    prefixes=("PIP_",),
    kept=frozenset(
        {
            "PIP_CACHE_DIR", "PIP_CERT", "PIP_DEFAULT_TIMEOUT", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS",
            "PIP_INDEX_URL", "PIP_NO_CACHE_DIR", "PIP_NO_INDEX", "PIP_PROXY", "PIP_TRUSTED_HOST", "PIP_USE_FEATURE",
        }
    ),
    fixed={"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PIP_REQUIRE_VIRTUALENV": "0"},
    options=(),
    reason="options in PIP_*, such as a target folder or a Python of another environment",
)  # fmt: skip
RATTLER_BUILD: Final = ToolSettings(
    "rattler-build",
    prefixes=("RATTLER_", "CONDA_", "PIXI_"),
    kept=frozenset({"RATTLER_CACHE_DIR", "CONDA_OVERRIDE_GLIBC", "CONDA_OVERRIDE_CUDA", "CONDA_OVERRIDE_OSX"}),
    fixed={},
    options=(),
    reason="credentials, build folders and channels in RATTLER_*, CONDA_* and PIXI_*",
)
CONDA_BUILD: Final = ToolSettings(
    "conda-build",
    prefixes=("CONDA_", "CONDARC", "MAMBA_", "ANACONDA_", "BINSTAR_"),
    kept=frozenset({"CONDA_EXE", "CONDA_PREFIX", "CONDA_PYTHON_EXE", "CONDA_ROOT", "CONDA_SHLVL"}),
    fixed={"CONDA_ANACONDA_UPLOAD": "false"},
    options=("--no-anaconda-upload",),
    reason="a .condarc or a variable that uploads what was built, or runs other code before it",
)
CIBUILDWHEEL: Final = ToolSettings(
    "cibuildwheel",
    prefixes=("CIBW_",),
    kept=frozenset(),
    fixed={},
    options=(),
    reason="CIBW_* of the shell, which would build something else than the committed configuration says",
)
TWINE: Final = ToolSettings(
    "twine",
    prefixes=("TWINE_",),
    kept=frozenset({"TWINE_USERNAME", "TWINE_PASSWORD"}),
    fixed={},
    options=(),
    reason="TWINE_REPOSITORY, TWINE_CERT and others; only .pypirc of the home folder is read",
)
EVERY_TOOL: Final = (UV, PIP, RATTLER_BUILD, CONDA_BUILD, CIBUILDWHEEL, TWINE)
