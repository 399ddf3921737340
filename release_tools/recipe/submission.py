"""The files of a pull request to conda-forge: a new recipe, or a feedstock's own brought to a release."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from release_tools.model.release import RecipeFiles, RecipeKind
from release_tools.recipe.difference import NOTHING, Difference, find_difference
from release_tools.recipe.document import Format
from release_tools.recipe.forge_settings import FILE, has_several_platforms
from release_tools.recipe.names import Name
from release_tools.recipe.recipe_model import Recipe
from release_tools.recipe.update import find_archive_source, read_recipe_version, update_recipe
from release_tools.recipe.update_source import Target

NOT_COMPARED: Final = "What {} required is not known here: compare the requirements."


@dataclass(frozen=True)
class Present:
    """A feedstock's recipe as it is.

    Attributes:
        form: its format.
        text: the whole of it.
        path: in the feedstock.
        repository: the feedstock as ``owner/name``; empty for a folder.
        branch: that was read.
        commit: that was read.
        settings: the feedstock's ``conda-forge.yml``; empty for none.
    """

    form: Format
    text: str = field(repr=False)
    path: str = ""
    repository: str = ""
    branch: str = ""
    commit: str = ""
    settings: str = field(default="", repr=False)

    @property
    def version(self) -> str:
        """Return the version that it has.

        Raises:
            RecipeError: it is not written as a plain version in one place.
        """
        return read_recipe_version(self.text, self.form)


def write_submission(recipe: Recipe, text: str, notes: Iterable[str]) -> RecipeFiles:
    """Return the files of a package that conda-forge does not have.

    Args:
        recipe: of the project.
        text: the whole ``recipe.yaml``.
        notes: what a person should know or do.
    """
    files = {f"recipes/{recipe.name}/{Format.V1}": text}
    if recipe.conda_forge_yml:
        files[f"recipes/{recipe.name}/{FILE}"] = recipe.conda_forge_yml
    return RecipeFiles(
        recipe.name,
        RecipeKind.NEW,
        files=files,
        diff="".join(_make_patch(path, content) for path, content in files.items()),
        checklist=tuple(notes),
        unconfirmed=tuple(map(describe_name, recipe.unconfirmed)),
    )


def _make_patch(path: str, content: str) -> str:
    """Return the patch that adds a file."""
    lines = content.splitlines()
    return f"--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,{len(lines)} @@\n" + "".join(f"+{line}\n" for line in lines)


def write_feedstock_update(present: Present, target: Target, project: Recipe, previous: Recipe | None) -> RecipeFiles:
    """Return the files that bring a feedstock's recipe to a release.

    Args:
        present: the feedstock's recipe.
        target: the release.
        project: the recipe that we would make of the release.
        previous: the one that we would make of the version that the feedstock has; None where that is not known.

    Raises:
        RecipeError: the recipe is newer than the release, or has a structure that we do not understand.
    """
    changed = find_difference(previous, project) if previous else NOTHING
    updated = update_recipe(present.text, present.form, target, changed)
    files = RecipeFiles(
        project.name,
        RecipeKind.UPDATE,
        present.repository,
        present.branch,
        present.commit,
        diff=updated.diff,
        changes=updated.changes,
        checklist=updated.checklist,
        unconfirmed=tuple(_list_unconfirmed(project, changed)),
    )
    if updated.after == present.text:
        return files
    return replace(
        files,
        files={present.path or f"recipe/{present.form}": updated.after},
        checklist=(*updated.checklist, *_list_checks(present, project, previous)),
        archive=find_archive_source(present.text, present.form, target),
    )


def _list_unconfirmed(project: Recipe, changed: Difference) -> Iterator[str]:
    """Yield the conda names that nothing confirms, of requirements that are new."""
    new = {change.name for change in changed.changes if change.old is None}
    return (describe_name(name) for name in project.unconfirmed if name.conda in new)


def _list_checks(present: Present, project: Recipe, previous: Recipe | None) -> Iterator[str]:
    """Yield what a person has to do, whatever the recipe says."""
    if previous is None:
        yield NOT_COMPARED.format(present.version)
    elif len(project.noarch_platforms) > len(previous.noarch_platforms) and not has_several_platforms(present.settings):
        yield f"{FILE} needs noarch_platforms: {', '.join(project.noarch_platforms)}."


def describe_name(name: Name) -> str:
    """Describe a conda name that nothing confirms: ``words → words (curated table: not listed; …)``."""
    return f"{name.pypi} → {name.conda} ({'; '.join(name.tried)})"
