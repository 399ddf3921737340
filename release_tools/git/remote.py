"""The copy of a repository that others see, through git's command line."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from release_tools.errors import RemoteError, RepositoryError, UnreachableError
from release_tools.git.repository import Repository
from release_tools.git.tags import has
from release_tools.system.process import ProcessError

_PATIENCE: Final = ("-c", "http.lowSpeedLimit=1", "-c", "http.lowSpeedTime=60")
_USERINFO: Final = re.compile(r"(?<=://)[^/@\s]{1,500}@")
_LOGIN: Final = re.compile(
    r"Authentication failed|could not read Username|Permission .{0,300}denied|terminal prompts disabled|\b403\b",
    re.DOTALL,
)


@dataclass(frozen=True)
class Remote:
    """A remote of a repository.

    Attributes:
        repository: whose it is.
        name: such as ``origin``.
    """

    repository: Repository
    name: str

    @cached_property
    def url(self) -> str:
        """Its address, without the credentials that may stand in it; empty where there is no such remote."""
        try:
            return _bare(self.repository.git("remote", "get-url", "--", self.name).strip())
        except ProcessError:
            return ""

    def commit_of_tag(self, tag: str) -> str:
        """The commit that a tag peels to over there; empty where there is no such tag.

        Raises:
            RemoteError: it could not be asked.
        """
        ref = f"refs/tags/{tag}"
        found = self._refs(ref, f"{ref}^{{}}")
        return found.get(f"{ref}^{{}}") or found.get(ref, "")

    def default_branch(self) -> str:
        """The branch that a clone checks out; empty where that cannot be told.

        Raises:
            RemoteError: it could not be asked.
        """
        answer = self._ask("ls-remote", "--symref", "--", self.name, "HEAD")
        found = re.search(r"^ref: refs/heads/(\S+)\tHEAD$", answer, re.MULTILINE)
        return found[1] if found else ""

    def tip(self, branch: str) -> str:
        """The newest commit of a branch over there, its history brought here; empty where there is no such branch.

        Raises:
            RemoteError: it could not be asked.
        """
        ref = f"refs/heads/{branch}"
        tip = self._refs(ref).get(ref, "")
        if tip and not has(self.repository, tip):
            self._ask("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--refmap=", "--", self.name, ref)
        return tip

    def fetch_tag(self, tag: str) -> None:
        """Bring a tag here, unless it is here.

        Raises:
            RemoteError: the remote could not be asked, or its tag is another than the one here.
        """
        ref = f"refs/tags/{tag}"
        self._ask("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--", self.name, f"{ref}:{ref}")

    def push_tag(self, tag: str) -> None:
        """Push one tag, and nothing else; never over another.

        Raises:
            RemoteError: the remote refused, or could not be reached.
            RepositoryError: git has no credentials for it.
        """
        ref = f"refs/tags/{tag}"
        self._ask("push", "--quiet", "--no-follow-tags", "--recurse-submodules=no", "--", self.name, f"{ref}:{ref}")

    def _refs(self, *names: str) -> dict[str, str]:
        lines = self._ask("ls-remote", "--", self.name, *names).splitlines()
        pairs = (line.split("\t", 1) for line in lines)
        return {name: sha for sha, name in pairs if name in names}

    def _ask(self, *arguments: str) -> str:
        try:
            return self.repository.git(*_PATIENCE, *arguments)
        except ProcessError as error:
            said = _bare(error.output or error.message)
            what = f"git {arguments[0]}: the remote {self.name} ({self.url})"
            if _LOGIN.search(said):
                raise RepositoryError(
                    f"{what} does not let us in: {said}",
                    "Give git credentials for it; in a job, set GITHUB_TOKEN and the tag is pushed by GitHub's API.",
                ) from None
            if "rejected" in said:
                raise RemoteError(f"{what} refused: {said}") from None
            raise UnreachableError(f"{what} did not answer: {said}", "Run the same command again to go on.") from None


def _bare(text: str) -> str:
    """The text, its addresses without credentials."""
    return _USERINFO.sub("", text)
