"""The source of a recipe: the sdist of another release, by its digest, its address and its name."""

import re
from dataclasses import dataclass
from typing import Final

from release_tools.errors import RecipeError
from release_tools.recipe.document import INSIDE, Format, RecipeDocument
from release_tools.recipe.edit_plan import Plan
from release_tools.recipe.spans import SourceSpans, Span

PYPI: Final = re.compile(
    r"https://(pypi\.org/packages|pypi\.io/packages|pypi\.python\.org/packages|files\.pythonhosted\.org/packages)/"
)
SHA256: Final = re.compile(r"[0-9a-fA-F]{64}")
OTHER_DIGESTS: Final = ("md5", "sha1", "sha224", "sha384", "sha512")


@dataclass(frozen=True)
class Target:
    """The release that a recipe is brought to.

    Attributes:
        version: in conda's spelling.
        sha256: of the sdist that PyPI serves.
        filename: of the sdist.
        previous_sha256: of the sdist of the version that the recipe has; empty where it is not known.
        number: the build number.
    """

    version: str
    sha256: str
    filename: str
    previous_sha256: str = ""
    number: int = 0


def plan_source(plan: Plan, document: RecipeDocument, target: Target, version: Span) -> None:
    """Plan the edits of a feedstock's source.

    Args:
        plan: takes the edits.
        document: the recipe.
        target: the release.
        version: where the recipe's version is written.

    Raises:
        RecipeError: no source is our sdist, or another one changes with the version too.
    """
    sources = document.sources()
    ours = [source for source in sources if is_ours(document, source, target)]
    if not ours:
        where = f" line {sources[0].line}" if sources else ""
        raise RecipeError(
            f"{document.form}{where}: the source is not the sdist on PyPI that was released before.",
            "Update it by hand this once.",
        )
    for source in sources:
        if source not in ours:
            _check_other(document, source, version)
    _plan_digests(plan, document, ours, target)
    for place in (place for source in ours for place in source.get("url")):
        _plan_address(plan, document, place, version, target)


def is_ours(document: RecipeDocument, source: SourceSpans, target: Target) -> bool:
    """Return whether a source is the sdist on PyPI: by its digest where we know it, else by its address."""
    digests = [root.value for place in source.get("sha256") for root in document.roots(place)]
    if target.previous_sha256:
        return target.previous_sha256 in digests
    return bool(digests) and any(PYPI.match(place.value) for place in source.get("url"))


def _check_other(document: RecipeDocument, source: SourceSpans, version: Span) -> None:
    """Refuse a second source whose digest would be another one too."""
    for _, place in source.fields:
        if version.start in {root.start for root in document.roots(place)}:
            raise document.refuse(place, "a second source changes with the version, and its digest is not known.")


def _plan_digests(plan: Plan, document: RecipeDocument, ours: list[SourceSpans], target: Target) -> None:
    for place in (place for source in ours for name in OTHER_DIGESTS for place in source.get(name)):
        raise document.refuse(place, "another digest than sha256; leave only that one.")
    literals = [document.literal(place) for source in ours for place in source.get("sha256")]
    for literal in {place.start: place for place in literals}.values():
        if not SHA256.fullmatch(literal.value):
            raise document.refuse(literal, "not a sha256 in plain text.")
        plan.edit(literal.replaced(target.sha256), f"sha256 of {target.filename}")


def _plan_address(plan: Plan, document: RecipeDocument, place: Span, version: Span, target: Target) -> None:
    """Edit the address where it has the version as plain text, or ends in a name that the sdist no longer has."""
    folder, _, name = place.value.rpartition("/")
    if version.value in place.value:
        new = place.value.replace(version.value, target.version)
        plan.edit(place.replaced(new), "version in the source's address")
        return
    served = _rendered(document, name, version, target.version)
    expressions = [one[0] for one in INSIDE.finditer(name) if document.variables.get(one[1].strip(), ()) == (version,)]
    if served and served != target.filename and len(expressions) == 1 and target.version in target.filename:
        stem, _, tail = target.filename.rpartition(target.version)
        mark = "$" if document.form is Format.V1 else ""
        plan.edit(place.replaced(f"{folder}/{stem}{mark}{expressions[0]}{tail}"), f"the sdist is {target.filename}")
    elif not served:
        plan.check(f"Does the address in line {place.line} lead to {target.filename}?")


def _rendered(document: RecipeDocument, text: str, version: Span, new: str) -> str:
    """Return a file name with its plain variables put in; empty where it has anything but plain variables."""

    def value(found: re.Match[str]) -> str:
        places = document.variables.get(found[1].strip(), ())
        if len(places) != 1 or INSIDE.search(places[0].text):
            return "{"
        return new if places[0].start == version.start else places[0].value

    rendered = INSIDE.sub(value, text.replace("${{", "{{"))
    return "" if "{" in rendered else rendered
