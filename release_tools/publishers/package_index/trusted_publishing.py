"""Exchange a job's identity token for a short-lived token of a package index (trusted publishing).

Follows https://docs.pypi.org/trusted-publishers/. The audience is fixed per index and never asked from it: a token for
one index must not be accepted by another.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self
from urllib.parse import quote

from release_tools.errors import CredentialError, RemoteError, UnreachableError
from release_tools.parsed_values import parse_json
from release_tools.publishers.package_index.index import Index
from release_tools.system.credentials import OIDC_TOKEN, OIDC_URL, read_token
from release_tools.system.http import TRANSIENT, Http, parse_origin
from release_tools.system.sanitize import escape_words

TOKEN_LIFETIME: Final = 600.0
"""Seconds for which a minted token is used; it is valid for fifteen minutes, and an upload takes some."""
_CLAIMS: Final = ("repository", "job_workflow_ref", "workflow_ref", "environment", "ref", "sub")
_MESSAGE_LENGTH: Final = 200
_PERMISSION: Final = "Give the job the permission id-token: write."


@dataclass(frozen=True)
class PublishingJob:
    """A job that may request identity tokens from its runner.

    Attributes:
        url: of the runner's token service.
        token: that authenticates the request.
    """

    url: str
    token: str = field(repr=False)

    @classmethod
    def from_environment(cls, env: Mapping[str, str]) -> Self | None:
        """Return the job that runs us; None outside GitHub Actions, and without the permission ``id-token: write``.

        Raises:
            CredentialError: the request token is malformed.
        """
        url, token = env.get(OIDC_URL, ""), read_token(env, OIDC_TOKEN)
        return cls(url, token) if url and token else None

    def identity(self, http: Http, audience: str) -> str:
        """Return an identity token (a JWT) for one audience.

        Raises:
            CredentialError: the runner refuses.
            RemoteError: the runner's service cannot be reached.
        """
        url = f"{self.url}{'&' if '?' in self.url else '?'}audience={quote(audience, safe='')}"
        answer = http.get(url, headers={"Authorization": f"bearer {self.token}"})
        if not answer.ok:
            raise CredentialError(f"the runner issues no identity token: it answered {answer.status}", _PERMISSION)
        value = _read_field(answer.json(), "value")
        if not value:
            raise RemoteError("the runner answered without an identity token")
        return value


def mint(http: Http, index: Index, project: str, identity: str) -> str:
    """Return a token of the index, valid for fifteen minutes, for the identity of this job.

    With a *pending* publisher this creates the project on the index, so it is never called to check a project that does
    not exist yet.

    Raises:
        CredentialError: the index knows no publisher with these claims; it lists them, and says how to register them.
        RemoteError: the index cannot be reached.
    """
    answer = http.post(f"{parse_origin(index.upload)}/_/oidc/mint-token", json={"token": identity})
    token = _read_field(answer.json(), "token") if answer.ok else ""
    if token:
        return token
    if answer.status in TRANSIENT:
        raise UnreachableError(f"{index.title} answered {answer.status} instead of minting a token")
    reasons = _read_reasons(answer.json() if "json" in answer.headers.get("content-type", "") else {})
    raise CredentialError(
        f"{index.title} does not accept this job as a trusted publisher of {project}"
        f" ({', '.join(reasons) or f'it answered {answer.status}'}); the job's claims are",
        _give_registration_advice(index, project, read_claims(identity)),
        faults=[f"{name}: {value}" for name, value in read_claims(identity).items()],
    )


def read_claims(identity: str) -> dict[str, str]:
    """Return the claims of an identity token, not verified: only to be shown."""
    try:
        payload = identity.split(".")[1]
        content = parse_json(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return {name: str(content[name]) for name in _CLAIMS if name in content}
    except (ValueError, IndexError, TypeError):
        return {}


def _give_registration_advice(index: Index, project: str, stated: Mapping[str, str]) -> str:
    owner, _, repository = stated.get("repository", "").partition("/")
    workflow = stated.get("job_workflow_ref", "").partition("@")[0].rpartition("/")[2]
    environment = stated.get("environment", "")
    known, new = (index.make_publishing_page(project, is_new=is_new) for is_new in (False, True))
    return (
        f"Register it at {known} (a new project: {new}) with owner {owner}, repository {repository},"
        f" workflow {workflow}" + (f", environment {environment}." if environment else " and no environment.")
    )


def _read_reasons(content: object) -> list[str]:
    errors = content.get("errors", ()) if isinstance(content, dict) else ()
    return [
        escape_words(str(error.get("description", "")), _MESSAGE_LENGTH) for error in errors if isinstance(error, dict)
    ]


def _read_field(content: Any, name: str) -> str:  # noqa: ANN401 - JSON is anything
    return str(content.get(name) or "") if isinstance(content, dict) else ""
