"""Sign files with the job's identity right before their upload (PEP 740 attestations)."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from release_tools.errors import RemoteError

AUDIENCE: Final = "sigstore"
"""The audience of the identity token that signs."""

Signer = Callable[[Path, str], str]
"""Signs a file with an identity token and returns the attestation as JSON; tests pass another one than `sign`."""


def can_sign() -> bool:
    """Return whether pypi-attestations is installed: the GitHub Action installs it, elsewhere it is an extra."""
    return find_spec("pypi_attestations") is not None


def sign(path: Path, identity: str) -> str:
    """Return the attestation of one file, as JSON.

    Args:
        path: the sdist or wheel.
        identity: token of the job for `AUDIENCE`.

    Raises:
        RemoteError: sigstore could not be reached or refused.
    """
    from pypi_attestations import Attestation, AttestationError, Distribution
    from sigstore.errors import Error as SigstoreError
    from sigstore.models import ClientTrustConfig
    from sigstore.oidc import IdentityToken
    from sigstore.sign import SigningContext

    try:
        context = SigningContext.from_trust_config(ClientTrustConfig.production())
        with context.signer(IdentityToken(identity), cache=True) as signer:
            return Attestation.sign(signer, Distribution.from_file(path)).model_dump_json()
    except (AttestationError, SigstoreError, OSError) as error:
        raise RemoteError(
            f"{path.name}: could not be signed: {type(error).__name__}",
            'Run the same command again; attestations = "off" publishes without signatures.',
        ) from error
