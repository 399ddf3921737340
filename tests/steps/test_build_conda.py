"""A project that cannot become a noarch conda package is told why, and goes out without it."""

from pathlib import Path

import pytest

from release_tools.config.schema import Config
from release_tools.engine.context import Context, Request
from release_tools.engine.gate import Gate
from release_tools.errors import CondaError, VerifyError
from release_tools.model.note import Skip
from release_tools.model.release import Release
from release_tools.planning.build_plan import BuildJob, BuildPlan, BuildTarget
from release_tools.planning.conda_targets import CondaTarget, assign_conda_targets
from release_tools.steps.build_conda import build_conda
from release_tools.system.console import Console
from tests.conftest import Run
from tests.support.projects import in_tree_project
from tests.support.repositories import make_repository

pytestmark = pytest.mark.slow

PURE = "Root-Is-Purelib: true"
MEMBERS = "Path(name))}"
SUMMARY = "Summary: A demonstration\\n"

# PyPI refuses a URL, with a conda package or without.
REFUSED_ANYHOW = ("URL",)
# A text in the project's own backend, its replacement, and the message that follows.
REFUSED = {
    "not pure": (PURE, "Root-Is-Purelib: false", "it is not pure: WHEEL says Root-Is-Purelib: false"),
    "compiled": (MEMBERS, f'{MEMBERS}\n    members[f"{{name}}/core.dll"] = b""', "'demo/core.dll' is compiled code"),
    "URL": (SUMMARY, f"{SUMMARY}Requires-Dist: a @ https://example.org/a.whl\\n", "a URL is not a package"),
    "kernel": (SUMMARY, f"{SUMMARY}Requires-Dist: a; platform_release >= '6'\\n", "platform_release"),
}

WITHOUT = (REFUSED["compiled"][2], REFUSED["URL"][2])  # one that is released without the package, and one that is not


@pytest.mark.parametrize(("old", "new", "description"), [pytest.param(*case, id=id_) for id_, case in REFUSED.items()])
def test_what_cannot_be_noarch_is_reported_and_the_rest_is_released_without(
    run: Run, tmp_path: Path, old: str, new: str, description: str
) -> None:
    files = in_tree_project()
    backend = files["build-backend/backend.py"]
    assert old in backend
    checkout = make_repository(tmp_path / "ours", {**files, "build-backend/backend.py": backend.replace(old, new)})
    said = run("build", "-C", checkout.root, "--no-verify-install")
    assert said.code == CondaError.exit_code
    assert description in said.err
    assert "--no-conda" in said.err
    assert not (checkout.root / "dist").exists()
    if description not in WITHOUT:
        return
    without = run("build", "-C", checkout.root, "--no-verify-install", "--no-conda")
    if any(word in description for word in REFUSED_ANYHOW):
        assert without.code == VerifyError.exit_code
        return
    assert without.code == 0
    assert sorted(path.suffix for path in (checkout.root / "dist").glob("demo-*")) == [".gz", ".whl"]


NEEDS_RECIPE = '\n[tool.release-tools.conda]\nbuilder = "conda-build"\n'


@pytest.mark.parametrize(
    ("version", "settings"), [(".".join(["10"] * 30), ""), ("1.0", NEEDS_RECIPE)], ids=["version", "builder"]
)
def test_an_error_of_a_builder_names_the_option_that_releases_the_rest(
    run: Run, tmp_path: Path, version: str, settings: str
) -> None:
    files = in_tree_project(version=version)
    files["pyproject.toml"] += settings
    said = run("build", "-C", make_repository(tmp_path / "ours", files).root, "--no-verify-install")
    assert said.code != 0
    assert "--no-conda" in said.err


WHEELS = BuildPlan(
    "demo",
    "1.0",
    (
        BuildJob("source", "ubuntu-latest", "", (BuildTarget("sdist"),)),
        *(
            BuildJob(f"cp312-{name}_x86_64", "ubuntu-latest", "linux", (BuildTarget(f"cp312-{name}_x86_64"),))
            for name in ("manylinux", "musllinux")
        ),
    ),
)
PACKAGE = CondaTarget("demo", "1.0", "linux-64", "py312", "py312h0000001_0")


@pytest.mark.parametrize("targets", [[PACKAGE], []], ids=["another job has it", "none is planned"])
def test_a_job_without_a_conda_package_in_the_plan_builds_none(targets: list[CondaTarget], tmp_path: Path) -> None:
    plan = assign_conda_targets(WHEELS, targets)
    for job in ("source", "cp312-musllinux_x86_64"):
        request = Request(job=job)
        context = Context(tmp_path, Config(), {}, Console({}), Gate(is_dry_run=True), tmp_path, request)
        assert isinstance(build_conda(context, Release(name="demo", version="1.0", plan=plan, job=job)), Skip)
