"""Fill in the templates of texts for others: workflows and pull requests."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment


def make_environment(folder: str) -> "Environment":
    """Return what fills in the templates of a folder; what they are filled with is data, and runs nothing.

    Nothing is escaped, for they are no HTML: the caller checks the values. Marks are square brackets,
    because GitHub has a meaning for curly ones.
    """
    from jinja2 import FileSystemLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(_find_templates() / folder),
        block_start_string="[%",
        block_end_string="%]",
        variable_start_string="[[",
        variable_end_string="]]",
        comment_start_string="[#",
        comment_end_string="#]",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )


def _find_templates() -> Path:
    """Return the templates' folder: inside the package in a wheel, next to it in a checkout."""
    package = Path(__file__).parent.parent
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"
