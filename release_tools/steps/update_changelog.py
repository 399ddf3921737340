"""The changelog of a release, written into the scratch clone: by towncrier, by scriv, or from its unreleased part."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from packaging.version import Version

from release_tools.builders.virtual_environment import Environment
from release_tools.engine.context import Context
from release_tools.errors import HistoryError
from release_tools.history.changelog import Changelog
from release_tools.history.changelog_edit import release_unreleased
from release_tools.history.fragments import FragmentSettings, Tool
from release_tools.model.note import Note, Skip, State
from release_tools.model.release import Kind, Release
from release_tools.project.project_history import ProjectHistory, find_today
from release_tools.system.credentials import refuse_credentials, remove_credentials
from release_tools.system.process import ProcessError, run
from release_tools.wording import count


def update_changelog(context: Context, release: Release) -> Release | Skip:
    """Give the changelog a part for this version, unless it has one.

    Raises:
        CredentialError: credentials for publishing are there, which the project's templates could read.
        HistoryError: the changelog is a link, or its tool is not there or failed.
    """
    if release.kind is Kind.DEV:
        return Skip("a development version has no section in the changelog")
    history, version = ProjectHistory.of(context), Version(release.version)
    found = history.changelog
    if found and _has_released_part(found, version):
        context.report.add(Note(State.UNCHANGED, f"{found.path} already has a section for {version}"))
        return release
    if history.fragment_settings is not None:
        return _collect_fragments(context, release, history, history.fragment_settings)
    return _release_unreleased(context, release, found)


def _has_released_part(changelog: Changelog, version: Version) -> bool:
    part = changelog.find_part(version)
    return part is not None and not part.unreleased


def _collect_fragments(
    context: Context, release: Release, history: ProjectHistory, settings: FragmentSettings
) -> Release | Skip:
    number = len(history.fragments)
    if not number:
        return Skip(f"there are no fragments for {settings.command}")
    _run_tool(context, settings, _find_source(release), Version(release.version))
    text = f"{settings.changelog}: {release.version}, by {settings.command}"
    context.report.add(Note(_choose_state(context), text, f"from {count(number, 'fragment')}"))
    return release


def _release_unreleased(context: Context, release: Release, found: Changelog | None) -> Release | Skip:
    if found is None:
        return Skip("there is no changelog")
    if found.unreleased is None:
        note = Note(
            State.WARNING,
            f"{found.path} has no section for {release.version} and no section called Unreleased",
            advice='Describe the changes under a heading such as "## [Unreleased]".',
        )
        context.report.add(note)
        return release
    _edit_changelog(release, found.path, context.env)
    context.report.add(Note(_choose_state(context), f"{found.path}: what was unreleased is {release.version}"))
    return release


def _find_source(release: Release) -> Path:
    if release.source is None:
        raise AssertionError("a version was chosen, and so its clone was made")
    return release.source


def _choose_state(context: Context) -> State:
    return State.PLANNED if context.gate.is_dry_run else State.DONE


def _edit_changelog(release: Release, path: str, env: Mapping[str, str]) -> None:
    """Turn the unreleased part into that of the version; line ends and a byte order mark stay."""
    source = _find_source(release)
    file = source / path
    if file.is_symlink() or not file.resolve().is_relative_to(source.resolve()):
        raise HistoryError(f"{path}: is a link", "Commit the changelog itself.")
    content = file.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise HistoryError(f"{path}: is no UTF-8: {error}", "Save it as UTF-8, and commit it.") from None
    whole = Changelog.parse(path, text, release.name)
    encoding = "utf-8-sig" if content.startswith(b"\xef\xbb\xbf") else "utf-8"
    file.write_bytes(release_unreleased(whole, Version(release.version), find_today(env)).encode(encoding))


def _run_tool(context: Context, settings: FragmentSettings, source: Path, version: Version) -> None:
    """Have the project's tool make the part; its templates are the project's code, and see no credential."""
    refuse_credentials(context.env, allowed=context.config.allow_credentials_in_build)
    if settings.tool is Tool.TOWNCRIER:
        arguments = ["build", "--yes", "--version", str(version), "--date", find_today(context.env).isoformat()]
    else:
        arguments = ["collect", "--no-edit", "--version", str(version)]
    program, env = _choose_program(context, settings.tool)
    try:
        run([program, *arguments], env=env, cwd=source)
    except ProcessError as error:
        raise HistoryError(f"{settings.command} failed: {error.output or error.message}") from None


def _choose_program(context: Context, tool: Tool) -> tuple[str, Mapping[str, str]]:
    """Return the tool and the environment to run it in: as it is installed, else in an environment of our own.

    Raises:
        HistoryError: it is not installed, and cannot be.
    """
    env = remove_credentials(context.env) | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    folders = [context.env.get("PATH", ""), *(str(context.project / ".venv" / name) for name in ("bin", "Scripts"))]
    found = shutil.which(tool.value, path=os.pathsep.join(filter(None, folders)))
    if found:
        return found, env
    try:
        environment = Environment.create(context.scratch / tool.value, context.env)
        environment.install([tool.value])
    except ProcessError as error:
        raise HistoryError(
            f"{tool.value} is not installed, and could not be: {error.output or error.message}",
            f"Type: python -m pip install {tool.value}",
        ) from None
    return str(environment.scripts / tool.value), {**environment.env, **env}
