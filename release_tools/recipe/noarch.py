"""Map the files of a wheel to a ``noarch: python`` conda package, and refuse wheels that cannot become one.

An installer moves ``site-packages/`` and ``python-scripts/`` to where the prefix has them, and makes the commands.
https://docs.conda.io/projects/conda/en/stable/user-guide/concepts/packages.html#noarch-python-packages
"""

import base64
import csv
import hashlib
import io
import re
from collections.abc import Iterable
from typing import Final

from packaging.specifiers import SpecifierSet

from release_tools.artifacts import Wheel
from release_tools.artifacts.install_scheme import InstallScheme, install_path_of
from release_tools.errors import CondaError

PLACEHOLDER: Final = "/opt/anaconda1anaconda2anaconda3"
"""Takes the place of the prefix in a text file; installers know it by ``info/paths.json``."""
INSTALLER: Final = b"conda\n"
WITHOUT_CONDA: Final = "Release the rest with --no-conda, or build the conda package from a recipe of its own."

_FOLDERS: Final = {
    InstallScheme.LIB: "site-packages/",
    InstallScheme.SCRIPTS: "python-scripts/",
    InstallScheme.HEADERS: "include/",
    InstallScheme.DATA: "",
}
_RESERVED: Final = ("info/", "conda-meta/", "site-packages/", "python-scripts/")
_COMPILED: Final = re.compile(r"\.(?:pyd|dll|dylib|so(?:\.\d+)*)$", re.IGNORECASE)
_INTERPRETER: Final = re.compile(r"py3(\d*)")
_SHEBANG: Final = re.compile(rb"#!pythonw?[\d.]*(?![^ \t\r\n])([^\r\n]*)\r*(?=\n|$)")
_NOT_INSTALLED: Final = ("RECORD", "RECORD.jws", "RECORD.p7s", "INSTALLER", "REQUESTED", "direct_url.json")


def find_installed_path(member: str) -> str:
    """Return where a member of a wheel is in the package.

    Args:
        member: its name in the wheel; one that `archives.read_wheel` let through.
    """
    place = install_path_of(member)
    return member if place is None else _FOLDERS[place.scheme] + place.path


def is_kept(wheel: Wheel, member: str) -> bool:
    """Return whether a member goes into the package; byte code and files of one installation do not.

    conda writes its own INSTALLER and RECORD, and compiles for the Python that it finds.
    """
    own = member.removeprefix(f"{wheel.dist_info}/")
    return not (own != member and own in _NOT_INSTALLED) and not member.endswith(".pyc")


def is_script(member: str) -> bool:
    """Return whether a member is a script that runs by itself, whose first line may name Python."""
    place = install_path_of(member)
    return place is not None and place.scheme is InstallScheme.SCRIPTS


def with_prefix(script: bytes) -> bytes | None:
    """Return a script whose ``#!python`` names the prefix's Python; None where it begins with something else.

    Installers take ``#!pythonw`` and ``#!python3`` for it, too. A line end of Windows would be part of the name that
    Unix looks for, so the first line loses it.
    """
    found = _SHEBANG.match(script)
    return f"#!{PLACEHOLDER}/bin/python".encode() + found[1] + script[found.end() :] if found else None


def list_commands(wheel: Wheel) -> tuple[str, ...]:
    """Return the console and gui scripts as ``name = module:function``, case kept, without the extras they name."""
    return tuple(
        f"{point.name} = {point.module}:{point.attr}"
        for point in wheel.entry_points
        if point.group in {"console_scripts", "gui_scripts"}
    )


def write_added(wheel: Wheel) -> dict[str, bytes]:
    """Return the files that conda adds to those of the wheel, by their paths in the package.

    RECORD lists what is in ``site-packages``; the rest is at a path that differs between systems.
    """
    root = _FOLDERS[InstallScheme.LIB]
    installer = f"{wheel.dist_info}/INSTALLER"
    lines = [(installer, hashlib.sha256(INSTALLER).hexdigest(), len(INSTALLER))]
    for member in wheel.members:
        place = install_path_of(member.name)
        if place and place.scheme is InstallScheme.LIB and is_kept(wheel, member.name):
            lines.append((place.path, member.sha256, member.size))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for path, digest, size in sorted(lines):
        encoded = base64.urlsafe_b64encode(bytes.fromhex(digest)).rstrip(b"=").decode()
        writer.writerow((path, f"sha256={encoded}", size))
    record = f"{wheel.dist_info}/RECORD"
    writer.writerow((record, "", ""))
    return {root + installer: INSTALLER, root + record: text.getvalue().encode()}


def find_required_python(wheel: Wheel) -> str:
    """Return Requires-Python, joined with what the wheel's own tags require (``py310-none-any`` needs 3.10)."""
    declared = str(wheel.metadata.parsed.requires_python or "")
    minors = [found[1] for tag in wheel.tags if (found := _INTERPRETER.fullmatch(tag.interpreter))]
    if not minors or "" in minors:
        return declared
    return str(SpecifierSet(declared) & SpecifierSet(f">=3.{min(map(int, minors))}"))


def check_convertible(wheel: Wheel) -> None:
    """Refuse a wheel that cannot become a ``noarch: python`` package.

    Raises:
        CondaError: with every fault that was found.
    """
    faults = [*_find_impurities(wheel), *_find_collisions(wheel)]
    if faults:
        raise CondaError(
            f"{wheel.path.name} cannot become a noarch conda package, which serves every system and Python.",
            WITHOUT_CONDA,
            faults=faults,
        )


def _find_impurities(wheel: Wheel) -> Iterable[str]:
    if not wheel.pure:
        yield "it is not pure: WHEEL says Root-Is-Purelib: false"
    for tag in sorted(map(str, wheel.tags)):
        if not tag.endswith("-none-any"):
            yield f"it is made for one platform: {tag}"
    interpreters = sorted({tag.interpreter for tag in wheel.tags})
    if not any(map(_INTERPRETER.fullmatch, interpreters)):
        yield f"it is not for every Python 3: {', '.join(interpreters)}"
    for member in wheel.members:
        if _COMPILED.search(member.name):
            yield f"{member.name!r} is compiled code"


def _find_collisions(wheel: Wheel) -> Iterable[str]:
    for member in wheel.members:
        place = install_path_of(member.name)
        if place and place.scheme is InstallScheme.DATA and place.path.startswith(_RESERVED):
            yield f"{member.name!r} would be in a folder that conda reserves"
    used: set[str] = set()
    for name in _list_command_names(wheel):
        if name.lower() in used:
            yield f"the command {name!r} is there twice"
        used.add(name.lower())


def _list_command_names(wheel: Wheel) -> Iterable[str]:
    """Yield the names of commands, then those of scripts."""
    for command in list_commands(wheel):
        yield command.partition(" = ")[0]
    for member in wheel.members:
        if is_script(member.name):
            yield find_installed_path(member.name).rpartition("/")[2]
