"""Test that ``release-tools init`` keeps files that it did not write, and users' changes in those that it wrote."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from release_tools.cli.main import main
from release_tools.errors import DriftError, UsageError
from release_tools.workflows.render import CHECK, FOLDER, PINS, RELEASE
from tests.support.repositories import Checkout

ACTION = f"python-release-tools/python-release-tools@{'a' * 40}"
THEIRS = "name: ours\non: push\njobs: {test: {runs-on: ubuntu-latest, steps: [{run: pytest}]}}\n"
STATIC = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "demo"
version = "1.0"
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout.create(tmp_path, "https://github.com/octo/demo.git")


def init(checkout: Checkout, *options: str, project: str = ".") -> int:
    command = ["init", "-C", str(checkout.root / project), *(options or ("--yes",))]
    if "--action" not in options and "--check" not in options:
        command += ["--action", ACTION]
    return main(command, checkout.env)


def workflows(checkout: Checkout) -> set[str]:
    return {file.name for file in (checkout.root / FOLDER).iterdir()}


def read(checkout: Checkout, path: str = RELEASE) -> str:
    return (checkout.root / path).read_text(encoding="utf-8")


def edit(checkout: Checkout, old: str, new: str, path: str = RELEASE) -> None:
    text = read(checkout, path)
    assert old in text
    (checkout.root / path).write_text(text.replace(old, new), encoding="utf-8")


def put(checkout: Checkout, path: str, text: str = THEIRS) -> None:
    (checkout.root / path).parent.mkdir(parents=True, exist_ok=True)
    (checkout.root / path).write_text(text, encoding="utf-8")


@pytest.mark.slow
def test_a_workflow_of_somebody_else_is_kept(checkout: Checkout) -> None:
    put(checkout, RELEASE)
    checkout.commit({})
    put(checkout, CHECK)  # which is not committed
    assert init(checkout) == 0
    assert read(checkout, RELEASE) == read(checkout, CHECK) == THEIRS
    assert workflows(checkout) == {"release.yml", "release-demo.yml", "check.yml", "check-demo.yml"}
    files = {name: read(checkout, f"{FOLDER}/{name}") for name in workflows(checkout)}
    assert init(checkout) == 0
    assert init(checkout, "--check") == 0
    assert {name: read(checkout, f"{FOLDER}/{name}") for name in workflows(checkout)} == files


def test_a_second_name_that_is_taken_is_kept_too(checkout: Checkout) -> None:
    for name in (RELEASE, f"{FOLDER}/release-demo.yml"):
        put(checkout, name)
    assert init(checkout) == 0
    assert workflows(checkout) == {"release.yml", "release-demo.yml", "release-demo-2.yml", "check.yml"}
    assert read(checkout) == read(checkout, f"{FOLDER}/release-demo.yml") == THEIRS


def test_a_link_is_not_written_through(checkout: Checkout, tmp_path: Path) -> None:
    (checkout.root / FOLDER).mkdir(parents=True)
    try:
        (checkout.root / RELEASE).symlink_to(tmp_path / "elsewhere.yml")
    except OSError:
        pytest.skip("links need a right on Windows")
    assert init(checkout) == 0
    assert not (tmp_path / "elsewhere.yml").exists()
    assert "release-demo.yml" in workflows(checkout)


@pytest.mark.slow
def test_another_package_of_the_repository_gets_workflows_of_its_own(checkout: Checkout) -> None:
    for name in ("alpha", "beta"):
        put(checkout, f"{name}/pyproject.toml", STATIC.replace("demo", name))
        put(checkout, f"{name}/{name}.py", "")
    checkout.commit({})
    for name in ("alpha", "beta"):
        assert init(checkout, project=name) == 0
    first = read(checkout)
    assert workflows(checkout) == {"release.yml", "check.yml", "release-beta.yml", "check-beta.yml"}
    for name in ("alpha", "beta"):
        assert init(checkout, project=name) == 0
        assert init(checkout, "--check", project=name) == 0
    assert read(checkout) == first
    titles = {yaml.safe_load(read(checkout, f"{FOLDER}/{name}"))["name"] for name in workflows(checkout)}
    assert len(titles) == 4


@pytest.mark.slow
def test_init_warns_where_two_packages_of_a_repository_are_released_by_the_same_tags(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    def warnings(project: str) -> list[str]:
        capsys.readouterr()
        assert init(checkout, "--yes", "--json", "--action", ACTION, project=project) == 0
        notes = json.loads(capsys.readouterr().out)["workflows"]
        return [note["text"] for note in notes if note["state"] == "warning"]

    for name in ("alpha", "beta"):
        put(checkout, f"{name}/pyproject.toml", STATIC.replace("demo", name))
    assert not warnings("alpha")
    [warning] = warnings("beta")
    assert "release.yml, which releases alpha" in warning
    own = '[tool.release-tools]\ntag-format = "beta-v{version}"\n'
    put(checkout, "beta/pyproject.toml", STATIC.replace("demo", "beta") + own)
    assert not warnings("beta")
    assert not warnings("alpha")
    assert '- "beta-v[0-9]*"' in read(checkout, f"{FOLDER}/release-beta.yml")


OWN = """\
  docs:
    runs-on: ubuntu-latest
    timeout-minutes: 7
    steps:
      - *files
      - run: make docs
"""


def add_own(where: str) -> Callable[[str], str]:
    return lambda text: re.sub(rf"(# >>> own jobs {where} .*\n)", rf"\1{OWN}", text)


KEPT: dict[str, tuple[Callable[[str], str], str]] = {
    "a runner": (
        lambda text: text.replace("runs-on: ubuntu-latest", "runs-on: [self-hosted, linux] # ours", 1),
        "runs-on: [self-hosted, linux] # ours",
    ),
    "a group of runners": (
        lambda text: text.replace("runs-on: ubuntu-latest", "runs-on:\n      group: big", 1),
        "group: big",
    ),
    "a time limit": (lambda text: text.replace("timeout-minutes: 30", "timeout-minutes: 90", 1), "minutes: 90"),
    "jobs before publishing": (add_own("before"), f"{OWN}  # <<< own jobs before"),
    "jobs after publishing": (add_own("after"), f"{OWN}  # <<< own jobs after"),
    "a raised pin": (lambda text: text.replace(PINS["actions/checkout"], f"{'b' * 40} # v99.0.0"), f"{'b' * 40} # v99"),
    "our own raised pin": (lambda text: text.replace("a" * 40, f"{'c' * 40} # v9.0.0"), f"{'c' * 40} # v9.0.0"),
    "a tag as a pin": (
        lambda text: text.replace(f"attest@{PINS['actions/attest']}", "attest@v99"),
        "attest@v99",
    ),
    "the guard of a maintained fork": (lambda text: text.replace("octo/demo", "other/demo"), "'other/demo'"),
}


@pytest.mark.slow
def test_what_users_may_change_survives_a_rewrite(checkout: Checkout) -> None:
    assert init(checkout) == 0
    text = read(checkout)
    for change, expected in KEPT.values():
        text = change(text)
        assert expected in text
    (checkout.root / RELEASE).write_text(text, encoding="utf-8")
    assert main(["init", "-C", str(checkout.root), "--yes", "--dev"], checkout.env) == 0
    assert workflows(checkout) == {"release.yml", "check.yml"}
    assert [kept for kept, (_, expected) in KEPT.items() if expected not in read(checkout)] == []
    assert "branches" in yaml.safe_load(read(checkout))[True]["push"]
    assert init(checkout, "--check") == 0


@pytest.mark.slow
def test_publishing_waits_for_own_jobs_before_it(checkout: Checkout) -> None:
    assert init(checkout) == 0
    (checkout.root / RELEASE).write_text(add_own("before")(read(checkout)), encoding="utf-8")
    assert init(checkout, "--check") == DriftError.exit_code
    assert init(checkout) == 0
    jobs = yaml.safe_load(read(checkout))["jobs"]
    assert all("docs" in jobs[name]["needs"] for name in ("tag", "attest", "github-draft", "pypi"))
    assert init(checkout, "--check") == 0


@pytest.mark.slow
def test_an_older_pin_is_raised_and_is_no_difference(checkout: Checkout) -> None:
    assert init(checkout) == 0
    for path in (RELEASE, CHECK):
        edit(checkout, PINS["actions/checkout"], f"{'b' * 40} # v1.0.0", path)
    assert init(checkout, "--check") == 0
    assert init(checkout) == 0
    assert PINS["actions/checkout"] in read(checkout)


@pytest.mark.slow
@pytest.mark.parametrize("is_committed", [True, False], ids=["committed", "not committed"])
def test_a_generated_file_with_other_changes_is_kept(
    is_committed: bool,  # noqa: FBT001 - a column
    checkout: Checkout,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert init(checkout) == 0
    edit(checkout, "command: verify", "command: verify\n          arguments: --no-verify-install # mine")
    if is_committed:
        checkout.commit({})
    before = read(checkout)
    assert init(checkout, "--yes", "--dev") == 0
    assert read(checkout) == before
    assert workflows(checkout) == {"release.yml", "check.yml", "release.yml.new"}
    assert "branches" in yaml.safe_load(read(checkout, f"{RELEASE}.new"))[True]["push"]
    capsys.readouterr()
    assert init(checkout, "--yes", "--dev") == 0
    assert workflows(checkout) == {"release.yml", "check.yml", "release.yml.new"}
    [(new, path)] = re.findall(r"then type: mv (\S+) (\S+),", capsys.readouterr().out)
    (checkout.root / new).replace(checkout.root / path)
    assert workflows(checkout) == {"release.yml", "check.yml"}
    assert "branches" in yaml.safe_load(read(checkout))[True]["push"]


ADDED = {
    "a comment": ("jobs:\n", "# ours\njobs:\n"),
    "a variable": ("permissions: {}\n", "permissions: {}\n\nenv:\n  UV_OFFLINE: 1\n"),
    "a step": ("    steps:\n", "    steps:\n      - run: echo ours\n"),
    "quotes": ("fetch-depth: 0", "'fetch-depth': 0"),
}


@pytest.mark.slow
def test_an_addition_is_no_difference_and_is_kept(checkout: Checkout) -> None:
    assert init(checkout) == 0
    for old, new in ADDED.values():
        edit(checkout, old, new)
    before = read(checkout)
    assert init(checkout, "--check") == 0
    assert init(checkout) == 0
    assert read(checkout) == before
    assert workflows(checkout) == {"release.yml", "check.yml"}


@pytest.mark.slow
def test_more_permissions_are_a_difference(checkout: Checkout) -> None:
    assert init(checkout) == 0
    edit(checkout, "permissions: {}", "permissions: {contents: write}")
    assert init(checkout, "--check") == DriftError.exit_code


@pytest.mark.parametrize("other", ["", ".github/dependabot.yaml", "renovate.json", ".github/renovate.json5"])
def test_dependabot_is_set_up_where_no_bot_raises_the_actions(other: str, checkout: Checkout) -> None:
    if other:
        put(checkout, other, "{}")
    assert init(checkout) == 0
    assert (checkout.root / ".github/dependabot.yml").exists() is not bool(other)


@pytest.mark.slow
def test_submodules_are_checked_out_for_a_build(checkout: Checkout) -> None:
    assert init(checkout) == 0
    assert "submodules" not in read(checkout)
    put(checkout, ".gitmodules", '[submodule "data"]\n\tpath = data\n\turl = https://example.org/data.git\n')
    assert init(checkout) == 0
    [checkout_step, *_] = yaml.safe_load(read(checkout))["jobs"]["build"]["steps"]
    assert checkout_step["with"]["submodules"] == "recursive"


def test_forks_release_nothing_and_no_waiting_release_is_dropped(checkout: Checkout) -> None:
    assert init(checkout) == 0
    workflow = yaml.safe_load(read(checkout))
    assert workflow["jobs"]["build"]["if"] == "github.repository == 'octo/demo' || github.event.repository.fork != true"
    assert "github.run_id" in workflow["concurrency"]["group"]
    assert workflow["concurrency"]["cancel-in-progress"] is False


IN_A_FILE = {
    "pyproject.toml": {"pyproject.toml": STATIC},
    "poetry": {"pyproject.toml": '[tool.poetry]\nname = "demo"\nversion = "1.0"\n'},
    "setup.cfg": {"pyproject.toml": "", "setup.cfg": "[metadata]\nname = demo\nversion = 1.0\n"},
    "setup.py": {"pyproject.toml": "", "setup.py": 'from setuptools import setup\nsetup(name="demo", version="1.0")\n'},
    "a module, read by hatch": {
        "pyproject.toml": STATIC.replace(
            'version = "1.0"', 'dynamic = ["version"]\n[tool.hatch.version]\npath = "demo.py"'
        ),
        "demo.py": '__version__ = "1.0"\n',
    },
    "a module, read by setuptools": {
        "pyproject.toml": STATIC.replace("hatchling.build", "setuptools.build_meta")
        .replace("hatchling", "setuptools")
        .replace(
            'version = "1.0"', 'dynamic = ["version"]\n[tool.setuptools.dynamic]\nversion = {attr = "demo.__version__"}'
        ),
        "demo.py": '__version__ = "1.0"\n',
    },
}


@pytest.mark.parametrize("files", IN_A_FILE.values(), ids=IN_A_FILE.keys())
def test_development_versions_are_refused_for_a_version_in_a_file(files: dict[str, str], checkout: Checkout) -> None:
    checkout.commit(files)
    assert init(checkout, "--yes", "--dev") == UsageError.exit_code
    assert not (checkout.root / RELEASE).exists()


@pytest.mark.slow
@pytest.mark.parametrize("tail", ["\r\n", "\n"], ids=["crlf", "lf"])
def test_line_ends_are_no_difference(tail: str, checkout: Checkout) -> None:
    assert init(checkout) == 0
    (checkout.root / RELEASE).write_bytes(read(checkout).replace("\n", tail).encode())
    assert init(checkout, "--check") == 0
    assert init(checkout) == 0
    assert workflows(checkout) == {"release.yml", "check.yml"}
