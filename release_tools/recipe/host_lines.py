"""Requirements in ``host`` that noarch and compiled recipes have in the same way."""

from release_tools.recipe.build_code import runs_npm
from release_tools.recipe.dependencies import Collected
from release_tools.recipe.evidence import Evidence
from release_tools.recipe.recipe_model import Line


def list_last_host_lines(host: Collected, evidence: Evidence) -> list[Line]:
    """Return what stands after the build requirements: Node.js where a hook of the build runs npm, and pip."""
    lines = []
    if runs_npm(evidence.sources):
        lines.append(Line("nodejs"))
    if not any(dependency.name == "pip" for dependency in host.dependencies):
        lines.append(Line("pip"))
    return lines
