"""Check what is true of a recipe and its release, for the boxes of conda-forge's checklist."""

import zipfile
from pathlib import Path, PurePosixPath
from typing import Final

from release_tools.artifacts import read_sdist
from release_tools.model.artifact import ArtifactKind
from release_tools.model.release import RecipeFiles, Release
from release_tools.publishers.conda_forge.pull_request_texts import RecipeFacts
from release_tools.recipe.document import Format, RecipeDocument

_COMPILED: Final = (".a", ".lib", ".so", ".pyd", ".dll", ".dylib")


def collect_recipe_facts(release: Release, recipe: RecipeFiles, login: str) -> RecipeFacts:
    """Return what is true of a recipe whose source PyPI serves.

    Raises:
        ArchiveError: the sdist cannot be read.
        RecipeError: the recipe cannot be read.
    """
    path, text = next((path, text) for path, text in recipe.files.items() if PurePosixPath(path).name in tuple(Format))
    form = Format(PurePosixPath(path).name)
    entries = _collect_entries(RecipeDocument(text, form))
    proposed = {PurePosixPath(other).name for other in recipe.files}
    licenses = {name for where, names in entries.items() if where.endswith("about.license_file") for name in names}
    maintainers = {name.lower() for name in entries.get("extra.recipe-maintainers", ())}
    return RecipeFacts(
        served=True,
        licensed=bool(licenses) and licenses <= _list_in_sdist(release) | proposed,
        numbered=entries.get("build.number") == {"0"},
        current=form is Format.V1,
        without_libraries=_is_pure(release),
        agreed=bool(login) and maintainers == {login.lower()},
    )


def _collect_entries(document: RecipeDocument) -> dict[str, set[str]]:
    """Return the values of a recipe by the path of their keys."""
    entries: dict[str, set[str]] = {}
    for where, value in document.entries():
        entries.setdefault(where, set()).add(value.strip("\"'"))
    return entries


def _list_in_sdist(release: Release) -> set[str]:
    members = (
        member for sdist in release.artifacts_of_kind(ArtifactKind.SDIST) for member in read_sdist(sdist.path).members
    )
    return {member.name.partition("/")[2] for member in members}


def _is_pure(release: Release) -> bool:
    wheels = release.artifacts_of_kind(ArtifactKind.WHEEL)
    return bool(wheels) and all(
        wheel.filename.endswith("-none-any.whl")
        and not any(name.endswith(_COMPILED) for name in _list_members(wheel.path))
        for wheel in wheels
    )


def _list_members(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()
