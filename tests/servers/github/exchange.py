"""One request to the API, with who asks, and the ways in which it is refused."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.servers.base import Request, Response
from tests.servers.github.state import Repository, Token, TokenKind

if TYPE_CHECKING:
    from tests.servers.github import GitHub


class RefusedError(Exception):
    """An answer that is not a good one.

    Attributes:
        status: of the answer.
        content: of the answer.
    """

    def __init__(self, status: int, message: str, errors: Sequence[Mapping[str, str]] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.content = {"message": message, **({"errors": list(errors)} if errors else {})}


def invalid(resource: str, field: str, code: str = "invalid", message: str = "") -> RefusedError:
    """GitHub's 422."""
    fault = {"resource": resource, "code": code, "field": field, **({"message": message} if message else {})}
    return RefusedError(422, "Validation Failed", [fault])


@dataclass(frozen=True)
class Exchange:
    """One request to the API.

    Attributes:
        server: the double.
        request: as it came in.
        names: the parameters of its path.
        token: who asks; None for anybody.
    """

    server: "GitHub"
    request: Request
    names: Mapping[str, str]
    token: Token | None

    @property
    def body(self) -> dict[str, Any]:
        return dict(self.request.json()) if self.request.body else {}

    @property
    def repo(self) -> Repository:
        """The repository that is asked for."""
        repo = self.server.find(f"{self.names['owner']}/{self.names['repo']}")
        if repo is None:
            raise RefusedError(404, "Not Found")
        if repo.reads_until_ready > 0:
            repo.reads_until_ready -= 1
            raise RefusedError(404, "Not Found")
        return repo

    @property
    def writer(self) -> Token:
        """Return who asks, if they may write to the repository that they ask for."""
        token = self.person
        repo = self.repo
        if repo.owner in self.server.untouchable:
            self.server.complaints.append(f"a write where none may be: {self.request.line}")
            raise RefusedError(403, f"{repo.owner} is not to be written to")
        if not repo.writable(token):
            raise RefusedError(404 if token.kind is TokenKind.CLASSIC else 403, token.refusal)
        return token

    @property
    def person(self) -> Token:
        """Return the account that asks, whatever its rights."""
        if self.token is None:
            raise RefusedError(401, "Requires authentication")
        return self.token

    def page(self, rows: Sequence[object]) -> Response:
        """One page of rows, with the link to the next."""
        size = min(int(self.request.query.get("per_page", "30")), 100)
        number = int(self.request.query.get("page", "1"))
        shown = Response.of_json(list(rows[(number - 1) * size : number * size]))
        if number * size >= len(rows):
            return shown
        path = self.request.target.partition("?")[0]
        query = "&".join(f"{key}={value}" for key, value in {**self.request.query, "page": str(number + 1)}.items())
        scheme = self.server.at.api.partition("://")[0]
        link = f'<{scheme}://{self.request.host}{path}?{query}>; rel="next"'
        return Response(shown.status, shown.body, {**shown.headers, "Link": link})


Routes = Mapping[tuple[str, str], Callable[[Exchange], Response]]
