"""The recipe for conda-forge, or the change of the feedstock's: what a pull request will be made of."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from release_tools.engine.context import Context
from release_tools.errors import CondaError, OutputError, RecipeError
from release_tools.model.artifact import ArtifactKind
from release_tools.model.note import Document, Note, Skip, State
from release_tools.model.release import RecipeFiles, Release
from release_tools.planning.conda_targets import USUAL_SUBDIRS
from release_tools.publishers.conda_forge.loading import finish_loading
from release_tools.publishers.routes import Publishers

if TYPE_CHECKING:
    from release_tools.publishers.conda_forge.recipe_inputs import RecipeInputs
    from release_tools.publishers.conda_forge.rendering import Rendering
    from release_tools.recipe.drift import Drift
    from release_tools.recipe.requirements import Translated

    _Rendered = tuple[RecipeInputs, Rendering, tuple[str, ...]]

RECIPE = "Recipe for conda-forge"
CHANGE = "Change of the feedstock"


def start_recipe(context: Context, release: Release) -> None:
    """Start to render the recipe in a dry run, once the files that it is made of are built.

    A real run asks what conda-forge has when its turn comes, as that is what the pull request will change.
    """
    if context.gate.is_dry_run and context.config.conda_forge.enabled and release.artifacts_of_kind(ArtifactKind.SDIST):
        finish_loading(context.background)
        if not context.unreachable_channel:
            import asyncio  # noqa: F401 - a task imports no foreign package that another one may import meanwhile

            import rattler.exceptions  # noqa: F401 - as above
        context.background.start(RECIPE, _render, context, release)


def make_recipe(context: Context, release: Release) -> Release | Skip:
    """Render what conda-forge would get; a real run does so only for the versions that go there.

    Raises:
        ConfigError: the configured feedstock or recipe does not exist.
        CredentialError: GitHub refuses the token.
        RemoteError: GitHub could not be reached, in a real run.
    """
    skip = _find_skip(context, release)
    if skip is not None:
        return skip
    try:
        subject, rendering, unmet = context.background.result(RECIPE, _render, context, release)
    except (CondaError, RecipeError) as error:
        context.report.add(Note.of_error(error, State.WARNING))
        return release
    if rendering.files is None:
        context.report.add(*_report_refused(rendering))
        return release
    context.report.add(*_store(context, subject, rendering, rendering.files))
    document = _make_document(rendering, rendering.files)
    if document.text:
        context.report.add(document)
    context.report.add(*_report_remarks(subject, rendering, rendering.files, unmet))
    return replace(release, recipe=rendering.files)


def _find_skip(context: Context, release: Release) -> Skip | None:
    if not context.config.conda_forge.enabled:
        return Skip("conda-forge.enabled is false")
    if not release.artifacts_of_kind(ArtifactKind.SDIST):
        return Skip("conda-forge builds from an sdist, and there is none")
    if not context.gate.is_dry_run and not context.reuse(Publishers).is_proposed(release.kind):
        return Skip(f"this {release.kind} version does not go to conda-forge")
    return None


def _store(context: Context, subject: "RecipeInputs", rendering: "Rendering", files: RecipeFiles) -> Iterator[Note]:
    """Store the recipe next to the artifacts; a warning where that cannot be done."""
    from release_tools.publishers.conda_forge.recipe_files import store_recipe

    if not context.output.is_dir():
        return
    is_new = rendering.present is None and not rendering.written.own
    settings = subject.recipe.conda_forge_yml if is_new else ""
    try:
        store_recipe(context.output, rendering.written.form, rendering.written.text, files.diff, settings)
    except OutputError as error:
        yield Note(State.WARNING, f"the recipe is not stored: {error.message}", "", error.advice)


def _make_document(rendering: "Rendering", files: RecipeFiles) -> Document:
    if rendering.present:
        return Document(CHANGE, files.diff, "diff")
    return Document(RECIPE, rendering.written.text, "yaml")


def _render(context: Context, release: Release) -> "_Rendered":
    """Render what conda-forge would get, with its inputs and what its channels do not have yet."""
    from release_tools.publishers.conda_forge.recipe_inputs import RecipeInputs
    from release_tools.publishers.conda_forge.rendering import render

    subject = RecipeInputs(context, release)
    rendering = render(subject)
    return subject, rendering, subject.unmet if rendering.files else ()


def _report_refused(rendering: "Rendering") -> Iterator[Note]:
    if rendering.refused:
        yield Note(State.WARNING, rendering.refused.message, advice=rendering.refused.advice)
    if rendering.drift is not None:
        yield _report_drift(rendering.drift)


def _report_remarks(
    subject: "RecipeInputs", rendering: "Rendering", files: RecipeFiles, unmet: tuple[str, ...]
) -> Iterator[Note]:
    yield _report_change(rendering, files)
    if rendering.rendered:
        yield Note(State.DONE, "rattler-build renders it")
    yield from _report_unseen(subject, rendering)
    unconfirmed = () if subject.unasked else files.unconfirmed
    channels = ", ".join(subject.context.config.conda.channels)
    yield from (Note(State.WARNING, f"not on {channels} yet: {lacking}") for lacking in (*unconfirmed, *unmet))
    yield from _report_broken_rules(subject, rendering)
    yield from _report_parity(subject)
    state = State.WARNING if rendering.present else State.INFO
    yield from (Note(state, line) for line in files.checklist)
    if rendering.drift is not None:
        yield _report_drift(rendering.drift, rendering.remaining)


def _report_change(rendering: "Rendering", files: RecipeFiles) -> Note:
    """Return one line on what conda-forge would get: a new recipe, an update, or nothing."""
    present = rendering.present
    if present is None:
        made = f"{rendering.written.own}, brought to this release" if rendering.written.own else "from sdist and wheel"
        return Note(State.INFO, f"a new recipe for {files.package}", made)
    if files.files:
        return Note(State.INFO, f"{present.repository} has {present.version}", "; ".join(files.changes))
    return Note(State.UNCHANGED, f"{present.repository} has {present.version} already")


def _report_unseen(subject: "RecipeInputs", rendering: "Rendering") -> Iterator[Note]:
    """Yield what could not be looked up, and why; one line where the reason is the same."""
    unseen = {rendering.unseen: "the feedstock", subject.unasked: "the conda names"}
    if rendering.unseen == subject.unasked:
        unseen = {subject.unasked: "the feedstock and the conda names"}
    for reason, subjects in unseen.items():
        if reason:
            yield Note(State.SKIPPED, f"could not look up {subjects}", reason)


def _report_broken_rules(subject: "RecipeInputs", rendering: "Rendering") -> Iterator[Note]:
    """Yield what conda-forge's linter would say: of a new recipe all, of an update what is not so already.

    It refuses a pull request for faults of the feedstock's settings too, even for those that were there before.
    """
    from release_tools.recipe.forge_settings import check_settings

    written, present = rendering.written, rendering.present
    known = subject.list_broken_rules(written, present.text, present.settings) if present else ()
    found = subject.list_broken_rules(written, settings=present.settings if present else None)
    there = check_settings(present.settings) if present else ()
    for line in (*(line for line in found if line not in known), *there):
        yield Note(State.WARNING, f"conda-forge's linter: {line}")


def _report_parity(subject: "RecipeInputs") -> Iterator[Note]:
    """Yield how the recipe's run requirements differ from those of the conda package that we build, and why."""
    from release_tools.recipe.requirements import translate

    if not subject.context.config.conda.enabled or subject.recipe.is_compiled:
        return
    metadata = subject.evidence.metadata
    try:
        package = translate(metadata.get("requires_dist", []), metadata.get("requires_python", ""), subject.names)
    except CondaError:
        return  # there is no such package, and the step that builds it says why
    if differences := _find_differences(subject, package):
        yield Note(State.INFO, "it lacks requirements of the conda package that was built", "; ".join(differences))
    else:
        yield Note(State.DONE, "it has the same requirements as the conda package that was built")


def _find_differences(subject: "RecipeInputs", package: "Translated") -> tuple[str, ...]:
    """Return where the recipe's run requirements differ from those of our package, or of those for each platform."""
    from release_tools.builders.conda.rattler_build import render_run
    from release_tools.recipe.run_parity import compare_run, compare_run_by_subdir
    from release_tools.recipe.write_v1 import write_v1

    if subject.recipe.noarch:
        return compare_run(subject.recipe, package)
    return compare_run_by_subdir(render_run(write_v1(subject.recipe), USUAL_SUBDIRS), package)


def _report_drift(drift: "Drift", remaining: "Drift | None" = None) -> Note:
    """Return one line on how far a feedstock's recipe is from the project, and will be after a change."""
    if not drift:
        return Note(State.DONE, "the feedstock's recipe agrees with the project")
    said = f"the feedstock's recipe {_format_count(drift)}"
    if remaining is None:
        return Note(State.WARNING, said, _format_lines(drift))
    if not remaining:
        return Note(State.INFO, f"{said}; this change brings it all")
    return Note(
        State.WARNING, said, f"after this change it still {_format_count(remaining)}: {_format_lines(remaining)}"
    )


def _format_lines(drift: "Drift") -> str:
    return "; ".join((*drift.lacking, *drift.excess, *drift.differing))


def _format_count(drift: "Drift") -> str:
    counted = ((drift.lacking, "lacks"), (drift.excess, "has in excess"), (drift.differing, "has otherwise"))
    return ", ".join(f"{word} {len(lines)}" for lines, word in counted if lines)
