"""Render conda-forge's pull request for a release once, so that what is shown is what is sent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from packaging.version import Version

from release_tools.builders.conda.rattler_build import explain_unrendered
from release_tools.engine.context import Context
from release_tools.errors import ArchiveError, CondaError, CredentialError, RecipeError, RemoteError, UsageError
from release_tools.model.release import RecipeFiles
from release_tools.publishers.conda_forge.feedstocks import list_spellings, query_feedstock
from release_tools.publishers.conda_forge.previous_release import read_previous_evidence
from release_tools.publishers.conda_forge.recipe_inputs import RecipeInputs, Written
from release_tools.publishers.conda_forge.tag_archive import TagArchive
from release_tools.recipe.document import Format
from release_tools.recipe.drift import AGREED, Drift, find_drift
from release_tools.recipe.recipe_model import Recipe
from release_tools.recipe.submission import Present, write_feedstock_update, write_submission
from release_tools.recipe.update import find_archive_source
from release_tools.recipe.update_source import PENDING

_CONDA_FORGE: Final = "conda-forge"
_LARGEST: Final = 1_000_000


@dataclass(frozen=True)
class Rendering:
    """The change of a pull request, and what was found on the way.

    Attributes:
        files: the change; None where the feedstock's recipe cannot be changed by us.
        written: the whole recipe as it would be.
        present: the feedstock's recipe as it is; None for a new package.
        drift: how far that is from the project; None for a new package.
        remaining: how far the changed recipe still is from it.
        unseen: why the feedstock could not be looked for; empty where it was.
        rendered: whether rattler-build renders the whole recipe; it knows no ``meta.yaml``.
        refused: why the feedstock's recipe cannot be changed by us; None where it can.
    """

    files: RecipeFiles | None
    written: Written
    present: Present | None = None
    drift: Drift | None = None
    remaining: Drift = AGREED
    unseen: str = ""
    rendered: bool = False
    refused: RecipeError | None = None


def render(subject: RecipeInputs) -> Rendering:
    """Render the update of the package's feedstock, where conda-forge has one, else a new recipe.

    A dry run that cannot query the feedstock goes on as if there were none, and says so.

    Raises:
        ConfigError: the configured feedstock or recipe does not exist.
        CondaError: requirements that conda cannot express.
        CredentialError: GitHub refuses the token.
        RecipeError: the recipe cannot be made, or there is none in the feedstock.
        RemoteError: GitHub could not be reached.
    """
    unseen = ""
    try:
        present = look_up(subject)
    except (CredentialError, RemoteError) as error:
        if not subject.context.gate.is_dry_run:
            raise
        present, unseen = None, error.message
    if present is not None:
        found = compare_recipe(subject, present)
        try:
            return replace(_update(subject, present), drift=found)
        except RecipeError as error:
            return Rendering(None, Written(present.form, present.text), present, found, found, refused=error)
    written = subject.write_submission()
    rendered = not explain_unrendered(written.text)
    recipe = replace(subject.recipe, noarch_platforms=()) if written.own else subject.recipe
    return Rendering(write_submission(recipe, written.text, written.notes), written, unseen=unseen, rendered=rendered)


def look_up(subject: RecipeInputs) -> Present | None:
    """Return the recipe that conda-forge has of the package; None where it has none.

    Raises:
        ConfigError: the configured feedstock does not exist.
        CredentialError: GitHub refuses the token.
        RecipeError: there is a feedstock, but no recipe in it.
        RemoteError: conda-forge could not be asked.
    """
    context, package = subject.context, subject.recipe.name
    config = context.config.conda_forge
    if not config.feedstock and _CONDA_FORGE in context.config.conda.channels:
        if subject.unasked and context.gate.is_dry_run:  # who cannot reach the one cannot reach the other
            raise RemoteError(subject.unasked)
        if subject.known and subject.known.isdisjoint(list_spellings(package)):
            return None
    found = query_feedstock(context, package, subject.release.kind)
    if found is None:
        return None
    where = (found.path, found.repository.slug, found.branch, found.commit)
    return Present(found.form, found.text, *where, settings=found.settings)


def read_present(path: Path) -> Present:
    """Read a feedstock's recipe on this machine.

    Args:
        path: of the recipe, or of the feedstock's checkout.

    Raises:
        UsageError: there is none.
    """
    file = _locate_recipe(path)
    if file.name not in list(Format):
        raise UsageError(f"{file}: neither a {Format.V1} nor a {Format.V0}")
    if file.stat().st_size > _LARGEST:
        raise UsageError(f"{file}: larger than {_LARGEST:,} bytes", "Is it the right file?")
    return Present(Format(file.name), file.read_bytes().decode("utf-8", "replace"), f"recipe/{file.name}")


def _locate_recipe(path: Path) -> Path:
    """Return the file of a recipe, of which the path or that of the feedstock's checkout is known.

    Raises:
        UsageError: there is none.
    """
    folders = (path / "recipe", path)
    files = (path, *(folder / form for folder in folders for form in (Format.V1, Format.V0)))
    found = next((file for file in files if file.is_file()), None)
    if found is None:
        raise UsageError(f"{path}: no recipe there", f"Name a feedstock's folder, a {Format.V1} or a {Format.V0}.")
    return found


def compare_recipe(subject: RecipeInputs, present: Present) -> Drift:
    """Compare a feedstock's recipe with the project; what the project's own recipe has on purpose may differ.

    Raises:
        ConfigError: the configured recipe is not there.
        CondaError: requirements that conda cannot express.
        RecipeError: a recipe is no YAML (with jinja, for v0).
    """
    accepted = (*subject.context.config.conda_forge.accepted, *subject.chosen_by_project)
    return find_drift(present.text, present.form, subject.recipe, accepted)


def _update(subject: RecipeInputs, present: Present) -> Rendering:
    previous, digest = _read_previous_recipe(subject, present)
    target = replace(subject.target, previous_sha256=digest)
    if address := find_archive_source(present.text, present.form, target):
        target = replace(target, archive_sha256=_hash_archive(subject.context, address))
    files = write_feedstock_update(present, target, subject.recipe, previous)
    written = Written(present.form, next(iter(files.files.values()), present.text))
    rendered = present.form is Format.V1 and _is_rendered(present, written)
    remaining = compare_recipe(subject, replace(present, text=written.text))
    if files.files:
        files = replace(files, checklist=(*files.checklist, *_find_lacking(remaining, files.checklist)))
    return Rendering(files, written, present, remaining=remaining, rendered=rendered)


def _is_rendered(present: Present, written: Written) -> bool:
    """Return whether rattler-build renders a changed recipe.

    Raises:
        RecipeError: it does not, although it renders the recipe as it is now.
    """
    reason = explain_unrendered(written.text)
    if reason and written.text != present.text and not explain_unrendered(present.text):
        raise RecipeError(f"{present.form}: rattler-build would no longer render it: {reason}")
    return not reason


def _hash_archive(context: Context, address: str) -> str:
    """Return the digest of an archive; `PENDING` while GitHub does not serve it, or cannot be reached in a dry run.

    Raises:
        RemoteError: GitHub could not be queried, in a real run.
    """
    if context.gate.is_dry_run and context.unreachable_channel:
        return PENDING
    try:
        return TagArchive(context, address).find_digest() or PENDING
    except RemoteError:
        if not context.gate.is_dry_run:
            raise
        return PENDING


def _find_lacking(remaining: Drift, known: Sequence[str]) -> Iterator[str]:
    """Yield what the changed recipe lacks, unless that is on the checklist for another reason."""
    for line in remaining.lacking:
        name = line.partition(": ")[2].partition(" ")[0]
        if not any(name in words.split() for words in known):
            yield f"The project needs {line}, which the recipe does not have."


def _read_previous_recipe(subject: RecipeInputs, present: Present) -> tuple[Recipe | None, str]:
    """Return the recipe for the feedstock's version and its sdist's digest, where known."""
    version = Version(present.version)
    if version >= Version(subject.recipe.version):
        return None, ""
    try:
        evidence = read_previous_evidence(subject.context, subject.release.name, version)
        return (subject.recipe_of(evidence), evidence.sources.sha256) if evidence else (None, "")
    except (ArchiveError, CondaError, RecipeError, RemoteError):
        return None, ""
