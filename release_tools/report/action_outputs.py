"""Write the outputs of the GitHub Action: one scalar a name, for ``GITHUB_OUTPUT``.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions#setting-an-output-parameter
"""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from release_tools.errors import OutputError, ReleaseToolsError
from release_tools.model.note import State
from release_tools.model.release import Release

_URL_OUTPUTS: Final = ("release-url", "pypi-url", "anaconda-url", "conda-forge-pr-url")
"""Outputs that link to what was published."""


def collect_action_outputs(
    release: Release, folder: Path, page: Path | None = None, error: ReleaseToolsError | None = None
) -> dict[str, str]:
    """Return every output by its name; empty text where nothing is known.

    Args:
        release: what became known.
        folder: the folder of the artifacts.
        page: the report page, if one was written.
        error: what stopped the run.
    """
    return {
        "version": release.version,
        "tag": release.tag,
        "is-prerelease": _format_bool(release.is_prerelease) if release.version else "",
        "released": _format_bool(_is_released(release, error)),
        "prepared": "" if release.is_prepared is None else _format_bool(release.is_prepared),
        "artifacts": _dump_artifacts(release),
        "packages-dir": str(folder) if release.artifacts else "",
        **{name: _find_url(release, name) for name in _URL_OUTPUTS},
        "report": str(page) if page else "",
    }


def _is_released(release: Release, error: ReleaseToolsError | None) -> bool:
    """Return whether the run succeeded, and everything that it was about is published."""
    states = {receipt.state for receipt in release.receipts}
    return error is None and State.PLANNED not in states and not states.isdisjoint((State.DONE, State.UNCHANGED))


def format_output_lines(outputs: Mapping[str, str]) -> str:
    """Return the text to append to the file that ``GITHUB_OUTPUT`` names; its delimiter cannot be guessed.

    Raises:
        OutputError: a value has a line end, with which its author could set other outputs.
    """
    delimiter = f"release-tools-{secrets.token_hex(16)}"
    for name, value in outputs.items():
        if "\n" in value or "\r" in value:
            raise OutputError(f"output {name}: {value!r} has a line end", "No name, version or address has one.")
    return "".join(f"{name}<<{delimiter}\n{value}\n{delimiter}\n" for name, value in outputs.items())


def _dump_artifacts(release: Release) -> str:
    if not release.artifacts:
        return ""
    from release_tools.artifacts.manifest import dump_canonical

    return dump_canonical(release)


def _find_url(release: Release, output: str) -> str:
    return next((receipt.url for receipt in release.receipts if receipt.output == output), "")


def _format_bool(value: bool) -> str:  # noqa: FBT001 - a value to be spelled, not a switch
    return "true" if value else "false"
