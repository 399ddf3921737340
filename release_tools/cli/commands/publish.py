"""``release-tools publish``: what ``build`` made, to the places of its route; needs no repository and no build tool."""

import argparse
from collections.abc import Collection
from typing import Final

from release_tools.cli.options import add_expect, add_offline_tag, add_only, add_project, add_settings
from release_tools.cli.session import Session
from release_tools.engine import routes
from release_tools.pipeline import BUILT, DRAFT, FORGE, GO_BACK, NOTES_AGAIN, READY, RELEASED_TAG, SHOW, UPLOAD, Step

_STEPS: Final = (BUILT, RELEASED_TAG, GO_BACK, READY, NOTES_AGAIN, DRAFT, *UPLOAD, SHOW, *FORGE)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_project(parser)
    parser.add_argument("--dry-run", action="store_true", help="check everything, and only say what would be done")
    add_expect(parser)
    add_offline_tag(parser)
    add_only(parser)
    add_settings(parser)


def run(invocation: Session) -> int:
    """Run the PUBLISH half of the pipeline on the files of the output folder."""
    steps = steps_for(routes.split_names(invocation.options.only or ""))
    return invocation.run_pipeline(steps, is_dry_run=invocation.options.dry_run, anywhere=True)


def steps_for(only: Collection[str]) -> tuple[Step, ...]:
    """The steps that serve these places; all of them if none is named.

    What the others would say of places that another job serves, as of settings that are switched off, would mislead.
    """
    named = set(only)
    uploads = named - {routes.DRAFT, routes.GITHUB, routes.CONDA_FORGE}  # a name of one's own may be either's
    served = {
        **dict.fromkeys((GO_BACK, NOTES_AGAIN, DRAFT), named & {routes.DRAFT, routes.GITHUB}),
        UPLOAD[0]: uploads - {routes.Server.ANACONDA},
        UPLOAD[1]: uploads - {routes.PYPI.name, routes.TESTPYPI.name},
        SHOW: named & {routes.GITHUB},
        **dict.fromkeys(FORGE, named & {routes.CONDA_FORGE}),
    }
    return tuple(step for step in _STEPS if not named or served.get(step, True))
