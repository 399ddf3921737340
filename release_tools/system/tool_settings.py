"""The flags and variables that fix the configuration of every tool that we start.

Each tool looks for configuration of its own accord: in the working directory and the folders above it, in the home
folder, in the environment. What it finds on the way can run code, or lead to another index, so each row says what is
left to be found: nothing but what the user configured for the tool, and only where that is meant.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final


@dataclass(frozen=True)
class ToolSettings:
    """Describe how the configuration of one tool is fixed.

    Attributes:
        tool: its name.
        reason: the configuration that it would find otherwise.
        prefixes: variables that begin so are the tool's, and are not passed on.
        kept: those of them that are: where packages come from, and how the network is reached.
        fixed: variables that are set.
        options: arguments that are added.
        user_file: the user's own configuration, in the folder for it, which holds as ever; empty for none.
        user_variable: the variable that names a configuration file, for the user's own.
    """

    tool: str
    reason: str
    prefixes: tuple[str, ...]
    kept: frozenset[str] = frozenset()
    fixed: Mapping[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    user_file: str = ""
    user_variable: str = ""

    def apply(self, env: Mapping[str, str]) -> dict[str, str]:
        """Return an environment in which the tool finds no other configuration."""
        others = {
            name: value
            for name, value in env.items()
            if name in self.kept or not name.upper().startswith(self.prefixes)
        }
        path = _find_user_configuration(env) / self.user_file
        if self.user_file and path.is_absolute() and path.is_file():
            return others | {self.user_variable: str(path)}
        return others | dict(self.fixed)


GIT: Final = ToolSettings(
    "git",
    "variables that lead to another repository, and programs that a repository names; see `git.own_directory`",
    prefixes=("GIT_",),
    kept=frozenset({"GIT_SSL_CAINFO", "GIT_SSH_COMMAND"}),
    fixed={
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh",
        "LC_ALL": "C.UTF-8",
    },
    options=(
        "core.fsmonitor=false",
        f"core.hooksPath={os.devnull}",
        "safe.bareRepository=explicit",
        "advice.detachedHead=false",
        "protocol.ext.allow=never",
        "gc.auto=0",  # it would remove what only the checkout's own git directory refers to
        "maintenance.auto=false",
    ),
)
UV: Final = ToolSettings(
    "uv",
    "uv.toml and pyproject.toml of every folder above the working directory, and UV_* of the shell",
    prefixes=("UV_",),
    kept=frozenset(
        {
            "UV_CACHE_DIR", "UV_CONCURRENT_DOWNLOADS", "UV_DEFAULT_INDEX", "UV_EXCLUDE_NEWER", "UV_EXTRA_INDEX_URL",
            "UV_FIND_LINKS", "UV_HTTP_TIMEOUT", "UV_INDEX", "UV_INDEX_STRATEGY", "UV_INDEX_URL", "UV_INSECURE_HOST",
            "UV_KEYRING_PROVIDER", "UV_NATIVE_TLS", "UV_NO_CACHE", "UV_NO_INDEX", "UV_OFFLINE", "UV_SYSTEM_CERTS",
        }
    ),
    fixed={"UV_NO_CONFIG": "1"},
    user_file="uv/uv.toml",
    user_variable="UV_CONFIG_FILE",
)  # fmt: skip
PIP: Final = ToolSettings(
    "pip",
    "PIP_* of the shell, such as a target folder or the Python of another environment",
    prefixes=("PIP_",),
    kept=frozenset(
        {
            "PIP_CACHE_DIR", "PIP_CERT", "PIP_DEFAULT_TIMEOUT", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS",
            "PIP_INDEX_URL", "PIP_NO_CACHE_DIR", "PIP_NO_INDEX", "PIP_PROXY", "PIP_TRUSTED_HOST",
        }
    ),
    fixed={"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"},
)  # fmt: skip
RATTLER_BUILD: Final = ToolSettings(
    "rattler-build",
    "credentials, build folders and channels in RATTLER_*, CONDA_* and PIXI_*",
    prefixes=("RATTLER_", "CONDA_", "PIXI_"),
    kept=frozenset({"CONDA_OVERRIDE_CUDA", "CONDA_OVERRIDE_GLIBC", "CONDA_OVERRIDE_OSX", "RATTLER_CACHE_DIR"}),
)
CONDA_BUILD: Final = ToolSettings(
    "conda-build",
    "a condarc that uploads what was built or loads plugins; a condarc of ours is the only one",
    prefixes=("ANACONDA_", "BINSTAR_", "CONDA", "MAMBA", "XDG_"),
)
CIBUILDWHEEL: Final = ToolSettings(
    "cibuildwheel",
    "CIBW_* of the shell: what is built is what the commit says",
    prefixes=("CIBW_",),
)
TWINE: Final = ToolSettings(
    "twine",
    "TWINE_REPOSITORY_URL, TWINE_CERT and others; of files, only .pypirc of the home folder is read",
    prefixes=("TWINE_",),
    kept=frozenset({"TWINE_PASSWORD", "TWINE_USERNAME"}),
)
EVERY_TOOL: Final = (GIT, UV, PIP, RATTLER_BUILD, CONDA_BUILD, CIBUILDWHEEL, TWINE)


def _find_user_configuration(env: Mapping[str, str]) -> Path:
    """Return the folder where programs find the user's own configuration; a relative one where there is none."""
    if os.name == "nt":
        return Path(env.get("APPDATA", ""))
    return Path(env.get("XDG_CONFIG_HOME") or Path(env.get("HOME", ""), ".config"))
