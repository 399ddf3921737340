"""``kill -9`` after every act of a release, whichever there are, and then the same command again.

Each run dies after the first act that it does, so the next one meets the world that a run would leave that died there:
what is known of a release is known by its places alone. Before an act the world is as it was after the one before.
"""

import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.stage import Stage, stage
from tests.support.projects import in_tree_project
from tests.support.runs import AFTER, Ended, Run, Runs
from tests.support.world import ANACONDA_TOKEN, CONDA_FORGE_TOKEN, GITHUB_TOKEN, SLUG

pytestmark = pytest.mark.slow

PYPI_TOKEN = "pypi-canary-6a1c"
FILES = {**in_tree_project(), "CHANGELOG.md": "# Changelog\n\n## Unreleased\n\n- Everything\n"}
COMMAND = (
    "release",
    "--version",
    "1.0",
    "--allow-credentials-in-build",
    "--no-verify-install",
    "--no-verify-conda-install",
)


def credentials(there: Stage) -> Mapping[str, str]:
    for index in (there.pypi, there.testpypi):
        index.tokens[PYPI_TOKEN] = None
    return {
        "TWINE_PASSWORD": PYPI_TOKEN,
        "ANACONDA_API_TOKEN": ANACONDA_TOKEN,
        "GITHUB_TOKEN": GITHUB_TOKEN,
        "CONDA_FORGE_TOKEN": CONDA_FORGE_TOKEN,
    }


def date(there: Stage) -> None:
    """Another time would be another commit, and other bytes."""
    dates = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), "2026-01-01T00:00:00Z")
    there.checkout.more.update(dates)
    there.checkout.git("reset", "--quiet", "--hard", there.checkout.git("commit-tree", "HEAD^{tree}", "-m", "All"))
    for name in dates:
        del there.checkout.more[name]
    there.push("+main")


def run(runs: Runs, there: Stage, kill: str) -> list[Ended]:
    """The ends of the runs, and what each of them did."""
    command = (COMMAND[0], "-C", str(there.checkout.root), *COMMAND[1:])
    env = {**there.checkout.env, **credentials(there)}
    return runs.until_done(Run(command, env, str(there.folder / "log"), kill))


def state(there: Stage) -> dict[str, Any]:
    """Everything that stands anywhere, without the times and numbers that differ from run to run."""
    far = there.github.repositories[SLUG]
    return {
        "refs": {ref: far.bare.resolve(f"{ref}^{{commit}}") for ref in far.bare.refs()},
        "releases": [
            (one.tag, one.draft, one.prerelease, one.name, one.body, sorted((a.name, a.digest) for a in one.assets))
            for one in far.releases
        ],
        "pulls": {name: [(p.title, p.state) for p in repo.pulls] for name, repo in there.github.repositories.items()},
        "pypi": there.pypi.holds(),
        "accepted": sorted(there.pypi.accepted),
        "anaconda": there.anaconda.holds(),
        "taken": sorted(there.anaconda.accepted),
        "dist": sorted(path.name for path in (there.checkout.root / "dist").iterdir()),
    }


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL and fork are of POSIX")
def test_killed_after_every_act_it_ends_as_if_it_never_was(runs: Runs, tmp_path: Path) -> None:
    worlds = {}
    for kill in ("", AFTER):
        folder = tmp_path / (kill or "never")
        folder.mkdir()
        with stage(folder, Path("unused"), FILES, conda_forge=True) as there:
            date(there)
            worlds[kill] = run(runs, there, kill), state(there)
    [only], whole = worlds[""]
    assert only.code == 0, only.said
    actions = only.applied
    ends, afterwards = worlds[AFTER]
    assert [one.code for one in ends] == [-signal.SIGKILL] * len(actions) + [0], ends[-1].said
    assert tuple(key for one in ends for key in one.applied) == actions
    assert afterwards == whole
    places = {"tag", "github-draft", "pypi", "anaconda", "github", "conda-forge-branch", "conda-forge"}
    assert {key.partition(":")[0] for key in actions} >= places
