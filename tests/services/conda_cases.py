"""List contents of wheels and their conversions: cases that other converters get wrong, and a few more.

Each is installed for real; ``probe.py`` tells what was then found.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from release_tools.builders.conda.from_wheel import Conversion
from release_tools.recipe.names import Names
from tests.support.artifacts import Project

EXTRAS = {("lib-a", "fast"): ["lib-fast>=1", "gone; python_version < '3'"], ("lib-a", "more"): ["colorama"]}
"""The requirements of the extras of required packages."""
NAMES = Names(extras=lambda name, extra, _allowed: EXTRAS.get((name, extra)))


@dataclass(frozen=True)
class Case:
    """One wheel and what must be true of its package.

    Attributes:
        project: what the wheel is made of.
        depends: the package's requirements beside ``python``.
        python: the requirement on Python.
        paths: files that must be in the package.
        absent: files that must not.
        commands: the entry points of ``link.json``.
        runs: installed commands and what they print.
        imports: modules that can be imported once it is installed.
        conda: the conda name, where it is not the project's.
        aliases: further conda names.
        suffix: the format of the package.
    """

    project: Project
    depends: tuple[str, ...] = ()
    python: str = "python"
    paths: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    runs: Mapping[str, str] = field(default_factory=dict)
    imports: tuple[str, ...] = ()
    conda: str = ""
    aliases: tuple[str, ...] = ()
    suffix: str = "conda"

    @property
    def conversion(self) -> Conversion:
        return Conversion(self.conda, (self.suffix,), self.aliases, names=NAMES)


def needs(name: str, requirement: str, *depends: str, python: str = "") -> Case:
    """A project with one requirement."""
    headers = (f"Requires-Python: {python}",) if python else ()
    return Case(Project(name, requires=(requirement,), headers=headers), depends, f"python {python}".strip())


AVAILABLE = (
    *(Project("lib-a", version) for version in ("1.4.5", "1.4.7", "1.5.0a1", "1.5.0", "1.6.0", "2.0a1", "2.0")),
    Project("lib-b", "2.0rc1"),
    Project("lib-fast"),
    Project("colorama"),
    Project("typing_extensions", "4.16"),
)
"""The requirements of the cases."""

REQUIREMENTS = (
    needs("marker-holds", "lib-a<2; python_version >= '3.9'", "lib-a <2a0", python=">=3.10"),
    needs("marker-never-holds", "gone; python_version < '3'", python=">=3.10"),
    needs("marker-of-some-pythons", "lib-a<2; python_version < '3.12'", "lib-a <2a0", python=">=3.10"),
    needs("marker-harmless-elsewhere", "colorama; sys_platform == 'win32'", "colorama"),
    needs("marker-of-one-system", "lib-a<2; sys_platform != 'win32'", "__unix", "lib-a <2a0"),
    needs("marker-implementation", "gone; implementation_name == 'pypy'"),
    needs("own-extra", "gone; extra == 'more'"),
    needs("own-extra-and-python", "gone; python_version > '3' and extra == 'more'"),
    needs("extra-of-another", "lib-a[fast]<2", "lib-a <2a0", "lib-fast >=1"),
    needs(
        "extras-in-a-marker", "lib-a [more,fast] <2 ; python_version > '3'", "lib-a <2a0", "lib-fast >=1", "colorama"
    ),
    needs("compatible", "lib-a~=1.4.5", "lib-a >=1.4.5,1.4.*"),
    needs("compatible-series", "lib-a~=1.4,<2.dev0", "lib-a >=1.4,1.*,<2dev0"),
    needs("above", "lib-a>1.4.5,<=1.5", "lib-a >1.4.5,<=1.5"),
    needs("a-pre-release", "lib-b==2.0rc1", "lib-b ==2.0rc1"),
    needs("prefix", "lib-a==1.4.*", "lib-a 1.4.*"),
    needs("not-prefix", "lib-a!=1.5.*,<1.6", "lib-a !=1.5.*,<1.6a0"),
    needs("arbitrary", "lib-a===1.4.7", "lib-a ==1.4.7"),
    needs("brackets", "lib-a (>=1.4,!=1.5.0,<2)", "lib-a >=1.4,!=1.5.0,<2a0"),
    needs("spelled-otherwise", "Lib_A<2", "lib-a <2a0"),
    needs("called-otherwise", "typing-extensions>=4", "typing_extensions >=4"),
    Case(
        Project(
            "constraint-by-python",
            requires=("lib-a>=1.4.5,<2; python_version < '3.11'", "lib-a>=1.4.6,<2; python_version >= '3.11'"),
        ),
        ("lib-a >=1.4.5,<2a0",),
    ),
    needs("python-with-holes", "colorama", "colorama", python=">=3.10,!=3.10.1"),
)

LAYOUTS = (
    Case(
        Project(
            "commands",
            files={"commands_gui.py": "class App:\n    @staticmethod\n    def run(): print('window')\n"},
            entry_points="[console_scripts]\nDemo-CLI = commands:main\nplus = commands:main [more, extras]\n"
            "[gui_scripts]\ndemo-window = commands_gui:App.run\n[demo.plugins]\nx = commands\n",
            headers=("Provides-Extra: more", "Provides-Extra: extras"),
        ),
        commands=("Demo-CLI = commands:main", "plus = commands:main", "demo-window = commands_gui:App.run"),
        runs={"Demo-CLI": "commands", "plus": "commands", "demo-window": "window"},
    ),
    Case(
        Project(
            "scripts",
            files={
                "{data}/scripts/tool.py": "#!python\nimport sys\nprint('tool', sys.prefix)\n",
                "{data}/scripts/isolated": "#!python -I\nimport sys\nprint(sys.flags.isolated)\n",
                "{data}/scripts/windowed": "#!pythonw\nprint('windowed')\n",
                "{data}/scripts/shell": "#!/bin/sh\necho shell\n",
                "{data}/scripts/pythonic": "#!/usr/bin/env python\nprint('by env')\n",
                "{data}/scripts/of-windows": "#!python\r\nprint('of Windows')\r\n",
                "{data}/scripts/third": "#!python3\nprint('third')\n",
                "{data}/scripts/latin": b"#!python\n# -*- coding: latin-1 -*-\nprint(len('\xe9'))\n",
                "{data}/data/bin/plain": "#!/bin/sh\necho plain\n",
            },
        ),
        paths=("python-scripts/tool.py", "python-scripts/shell"),
        runs={
            "tool.py": "tool {prefix}",
            "isolated": "1",
            "windowed": "windowed",
            "shell": "shell",
            "pythonic": "by env",
            "of-windows": "of Windows",
            "third": "third",
            "latin": "1",
            "plain": "plain",
        },
    ),
    Case(
        Project("data-files", files={"{data}/data/etc/data-files.toml": "a = 1\n", "{data}/data/share/d/x.txt": "x"}),
        paths=("etc/data-files.toml", "share/d/x.txt"),
    ),
    Case(Project("headers", files={"{data}/headers/headers/api.h": "int x;"}), paths=("include/headers/api.h",)),
    Case(
        Project("two-roots", files={"{data}/purelib/pure_root.py": "", "{data}/platlib/plat_root/__init__.py": ""}),
        paths=("site-packages/pure_root.py", "site-packages/plat_root/__init__.py"),
        imports=("pure_root", "plat_root"),
    ),
    Case(Project("ns.one", files={"shared_ns/one/__init__.py": ""}), imports=("shared_ns.one",)),
    Case(
        Project("ns-two", files={"shared_ns/two/__init__.py": ""}),
        absent=("site-packages/shared_ns/__init__.py",),
        imports=("shared_ns.two", "shared_ns.one"),
    ),
    Case(
        Project(
            "licenses",
            files={"{info}/licenses/LICENSE": "MIT", "{info}/licenses/vendor/six/LICENSE": "MIT too"},
            headers=("License-Expression: MIT", "License-File: LICENSE", "License-File: vendor/six/LICENSE"),
        ),
        paths=("info/licenses/LICENSE", "info/licenses/vendor/six/LICENSE"),
    ),
    Case(Project("old-license", files={"{info}/COPYING": "GPL"}), paths=("info/licenses/COPYING",)),
    Case(
        Project(
            "left-overs",
            files={
                "{info}/direct_url.json": "{}",
                "{info}/REQUESTED": "",
                "{info}/INSTALLER": "pip\n",
                "{info}/RECORD.jws": "{}",
                "__pycache__/left_overs.cpython-39.pyc": b"\0",
            },
        ),
        paths=("site-packages/left_overs-1.0.dist-info/INSTALLER",),
        absent=(
            "site-packages/left_overs-1.0.dist-info/direct_url.json",
            "site-packages/left_overs-1.0.dist-info/REQUESTED",
            "site-packages/left_overs-1.0.dist-info/RECORD.jws",
            "site-packages/__pycache__/left_overs.cpython-39.pyc",
        ),
    ),
    Case(
        Project("typed-and-more", files={"typed/__init__.py": "", "typed/py.typed": "", "typed/d\u00e4ta, 1.txt": "x"}),
        imports=("typed",),
    ),
    Case(Project("Capital.Name_x"), imports=("capital_name_x",)),
    Case(Project("in-development", "1.0.dev3")),
    Case(Project("before-a-release", "1.0rc1.dev2")),
    Case(Project("of-an-epoch", "1!2.0")),
    Case(Project("after-a-release", "1.0.post1")),
    Case(Project("of-a-laboratory", "1.0+lab.7")),
    Case(Project("called-otherwise-there"), conda="py-called"),
    Case(Project("aliased_lib"), conda="aliased-lib", aliases=("aliased_lib", "libaliased")),
    Case(
        Project("older-format", files={"{data}/scripts/older": "#!python\nprint('old')\n"}),
        runs={"older": "old"},
        suffix="tar.bz2",
    ),
    Case(Project("nothing-but-metadata", requires=("colorama",), bare=True), ("colorama",)),
    Case(Project("newer-python", tag="py310-none-any"), python="python >=3.10"),
    Case(Project("built-twice", build="7x")),
)

CASES = (*REQUIREMENTS, *LAYOUTS)
