"""A GitHub server: its API over real bare repositories, and git itself over http.

Every request to the API is judged by GitHub's own OpenAPI description; what breaks it is refused and complained of.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from tests.servers.base import Double, Request, Response
from tests.servers.github import gitdata, pulls, releases, repositories
from tests.servers.github.bare import EPOCH, Bare, http_backend
from tests.servers.github.description import faults_of_answer, faults_of_request
from tests.servers.github.exchange import Exchange, RefusedError, Routes
from tests.servers.github.serialize import Teller
from tests.servers.github.state import Addresses, Asset, Comment, Pull, Release, Repository, Token, TokenKind

__all__ = ["Addresses", "Asset", "Bare", "Comment", "GitHub", "Pull", "Release", "Repository", "Token", "TokenKind"]

_ROUTES: Final[Routes] = {**pulls.ROUTES, **repositories.ROUTES, **gitdata.ROUTES, **releases.ROUTES}


def _expression(pattern: str) -> re.Pattern[str]:
    """Return what a path of the description matches: only a ref, a path or a range may hold slashes."""
    parts = re.split(r"\{(\w+)\}", pattern)
    wide = {"ref": ".+", "path": ".*", "basehead": ".+", "tag": ".+"}
    return re.compile("".join(
        f"(?P<{part}>{wide.get(part, '[^/]+')})" if index % 2 else re.escape(part)
        for index, part in enumerate(parts)
    ))  # fmt: skip


_EXPRESSIONS: Final = {(verb, pattern): _expression(pattern) for verb, pattern in _ROUTES}


class GitHub(Double):
    """A GitHub server.

    Attributes:
        folder: holds the bare repositories, ``owner/name.git``.
        at: under which addresses it is reached.
        tokens: who may come in.
        logins: every account, with or without a token.
        emails: which account an author's address belongs to.
        repositories: by full name.
        untouchable: owners whose repositories nobody may push to or write to; pull requests and comments are allowed.
        fork_delay: how many times a new fork is answered for with 404.
        unsearchable: numbers of pull requests that the search does not know yet.
        digests: whether the API tells the digests of files (older Enterprise servers do not).
        archives: what is served as a tag's archive, by ``owner/name`` and tag.
    """

    def __init__(self, folder: Path, at: Addresses | None = None) -> None:
        super().__init__()
        self.folder = folder
        self.at = at or Addresses()
        self.tokens: dict[str, Token] = {}
        self.logins: set[str] = set()
        self.emails: dict[str, str] = {}
        self.repositories: dict[str, Repository] = {}
        self.untouchable: set[str] = set()
        self.fork_delay = 0
        self.unsearchable: set[int] = set()
        self.digests = True
        self.archives: dict[tuple[str, str], bytes] = {}
        self._count = 0

    @property
    def routes(self) -> dict[str, Double]:
        """The hosts that this server plays, for the proxy."""
        addresses = (self.at.api, self.at.uploads, self.at.site, self.at.storage, self.at.archives)
        return {urlsplit(address).netloc: self for address in addresses}

    @property
    def teller(self) -> Teller:
        return Teller(self.at, self.emails)

    def account(self, login: str, token: str = "", kind: TokenKind = TokenKind.CLASSIC) -> None:
        """Somebody who has an account, and perhaps a token."""
        self.logins.add(login)
        self.emails[f"{login}@users.noreply.github.com"] = login
        if token:
            self.tokens[token] = Token(login, kind)

    def workflow_token(self, token: str, repository: str, *, writes: bool = True) -> None:
        """The token of a running workflow (``GITHUB_TOKEN``)."""
        self.tokens[token] = Token("github-actions[bot]", TokenKind.ACTIONS, repository, writes)

    @staticmethod
    def basic(token: str) -> str:
        """The header by which actions/checkout lets git in."""
        return f"Authorization: Basic {base64.b64encode(f'x-access-token:{token}'.encode()).decode()}"

    def create(self, full_name: str, files: Mapping[str, str] | None = None) -> Repository:
        """A new repository, with a first commit if it has files."""
        owner, _, name = full_name.partition("/")
        repo = self.adopt(owner, name, Bare.create(self.folder / owner / f"{name}.git"))
        if files:
            repo.bare.commit(files, "Begin")
        return repo

    def adopt(self, owner: str, name: str, bare: Bare) -> Repository:
        self.logins.add(owner)
        repo = Repository(owner, name, bare, self.next_id())
        self.repositories[repo.full_name] = repo
        return repo

    def merged_pull(self, repo: Repository, title: str, author: str, merge_sha: str) -> Pull:
        """A pull request that was merged as this commit."""
        self.logins.add(author)
        pull = Pull(
            number=self.next_number(repo), title=title, body="", head_repository=f"{author}/{repo.name}",
            head_branch="work", head_sha=merge_sha, base=repo.default_branch, author=author, created=self.tick(),
            state="closed", merge_sha=merge_sha, merged=self.tick(),
        )  # fmt: skip
        repo.pulls.append(pull)
        return pull

    def pull(self, repo: Repository, source: Repository, branch: str, title: str, author: str, base: str = "") -> Pull:
        """An open pull request of somebody's, from a branch of a fork that is there."""
        self.logins.add(author)
        pull = Pull(
            number=self.next_number(repo), title=title, body="", head_repository=source.full_name, head_branch=branch,
            head_sha=source.bare.refs()[f"refs/heads/{branch}"], base=base or repo.default_branch, author=author,
            created=self.tick(),
        )  # fmt: skip
        repo.pulls.append(pull)
        pulls.propose(repo, source, pull)
        return pull

    def fork(self, repo: Repository, login: str, name: str = "") -> Repository:
        """Somebody's fork of a repository."""
        name = name or repo.name
        fork = self.adopt(login, name, repo.bare.clone(self.folder / login / f"{name}.git"))
        fork.parent, fork.default_branch = repo.full_name, repo.default_branch
        return fork

    def find(self, full_name: str) -> Repository | None:
        return self.repositories.get(full_name)

    def next_id(self) -> int:
        self._count += 1
        return self._count

    def next_number(self, repo: Repository) -> int:
        return max((pull.number for pull in repo.pulls), default=0) + 1

    def tick(self) -> int:
        """The double's time, in seconds since its beginning; each look takes one."""
        return self.next_id()

    def now(self) -> int:
        """The same as seconds since the epoch."""
        return EPOCH + self.tick()

    def answer(self, request: Request) -> Response:
        address = f"//{request.host}{request.path}"
        faces = {
            self.at.uploads: self._api,
            self.at.api: self._api,
            self.at.storage: self._storage,
            self.at.archives: self._archive,
            self.at.site: self._site,
        }
        for base, face in faces.items():
            if address.startswith(f"//{base.partition('://')[2]}/"):
                return face(request, urlsplit(base).path)
        return self.complain(f"{request.line}: not an address of this server", 421)

    def _api(self, request: Request, prefix: str) -> Response:
        found = self._route(request, urlsplit(request.target).path.removeprefix(prefix))
        if found is None:
            return self.complain(f"{request.line}: not played", 404)
        pattern, names = found
        problems = faults_of_request(pattern, request)
        if not problems:
            response = self._judged(request, pattern, names)
            problems = faults_of_answer(pattern, request, response)
        if problems:
            self.complaints += problems
            return Response.of_json({"message": "; ".join(problems)}, 400)
        return response

    def _route(self, request: Request, path: str) -> tuple[str, dict[str, str]] | None:
        for (verb, pattern), expression in _EXPRESSIONS.items():
            if verb == request.method and (match := expression.fullmatch(path)):
                return pattern, {name: unquote(value) for name, value in match.groupdict().items()}
        return None

    def _judged(self, request: Request, pattern: str, names: Mapping[str, str]) -> Response:
        try:
            token = self._who(request)
            answer = _ROUTES[request.method, pattern](Exchange(self, request, names, token))
        except RefusedError as refused:
            return Response.of_json(refused.content, refused.status)
        if token is None or token.kind is not TokenKind.CLASSIC:
            return answer
        return replace(answer, headers={**answer.headers, "X-OAuth-Scopes": token.scopes})

    def _who(self, request: Request) -> Token | None:
        if "authorization" not in request.headers:
            return None
        scheme, _, secret = request.headers["authorization"].partition(" ")
        if scheme.lower() == "basic":
            secret = base64.b64decode(secret).decode().rpartition(":")[2]
        if secret not in self.tokens:
            raise RefusedError(401, "Bad credentials")
        return self.tokens[secret]

    def _storage(self, request: Request, prefix: str) -> Response:
        """Return where the files of releases lie; anybody who knows the address may read, and no token belongs here."""
        if "authorization" in request.headers:
            return self.complain(f"{request.line}: a token was sent to the file storage")
        number = request.path.removeprefix(prefix).rpartition("/")[2]
        for repo in self.repositories.values():
            for release in repo.releases:
                for asset in release.assets:
                    if str(asset.id) == number:
                        return Response(200, asset.content, {"Content-Type": asset.media})
        return Response.of_text("not found", 404)

    def _site(self, request: Request, prefix: str) -> Response:
        """Downloads, and git over http."""
        path = request.path.removeprefix(prefix)
        if match := re.fullmatch(r"/([^/]+/[^/]+)/releases/download/([^/]+)/([^/]+)", path):
            return self._download(*match.groups())
        if match := re.fullmatch(r"/([^/]+/[^/]+)/archive/(?:refs/tags/)?(.+)\.tar\.gz", path):
            return Response(302, headers={"Location": f"{self.at.archives}/{match[1]}/tar.gz/refs/tags/{match[2]}"})
        match = re.fullmatch(r"/([^/]+/[^/]+?)(?:\.git)?(/(?:info/refs|git-upload-pack|git-receive-pack))", path)
        repo = self.find(match[1]) if match else None
        if match is None or repo is None:
            return Response.of_text("not found", 404)
        return self._git(request, repo, match[2])

    def _archive(self, request: Request, prefix: str) -> Response:
        """Serve the archive of a tag, which no token belongs to."""
        if "authorization" in request.headers:
            return self.complain(f"{request.line}: a token was sent for an archive")
        match = re.fullmatch(r"/([^/]+/[^/]+)/tar\.gz/refs/tags/(.+)", request.path.removeprefix(prefix))
        content = self.archives.get((match[1], match[2])) if match else None
        if content is None:
            return Response.of_text("404: Not Found", 404)
        return Response(200, content, {"Content-Type": "application/x-gzip"})

    def _download(self, full_name: str, tag: str, name: str) -> Response:
        repo = self.find(full_name)
        for release in repo.releases if repo else []:
            asset = release.asset(name)
            if release.tag == tag and not release.draft and asset:
                return Response(302, headers={"Location": f"{self.at.storage}/{full_name}/{asset.id}"})
        return Response.of_text("not found", 404)

    def _git(self, request: Request, repo: Repository, service: str) -> Response:
        try:
            token = self._who(request)
        except RefusedError:
            return Response.of_text("Bad credentials", 401)
        pushes = "git-receive-pack" in request.target
        if pushes and repo.owner in self.untouchable:
            return self.complain(f"a push where none may be: {request.line}", 403)
        if pushes and token is None:
            return Response(401, headers={"WWW-Authenticate": 'Basic realm="GitHub"'})
        if pushes and not repo.writable(token):
            return Response.of_text(f"Permission to {repo.full_name}.git denied.", 403)
        user = token.login if token and pushes else None
        return http_backend(self.folder, f"/{repo.full_name}.git{service}", request, user)
