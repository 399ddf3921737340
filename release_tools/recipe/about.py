"""Describe a package in its recipe: links, summary, license."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from packaging.metadata import RawMetadata

from release_tools.recipe.evidence import Evidence
from release_tools.recipe.licenses import find_spdx, list_license_files
from release_tools.recipe.readme import (
    LINK,
    contains_words,
    find_first_sentence,
    find_headings,
    is_same_word,
    keep_letters,
)
from release_tools.recipe.recipe_model import About
from release_tools.system.sanitize import make_visible

# The labels of Project-URL that mean one thing, without case and punctuation
# (https://packaging.python.org/specifications/well-known-project-urls/).
HOMEPAGE: Final = ("homepage", "home", "website", "web")
REPOSITORY: Final = ("source", "repository", "sourcecode", "github", "code", "gitlab", "codeberg", "sourcerepository")
DOCUMENTATION: Final = ("documentation", "docs", "readthedocs", "userguide", "doc")
URL: Final = re.compile(r"https?://[A-Za-z0-9][^\s\"'<>{}\\^`|\x00-\x1f]{1,500}")
LONGEST_SUMMARY: Final = 500
FEW_WORDS: Final = 3


def write_about(evidence: Evidence, homepage: str = "") -> About:
    """Return the links, the summary and the license of a project; what is not known is left empty.

    Args:
        evidence: what its artifacts say.
        homepage: for a project whose metadata has no address.
    """
    files = list_license_files(evidence.metadata, evidence.sources)
    about = describe(evidence.metadata, files, [evidence.sources.texts.get(path, "") for path in files])
    return replace(about, homepage=about.homepage or homepage)


def describe(metadata: RawMetadata, files: tuple[str, ...], texts: Iterable[str]) -> About:
    """Return the links, the summary and the license, once the license files are known.

    Args:
        metadata: of the project.
        files: its license files, as the package is to name them.
        texts: their contents.
    """
    urls = _read_urls(metadata)
    repository, documentation = _find_first(urls, REPOSITORY), _find_first(urls, DOCUMENTATION)
    return About(
        homepage=_find_first(urls, HOMEPAGE) or repository or documentation or next(iter(urls.values()), ""),
        summary=_choose_summary(metadata),
        license=find_spdx(metadata, dict(zip(files, texts, strict=False))),
        license_files=files,
        repository=repository,
        documentation=documentation,
    )


def _choose_summary(metadata: RawMetadata) -> str:
    """Return the summary in one line, without the project's name in front of it.

    Two or three words say hardly anything: reviewers then take the README's first sentence, unless it only defines the
    name, or the project heads its README with these very words.
    """
    name = metadata.get("name", "")
    line = " ".join(make_visible(metadata.get("summary", "")).split())
    summary = _drop_leading_name(LINK.sub(r"\1", line), name)
    readme = make_visible(metadata.get("description", ""))
    if _has_few_words(summary) and not _is_in_heading(summary, readme):
        summary = find_first_sentence(readme, name) or summary
    return summary[:LONGEST_SUMMARY]


def _drop_leading_name(summary: str, name: str) -> str:
    """Return a summary without the project's name in front of it, as in "Demo: a tool" and "The demo - a tool"."""
    head, _, rest = re.split(r"(: |, | - | \u2013 | \u2014 |\Z)", summary, maxsplit=1)
    last_word = head.rpartition(" ")[2]
    if _has_few_words(rest) or not (is_same_word(head, name) or is_same_word(last_word, name)):
        return summary
    return rest[0].upper() + rest[1:]


def _has_few_words(text: str) -> bool:
    return len(text.split()) <= FEW_WORDS


def _is_in_heading(text: str, readme: str) -> bool:
    return bool(text) and any(contains_words(heading, text) for heading in find_headings(readme))


def _read_urls(metadata: RawMetadata) -> Mapping[str, str]:
    """Return the project's links by plain label, leaving out those that are not web addresses."""
    links = {keep_letters(label): url for label, url in metadata.get("project_urls", {}).items()}
    links.setdefault("homepage", metadata.get("home_page", ""))
    return {label: url for label, url in links.items() if URL.fullmatch(url)}


def _find_first(urls: Mapping[str, str], labels: Iterable[str]) -> str:
    return next((urls[label] for label in labels if label in urls), "")
