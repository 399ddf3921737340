"""One pull request at conda-forge, as far as this run knows it; asked anew only when an answer was lost.

Its deeds, in order: a personal fork, the fork brought up to date, a branch with one commit, the pull request, and a
comment. Each looks first; where anybody has a pull request for the version already, only the comment is left.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from time import monotonic
from typing import Final

from release_tools.addresses import CONDA_FORGE_BOT, STAGED_RECIPES
from release_tools.engine.context import Context
from release_tools.engine.gate import Action
from release_tools.errors import CredentialError, UnreachableError
from release_tools.forges.github import forks, git_data, pulls, refs
from release_tools.forges.github.client import HostedRepository
from release_tools.forges.github.feedstocks import spellings
from release_tools.forges.github.pulls import Proposed, Pull
from release_tools.model.action import Receipt
from release_tools.model.release import RecipeFiles, Release
from release_tools.model.versions import conda_version, parse_version
from release_tools.system.credentials import CONDA_FORGE_TOKEN

RERENDER: Final = "@conda-forge-admin, please rerender"
_ASKED: Final = re.compile(r"@conda-forge-(?:admin|linter)[,:]?\s{0,5}(?:please )?re-?render", re.IGNORECASE)
_MORE: Final = r"(?![0-9A-Za-z]|\.\d|[._-]?(?:a|b|c|rc|alpha|beta|pre|preview|dev|post|rev)\d)"
_LONGEST_PAUSE: Final = 10.0


@dataclass
class ForgePullRequest:
    """The pull request for a release.

    Attributes:
        context: the run's surroundings.
        release: that it is about.
        recipe: what it changes.
        target: the repository that it would change.
        login: whose fork it comes from; empty where there is no token.
        refused: why there is none, where one was refused.
        fork: that of the account, once it was seen.
        pull: of whoever, as it was seen last; None where there is none.
        known: whether what was seen last still holds.
    """

    context: Context
    release: Release
    recipe: RecipeFiles
    target: HostedRepository
    login: str = ""
    refused: CredentialError | None = None
    fork: HostedRepository | None = None
    pull: Pull | None = None
    known: bool = False

    @property
    def branch(self) -> str:
        """The branch of the fork."""
        return f"release-tools/{self.recipe.package}-{self.release.version}"

    @property
    def head(self) -> str:
        """The branch as GitHub names it across forks."""
        return f"{self.login}:{self.branch}"

    @property
    def title(self) -> str:
        """The pull request's, as reviewers and conda-forge's own bot write them."""
        new = self.target.slug == STAGED_RECIPES
        return f"Adding {self.recipe.package}" if new else f"{self.recipe.package} v{self.release.version}"

    @property
    def compare_url(self) -> str:
        """Where a person opens the pull request, once the branch is in a fork."""
        return f"{self.target.url}/compare/{self.recipe.branch}...{self.login or 'YOUR-NAME'}:{self.branch}?expand=1"

    def look(self) -> Pull | None:
        """The pull request for this version: an open one, else one that was merged, else one of ours that was closed.

        Raises:
            RemoteError: GitHub could not be asked.
        """
        if not self.known:
            found = sorted(self._candidates(), key=lambda pull: (not pull.open, not pull.merged))
            self.pull = next(iter(found), None)
            self.known = True
        return self.pull

    @property
    def is_ours(self) -> bool:
        """Whether the pull request comes from our own branch."""
        return self.pull is not None and self.pull.head == self.head

    @property
    def is_from_bot(self) -> bool:
        """Whether the open pull request is that of conda-forge's bot."""
        return self.pull is not None and self.pull.open and self.pull.author == CONDA_FORGE_BOT

    @property
    def is_refused(self) -> bool:
        """Whether a person closed our pull request; it is then not opened again."""
        return self.pull is not None and not self.pull.open and not self.pull.merged

    def forking(self) -> Action:
        """The personal fork."""
        expected = Receipt(f"conda-forge-fork:{self.target.slug}", f"{self.target.hub.site}/{self.login}", "")

        def find() -> Receipt | None:
            self.fork = self.fork or (forks.fork_of(self.target, self.login) if self.login else None)
            return replace(expected, url=self.fork.url) if self.fork else None

        def apply() -> Receipt:
            self._see_login()
            self.fork = self._awaited(forks.make_fork(self.target))
            return replace(expected, url=self.fork.url)

        return Action(f"fork {self.target.slug}", expected, find, apply)

    def syncing(self) -> Action:
        """The fork's branch, with all commits of the one that the pull request goes to."""
        branch, commit = self.recipe.branch, self.recipe.base
        expected = Receipt(f"conda-forge-sync:{self.target.slug}", self.target.url, commit)

        def find() -> Receipt | None:
            fork = self.fork
            synced = fork is not None and refs.contains(fork, branch, commit)
            return replace(expected, url=fork.url) if fork and synced else None

        def apply() -> Receipt:
            if git_data.tip(self._forked, branch):
                forks.sync(self._forked, branch)
            else:  # a fork knows every commit of what it is a fork of
                git_data.create_branch(self._forked, branch, commit)
            return replace(expected, url=self._forked.url)

        return Action(f"bring the fork up to date with {self.target.slug}", expected, find, apply)

    def branching(self) -> Action:
        """The branch of the fork, with one commit. One that holds something else is a former run's, and begins anew."""
        files = {path: text.encode() for path, text in self.recipe.files.items()}
        expected = Receipt(f"conda-forge-branch:{self.branch}", self.target.url, _digest(files))

        def find() -> Receipt | None:
            there = git_data.tip(self.fork, self.branch) if self.fork else ""
            if self.fork is None or not there:
                return None
            same = all(git_data.read_file(self.fork, there, path) == content for path, content in files.items())
            return replace(expected, url=f"{self.fork.url}/tree/{self.branch}") if same else None

        def apply() -> Receipt:
            fork = self._forked
            commit = git_data.commit_files(fork, self.recipe.base, files, self.title, None)
            git_data.set_branch(fork, self.branch, commit)
            return replace(expected, url=f"{fork.url}/tree/{self.branch}")

        return Action(f"commit {', '.join(files)} to the branch {self.branch} of the fork", expected, find, apply)

    def opening(self, body: Callable[[], str]) -> Action:
        """The pull request itself."""
        recipe, new = self.recipe, self.target.slug == STAGED_RECIPES
        expected = Receipt(f"conda-forge:{recipe.package}-{self.release.version}", f"{self.target.url}/pulls", "")

        def find() -> Receipt | None:
            self.known = False  # somebody may have opened one while the fork was made
            pull = self.look()
            return replace(expected, url=pull.url) if pull else None

        def apply() -> Receipt:
            draft = new and self.context.config.conda_forge.draft
            self.pull = pulls.open_pull(self.target, Proposed(self.head, recipe.branch, self.title, body(), draft))
            return replace(expected, url=self.pull.url)

        return Action(f"open the pull request “{self.title}” at {self.target.slug}", expected, find, apply)

    def commenting(self, what: str, text: str, is_it: Callable[[str], bool]) -> Action:
        """A comment on the pull request, unless there is one like it.

        Args:
            what: it is for, as a key.
            text: of it.
            is_it: whether another comment's text makes it needless.
        """
        expected = Receipt(f"conda-forge-{what}:{self.recipe.package}-{self.release.version}", self.target.url, "")

        def find() -> Receipt | None:
            pull = self.look()
            said = pulls.comments(self.target, pull) if pull else iter(())
            return next((replace(expected, url=url) for comment, url in said if is_it(comment)), None)

        def apply() -> Receipt:
            self._see_login()
            pull = self.look()
            if pull is None:
                raise AssertionError("a pull request is commented on after it was opened")
            return replace(expected, url=pulls.comment(self.target, pull, text))

        return Action(f"comment on the pull request: {what}", expected, find, apply)

    def rerendering(self) -> Action:
        """The request to conda-forge's service to generate what it generates from a recipe."""
        return self.commenting("rerender", RERENDER, lambda text: _ASKED.search(text) is not None)

    def their_files(self) -> Mapping[str, str]:
        """Our files as the pull request has them.

        Raises:
            RemoteError: GitHub could not be asked.
        """
        pull = self.look()
        found = {path: git_data.read_file(self.target, pull.commit, path) for path in self.recipe.files} if pull else {}
        return {path: content.decode("utf-8", "replace") for path, content in found.items() if content is not None}

    @property
    def _forked(self) -> HostedRepository:
        if self.fork is None:
            raise AssertionError("the fork is made before anything is written to it")
        return self.fork

    def _see_login(self) -> None:
        """Write nothing as anybody else than who is meant to.

        Raises:
            CredentialError: there is no token for this.
        """
        if not self.login:
            raise self.refused or CredentialError(
                f"{CONDA_FORGE_TOKEN} is not set",
                "To have this done: a classic token with the scopes public_repo and workflow.",
            )

    def _awaited(self, fork: HostedRepository) -> HostedRepository:
        """GitHub makes a fork in the background: wait until it can be read.

        Raises:
            UnreachableError: that took too long.
        """
        network = self.context.config.network
        end, pause = monotonic() + network.wait, network.pause / 1000
        while not git_data.tip(fork, self.recipe.branch):
            if monotonic() >= end:
                raise UnreachableError(
                    f"{fork.slug}: GitHub is still making this fork after {network.wait} s",
                    "Nothing is lost: run the same command again in a few minutes.",
                )
            self.context.http.patience.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        return fork

    def _candidates(self) -> Iterator[Pull]:
        """Every pull request that may be this one; a closed one only from our own branch."""
        if self.login:
            yield from pulls.newest_pulls(self.target, self.head)
        if self.target.slug == STAGED_RECIPES:
            for name in spellings(self.recipe.package):
                found = pulls.search_pulls(self.target, name)
                yield from (pull for pull in found if _names(name, pull.title) and (pull.open or pull.merged))
        else:
            version = about(self.recipe.package, self.release.version)
            for pull in pulls.newest_pulls(self.target):
                texts = (pull.title, pull.head.partition(":")[2])
                if pull.base == self.recipe.branch and (pull.open or pull.merged) and any(map(version.search, texts)):
                    yield pull


def _digest(files: Mapping[str, bytes]) -> str:
    return hashlib.sha256(b"".join(path.encode() + b"\0" + files[path] + b"\0" for path in sorted(files))).hexdigest()


def _names(package: str, title: str) -> bool:
    """Whether a title names a package, as a word of its own."""
    return re.search(rf"(?<![\w.-]){re.escape(package)}(?![\w-]|\.\w)", title, re.IGNORECASE) is not None


def about(package: str, version: str) -> re.Pattern[str]:
    """What finds a version in titles and names of branches: that one, and no longer or later one.

    A version that is a single number stands for too much, so it counts only after the package's name, a ``v`` or "to".
    """
    spelled = "|".join(map(re.escape, {version, conda_version(parse_version(version, field="version"))}))
    before = rf"(?:(?:\b|_)v|\b(?:to|version|{re.escape(package)}) ?-?v?)" if version.isdigit() else "v?"
    return re.compile(rf"(?<![0-9A-Za-z.])(?<!python )(?<!python){before}(?:{spelled}){_MORE}", re.IGNORECASE)
