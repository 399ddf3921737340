"""A release and one package index."""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from time import time

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from release_tools.engine.context import Context
from release_tools.engine.gate import Action
from release_tools.engine.routes import TESTPYPI, Index
from release_tools.errors import CredentialError, PreflightError, ReleaseToolsError
from release_tools.model.action import Receipt
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.note import Note, State
from release_tools.model.release import Release
from release_tools.publishers.cached_query import CachedQuery
from release_tools.publishers.check_results import CheckResult
from release_tools.publishers.delivery import conflicts, not_served, wait_until
from release_tools.publishers.package_index import attestations
from release_tools.publishers.package_index.api_tokens import read_rights
from release_tools.publishers.package_index.previous_files import gone_files
from release_tools.publishers.package_index.simple_api import Listing, listing
from release_tools.publishers.package_index.trusted_publishing import FRESH, PublishingJob, mint
from release_tools.publishers.package_index.uploader import Login, Uploader, stored_login


@dataclass(frozen=True)
class IndexPublisher:
    """What there is to do for a release on an index, and what stands in the way.

    Attributes:
        context: the run's surroundings.
        release: with its artifacts.
        index: the place.
    """

    context: Context
    release: Release
    index: Index

    @property
    def title(self) -> str:
        """The index's, for a person."""
        return self.index.title

    @property
    def beside(self) -> int:
        """Indexes take several files of a release at once, as the jobs of a matrix send them."""
        return self.context.config.network.uploads

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """Wheels first: an installer that comes in between finds a wheel, and never only the sdist."""
        return (
            *self.release.artifacts_of_kind(ArtifactKind.WHEEL),
            *self.release.artifacts_of_kind(ArtifactKind.SDIST),
        )

    @cached_property
    def look(self) -> CachedQuery[Listing]:
        """What the index serves of the project; one request for all files."""
        return CachedQuery(self._listing)

    def expected(self, artifact: Artifact) -> Receipt:
        """What stands there once a file is uploaded."""
        url = self.index.page(self.release.name, self.release.version)
        return Receipt(f"{self.index.name}:{artifact.filename}", url, artifact.sha256)

    def found(self, artifact: Artifact) -> Receipt | None:
        """What stands there under a file's name."""
        served = self.look().files.get(artifact.filename)
        return None if served is None else replace(self.expected(artifact), digest=served.sha256)

    def checks(self) -> Iterator[CheckResult]:
        """Everything that can be known before the first upload.

        Raises:
            RemoteError: the index could not be asked.
        """
        known = self.look()
        found = self._found
        there = sum(receipt is not None for receipt in found.values())
        yield from conflicts(self.title, found, "What is published is never replaced: release under a new version.")
        if not known.exists:
            yield Note(State.INFO, f"{self.release.name} is not on {self.title} yet: this release creates it")
        yield from self._regression(known)
        if there < len(found) and self.index is not TESTPYPI:
            wheels = self.release.artifacts_of_kind(ArtifactKind.WHEEL)
            version = Version(self.release.version)
            yield from gone_files(self.context.http, known, wheels, version, self.context.scratch)
        if there < len(found):
            yield from self._may_log_in(known)
        yield Note(State.INFO, f"{self.title} has {there} of {len(found)} files", self._page)

    @property
    def has_login(self) -> bool:
        """Whether this process has anything to log in with."""
        return self._stored is not None or (self._job is not None and bool(self.index.audience))

    def login_checks(self) -> Iterator[CheckResult]:
        """Whether the index would take the login of this process, as far as that can be known.

        Raises:
            RemoteError: the index could not be asked.
        """
        yield from self._may_log_in(self.look())

    def acts(self, uploader: Uploader) -> Iterator[Action]:
        """One upload a file."""
        for artifact in self.artifacts:
            yield Action(
                f"upload {artifact.filename} to {self.title}",
                self.expected(artifact),
                partial(self.found, artifact),
                partial(self._upload, uploader, artifact),
            )

    def uploader(self) -> Uploader:
        """What uploads; it logs in, and signs, only when a file really goes."""
        wanted = self.context.config.attestations != "off" and self._is_trusted
        attest = partial(self._attest, self._job, self._signer) if wanted and self._job and self._signer else None
        return Uploader(self.context.http, self.index, self.login, attest)

    def login(self) -> Login:
        """The login that an upload shows; a token is minted where none lies ready.

        Raises:
            CredentialError: there is none.
            RemoteError: it cannot be had.
        """
        login = self._stored
        if login is None:
            if self._job is None or not self.index.audience:
                raise self._no_login
            identity = self._identity(self._job, self.index.audience)
            token = mint(self.context.http, self.index, self.release.name, identity)
            self.context.console.mask(token)
            login = Login("__token__", token, "trusted publishing", FRESH)
        return login

    def wait_until_served(self) -> Note:
        """Wait until the index serves what was uploaded, and see that it is that.

        Raises:
            ConflictError: it serves other bytes.
            RemoteError: it does not serve them in time, or cannot be asked.
        """
        wait_until(self.context, self.title, self._not_served, self.look.forget)
        return Note(State.DONE, f"{self.title} serves every file with our digest", self._page)

    @property
    def _page(self) -> str:
        return self.index.page(self.release.name, self.release.version)

    @cached_property
    def _stored(self) -> Login | None:
        login = stored_login(self.index, self.context.env)
        if login:
            self.context.console.mask(login.password)
        return login

    @cached_property
    def _job(self) -> PublishingJob | None:
        return PublishingJob.of(self.context.env)

    @property
    def _is_trusted(self) -> bool:
        """Whether the login is the job's own identity, with which alone an index takes attestations."""
        return self._job is not None and bool(self.index.audience) and self._stored is None

    @property
    def _signer(self) -> attestations.Signer | None:
        return self.context.signer or (attestations.sign if attestations.can_sign() else None)

    @property
    def _no_login(self) -> CredentialError:
        return CredentialError(
            f"no login for {self.title}",
            "Set TWINE_PASSWORD to an API token, or publish from a job with the permission id-token: write"
            " (trusted publishing).",
        )

    def _listing(self) -> Listing:
        """PyPI's is public; an index of one's own may hide what it has from strangers."""
        authorization = ""
        if not self.index.audience and (login := self._stored):
            authorization = "Basic " + b64encode(f"{login.username}:{login.password}".encode()).decode()
        return listing(self.context.http, self.index, self.release.name, authorization=authorization)

    def _upload(self, uploader: Uploader, artifact: Artifact) -> Receipt:
        try:
            uploader.upload(artifact)
        except ReleaseToolsError:
            self.look.forget()
            raise
        return self.expected(artifact)

    @property
    def _found(self) -> dict[Artifact, Receipt | None]:
        return {artifact: self.found(artifact) for artifact in self.artifacts}

    def _not_served(self) -> list[str]:
        return not_served(self.title, self._found)

    def _regression(self, known: Listing) -> Iterator[CheckResult]:
        standing = (name for name, served in known.files.items() if not served.yanked)
        final = {version for name in standing if (version := version_of(name)) and not version.is_prerelease}
        ours, allowed = Version(self.release.version), self.context.config
        newest = max((v for v in final if v != ours), default=None)
        if ours.epoch != (newest.epoch if newest else 0):
            text = f"{ours} has another epoch than {newest or 'the versions of a new project'} on {self.title}"
            yield _only_if(
                text, "An epoch cannot be taken back. If it is meant: --allow-epoch.", allowed=allowed.allow_epoch
            )
        elif newest and newest > ours:
            text = f"{self.title} has {newest} already, which is newer than {ours}"
            yield _only_if(
                text, "A maintenance release of an older line? Then --allow-older.", allowed=allowed.allow_older
            )

    def _may_log_in(self, known: Listing) -> Iterator[CheckResult]:
        yield from self._may_sign()
        if self._stored:
            yield self._as_it_says(self._stored)
        elif self._job is None or not self.index.audience:
            yield self._no_login
        elif known.exists:
            self.login()
            yield Note(State.DONE, f"{self.title} takes this job as a trusted publisher")
        else:
            # Minting for a pending publisher would create the project, so it is not tried before the upload.
            yield Note(State.INFO, f"{self.title} will be asked for a trusted publisher's token at the upload")

    def _may_sign(self) -> Iterator[CheckResult]:
        wanted = self.context.config.attestations
        if wanted == "required" and not self._is_trusted:
            yield CredentialError(
                f"attestations are required, but {self.title} takes them only with trusted publishing",
                'Publish from a job with id-token: write and without TWINE_PASSWORD, or set attestations = "auto".',
            )
        elif wanted != "off" and self._is_trusted and self._signer is None:
            text = f"nothing can be signed for {self.title}: pypi-attestations is not installed"
            advice = 'For signatures: pip install pypi-attestations. Without them: attestations = "off".'
            yield PreflightError(text, advice) if wanted == "required" else Note(State.WARNING, text, advice=advice)

    def _as_it_says(self, login: Login) -> CheckResult:
        """What a login says about itself, as PyPI's tokens do; other indexes know none that can be read."""
        said = f"login for {self.title} from {login.source}"
        rights = read_rights(login.password) if self.index.audience else None
        if rights is None:
            return Note(State.DONE, said)
        make = f"Make another: {self.index.site}/manage/account/token/"
        name = canonicalize_name(self.release.name)
        if rights.projects is not None and name not in rights.projects:
            return CredentialError(f"{said}: a token for {', '.join(sorted(rights.projects))}, not for {name}", make)
        if not rights.begins <= time() < rights.expires:
            return CredentialError(f"{said}: a token that is not good now", make)
        if rights.projects is None:
            return Note(State.DONE, said, "for every project of its account", f"One for {name} alone would do.")
        return Note(State.DONE, said, f"for {', '.join(sorted(rights.projects))} alone")

    def _attest(self, job: PublishingJob, signer: attestations.Signer, path: Path) -> str:
        return signer(path, self._identity(job, attestations.AUDIENCE))

    def _identity(self, job: PublishingJob, audience: str) -> str:
        """A token of the job's; good for minutes, but good for whoever sees it."""
        identity = job.identity(self.context.http, audience)
        self.context.console.mask(identity)
        return identity


def _only_if(text: str, advice: str, *, allowed: bool) -> CheckResult:
    return Note(State.WARNING, text) if allowed else PreflightError(text, advice)


def version_of(filename: str) -> Version | None:
    """The version that a distribution's file name tells; None for other files."""
    try:
        return parse_sdist_filename(filename)[1] if filename.endswith(".tar.gz") else parse_wheel_filename(filename)[1]
    except (InvalidSdistFilename, InvalidWheelFilename):
        return None
