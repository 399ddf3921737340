"""The clone that is built, made while what builds it is still being loaded."""

from functools import partial

from release_tools.begun import Task
from release_tools.context import Context
from release_tools.model import Release
from release_tools.services.source import SOURCE, clone_source


def begin_clone(context: Context, release: Release) -> None:
    """Begin to clone: that needs the version, whose tag the clone carries, and git alone."""
    context.begun.add(SOURCE, Task(partial(clone_source, context, release)))
