"""The conda-pypi channel, which serves the pure wheels of PyPI to conda: nothing is published there by anyone."""

from collections.abc import Iterable, Iterator
from typing import Final

from release_tools.builders.conda import rattler
from release_tools.engine.context import Context
from release_tools.engine.gate import Action
from release_tools.errors import RemoteError
from release_tools.model.note import Document, Note, State
from release_tools.model.release import Release
from release_tools.model.versions import format_conda_version
from release_tools.publishers.base import (
    BasePublisher,
    CheckResult,
    JobNeeds,
    Phase,
    PublisherStatus,
    Stage,
    StatusQuery,
)
from release_tools.recipe.wheel_channel import find_channel_name

NAME: Final = "conda-pypi"
_TIMEOUT: Final = 20
"""Seconds after which the channel is no longer waited for: nobody can publish or repair anything there."""


class WheelChannelPublisher(BasePublisher):
    """Finds out if a version on PyPI can be installed through the conda-pypi channel."""

    name = NAME
    title = "conda-pypi channel"
    phases: tuple[Phase, ...] = ()

    def __init__(self, context: Context) -> None:
        self._context = context

    def preflight(self, release: Release) -> Iterator[CheckResult]:  # noqa: ARG002 - nothing is published there
        """Check nothing."""
        yield from ()

    def actions(self, release: Release, phase: Phase) -> Iterable[Action | Note]:  # noqa: ARG002 - there are none
        """Return no actions."""
        return ()

    def status(self, query: StatusQuery) -> PublisherStatus:
        """Return whether the channel's index lists the version."""
        channel = self._context.config.conda.wheel_channel
        if channel == "none":
            return PublisherStatus(NAME, self.title, "")
        address = rattler.find_address(channel)
        return PublisherStatus(NAME, self.title, address, stages=(self._find_stage(address, query),))

    def retract(self, query: StatusQuery, reason: str) -> Iterator[Action | Note | Document]:  # noqa: ARG002 - it follows PyPI
        """Yield nothing: the channel follows PyPI."""
        yield from ()

    def jobs(self) -> tuple[JobNeeds, ...]:
        """Return no jobs."""
        return ()

    def _find_stage(self, address: str, query: StatusQuery) -> Stage:
        name = find_channel_name(query.name)
        spec = f"{name} =={format_conda_version(query.version)}"
        if not self._context.http.reaches(address):
            return Stage("listed", State.WARNING, f"could not check {spec}", "no connection")
        timeout = min(self._context.config.network.timeout, _TIMEOUT)
        try:
            lacking = rattler.find_unmet([spec], [address], timeout=timeout)
        except RemoteError as error:
            return Stage("listed", State.WARNING, f"could not check {spec}", error.message)
        if lacking:
            return Stage(
                "listed", State.PLANNED, f"it does not list {spec} yet", "it follows PyPI, with pure wheels only"
            )
        return Stage("listed", State.DONE, f"it lists {spec}")
