"""The conda recipe that a project keeps in its repository: where it is, and how it gets the released version."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from release_tools.config.loader import read_pyproject
from release_tools.engine.context import Context
from release_tools.errors import ConfigError, RecipeError, RepositoryError
from release_tools.git.log import list_files, read_file
from release_tools.git.project_repository import open_repository
from release_tools.git.tags import has
from release_tools.model.artifact import Artifact
from release_tools.model.release import Release
from release_tools.model.versions import format_conda_version, parse_version
from release_tools.project.facts import is_python_project
from release_tools.recipe.document import Format, RecipeDocument
from release_tools.recipe.names import CONDA_NAME
from release_tools.recipe.spans import Edit
from release_tools.recipe.update import read_recipe_version, set_version
from release_tools.recipe.update_source import Target, is_ours
from release_tools.regular_files import read_regular_file

FOLDERS: Final = (
    *("conda.recipe", "recipe", "conda-recipe", ".conda", "conda"),
    *("devtools/conda-recipe", "devtools/conda.recipe", "devtools/conda"),
)
"""Folders in which a recipe is searched for if `conda.recipe` is empty; the first folder that has one counts."""
VARIANT_FILES: Final = {
    Format.V1: ("variants.yaml", "conda_build_config.yaml"),
    Format.V0: ("conda_build_config.yaml",),
}
"""The variant files that the build tool of each format takes from the recipe's own folder."""
_LARGEST: Final = 1_000_000

_TEXTS: Final = (".cfg", ".json", ".py", ".toml", ".txt", ".yaml", ".yml")


@dataclass(frozen=True)
class OwnRecipe:
    """A recipe in a project.

    Attributes:
        path: of the file, relative to the project, with forward slashes.
        form: its format.
        text: the whole of it.
        siblings: the names of the other files in its folder.
    """

    path: str
    form: Format
    text: str
    siblings: frozenset[str] = frozenset()

    @property
    def variant_files(self) -> tuple[str, ...]:
        """Return the variant files in its folder, by name."""
        return tuple(name for name in VARIANT_FILES[self.form] if name in self.siblings)


def find_own_recipe(
    context: Context, release: Release, setting: str = "conda.recipe", value: str | None = None
) -> OwnRecipe | None:
    """Return the recipe of the released commit; where that is not known, the one in the project's folder.

    Args:
        context: of the run.
        release: whose commit it is.
        setting: the setting that may name the recipe.
        value: of the setting; that of ``conda.recipe`` if None.

    Raises:
        ConfigError: the recipe that the setting names does not exist.
    """
    wanted = context.config.conda.recipe if value is None else value
    paths, read = read_project_files(context, release, wanted)
    path = _read_setting(setting, wanted, paths) or _find_usual_recipe(paths)
    if not path:
        return None
    return OwnRecipe(path, Format(PurePosixPath(path).name), read(path), _list_siblings(path, paths))


def _list_siblings(path: str, paths: frozenset[str]) -> frozenset[str]:
    """Return the names of the other files in the same folder."""
    folder = PurePosixPath(path).parent
    others = map(PurePosixPath, paths - {path})
    return frozenset(other.name for other in others if other.parent == folder)


def _find_usual_recipe(paths: frozenset[str]) -> str:
    wanted = (f"{folder}/{form}" for folder in FOLDERS for form in (Format.V1, Format.V0))
    return next((path for path in wanted if path in paths), "")


def _read_setting(setting: str, value: str, paths: frozenset[str]) -> str:
    """Return the path that a setting names: a recipe, or the folder of one."""
    wanted = value.replace("\\", "/").removeprefix("./").rstrip("/")
    if not wanted:
        return ""
    inside = "" if wanted == "." else f"{wanted}/"
    candidates = (wanted, *(f"{inside}{form}" for form in (Format.V1, Format.V0)))
    found = next((path for path in candidates if path in paths and PurePosixPath(path).name in tuple(Format)), "")
    if not found:
        raise ConfigError(
            f"{setting}: {value} is neither a {Format.V1}, nor a {Format.V0}, nor a folder with one of them",
            "Correct the path, or commit the file.",
        )
    return found


def read_project_files(
    context: Context, release: Release, wanted: str = ""
) -> tuple[frozenset[str], Callable[[str], str]]:
    """Return the project's files, and how one is read: from the commit, or from its folder where there is none.

    Args:
        context: of the run.
        release: whose commit it is.
        wanted: a file or folder to search in; without a commit only folders are that a recipe is usually in.
    """
    project, commit = context.project, release.commit
    prefix, found = context.background.result(f"project files of {commit}", _list_committed, context, commit)
    if found is None:
        names = _list_in_folders(project, wanted)
        return names, lambda path: read_regular_file(project / path, _LARGEST).decode("utf-8", "replace")
    repository = open_repository(context)
    return found, lambda path: read_file(repository, commit, f"{prefix}/{path}".lstrip("/")) or ""


def _list_committed(context: Context, commit: str) -> tuple[str, frozenset[str] | None]:
    """Return the project's folder in the repository, and its files in a commit; None where that is not there."""
    try:
        repository = open_repository(context)
    except RepositoryError:
        return "", None
    if not commit or not has(repository, commit):
        return "", None
    inner = context.project.resolve().relative_to(repository.root)
    prefix = "" if inner == inner.parent else inner.as_posix()
    return prefix, frozenset(list_files(repository, commit, prefix))


def _list_in_folders(project: Path, wanted: str) -> frozenset[str]:
    """Return the files in the folders that a recipe is usually in, and in the one that is wanted."""
    configured = PurePosixPath(wanted.replace("\\", "/") or ".")
    folders = {*map(PurePosixPath, (*FOLDERS, ".")), configured, configured.parent}
    paths = (path for folder in folders for path in (project / folder).glob("*"))
    return frozenset(path.relative_to(project).as_posix() for path in paths if path.is_file())


def find_variant_files(context: Context, release: Release, folder: Path) -> tuple[Path, ...]:
    """Copy the variant files at the top of the project, which override ours, into a folder, and return the copies."""
    paths, read = read_project_files(context, release)
    copies = []
    for name in VARIANT_FILES[Format.V1]:
        if name in paths:
            copy = folder / name
            copy.write_text(read(name), encoding="utf-8", newline="\n")
            copies.append(copy)
    return tuple(copies)


def copy_recipe(context: Context, release: Release, recipe: OwnRecipe) -> Path:
    """Copy a recipe with the version that is released, and what it may read when it is rendered; return the copy.

    These are the texts in its folder and at the top of the project. Nothing is built there.
    """
    paths, read = read_project_files(context, release, recipe.path)
    folder = context.scratch / "rendered-recipe"
    folders = (PurePosixPath(recipe.path).parent, PurePosixPath())
    for name in paths:
        if PurePosixPath(name).parent in folders and name.endswith(_TEXTS):
            copy = folder / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(read(name), encoding="utf-8", newline="\n")
    path = folder / recipe.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(prepare_recipe(recipe, release, None).text, encoding="utf-8", newline="\n")
    return path


def is_recipe_alone(context: Context) -> bool:
    """Return whether a project has a conda recipe and nothing that a Python build backend builds."""
    if is_python_project(context.project, read_pyproject(context.project)):
        return False
    try:
        return find_own_recipe(context, Release()) is not None
    except ConfigError:
        return False


def list_package_names(context: Context) -> tuple[str, ...]:
    """Return the names of the packages in the project's own recipe, as far as they are written out there."""
    try:
        recipe = find_own_recipe(context, Release())
        document = RecipeDocument(recipe.text, recipe.form) if recipe is not None else None
    except (ConfigError, RecipeError):
        return ()
    if document is None:
        return ()
    places = (*document.in_outputs("package", "name"), *document.in_outputs("name"))
    return tuple(place.value for place in places if CONDA_NAME.fullmatch(place.value))


def is_noarch(recipe: OwnRecipe) -> bool:
    """Return whether every package of a recipe is for all platforms, as far as its text shows."""
    try:
        document = RecipeDocument(recipe.text, recipe.form)
    except RecipeError:
        return False
    names = (*document.in_outputs("name"), *document.in_outputs("package", "name"))
    outputs = sum(place.path.startswith("outputs.") for place in names)
    if document.scalars("build", "noarch"):
        return True
    return 0 < outputs <= len(document.in_outputs("build", "noarch"))


@dataclass(frozen=True)
class Prepared:
    """A recipe as it is built.

    Attributes:
        text: of it.
        changes: what was set in it, a line each.
    """

    text: str
    changes: tuple[str, ...]


def prepare_recipe(recipe: OwnRecipe, release: Release, sdist: Artifact | None) -> Prepared:
    """Return a recipe with the version that is released, and with our sdist where its source is the one on PyPI.

    A version that the recipe computes is left alone: it is compared once the recipe is rendered.

    Args:
        recipe: as the project has it.
        release: whose version it is to have.
        sdist: that this run built; None where there is none.

    Raises:
        RecipeError: it is no YAML (with jinja, for v0).
    """
    version = format_conda_version(parse_version(release.version, field="version"))
    text, changes = recipe.text, []
    try:
        written = read_recipe_version(text, recipe.form)
    except RecipeError:
        written = ""
    if sdist is not None:
        document = RecipeDocument(text, recipe.form)
        edits = list(_edit_sources(document, sdist))
        text = document.apply_edits(edits)
        changes += [f"source → {sdist.filename} of this build"] if edits else []
    if written and written != version:
        text = set_version(text, recipe.form, version)
        changes.append(f"version {written} → {version}")
    return Prepared(text, tuple(changes))


def _edit_sources(document: RecipeDocument, sdist: Artifact) -> Iterator[Edit]:
    """Yield the edits that take the project's sdist from this build, for PyPI may not have it yet."""
    target = Target("", sdist.sha256, sdist.filename)
    for source in document.sources():
        if is_ours(document, source, target):
            yield from (place.make_replacement(sdist.path.absolute().as_uri()) for place in source.get("url"))
            literals = {place.start: place for place in map(document.literal, source.get("sha256"))}
            yield from (literal.make_replacement(sdist.sha256) for literal in literals.values())
