"""Check files that were built elsewhere or earlier."""

import argparse
from pathlib import Path

from release_tools.cli.options import add_expect, add_project, add_settings
from release_tools.cli.session import Session
from release_tools.errors import PreflightError
from release_tools.run_steps import Step
from release_tools.steps.load_build import load_build
from release_tools.steps.load_files import load_files
from release_tools.steps.verify import verify


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "files",
        nargs="*",
        type=Path,
        metavar="FILE",
        help="an sdist, wheel or conda package, or a folder of them (default: packages-dir)",
    )
    add_project(parser)
    add_expect(parser)
    add_settings(parser, "packages-dir", "verify.install", "verify.conda-install", "verify.command", "verify.strict")


def run(invocation: Session) -> int:
    """Check the files; no repository is needed, and no build."""
    files = invocation.options.files
    taken = Step("Files", load_files(files)) if files else Step("Files", load_build, PreflightError)
    return invocation.run_pipeline((taken, Step("Verify", verify)), is_dry_run=True, verdict="valid", anywhere=True)
