"""Make a context of the command line: the options that commands share, and the project that they are about."""

import argparse
import json
import re
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from release_tools.config.loader import SETTINGS_FILE, list_settings, read_config, read_pyproject
from release_tools.engine.tasks import BackgroundTasks
from release_tools.errors import OutputError, PreflightError, ReleaseToolsError, UsageError
from release_tools.system.job_files import JobFiles

if TYPE_CHECKING:
    from release_tools.engine.context import Context, Request
    from release_tools.model.note import Report
    from release_tools.model.release import Release
    from release_tools.run_steps import Item, Outcome
    from release_tools.system.console import Console

_SHA256: Final = re.compile("[0-9a-f]{64}")
_CURE: Final = "Pass the whole output `artifacts` of the build job, unchanged: one JSON object with a `schema`."
PROJECT_FILES: Final = ("pyproject.toml", "setup.py", "setup.cfg")


@dataclass(eq=False)
class Session:
    """One call of the command.

    Attributes:
        options: the parsed command line.
        env: the environment, credentials included.
        console: where people read.
        scratch: a folder that is removed when the call ends.
        background: work that starts before a step asks for its result.
        job_files: the files of a GitHub job that a build must not write to, as they were at the beginning.
        started: when the call began, by the clock of `time.perf_counter`.
    """

    options: argparse.Namespace
    env: Mapping[str, str]
    console: "Console"
    scratch: Path
    background: BackgroundTasks = field(default_factory=BackgroundTasks)
    job_files: JobFiles = field(default_factory=JobFiles)
    started: float = field(default_factory=perf_counter)

    @property
    def allows_credentials(self) -> bool:
        """Return whether the user allows a build to read the environment; False where the settings cannot be read."""
        try:
            return self.context(anywhere=True).config.allow_credentials_in_build
        except ReleaseToolsError:
            return False

    def start_environments(self) -> None:
        """Start to make the environments of build and test, by what the checkout says; the commit rarely differs.

        This comes first, as it takes longest. It is left out where there are credentials in the environment: what is
        installed may run code of its own. The step that needs an environment reports what is wrong with it.
        """
        from release_tools.builders.build_environment import start_build_environment
        from release_tools.project.facts import Project
        from release_tools.system.credentials import refuse_credentials

        with suppress(ReleaseToolsError):
            refuse_credentials(self.env, allowed=False)
            folder = find_project(Path(self.options.project))
            project = Project.of(read_pyproject(folder))
            start_build_environment(self.scratch, self.env, project, self.background)
            if project.dependencies and self.context().config.verify.install:
                from release_tools.builders.test_environment import start_test_environment

                start_test_environment(project.dependencies, self.scratch, self.env, self.background)

    def close(self) -> None:
        """End the background tasks that nobody asked for, and remove what git worked in."""
        from release_tools.git.own_directory import remove_own_directories

        self.background.end()
        remove_own_directories()

    def context(self, *, is_dry_run: bool = True, anywhere: bool = False) -> "Context":
        """Return the context of a pipeline run.

        Args:
            is_dry_run: whether the gate stays closed.
            anywhere: whether a folder without a project is accepted; it has the default settings.

        Raises:
            ConfigError: with every fault of the settings.
            UsageError: the folder contains no project.
        """
        from release_tools.cli.config_check import check_config
        from release_tools.engine.context import Context
        from release_tools.engine.gate import Gate
        from release_tools.publishers.destinations import list_origins

        project = find_project(Path(self.options.project), anywhere=anywhere)
        config = read_config(project, self.env, self.given)
        check_config(config)
        gate = Gate(is_dry_run, pause=config.network.pause / 1000)
        context = Context(
            project,
            config,
            self.env,
            self.console,
            gate,
            self.scratch,
            self.request(),
            self.background,
            job_files=self.job_files,
            origins=tuple(list_origins(config)),
        )
        if context.request.only:
            from release_tools.publishers.routes import Publishers

            context.reuse(Publishers).check_only(context.request.only)
        return context

    @property
    def given(self) -> dict[str, Any]:
        """Return the settings that the command line gave, by their keys."""
        return {
            item.key: getattr(self.options, item.key) for item in list_settings() if hasattr(self.options, item.key)
        }

    def run_pipeline(
        self,
        *groups: "Sequence[Item] | Callable[[Context], Sequence[Item]]",
        is_dry_run: bool,
        anywhere: bool = False,
        has_page: bool = True,
        verdict: str = "done",
        closing: "Callable[[Session, Context, Release], None] | None" = None,
    ) -> int:
        """Run steps, report them as the command line asks, and return the exit code.

        Args:
            groups: steps of `release_tools.pipeline`, or what makes them; one runs even if the one before it failed.
            is_dry_run: whether the gate stays closed.
            anywhere: whether a folder without a project is accepted.
            has_page: whether there is more to show on a report page than on the terminal.
            verdict: the end of a run that succeeded, in a word or two.
            closing: shows what was released once the run has succeeded and was reported.
        """
        from release_tools.model.note import Report
        from release_tools.model.release import Release
        from release_tools.report.output_files import redact_release, write_summary
        from release_tools.run_steps import run_each

        console = self.console
        console.quiet = self.options.json or self.options.quiet
        try:
            context = self.context(is_dry_run=is_dry_run, anywhere=anywhere)
        except ReleaseToolsError as error:
            write_summary(self.env, *redact_release(Release(), Report(), error, console.redact), is_dry_run=is_dry_run)
            raise
        try:
            outcome = run_each([group(context) if callable(group) else group for group in groups], context)
            self._report(context, outcome, has_page=has_page)
            if closing is not None and outcome.error is None:
                closing(self, context, outcome.release)
        finally:
            context.close()
        return self._conclude(outcome, verdict)

    def _conclude(self, outcome: "Outcome", verdict: str) -> int:
        """Print how a run ended, and return the exit code."""
        from release_tools.report.json_data import report_data
        from release_tools.report.text import write_closing_line

        console, release, report = self.console, outcome.release, outcome.report
        if self.options.json:
            console.data(json.dumps(report_data(release, report, outcome.error), indent=2))
        if outcome.error is not None:
            console.error(outcome.error)
            return outcome.error.exit_code
        said = "" if self._is_asked_dry_run else verdict
        console.say(write_closing_line(release, report, said, perf_counter() - self.started), "bold")
        return 0

    @property
    def _is_asked_dry_run(self) -> bool:
        """Return whether the user asked for a dry run: the gate of ``build`` or ``doctor`` is closed as well."""
        return self._has_flag("dry_run")

    def _is_failed_dry_run(self, context: "Context", error: "ReleaseToolsError | None") -> bool:
        """Return whether a dry run failed, whose page is written even where no artifact was stored."""
        if error is None or not self._is_asked_dry_run or not context.request.is_dry_run:
            return False
        with suppress(OSError):
            context.output.mkdir(parents=True, exist_ok=True)
        return True

    def _report(self, context: "Context", outcome: "Outcome", *, has_page: bool) -> None:
        """Write the report page next to the artifacts, and what a GitHub job wants.

        A run that stored nothing in the output folder leaves it as it was.

        Raises:
            OutputError: the page cannot be written, and nothing else failed.
        """
        from release_tools.report.output_files import has_outputs, redact_release, write_summary

        known, report, error = redact_release(outcome.release, outcome.report, outcome.error, self.console.redact)
        page, unwritten = None, None
        try:
            page = self._write_page(context, known, report, error) if has_page else None
        except OutputError as raised:
            unwritten = raised
        write_summary(self.env, known, report, error, is_dry_run=context.gate.is_dry_run)
        if has_outputs(self.env):
            self._write_outputs(context, known, page, error)
        if unwritten and outcome.error is None:
            raise unwritten
        if page and self._has_flag("open"):
            import webbrowser

            webbrowser.open(page.as_uri())

    def _write_outputs(
        self, context: "Context", release: "Release", page: Path | None, error: "ReleaseToolsError | None"
    ) -> None:
        """Write the outputs of a job's step."""
        from release_tools.publishers.routes import Publishers
        from release_tools.report.action_outputs import collect_action_outputs
        from release_tools.report.output_files import write_outputs

        outputs = collect_action_outputs(release, context.output, page, error)
        if release.version:
            outputs["publishers"] = json.dumps(context.reuse(Publishers).names(release.kind))
        write_outputs(self.env, outputs)

    def _write_page(
        self, context: "Context", release: "Release", report: "Report", error: "ReleaseToolsError | None"
    ) -> Path | None:
        """Write the report page, where this run stored artifacts or is a dry run that failed."""
        from release_tools.report.output_files import write_page

        is_stored = any(artifact.path.parent == context.output for artifact in release.artifacts)
        if not is_stored and not self._is_failed_dry_run(context, error):
            return None
        is_dry_run = context.gate.is_dry_run
        return write_page(context.output, release, report, error, is_dry_run=is_dry_run, background=self.background)

    def request(self) -> "Request":
        """Return what the command line asks for; in a job that a tag started, that tag."""
        from release_tools.engine.context import Request
        from release_tools.publishers.destinations import split_names

        version, tag, bump = map(self._get_text, ("version", "tag", "bump"))
        if sum(map(bool, (version, tag, bump))) > 1:
            raise UsageError("the version is given more than once", "Use only one of --version, --tag and --bump.")
        request = Request(
            version,
            tag,
            bump,
            version_field=self._get_text("version_field") or "--version",
            is_dry_run=self._has_flag("is_dry_run"),
            remark=self._get_text("remark"),
            is_next=self._has_flag("next"),
            no_commit=self._has_flag("no_commit"),
            patch=self._get_text("pull_request") or self._get_text("patch"),
            job=self._get_text("job"),
            in_container=self._has_flag("in_container"),
            is_tag_offline=self._has_flag("offline_tag"),
            expect=read_expected_release(getattr(self.options, "expect", None)),
            only=split_names(self._get_text("only")),
            phase=self._get_text("phase"),
        )
        if not (version or tag or bump) and self.env.get("GITHUB_REF_TYPE") == "tag":
            ref = self.env.get("GITHUB_REF_NAME", "")
            return replace(request, tag=ref, field="GITHUB_REF_NAME", is_next=False, no_commit=False, patch="")
        return request

    def _get_text(self, name: str) -> str:
        """Return the text of an option; empty where it is not given, or the command has no such option."""
        return getattr(self.options, name, None) or ""

    def _has_flag(self, name: str) -> bool:
        """Return whether an option without a value is given; False where the command has no such option."""
        return getattr(self.options, name, False) is True


def read_expected_release(text: str | None) -> "Release | None":
    """Return the release that a manifest from outside describes; None where ``--expect`` is not given.

    Raises:
        UsageError: the text is empty or no manifest: a comparison that was asked for is never left out.
        PreflightError: it is a list of digests, as older versions took it, or a manifest of another version.
    """
    if text is None:
        return None
    from release_tools.artifacts import manifest

    try:
        expected = manifest.parse(text, Path())
    except manifest.SchemaError as error:
        raise PreflightError(f"--expect: {error}", f"Build and publish with the same release-tools. {_CURE}") from None
    except manifest.ManifestError as error:
        raise _explain_manifest(text, error) from None
    if not expected.artifacts:
        raise UsageError("--expect: the manifest lists no files", "Check that the build job succeeded.")
    return expected


def _explain_manifest(text: str, error: Exception) -> ReleaseToolsError:
    if _is_digest_list(text):
        return PreflightError(
            "--expect: a list of digests is not enough, because it lacks name, version and tag", _CURE
        )
    return UsageError(
        f"--expect: not the output `artifacts` of a build: {error}",
        "Check that the output of the build job is passed under the right name.",
    )


def _is_digest_list(text: str) -> bool:
    """Return whether a text is a JSON list of files with their digests, or the lines of sha256sum."""
    try:
        items = json.loads(text)
    except (ValueError, RecursionError):
        return _is_sum_list(text)
    return isinstance(items, list) and bool(items) and all(map(_has_digest, items))


def _is_sum_list(text: str) -> bool:
    words = [line.split(maxsplit=1)[0] for line in text.splitlines() if line.strip()]
    return bool(words) and all(map(_SHA256.fullmatch, words))


def _has_digest(item: object) -> bool:
    return isinstance(item, dict) and "sha256" in item


def _find_upwards(start: Path, files: Iterable[str]) -> Path | None:
    """Return the nearest folder, from one upwards to the top of its repository, that has one of some files."""
    for candidate in (start, *start.parents):
        if any((candidate / name).is_file() for name in files):
            return candidate
        if (candidate / ".git").exists():
            break
    return None


def _find_recipe(start: Path) -> Path | None:
    """Return the nearest folder, upwards, that has a conda recipe in one of the usual folders."""
    from release_tools.builders.conda.own_recipe import FOLDERS
    from release_tools.recipe.document import Format

    return _find_upwards(start, [f"{folder}/{form}" for folder in FOLDERS for form in Format])


def find_project(folder: Path, *, anywhere: bool = False) -> Path:
    """Return the nearest folder, upwards, that contains a Python project.

    Args:
        folder: where to start.
        anywhere: return this folder where there is none.

    Raises:
        UsageError: there is none.
    """
    start = folder.resolve()
    if not start.is_dir():
        raise UsageError(f"{folder}: no such folder", "Pass your project's folder with --project.")
    if found := _find_upwards(start, (*PROJECT_FILES, SETTINGS_FILE)):
        return found
    if anywhere:
        return start
    below = sorted({path.parent.name for name in PROJECT_FILES for path in start.glob(f"*/{name}")})
    text = f"{start}: no project found (no pyproject.toml, setup.py or conda recipe)"
    if below:
        raise UsageError(text, f"Choose one: --project {' or --project '.join(map(shlex.quote, below))}")
    if folder_of_recipe := _find_recipe(start):
        return folder_of_recipe
    raise UsageError(text, "Change to your project's folder, or pass it with --project.")
