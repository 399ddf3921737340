"""GitHub's OIDC provider as a job sees it: ``ACTIONS_ID_TOKEN_REQUEST_URL`` and its token, real RS256 JWTs."""

import time
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.servers.base import Double, Request, Response

ISSUER = "https://token.actions.githubusercontent.com"


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class OidcProvider(Double):
    """Gives identity tokens to the job that presents the request token.

    Attributes:
        claims: of the job, as the tokens state them.
        audiences: that were asked for.
        issued: every token given out, for the sweep for secrets.
    """

    host = "pipelines.actions.githubusercontent.com"
    request_token = "canary-oidc-request-token"

    def __init__(self, repository: str = "octo/demo", workflow: str = "release.yml", environment: str = "") -> None:
        super().__init__()
        owner = repository.partition("/")[0]
        self.claims = {
            "sub": f"repo:{repository}:environment:{environment}"
            if environment
            else f"repo:{repository}:ref:refs/tags/v1.0",
            "repository": repository,
            "repository_owner": owner,
            "repository_owner_id": "583231",
            "job_workflow_ref": f"{repository}/.github/workflows/{workflow}@refs/tags/v1.0",
            "ref": "refs/tags/v1.0",
            **({"environment": environment} if environment else {}),
        }
        self.audiences: list[str] = []
        self.issued: list[str] = []

    @property
    def environment(self) -> dict[str, str]:
        """Return what the runner sets in a job with ``id-token: write``."""
        return {
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"https://{self.host}/token?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": self.request_token,
        }

    def answer(self, request: Request) -> Response:
        if request.method != "GET" or request.path != "/token":
            return self.complain(f"{request.line}: the provider has no such thing", 404)
        if request.headers.get("authorization", "").lower() != f"bearer {self.request_token}":
            return Response.of_json({"message": "unauthorized"}, 401)
        audience = request.query.get("audience", "https://github.com/octo")
        self.audiences.append(audience)
        now = int(time.time())
        token = jwt.encode(
            {**self.claims, "iss": ISSUER, "aud": audience, "iat": now, "nbf": now, "exp": now + 300, "jti": str(now)},
            _key(),
            algorithm="RS256",
        )
        self.issued.append(token)
        return Response.of_json({"value": token, "count": 1})

    def claims_of(self, token: str, audience: str) -> dict[str, Any]:
        """Verify a token as an index does.

        Raises:
            jwt.PyJWTError: forged, expired, or for another audience.
        """
        claims: dict[str, Any] = jwt.decode(
            token, _key().public_key(), algorithms=["RS256"], audience=audience, issuer=ISSUER
        )
        return claims
