"""Test that a recipe has what a project's own build code needs, and each requirement once."""

import pytest

from release_tools.recipe.build_code import list_backend_requires, runs_npm
from release_tools.recipe.evidence import Built, Sources
from release_tools.recipe.generate import make_recipe
from release_tools.recipe.names import Names
from tests.recipe.evidence import make_evidence

IN_TREE = '[build-system]\nrequires = ["wheel"]\nbuild-backend = "{backend}"\nbackend-path = ["{folder}"]\n'
REQUIRES = (
    'from setuptools.build_meta import *\ndef get_requires_for_build_wheel(config=None):\n    return ["cmake>=3"]\n'
)
HATCH = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
JUPYTER = (
    HATCH + '[tool.hatch.build.hooks.jupyter-builder]\nbuild-function = "hatch_jupyter_builder.npm_builder"\n{more}'
)

PURE = Built(pure=True, paths=("demo/__init__.py",))


def sources(texts: dict[str, str], *paths: str) -> Sources:
    return Sources("demo-1.0.tar.gz", "a" * 64, (*texts, *paths), texts)


@pytest.mark.parametrize(
    ("backend", "folder", "path"),
    [
        ("backend", ".", "backend.py"),
        ("backend", "_build", "_build/backend.py"),
        ("_custom.build:Backend", "./tools", "tools/_custom/build.py"),
        ("backend", "build_tools", "build_tools/backend/__init__.py"),
    ],
)
def test_a_backend_in_the_tree_needs_what_it_imports_and_asks_for(backend: str, folder: str, path: str) -> None:
    pyproject = IN_TREE.format(backend=backend, folder=folder)
    assert list_backend_requires(sources({"pyproject.toml": pyproject, path: REQUIRES})) == ("setuptools", "cmake>=3")


@pytest.mark.parametrize("text", ["def broken(:", "import os\nfrom . import setuptools\nimport private_module\n"])
def test_what_is_no_backend_of_anything_known_needs_nothing(text: str) -> None:
    pyproject = IN_TREE.format(backend="backend", folder=".")
    assert list_backend_requires(sources({"pyproject.toml": pyproject, "backend.py": text})) == ()


NPM = {
    "a hook of jupyter": ({"pyproject.toml": JUPYTER.format(more="")}, ("package.json",), True),
    "already built": (
        {"pyproject.toml": JUPYTER.format(more='skip-if-exists = ["demo/static/x.js"]\n')},
        ("package.json", "demo/static/x.js"),
        False,
    ),
    "to be built": (
        {"pyproject.toml": JUPYTER.format(more='skip-if-exists = ["demo/static/x.js"]\n')},
        ("package.json",),
        True,
    ),
    "a custom hook": (
        {"pyproject.toml": HATCH, "hatch_build.py": 'subprocess.run(["npm", "ci"], check=True)'},
        ("js/package.json",),
        True,
    ),
    "setup.py in words": ({"setup.py": 'os.system("npm install && npm run build")'}, ("package.json",), True),
    "yarn on Windows": ({"setup.py": 'call(["yarn.cmd"])'}, ("ui/package.json",), True),
    "jupyter_packaging": ({"setup.py": "npm_builder(path=here)"}, ("package.json",), True),
    "an in-tree backend": (
        {"pyproject.toml": IN_TREE.format(backend="backend", folder="."), "backend.py": 'run(["npm", "run", "build"])'},
        ("package.json",),
        True,
    ),
    "no package.json": ({"setup.py": 'call(["npm"])'}, (), False),
    "only a package.json": ({"setup.py": "from setuptools import setup\nsetup()"}, ("package.json",), False),
    "a name that contains npm": ({"setup.py": 'url = "https://example.org/npmlike"'}, ("package.json",), False),
}


@pytest.mark.parametrize(("texts", "paths", "runs"), NPM.values(), ids=NPM)
def test_node_is_needed_where_the_build_runs_npm(texts: dict[str, str], paths: tuple[str, ...], *, runs: bool) -> None:
    assert runs_npm(sources(texts, *paths)) is runs


def test_node_is_in_host() -> None:
    files = {"pyproject.toml": JUPYTER.format(more=""), "package.json": "{}"}
    made = make_evidence("Metadata-Version: 2.4\nName: demo\nVersion: 1.0\n", files, PURE)
    recipe = make_recipe(made, Names(), ["bob"])
    assert [line.name for line in recipe.host] == ["python", "hatchling", "nodejs", "pip"]


@pytest.mark.parametrize(
    ("requires", "run"),
    [
        (["Foo.Bar>=1", "foo-bar<3", "foo_bar!=2"], ["python", "foo.bar"]),
        (["typing_extensions>=4", "typing-extensions>=4.5"], ["python", "typing_extensions"]),
        (["click", "click; python_version < '3.13'"], ["python", "click"]),
        (["python>=3.11", "click"], ["python", "click"]),
        (["backports.zoneinfo; python_version < '3.9'", "setuptools; python_version < '3.9'"], ["python"]),
        (["tomli; python_version < '3.8'", "importlib-metadata; python_version < '3.8'"], ["python"]),
        (["tomli; python_version < '3.11'"], ["python", "tomli"]),
        (["setuptools; python_version < '3.12'"], ["python", "setuptools"]),
    ],
)
def test_each_requirement_is_there_once_and_none_that_no_python_needs(requires: list[str], run: list[str]) -> None:
    lines = [f"Requires-Dist: {one}" for one in requires]
    head = ["Metadata-Version: 2.4", "Name: demo", "Version: 1.0", "Requires-Python: >=3.7", *lines]
    made = make_evidence("\n".join([*head, ""]), {"pyproject.toml": HATCH}, PURE)
    assert [line.name for line in make_recipe(made, Names(), ["bob"]).run] == run


def test_what_a_cross_build_runs_keeps_its_condition() -> None:
    requires = ["cython>=3; python_version < '3.12'", "cython>=3.1; python_version >= '3.12'"]
    pyproject = f"[build-system]\nrequires = {requires}\n"
    compiled = Built(pure=False, paths=("demo/__init__.py", "demo/fast.so"))
    made = make_evidence("Metadata-Version: 2.4\nName: demo\nVersion: 1.0\n", {"pyproject.toml": pyproject}, compiled)
    build = [line for line in make_recipe(made, Names(), ["bob"]).build if line.name == "cython"]
    assert [(line.spec, line.when and line.when.v0) for line in build] == [
        ("cython >=3", "build_platform != target_platform and py<312"),
        ("cython >=3.1", "build_platform != target_platform and py>=312"),
    ]


def test_what_a_marker_lists_machines_for_is_required_on_all_in_a_compiled_recipe() -> None:
    machines = ("x86_64", "aarch64", "AMD64", "win32")
    listed = " or ".join(f"platform_machine == '{machine}'" for machine in machines)
    requires = f"Requires-Dist: greenlet>=1; {listed}\nRequires-Dist: mkl; platform_machine == 'x86_64'\n"
    compiled = Built(pure=False, paths=("demo/__init__.py", "demo/fast.so"))
    metadata = f"Metadata-Version: 2.4\nName: demo\nVersion: 1.0\n{requires}"
    recipe = make_recipe(make_evidence(metadata, {}, compiled), Names(), ["bob"])
    assert [(line.spec, line.when and line.when.v0) for line in recipe.run] == [
        ("python", None),
        ("greenlet >=1", None),
        ("mkl", "unix and x86_64"),
    ]
    assert any("greenlet" in note for note in recipe.notes)
