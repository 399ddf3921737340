"""Build sdist, wheels, conda packages and ``release.json``; needs no credential."""

import argparse

from release_tools.cli.options import add_expect, add_project, add_settings, add_version
from release_tools.cli.session import Session
from release_tools.planning.build_plan import SOURCE_JOB


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_project(parser)
    add_version(parser)
    parser.add_argument(
        "--job",
        metavar="JOB",
        help=(
            "build only the files of this job of release-tools plan: source builds the sdist, all others build from it"
        ),
    )
    add_expect(parser)
    add_settings(parser, "packages-dir", "allow-credentials-in-build", "verify.command")


def run(invocation: Session) -> int:
    """Run the BUILD half of the pipeline, or the part of it that one job does."""
    job = invocation.options.job
    if job and job != SOURCE_JOB:
        from release_tools.pipeline import BUILD_JOB

        return invocation.run_pipeline(BUILD_JOB, is_dry_run=True, verdict="built, ready to publish")
    invocation.start_environments()
    from release_tools.pipeline import BUILD  # takes as long as making the environment

    return invocation.run_pipeline(BUILD, is_dry_run=True, verdict="built, ready to publish")
