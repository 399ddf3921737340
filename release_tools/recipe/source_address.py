"""Read the addresses of a recipe's sources, with the recipe's own variables put in.

Nothing is evaluated but the few expressions that addresses are made of: a variable, its first characters, its lower
case, and a replacement in it. An address with any other expression counts as unknown.
"""

import re
from collections.abc import Iterator
from typing import Final

from release_tools.recipe.document import INSIDE, Format, RecipeDocument
from release_tools.recipe.spans import Span

PYPI: Final = re.compile(
    r"https://(pypi\.org/packages|pypi\.io/packages|pypi\.python\.org/packages|files\.pythonhosted\.org/packages)/"
)
HASHED_PATH: Final = re.compile(r"(?P<host>https://[^/]+/packages/)[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{60}/")
ARCHIVE: Final = re.compile(r"https://github\.com/(?P<repository>[^/?#]+/[^/?#]+)/archive/(?P<path>[^?#]+)")
ARCHIVE_SUFFIXES: Final = (".tar.gz", ".zip")

_TERM: Final = re.compile(r"\s*(?P<quote>['\"]?)(?P<name>[A-Za-z_]\w*)(?P=quote)\s*")
_STEP: Final = re.compile(
    r"\s*(?:\[\s*(?P<at>[0-9]{1,2})\s*\]|\[\s*(?:0\s*)?:\s*(?P<stop>[0-9]{1,2})\s*\]"
    r"|[.|]\s*(?P<case>lower|upper)\b(?:\s*\(\s*\))?"
    r"|[.|]\s*replace\s*\(\s*(?P<a>\"[^\"]*\"|'[^']*')\s*,\s*(?P<b>\"[^\"]*\"|'[^']*')\s*\))\s*"
)
_DEEPEST: Final = 5


class AddressReader:
    """Puts a recipe's variables into its texts, with any version as the recipe's own."""

    def __init__(self, document: RecipeDocument, version: Span, value: str) -> None:
        """Prepare to read.

        Args:
            document: the recipe.
            version: where its version is written.
            value: the version that is put in for it.
        """
        self._document = document
        self._version = version
        self._value = value

    def read(self, text: str) -> str | None:
        """Return a text with its expressions replaced by their values; None where one of them is not understood."""
        return self._read(text, 0)

    def evaluate(self, code: str) -> str | None:
        """Return the value of an expression; None where it is not understood."""
        return self._evaluate(code, 0)

    def _read(self, text: str, depth: int) -> str | None:
        values = {code: self._evaluate(code, depth) for code in INSIDE.findall(text)}
        if None in values.values():
            return None
        result = INSIDE.sub(lambda found: values[found[1]] or "", text.replace("${{", "{{"))
        return None if "{{" in result or "{%" in result else result

    def _evaluate(self, code: str, depth: int) -> str | None:
        term = _TERM.match(code)
        if term is None or depth > _DEEPEST:
            return None
        value = term["name"] if term["quote"] else self._find_variable(term["name"], depth)
        rest = code[term.end() :]
        while rest and value is not None:
            step = _STEP.match(rest)
            if step is None:
                return None
            value = _apply(step, value)
            rest = rest[step.end() :]
        return value

    def _find_variable(self, name: str, depth: int) -> str | None:
        spans = self._document.variables.get(name, ())
        if len(spans) != 1:
            return None
        span = spans[0]
        if span.start == self._version.start:
            return self._value
        if self._document.form is Format.V0 and not span.quote and not span.text[:1].isdigit():
            return self._evaluate(span.text, depth + 1)
        return self._read(span.value, depth + 1)


def replace_version(text: str, old: str, new: str) -> str:
    """Replace a version that is written out in a text, but not where it is a part of another number."""
    return re.sub(rf"(?<!\d)(?<!\d\.){re.escape(old)}(?!\d|\.\d)", new.replace("\\", r"\\"), text)


def find_expressions(text: str) -> Iterator[tuple[str, str]]:
    """Yield each expression of a text, with its braces and without."""
    for found in INSIDE.finditer(text):
        dollar = "$" if text[: found.start()].endswith("$") else ""
        yield f"{dollar}{found[0]}", found[1]


def find_archive_tag(address: str, repository: str) -> str | None:
    """Return the tag of which an address is GitHub's archive; None where it is no archive of this repository.

    Args:
        address: without expressions.
        repository: ``owner/name``, in any case.
    """
    found = ARCHIVE.fullmatch(address)
    if found is None or found["repository"].lower() != repository.lower():
        return None
    return _read_archive_tag(found["path"])


def _read_archive_tag(path: str) -> str | None:
    """Return the tag that the path of an archive names; None where it is no archive."""
    suffix = next((suffix for suffix in ARCHIVE_SUFFIXES if path.endswith(suffix)), "")
    if not suffix:
        return None
    if path.startswith("refs/tags/"):
        return path.removeprefix("refs/tags/").removesuffix(suffix)
    tag, slash, _ = path.partition("/")
    return tag if slash else tag.removesuffix(suffix)


def _apply(step: re.Match[str], value: str) -> str:
    if step["case"]:
        return value.lower() if step["case"] == "lower" else value.upper()
    if step["a"]:
        return value.replace(step["a"][1:-1], step["b"][1:-1])
    if step["stop"]:
        return value[: int(step["stop"])]
    at = int(step["at"])
    return value[at : at + 1]
