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
    if not all(map(_is_unchanged, built.artifacts)):
        return Skip(f"{context.output} does not contain what was built")
    note = Note(State.INFO, f"{count(len(built.artifacts), 'file')}, unchanged since the build", str(context.output))
    context.report.add(note)
    return replace(release, name=built.name, artifacts=built.artifacts)


def _is_unchanged(artifact: Artifact) -> bool:
    """Return whether the file of an artifact is there, with the digest that the manifest says."""
    return artifact.path.is_file() and Artifact.of(artifact.path, artifact.kind).sha256 == artifact.sha256
