"""Everything that is said to a person: on a terminal, in a log, or in a GitHub Actions log. Nothing else prints."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, TextIO

from release_tools import inert
from release_tools.credentials import Secrets
from release_tools.model import Note, Section, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from rich.console import Console as RichConsole

    from release_tools.errors import ReleaseToolsError

MARKS: Final[Mapping[State, str]] = {
    State.FACT: "·",
    State.DONE: "✓",
    State.ALREADY: "✓",
    State.WOULD: "→",
    State.SKIPPED: "-",
    State.WARNING: "!",
    State.FAILED: "✗",
    State.UNREACHED: "○",
}
_STYLES: Final[Mapping[State, str]] = {
    State.DONE: "green",
    State.ALREADY: "green",
    State.WOULD: "cyan",
    State.SKIPPED: "dim",
    State.WARNING: "yellow",
    State.FAILED: "bold red",
}
_ASCII: Final = str.maketrans({"·": ".", "✓": "+", "→": ">", "✗": "x", "…": "~", "○": "o"})


class Console:
    """Speaks to a person, and never lets a secret or somebody else's control characters through.

    Attributes:
        in_actions: whether this is the log of a GitHub Actions job.
        quiet: whether only results and errors are said.
    """

    def __init__(self, env: Mapping[str, str], *, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._err = err or sys.stderr
        self._secrets = Secrets.of(env)
        self._env = env
        self._rich: RichConsole | None = None
        self._status: Callable[[str], None] | None = None
        self.in_actions = env.get("GITHUB_ACTIONS") == "true"
        self.quiet = False

    def mask(self, secret: str) -> None:
        """From now on show ``***`` for this value, here and in the job's log."""
        self._secrets = Secrets((secret, *self._secrets.values))
        if self.in_actions:
            print(f"::add-mask::{inert.workflow_data(secret)}", file=self._out, flush=True)

    def redact(self, text: str) -> str:
        """The text without any known secret, nor one whose pieces a terminal would show side by side."""
        return self._secrets.redact(inert.for_terminal(self._secrets.redact(text)))

    def data(self, text: str) -> None:
        """A result that machines read, alone on standard output."""
        print(self.redact(text), file=self._out, flush=True)

    def say(self, text: str = "", style: str = "") -> None:
        """One line for a person."""
        if not self.quiet:
            self._line(self._out, text, style)

    def ask(self, question: str, default: str = "") -> str:
        """A person's answer; the default where nobody sits at a terminal, or only presses return."""
        if not sys.stdin.isatty():
            return default
        self._line(self._err, f"{question} [{default}]" if default else question)
        return sys.stdin.readline().strip() or default

    @contextmanager
    def working(self, title: str) -> Iterator[None]:
        """Show, on a terminal, that something takes its time."""
        terminal = self._terminal()
        if self.quiet or not terminal.is_terminal or self.in_actions:
            yield
            return
        with terminal.status(title) as status:
            self._status = lambda doing: status.update(f"{title}: {doing}")
            try:
                yield
            finally:
                self._status = None

    def doing(self, text: str) -> None:
        """Say what is going on right now, where something is shown to take its time."""
        if self._status is not None:
            self._status(inert.for_terminal(self.redact(text)))

    def section(self, section: Section) -> None:
        """What a step had to say; in a job's log it can be folded."""
        if self.quiet:
            return
        head = f"{section.title}  ({section.seconds:.1f} s)" if section.seconds else section.title
        if self.in_actions:
            print(f"::group::{inert.workflow_data(self.redact(head))}", file=self._out, flush=True)
        else:
            self._line(self._out, head, "bold")
        for note in section.notes:
            self._note(note)
        if self.in_actions:
            print("::endgroup::", file=self._out, flush=True)
            for note in section.notes:
                self._annotate(note)
        else:
            self._line(self._out, "")

    def remark(self, note: Note) -> None:
        """A note on standard error, for commands whose standard output is the result alone."""
        for line in filter(None, (note.text, note.detail, note.advice)):
            self._line(self._err, line)

    def error(self, error: ReleaseToolsError) -> None:
        """What went wrong and what to do, on standard error; an annotation in a job."""
        if self.in_actions:
            print(f"::error::{inert.workflow_data(self.redact(str(error)))}", file=self._out, flush=True)
        first, *others = str(error).splitlines() or [type(error).__name__]
        self._line(self._err, f"error: {first}", "bold red")
        for line in others:
            self._line(self._err, line)

    def _note(self, note: Note) -> None:
        style = _STYLES.get(note.state, "")
        self._line(self._out, f"  {MARKS[note.state]} {note.text}", style, note.detail)
        if note.advice:
            self._line(self._out, f"    {note.advice}", "yellow" if note.state is State.WARNING else "")

    def _annotate(self, note: Note) -> None:
        if note.state in (State.WARNING, State.FAILED):
            level = "warning" if note.state is State.WARNING else "error"
            text = " ".join(filter(None, (note.text, note.advice)))
            print(f"::{level}::{inert.workflow_data(self.redact(text))}", file=self._out, flush=True)

    def _line(self, stream: TextIO, text: str, style: str = "", dim: str = "") -> None:
        text, dim = (inert.for_log(inert.for_terminal(self.redact(part))) for part in (text, dim))
        if stream is self._out and self._terminal().is_terminal:
            from rich.text import Text

            line = Text(text, style)
            if dim:
                line.append(f"  {dim}", "dim")
            self._terminal().print(line, soft_wrap=True)
            return
        plain = f"{text}  {dim}" if dim else text
        if "utf" not in (stream.encoding or "utf-8").lower():
            plain = plain.translate(_ASCII).encode("ascii", "replace").decode()
        print(plain, file=stream, flush=True)

    def _terminal(self) -> RichConsole:
        if self._rich is None:
            from rich.console import Console as RichConsole

            self._rich = RichConsole(file=self._out, highlight=False, markup=False, emoji=False, _environ=self._env)
        return self._rich
