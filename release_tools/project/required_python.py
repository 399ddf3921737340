"""Check that the running Python, which would build a project, is one that the project supports."""

import platform
from pathlib import Path
from typing import Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from release_tools.addresses import DISTRIBUTION
from release_tools.config.loader import read_pyproject
from release_tools.errors import BuildError
from release_tools.project.facts import Project
from release_tools.project.name import read_setup_cfg, read_text
from release_tools.recipe.setup_py import read_setup_py

_MINORS: Final = range(8, 40)


def require_python(project: Path) -> None:
    """Check that the running Python may build a project.

    Raises:
        BuildError: the project states that it needs another one.
    """
    stated = find_stated_python(project)
    try:
        wanted = SpecifierSet(stated)
    except InvalidSpecifier:
        return  # the backend rejects it, with its own words
    running = platform.python_version()
    if wanted.contains(running, prereleases=True):
        return
    fitting = (f"3.{minor}" for minor in _MINORS if wanted.contains(f"3.{minor}.99"))
    python = next(fitting, "VERSION")
    raise BuildError(
        f"the project needs Python {stated}, but release-tools runs on Python {running}",
        f"Run it on one that fits: uvx --python {python} --from {DISTRIBUTION} release-tools"
        " (in a workflow: the action's input python-version)",
    )


def find_stated_python(project: Path) -> str:
    """Return the specifier of the Python versions that a project runs on (PEP 440); empty where none is stated."""
    stated = (
        Project.of(read_pyproject(project)).requires_python,
        read_setup_cfg(project).get("options", {}).get("python_requires"),
        read_setup_py(read_text(project / "setup.py")).keywords.get("python_requires"),
    )
    return next((text for text in stated if isinstance(text, str) and text), "")
