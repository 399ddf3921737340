"""Use an installed project as its users would: import it, and look its commands up."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from packaging.version import Version

from release_tools.artifacts import Wheel
from release_tools.checks.version_agreement import check_imported_version
from release_tools.model.note import Note, State
from release_tools.parsed_values import parse_json
from release_tools.regular_files import read_regular_file
from release_tools.system.process import ProcessError, run

_ANSWER: Final = {"version": str, "faults": dict, "versions": dict}
_LARGEST_ANSWER: Final = 100_000_000
_SCRIPTS: Final = ("console_scripts", "gui_scripts")
_PROBE: Final = """
import importlib, importlib.metadata, json, sys
name, modules, answer = sys.argv[1], sys.argv[2].split(","), sys.argv[3]
faults, versions = {}, {}
def attempt(title, use):
    try:
        use()
    except BaseException as error:
        faults[title] = f"{type(error).__name__}: {error}"
for module in filter(None, modules):
    attempt(f"import {module}", lambda: importlib.import_module(module))
    stated = getattr(sys.modules.get(module), "__version__", None)
    if isinstance(stated, str):
        versions[module] = stated
found = importlib.metadata.distribution(name)
for point in found.entry_points:
    if point.group in ("console_scripts", "gui_scripts") and not point.extras:
        attempt(f"command {point.name} = {point.value}", point.load)
with open(answer, "w", encoding="utf-8") as file:
    json.dump({"version": found.version, "faults": faults, "versions": versions}, file)
"""
"""It writes its answer to a file, as modules may print when they are imported."""
_FRAME: Final = " \u00d7\u2570\u2500\u25b6\u2502"
"""The frame that uv draws around its messages."""
_STUBS: Final = "-stubs"


@dataclass(frozen=True)
class InstalledWheel:
    """Describe where a project was installed.

    Attributes:
        python: the interpreter there.
        env: its environment, without credentials.
        folder: to work in.
        success: what the report says when all is well: "installs in a fresh environment and imports".
        disagreement: the state of a module whose ``__version__`` is another; None where that is not compared.
    """

    python: str
    env: Mapping[str, str]
    folder: Path
    success: str
    disagreement: State | None = None


def inspect_installation(installed: InstalledWheel, wheel: Wheel, modules: Sequence[str]) -> Iterator[Note]:
    """Import modules and load the commands of what was installed from a wheel, or from its conda package.

    Stubs are not imported (PEP 561); they are parsed.
    """
    answer = installed.folder / "answer.json"
    argv = [installed.python, "-I", "-B", "-c", _PROBE, wheel.metadata.name, ",".join(modules), str(answer)]
    try:
        run(argv, env=installed.env, cwd=installed.folder)
        found = _read_answer(answer)
    except (ProcessError, OSError, ValueError) as error:
        detail = take_last_lines(error.output) if isinstance(error, ProcessError) else str(error)
        yield Note(State.FAILED, "the interpreter crashed while importing it", detail)
        return
    yield from _compare_versions(installed, wheel, found)
    if found["faults"]:
        yield from map(_describe_fault, found["faults"].items())
    else:
        yield from _report_successes(installed, wheel, modules)


def _describe_fault(item: tuple[str, str]) -> Note:
    title, fault = item
    advice = 'To import other modules, set verify.imports = ["…"].' if title.startswith("import") else ""
    return Note(State.FAILED, f"{title} fails", fault, advice)


def _compare_versions(installed: InstalledWheel, wheel: Wheel, found: Mapping[str, Any]) -> Iterator[Note]:
    """Compare the installed version, and where that is wanted each module's ``__version__``, with the wheel's."""
    version = wheel.metadata.version
    if Version(found["version"]) != version:
        yield Note(State.FAILED, f"its installed version is {found['version']}", f"not {version}")
    if installed.disagreement:
        for module, stated in found["versions"].items():
            yield from check_imported_version(module, stated, version, installed.disagreement)


def _read_answer(path: Path) -> Mapping[str, Any]:
    """Return what the probe found.

    Raises:
        OSError: there is no such file.
        ValueError: it is not what the probe writes; a module that was imported can write there, too.
    """
    found = parse_json(read_regular_file(path, _LARGEST_ANSWER))
    if not isinstance(found, dict) or {key: type(value) for key, value in found.items()} != _ANSWER:
        raise ValueError("its answer was replaced")
    Version(found["version"])
    return found


def _report_successes(installed: InstalledWheel, wheel: Wheel, modules: Sequence[str]) -> Iterator[Note]:
    used = _describe_commands(wheel)
    if modules:
        imported = f"import {', '.join(modules)}"
        yield Note(State.DONE, installed.success, f"{imported}; {used}" if used else imported)
    elif stubs := _list_stub_packages(wheel):
        yield Note(State.DONE, "installs in a fresh environment; stubs are not imported", ", ".join(stubs))
        yield from _check_stubs(wheel)
    else:
        yield Note(
            State.WARNING,
            "installs, but has no module to import",
            used or ", ".join(wheel.top_level) or "only metadata",
            "If modules are missing, name the packages in your build backend's settings.",
        )


def _describe_commands(wheel: Wheel) -> str:
    names = [point.name for point in wheel.entry_points if point.group in _SCRIPTS]
    return f"commands {', '.join(names)}" if names else ""


def _list_stub_packages(wheel: Wheel) -> list[str]:
    """Return the top-level folders that hold stubs: ``demo-stubs``, or one with ``.pyi`` files."""
    with_stubs = {member.name.partition("/")[0] for member in wheel.members if member.name.endswith(".pyi")}
    return [name for name in wheel.top_level if name.endswith(_STUBS) or name in with_stubs]


def _check_stubs(wheel: Wheel) -> Iterator[Note]:
    """Yield a warning about stubs that this Python cannot parse."""
    names = [member.name for member in wheel.members if member.name.endswith(".pyi")]
    for name, content in zip(names, wheel.read(*names), strict=True):
        try:
            ast.parse(content)
        except (SyntaxError, ValueError) as error:
            yield Note(State.WARNING, f"{name}: not valid Python", str(error))


def take_last_lines(output: str) -> str:
    """Return the end of a program's output, in one line."""
    lines = (line.strip(_FRAME) for line in output.splitlines())
    return " ".join([line for line in lines if line][-3:])
