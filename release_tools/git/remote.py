"""The copy of a repository that others see, through git's command line."""

import base64
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from release_tools import addresses
from release_tools.errors import RemoteError, RepositoryError, UnreachableError
from release_tools.git.own_directory import read_data_config
from release_tools.git.repository import Repository, make_git_environment
from release_tools.git.tags import has
from release_tools.system.credentials import GITHUB_TOKEN, read_token
from release_tools.system.process import ProcessError

_TIMEOUT: Final = 60.0
_TRANSFER: Final = 30
"""Factor by which a transfer of objects may take longer than an answer."""
_USERINFO: Final = re.compile(r"(?<=://)[^/@\s]{1,500}@")
_LOGIN: Final = re.compile(
    r"Authentication failed|could not read Username|Permission .{0,300}denied|terminal prompts disabled|\b403\b",
    re.DOTALL,
)


@dataclass(eq=False)
class Remote:
    """A remote of a repository.

    Attributes:
        repository: whose it is.
        name: such as ``origin``, or an address.
        timeout: seconds until it has to answer; thirty times as long for fetching and pushing.
    """

    repository: Repository
    name: str
    timeout: float = _TIMEOUT

    @cached_property
    def url(self) -> str:
        """Return its address, without the credentials that may stand in it; empty where there is no such remote."""
        try:
            return _strip_credentials(self.repository.git("remote", "get-url", "--", self.name).strip())
        except ProcessError:
            return ""

    def commit_of_tag(self, tag: str) -> str:
        """Return the commit that a tag peels to over there; empty where there is no such tag.

        Raises:
            RemoteError: it could not be asked.
        """
        ref = f"refs/tags/{tag}"
        found = self._refs(ref, f"{ref}^{{}}")
        return found.get(f"{ref}^{{}}") or found.get(ref, "")

    def default_branch(self) -> str:
        """Return the branch that a clone checks out; empty where that is not known.

        Raises:
            RemoteError: it could not be asked.
        """
        answer = self._ask("ls-remote", "--symref", "--", self.name, "HEAD")
        found = re.search(r"^ref: refs/heads/(\S+)\tHEAD$", answer, re.MULTILINE)
        return found[1] if found else ""

    def tip(self, branch: str) -> str:
        """Return the newest commit of a remote branch, its history brought here; empty where there is no such branch.

        Raises:
            RemoteError: it could not be asked.
        """
        ref = f"refs/heads/{branch}"
        tip = self._refs(ref).get(ref, "")
        if tip and not has(self.repository, tip):
            self._ask(
                "fetch",
                "--quiet",
                "--no-recurse-submodules",
                "--no-tags",
                "--no-write-fetch-head",
                "--refmap=",
                "--",
                self.name,
                ref,
            )
        return tip

    def fetch_tag(self, tag: str) -> None:
        """Bring a tag here, unless it is here.

        Raises:
            RemoteError: the remote could not be asked, or its tag is another than the one here.
        """
        ref = f"refs/tags/{tag}"
        self._ask(
            "fetch",
            "--quiet",
            "--no-recurse-submodules",
            "--no-tags",
            "--no-write-fetch-head",
            "--",
            self.name,
            f"{ref}:{ref}",
        )

    def push_tag(self, tag: str) -> None:
        """Push one tag, and nothing else; never over another.

        Raises:
            RemoteError: the remote refused, or could not be reached.
            RepositoryError: git has no credentials for it.
        """
        ref = f"refs/tags/{tag}"
        self._ask("push", "--quiet", "--no-follow-tags", "--recurse-submodules=no", "--", self.name, f"{ref}:{ref}")

    def delete_tag(self, tag: str) -> None:
        """Delete one tag there; the checkout keeps its own.

        Raises:
            RemoteError: the remote refused, or could not be reached.
            RepositoryError: git has no credentials for it.
        """
        self._ask("push", "--quiet", "--recurse-submodules=no", "--delete", "--", self.name, f"refs/tags/{tag}")

    def _refs(self, *names: str) -> dict[str, str]:
        lines = self._ask("ls-remote", "--", self.name, *names).splitlines()
        pairs = (line.split("\t", 1) for line in lines if "\t" in line)
        return {name: sha for sha, name in pairs if name in names}

    def _ask(self, *arguments: str) -> str:
        transfers = arguments[0] in {"fetch", "push"}
        limit = self.timeout * _TRANSFER if transfers else self.timeout
        options = ("-c", "http.lowSpeedLimit=1", "-c", f"http.lowSpeedTime={max(1, int(self.timeout))}")
        try:
            return self.repository.git(*options, *arguments, timeout=limit)
        except ProcessError as error:
            said = _strip_credentials(error.output or error.message)
            name = _strip_credentials(self.name)
            what = f"git {arguments[0]}: the remote {name} ({self.url})" if self.url else f"git {arguments[0]}: {name}"
            if _LOGIN.search(said):
                raise RepositoryError(
                    f"{what} denied access: {said}",
                    "Give git credentials for it. In a job, set GITHUB_TOKEN: the tag is then pushed with"
                    " GitHub's API.",
                ) from None
            if "rejected" in said:
                raise RemoteError(f"{what} refused: {said}") from None
            raise UnreachableError(
                f"{what} did not answer: {said}", "Run the same command again to continue."
            ) from None


def make_github_header(env: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the key of git's configuration and the value by which the job's token lets git in; None without a token.

    Raises:
        CredentialError: the token is malformed.
    """
    token = read_token(env, GITHUB_TOKEN)
    server = env.get("GITHUB_SERVER_URL", "") or addresses.GITHUB_SITE
    if not token or urlsplit(server).scheme != "https":
        return None
    basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    return f"http.{server.rstrip('/')}/.extraheader", f"AUTHORIZATION: basic {basic}"


def make_github_login(env: Mapping[str, str]) -> dict[str, str]:
    """Return variables by which git sends the job's token to GitHub; never in arguments or the checkout's files.

    A header that the checkout's configuration holds is dropped, as GitHub refuses two.
    """
    header = make_github_header(env)
    if header is None:
        return {}
    key, value = header
    return {
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": key,
        "GIT_CONFIG_VALUE_0": "",
        "GIT_CONFIG_KEY_1": key,
        "GIT_CONFIG_VALUE_1": value,
    }


@contextmanager
def open_remote(
    address: str, env: Mapping[str, str], timeout: float, header: tuple[str, str] | None
) -> Iterator[Remote]:
    """Give a remote without a checkout, to ask which refs it has.

    Args:
        address: of the repository.
        env: the environment of the process.
        timeout: see `Remote`.
        header: a key and its value by which git is let in, in a folder that only we can enter; None without.
    """
    with tempfile.TemporaryDirectory(prefix="release-tools-git-") as folder:
        path = Path(folder)
        for name in ("objects", "refs"):
            (path / name).mkdir()
        (path / "HEAD").write_text("ref: refs/heads/main\n", encoding="ascii")
        listing = f"local\0{header[0]}\n{header[1]}\0" if header else ""
        (path / "config").write_text(read_data_config(listing), encoding="utf-8")
        yield Remote(Repository(path, {**make_git_environment(env), "GIT_DIR": folder}), address, timeout)


def _strip_credentials(text: str) -> str:
    """Return the text, its addresses without credentials."""
    return _USERINFO.sub("", text)
