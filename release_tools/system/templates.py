"""The texts that other places get of us (workflows, pull requests), filled in from templates beside the package."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment


def environment(folder: str) -> "Environment":
    """Return what fills in the templates of a folder; what they are filled with is data, and runs nothing.

    Nothing is escaped, for they are no HTML: whoever fills them in sees to what goes in. Marks are square brackets,
    because GitHub has a meaning for curly ones.
    """
    from jinja2 import FileSystemLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(_templates() / folder),
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


def _templates() -> Path:
    """In the wheel inside of the package, in a checkout beside it."""
    package = Path(__file__).parent.parent
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"
