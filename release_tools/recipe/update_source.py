"""Bring the source of a recipe to another release: its digest, its address and its file name."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from release_tools.errors import RecipeError
from release_tools.recipe.document import INSIDE, RecipeDocument
from release_tools.recipe.edit_plan import Plan
from release_tools.recipe.source_address import (
    HASHED_PATH,
    PYPI,
    AddressReader,
    find_archive_tag,
    find_expressions,
    replace_version,
)
from release_tools.recipe.spans import SourceSpans, Span

SHA256: Final = re.compile(r"[0-9a-fA-F]{64}")
OTHER_DIGESTS: Final = ("md5", "sha1", "sha224", "sha384", "sha512")
PENDING: Final = "0" * 64
"""Takes the place of an archive's digest while GitHub does not serve the tag."""
PENDING_NOTE: Final = ", pending until GitHub serves that tag"


@dataclass(frozen=True)
class Target:
    """The release that a recipe is brought to.

    Attributes:
        version: in conda's spelling.
        sha256: of the sdist that PyPI serves.
        filename: of the sdist.
        previous_sha256: of the sdist of the version that the recipe has; empty where it is not known.
        number: the build number.
        repository: the project's own on GitHub, as ``owner/name``; empty where it is not there.
        tag: that carries the version.
        archive_sha256: of GitHub's archive of that tag; `PENDING` while that is not served.
    """

    version: str
    sha256: str
    filename: str
    previous_sha256: str = ""
    number: int = 0
    repository: str = ""
    tag: str = ""
    archive_sha256: str = PENDING


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
        _plan_archive(plan, document, target, version)
        return
    for source in (source for source in sources if source not in ours):
        _check_other(document, source, version)
    _plan_digests(plan, document, ours, target.sha256, target.filename)
    for span in _list_addresses(document, ours):
        _plan_address(plan, document, span, version, target)


def _list_addresses(document: RecipeDocument, sources: Iterable[SourceSpans]) -> list[Span]:
    """Return where the addresses of sources are written, each place once."""
    spans = [find_origin(document, span) for source in sources for span in source.get("url")]
    return list({span.start: span for span in spans}.values())


def find_archive(document: RecipeDocument, target: Target, version: Span) -> str:
    """Return the address of the only source, where that is GitHub's archive of the project's own released tag.

    Returns:
        The address as it is after the update; empty where the source is anything else.
    """
    span = _find_only_address(document)
    if span is None or not target.repository:
        return ""
    before = AddressReader(document, version, version.value).read(span.value) or ""
    text = replace_version(span.value, version.value, target.version)
    after = AddressReader(document, version, target.version).read(text) or ""
    was_archive = find_archive_tag(before, target.repository) is not None
    return after if was_archive and find_archive_tag(after, target.repository) == target.tag else ""


def _find_only_address(document: RecipeDocument) -> Span | None:
    """Return where the address of the only source is written; None where there are several, or none."""
    sources = document.sources()
    spans = sources[0].get("url") if len(sources) == 1 else []
    return find_origin(document, spans[0]) if len(spans) == 1 else None


def _plan_archive(plan: Plan, document: RecipeDocument, target: Target, version: Span) -> None:
    """Plan the edits of a source that is GitHub's archive of the released tag.

    Raises:
        RecipeError: the source is anything else.
    """
    sources = document.sources()
    address = find_archive(document, target, version)
    if not address:
        where = f" line {sources[0].line}" if sources else ""
        raise RecipeError(
            f"{document.form}{where}: the source is neither the sdist on PyPI that was released before nor GitHub's"
            " archive of the released tag.",
            "Update it by hand this once.",
        )
    label = address.partition("://")[2]
    if target.archive_sha256 == PENDING:
        label += PENDING_NOTE
    _plan_digests(plan, document, sources, target.archive_sha256, label)
    span = find_origin(document, sources[0].get("url")[0])
    text = replace_version(span.value, version.value, target.version)
    if text != span.value:
        plan.edit(span.make_replacement(text), "version in the source's address")


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


def _plan_digests(plan: Plan, document: RecipeDocument, ours: list[SourceSpans], sha256: str, label: str) -> None:
    """Plan the edits of the digests.

    Raises:
        RecipeError: there is none in plain text, or another one than sha256.
    """
    for source in ours:
        _check_digests(document, source)
    literals = [document.literal(place) for source in ours for place in source.get("sha256")]
    for literal in {place.start: place for place in literals}.values():
        if not SHA256.fullmatch(literal.value):
            raise document.refuse(literal, "not a sha256 in plain text.")
        plan.edit(literal.make_replacement(sha256), f"sha256 of {label}")


def _check_digests(document: RecipeDocument, source: SourceSpans) -> None:
    """Refuse a source that has no sha256, or another digest next to it."""
    others = [place for name in OTHER_DIGESTS for place in source.get(name)]
    if others:
        raise document.refuse(others[0], "another digest than sha256; leave only that one.")
    if not source.get("sha256"):
        raise document.refuse(source, "no sha256.")


def _plan_address(plan: Plan, document: RecipeDocument, span: Span, version: Span, target: Target) -> None:
    """Plan the edit of an address that would not lead to the release's sdist, or ask a person to check it."""
    reader = AddressReader(document, version, target.version)
    plain = replace_version(span.value, version.value, target.version)
    new = _correct_file_name(_shorten(plain, target), reader, target)
    address = reader.read(new)
    if address is None or address.rpartition("/")[2] != target.filename:
        plan.check(f"Does the address in line {span.line} lead to {target.filename}?")
        new = plain
    elif not PYPI.match(address):
        plan.check(f"Is {target.filename} at the address in line {span.line}, which is not PyPI's?")
    if new != span.value:
        plan.edit(span.make_replacement(new), f"address of {target.filename}")


def _shorten(address: str, target: Target) -> str:
    """Return the short address in place of one with a path made of a digest, which cannot be another file's."""
    hashed = HASHED_PATH.match(address)
    if hashed is None:
        return address
    project = _find_project(target.filename)
    return f"{hashed['host']}source/{project[:1]}/{project}/{address[hashed.end() :]}"


def _correct_file_name(text: str, reader: AddressReader, target: Target) -> str:
    """Return an address on PyPI with the sdist's file name, where it has another one."""
    address = reader.read(text)
    if address is None or not PYPI.match(address) or address.rpartition("/")[2] == target.filename:
        return text
    folder, _, name = text.rpartition("/")
    return f"{folder}/{_find_file_name(name, reader, target)}"


def _find_file_name(name: str, reader: AddressReader, target: Target) -> str:
    """Return the sdist's file name with the version as the recipe's address has it: an expression, or plain text."""
    written = [braces for braces, code in find_expressions(name) if reader.evaluate(code) == target.version]
    stem, found, tail = target.filename.rpartition(target.version)
    if len(written) != 1 or not found:
        return target.filename
    return f"{stem}{written[0]}{tail}"


def _find_project(filename: str) -> str:
    """Return the project's name as PyPI's addresses have it."""
    return filename.rpartition("-")[0].lower().replace("_", "-")


def find_origin(document: RecipeDocument, span: Span) -> Span:
    """Return where an address is written: in the source itself, or in the one variable that the source names."""
    found = INSIDE.fullmatch(span.value.removeprefix("$"))
    variables = document.variables.get(found[1].strip(), ()) if found else ()
    return variables[0] if len(variables) == 1 else span
