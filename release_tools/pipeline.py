"""Define the whole product: the steps of a release, and their order.

`BUILD` makes the files and needs no secret; `PUBLISH` publishes them and needs no build tool. A phase is one
step a publisher of the route. The steps that a job has which only publishes are in `release_tools.publish_pipeline`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from release_tools.engine.context import Context
from release_tools.errors import CredentialError, PreflightError
from release_tools.model.note import Note, State
from release_tools.model.release import Release
from release_tools.project.clone import start_clone
from release_tools.publish_pipeline import ANNOUNCEMENT, DESTINATIONS, RECIPE, RESUME, ROUTE
from release_tools.publishers.base import Phase
from release_tools.run_steps import BackgroundTask, Item, Step, run
from release_tools.steps.apply_preparation import apply_preparation
from release_tools.steps.build_conda import build_conda
from release_tools.steps.build_dists import build_dists
from release_tools.steps.build_wheels import build_wheels
from release_tools.steps.check_credentials import check_credentials
from release_tools.steps.check_publishers import check_publishers, start_early_queries
from release_tools.steps.check_repository import check_repository, check_workflow_files
from release_tools.steps.check_tag import check_tag
from release_tools.steps.check_trusted_publishers import check_trusted_publishers
from release_tools.steps.choose_version import choose_version
from release_tools.steps.commit_preparation import commit_preparation
from release_tools.steps.compare_wheel_channel import compare_wheel_channel
from release_tools.steps.edit_version_fields import edit_version_fields
from release_tools.steps.identify import identify
from release_tools.steps.load_current import load_current
from release_tools.steps.load_files import load_files
from release_tools.steps.load_plan import load_plan
from release_tools.steps.make_recipe import make_recipe, start_recipe
from release_tools.steps.preflight import preflight
from release_tools.steps.propose_preparation import propose_preparation
from release_tools.steps.store import store
from release_tools.steps.test_recipe import test_recipe
from release_tools.steps.update_changelog import update_changelog
from release_tools.steps.verify import start_installations, start_reading_back, verify
from release_tools.steps.write_notes import start_notes, write_notes

VERSION: Final = Step(  # the commit, its tag, the version and its kind
    "Version",
    identify,
    tasks=(  # the environments of build and test start even earlier: see `cli.session.Session.start_environments`
        BackgroundTask(start_clone, serves=build_dists),
        BackgroundTask(start_notes, serves=write_notes),
        BackgroundTask(start_early_queries, serves=check_publishers),
    ),
)
PREFLIGHT: Final = Step("Preflight", preflight)  # what would make it fail later, before anything is built
DISTS: Final = Step(  # in a clean clone with exactly the tag
    "Build sdist and wheel",
    build_dists,
    tasks=(
        BackgroundTask(start_early_queries, serves=check_publishers),  # some projects are named only by their build
        BackgroundTask(start_installations, serves=verify),
    ),
)
NOTES: Final = Step(  # from the changelog, or from commits
    "Release notes",
    write_notes,
    tasks=(BackgroundTask(start_recipe, serves=make_recipe),),  # the notes may have loaded PyGithub in a thread
)
CONDA: Final = Step(  # from the wheel's members, or by a recipe
    "Build conda package", build_conda, tasks=(BackgroundTask(start_reading_back, serves=verify),)
)
VERIFY: Final = Step("Verify", verify)  # metadata, contents, installation, and that wheel and conda package are equal
STORE: Final = Step("Store", store)  # the artifacts and release.json in the output folder

CHECK_TAG: Final = Step("Tag checks", check_tag, PreflightError)  # what the tag must satisfy before it is pushed

BUILD: Final = (VERSION, ROUTE, PREFLIGHT, DISTS, NOTES, CONDA, VERIFY, STORE)
PUBLISH: Final[tuple[Item, ...]] = (
    RESUME,
    DESTINATIONS,
    CHECK_TAG,
    Phase.TAG,
    Phase.STAGE,
    Phase.UPLOAD,
    Phase.REVEAL,
    RECIPE,
    Phase.PROPOSE,
    ANNOUNCEMENT,
)

PLAN: Final = Step("Build plan", load_plan, PreflightError)  # and the sdist, as the source job made them
BUILD_JOB: Final = (  # instead of BUILD, in the job of one runner
    PLAN,
    PREFLIGHT,
    Step("Build wheels", build_wheels),  # by cibuildwheel
    CONDA,
    VERIFY,
    STORE,
)

WHEEL_CHANNEL: Final = Step("conda-pypi channel", compare_wheel_channel)  # what conda users get, in dry runs only

RECIPE_TEST: Final = Step("Recipe test build", test_recipe)  # by rattler-build, in dry runs only

TAG: Final[tuple[Item, ...]] = (
    VERSION,
    NOTES,
    CHECK_TAG,
    Phase.TAG,
)

PREPARE: Final = (
    Step("Version", choose_version),  # the one that is named, or raised
    Step("Version fields", edit_version_fields),  # in every file that holds it
    Step("Changelog", update_changelog),  # by towncrier or scriv, or "Unreleased" becomes the version
    Step("Commit", commit_preparation),  # one, on the branch that is checked out; nothing is pushed
)

PROPOSE_PREPARATION: Final = (
    PREPARE[0],
    Step("Patch", apply_preparation),  # what another job prepared; nothing of the project is run
    Step("Pull request", propose_preparation, PreflightError, "GitHub"),  # on a branch of its own
)

DOCTOR: Final[tuple[tuple[Item, ...], ...]] = (
    (Step("Repository", check_repository, PreflightError),),  # history, remote, tags, changelog
    (Step("Workflows", check_workflow_files, PreflightError),),  # triggers, permissions, secrets, pins
    (Step("Trusted publishers", check_trusted_publishers, PreflightError),),  # by the newest release's attestations
    (
        VERSION,
        ROUTE,
        DESTINATIONS,
        Step("Credentials", check_credentials, CredentialError),
        CHECK_TAG,
    ),  # the next release
)


def build_or_load_dists(context: Context, files: Sequence[Path] = ()) -> Release:
    """Return sdist and wheel of this commit: those given, those that ``build`` left, or else built in scratch.

    Raises:
        ReleaseToolsError: what stopped a step.
    """
    if files:
        return _run_or_raise((Step("Files", load_files(files)),), context)
    release = _run_or_raise((VERSION, Step("Files", load_current)), context)
    if release.artifacts:
        return release
    context.console.remark(Note(State.INFO, f"building {release.name} {release.version}…"))
    return _run_or_raise((PREFLIGHT, DISTS), context, release)


def _run_or_raise(items: Sequence[Item], context: Context, release: Release | None = None) -> Release:
    outcome = run(items, context, release)
    if outcome.error is not None:
        raise outcome.error
    return outcome.release
