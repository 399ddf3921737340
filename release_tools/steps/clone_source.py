"""The clone that is built, made while what builds it is still being loaded."""

from functools import partial

from release_tools.engine.background import Task
from release_tools.engine.context import Context
from release_tools.git.clone import SOURCE, clone_source
from release_tools.model.release import Release


def start_clone(context: Context, release: Release) -> None:
    """Begin to clone: that needs the version, whose tag the clone carries, and git alone."""
    context.background.add(SOURCE, Task(partial(clone_source, context, release)))
