"""Know one pull request at conda-forge, and query again only after an unanswered request.

Its actions, in order: a personal fork, an up-to-date fork, a branch with one commit, the pull request, and a comment.
Each checks first whether it is done; where anybody has a pull request for the version, only the comment is left.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote

from release_tools.addresses import CONDA_FORGE_BOT, STAGED_RECIPES
from release_tools.engine.context import Context
from release_tools.engine.gate import Action
from release_tools.errors import CredentialError, UnreachableError
from release_tools.forges.base import NewPullRequest, PullRequest
from release_tools.forges.github.client import GitHubRepository
from release_tools.model.action import Receipt
from release_tools.model.release import RecipeFiles, Release
from release_tools.model.versions import format_conda_version, parse_version
from release_tools.publishers.conda_forge import URL_OUTPUT
from release_tools.publishers.conda_forge.feedstocks import list_spellings
from release_tools.system.credentials import CONDA_FORGE_TOKEN
from release_tools.system.retries import wait_until

RERENDER: Final = "@conda-forge-admin, please rerender"
UPDATE_REQUEST: Final = "@conda-forge-admin, please update version"
"""The title of an issue of a feedstock by which conda-forge's bot opens the pull request of a new version."""
_ASKED: Final = re.compile(r"@conda-forge-(?:admin|linter)[,:]?\s{0,5}(?:please )?re-?render", re.IGNORECASE)
_MORE: Final = r"(?![0-9A-Za-z]|\.\d|[._-]?(?:a|b|c|rc|alpha|beta|pre|preview|dev|post|rev)\d)"


@dataclass
class ForgePullRequest:
    """The pull request for a release.

    Attributes:
        context: the run's context.
        release: the release that it is for.
        recipe: the files that it changes.
        target: the repository that it changes.
        login: the account whose fork it comes from; empty without a token.
        refused: why the token cannot be used; None where it can.
        fork: the account's fork, once it is known.
        pull: the pull request, by whomever, as last queried; None where there is none.
        is_known: whether the last query is still valid.
    """

    context: Context
    release: Release
    recipe: RecipeFiles
    target: GitHubRepository
    login: str = ""
    refused: CredentialError | None = None
    fork: GitHubRepository | None = None
    pull: PullRequest | None = None
    is_known: bool = False

    @property
    def branch(self) -> str:
        """Return the branch of the fork."""
        return f"release-tools/{self.recipe.package}-{self.release.version}"

    @property
    def head(self) -> str:
        """Return the branch as GitHub names it across forks."""
        return f"{self.login}:{self.branch}"

    @property
    def title(self) -> str:
        """Return the pull request's title, as reviewers and conda-forge's own bot write it."""
        new = self.target.slug == STAGED_RECIPES
        return f"Adding {self.recipe.package}" if new else f"{self.recipe.package} v{self.release.version}"

    @property
    def compare_url(self) -> str:
        """Return where a person opens the pull request, once the branch is in a fork."""
        return f"{self.target.url}/compare/{self.recipe.branch}...{self.login or 'YOUR-NAME'}:{self.branch}?expand=1"

    @property
    def update_request_url(self) -> str:
        """Return where a person asks conda-forge's bot for the update, by an issue whose title is already filled in."""
        return f"{self.target.url}/issues/new?title={quote(UPDATE_REQUEST, safe='')}"

    def find_pull(self) -> PullRequest | None:
        """Return the pull request for this version: an open one, else a merged one, else a closed one of ours; or None.

        Raises:
            RemoteError: GitHub could not be queried.
        """
        if not self.is_known:
            found = sorted(self._list_candidates(), key=lambda pull: (not pull.is_open, not pull.is_merged))
            self.pull = next(iter(found), None)
            self.is_known = True
        return self.pull

    @property
    def is_ours(self) -> bool:
        """Return whether the pull request comes from our own branch."""
        return self.pull is not None and self.pull.head == self.head

    @property
    def is_from_bot(self) -> bool:
        """Return whether the open pull request is from conda-forge's bot."""
        return self.pull is not None and self.pull.is_open and self.pull.author == CONDA_FORGE_BOT

    @property
    def is_closed(self) -> bool:
        """Return whether a person closed our pull request; it is then not opened again."""
        return self.pull is not None and not self.pull.is_open and not self.pull.is_merged

    def fork_action(self) -> Action:
        """Return the action that creates the personal fork."""
        owner = f"{self.target.hub.site}/{self.login}" if self.login else self.target.url
        expected = Receipt(f"conda-forge-fork:{self.target.slug}", owner, "")

        def find() -> Receipt | None:
            self.fork = self.fork or (self.target.pull_requests.fork_of(self.login) if self.login else None)
            return replace(expected, url=self.fork.url) if self.fork else None

        def apply() -> Receipt:
            self._check_login()
            self.fork = self._wait_for(self.target.pull_requests.create_fork())
            return replace(expected, url=self.fork.url)

        return Action(f"fork {self.target.slug}", expected, find, apply)

    def sync_action(self) -> Action:
        """Return the action that brings the fork's branch up to date with the branch that is targeted."""
        branch, commit = self.recipe.branch, self.recipe.base
        expected = Receipt(f"conda-forge-sync:{self.target.slug}", self.target.url, commit)

        def find() -> Receipt | None:
            fork = self.fork
            synced = fork is not None and fork.refs.contains(branch, commit)
            return replace(expected, url=fork.url) if fork and synced else None

        def apply() -> Receipt:
            if self._known_fork.refs.tip(branch):
                self.target.pull_requests.sync_fork(self._known_fork, branch)
            else:  # a fork knows every commit of what it is a fork of
                self._known_fork.refs.create_branch(branch, commit)
            return replace(expected, url=self._known_fork.url)

        return Action(f"bring the fork up to date with {self.target.slug}", expected, find, apply)

    def branch_action(self) -> Action:
        """Return the action that puts one commit on a branch of the fork, in place of an earlier run's."""
        files = {path: text.encode() for path, text in self.recipe.files.items()}
        expected = Receipt(f"conda-forge-branch:{self.branch}", self.target.url, _hash_files(files))

        def find() -> Receipt | None:
            there = self.fork.refs.tip(self.branch) if self.fork else ""
            if self.fork is None or not there:
                return None
            same = all(self.fork.refs.read_file(there, path) == content for path, content in files.items())
            return replace(expected, url=f"{self.fork.url}/tree/{self.branch}") if same else None

        def apply() -> Receipt:
            fork = self._known_fork
            commit = fork.refs.commit_files(self.recipe.base, files, self.title, None)
            fork.refs.set_branch(self.branch, commit)
            return replace(expected, url=f"{fork.url}/tree/{self.branch}")

        return Action(f"commit {', '.join(files)} to the branch {self.branch} of the fork", expected, find, apply)

    def open_action(self, body: Callable[[], str]) -> Action:
        """Return the action that opens the pull request."""
        recipe, new = self.recipe, self.target.slug == STAGED_RECIPES
        key, url = f"conda-forge:{recipe.package}-{self.release.version}", f"{self.target.url}/pulls"
        expected = Receipt(key, url, "", output=URL_OUTPUT)

        def find() -> Receipt | None:
            self.is_known = False  # somebody may have opened one while the fork was made
            pull = self.find_pull()
            return replace(expected, url=pull.url) if pull else None

        def apply() -> Receipt:
            draft = new and self.context.config.conda_forge.draft
            self.pull = self.target.pull_requests.open(
                NewPullRequest(self.head, recipe.branch, self.title, body(), draft)
            )
            return replace(expected, url=self.pull.url)

        return Action(f"open the pull request “{self.title}” at {self.target.slug}", expected, find, apply)

    def comment_action(self, topic: str, text: str, is_same: Callable[[str], bool]) -> Action:
        """Return the action that comments on the pull request, unless a comment like it is there.

        Args:
            topic: of the comment, as a key.
            text: of the comment.
            is_same: whether another comment's text makes it unnecessary.
        """
        expected = Receipt(f"conda-forge-{topic}:{self.recipe.package}-{self.release.version}", self.target.url, "")

        def find() -> Receipt | None:
            pull = self.find_pull()
            comments = self.target.pull_requests.comments(pull) if pull else iter(())
            return next((replace(expected, url=url) for comment, url in comments if is_same(comment)), None)

        def apply() -> Receipt:
            self._check_login()
            pull = self.find_pull()
            if pull is None:
                raise AssertionError("a pull request is commented on after it was opened")
            return replace(expected, url=self.target.pull_requests.comment(pull, text))

        return Action(f"comment on the pull request: {topic}", expected, find, apply)

    def rerender_action(self) -> Action:
        """Return the action that asks conda-forge's service to rerender the feedstock."""
        return self.comment_action("rerender", RERENDER, lambda text: _ASKED.search(text) is not None)

    def their_files(self) -> Mapping[str, str]:
        """Return our files as the pull request has them.

        Raises:
            RemoteError: GitHub could not be queried.
        """
        pull = self.find_pull()
        found = {path: self.target.refs.read_file(pull.commit, path) for path in self.recipe.files} if pull else {}
        return {path: content.decode("utf-8", "replace") for path, content in found.items() if content is not None}

    @property
    def _known_fork(self) -> GitHubRepository:
        if self.fork is None:
            raise AssertionError("the fork is created before anything is written to it")
        return self.fork

    def _check_login(self) -> None:
        """Refuse to write as anyone but the configured account.

        Raises:
            CredentialError: there is no token for this.
        """
        if not self.login:
            raise self.refused or CredentialError(
                f"{CONDA_FORGE_TOKEN} is not set",
                "Set it to a classic token with the scopes public_repo and workflow.",
            )

    def _wait_for(self, fork: GitHubRepository) -> GitHubRepository:
        """Wait until a new fork can be read, as GitHub creates it in the background, and return it.

        Raises:
            UnreachableError: it took too long.
        """
        limit = self.context.config.network.wait
        if not wait_until(lambda: bool(fork.refs.tip(self.recipe.branch)), limit, self.context.http.retry_policy):
            raise UnreachableError(
                f"{fork.slug}: GitHub is still creating this fork after {limit} s",
                "Nothing is lost: run the same command again in a few minutes.",
            )
        return fork

    def _list_candidates(self) -> Iterator[PullRequest]:
        """Yield every pull request that may be this one; a closed one only from our own branch."""
        if self.login:
            yield from self.target.pull_requests.newest(self.head)
        found = self._find_staged() if self.target.slug == STAGED_RECIPES else self._find_for_version()
        yield from (pull for pull in found if pull.is_open or pull.is_merged)

    def _find_staged(self) -> Iterator[PullRequest]:
        return find_staged(self.target, self.recipe.package)

    def _find_for_version(self) -> Iterator[PullRequest]:
        """Yield the pull requests to the recipe's branch that name the version in their title or branch."""
        version = make_version_pattern(self.recipe.package, self.release.version)
        for pull in self.target.pull_requests.newest():
            texts = (pull.title, pull.head.partition(":")[2])
            if pull.base == self.recipe.branch and any(map(version.search, texts)):
                yield pull


def find_staged(staged: GitHubRepository, package: str) -> Iterator[PullRequest]:
    """Yield the pull requests of staged-recipes whose titles name a package, in any of its spellings."""
    for name in list_spellings(package):
        yield from (pull for pull in staged.pull_requests.search(name) if _has_name(name, pull.title))


def _hash_files(files: Mapping[str, bytes]) -> str:
    return hashlib.sha256(b"".join(path.encode() + b"\0" + files[path] + b"\0" for path in sorted(files))).hexdigest()


def _has_name(package: str, title: str) -> bool:
    """Return whether a title names a package, as a word of its own."""
    return re.search(rf"(?<![\w.-]){re.escape(package)}(?![\w-]|\.\w)", title, re.IGNORECASE) is not None


def make_version_pattern(package: str, version: str) -> re.Pattern[str]:
    """Return what finds a version in titles and names of branches: that one, and no longer or later one.

    A version that is a single number is ambiguous, so it counts only after the package's name, a ``v`` or "to".
    """
    spelled = "|".join(map(re.escape, {version, format_conda_version(parse_version(version, field="version"))}))
    before = rf"(?:(?:\b|_)v|\b(?:to|version|{re.escape(package)}) ?-?v?)" if version.isdigit() else "v?"
    return re.compile(rf"(?<![0-9A-Za-z.])(?<!python )(?<!python){before}(?:{spelled}){_MORE}", re.IGNORECASE)
