"""A generated recipe, built, tested and installed for real, without a network."""

import hashlib
import io
import subprocess
import sys
import tarfile
from pathlib import Path

from rattler_build import Stage0Recipe, ToolConfiguration, VariantConfig

from release_tools.archives import read_conda, read_sdist
from release_tools.recipe.evidence import gather, says_something
from release_tools.recipe.generate import make_recipe
from release_tools.recipe.names import Names
from release_tools.recipe.write_v1 import write_v1
from release_tools.services import channel
from tests.support.conda import NEEDS_POSIX, Channel
from tests.support.wheels import Project

pytestmark = NEEDS_POSIX
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"

# A build backend in the sdist itself, so that the channel needs none.
BACKEND = """\
import pathlib, zipfile

def build_wheel(folder, settings=None, metadata=None):
    info = "greeter-1.0.dist-info/"
    members = {
        "greeter.py": pathlib.Path("greeter.py").read_text(),
        info + "METADATA": pathlib.Path("PKG-INFO").read_text(),
        info + "WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
        info + "entry_points.txt": "[console_scripts]\\ngreet = greeter:main\\n",
    }
    record = "".join(f"{name},,\\n" for name in (*members, info + "RECORD"))
    with zipfile.ZipFile(f"{folder}/greeter-1.0-py3-none-any.whl", "w") as wheel:
        for name, text in (*members.items(), (info + "RECORD", record)):
            wheel.writestr(name, text)
    return "greeter-1.0-py3-none-any.whl"
"""
FILES = {
    "PKG-INFO": f"""\
Metadata-Version: 2.4
Name: greeter
Version: 1.0
Summary: Greets: people, and {{{{ machines }}}}
Project-URL: Homepage, https://example.org/greeter
License-Expression: MIT
License-File: LICENSE
Requires-Python: >={PYTHON}
Requires-Dist: words>=1.2
Requires-Dist: gone; python_version < "3"
""",
    "pyproject.toml": """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project.scripts]
greet = "greeter:main"
""",
    "backend.py": BACKEND,
    "greeter.py": "import words\ndef main():\n    print('hello from', words.name)\n",
    "LICENSE": "Permission is hereby granted, free of charge, to any person\n",
}


def make_sdist(folder: Path) -> Path:
    path = folder / "greeter-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as sdist:
        for name, text in FILES.items():
            member = tarfile.TarInfo(f"greeter-1.0/{name}")
            member.size = len(text.encode())
            sdist.addfile(member, io.BytesIO(text.encode()))
    return path


def test_a_generated_recipe_builds_tests_and_installs(tmp_path: Path, conda_channel: Channel) -> None:
    own = conda_channel.over(tmp_path / "channel")
    own.add(Project("words", "1.3"))
    path = make_sdist(tmp_path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    recipe = make_recipe(gather(read_sdist(path, wanted=says_something), digest), Names(), ["ann"])
    assert recipe.commands == ("greet --help",)
    text = write_v1(recipe)
    file = tmp_path / "recipe" / "recipe.yaml"
    file.parent.mkdir()
    address = "https://pypi.org/packages/source/g/greeter/greeter-${{ version }}.tar.gz"
    file.write_text(text.replace(address, path.as_uri()), encoding="utf-8")

    (variant,) = Stage0Recipe.from_file(file).render(VariantConfig({"python_min": [PYTHON]}))
    tools = ToolConfiguration(test_strategy="native", use_sharded=False)
    result = variant.run_build(tools, tmp_path / "built", list(own.urls))

    package = read_conda(Path(result.packages[0]))
    assert package.noarch == "python"
    assert set(package.depends) == {f"python >={PYTHON}", "words >=1.2"}
    noarch = own.folder / "noarch"
    (noarch / package.path.name).write_bytes(package.path.read_bytes())
    channel.index(own.folder)
    own.install(tmp_path / "prefix", "greeter")
    greet = subprocess.run([tmp_path / "prefix" / "bin" / "greet"], check=True, capture_output=True, text=True)
    assert greet.stdout == "hello from words\n"
