"""Propose a release to conda-forge."""

from typing import Final

NAME: Final = "conda-forge"
"""The destination's name."""
URL_OUTPUT: Final = "conda-forge-pr-url"
"""The output of the GitHub Action that links to the pull request."""
