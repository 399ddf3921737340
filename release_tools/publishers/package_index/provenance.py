"""Read who published a file on an index, which it serves with the file's attestations (PEP 740).

The index verified the publisher's identity when it accepted the file; nothing is verified again here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from release_tools.errors import RemoteError
from release_tools.publishers.package_index.simple_api import IndexFile
from release_tools.system.http import Http, strip_address

_GITHUB: Final = "GitHub"


@dataclass(frozen=True)
class TrustedPublisher:
    """A trusted publisher on GitHub.

    Attributes:
        repository: ``owner/name``.
        workflow: the name of its file.
        environment: of the job; empty where any is accepted.
    """

    repository: str
    workflow: str
    environment: str

    def __str__(self) -> str:
        """Return it for people."""
        environment = f", environment {self.environment}" if self.environment else ""
        return f"{self.repository}, workflow {self.workflow}{environment}"

    def matches(self, other: "TrustedPublisher") -> bool:
        """Return whether a job with the identity of the other is this publisher, by the rules of PyPI."""
        return (
            self.repository.lower() == other.repository.lower()
            and self.workflow == other.workflow
            and self.environment.lower() in ("", other.environment.lower())
        )


def read_trusted_publishers(http: Http, served: IndexFile) -> tuple[TrustedPublisher, ...]:
    """Return who published a file from GitHub; nobody where the index does not say.

    Raises:
        RemoteError: the index could not be queried, or answered what the PEP does not describe.
    """
    if not served.provenance:
        return ()
    answer = http.get(served.provenance)
    if not answer.ok:
        raise RemoteError(f"{strip_address(served.provenance)} answered {answer.status}")
    try:
        return tuple(_read(answer.json()["attestation_bundles"]))
    except (TypeError, KeyError, AttributeError) as error:
        raise RemoteError(
            f"{strip_address(served.provenance)} answered something that PEP 740 does not describe"
        ) from error


def _read(bundles: Any) -> Iterator[TrustedPublisher]:  # noqa: ANN401 - JSON is anything
    for bundle in bundles:
        publisher = bundle["publisher"]
        if publisher.get("kind") == _GITHUB:
            environment = str(publisher.get("environment") or "")
            yield TrustedPublisher(str(publisher["repository"]), str(publisher["workflow"]), environment)
