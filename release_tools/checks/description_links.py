"""Find links and images of a description that PyPI cannot resolve: its page is not in the repository."""

from functools import lru_cache
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urlsplit

_ATTRIBUTES: Final = {"a": ("href",), "img": ("src",), "source": ("srcset", "src"), "video": ("src",)}


@lru_cache(maxsize=4)
def find_relative_links(description: str, content_type: str) -> tuple[str, ...]:
    """Return the relative addresses that a description links to or shows, each once, in their order.

    Args:
        description: its text.
        content_type: such as ``text/markdown``; reStructuredText if empty. Plain text has no links.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if not description or kind == "text/plain":
        return ()
    collector = _Links()
    collector.feed(_render_markdown(description) if kind == "text/markdown" else _render_restructured_text(description))
    collector.close()
    return tuple(dict.fromkeys(filter(_is_relative, collector.addresses)))


def _render_markdown(text: str) -> str:
    from markdown_it import MarkdownIt

    return str(MarkdownIt("commonmark", {"html": True}).render(text))


def _render_restructured_text(text: str) -> str:
    from readme_renderer import rst

    try:
        return rst.render(text) or ""
    except Exception:  # noqa: BLE001 - docutils at work on text of others; that it fails is reported by another rule
        return ""


def _is_relative(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return not parts.scheme and not parts.netloc and bool(parts.path)


class _Links(HTMLParser):
    """Collects the addresses of links and images."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        wanted = _ATTRIBUTES.get(tag, ())
        for name, value in attrs:
            if value and name in wanted:
                self.addresses += _split_sources(value) if name == "srcset" else [value]


def _split_sources(text: str) -> list[str]:
    """Return the addresses of a ``srcset``, each of which a width or a density may follow."""
    return [one.split()[0] for one in text.split(",") if one.strip()]
