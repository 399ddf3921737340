"""Load what renders recipes ahead of its use, as that takes as long as to render a small one."""

from typing import Final

from release_tools.engine.tasks import BackgroundTasks

_TASK: Final = "load the renderer of recipes"


def start_loading(background: BackgroundTasks) -> None:
    """Start to load rattler-build's library, and the modules of ours that use it."""
    background.start(_TASK, _load)


def finish_loading(background: BackgroundTasks) -> None:
    """Wait until all of it is loaded, as a task must not import a package that another one imports meanwhile."""
    background.result(_TASK, _load)


def _load() -> None:
    import rattler_build  # noqa: F401 - loaded for others

    import release_tools.publishers.conda_forge.rendering  # noqa: F401 - loaded for others
