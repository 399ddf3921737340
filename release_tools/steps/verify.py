"""Whether the artifacts are fit to be released."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from release_tools.checks.artifacts import ReleaseFiles
from release_tools.checks.compatibility import check_compatibility
from release_tools.checks.conda_install import check_conda_installation, check_parity
from release_tools.checks.contents import check_contents
from release_tools.checks.metadata import check_metadata
from release_tools.checks.wheel_install import check_installation
from release_tools.engine.context import Context
from release_tools.model.release import Release


def verify(context: Context, release: Release) -> Release:
    """Run every check; each answers its lines, failed ones included. Wheels are tried out beside the other checks."""
    subject = ReleaseFiles.read(release.artifacts)
    if subject.faults:
        return release.with_notes(*subject.faults)
    with ThreadPoolExecutor() as pool:
        tried = [pool.submit(check_installation, context, wheel) for wheel in subject.wheels]
        notes = [
            *check_compatibility(context, release),
            *check_metadata(context, release, subject),
            *check_contents(context.config.verify, subject),
        ]
        proofs = check_parity(context, subject)
        condas = subject.wheels if subject.condas else ()
        conda_notes = [note for wheel in condas for note in check_conda_installation(context, subject, wheel)]
        context.background.meanwhile(lambda: all(trial.done() for trial in tried))
    notes += (note for trial in tried for note in trial.result())
    return replace(release, parity=proofs).with_notes(*notes, *conda_notes, *proofs)
