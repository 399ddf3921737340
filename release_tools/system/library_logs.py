"""The words of libraries, which go to people by the console like everything else.

Loggers that nobody configures write to standard error as they are: a server's own text with its control characters and
workflow commands, and whatever credential stands in an address.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from release_tools.model.note import Note, State
from release_tools.system.console import Console


class _ConsoleHandler(logging.Handler):
    """Shows records of any logger by a console, one line each."""

    def __init__(self, console: Console) -> None:
        super().__init__(logging.WARNING)
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        """Show one record."""
        try:
            text = " ".join(record.getMessage().split())
        except Exception:  # noqa: BLE001 - a library's wrong format must not end the command
            text = str(record.msg)
        self._console.remark(Note(State.WARNING, f"{record.name}: {text}"))


@contextmanager
def redirect_logs(console: Console) -> Iterator[None]:
    """Send what any library logs or warns of to a console, while this lasts."""
    handler = _ConsoleHandler(console)
    root = logging.getLogger()
    root.addHandler(handler)
    logging.captureWarnings(capture=True)
    try:
        yield
    finally:
        logging.captureWarnings(capture=False)
        root.removeHandler(handler)
