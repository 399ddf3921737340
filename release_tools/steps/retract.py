"""Taking a version back from every place that any route leads to."""

from collections.abc import Callable
from dataclasses import replace

from release_tools.engine.context import Context
from release_tools.engine.executor import StoppedError, let_through
from release_tools.engine.routes import Server, every_place
from release_tools.errors import ReleaseToolsError
from release_tools.forges.origin import hosted
from release_tools.model.note import Note, Skip, State
from release_tools.model.release import Release
from release_tools.publishers.retraction import FromChannel, conda_forge_request, marking, yanking
from release_tools.publishers.status import Sought


def retract_from_channels(sought: Sought) -> Callable[[Context, Release], Release | Skip]:
    """A step that moves the version's conda packages to the label ``broken``."""

    def step(context: Context, release: Release) -> Release | Skip:
        channels = [one for one in every_place(context.config).channels if one.server is Server.ANACONDA]
        if not channels:
            return Skip("no Anaconda.org owner configured")
        for channel in channels:
            acts = tuple(FromChannel(context, sought, channel).acts())
            release = let_through(context, release, acts)
            if not acts:
                text = f"{channel.title} has no {sought.conda_name} {sought.version}"
                release = release.telling(Note(State.SKIPPED, text))
        return release

    return step


def retract_from_github(sought: Sought, reason: str) -> Callable[[Context, Release], Release | Skip]:
    """A step that marks the version's release on GitHub."""

    def step(context: Context, release: Release) -> Release | Skip:
        if not context.config.github.enabled:
            return Skip("switched off")
        repository = hosted(context)
        if repository is None:
            return Skip("the project does not lie on GitHub")
        act = marking(context, sought, repository, reason)
        if act is None:
            return Skip(f"GitHub has no release {sought.tag(context)}")
        return let_through(context, release, [act])

    return step


def retract_by_hand(sought: Sought, reason: str) -> Callable[[Context, Release], Release]:
    """A step that says what only a person may do, ready to use."""

    def step(context: Context, release: Release) -> Release:
        for index in every_place(context.config).indexes:
            try:
                release = release.telling(yanking(context, sought, index, reason))
            except ReleaseToolsError as error:
                raise StoppedError(release, error) from error
        note, document = conda_forge_request(context, sought, reason)
        if document is None:
            return release.telling(note)
        return release.telling(replace(note, advice=f"{note.advice}\n\n{document.text}")).showing(document)

    return step
