"""Releases as the reports get them, without a build."""

from pathlib import Path

from release_tools.model.action import Receipt
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.note import Document, Note, Report, Section, State
from release_tools.model.release import Kind, Release
from tests.support.artifacts import make_sdist, make_wheel

PAGE = "https://pypi.org/project/molecool/1.4.0rc1/"
HOSTILE = "<script>alert(1)</script> @everyone fixes #1 ![x](https://evil.example/x.png) ``` </details> \x1b[2J \u202e"
"""Texts that others may write, for every spot where a reader can meet them."""


def section(title: str, *states: State, place: str = "") -> Section:
    return Section(title, tuple(Note(state, f"{title} is {state}") for state in states), 0.1, place)


UPLOAD = Note(State.PLANNED, "upload molecool-1.4.0rc1-py3-none-any.whl to PyPI")


def dry_run_release(folder: Path) -> Release:
    """A dry run that went well, with one place of each state."""
    wheel, sdist = make_wheel(folder, "molecool", "1.4.0rc1"), make_sdist(folder, "molecool", "1.4.0rc1")
    return Release(
        name="molecool",
        version="1.4.0rc1",
        kind=Kind.PRE,
        tag="v1.4.0rc1",
        tagged=True,
        commit="c0ffee" * 6 + "c0ff",
        artifacts=(Artifact.of(sdist, ArtifactKind.SDIST), Artifact.of(wheel, ArtifactKind.WHEEL)),
        receipts=(Receipt(f"pypi:{wheel.name}", PAGE, "ab" * 32, State.PLANNED, "pypi-url"),),
    )


def hostile(folder: Path) -> Release:
    """The same, where every text that others may have written is an attack."""
    good = dry_run_release(folder)
    return Release(
        name=HOSTILE,
        version="1.0",
        tag=HOSTILE,
        artifacts=good.artifacts,
        receipts=(Receipt(HOSTILE, "javascript:alert(1)", HOSTILE, State.PLANNED),),
    )


def dry_run_report() -> Report:
    """Return what such a dry run reports."""
    return Report(
        sections=(
            section("Version", State.INFO, State.WARNING),
            section("Build sdist and wheel", State.DONE),
            section("Push the tag", State.UNCHANGED, place="git remote"),
            Section("Upload to PyPI", (UPLOAD,), 0.2, "PyPI"),
            section("Open a pull request", State.SKIPPED, place="conda-forge"),
        ),
        documents=(
            Document("Release notes", "### Added\n\n- `align`, see [the docs](https://example.org/)\n", "markdown"),
            Document("Recipe", "context:\n  version: 1.4.0rc1\n", "yaml"),
            Document("Difference to the feedstock", "@@ -1 +1 @@\n-version: 1.3\n+version: 1.4\n", "diff"),
        ),
    )


def hostile_report() -> Report:
    """The same, where every text is an attack."""
    note = Note(State.WARNING, HOSTILE, HOSTILE, HOSTILE)
    return Report(
        sections=(Section("Version", (note,), 0.1), Section("Upload", (note,), 0.1, "PyPI")),
        documents=(Document("Release notes", HOSTILE, "markdown"), Document("Recipe", HOSTILE, "yaml")),
    )
