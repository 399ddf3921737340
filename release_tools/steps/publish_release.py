"""The draft release, turned into one that everybody sees."""

from dataclasses import replace

from packaging.version import Version

from release_tools.engine.context import Context
from release_tools.engine.executor import run_actions
from release_tools.engine.gate import Action
from release_tools.errors import RemoteError
from release_tools.forges.github import refs, releases
from release_tools.forges.origin import hosted
from release_tools.model.action import Receipt
from release_tools.model.note import Skip
from release_tools.model.release import Kind, Release
from release_tools.project.tag_spelling import find_tag_format
from release_tools.publishers.github_release import GitHubRelease


def publish_release(context: Context, release: Release) -> Release | Skip:
    """Publish the draft, after the indexes have the files; marked as latest only if it is the highest final one.

    Raises:
        StoppedError: the act failed.
    """
    if release.is_untagged:
        return Skip("development versions get no GitHub release")
    if context.config.github.draft:
        return Skip("it stays a draft", "Publish it on GitHub, or set github.draft = false.")
    if not any(receipt.key == f"github-draft:{release.tag}" for receipt in release.receipts):
        return Skip("there is no draft release on GitHub")
    repository = hosted(context)
    if repository is None:
        return Skip("the project does not lie on GitHub")
    shelf = GitHubRelease(repository, release.tag, "")
    return run_actions(context, release, [_act(context, shelf, release)])


def _act(context: Context, shelf: GitHubRelease, release: Release) -> Action:
    repository = shelf.repository
    url = f"{repository.url}/releases/tag/{release.tag}"
    expected = Receipt(f"github:{release.tag}", url, release.commit)

    def find() -> Receipt | None:
        shelf.known = False
        found = shelf.look()
        if found is None or found.draft:
            return None
        return replace(expected, url=found.url, digest=refs.commit_of_tag(repository, release.tag))

    def apply() -> Receipt:
        draft = shelf.look()
        if draft is None or not draft.draft:
            raise RemoteError(f"{repository.slug} has no draft of {release.tag} any more")
        if refs.commit_of_tag(repository, release.tag) != release.commit:
            raise RemoteError(f"{release.tag} of {repository.slug} is not on {release.commit}, so it is not published")
        made = releases.publish(
            repository,
            draft,
            prerelease=release.is_prerelease,
            latest=_is_latest(context, release, releases.published_tags(repository)),
        )
        return replace(expected, url=made.url)

    return Action(f"publish the GitHub release {release.tag}", expected, find, apply)


def _is_latest(context: Context, release: Release, published: tuple[str, ...]) -> bool:
    """Whether this is the highest of the final versions that are released there, and final itself."""
    if release.kind not in {Kind.FINAL, Kind.POST}:
        return False
    tag_format = find_tag_format(context)
    others = filter(None, map(tag_format.version, published))
    return all(Version(release.version) >= other for other in others if not other.is_prerelease)
