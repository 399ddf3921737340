"""Read an earlier release: its sdist and wheel, as PyPI serves them."""

from collections.abc import Iterable
from contextlib import closing
from hashlib import file_digest
from pathlib import Path

from packaging.version import Version

from release_tools.addresses import PYPI_FILES, PYPI_SIMPLE
from release_tools.artifacts import Wheel, read_sdist, read_wheel
from release_tools.engine.context import Context
from release_tools.errors import ArchiveError, RemoteError
from release_tools.publishers.package_index.index import PYPI, parse_file_version
from release_tools.publishers.package_index.simple_api import IndexFile, list_project
from release_tools.recipe.evidence import Evidence, gather, says_something
from release_tools.system.http import Http


def read_previous_evidence(context: Context, name: str, version: Version) -> Evidence | None:
    """Return what is known of an earlier release; None where PyPI has no sdist of it.

    Args:
        context: the run's context.
        name: of the project on PyPI.
        version: of the release.

    Raises:
        ArchiveError: the sdist is corrupt.
        RemoteError: PyPI could not be reached, or served other bytes than it says.
    """
    folder = context.scratch / f"previous-{version}"
    with closing(Http.to([PYPI_SIMPLE, PYPI_FILES], context.env, context.http.retry_policy)) as http:
        listed = list_project(http, PYPI, name).files
        files = {file: served for file, served in listed.items() if parse_file_version(file) == version}
        sdist = next((file for file in files if file.endswith(".tar.gz")), None)
        if sdist is None:
            return None
        folder.mkdir(exist_ok=True)
        wheel = _choose_fittest(file for file in files if file.endswith(".whl"))
        path = _fetch(http, files[sdist], folder / sdist)
        read = _read_wheel(http, files[wheel], folder / wheel) if wheel else None
    return gather(read_sdist(path, wanted=says_something), files[sdist].sha256, read)


def _read_wheel(http: Http, served: IndexFile, path: Path) -> Wheel | None:
    """Return a wheel; None where it cannot be had or read, as the sdist says nearly the same."""
    try:
        return read_wheel(_fetch(http, served, path))
    except (ArchiveError, RemoteError):
        return None


def _choose_fittest(wheels: Iterable[str]) -> str:
    """Return the wheel that serves most systems; all say the same of what a recipe needs."""
    return min(wheels, key=lambda name: (not name.endswith("-any.whl"), name), default="")


def _fetch(http: Http, served: IndexFile, path: Path) -> Path:
    with path.open("wb+") as file:
        answer = http.get(served.url, into=file)
        file.seek(0)
        digest = file_digest(file, "sha256").hexdigest()
    if not answer.ok or digest != served.sha256:
        raise RemoteError(f"{path.name}: PyPI serves other bytes than it says", "Run the same command again.")
    return path
