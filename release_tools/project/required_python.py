"""Check that the running Python, which would build a project, is one that the project supports."""

import platform
import re
from pathlib import Path
from typing import Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from release_tools.addresses import DISTRIBUTION
from release_tools.config.loader import read_pyproject
from release_tools.errors import BuildError
from release_tools.parsed_values import find_table
from release_tools.project.facts import Project
from release_tools.project.name import read_setup_cfg, read_text
from release_tools.recipe.setup_py import read_setup_py

_MINORS: Final = range(8, 40)
_POETRY_PART: Final = re.compile(
    r"(?P<mark>[~^])\s*(?P<major>\d{1,4})(?:\.(?P<minor>\d{1,4}))?(?P<rest>(?:\.\d{1,4})*)"
)


def require_python(project: Path) -> None:
    """Check that the running Python may build a project.

    Raises:
        BuildError: the project states that it needs another one.
    """
    error = find_python_fault(project)
    if error is not None:
        raise error


def find_python_fault(project: Path) -> BuildError | None:
    """Return the error of a build by the running Python; None where the project supports it, or does not say."""
    stated = find_stated_python(project)
    try:
        wanted = SpecifierSet(stated)
    except InvalidSpecifier:
        return None  # the backend rejects it, with its own words
    running = platform.python_version()
    if wanted.contains(running, prereleases=True):
        return None
    fitting = (f"3.{minor}" for minor in _MINORS if wanted.contains(f"3.{minor}.99"))
    python = next(fitting, "VERSION")
    return BuildError(
        f"the project needs Python {stated}, but release-tools runs on Python {running}",
        f"Run it on one that fits: uvx --python {python} --from {DISTRIBUTION} release-tools"
        " (in a workflow: the action's input python-version)",
    )


def find_stated_python(project: Path) -> str:
    """Return the specifier of the Python versions that a project runs on (PEP 440); empty where none is stated."""
    pyproject = read_pyproject(project)
    poetry = find_table(pyproject, "tool", "poetry", "dependencies").get("python")
    stated = (
        Project.of(pyproject).requires_python,
        _translate_poetry(poetry) if isinstance(poetry, str) else "",
        read_setup_cfg(project).get("options", {}).get("python_requires"),
        read_setup_py(read_text(project / "setup.py")).keywords.get("python_requires"),
    )
    return next((text for text in stated if isinstance(text, str) and text), "")


def _translate_poetry(constraint: str) -> str:
    """Return Poetry's constraint as a specifier (PEP 440): ``^3.13`` is below 4, and ``~3.13`` below 3.14."""
    parts = []
    for part in constraint.replace(" ", "").split(","):
        found = _POETRY_PART.fullmatch(part)
        if found is None:
            parts.append("" if part == "*" else part)
            continue
        lowest = ".".join(filter(None, (found["major"], found["minor"]))) + found["rest"]
        is_minor = found["mark"] == "~" and found["minor"]
        end = f"{found['major']}.{int(found['minor']) + 1}" if is_minor else f"{int(found['major']) + 1}"
        parts.append(f">={lowest},<{end}")
    return ",".join(filter(None, parts))
