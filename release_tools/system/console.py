"""Everything that is said to a person: on a terminal, in a log, or in a GitHub Actions log. Nothing else prints."""

from __future__ import annotations

import re
import sys
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from release_tools.model.note import Document, Note, Section, State
from release_tools.system import sanitize
from release_tools.system.credentials import Secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from rich.console import Console as RichConsole

    from release_tools.errors import ReleaseToolsError

MARKS: Final[Mapping[State, str]] = {
    State.INFO: "·",
    State.DONE: "✓",
    State.UNCHANGED: "✓",
    State.PLANNED: "→",
    State.SKIPPED: "-",
    State.WARNING: "!",
    State.FAILED: "✗",
    State.NOT_RUN: "○",
}
_STYLES: Final[Mapping[State, str]] = {
    State.DONE: "green",
    State.UNCHANGED: "green",
    State.PLANNED: "cyan",
    State.SKIPPED: "dim",
    State.WARNING: "yellow",
    State.FAILED: "bold red",
}
RERUN: Final = "Run the same command again"
"""The advice after a failure that a second try may cure."""
_RERUN_JOBS: Final = "Choose Re-run failed jobs"
_SIGN_OF_LIFE: Final = 30
"""Seconds after which a log without a terminal gets a line about a slow build."""
_LINE: Final = 120
_LONGEST: Final = 500
_FILE: Final = re.compile(r"(?P<file>/?[\w.][\w./-]*)(?::(?P<line>\d+))?(?=[:, ])", re.ASCII)
"""A file, and maybe its line, at the beginning of a fault."""
_PARSER_LINE: Final = re.compile(r"\bline (\d+)")
"""The line as the parsers of TOML and YAML give it."""
_DIFF: Final = {"+++": "bold", "---": "bold", "+": "green", "-": "red", "@@": "cyan"}
_ASCII: Final = str.maketrans({"·": ".", "✓": "+", "→": ">", "✗": "x", "…": "~", "○": "o"})


class Console:
    """Speaks to a person, and never lets a secret or somebody else's control characters through.

    Attributes:
        in_actions: whether this is the log of a GitHub Actions job.
        quiet: whether only results and errors are said.
        silent: whether a person asked for that, so that remarks are left out as well.
        verbose: whether the output of builds is shown as it comes.
        has_data: whether a result was printed.
    """

    def __init__(self, env: Mapping[str, str], *, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._err = err or sys.stderr
        self._secrets = Secrets.of(env)
        self._env = env
        self._rich: dict[TextIO, RichConsole] = {}
        self._status: Callable[[str], None] | None = None
        self.in_actions = env.get("GITHUB_ACTIONS") == "true"
        self._workspace = Path(env["GITHUB_WORKSPACE"]) if env.get("GITHUB_WORKSPACE") else None
        self.quiet = False
        self.silent = False
        self.verbose = False
        self.has_data = False
        self._title = ""
        self._reasons: set[str] = set()
        self._advised: set[tuple[str, str]] = set()
        self._is_after_skipped = False

    def mask(self, secret: str) -> None:
        """Show ``***`` for this value from now on, here and in the job's log."""
        self._secrets = Secrets((secret, *self._secrets.values))
        self._command("add-mask", secret)

    def redact(self, text: str) -> str:
        """Return the text without any known secret, nor one whose pieces a terminal would show side by side.

        On a runner, where nobody can run the same command again, it says what to click instead.
        """
        shown = self._secrets.redact(sanitize.sanitize_for_terminal(self._secrets.redact(text)))
        return shown.replace(RERUN, _RERUN_JOBS) if self.in_actions else shown

    def data(self, text: str) -> None:
        """Print a result that machines read, alone on standard output."""
        self.has_data = True
        text = self.redact(text)
        if self.in_actions:
            text = text.replace("##[", "#\\u0023[")  # the same in JSON, and no command to the runner
        print(text, file=self._out, flush=True)

    def say(self, text: str = "", style: str = "") -> None:
        """Print one line for a person."""
        if not self.quiet:
            self._end_skipped()
            self._line(self._out, text, style)

    def ask(self, question: str, default: str = "") -> str:
        """Return a person's answer; the default where nobody sits at a terminal, or only presses return."""
        if not sys.stdin.isatty():
            return default
        self._line(self._err, f"{question} [{default}]" if default else question)
        return sys.stdin.readline().strip() or default

    @contextmanager
    def show_progress(self, title: str) -> Iterator[None]:
        """Show, on a terminal, that something takes its time."""
        terminal = self._terminal(self._out)
        if self.quiet or terminal is None:
            yield
            return
        with terminal.status(title) as status:
            self._status, self._title = status.update, title
            try:
                yield
            finally:
                self._status = None

    def show_detail(self, text: str) -> None:
        """Say what is going on right now, where something is shown to take its time."""
        if self._status is not None:
            self._status(f"{self._title}: {sanitize.sanitize_for_terminal(self.redact(text))}")

    def watch_build(self) -> Callable[[float, str], None]:
        """Return what shows that a build goes on: its last line and the seconds that it runs, or all of its output.

        It is called again and again with the seconds and what was written since the last call. A log without a
        terminal gets a line now and then.
        """
        last, next_sign = "", _SIGN_OF_LIFE

        def show(seconds: float, text: str) -> None:
            nonlocal last, next_sign
            lines = [line.strip() for line in text.splitlines() if line.strip()]
            last = lines[-1][:_LINE] if lines else last
            if self.verbose:
                self._show_output(lines)
            elif self._status is not None:
                self._status(f"{self._title} ({seconds:.0f} s)  {sanitize.sanitize_for_terminal(self.redact(last))}")
            elif seconds >= next_sign and not self.quiet:
                next_sign += _SIGN_OF_LIFE
                self._line(self._out, f"  … {seconds:.0f} s", "", last)

        return show

    def _show_output(self, lines: Iterable[str]) -> None:
        for line in lines:
            self._line(self._err if self.quiet else self._out, f"    {line[:_LONGEST]}")

    def section(self, section: Section) -> None:
        """Show what a step had to say; in a job's log it can be folded."""
        if self.quiet or not section.notes:
            return
        if all(note.state is State.SKIPPED for note in section.notes):
            self._show_skipped(section)
            return
        self._end_skipped()
        head = f"{section.title}  ({section.seconds:.1f} s)" if section.seconds else section.title
        with self._group(head, "bold"):
            for note, times in Counter(section.notes).items():  # sixty wheels may have the same fault
                self._note(note, times)
        self._annotate_warnings(section.notes)

    @contextmanager
    def _group(self, head: str, style: str = "") -> Iterator[None]:
        """Put what is printed in a group: it can be folded in a job's log, and ends with an empty line elsewhere.

        Args:
            head: its headline.
            style: of the headline outside of a job's log; empty where it is left out there.
        """
        if self.in_actions:
            self._command("group", self.redact(head))
        elif style:
            self._line(self._out, head, style)
        yield
        if self.in_actions:
            self._command("endgroup")
        else:
            self._line(self._out, "")

    def _show_skipped(self, section: Section) -> None:
        """Show a step that did not apply in one line; what to do about it is said once for each reason."""
        for note in section.notes:
            reason = ": ".join(filter(None, (note.text, note.detail)))
            advice = "" if reason in self._reasons else note.advice
            self._reasons.add(reason)
            self._line(self._out, f"- {section.title}: {reason}", "dim", advice)
        self._is_after_skipped = True

    def _end_skipped(self) -> None:
        if self._is_after_skipped:
            self._line(self._out, "")
        self._is_after_skipped = False

    def document(self, document: Document) -> None:
        """Show a diff, in its usual colours; other documents are for the reports, being too long to read here."""
        if self.quiet or document.language != "diff":
            return
        with self._group(document.title):
            for line in document.text.splitlines():
                style = next((style for mark, style in _DIFF.items() if line.startswith(mark)), "")
                self._line(self._out, line, style)

    def remark(self, note: Note) -> None:
        """Print a note on standard error, for commands whose standard output is the result alone."""
        for line in () if self.silent else filter(None, (note.text, note.detail, note.advice)):
            self._line(self._err, line)

    def error(self, error: ReleaseToolsError) -> None:
        """Print what went wrong and what to do, on standard error; an annotation in a job."""
        for fault in error.faults or (error.message,):
            self._annotate_error(fault, error)
        first, *others = str(error).splitlines() or [type(error).__name__]
        self._line(self._err, f"error: {first}", "bold red")
        for line in others:
            self._line(self._err, line)

    def _note(self, note: Note, times: int) -> None:
        style = _STYLES.get(note.state, "")
        text = note.text if times == 1 else f"{note.text} ({times} times)"
        self._line(self._out, f"  {MARKS[note.state]} {text}", style, note.detail)
        if note.advice and (note.text, note.advice) not in self._advised:  # the same problem gets its advice once
            self._advised.add((note.text, note.advice))
            self._line(self._out, f"    {note.advice}", "yellow" if note.state is State.WARNING else "")

    def _annotate_warnings(self, notes: Iterable[Note]) -> None:
        """Annotate each warning once; a fault is annotated with the error that it becomes."""
        for note in dict.fromkeys(notes):
            if note.state is State.WARNING:
                self._command("warning", self.redact(" ".join(filter(None, (note.text, note.advice)))))

    def _annotate_error(self, fault: str, error: ReleaseToolsError) -> None:
        """Annotate one fault, at the line of the file that it names."""
        properties = self._locate(fault)
        is_only = fault == error.message
        properties["title"] = "release-tools" if is_only else self.redact(error.message.rstrip(":"))
        text = self.redact(" ".join(filter(None, (fault, error.advice if is_only else ""))))
        self._command("error", text, properties)

    def _locate(self, fault: str) -> dict[str, str]:
        """Return the file of the workspace that a fault begins with, and its line if the fault has one."""
        found = _FILE.match(fault)
        if found is None or self._workspace is None:
            return {}
        path = self._workspace / found["file"]
        if not path.is_file() or not path.is_relative_to(self._workspace):
            return {}
        properties = {"file": path.relative_to(self._workspace).as_posix()}
        line = found["line"] or next(iter(_PARSER_LINE.findall(fault)), "")
        return properties | ({"line": line} if line else {})

    def _command(self, name: str, text: str = "", properties: Mapping[str, str] | None = None) -> None:
        """Tell the runner of a job; where standard output is data, on the other stream, which it reads as well."""
        if self.in_actions:
            given = ",".join(f"{key}={sanitize.workflow_property(value)}" for key, value in (properties or {}).items())
            head = f"{name} {given}" if given else name
            print(
                f"::{head}::{sanitize.escape_workflow_data(text)}",
                file=self._err if self.quiet else self._out,
                flush=True,
            )

    def _line(self, stream: TextIO, text: str, style: str = "", dim: str = "") -> None:
        text, dim = (sanitize.sanitize_for_log(self.redact(part)) for part in (text, dim))
        terminal = self._terminal(stream)
        if terminal is not None:
            from rich.text import Text

            line = Text(text, style)
            if dim:
                line.append(f"  {dim}", "dim")
            terminal.print(line, soft_wrap=True)
            return
        plain = f"{text}  {dim}" if dim else text
        if "utf" not in (stream.encoding or "utf-8").lower():
            plain = plain.translate(_ASCII).encode("ascii", "replace").decode()
        print(plain, file=stream, flush=True)

    def _terminal(self, stream: TextIO) -> RichConsole | None:
        """Return the stream as a terminal; None where nobody looks on, and rich need not be loaded."""
        if self.in_actions or not stream.isatty():
            return None
        if stream not in self._rich:
            from rich.console import Console as RichConsole

            self._rich[stream] = RichConsole(
                file=stream, highlight=False, markup=False, emoji=False, _environ=self._env
            )
        return self._rich[stream]
