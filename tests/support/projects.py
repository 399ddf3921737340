"""Small projects for each build backend, as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent
from typing import Final


@dataclass(frozen=True)
class Backend:
    """Describe a backend: its lines in ``pyproject.toml``."""

    requires: str
    path: str
    settings: str = ""


BACKENDS: Final[Mapping[str, Backend]] = {
    "setuptools": Backend(
        "setuptools>=77",
        "setuptools.build_meta",
        '[tool.setuptools]\npackages = ["demo"]\npackage-data.demo = ["*.json"]\n',
    ),
    "hatchling": Backend("hatchling>=1.27", "hatchling.build"),
    "flit-core": Backend("flit-core>=3.11", "flit_core.buildapi"),
    "poetry-core": Backend("poetry-core>=2", "poetry.core.masonry.api"),
    "pdm-backend": Backend("pdm-backend>=2.4", "pdm.backend"),
}


def molecool() -> dict[str, str]:
    """The project in ``tests/projects/molecool``, by path."""
    return _example("molecool")


def hostile(loot: Path) -> dict[str, str]:
    """The project in ``tests/projects/hostile``, by path, whose build attacks.

    Args:
        loot: the folder to which its backend writes what it got.
    """
    honest = Path(__file__).with_name("in_tree_backend.py").read_text(encoding="utf-8")
    return {**_example("hostile"), "backend/honest.py": honest, "loot": f"{loot}\n"}


def _example(name: str) -> dict[str, str]:
    root = Path(__file__).parent.parent / "projects" / name
    files = (path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in files}


def pyproject(backend: str = "hatchling", version: str = "1.0", settings: str = "", requires: str = "") -> str:
    """``pyproject.toml`` of a project ``demo``.

    Args:
        backend: one of `BACKENDS`.
        version: static; dynamic if empty.
        settings: more tables.
        requires: one more build requirement.
    """
    chosen = BACKENDS[backend]
    stated = f'version = "{version}"' if version else 'dynamic = ["version"]'
    more = f', "{requires}"' if requires else ""
    return (
        f'[build-system]\nrequires = ["{chosen.requires}"{more}]\nbuild-backend = "{chosen.path}"\n\n'
        f'[project]\nname = "demo"\n{stated}\ndescription = "A demonstration"\nreadme = "README.md"\n'
        'requires-python = ">=3.11"\nlicense = "MIT"\nlicense-files = ["LICENSE"]\n'
        f'scripts.demo = "demo:main"\n\n{chosen.settings}\n{settings}'
    )


def project(backend: str = "hatchling", version: str = "1.0", settings: str = "", requires: str = "") -> dict[str, str]:
    """All files of a project ``demo``, by path; see `pyproject`."""
    return {
        "pyproject.toml": pyproject(backend, version, settings, requires),
        "README.md": "# demo\n\nA demonstration.\n",
        "LICENSE": "MIT License\n\nCopyright (c) the demonstrators\n",
        "demo/__init__.py": '"""A demonstration."""\n\n\ndef main() -> None:\n    print("demo")\n',
        "demo/data.json": '{"answer": 42}\n',
    }


def in_tree_project(meanwhile: str = "pass", version: str = "1.0") -> dict[str, str]:
    """A project that builds itself, without an index.

    Args:
        meanwhile: code that runs in each build, where ``name`` is "sdist" or "wheel".
        version: static.
    """
    backend = Path(__file__).with_name("in_tree_backend.py").read_text(encoding="utf-8")
    asked = '    """Replaced by what a test wants to happen in the build of that name."""\n'
    assert asked in backend
    return {
        "pyproject.toml": "[build-system]\nrequires = []\n"
        'build-backend = "backend"\nbackend-path = ["build-backend"]\n\n'
        f'[project]\nname = "demo"\nversion = "{version}"\n',
        "build-backend/backend.py": backend.replace(asked, indent(meanwhile, "    ") + "\n"),
        "demo/__init__.py": '"""A demonstration."""\n',
    }
