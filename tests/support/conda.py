"""A real conda channel without a network: the running Python, pip, and whatever a test adds to them."""

import os
import sys
import sysconfig
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from rattler import Subdir
from rattler_build import FileEntry, assemble_package

from release_tools.artifacts import CondaPackage, read_wheel
from release_tools.builders.conda import rattler
from release_tools.builders.conda.from_wheel import Conversion, convert
from release_tools.builders.conda.rattler_build import find_disagreements, read_packages
from tests.support.artifacts import Project
from tests.support.python_files import list_python_files

NEEDS_POSIX = pytest.mark.skipif(os.name != "posix", reason="the running Python is packed in its POSIX layout")
COMMIT_TIME = 1_700_000_000


@dataclass(frozen=True)
class Channel:
    """A channel in a folder.

    Attributes:
        folder: the channel.
        cache: of py-rattler, the tests' own.
        others: the URLs of channels that are asked after this one.
    """

    folder: Path
    cache: Path
    others: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        return self.folder.as_uri()

    def add(self, *projects: Project | Path, conversion: Conversion = Conversion()) -> list[Path]:  # noqa: B008 - frozen
        """Convert wheels, or wheels of projects, into the channel, and index it."""
        noarch = self.folder / "noarch"
        noarch.mkdir(parents=True, exist_ok=True)
        made: list[Path] = []
        for project in projects:
            wheel = project if isinstance(project, Path) else project.wheel(self.folder)
            made += convert(read_wheel(wheel), noarch, conversion, COMMIT_TIME).paths
        rattler.index_channel(self.folder)
        return made

    @property
    def urls(self) -> tuple[str, ...]:
        return (self.url, *self.others)

    def over(self, folder: Path) -> "Channel":
        """A new channel that is asked before this one."""
        return Channel(folder, self.cache, self.urls)

    def install(self, prefix: Path, *specs: str) -> None:
        rattler.install(prefix, specs, self.urls, cache_dir=self.cache)


def read_back(package: CondaPackage) -> tuple[str, ...]:
    """Return what rattler-build reads of a package otherwise than we do."""
    [read] = read_packages([package.path], os.environ)
    return find_disagreements(package, read)


def pack_python(folder: Path, pip: Path) -> Path:
    """A conda package ``python`` of the interpreter that runs the tests, with the bytecode of this pip."""
    interpreter = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    base, stdlib = Path(sys.base_prefix), Path(sysconfig.get_path("stdlib"))
    files = list_python_files(interpreter, base, stdlib, pip, folder.with_name("python-files"))
    platform = str(Subdir.current())
    (folder / platform).mkdir(parents=True)
    return Path(
        assemble_package(
            name="python",
            version=sys.version.split()[0].rstrip("+"),
            target_platform=platform,
            build_string="0_tests",
            output_dir=folder / platform,
            files=[FileEntry.from_paths(path, name) for name, path in files.items()],
            compression_level=1,
            detect_prefix=False,
        ).path
    )


def once(folder: Path, make: Callable[[Path], None]) -> Path:
    """A folder that one of several workers makes, and that the others wait for."""
    reported = folder.with_suffix(".made")
    try:
        folder.mkdir()
    except FileExistsError:
        deadline = time.monotonic() + 60
        while not (reported.exists() and reported.read_text()) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert reported.read_text() == "well", f"another worker failed to make {folder.name}"
        return folder
    outcome = "badly"
    try:
        make(folder)
        outcome = "well"
    finally:
        reported.write_text(outcome)
    return folder


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of this run share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if os.environ.get("PYTEST_XDIST_WORKER") else own


@pytest.fixture(scope="session")
def conda_channel(shared: Path) -> Channel:
    """A channel with the running Python and its pip; nobody adds to it."""

    def make(folder: Path) -> None:
        (pip,) = Path(sysconfig.get_path("stdlib")).glob("ensurepip/_bundled/pip-*.whl")
        pack_python(folder, pip)
        Channel(folder, shared / "rattler-cache").add(pip)

    return Channel(once(shared / "conda-channel", make), shared / "rattler-cache")
