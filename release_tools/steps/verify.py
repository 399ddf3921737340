"""Whether the artifacts are fit to be released."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from release_tools.checks.compatibility import check_compatibility
from release_tools.checks.conda import check_conda_installation, check_parity
from release_tools.checks.contents import check_contents
from release_tools.checks.installation import check_installation
from release_tools.checks.metadata import check_metadata
from release_tools.checks.subject import Subject
from release_tools.context import Context
from release_tools.model import Note, Release


def verify(context: Context, release: Release) -> Release:
    """Run every check side by side; each answers its lines, failed ones included."""
    subject = Subject.read(release.artifacts)
    if subject.faults:
        return release.telling(*subject.faults)
    with ThreadPoolExecutor() as pool:
        answers = [pool.submit(check) for check in _checks(context, release, subject)]
        parity = pool.submit(check_parity, context, subject)
    proofs = parity.result()
    notes = (note for answer in answers for note in answer.result())
    return replace(release, parity=proofs).telling(*notes, *proofs)


def _checks(context: Context, release: Release, subject: Subject) -> Iterator[Callable[[], tuple[Note, ...]]]:
    yield partial(check_compatibility, context, release)
    yield partial(check_metadata, context, release, subject)
    yield partial(check_contents, context.config.verify, subject)
    for wheel in subject.wheels:
        yield partial(check_installation, context, wheel)
        if subject.condas:
            yield partial(check_conda_installation, context, subject, wheel)
