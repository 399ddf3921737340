"""Write pull requests and comments for conda-forge, in which others' words are only text.

A box of conda-forge's own checklist is ticked only where it was verified.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import unified_diff
from typing import Final

from release_tools import addresses
from release_tools.model.artifact import ArtifactKind
from release_tools.model.release import RecipeFiles, Release
from release_tools.system import sanitize
from release_tools.system.templates import make_environment

_BOX: Final = re.compile(r"^([ \t]*[-*+] )\[ \](.*)$", re.MULTILINE)
_COMMENT: Final = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_COMMAND: Final = re.compile("@(?=conda-forge)", re.IGNORECASE)
_BLANK: Final = re.compile(r"\n{3,}")


@dataclass(frozen=True)
class RecipeFacts:
    """Verified facts about a recipe and its release.

    Attributes:
        served: PyPI serves the source, an sdist, with the digest that the recipe has.
        licensed: each license file that the recipe names is in the sdist.
        numbered: the build number is 0.
        current: the recipe is written in the format that conda-forge asks for.
        without_libraries: what is built holds neither compiled code nor a static library.
        agreed: nobody but who opens the pull request is to maintain the recipe.
    """

    served: bool = False
    licensed: bool = False
    numbered: bool = False
    current: bool = False
    without_libraries: bool = False
    agreed: bool = False


_ALWAYS: Final = "always"
_BOXES: Final[Mapping[str, str]] = {
    "title of this pr is meaningful": _ALWAYS,
    "personal fork of the feedstock": _ALWAYS,
    "uses the v1 ": "current",
    "license file is packaged": "licensed",
    "license file is being packaged": "licensed",
    "source is from official source": "served",
    "rather than a repo": "served",
    "if static libraries are linked in": "without_libraries",
    "does not ship static libraries": "without_libraries",
    "build number is 0": "numbered",
    "reset the build number": "numbered",
    "users listed in the maintainer section": "agreed",
}
"""Words of a box, in lower case, and the fact by which it is ticked. The other boxes stay a person's."""


def tick_checklist(template: str, facts: RecipeFacts) -> str:
    """Return a pull request template without comments, ticking the boxes that are known to be true."""

    def tick(box: re.Match[str]) -> str:
        needed = [fact for words, fact in _BOXES.items() if words in box[2].lower()]
        true = bool(needed) and all(fact == _ALWAYS or getattr(facts, fact) for fact in needed)
        return f"{box[1]}[{'x' if true else ' '}]{box[2]}"

    return _BOX.sub(tick, _COMMENT.sub("", template.replace("\r\n", "\n"))).strip()


def write_body(release: Release, recipe: RecipeFiles, boxes: str) -> str:
    """Return the text of a pull request.

    Args:
        release: that it is about.
        recipe: what it changes.
        boxes: the target's own checklist, as `ticked` gives it.
    """
    sdist = release.artifacts_of_kind(ArtifactKind.SDIST)[0]
    return _render(f"{recipe.kind}.md", release, recipe, boxes=boxes, sha256=sdist.sha256)


def lacks(release: Release, recipe: RecipeFiles, diff: str) -> str:
    """Return the comment on another's pull request for the same version: what its recipe lacks.

    Args:
        release: that it is about.
        recipe: ours.
        diff: from the other's recipe to ours.
    """
    return _render("lacks.md", release, recipe, diff=diff, mark=mark(release, recipe))


def mark(release: Release, recipe: RecipeFiles) -> str:
    """Return the invisible mark of our comment, by which a rerun finds it."""
    return f"<!-- release-tools: {recipe.package} {release.version} -->"


def find_lacking(theirs: Mapping[str, str], ours: Mapping[str, str]) -> str:
    """Return a patch from another's files to ours; empty where they are the same."""
    patches = (
        unified_diff(
            theirs.get(path, "").splitlines(keepends=True), text.splitlines(keepends=True), f"a/{path}", f"b/{path}"
        )
        for path, text in ours.items()
    )
    lines = (line if line.endswith("\n") else f"{line}\n" for patch in patches for line in patch)
    return "".join(lines)


def _render(template: str, release: Release, recipe: RecipeFiles, **more: str) -> str:
    filling = make_environment("pull_requests")
    filling.filters["line"] = sanitize.escape_markdown_line
    filling.filters["diff"] = _fence
    text = filling.get_template(template).render(
        package=recipe.package,
        version=release.version,
        changes=recipe.changes,
        checklist=recipe.checklist,
        unconfirmed=recipe.unconfirmed,
        release=release,
        site=addresses.GITHUB_SITE,
        action=addresses.ACTION,
        **more,
    )
    return _BLANK.sub("\n\n", text).strip() + "\n"


def _fence(diff: str) -> str:
    """Fence a diff so that conda-forge's bot, which reads the source of comments, finds no command in it."""
    return sanitize.fence_markdown(_COMMAND.sub("@\u200b", diff.rstrip("\n")), "diff")
