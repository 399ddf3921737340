"""Store the recipe in the output folder, next to the artifacts that it was made from."""

from pathlib import Path
from typing import Final

from release_tools.artifacts.manifest import RECIPE_FOLDER
from release_tools.errors import OutputError
from release_tools.recipe.document import Format
from release_tools.recipe.forge_settings import FILE
from release_tools.system.written_files import WrittenFiles

DIFF: Final = "conda-forge.diff"


def store_recipe(output: Path, form: Format, text: str, diff: str = "", conda_forge_yml: str = "") -> Path:
    """Write the recipe, and the change of the feedstock's, over those of an earlier run; other files are left alone.

    Args:
        output: the output folder; it is made where it is missing.
        form: of the recipe.
        text: the whole recipe.
        diff: what a pull request would change, as git writes it; empty for none.
        conda_forge_yml: the settings that a new recipe needs; empty for none.

    Returns:
        The recipe's path.

    Raises:
        OutputError: the folder cannot be written to, or has a file of such a name that is not ours.
    """
    folder = output / RECIPE_FOLDER
    written = {str(form): text, DIFF: diff, FILE: conda_forge_yml}
    files = {name: content for name, content in written.items() if content}
    try:
        if not output.exists():
            output.mkdir(parents=True)
            (output / ".gitignore").write_text("*\n", encoding="utf-8", newline="\n")  # as the artifacts' own
        WrittenFiles(folder).replace_all(files)
    except OSError as error:
        raise OutputError(
            f"{folder}: not writable: {error.strerror or error}", "Choose another folder with --packages-dir."
        ) from None
    return folder / form
