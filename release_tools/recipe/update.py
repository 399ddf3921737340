"""Bring a recipe to another version: the few characters that change, and nothing else.

An edit is made where its place is certain; anything else goes on a checklist for a person. A structure that we do
not understand is refused with its line, and then nothing is edited.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import unified_diff
from io import StringIO
from typing import Final

from packaging.version import InvalidVersion, Version

from release_tools.errors import RecipeError
from release_tools.recipe.difference import NOTHING, Difference
from release_tools.recipe.document import EXPRESSION, Format, RecipeDocument
from release_tools.recipe.edit_plan import Plan
from release_tools.recipe.scalars import is_read_as_fraction, is_read_as_number
from release_tools.recipe.spans import Edit, Span
from release_tools.recipe.update_requirements import plan_difference
from release_tools.recipe.update_source import Target, find_archive, is_ours, plan_source

LITERAL_VERSION: Final = re.compile(r"[0-9][0-9A-Za-z.!+_-]*")
NUMBER: Final = re.compile(r"[0-9]+")


@dataclass(frozen=True)
class Updated:
    """A recipe before and after.

    Attributes:
        form: its format.
        before: the text as it was.
        after: the text as it is to be; the same where there was nothing to do.
        changes: what was done, a line each.
        checklist: what a person has to do, a line each.
    """

    form: Format
    before: str
    after: str
    changes: tuple[str, ...]
    checklist: tuple[str, ...]

    @property
    def diff(self) -> str:
        """Return a unified diff as git writes it, without its header; empty where nothing changed."""
        before, after = (list(StringIO(text, newline="\n")) for text in (self.before, self.after))
        lines = unified_diff(before, after, f"a/recipe/{self.form}", f"b/recipe/{self.form}")
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


def read_recipe_version(text: str, form: Format) -> str:
    """Return the version that a recipe has.

    Raises:
        RecipeError: it is not written as a plain version in one place.
    """
    return _find_version_span(RecipeDocument(text, form)).value


def find_archive_source(text: str, form: Format, target: Target) -> str:
    """Return the address of GitHub's archive of the released tag, where a feedstock has that as its only source.

    Args:
        text: the recipe as the feedstock has it.
        form: its format.
        target: the release.

    Returns:
        The address; empty where the source is anything else.

    Raises:
        RecipeError: the version is not written as a plain version in one place.
    """
    document = RecipeDocument(text, form)
    if any(is_ours(document, source, target) for source in document.sources()):
        return ""
    return find_archive(document, target, _find_version_span(document))


def set_version(text: str, form: Format, version: str) -> str:
    """Return a recipe with another version and no other change.

    Raises:
        RecipeError: the version is not written as a plain version in one place.
    """
    document = RecipeDocument(text, form)
    return document.apply_edits([_quote(_find_version_span(document), version, form)])


def update_recipe(text: str, form: Format, target: Target, changed: Difference = NOTHING) -> Updated:
    """Bring a feedstock's recipe to a new version.

    Args:
        text: the recipe as the feedstock has it.
        form: its format.
        target: the release.
        changed: what the project changed since the version that the recipe has.

    Raises:
        RecipeError: the recipe is newer than the release, or has a structure that we do not understand; the line is
            named, and nothing is to be used.
    """
    document = RecipeDocument(text, form)
    place = _find_version_span(document)
    if Version(place.value) >= Version(target.version):
        if Version(place.value) == Version(target.version):
            return Updated(form, text, text, (), ())
        raise RecipeError(f"{form} line {place.line}: {place.value} is newer than {target.version}.")
    plan = Plan()
    done = f"version {place.value} → {target.version}"
    for edit in (_quote(place, target.version, form), *_quote_expressions(document, place.value, target.version)):
        plan.edit(edit, done)
    plan_source(plan, document, target, place)
    for edit in _edit_build_numbers(document, target.number):
        plan.edit(edit, f"build number → {target.number}")
    plan_difference(plan, document, changed)
    plan.check(*_find_leftovers(document, place, plan.edits))
    return Updated(form, text, document.apply_edits(plan.edits), plan.changes, plan.checks)


def fill_in(text: str, form: Format, target: Target) -> Updated:
    """Fill version, digest and build number into a project's own recipe where it has them as plain text.

    Unlike a feedstock's recipe it may take its source from a folder and its version from the environment; what is not
    there in plain text is left alone.

    Raises:
        RecipeError: it is no YAML (with jinja, for v0).
    """
    document = RecipeDocument(text, form)
    plan = Plan()
    with _explain_manual_edit(plan, "The version is not written in one place"):
        place = _find_version_span(document)
        plan.edit(_quote(place, target.version, form), f"version {place.value} → {target.version}")
    for source in document.sources():
        ours = is_ours(document, source, target)
        for digest in source.get("sha256"):
            if ours:
                with _explain_manual_edit(plan, f"The digest in line {digest.line} is computed"):
                    plan.edit(document.literal(digest).make_replacement(target.sha256), f"sha256 of {target.filename}")
            else:
                plan.check(f"The source in line {source.line} is not the sdist on PyPI: left as it is.")
    with _explain_manual_edit(plan, "The build number is computed"):
        for edit in list(_edit_build_numbers(document, target.number)):
            plan.edit(edit, f"build number → {target.number}")
    return Updated(form, text, document.apply_edits(plan.edits), plan.changes, plan.checks)


@contextmanager
def _explain_manual_edit(plan: Plan, what: str) -> Iterator[None]:
    """Leave alone what cannot be filled in, and say so."""
    try:
        yield
    except RecipeError:
        plan.check(f"{what}: left as it is.")


def _find_version_span(document: RecipeDocument) -> Span:
    """Return where the version is written, followed through any number of variables.

    Raises:
        RecipeError: there is none, or it is not one literal.
    """
    places = document.scalars("package", "version") + document.scalars("recipe", "version")
    if not places:
        raise RecipeError(f"{document.form}: no version of the package.", "Is this a conda recipe?")
    roots = {root.start: root for place in places for root in document.roots(place)}
    first = next(iter(roots.values()), places[0])
    if len(roots) != 1 or not LITERAL_VERSION.fullmatch(first.value):
        raise document.refuse(first, "the version is not written as one plain text.")
    _check_version(document, first)
    return first


def _check_version(document: RecipeDocument, place: Span) -> None:
    try:
        Version(place.value)
    except InvalidVersion:
        raise document.refuse(place, f"{place.value!r} is not a PEP 440 version.") from None


def _quote(place: Span, version: str, form: Format) -> Edit:
    """Return the edit of the version, quoted where it would otherwise be read as a number or as jinja."""
    variable = form is Format.V0 and "." not in place.path
    quote = place.quote or ('"' if variable or is_read_as_number(version) else "")
    text = f"{quote}{version}{quote}"
    return Edit(place.start, place.end, text, removed=(place.path, place.text), added=(place.path, text))


def _quote_expressions(document: RecipeDocument, old: str, new: str) -> Iterator[Edit]:
    """Yield the edits that quote ``{{ version }}`` in a v0 recipe, where its value is read as a number only now."""
    if document.form is Format.V1 or is_read_as_fraction(old) or not is_read_as_fraction(new):
        return
    for place in (*document.scalars("package", "version"), *document.in_outputs("version")):
        if EXPRESSION.fullmatch(place.text) and '"' not in place.text:
            quoted = f'"{place.text}"'
            yield Edit(place.start, place.end, quoted, removed=(place.path, place.text), added=(place.path, quoted))


def _edit_build_numbers(document: RecipeDocument, number: int) -> Iterator[Edit]:
    """Yield the edits that set the build number, in each place where it is written.

    Raises:
        RecipeError: it is computed from nothing that is a plain number.
    """
    numbers = [root for place in document.in_outputs("build", "number") for root in _list_numbers(document, place)]
    for root in {root.start: root for root in numbers}.values():
        if int(root.value) != number:
            yield root.make_replacement(str(number))


def _list_numbers(document: RecipeDocument, place: Span) -> list[Span]:
    """Return the plain numbers that a build number is made of.

    Raises:
        RecipeError: there is none.
    """
    roots = [root for root in document.roots(place) if NUMBER.fullmatch(root.value)]
    if not roots:
        raise document.refuse(place, "the build number is computed.")
    return roots


def _find_leftovers(document: RecipeDocument, version: Span, edits: tuple[Edit, ...]) -> Iterator[str]:
    """Yield the lines that still have the old version as plain text; numbers of one part are too common."""
    if "." not in version.value:
        return
    known = _list_known_places(document, edits)
    for found in re.finditer(rf"(?<![\w.]){re.escape(version.value)}(?![\w.]|\.\d)", document.text):
        if not any(start <= found.start() < max(end, start + 1) for start, end in known):
            line = document.text.count("\n", 0, found.start()) + 1
            yield f"Line {line} still says {version.value}."


def _list_known_places(document: RecipeDocument, edits: tuple[Edit, ...]) -> list[tuple[int, int]]:
    """Return the offsets of what is edited, and of requirements: their bounds are the difference's matter."""
    places = [item.place for section in ("build", "host", "run") for item in document.list_requirements(section)]
    return [*((edit.start, edit.end) for edit in edits), *((place.start, place.end) for place in places)]
