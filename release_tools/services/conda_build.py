"""What rattler-build says of a conda package: read back by its library, tested by its test runner."""

import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from release_tools.archives import CondaPackage
from release_tools.credentials import without_credentials
from release_tools.process import ProcessError, run
from release_tools.services import conda_tester

_PATIENCE: Final = 600.0


@dataclass(frozen=True)
class Tested:
    """One test of a package.

    Attributes:
        passed: whether it did.
        output: what was said, a line each.
    """

    passed: bool
    output: tuple[str, ...]


def read_back(package: CondaPackage) -> tuple[str, ...]:
    """What rattler-build reads otherwise than we do; empty where both agree."""
    from rattler_build import Package, RattlerBuildError

    try:
        found = Package.from_file(package.path)
        files = found.files
    except RattlerBuildError as error:
        return (f"rattler-build cannot read it: {error}",)
    pairs = {
        "name": (found.name, package.name),
        "version": (found.version, package.version),
        "build": (found.build_string, package.build),
        "build number": (found.build_number, package.build_number),
        "subdir": (found.subdir, package.subdir),
        "noarch": (found.noarch or "", package.noarch),
        "requirements": (tuple(found.depends), package.depends),
        "files": (sorted(files), sorted(member.name for member in package.members)),
    }
    return tuple(
        f"its {what}: rattler-build reads {theirs!r}" for what, (theirs, ours) in pairs.items() if theirs != ours
    )


def run_tests(path: Path, channels: Sequence[str], env: Mapping[str, str]) -> tuple[Tested, ...]:
    """Run the tests that a package carries, each in an environment of its own.

    Args:
        path: the package.
        channels: where its requirements come from.
        env: the environment; credentials are left out of it.

    Raises:
        ProcessError: the test runner itself failed.
    """
    with tempfile.TemporaryDirectory(prefix="release-tools-") as folder:
        answer = Path(folder, "answer.json")
        argv = [sys.executable, "-P", conda_tester.__file__, str(path), str(answer), *channels]
        done = run(argv, env=without_credentials(env), patience=_PATIENCE)
        try:
            told = json.loads(answer.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise ProcessError(f"{path.name}: its tests gave no answer", done.stderr) from None
    return tuple(Tested(one["passed"], tuple(one["output"])) for one in told)
