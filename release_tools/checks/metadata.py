"""Check the metadata of a release: its name and version, and the rules of the indexes that it goes to."""

from collections.abc import Iterator

from packaging.utils import canonicalize_name
from packaging.version import Version

from release_tools.checks.artifacts import ReleaseFiles
from release_tools.checks.index_rules import Upload, Verdict, find_broken_rules
from release_tools.config.schema import Config, VerifyConfig
from release_tools.model.note import Note, State
from release_tools.model.release import Release


def check_metadata(config: Config, release: Release, subject: ReleaseFiles, *, is_for_pypi: bool) -> tuple[Note, ...]:
    """Check name and version, and every rule of PyPI that can be checked before an upload.

    Where the release goes to no index that runs PyPI's software, a broken rule is only a warning.
    """
    notes = [*_check_agreement(release, subject), *_check_index_rules(config.verify, subject, is_for_pypi=is_for_pypi)]
    if not any(note.state is State.FAILED for note in notes) and any(subject.dists):
        notes.insert(0, Note(State.DONE, "metadata, description and file names valid", "by PyPI's rules"))
    return tuple(notes)


def _check_agreement(release: Release, subject: ReleaseFiles) -> Iterator[Note]:
    for dist in subject.dists:
        found = f"{dist.path.name}: its metadata says {dist.metadata.name} {dist.metadata.version}"
        if canonicalize_name(dist.metadata.name) != canonicalize_name(release.name):
            yield Note(State.FAILED, found, f"the release is of {release.name}")
        if dist.metadata.version != Version(release.version):
            yield Note(State.FAILED, found, f"the release is {release.version}")


def _check_index_rules(verify: VerifyConfig, subject: ReleaseFiles, *, is_for_pypi: bool) -> Iterator[Note]:
    uploads = [Upload(dist, verify.file_size_limit) for dist in subject.dists]
    for (rule, fault), files in find_broken_rules(uploads).items():
        state = State.FAILED if _is_fatal(rule.verdict, verify, is_for_pypi=is_for_pypi) else State.WARNING
        advice = rule.advice
        if rule.verdict is Verdict.MAY_BE_REFUSED and not verify.strict:
            advice = f"{advice} To fail on this instead: verify.strict = true.".strip()
        detail = f"{', '.join(files)}: {rule.verdict.value}"
        yield Note(state, fault[:1].upper() + fault[1:], detail, advice)


def _is_fatal(verdict: Verdict, verify: VerifyConfig, *, is_for_pypi: bool) -> bool:
    """Return whether a broken rule stops the release."""
    if verdict is Verdict.NOT_SENT:
        return True
    if verdict is Verdict.REFUSED:
        return is_for_pypi
    return verdict is Verdict.MAY_BE_REFUSED and is_for_pypi and verify.strict
