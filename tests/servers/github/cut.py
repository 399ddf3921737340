"""Cut GitHub's OpenAPI description down to what the double answers: ``python -m tests.servers.github.cut``.

GitHub's description is 13 MB; the npm package ``@octokit/openapi`` carries it under the MIT license, whose text stays
in what is cut. Prose and examples go. What GitHub owes in an answer goes: the double answers fewer fields than
GitHub, but none that GitHub does not have, and none of another type.
"""

import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tests.servers.github.description import CUT

PACKAGE: Final = "@octokit/openapi@23.0.2"

_REPO: Final = "/repos/{owner}/{repo}"
OPERATIONS: Final = {
    _REPO: ("get", "patch"),
    f"{_REPO}/commits": ("get",),
    f"{_REPO}/commits/{{ref}}": ("get",),
    f"{_REPO}/commits/{{ref}}/check-runs": ("get",),
    f"{_REPO}/commits/{{ref}}/status": ("get",),
    f"{_REPO}/commits/{{commit_sha}}/pulls": ("get",),
    f"{_REPO}/compare/{{basehead}}": ("get",),
    f"{_REPO}/contents/{{path}}": ("get",),
    f"{_REPO}/forks": ("get", "post"),
    f"{_REPO}/merge-upstream": ("post",),
    f"{_REPO}/immutable-releases": ("get",),
    f"{_REPO}/git/ref/{{ref}}": ("get",),
    f"{_REPO}/git/matching-refs/{{ref}}": ("get",),
    f"{_REPO}/git/refs": ("post",),
    f"{_REPO}/git/refs/{{ref}}": ("patch", "delete"),
    f"{_REPO}/git/tags": ("post",),
    f"{_REPO}/git/tags/{{tag_sha}}": ("get",),
    f"{_REPO}/git/blobs": ("post",),
    f"{_REPO}/git/trees": ("post",),
    f"{_REPO}/git/trees/{{tree_sha}}": ("get",),
    f"{_REPO}/git/commits": ("post",),
    f"{_REPO}/git/commits/{{commit_sha}}": ("get",),
    f"{_REPO}/releases": ("get", "post"),
    f"{_REPO}/releases/latest": ("get",),
    f"{_REPO}/releases/tags/{{tag}}": ("get",),
    f"{_REPO}/releases/{{release_id}}": ("get", "patch", "delete"),
    f"{_REPO}/releases/{{release_id}}/assets": ("get", "post"),
    f"{_REPO}/releases/assets/{{asset_id}}": ("get", "delete"),
    f"{_REPO}/pulls": ("get", "post"),
    f"{_REPO}/pulls/{{pull_number}}": ("get", "patch"),
    f"{_REPO}/issues/{{issue_number}}/comments": ("get", "post"),
    "/search/issues": ("get",),
    "/user": ("get",),
    "/users/{username}": ("get",),
}

_PROSE: Final = frozenset({
    "deprecated", "description", "example", "examples", "externalDocs", "operationId", "summary", "tags", "title",
})  # fmt: skip


def cut(whole: dict[str, Any], license_text: str) -> dict[str, Any]:
    """The description of `OPERATIONS` alone, with every component that they refer to."""
    paths = {path: {verb: _bare(whole["paths"][path][verb]) for verb in verbs} for path, verbs in OPERATIONS.items()}
    for item in paths.values():
        for operation in item.values():
            _loosen(operation["responses"])
    components: dict[str, dict[str, Any]] = {}
    waiting = list(_references(paths))
    while waiting:
        kind, name = waiting.pop()
        if name in components.setdefault(kind, {}):
            continue
        part = _bare(whole["components"][kind][name])
        if kind != "parameters":
            _loosen(part)
        components[kind][name] = part
        waiting.extend(_references(part))
    info = {"title": PACKAGE, "version": whole["info"]["version"], "license": {"name": "MIT"}, "x-notice": license_text}
    description = {"openapi": whole["openapi"], "info": info, "paths": paths, "components": components}
    _close(description)
    return description


def _bare(part: Any) -> Any:  # noqa: ANN401 - JSON is anything
    """Without prose; a property that is called ``description`` is not prose, it has a schema."""
    if isinstance(part, list):
        return [_bare(each) for each in part]
    if not isinstance(part, dict):
        return part
    return {
        key: _bare(value)
        for key, value in part.items()
        if not key.startswith("x-") and (key not in _PROSE or _is_schema(value))
    }


def _is_schema(value: Any) -> bool:  # noqa: ANN401 - JSON is anything
    return isinstance(value, dict) and not value.keys().isdisjoint({"$ref", "allOf", "anyOf", "oneOf", "type"})


def _loosen(part: Any) -> None:  # noqa: ANN401 - JSON is anything
    """Ask for no field in an answer."""
    if isinstance(part, list):
        for each in part:
            _loosen(each)
    elif isinstance(part, dict):
        if isinstance(part.get("required"), list):
            del part["required"]
        part.pop("discriminator", None)
        if "oneOf" in part:  # fewer fields may fit several choices, and null, by the letter, fits none
            nothing = [{"type": "object", "nullable": True, "enum": [None]}] if part.get("nullable") else []
            part["anyOf"] = part.pop("oneOf") + nothing
        for value in part.values():
            _loosen(value)


def _close(part: Any) -> None:  # noqa: ANN401 - JSON is anything
    """Let no object have fields that are not described."""
    if isinstance(part, list):
        for each in part:
            _close(each)
    elif isinstance(part, dict):
        if isinstance(part.get("properties"), dict) and "allOf" not in part:
            part.setdefault("additionalProperties", False)
        for key, value in part.items():
            if key != "allOf":
                _close(value)


def _references(part: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - JSON is anything
    if isinstance(part, list):
        for each in part:
            yield from _references(each)
    elif isinstance(part, dict):
        if isinstance(reference := part.get("$ref"), str):
            _, _, kind, name = reference.split("/")
            yield kind, name
        for value in part.values():
            yield from _references(value)


def main() -> None:
    """Fetch the package with npm and write `CUT`."""
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("npm is needed to fetch GitHub's description")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([npm, "pack", "--silent", PACKAGE, "--pack-destination", folder], check=True, cwd=folder)
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as package:
            whole, license_text = (
                package.extractfile(f"package/{name}") for name in ("generated/api.github.com.json", "LICENSE")
            )
            if whole is None or license_text is None:
                sys.exit(f"{PACKAGE} is not built as it was")
            description = cut(json.load(whole), license_text.read().decode())
    text = json.dumps(description, indent=1, sort_keys=True) + "\n"
    CUT.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
