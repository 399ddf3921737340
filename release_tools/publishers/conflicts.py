"""Compare a release's files with what a destination has under their names, and wait until it serves them."""

from collections.abc import Callable, Iterator, Mapping

from release_tools.engine.context import Context
from release_tools.errors import ConflictError, UnreachableError
from release_tools.model.action import Receipt
from release_tools.model.artifact import Artifact
from release_tools.system.retries import wait_until


def find_conflicts(title: str, found: Mapping[Artifact, Receipt | None], advice: str) -> Iterator[ConflictError]:
    """Yield an error for each file under whose name a destination has other bytes."""
    for artifact, receipt in found.items():
        if receipt is not None and receipt.digest != artifact.sha256:
            yield ConflictError(
                f"{title} has a different {artifact.key}"
                f" (sha256 {receipt.digest or 'unknown'}, ours {artifact.sha256})",
                advice,
            )


def find_missing(title: str, found: Mapping[Artifact, Receipt | None]) -> list[str]:
    """Return the names of the files that a destination does not serve yet.

    Raises:
        ConflictError: it serves other bytes than were uploaded.
    """
    conflict = next(find_conflicts(title, found, f"Do not announce this release; contact {title}."), None)
    if conflict is not None:
        raise conflict
    return [artifact.key for artifact, receipt in found.items() if receipt is None]


def wait_until_served(
    context: Context, title: str, missing: Callable[[], list[str]], forget: Callable[[], None]
) -> None:
    """Wait, with growing pauses, until a destination serves everything.

    Args:
        context: the run's context; `network.wait` limits the wait.
        title: of the destination.
        missing: returns the names of the files that are not served yet.
        forget: makes the next call of ``missing`` query again.

    Raises:
        UnreachableError: it took longer.
        ReleaseToolsError: raised by ``missing``.
    """
    names: list[str] = []

    def is_complete() -> bool:
        forget()
        names[:] = missing()
        if names:
            context.console.show_detail(f"waiting until {title} serves {', '.join(names)}")
        return not names

    limit = context.config.network.wait
    if not wait_until(is_complete, limit, context.http.retry_policy):
        raise UnreachableError(
            f"{title} accepted the files, but after {limit} s it does not serve {', '.join(names)} yet",
            "Nothing is lost: run the same command again in a few minutes.",
        )
