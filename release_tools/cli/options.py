"""Declare the options that several commands share."""

import argparse
import typing
from collections.abc import Iterable
from typing import Any, Literal

from release_tools.config.loader import Setting, list_settings


def add_project(parser: argparse.ArgumentParser) -> None:
    """Declare ``--project`` and ``--json``, which every command about a project has."""
    parser.add_argument(
        "-C", "--project", default=".", metavar="FOLDER", help="the project's folder (default: the current one)"
    )
    parser.add_argument("--json", action="store_true", help="print only JSON on standard output")


def add_version(parser: argparse.ArgumentParser) -> None:
    """Declare ``--version``, ``--tag`` and ``--bump``: the version of a dry run before its tag exists."""
    parser.add_argument("--version", metavar="VERSION", help="treat this commit as if it were tagged with this version")
    parser.add_argument("--tag", metavar="TAG", help="like --version, but named by its tag, such as v1.4.0")
    add_bump(parser)


def add_bump(parser: argparse.ArgumentParser) -> None:
    """Declare ``--bump``: the version after the newest one."""
    from release_tools.history.bump import Bump

    parser.add_argument(
        "--bump",
        choices=(*(bump.value for bump in Bump), "auto"),
        help="raise this part of the newest version; auto follows the recommendation of release-tools next",
    )


def add_expect(parser: argparse.ArgumentParser) -> None:
    """Declare ``--expect``: the manifest, which travels by another path than the files."""
    parser.add_argument(
        "--expect",
        metavar="MANIFEST",
        help="refuse files that differ from this manifest (the output `artifacts` of the build job)",
    )


def add_offline_tag(parser: argparse.ArgumentParser) -> None:
    """Declare ``--offline-tag``: go on where the remote cannot be asked about the tag."""
    parser.add_argument(
        "--offline-tag",
        action="store_true",
        help="without a network, trust the tag of the checkout instead of asking the remote",
    )


def add_only(parser: argparse.ArgumentParser) -> None:
    """Declare ``--only``: some of the route's publishers, for one job of several that share a release."""
    parser.add_argument(
        "--only",
        metavar="PUBLISHER,…",
        help="publish only to these destinations: pypi, anaconda, github, conda-forge, …",
    )


def add_phase(parser: argparse.ArgumentParser) -> None:
    """Declare ``--phase``: one phase, for jobs that share a publisher."""
    parser.add_argument(
        "--phase",
        choices=("stage", "upload", "reveal", "propose"),
        help="run only this phase: with --only github, stage creates the draft and reveal publishes it",
    )


class _Help(argparse.HelpFormatter):
    """Help without the settings in its usage: they are listed below it, and would fill a screen there."""

    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[argparse._MutuallyExclusiveGroup],
        prefix: str | None = None,
    ) -> None:
        known = {item.key for item in list_settings()}
        super().add_usage(usage, [action for action in actions if action.dest not in known], groups, prefix)


class _HelpSettings(argparse.Action):
    """``--help-settings``: the help with every setting."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        show_settings(parser)
        parser.print_help()
        parser.exit()


def show_settings(parser: argparse.ArgumentParser) -> None:
    """Let the help of a command list every setting."""
    texts = {item.key: _format_help(item) for item in list_settings()}
    for action in parser._actions:  # noqa: SLF001 - argparse has no other way to list them
        action.help = texts.get(action.dest, action.help)


def add_settings(parser: argparse.ArgumentParser, *shown: str) -> None:
    """Declare an option for every setting; without it, environment, file and default decide.

    Args:
        parser: of the command.
        shown: the keys, or their tables, of those that the help of the command lists; ``--help-settings`` lists all.
    """
    parser.formatter_class = _Help
    parser.add_argument(
        "--help-settings", action=_HelpSettings, nargs=0, help="show this help with all settings and exit"
    )
    group = parser.add_argument_group(
        "settings", "Each setting of [tool.release-tools] is an option as well; --help-settings lists them."
    )
    for item in list_settings():
        if not item.is_table:
            is_shown = item.key in shown or item.path[0] in shown
            text = _format_help(item) if is_shown else argparse.SUPPRESS
            group.add_argument(*item.options, dest=item.key, default=argparse.SUPPRESS, help=text, **_choose_form(item))


def _format_help(item: Setting) -> str:
    return item.doc.replace("%", "%%")


def _choose_form(item: Setting) -> dict[str, Any]:
    if item.type is bool:
        return {"action": argparse.BooleanOptionalAction}
    metavar = item.path[-1].upper()
    if typing.get_origin(item.type) is Literal:
        return {"choices": typing.get_args(item.type)}
    return {"metavar": f"{metavar},…" if typing.get_origin(item.type) is tuple else metavar}
