"""What every step is handed beside the release: settings, the gate, the console. Passed down, never global."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

from release_tools import addresses
from release_tools.config.schema import Config
from release_tools.engine.gate import Gate
from release_tools.engine.routes import channel_server, origins
from release_tools.engine.tasks import BackgroundTasks
from release_tools.model.release import Release
from release_tools.system.console import Console
from release_tools.system.credentials import OIDC_URL
from release_tools.system.http import Http, RetryPolicy

_SHORT_PAUSE: Final = 100


@dataclass(frozen=True)
class Request:
    """What this run is asked for, beyond the settings.

    Attributes:
        version: a version to rehearse or tag; empty to derive it.
        tag: the same as a tag.
        bump: the part of the newest version to raise instead: a `release_tools.history.bump.Bump`, or ``auto``.
        field: what names the tag, for messages.
        without_unbuildable: whether conda packages that cannot be built here are left out, as in a dry run.
        job: the build job whose files to make; empty to make all that this machine can.
        is_next: whether to prepare the next development version instead.
        no_commit: whether to leave what is prepared uncommitted.
        patch: the file that what is prepared is written to, or read from for a pull request; empty for none.
        is_tag_offline: whether the remote is not asked about the tag before something is published.
        expect: the release that was built, as another job reported it; None where no job did.
    """

    version: str = ""
    tag: str = ""
    bump: str = ""
    field: str = "--tag"
    without_unbuildable: bool = False
    job: str = ""
    is_next: bool = False
    no_commit: bool = False
    patch: str = ""
    is_tag_offline: bool = False
    expect: Release | None = None


@dataclass(frozen=True)
class Context:
    """The surroundings of a run.

    Attributes:
        project: the folder of ``pyproject.toml``.
        config: its settings.
        env: the environment of the process, credentials included; children get parts of it.
        console: where people read.
        gate: what every irreversible deed passes.
        scratch: a folder of this run's own, removed when it ends.
        request: what this run is asked for.
        background: work that starts before a step asks for its result.
        signer: makes a file's attestation from an identity token; sigstore does where it is None.
    """

    project: Path
    config: Config
    env: Mapping[str, str]
    console: Console
    gate: Gate
    scratch: Path
    request: Request = Request()
    background: BackgroundTasks = field(default_factory=BackgroundTasks)
    signer: Callable[[Path, str], str] | None = None

    @cached_property
    def http(self) -> Http:
        """The session of this run; it may ask the places of the routes, PyPI, Anaconda.org, and the runner."""
        network = self.config.network
        tries, pause = network.tries, network.pause
        if self.gate.is_dry_run:  # a rehearsal says that it could not look, rather than waiting for a lost network
            tries, pause = min(tries, 2), min(pause, _SHORT_PAUSE)
        patience = RetryPolicy(network.timeout, tries, pause / 1000)
        runner = filter(None, [self.env.get(OIDC_URL)])
        public = (addresses.ANACONDA_API, addresses.PYPI_SIMPLE, addresses.PYPI_FILES)
        return Http.to([*origins(self.config), *public, *runner], self.env, patience, once=self.gate.is_dry_run)

    @cached_property
    def cut_off(self) -> str:
        """Why not all of ``conda.channels`` can be read: a server that takes no connection; empty where all do.

        It is looked at once, before what would read them is loaded.
        """
        channels = self.config.conda.channels
        absent = (one for one in channels if (url := channel_server(one)) and not self.http.reaches(url))
        return next((f"{one}: no connection" for one in absent), "")

    def close(self) -> None:
        """Close the session, if there was one."""
        if "http" in vars(self):
            self.http.close()

    @property
    def output(self) -> Path:
        """The folder where artifacts are written."""
        return self.project / self.config.packages_dir
