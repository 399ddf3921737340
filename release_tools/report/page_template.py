"""The report page's template, and what it calls."""

from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jinja2 import FileSystemLoader, StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from release_tools.model.note import Document
from release_tools.report.text import format_size
from release_tools.report.verdicts import WORDS, find_section_state
from release_tools.system import sanitize
from release_tools.system.console import MARKS
from release_tools.wording import count

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_FOLDER: Final = Path(__file__).parent / "page"
_LARGEST_DOCUMENT: Final = 1_000_000


def load_template() -> Template:
    """Return the template, which has its style sheet as the global ``style``."""
    style = (_FOLDER / "page.css").read_text(encoding="utf-8")
    return make_environment().get_template("page.html", globals={"style": style})


@cache
def _make_markdown() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


def make_environment() -> ImmutableSandboxedEnvironment:
    """Return the environment of the template, which escapes everything that it shows."""
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_make_visible,
    )
    environment.filters |= {
        "size": format_size,
        "counted": count,
        "repeated": Counter,
        "state": find_section_state,
        "word": WORDS.__getitem__,
        "sign": MARKS.__getitem__,
        "document": _render_document,
        "lines": _split_diff_lines,
        "is_link": _is_link,
    }
    return environment


def _make_visible(value: object) -> object:
    """Return untrusted text with control and direction characters as visible escapes; Jinja escapes the rest."""
    return sanitize.make_visible(value) if type(value) is str else value


def _is_link(url: str) -> bool:
    return url.startswith(("https://", "http://"))


def _render_document(document: Document) -> str:
    """Return the project's own Markdown as HTML: raw HTML is shown as text, and no image is loaded."""
    return Markup(_make_markdown().render(sanitize.make_visible(document.text[:_LARGEST_DOCUMENT])))  # noqa: S704 - rendered with html off


def _split_diff_lines(document: Document) -> list[tuple[str, str]]:
    """Return each line with its class: ``plus``, ``minus`` or ``hunk`` in a diff, none elsewhere."""
    marks = {"+": "plus", "-": "minus", "@": "hunk"} if document.language == "diff" else {}
    return [(marks.get(line[:1], ""), line) for line in document.text[:_LARGEST_DOCUMENT].splitlines()]
