"""Take over the artifacts that ``build`` made of this very commit, so that they need not be built again."""

from dataclasses import replace

from release_tools.artifacts import manifest
from release_tools.engine.context import Context
from release_tools.errors import OutputError
from release_tools.model.artifact import Artifact
from release_tools.model.note import Note, Skip, State
from release_tools.model.release import Release
from release_tools.wording import count


def load_current(context: Context, release: Release) -> Release | Skip:
    """Return the artifacts in the output folder, if they are of this commit and version and unchanged since."""
    try:
        built = manifest.load(context.output)
    except OutputError:
        return Skip("nothing was built yet")
    if (built.commit, built.version) != (release.commit, release.version):
        return Skip(f"{context.output} contains another commit or version")
    if any(not one.path.is_file() or Artifact.of(one.path, one.kind).sha256 != one.sha256 for one in built.artifacts):
        return Skip(f"{context.output} does not contain what was built")
    note = Note(State.INFO, f"{count(len(built.artifacts), 'file')}, unchanged since the build", str(context.output))
    context.report.add(note)
    return replace(release, name=built.name, artifacts=built.artifacts)
