"""Recognize the steps of hand-written workflows that publish with another tool."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

SECRET_NAME: Final = "SECRET"  # noqa: S105 - a placeholder
"""The name of a secret whose own name is not read."""
_SECRET: Final = f"${{{{ secrets.{SECRET_NAME} }}}}"
_SECRET_NAME: Final = re.compile(r"secrets\.|(?:TOKEN|PASSWORD|API_KEY)\b")
_COMMENT: Final = re.compile(r"^[ \t]*+#[^\n]*+", re.MULTILINE)
_TESTPYPI: Final = re.compile(r"test\.?pypi", re.IGNORECASE)
_OTHER_INDEX: Final = re.compile(r"https?://(?!(?:upload\.|test\.)?pypi\.org)")
_INDEX_COMMAND: Final = re.compile(
    r"\b(twine +upload|maturin +upload|(?:uv|hatch|flit|poetry|pdm|maturin) +publish)\b.*"
)
_CHANNEL_COMMAND: Final = re.compile(r"\b(?:anaconda [^\n;&|]{0,200}\bupload|rattler-build +upload +anaconda)\b")
_FORGE_COMMAND: Final = re.compile(r"\b(gh +release +create)\b")
_INDEX_VARIABLES: Final = (
    "TWINE_REPOSITORY",
    "TWINE_REPOSITORY_URL",
    "UV_PUBLISH_URL",
    "FLIT_INDEX_URL",
    "HATCH_INDEX_REPO",
)
"""The variables that name another index than PyPI."""
_LONGEST_TOOL: Final = 60
_INDEX_ACTION: Final = "pypa/gh-action-pypi-publish"
_INDEX_WORKFLOWS: Final = (
    "OpenAstronomy/github-actions/.github/workflows/publish.yml",
    "OpenAstronomy/github-actions/.github/workflows/publish_pure_python.yml",
)
"""Reusable workflows of others that upload to an index."""
_INDEX_SECRETS: Final = frozenset(
    {
        "FLIT_PASSWORD",
        "HATCH_INDEX_AUTH",
        "MATURIN_PASSWORD",
        "MATURIN_PYPI_TOKEN",
        "PDM_PUBLISH_PASSWORD",
        "POETRY_PYPI_TOKEN_PYPI",
        "TWINE_PASSWORD",
        "UV_PUBLISH_PASSWORD",
        "UV_PUBLISH_TOKEN",
    }
)
"""The variables that give a script the credential of an index, whatever the script is called."""
_FORGE_ACTIONS: Final = ("softprops/action-gh-release", "ncipollo/release-action", "actions/create-release")


@dataclass(frozen=True)
class PublishingStep:
    """A step that publishes with another tool, in the terms of this action.

    Attributes:
        tool: the command or the action, for people.
        inputs: as this action would get them.
        env: the environment, with a secret under the name that this action reads.
    """

    tool: str
    inputs: Mapping[str, str]
    env: Mapping[str, str]


def read_publishing_step(step: Mapping[str, Any], env: Mapping[str, str]) -> PublishingStep | None:
    """Return what a step publishes, or None.

    Args:
        step: of a workflow, parsed, or a job that calls a workflow of others.
        env: its environment, with that of its job and workflow.
    """
    action = str(step.get("uses", "")).partition("@")[0]
    if action in _FORGE_ACTIONS:
        return PublishingStep(action, {"command": "publish", "only": "github"}, env)
    if action == _INDEX_ACTION:
        return _read_index_action(step.get("with"), env)
    if action in _INDEX_WORKFLOWS:
        return _read_index_step(action, "", env, has_password=True)
    script = _COMMENT.sub("", str(step.get("run", "")))
    return _read_script(script, env) or _read_credentials(script, step.get("env"), env)


def _read_index_action(given: object, env: Mapping[str, str]) -> PublishingStep:
    inputs: Mapping[str, Any] = given if isinstance(given, dict) else {}
    address = " ".join(str(value) for key, value in inputs.items() if str(key).startswith("repository"))
    return _read_index_step(_INDEX_ACTION, address, env, has_password=bool(inputs.get("password")))


def _read_script(script: str, env: Mapping[str, str]) -> PublishingStep | None:
    """Return what the commands of a step publish, or None."""
    has_secret = _has_secret(script, env)
    index = _INDEX_COMMAND.search(script)
    if index:
        address = f"{index[0]} {_read_index_address(env)}"
        return _read_index_step(" ".join(index[1].split()), address, env, has_password=has_secret)
    if _CHANNEL_COMMAND.search(script):
        secret = {"ANACONDA_API_TOKEN": _SECRET} if has_secret else {}
        return PublishingStep("anaconda upload", {"command": "publish", "only": "anaconda"}, {**env, **secret})
    if _FORGE_COMMAND.search(script):
        return PublishingStep("gh release create", {"command": "publish", "only": "github"}, env)
    return None


def _has_secret(script: str, env: Mapping[str, str]) -> bool:
    """Return whether a script may read a secret, by its environment or by a name in it."""
    return any("secrets." in value for value in env.values()) or _SECRET_NAME.search(script) is not None


def _read_index_address(env: Mapping[str, str]) -> str:
    """Return what the variables say about the index, in one line."""
    return " ".join(env.get(name, "") for name in _INDEX_VARIABLES)


def _read_credentials(script: str, own: object, env: Mapping[str, str]) -> PublishingStep | None:
    """Return what a step publishes whose script is not known, by the credentials that it alone gets."""
    given = _find_given_secrets(own)
    tool = " ".join(script.split())[:_LONGEST_TOOL]
    if not tool:
        return None
    if given & _INDEX_SECRETS:
        return _read_index_step(tool, _read_index_address(env), env, has_password=True)
    if "ANACONDA_API_TOKEN" in given:
        return PublishingStep(tool, {"command": "publish", "only": "anaconda"}, env)
    return None


def _find_given_secrets(own: object) -> set[str]:
    """Return the variables of a step's own environment whose values are secrets."""
    if not isinstance(own, dict):
        return set()
    return {str(name) for name, value in own.items() if "secrets." in str(value)}


def _read_index_step(tool: str, address: str, env: Mapping[str, str], *, has_password: bool) -> PublishingStep:
    name = "testpypi" if _TESTPYPI.search(address) else "pypi"
    if _OTHER_INDEX.search(address):
        name = "another index"
    secret = {"TWINE_PASSWORD": _SECRET} if has_password else {}
    return PublishingStep(tool, {"command": "publish", "only": name}, {**env, **secret})
