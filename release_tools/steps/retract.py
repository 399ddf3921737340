"""Taking a version back from every place that any route leads to."""

from collections.abc import Callable
from dataclasses import replace

from release_tools.engine.context import Context
from release_tools.engine.executor import PartialFailureError, run_actions
from release_tools.engine.routes import Server, all_publishers
from release_tools.errors import ReleaseToolsError
from release_tools.forges.origin import hosted
from release_tools.model.note import Note, Skip, State
from release_tools.model.release import Release
from release_tools.publishers.retraction import ChannelRetraction, conda_forge_request, mark_retracted_action, yank_note
from release_tools.publishers.status import StatusQuery


def retract_from_channels(sought: StatusQuery) -> Callable[[Context, Release], Release | Skip]:
    """A step that moves the version's conda packages to the label ``broken``."""

    def step(context: Context, release: Release) -> Release | Skip:
        channels = [one for one in all_publishers(context.config).channels if one.server is Server.ANACONDA]
        if not channels:
            return Skip("no Anaconda.org owner configured")
        for channel in channels:
            acts = tuple(ChannelRetraction(context, sought, channel).acts())
            release = run_actions(context, release, acts)
            if not acts:
                text = f"{channel.title} has no {sought.conda_name} {sought.version}"
                release = release.with_notes(Note(State.SKIPPED, text))
        return release

    return step


def retract_from_github(sought: StatusQuery, reason: str) -> Callable[[Context, Release], Release | Skip]:
    """A step that marks the version's release on GitHub."""

    def step(context: Context, release: Release) -> Release | Skip:
        if not context.config.github.enabled:
            return Skip("switched off")
        repository = hosted(context)
        if repository is None:
            return Skip("the project does not lie on GitHub")
        act = mark_retracted_action(context, sought, repository, reason)
        if act is None:
            return Skip(f"GitHub has no release {sought.tag(context)}")
        return run_actions(context, release, [act])

    return step


def retract_by_hand(sought: StatusQuery, reason: str) -> Callable[[Context, Release], Release]:
    """A step that says what only a person may do, ready to use."""

    def step(context: Context, release: Release) -> Release:
        for index in all_publishers(context.config).indexes:
            try:
                release = release.with_notes(yank_note(context, sought, index, reason))
            except ReleaseToolsError as error:
                raise PartialFailureError(release, error) from error
        note, document = conda_forge_request(context, sought, reason)
        if document is None:
            return release.with_notes(note)
        return release.with_notes(replace(note, advice=f"{note.advice}\n\n{document.text}")).with_documents(document)

    return step
