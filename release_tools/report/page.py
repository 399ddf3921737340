"""Render the report page: one HTML file without script, network access or further files."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import TYPE_CHECKING, Final

from release_tools.artifacts import Member
from release_tools.engine.archives import open_archive, read_each
from release_tools.engine.tasks import BackgroundTasks
from release_tools.errors import ArchiveError, ReleaseToolsError
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.note import Report, Section, State
from release_tools.model.release import Release
from release_tools.report.trees import Folder, Pair, build_tree, pair_trees
from release_tools.report.verdicts import (
    find_outcome_state,
    find_section_state,
    list_notes,
    list_preparations,
    list_published_sections,
    write_headline,
    write_verdict,
)

if TYPE_CHECKING:
    from jinja2 import Template

_LARGEST_DOCUMENT: Final = 1_000_000
_TEMPLATE: Final = "template of the report page"
_MOST_FILES: Final = 5_000
_MOST_BYTES: Final = 20_000_000
_ACTIONS: Final = (State.PLANNED, State.DONE, State.UNCHANGED)


@dataclass(frozen=True)
class Contents:
    """The contents of one artifact.

    Attributes:
        artifact: the file.
        members: of the archive.
        root: the same as nested folders.
        fault: why it could not be read; empty where it could.
    """

    artifact: Artifact
    members: tuple[Member, ...] = ()
    root: Folder | None = None
    fault: str = ""


def start_template(background: BackgroundTasks) -> None:
    """Start to load the template of the page that the run will write at its end."""
    background.start(_TEMPLATE, _load_template)


def _load_template() -> "Template":
    from release_tools.report.page_template import load_template

    return load_template()


def report_page(
    release: Release,
    report: Report,
    error: ReleaseToolsError | None = None,
    *,
    is_dry_run: bool,
    background: BackgroundTasks | None = None,
) -> str:
    """Return the whole run as one HTML document.

    Args:
        release: what became known; its artifacts are read.
        report: what the steps reported.
        error: what stopped the run.
        is_dry_run: whether the gate was closed.
        background: the tasks of the run, which have read the artifacts already.
    """
    background = background or BackgroundTasks()
    template = background.result(_TEMPLATE, _load_template)
    files = list(_list_contents(release.artifacts, background))
    preparations, destinations = list_preparations(report), list_published_sections(report)
    return template.render(
        release=release,
        error=error,
        headline=write_headline(release, report, error, is_dry_run=is_dry_run),
        verdict=write_verdict(release, report, error, is_dry_run=is_dry_run),
        outcome=find_outcome_state(report, error, is_dry_run=is_dry_run),
        steps=_without(preparations, State.NOT_RUN),
        steps_not_run=_only(preparations, State.NOT_RUN),
        destinations=_without(destinations, State.SKIPPED, State.NOT_RUN),
        skipped=_only(destinations, State.SKIPPED),
        not_reached=_only(destinations, State.NOT_RUN),
        warnings=Counter(list_notes(report.sections, State.WARNING)),
        actions=list(list_notes(destinations, *_ACTIONS)),
        is_dry_run=is_dry_run,
        files=files,
        pairs=_pair_contents(files),
        report=report,
        documents=report.documents,
    )


def _only(sections: Sequence[Section], state: State) -> list[Section]:
    return [section for section in sections if find_section_state(section) is state]


def _without(sections: Sequence[Section], *states: State) -> list[Section]:
    return [section for section in sections if find_section_state(section) not in states]


def _list_contents(artifacts: Sequence[Artifact], background: BackgroundTasks) -> Iterator[Contents]:
    """Yield the contents of each file, up to a total size that a page can show."""
    shown = _choose_shown(artifacts)
    yield from read_each(shown, partial(_collect_contents, background))
    for artifact in artifacts[len(shown) :]:
        yield Contents(artifact, fault="not opened: there are too many files to show")


def _choose_shown(artifacts: Sequence[Artifact]) -> list[Artifact]:
    """Return the first files, as long as those before them are not too large."""
    before = accumulate((artifact.size for artifact in artifacts), initial=0)
    return [one for one, read in zip(artifacts, before, strict=False) if read <= _MOST_BYTES]


def _collect_contents(background: BackgroundTasks, artifact: Artifact) -> Contents:
    try:
        members = tuple(open_archive(background, artifact).members)
    except ArchiveError as error:
        return Contents(artifact, fault=error.message)
    if len(members) > _MOST_FILES:
        return Contents(artifact, members, fault=f"{len(members):,} files, too many to show here")
    return Contents(artifact, members, build_tree(members))


def _pair_contents(files: Iterable[Contents]) -> tuple[Pair, ...]:
    """Return the files of the first wheel and of the first conda package in pairs; empty where either is missing."""
    first = {item.artifact.kind: item.members for item in reversed(list(files)) if item.root}
    if ArtifactKind.WHEEL not in first or ArtifactKind.CONDA not in first:
        return ()
    return pair_trees(first[ArtifactKind.WHEEL], first[ArtifactKind.CONDA])
