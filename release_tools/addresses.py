"""Every public address and name that the product itself must know, in one place."""

from typing import Final

PYPI_SIMPLE: Final = "https://pypi.org/simple/"
PYPI_UPLOAD: Final = "https://upload.pypi.org/legacy/"
PYPI_SITE: Final = "https://pypi.org"
TESTPYPI_SIMPLE: Final = "https://test.pypi.org/simple/"
TESTPYPI_UPLOAD: Final = "https://test.pypi.org/legacy/"
TESTPYPI_SITE: Final = "https://test.pypi.org"
PYPI_FILES: Final = "https://files.pythonhosted.org"

ANACONDA_API: Final = "https://api.anaconda.org"
ANACONDA_SITE: Final = "https://anaconda.org"
ANACONDA_CHANNEL: Final = "https://conda.anaconda.org"
CONDA_FORGE_CHANNEL: Final = "https://conda.anaconda.org/conda-forge"

PUBLIC_ORIGINS: Final = (ANACONDA_API, PYPI_SIMPLE, PYPI_FILES)
"""Hosts that every run may ask."""

GITHUB_API: Final = "https://api.github.com"
GITHUB_SITE: Final = "https://github.com"
GITHUB_ARCHIVES: Final = "https://codeload.github.com"
"""The host to which GitHub redirects requests for archives of tags."""
ACTIONS_BOT: Final = ("github-actions[bot]", "41898282+github-actions[bot]@users.noreply.github.com")
CONDA_FORGE_OWNER: Final = "conda-forge"
STAGED_RECIPES: Final = "conda-forge/staged-recipes"
FEEDSTOCK_OUTPUTS: Final = "conda-forge/feedstock-outputs"
CONDA_FORGE_BOT: Final = "regro-cf-autotick-bot"
CONDA_FORGE_REQUESTS: Final = "https://github.com/conda-forge/admin-requests"

DISTRIBUTION: Final = "python-release-tools"
"""Our own name on the package index; the command is ``release-tools``, the import package ``release_tools``."""
ACTION: Final = f"{DISTRIBUTION}/{DISTRIBUTION}"
"""Our own repository on GitHub, as ``uses:`` names it."""
