"""Carry what every step needs besides the release: settings, the gate, the console. Passed down, never global."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final, TypeVar

from release_tools import addresses
from release_tools.config.schema import Config
from release_tools.engine.gate import Gate
from release_tools.engine.run_report import RunReport
from release_tools.engine.tasks import BackgroundTasks
from release_tools.model.release import Release
from release_tools.system.console import Console
from release_tools.system.credentials import OIDC_URL
from release_tools.system.http import Http
from release_tools.system.job_files import JobFiles
from release_tools.system.retries import RetryPolicy

_Shared = TypeVar("_Shared")
_DRY_RUN_TRIES: Final = 2
_DRY_RUN_PAUSE: Final = 100
"""Milliseconds: a dry run says that it could not check something, rather than waiting for a lost network."""


@dataclass(frozen=True)
class Request:
    """Describe what the command line asks for, beyond the settings.

    Attributes:
        version: the version to release; empty to derive it.
        tag: the same as a tag.
        bump: the part of the newest version to raise instead: a `release_tools.history.bump.Bump`, or ``auto``.
        field: what names the tag, for messages.
        version_field: what names the version, for messages.
        is_dry_run: whether the command is ``dry-run``: it has no credentials, and leaves out conda packages that cannot
            be built here.
        remark: a sentence about the version, for the report; empty without one.
        job: the build job whose files to make; empty to make all that this machine can.
        in_container: whether cibuildwheel builds all wheels of this platform, instead of the backend the one of this
            Python.
        is_next: whether to prepare the next development version instead.
        no_commit: whether to leave what is prepared uncommitted.
        patch: the file that what is prepared is written to, or read from for a pull request; empty for none.
        is_tag_offline: whether the remote is not asked about the tag before something is published.
        expect: the release that was built, as another job reported it; None where no job did.
        only: the publishers to publish to; empty for all of the route.
        phase: the phase to run, as ``--phase`` names it; empty for all.
    """

    version: str = ""
    tag: str = ""
    bump: str = ""
    field: str = "--tag"
    version_field: str = "--version"
    is_dry_run: bool = False
    remark: str = ""
    job: str = ""
    in_container: bool = False
    is_next: bool = False
    no_commit: bool = False
    patch: str = ""
    is_tag_offline: bool = False
    expect: Release | None = None
    only: tuple[str, ...] = ()
    phase: str = ""


@dataclass(eq=False)
class Context:
    """The context of a run.

    Attributes:
        project: the folder of ``pyproject.toml``.
        config: its settings.
        env: the environment of the process, credentials included; child processes get parts of it.
        console: where people read.
        gate: what every irreversible change passes.
        scratch: a folder of this run's own, removed when it ends.
        request: what the command line asks for.
        background: work that starts before a step asks for its result.
        job_files: the files of a GitHub job that a build must not write to.
        signer: makes a file's attestation from an identity token; sigstore does where it is None.
        report: what this run reports.
        origins: addresses of the route's destinations, whose hosts may be asked besides the public ones.
    """

    project: Path
    config: Config
    env: Mapping[str, str]
    console: Console
    gate: Gate
    scratch: Path
    request: Request = field(default_factory=Request)
    background: BackgroundTasks = field(default_factory=BackgroundTasks)
    signer: Callable[[Path, str], str] | None = None
    job_files: JobFiles = field(default_factory=JobFiles)
    origins: tuple[str, ...] = ()
    report: RunReport = field(default_factory=RunReport)
    _shared: dict[Callable[["Context"], Any], Any] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def http(self) -> Http:
        """Return the session of this run; it may ask the route's destinations, the public ones, and the runner."""
        network = self.config.network
        tries, pause = network.tries, network.pause
        if self.gate.is_dry_run:
            tries, pause = min(tries, _DRY_RUN_TRIES), min(pause, _DRY_RUN_PAUSE)
        policy = RetryPolicy(network.timeout, tries, pause / 1000)
        runner = filter(None, [self.env.get(OIDC_URL)])
        hosts = [*self.origins, *addresses.PUBLIC_ORIGINS, *runner]
        return Http.to(hosts, self.env, policy, once=self.gate.is_dry_run)

    @cached_property
    def unreachable_channel(self) -> str:
        """Return why not all of ``conda.channels`` can be read: a server without a connection; empty where all can.

        This is checked once, before the libraries that read channels are loaded.
        """
        for channel in self.config.conda.channels:
            url = _format_channel_address(channel)
            if url and not self.http.reaches(url):
                return f"{channel}: no connection"
        return ""

    @property
    def output(self) -> Path:
        """Return the folder where artifacts are written."""
        return self.project / self.config.packages_dir

    def reuse(self, create: Callable[["Context"], _Shared]) -> _Shared:
        """Return the one object of this run that ``create`` makes, such as the publishers and what they know."""
        if create not in self._shared:
            self._shared[create] = create(self)
        shared: _Shared = self._shared[create]
        return shared

    def close(self) -> None:
        """Close the session, if there was one."""
        if "http" in vars(self):
            self.http.close()


def _format_channel_address(channel: str) -> str:
    """Return the address of one of ``conda.channels``, where a bare name is on Anaconda.org; empty for a folder."""
    if channel.startswith(("file:", ".", "/", "~")):
        return ""
    return channel if "://" in channel else f"{addresses.ANACONDA_CHANNEL}/{channel}"
