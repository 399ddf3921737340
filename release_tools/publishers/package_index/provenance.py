"""Who published a file on an index, as the index tells beside its attestations (PEP 740).

The index itself verified the publisher's identity when it took the file; nothing here is verified anew.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from release_tools.errors import RemoteError
from release_tools.publishers.package_index.simple_api import IndexFile
from release_tools.system.http import Http, bare

_GITHUB: Final = "GitHub"


@dataclass(frozen=True)
class TrustedPublisher:
    """A trusted publisher on GitHub.

    Attributes:
        repository: ``owner/name``.
        workflow: its file's name.
        environment: of the job; empty where any will do.
    """

    repository: str
    workflow: str
    environment: str

    def __str__(self) -> str:
        """For a person."""
        environment = f", environment {self.environment}" if self.environment else ""
        return f"{self.repository}, workflow {self.workflow}{environment}"

    def takes(self, other: "TrustedPublisher") -> bool:
        """Whether a job with the identity of the other is this publisher, by the rules of PyPI."""
        return (
            self.repository.lower() == other.repository.lower()
            and self.workflow == other.workflow
            and self.environment.lower() in ("", other.environment.lower())
        )


def trusted_publishers(http: Http, served: IndexFile) -> tuple[TrustedPublisher, ...]:
    """Who published a file from GitHub; none where the index does not say.

    Raises:
        RemoteError: the index could not be asked, or answered what the PEP does not describe.
    """
    if not served.provenance:
        return ()
    answer = http.get(served.provenance)
    if not answer.ok:
        raise RemoteError(f"{bare(served.provenance)} answered {answer.status}")
    try:
        return tuple(_read(answer.json()["attestation_bundles"]))
    except (TypeError, KeyError, AttributeError) as error:
        raise RemoteError(f"{bare(served.provenance)} answered something that PEP 740 does not describe") from error


def _read(bundles: Any) -> Iterator[TrustedPublisher]:  # noqa: ANN401 - JSON is anything
    for bundle in bundles:
        told = bundle["publisher"]
        if told.get("kind") == _GITHUB:
            environment = str(told.get("environment") or "")
            yield TrustedPublisher(str(told["repository"]), str(told["workflow"]), environment)
