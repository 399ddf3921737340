"""Publish the sdist and the wheels of a release to one package index."""

from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from time import time

from packaging.utils import canonicalize_name
from packaging.version import Version

from release_tools.engine.archives import open_sdist
from release_tools.engine.context import Context
from release_tools.engine.gate import Action
from release_tools.errors import CredentialError, PreflightError, ReleaseToolsError, RemoteError
from release_tools.forges.registry import find_hosted_repository
from release_tools.model.action import Receipt
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.note import Document, Note, Skip, State
from release_tools.model.release import Release
from release_tools.publishers.base import (
    BasePublisher,
    CheckResult,
    FileStatus,
    JobNeeds,
    Phase,
    PublisherStatus,
    StatusQuery,
    compare_files,
)
from release_tools.publishers.cached_query import CachedQuery
from release_tools.publishers.conda_channel.channel_publisher import make_job_id, make_no_credentials_note
from release_tools.publishers.conflicts import find_conflicts, find_missing, wait_until_served
from release_tools.publishers.package_index import attestations
from release_tools.publishers.package_index.api_tokens import read_rights
from release_tools.publishers.package_index.index import PUBLIC_INDEXES, PYPI, TESTPYPI, Index, parse_file_version
from release_tools.publishers.package_index.origin import OTHER_ADVICE, describe_other_origin, find_other_origin
from release_tools.publishers.package_index.previous_files import check_gone_files
from release_tools.publishers.package_index.previous_sdist import (
    PreviousSdist,
    check_files_of_sdist,
    read_previous_sdist,
)
from release_tools.publishers.package_index.simple_api import Listing, list_project
from release_tools.publishers.package_index.testpypi_first import install_from_testpypi
from release_tools.publishers.package_index.trusted_publishing import TOKEN_LIFETIME, PublishingJob, mint
from release_tools.publishers.package_index.uploader import Login, Uploader, find_stored_login
from release_tools.system.credentials import PYPI_PASSWORD, find_visible_credentials
from release_tools.system.sanitize import make_visible


class IndexPublisher(BasePublisher):
    """Publishes the sdist and the wheels to one package index.

    Attributes:
        index: the index.
    """

    phases = (Phase.UPLOAD,)

    def __init__(self, context: Context, index: Index) -> None:
        self._context = context
        self.index = index
        self.name = index.name
        self.title = index.title
        self._listings: dict[str, CachedQuery[Listing]] = {}

    @property
    def workers(self) -> int:
        """Return how many files are uploaded at once: indexes accept that, as the jobs of a matrix do it."""
        return self._context.config.network.uploads

    def skip(self, release: Release) -> Skip | None:
        """Skip a release with neither an sdist nor a wheel."""
        return None if _select_artifacts(release) else Skip("neither an sdist nor a wheel was built")

    def first_query(self, release: Release) -> Callable[[], object] | None:
        """Return the queries for what the index serves of the project, and for the files of its previous sdist."""
        return partial(self._query_first, release)

    def _query_first(self, release: Release) -> None:
        files = self.query(release.name)().files
        if all(parse_file_version(filename) != Version(release.version) for filename in files):
            self._read_previous_sdist(release)

    def query(self, project: str) -> CachedQuery[Listing]:
        """Return the query for what the index serves of a project; one request serves all files."""
        name = canonicalize_name(project)
        return self._listings.setdefault(name, CachedQuery(partial(self._list, name)))

    def preflight(self, release: Release) -> Iterator[CheckResult]:
        """Check for conflicts, newer versions, and credentials where something is missing.

        Raises:
            RemoteError: the index could not be queried.
        """
        yield from self._check_encryption()
        listing = self.query(release.name)()
        found = self._find_receipts(release)
        published = sum(receipt is not None for receipt in found.values())
        yield from find_conflicts(self.title, found, "Published files are never replaced: release a new version.")
        if not listing.exists:
            yield Note(State.INFO, f"{release.name} is not on {self.title} yet: this release creates it")
        other = self._find_other_origin(release.name, listing)
        if other:
            yield _check_allowed(other, OTHER_ADVICE, is_allowed=self._context.config.allow_older)
        else:
            yield from self._check_newest(release, listing)
        if published < len(found):
            yield from self._compare_with_previous(release, listing)
            yield from self._check_login(release, listing)
        yield Note(State.INFO, f"{self.title} has {published} of {len(found)} files", self._find_page(release))

    def check_credentials(self, release: Release) -> Iterator[CheckResult]:
        """Check whether the index accepts the credentials of this process, as far as that can be known.

        Raises:
            RemoteError: the index could not be queried.
        """
        yield from self._check_encryption()
        if self._stored is not None or (self._job is not None and self.index.audience):
            yield from self._check_login(release, self.query(release.name)())
        else:
            yield make_no_credentials_note(self.title)

    def connection(self) -> AbstractContextManager[object]:
        """Return a context in which files can be uploaded, over one connection."""
        return self._current_uploader.connect()

    def actions(self, release: Release, phase: Phase) -> Iterator[Action | Note]:  # noqa: ARG002 - there is one phase
        """Yield one upload a file, wheels first: an installer never finds the sdist alone."""
        for artifact in _select_artifacts(release):
            yield Action(
                f"upload {artifact.filename} to {self.title}",
                self._make_expected_receipt(release, artifact),
                partial(self._find, release, artifact),
                partial(self._upload, release, artifact),
            )
        if self._is_install_checked and self._context.gate.is_dry_run:
            yield Note(State.PLANNED, f"would install it from {self.title} and import it")

    def confirm(self, release: Release, phase: Phase, *, is_changed: bool) -> Iterator[Note]:  # noqa: ARG002 - there is one phase
        """Wait until the index serves the files with our digests; install them from TestPyPI where that is set.

        Raises:
            ConflictError: it serves other bytes.
            RemoteError: it does not serve them in time, or cannot be queried.
            VerifyError: what TestPyPI serves does not install and import.
        """
        query = self.query(release.name)
        if is_changed:
            wait_until_served(
                self._context, self.title, lambda: find_missing(self.title, self._find_receipts(release)), query.forget
            )
            yield Note(State.DONE, f"{self.title} serves every file, with our digests", self._find_page(release))
        if self._is_install_checked:
            yield from install_from_testpypi(self._context, release, query().files)

    def status(self, query: StatusQuery) -> PublisherStatus:
        """Return the files of a version on the index."""
        url = self.index.page(query.name, str(query.version))
        try:
            listing = self.query(query.name)()
        except ReleaseToolsError as error:
            return PublisherStatus(self.name, self.title, url, error=error)
        published = {}
        for filename, file in listing.files.items():
            if parse_file_version(filename) == query.version:
                state = State.WARNING if file.is_yanked else State.DONE
                published[filename] = FileStatus(filename, file.sha256, state)
        files = compare_files(published, query.artifacts(ArtifactKind.WHEEL, ArtifactKind.SDIST))
        return PublisherStatus(self.name, self.title, url, files)

    def retract(self, query: StatusQuery, reason: str) -> Iterator[Action | Note | Document]:
        """Yield how a person yanks the version (PEP 592); there is no API for it.

        Raises:
            RemoteError: the index cannot be queried.
        """
        files = self.query(query.name)().files
        published = [file for filename, file in files.items() if parse_file_version(filename) == query.version]
        if not published:
            yield Note(State.SKIPPED, f"{self.title} has no {query.name} {query.version}")
        elif all(file.is_yanked for file in published):
            yield Note(State.UNCHANGED, f"already yanked on {self.title}")
        else:
            url = self.index.page(query.name, str(query.version))
            if self.index.site:
                url = f"{self.index.site}/manage/project/{query.name}/release/{query.version}/"
            text = " ".join(make_visible(reason).split())
            yield Note(
                State.WARNING, f"yank it on {self.title} by hand", url, f"Options → Yank, with the reason: {text}"
            )

    def jobs(self) -> tuple[JobNeeds, ...]:
        """Return one job, with trusted publishing where the index has it, or else with a password.

        A project without Python has nothing for an index.
        """
        from release_tools.builders.conda.own_recipe import is_recipe_alone

        if is_recipe_alone(self._context):
            return ()
        job = make_job_id(self.name)
        if not self.index.audience:
            secrets = ("TWINE_USERNAME", PYPI_PASSWORD)
            advice = f"Create it at {self.title}."
            return (JobNeeds(job, self.title, self.name, environment=job, secrets=secrets, secret_advice=advice),)
        permissions = (
            ("contents: read", "to check out"),
            ("id-token: write", "to publish without a password (trusted publishing)"),
        )
        return (
            JobNeeds(
                job,
                self.title,
                self.name,
                permissions=permissions,
                environment=job,
                trusting=self.index,
                url_output=self._url_output,
            ),
        )

    @property
    def _url_output(self) -> str:
        return "pypi-url" if self.index == PYPI else ""

    @property
    def _is_install_checked(self) -> bool:
        return self.index == TESTPYPI and self._context.config.testpypi_first

    def _find_page(self, release: Release) -> str:
        return self.index.page(release.name, release.version)

    def _make_expected_receipt(self, release: Release, artifact: Artifact) -> Receipt:
        return Receipt(
            f"{self.name}:{artifact.filename}", self._find_page(release), artifact.sha256, output=self._url_output
        )

    def _list(self, project: str) -> Listing:
        """PyPI's listing is public; a private index may hide what it has."""
        authorization = ""
        if not self.index.audience and (login := self._stored):
            authorization = "Basic " + b64encode(f"{login.username}:{login.password}".encode()).decode()
        return list_project(self._context.http, self.index, project, authorization=authorization)

    def _find(self, release: Release, artifact: Artifact) -> Receipt | None:
        file = self.query(release.name)().files.get(artifact.filename)
        return None if file is None else replace(self._make_expected_receipt(release, artifact), digest=file.sha256)

    def _find_receipts(self, release: Release) -> dict[Artifact, Receipt | None]:
        return {artifact: self._find(release, artifact) for artifact in _select_artifacts(release)}

    def _upload(self, release: Release, artifact: Artifact) -> Receipt:
        try:
            self._current_uploader.upload(artifact, partial(self._find_login, release.name))
        except ReleaseToolsError:
            self.query(release.name).forget()
            raise
        return self._make_expected_receipt(release, artifact)

    @cached_property
    def _current_uploader(self) -> Uploader:
        """Return what uploads; it logs in, and signs, only when a file is really sent."""
        job, signer = self._job, self._signer
        attest = None
        if self._context.config.attestations != "off" and self._is_trusted and job and signer:
            attest = partial(self._attest, job, signer)
        return Uploader(self._context.http, self.index, attest)

    def _find_login(self, project: str) -> Login:
        """Return the login for an upload; a token is minted where none is stored.

        Raises:
            CredentialError: there is none.
            RemoteError: it cannot be had.
        """
        if self._stored is not None:
            return self._stored
        if self._job is None or not self.index.audience:
            raise self._no_login
        identity = self._find_identity(self._job, self.index.audience)
        token = mint(self._context.http, self.index, project, identity)
        self._context.console.mask(token)
        return Login("__token__", token, "trusted publishing", TOKEN_LIFETIME)

    @cached_property
    def _stored(self) -> Login | None:
        login = find_stored_login(self.index, self._context.env)
        if login:
            self._context.console.mask(login.password)
        return login

    @cached_property
    def _job(self) -> PublishingJob | None:
        return PublishingJob.from_environment(self._context.env)

    @property
    def _is_trusted(self) -> bool:
        """Return whether the login is the job's own identity: only then does an index take attestations."""
        return self._job is not None and bool(self.index.audience) and self._stored is None

    @property
    def _signer(self) -> attestations.Signer | None:
        return self._context.signer or (attestations.sign if attestations.can_sign() else None)

    @property
    def _no_login(self) -> CredentialError:
        return CredentialError(
            f"no login for {self.title}",
            "Set TWINE_PASSWORD to an API token, or publish from a job with the permission id-token: write"
            " (trusted publishing).",
        )

    def _find_other_origin(self, project: str, listing: Listing) -> str:
        """Return, in a dry run, that the project on this public index is somebody else's; empty where it is not."""
        if not self._context.request.is_dry_run or self.index not in PUBLIC_INDEXES.values() or not listing.exists:
            return ""
        repository = find_hosted_repository(self._context)
        if repository is None:
            return ""
        try:
            other = find_other_origin(self._context.http, listing, repository.slug)
        except RemoteError:
            return ""
        return describe_other_origin(project, self.title, other, repository.slug) if other else ""

    def _compare_with_previous(self, release: Release, listing: Listing) -> Iterator[Note]:
        """Yield notes about files of the previous release that are gone; TestPyPI may have anything."""
        if self.index == TESTPYPI:
            return
        context, version = self._context, Version(release.version)
        wheels = release.artifacts_of_kind(ArtifactKind.WHEEL)
        yield from check_gone_files(context.http, listing, wheels, version, context.scratch)
        sdists = release.artifacts_of_kind(ArtifactKind.SDIST)
        previous = self._read_previous_sdist(release) if sdists else None
        if previous is not None:
            sdist = open_sdist(context.background, sdists[0])
            yield from check_files_of_sdist(context, release, previous, sdist)

    def _read_previous_sdist(self, release: Release) -> PreviousSdist | None:
        """Return the sdist before a release, which a dry run reads while it builds."""
        if self.index == TESTPYPI:
            return None
        context, listing = self._context, self.query(release.name)()
        name = f"previous sdist on {self.name}"
        version = Version(release.version)
        return context.background.result(name, read_previous_sdist, context.http, listing, version, context.scratch)

    def _check_newest(self, release: Release, listing: Listing) -> Iterator[CheckResult]:
        ours, config = Version(release.version), self._context.config
        newest = max(_list_finals(listing) - {ours}, default=None)
        if ours.epoch != (newest.epoch if newest else 0):
            text = f"{ours} has another epoch than {newest or 'the versions of a new project'} on {self.title}"
            advice = "An epoch cannot be taken back. If it is intended: --allow-epoch."
            yield _check_allowed(text, advice, is_allowed=config.allow_epoch)
        elif newest and newest > ours:
            text = f"{self.title} already has {newest}, which is newer than {ours}"
            advice = "For a maintenance release of an older line: --allow-older."
            yield _check_allowed(text, advice, is_allowed=config.allow_older)

    def _check_encryption(self) -> Iterator[Note]:
        """Warn before anything is asked: a private index gets the password with the first question."""
        addresses = (self.index.upload, self.index.simple)
        if any(address.startswith("http://") for address in addresses) and self._stored:
            text = f"{self.title} has an http:// address, so the password is sent unencrypted"
            yield Note(State.WARNING, text, advice="Give it an https:// address.")

    def _check_login(self, release: Release, listing: Listing) -> Iterator[CheckResult]:
        if self._context.request.is_dry_run and not find_visible_credentials(self._context.env):
            yield self._no_login  # a dry run needs none, so it does not unlock a keyring
            return
        yield from self._check_signing()
        if self._stored:
            yield self._describe_login(self._stored, release.name)
        elif self._job is None or not self.index.audience:
            yield self._no_login
        elif listing.exists:
            self._find_login(release.name)
            yield Note(State.DONE, f"{self.title} accepts this job as a trusted publisher")
        else:
            # Minting for a pending publisher would create the project, so it is not tried before the upload.
            yield Note(State.INFO, f"{self.title} will be asked for a trusted publisher's token at the upload")

    def _check_signing(self) -> Iterator[CheckResult]:
        wanted = self._context.config.attestations
        if wanted == "required" and not self._is_trusted:
            yield CredentialError(
                f"attestations are required, but {self.title} takes them only with trusted publishing",
                'Publish from a job with id-token: write and without TWINE_PASSWORD, or set attestations = "auto".',
            )
        elif wanted != "off" and self._is_trusted and self._signer is None:
            text = f"nothing can be signed for {self.title}: pypi-attestations is not installed"
            advice = 'To sign: pip install pypi-attestations. To publish without signatures: attestations = "off".'
            yield PreflightError(text, advice) if wanted == "required" else Note(State.WARNING, text, advice=advice)

    def _describe_login(self, login: Login, project: str) -> CheckResult:
        """Return what PyPI's tokens say about themselves; those of other indexes cannot be read."""
        text = f"login for {self.title} from {login.source}"
        rights = read_rights(login.password) if self.index.audience else None
        if rights is None:
            return Note(State.DONE, text)
        create = f"Create another token: {self.index.site}/manage/account/token/"
        name = canonicalize_name(project)
        if rights.projects is not None and name not in rights.projects:
            return CredentialError(f"{text}: the token is for {', '.join(sorted(rights.projects))}, not {name}", create)
        if not rights.begins <= time() < rights.expires:
            return CredentialError(f"{text}: the token is not valid now", create)
        if rights.projects is None:
            return Note(State.DONE, text, "for all projects of its account", f"A token for {name} alone is safer.")
        return Note(State.DONE, text, f"for {', '.join(sorted(rights.projects))} alone")

    def _attest(self, job: PublishingJob, signer: attestations.Signer, path: Path) -> str:
        return signer(path, self._find_identity(job, attestations.AUDIENCE))

    def _find_identity(self, job: PublishingJob, audience: str) -> str:
        """Return a token of the job's; it lives for minutes, but works for anyone who sees it."""
        identity = job.identity(self._context.http, audience)
        self._context.console.mask(identity)
        return identity


def _list_finals(listing: Listing) -> set[Version]:
    """Return the final versions that an index serves and that were not yanked."""
    versions = {parse_file_version(name) for name, file in listing.files.items() if not file.is_yanked}
    return {version for version in versions if version and not version.is_prerelease}


def _select_artifacts(release: Release) -> tuple[Artifact, ...]:
    return (*release.artifacts_of_kind(ArtifactKind.WHEEL), *release.artifacts_of_kind(ArtifactKind.SDIST))


def _check_allowed(text: str, advice: str, *, is_allowed: bool) -> CheckResult:
    return Note(State.WARNING, text) if is_allowed else PreflightError(text, advice)
