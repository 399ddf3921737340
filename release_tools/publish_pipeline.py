"""Define the steps of ``publish``, which publishes in another job what ``build`` made there.

A module of its own, as such a job starts Python only to publish: it does not import what builds.
"""

from typing import Final

from release_tools.errors import PreflightError
from release_tools.publishers.base import Phase
from release_tools.publishers.conda_forge import NAME as CONDA_FORGE
from release_tools.publishers.github_release import NAME as GITHUB
from release_tools.run_steps import BackgroundTask, Item, Step
from release_tools.steps.announce import announce
from release_tools.steps.check_publishers import check_publishers, start_queries
from release_tools.steps.check_released_tag import check_released_tag, start_tag_query
from release_tools.steps.load_build import load_release
from release_tools.steps.make_recipe import make_recipe
from release_tools.steps.resume_draft import resume_draft
from release_tools.steps.show_plan import show_plan
from release_tools.steps.write_notes import rewrite_notes

LOAD: Final = Step(  # instead of building them
    "Files",
    load_release,
    PreflightError,
    tasks=(
        BackgroundTask(start_tag_query, serves=check_released_tag),
        BackgroundTask(start_queries, serves=check_publishers),
    ),
)
ROUTE: Final = Step("Plan", show_plan)  # the destinations of this kind of version
RELEASED_TAG: Final = Step("Released tag", check_released_tag, PreflightError)  # whether it is still where it was
RESUME: Final = Step("Existing draft release", resume_draft, publisher=GITHUB)  # the files of an unfinished run
DESTINATIONS: Final = Step("Destinations", check_publishers, PreflightError)  # conflicts, credentials, older versions
NOTES_AGAIN: Final = Step("Release notes", rewrite_notes, publisher=GITHUB)  # for the GitHub release, in another job
RECIPE: Final = Step("conda-forge recipe", make_recipe, publisher=CONDA_FORGE)  # a new one, or a feedstock's update
ANNOUNCEMENT: Final = Step("Announcement", announce, publisher=GITHUB)  # a text to post, with the notes

PUBLISH_FILES: Final[tuple[Item, ...]] = (
    LOAD,
    ROUTE,
    RELEASED_TAG,
    RESUME,
    DESTINATIONS,
    NOTES_AGAIN,
    Phase.STAGE,
    Phase.UPLOAD,
    Phase.REVEAL,
    RECIPE,
    Phase.PROPOSE,
    ANNOUNCEMENT,
)
