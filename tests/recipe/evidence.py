"""Evidence of projects, made from text: what a test says of an sdist and a wheel."""

import tomllib
from pathlib import Path

from packaging.metadata import parse_email

from release_tools.recipe.evidence import Built, Evidence, Sources

SHA256 = "0123456789abcdef" * 4


def make_evidence(
    metadata: str,
    files: dict[str, str] | None = None,
    built: Built | None = None,
    *,
    pyproject: str = "",
    filename: str = "",
) -> Evidence:
    """Evidence of a project with this metadata and these sources."""
    raw, _ = parse_email(metadata)
    texts = {"PKG-INFO": metadata} | ({"pyproject.toml": pyproject} if pyproject else {}) | (files or {})
    name = raw.get("name", "").lower().replace("-", "_")
    filename = filename or f"{name}-{raw.get('version', '')}.tar.gz"
    return Evidence(raw, Sources(filename, SHA256, tuple(texts), texts), built)


def read_case(folder: Path) -> Evidence:
    """A case on disk: ``case.toml`` holds the metadata, the sources' files, and what the wheel holds."""
    case = tomllib.loads((folder / "case.toml").read_text(encoding="utf-8"))
    wheel = case.get("wheel")
    built = wheel and Built(
        wheel["pure"],
        tuple(wheel["paths"]),
        tuple(wheel.get("entry_points", ())),
        frozenset(wheel.get("gui", ())),
        abi=wheel.get("abi", ""),
    )
    return make_evidence(case["metadata"], case["files"], built, filename=case.get("filename", ""))
