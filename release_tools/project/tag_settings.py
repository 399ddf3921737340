"""The settings of other tools that say which tags are a project's versions.

They are read as they are documented: setuptools-scm and its relatives (``tag_regex``, ``git_describe_command``),
hatch-vcs (``tag-pattern``), pdm-backend (``tag_regex``, ``tag_filter``), versioningit (``tag2version``, ``vcs``),
dunamai in poetry-dynamic-versioning and uv-dynamic-versioning (``pattern``, ``pattern-prefix``), versioneer
(``tag_prefix``), and the templates of bump-my-version, commitizen, python-semantic-release and tbump.
"""

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from release_tools.model.versions import TagFormat, is_safe_ref
from release_tools.parsed_values import find_table, list_texts

_PLACEHOLDERS: Final = re.compile(r"\{new_version\}|\{version\}|\$\{version\}|\$version")
_PLAIN: Final = ("v", "")
_NAMED_PATTERNS: Final = frozenset({"default", "default-unprefixed"})
"""The patterns that dunamai has by name: with a ``v`` before the version, and with or without one."""


def find_stated_format(pyproject: Mapping[str, Any], setup_cfg: Mapping[str, Mapping[str, str]]) -> TagFormat | None:
    """Return the tag format that the project's own settings state; None where they state none.

    A setting that cannot be understood is passed over: its own tool judges it.

    Args:
        pyproject: the parsed ``pyproject.toml``.
        setup_cfg: the sections of ``setup.cfg``.
    """
    tool = find_table(pyproject, "tool")
    found = _read_scm_format(tool) or _read_versioningit_format(tool) or _read_dunamai_format(tool)
    if found is not None:
        return found
    versioneer = find_table(tool, "versioneer") or setup_cfg.get("versioneer", {})
    prefix = versioneer.get("tag_prefix")
    if isinstance(prefix, str):
        return _with_prefix(prefix.strip("'\""))
    return _read_templates(_list_templates(tool, setup_cfg))


def _read_templates(templates: Iterable[str]) -> TagFormat | None:
    """Return the format of the first template that is another one than ours."""
    for template in templates:
        before, after = _split(template)
        if before not in _PLAIN and is_safe_ref(f"{before}1{after}"):
            return TagFormat(before, after, (before,))
    return None


def _read_scm_format(tool: Mapping[str, Any]) -> TagFormat | None:
    """Read setuptools-scm, vcs-versioning, flit-scm, hatch-vcs and pdm-backend, which share the names of settings."""
    for table in _list_scm_tables(tool):
        match = [*_list_described_globs(table), *list_texts(table.get("tag_filter"))]
        pattern = _compile_pattern(table.get("tag_regex"))
        if pattern is not None:
            return _with_pattern(pattern, match)
        if match:
            return _with_match(match)
    return None


def _list_scm_tables(tool: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the tables of those plugins, with the names of settings that setuptools-scm has."""
    hatch = find_table(tool, "hatch", "version")
    pdm = find_table(tool, "pdm", "version")
    tables: list[Mapping[str, Any]] = [
        find_table(tool, name) for name in ("setuptools_scm", "setuptools-scm", "vcs-versioning")
    ]
    if hatch.get("source") == "vcs":
        tables.append({"tag_regex": hatch.get("tag-pattern"), **find_table(hatch, "raw-options")})
    if pdm.get("source") == "scm":
        tables.append(pdm)
    return tables


def _list_described_globs(table: Mapping[str, Any]) -> list[str]:
    """Return the globs of tags in the command that a table sets for ``git describe``."""
    git = find_table(table, "scm", "git")
    commands = (table.get("git_describe_command"), git.get("describe_command"))
    return [glob for command in commands for glob in _match_options(command)]


def _read_versioningit_format(tool: Mapping[str, Any]) -> TagFormat | None:
    table = _find_versioningit_table(tool)
    tag2version, vcs = find_table(table, "tag2version"), find_table(table, "vcs")
    match = list_texts(vcs.get("match"))
    pattern = _compile_pattern(tag2version.get("regex"))
    if pattern is not None:
        return _with_pattern(pattern, match)
    prefix = tag2version.get("rmprefix")
    if isinstance(prefix, str) and is_safe_ref(f"{prefix}1"):
        suffix = tag2version.get("rmsuffix")
        ending = suffix if isinstance(suffix, str) else ""
        return TagFormat(prefix, ending, (prefix, f"{prefix}v"), match=tuple(match))
    return _with_match(match)


def _find_versioningit_table(tool: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return versioningit's settings, by its own rule: hatch's table if it holds more than the source."""
    hatch = find_table(tool, "hatch", "version")
    is_hatch = hatch.get("source") == "versioningit" and len(hatch) > 1
    return hatch if is_hatch else find_table(tool, "versioningit")


def _read_dunamai_format(tool: Mapping[str, Any]) -> TagFormat | None:
    for name in ("poetry-dynamic-versioning", "uv-dynamic-versioning"):
        table = find_table(tool, name)
        prefix, pattern = table.get("pattern-prefix") or "", table.get("pattern") or "default"
        found = _read_dunamai_pattern(prefix, pattern)
        if found is not None:
            return found
    return None


def _read_dunamai_pattern(prefix: object, pattern: object) -> TagFormat | None:
    if not isinstance(prefix, str) or not isinstance(pattern, str):
        return None
    return _read_named_pattern(prefix, pattern) if pattern in _NAMED_PATTERNS else _read_pattern(prefix, pattern)


def _read_named_pattern(prefix: str, pattern: str) -> TagFormat | None:
    """Return the format of dunamai's own patterns, where a prefix makes it another one than ours."""
    if not prefix or not is_safe_ref(f"{prefix}v1"):
        return None
    accepted = (prefix, f"{prefix}v") if pattern == "default-unprefixed" else (f"{prefix}v",)
    return TagFormat(accepted[0], "", accepted)


def _read_pattern(prefix: str, pattern: str) -> TagFormat | None:
    compiled = _compile_pattern(f"^{re.escape(prefix)}{pattern.removeprefix('^')}" if prefix else pattern)
    return _with_pattern(compiled, ()) if compiled is not None and "base" in compiled.groupindex else None


def _with_prefix(prefix: str) -> TagFormat | None:
    return TagFormat(prefix, "", (prefix,)) if _is_usable_prefix(prefix) else None


def _is_usable_prefix(prefix: str) -> bool:
    """Return whether tags with a prefix are another format than ours, and can be made."""
    return prefix not in _PLAIN and is_safe_ref(f"{prefix}1")


def _with_match(match: Sequence[str]) -> TagFormat | None:
    """Return a format for tags that match a glob: its beginning, with and without a ``v``, and then the version."""
    literals = [re.split(r"[*?\[]", glob)[0] for glob in match]
    usable = [literal for literal in literals if _is_usable_prefix(literal)]
    if not usable:
        return None
    prefixes = [prefix for literal in usable for prefix in (literal, f"{literal}v")]
    return TagFormat(prefixes[0], "", tuple(prefixes), match=tuple(match))


def _with_pattern(pattern: re.Pattern[str], match: Sequence[str]) -> TagFormat:
    """Return a format that reads by a pattern, and writes with the first prefix that the pattern accepts."""
    start = _find_literal_start(pattern)
    globbed = [glob.partition("*")[0].partition("[")[0] for glob in match]
    for prefix in (*_PLAIN, start, start.rstrip("v"), f"{start}v", *globbed):
        form = TagFormat(prefix, "", (prefix,), pattern, tuple(match))
        if is_safe_ref(form.example) and str(form.version(form.example)) == "1.2.3":
            return form
    return TagFormat(pattern=pattern, match=tuple(match))


def _find_literal_start(pattern: re.Pattern[str]) -> str:
    """Return the text with which everything begins that a pattern matches."""
    literal = re.match(r"\^?((?:[\w/@-]|\\[.+/@-])*)", pattern.pattern.replace("(?x)", ""))
    return re.sub(r"\\(.)", r"\1", literal[1]) if literal else ""


def _list_templates(tool: Mapping[str, Any], setup_cfg: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    yield from list_texts(find_table(tool, "bumpversion").get("tag_name"))
    yield from list_texts(setup_cfg.get("bumpversion", {}).get("tag_name"))
    yield from list_texts(find_table(tool, "commitizen").get("tag_format"))
    yield from list_texts(find_table(tool, "semantic_release").get("tag_format"))
    yield from list_texts(find_table(tool, "tbump", "git").get("tag_template"))


def _split(template: str) -> tuple[str, str]:
    parts = _PLACEHOLDERS.split(template)
    return (parts[0], parts[1]) if len(parts) == 2 else ("", "")  # noqa: PLR2004 - before and after


def _match_options(command: object) -> list[str]:
    """Return the globs of ``--match`` in a ``git describe`` command."""
    try:
        words = shlex.split(command) if isinstance(command, str) else list_texts(command)
    except ValueError:
        return []
    joined = [word.partition("=")[2] for word in words if word.startswith("--match=")]
    return joined + [value for option, value in pairwise(words) if option == "--match"]


def _compile_pattern(pattern: object) -> re.Pattern[str] | None:
    if not isinstance(pattern, str) or not pattern:
        return None
    try:
        return re.compile(pattern)
    except re.error:
        return None
