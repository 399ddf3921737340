"""The files under ``info/`` of a conda package that was made from a wheel (CEP 34), as pure texts.

Nothing in them depends on when, where or by whom the package was made.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any, Final

from release_tools.artifacts import Member
from release_tools.planning.conda_targets import NOARCH
from release_tools.recipe.noarch import PLACEHOLDER
from release_tools.recipe.recipe_model import About

_MILLISECONDS: Final = 1000
_MACHINES: Final = {"64": "x86_64"}


@dataclass(frozen=True)
class Facts:
    """Describe what identifies one conda package.

    Attributes:
        name: the conda name.
        version: in conda's spelling.
        build: the build string.
        build_number: orders the builds of one version.
        noarch: ``python`` or ``generic``.
        depends: MatchSpecs.
        time: seconds since the epoch.
        purl: the PyPI project that it is, as a package URL; empty for none.
        subdir: the channel folder that it belongs in; a package for one platform may serve every Python, too (CEP 20).
    """

    name: str
    version: str
    build: str
    build_number: int
    noarch: str
    depends: tuple[str, ...]
    time: int
    purl: str = ""
    subdir: str = NOARCH

    @property
    def stem(self) -> str:
        """Return the file's name without its suffix."""
        return f"{self.name}-{self.version}-{self.build}"


def write_common(facts: Facts, about: About) -> dict[str, bytes]:
    """Return the files that each package has.

    ``index.json`` becomes the package's record in its channel's index, ``about.json`` is what channels show to people.
    """
    return {"index.json": _write_index(facts, about), "about.json": _write_about(about)}


def _write_index(facts: Facts, about: About) -> bytes:
    system, _, machine = facts.subdir.partition("-")
    index: dict[str, Any] = {
        "arch": _MACHINES.get(machine, machine) or None,
        "build": facts.build,
        "build_number": facts.build_number,
        "depends": list(facts.depends),
        "name": facts.name,
        "noarch": facts.noarch,
        "platform": system if machine else None,
        "subdir": facts.subdir,
        "timestamp": facts.time * _MILLISECONDS,
        "version": facts.version,
    }
    if about.license:
        index["license"] = about.license
    if facts.purl:
        index["purls"] = [facts.purl]
    return _dump_json(index)


def _write_about(about: About) -> bytes:
    fields: dict[str, Any] = {
        "home": about.homepage,
        "dev_url": about.repository,
        "doc_url": about.documentation,
        "license": about.license,
        "license_file": list(about.license_files),
        "summary": about.summary,
    }
    return _dump_json(_drop_empty(fields))


def _drop_empty(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {field: value for field, value in fields.items() if value}


def write_installed(members: Iterable[Member], rewritten: AbstractSet[str]) -> dict[str, bytes]:
    """Return the lists of what is installed.

    Args:
        members: by their names in the package.
        rewritten: the names of those in which the installer writes the prefix's path.
    """
    listed = sorted(members, key=lambda member: member.name)
    placeholder = {"file_mode": "text", "prefix_placeholder": PLACEHOLDER}
    entries = [
        {
            "_path": member.name,
            "path_type": "hardlink",
            "sha256": member.sha256,
            "size_in_bytes": member.size,
            **(placeholder if member.name in rewritten else {}),
        }
        for member in listed
    ]
    return {
        "paths.json": _dump_json({"paths": entries, "paths_version": 1}),
        "files": "".join(f"{member.name}\n" for member in listed).encode(),
    }


def write_metapackage(facts: Facts, about: About) -> dict[str, bytes]:
    """Return all files of a package that only requires another one."""
    return write_common(facts, replace(about, license_files=())) | write_installed((), frozenset())


def link(commands: Sequence[str]) -> bytes:
    """Return ``link.json``: the commands that the installer makes (CEP 20)."""
    noarch: dict[str, Any] = {"type": "python"}
    if commands:
        noarch["entry_points"] = list(commands)
    return _dump_json({"noarch": noarch, "package_metadata_version": 1})


def write_tests(imports: Sequence[str]) -> bytes:
    """Return ``tests/tests.yaml``, by which rattler-build imports the modules and runs ``pip check``."""
    return dump_yaml([{"python": {"imports": list(imports), "pip_check": True}}])


def write_recipe(facts: Facts, wheel: str, commands: Sequence[str], imports: Sequence[str], about: About) -> bytes:
    """Return ``recipe/recipe.yaml``, by which rattler-build builds the same package from the wheel.

    Args:
        facts: of the package.
        wheel: its file name.
        commands: that the package has.
        imports: the modules that its test imports.
        about: only its license and links are used, which cannot carry a template.
    """
    build: dict[str, Any] = {"number": facts.build_number, "string": facts.build}
    build |= {"noarch": "python"} if facts.subdir == NOARCH else {}
    build["script"] = "${{ PYTHON }} -m pip install --no-deps --no-build-isolation --no-index " + wheel
    python: dict[str, Any] = {} if facts.subdir == NOARCH else {"version_independent": True}
    python |= {"entry_points": list(commands)} if commands else {}
    build |= {"python": python} if python else {}
    fields: dict[str, Any] = {
        "schema_version": 1,
        "package": {"name": facts.name, "version": facts.version},
        "source": {"path": wheel},
        "build": build,
        "requirements": {"host": ["python", "pip"], "run": list(facts.depends)},
        "tests": [{"python": {"imports": list(imports), "pip_check": True}}],
    }
    described = {"homepage": about.homepage, "license": about.license, "repository": about.repository}
    fields["about"] = _drop_empty(described)
    return dump_yaml(_drop_empty(fields))


def _dump_json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, ensure_ascii=False).encode()


def dump_yaml(content: Any) -> bytes:  # noqa: ANN401 - what YAML can say
    """Return YAML, the same bytes on every machine."""
    import yaml

    def dump_json_text(dumper: "type[yaml.SafeDumper | yaml.CSafeDumper]") -> str:
        return yaml.dump(content, Dumper=dumper, sort_keys=False, allow_unicode=True, width=1000)

    # libyaml takes a tenth of the time, but not all builds have it, and it escapes what the other one writes as it is.
    text = dump_json_text(getattr(yaml, "CSafeDumper", yaml.SafeDumper))
    return (text if text.isascii() and "\\" not in text else dump_json_text(yaml.SafeDumper)).encode()
