"""Versions of compiled projects are found without their metadata, which would take a compiler or the whole build."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.support.repositories import make_repository

TRAP = """\
def _fail(*_args, **_kwargs):
    raise SystemExit("the backend was asked")


prepare_metadata_for_build_wheel = build_wheel = build_sdist = _fail
get_requires_for_build_wheel = get_requires_for_build_sdist = _fail
"""
"""A backend that nobody may ask."""
PRINTED = "import subprocess\nprint('1.3.0.dev7')\n"
MESON = "project('demo', 'c', {})\n"
MESON_SCM = "version: run_command(find_program('python3', version: '>=3.9'), '-m', 'setuptools_scm').stdout().strip()"
EXTENSION = "from setuptools import Extension, setup\nraise SystemExit('setup.py was run')\nsetup(ext_modules=[])\n"
USED_SCM = "setup(name='demo', use_scm_version={'version_scheme': 'post-release'}, ext_modules=[Extension('demo', [])])"
SCM = "[tool.setuptools_scm]\n"
HATCH = '[tool.hatch.version]\nsource = "vcs"\n'
POETRY = '[tool.poetry]\nversion = "0"\nbuild.script = "build.py"\n[tool.poetry-dynamic-versioning]\nenable = true\n'
OWN_METHOD = (
    '[tool.versioningit.next-version]\nmethod = { module = "bump", value = "bump", module-dir = "tools" }\n'
    '[tool.versioningit.format]\ndistance = "{next_version}.dev{distance}"\n'
)
PROVIDER = '[tool.scikit-build.metadata.version]\nprovider = "scikit_build_core.metadata.{}"\n'
NEW_PROVIDER = '[[tool.dynamic-metadata]]\nfield = "version"\nprovider = "scikit_build_core.metadata.setuptools_scm"\n'
TEXT = {"demo/version.py": '__version__ = "1.3.0"\n'}
REGEX = 'input = "demo/version.py"\n'
BUMP = {"tools/bump.py": "def bump(*, version, branch, params):\n    return '7.0'\n"}


def make_project(backend: str, settings: str = "", requires: str = "", **files: str) -> dict[str, str]:
    """Return a compiled project whose backend fails, and whose build requirements can never be installed."""
    module = backend.partition(".")[0]
    trap = f"{module}.py" if module == backend else f"{module}/{backend.partition('.')[2].replace('.', '/')}.py"
    listed = ", ".join(f'"{item}"' for item in filter(None, (requires, "cython", "no-release-of-this>99999")))
    return {
        "pyproject.toml": f"[build-system]\nrequires = [{listed}]\n"
        f'build-backend = "{backend}"\nbackend-path = ["trap"]\n'
        f'[project]\nname = "demo"\ndynamic = ["version"]\n{settings}',
        f"trap/{trap}": TRAP,
        "demo/__init__.py": "",
        **files,
    }


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (make_project("mesonpy", **{"meson.build": MESON.format("version: '1.3.0'")}), "1.3.0"),
        (
            make_project("mesonpy", **{"meson.build": MESON.format("version: files('VERSION')"), "VERSION": "1.3\n"}),
            "1.3",
        ),
        (
            make_project(
                "mesonpy",
                **{
                    "meson.build": MESON.format(
                        "version: run_command(['tools/v.py', '--print'], check: true).stdout()"
                    ),
                    "tools/v.py": PRINTED,
                },
            ),
            "1.3.0.dev7",
        ),
        (
            make_project(
                "mesonpy",
                **{
                    "meson.build": MESON.format(
                        "# the version (of a tag)\n version: run_command('python', 'v.py').stdout().strip()"
                    ),
                    "v.py": PRINTED,
                },
            ),
            "1.3.0.dev7",
        ),
        (make_project("scikit_build_core.build", PROVIDER.format("regex") + REGEX, **TEXT), "1.3.0"),
    ],
)
def test_the_version_in_files_of_a_compiled_project_is_read(
    run: Run, tmp_path: Path, files: dict[str, str], expected: str
) -> None:
    said = run("version", "--json", "-C", make_repository(tmp_path, files, ". v1.2.3 . .").root)
    assert said.code == 0, said.err
    assert json.loads(said.out)["version"] == expected


def test_the_version_in_files_needs_no_tag(run: Run, tmp_path: Path) -> None:
    files = make_project("mesonpy", **{"meson.build": MESON.format("version: '1.3.0'")})
    assert run("version", "-C", make_repository(tmp_path, files, ".").root).out == "1.3.0\n"


@pytest.mark.registry
@pytest.mark.slow
@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (make_project("mesonpy", SCM, "setuptools-scm>=8", **{"meson.build": MESON.format(MESON_SCM)}), "1.2.4.dev2"),
        (make_project("setuptools.build_meta", SCM, "setuptools-scm>=8", **{"setup.py": EXTENSION}), "1.2.4.dev2"),
        (
            make_project("setuptools.build_meta", "", "setuptools-scm>=8", **{"setup.py": EXTENSION + USED_SCM}),
            "1.2.3.post2",
        ),
        (make_project("hatchling.build", HATCH, 'hatchling", "hatch-vcs'), "1.2.4.dev2"),
        (
            make_project("poetry_dynamic_versioning.backend", POETRY, 'poetry-core", "poetry-dynamic-versioning'),
            "1.2.3.post2.dev0",
        ),
        (make_project("setuptools.build_meta", OWN_METHOD, "versioningit>=3.3", **BUMP), "7.0.dev2"),
        (
            make_project("scikit_build_core.build", PROVIDER.format("setuptools_scm") + SCM, "setuptools-scm"),
            "1.2.4.dev2",
        ),
        (make_project("scikit_build_core.build", NEW_PROVIDER + SCM, "setuptools-scm"), "1.2.4.dev2"),
        (
            make_project(
                "scikit_build_core.build",
                PROVIDER.format("regex") + REGEX + 'result = "{value}.dev4"\n',
                "scikit-build-core>=0.11",
                **TEXT,
            ),
            "1.3.0.dev4",
        ),
    ],
)
def test_the_scheme_of_a_compiled_project_counts_without_its_backend(
    run: Run, tmp_path: Path, files: dict[str, str], expected: str
) -> None:
    checkout = make_repository(tmp_path, files, ". v1.2.3 . .")
    said = run("version", "--json", "-C", checkout.root)
    assert said.code == 0, said.err
    facts = json.loads(said.out)
    assert (facts["name"], facts["version"], facts["kind"]) == (
        "demo",
        expected,
        "dev" if "1.2.3" in expected else facts["kind"],
    )
    checkout.git("tag", "v2.0")
    assert run("version", "-C", checkout.root).out == "2.0\n"


@pytest.mark.slow
def test_the_version_is_told_without_importing_what_publishes_and_reads_archives(tmp_path: Path) -> None:
    checkout = make_repository(tmp_path, {"pyproject.toml": '[project]\nname = "demo"\nversion = "1.3.0"\n'}, ".")
    code = (
        "import sys; from release_tools.cli import main; main.main(['version'])\n"
        "print(sorted(set(sys.modules) & {'release_tools.publishers.routes', 'release_tools.artifacts', 'yaml'}))\n"
    )
    said = subprocess.run([sys.executable, "-c", code], cwd=checkout.root, capture_output=True, text=True, check=True)
    assert said.stdout == "1.3.0\n[]\n"
