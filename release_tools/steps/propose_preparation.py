"""The pull request of a preparation, from a branch of its own in the project's repository."""

from dataclasses import dataclass, replace
from typing import Final

from packaging.utils import canonicalize_name
from packaging.version import Version

from release_tools.engine.context import Context
from release_tools.engine.executor import run_actions
from release_tools.engine.gate import Action
from release_tools.errors import ConflictError, CredentialError, RepositoryError
from release_tools.forges.base import HostedRepository, NewPullRequest
from release_tools.forges.registry import find_hosted_repository
from release_tools.git.local_commit import FileChange, clone_prepared, list_staged_changes
from release_tools.git.repository import Repository
from release_tools.history.preparation import write_preparation_message
from release_tools.model.action import Receipt
from release_tools.model.note import Skip
from release_tools.model.release import Release
from release_tools.model.versions import is_safe_ref

_BODY: Final = """\
This prepares the release of {name} {version}: its version and its changelog, in every file that has them.

After the merge, squashed or not, start the release workflow again: it finds that {version} is prepared, and tags it.

GitHub starts no checks for a pull request that a workflow has opened with its own token. To start them, close this
pull request and open it again.
"""
_EXECUTABLE: Final = "100755"


@dataclass(frozen=True)
class _Proposal:
    """Describe what is proposed.

    Attributes:
        repository: on GitHub.
        release: that is prepared.
        base: the branch that the pull request goes to.
        clone: in which the change is staged.
        changes: of single files.
    """

    repository: HostedRepository
    release: Release
    base: str
    clone: Repository
    changes: tuple[FileChange, ...]

    @property
    def branch(self) -> str:
        """Return the branch of the pull request."""
        named = f"release-tools/prepare-{canonicalize_name(self.release.name)}-{self.release.version}"
        return named if is_safe_ref(named) else f"release-tools/prepare-{self.release.version}"

    @property
    def title(self) -> str:
        """Return the title of the pull request, and the message of its commit."""
        return write_preparation_message(Version(self.release.version))

    def make_branch_action(self) -> Action:
        """Return the action that makes the branch, with one commit; a branch that holds something else stays."""
        tree = self.clone.git("write-tree").strip()
        url = f"{self.repository.url}/tree/{self.branch}"
        expected = Receipt(f"prepare-branch:{self.release.version}", url, tree)

        def find() -> Receipt | None:
            tip = self.repository.refs.tip(self.branch)
            if not tip:
                return None
            if self.repository.refs.tree_of(tip) != tree:
                raise ConflictError(
                    f"the branch {self.branch} of {self.repository.slug} has other content",
                    "Merge or close its pull request, delete the branch, and run the same command again.",
                )
            return expected

        def apply() -> Receipt:
            files = {change.path: self._content(change) for change in self.changes}
            executables = [change.path for change in self.changes if change.mode == _EXECUTABLE]
            commit = self.repository.refs.commit_files(
                self.release.commit, files, self.title, None, executables=executables
            )
            self.repository.refs.create_branch(self.branch, commit)
            return expected

        return Action(f"push the branch {self.branch} to {self.repository.slug}", expected, find, apply)

    def make_pull_request_action(self) -> Action:
        """Return the action that opens the pull request; one that was closed does not count."""
        owner = self.repository.slug.partition("/")[0]
        head = f"{owner}:{self.branch}"
        expected = Receipt(f"prepare-pull-request:{self.release.version}", f"{self.repository.url}/pulls", "")

        def find() -> Receipt | None:
            found = [pull for pull in self.repository.pull_requests.newest(head) if pull.is_open or pull.is_merged]
            return replace(expected, url=found[0].url) if found else None

        def apply() -> Receipt:
            body = _BODY.format(name=self.release.name, version=self.release.version)
            try:
                pull = self.repository.pull_requests.open(NewPullRequest(head, self.base, self.title, body))
            except CredentialError as error:
                compare = f"{self.repository.url}/compare/{self.base}...{self.branch}"
                raise CredentialError(
                    error.message,
                    "Give the job permissions: pull-requests: write, and allow it in the settings (Actions,"
                    f" General): Allow GitHub Actions to create pull requests. Or open it: {compare}?expand=1",
                ) from None
            return replace(expected, url=pull.url)

        return Action(f"open a pull request to {self.base} of {self.repository.slug}", expected, find, apply)

    def _content(self, change: FileChange) -> bytes | None:
        return (self.clone.root / change.path).read_bytes() if change.after else None


def propose_preparation(context: Context, release: Release) -> Release | Skip:
    """Open the pull request, unless it is open or was merged; nothing is ever pushed to the branch that it goes to.

    Raises:
        ConflictError: its branch has other content.
        CredentialError: the token may not.
        RepositoryError: the project is not on GitHub.
    """
    clone = clone_prepared(context.scratch, context.env)
    changes = list_staged_changes(clone)
    if not changes:
        return Skip(f"{release.version} is prepared already")
    repository = find_hosted_repository(context)
    if repository is None:
        raise RepositoryError(
            "the project's repository is not on GitHub",
            'Set github.repository = "owner/name", or apply the patch yourself: git apply --index FILE',
        )
    head = Repository.open(context.project, context.env).head()
    base = context.config.tag.branch or head.branch or repository.refs.default_branch()
    proposal = _Proposal(repository, release, base, clone, changes)
    return run_actions(
        context,
        replace(release, is_prepared=False),
        [proposal.make_branch_action(), proposal.make_pull_request_action()],
    )
