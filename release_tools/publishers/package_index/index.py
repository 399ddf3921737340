"""Define a package index, and name the public ones."""

import os
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from release_tools import addresses
from release_tools.config.schema import Config
from release_tools.errors import ConfigError
from release_tools.system.http import strip_address


@dataclass(frozen=True)
class Index:
    """A package index.

    Attributes:
        name: in the configuration and in receipts: ``pypi``.
        title: for people: ``PyPI``.
        upload: address of the upload API (the "legacy" API, which is the only one).
        simple: root of the simple API.
        site: where people see a project; empty where the index has no pages.
        audience: of identity tokens for trusted publishing; fixed, never requested from the index. Empty without it.
    """

    name: str
    title: str
    upload: str
    simple: str
    site: str = ""
    audience: str = ""

    @property
    def origins(self) -> tuple[str, ...]:
        """Return the addresses whose hosts may be asked."""
        return (self.upload, self.simple)

    @property
    def base(self) -> "Index":
        """Return the index itself: it has no labels."""
        return self

    def make_listing_url(self, project: str) -> str:
        """Return where the simple API lists a project."""
        return f"{self.simple.rstrip('/')}/{canonicalize_name(project)}/"

    def page(self, project: str, version: str) -> str:
        """Return where people see one version of a project."""
        if not self.site:
            return self.make_listing_url(project)
        return f"{self.site}/project/{canonicalize_name(project)}/{version}/"

    def make_publishing_page(self, project: str, *, is_new: bool) -> str:
        """Return where a trusted publisher is registered, for a new project or for an existing one."""
        path = "account/publishing/" if is_new else f"project/{project}/settings/publishing/"
        return f"{self.site}/manage/{path}"


PYPI: Final = Index("pypi", "PyPI", addresses.PYPI_UPLOAD, addresses.PYPI_SIMPLE, addresses.PYPI_SITE, audience="pypi")
TESTPYPI: Final = Index(
    "testpypi",
    "TestPyPI",
    addresses.TESTPYPI_UPLOAD,
    addresses.TESTPYPI_SIMPLE,
    addresses.TESTPYPI_SITE,
    audience="testpypi",
)
PUBLIC_INDEXES: Final = {index.name: index for index in (PYPI, TESTPYPI)}


def parse_index(config: Config, name: str, upload: str) -> Index:
    """Return an index by its upload address; the simple API is where servers usually have it.

    Raises:
        ConfigError: the address holds a password.
    """
    if urlsplit(upload).username:
        raise ConfigError(
            f"{strip_address(upload)}: the address holds a password", "Set TWINE_USERNAME and TWINE_PASSWORD."
        )
    for index in PUBLIC_INDEXES.values():
        if index.upload.rstrip("/") == upload.rstrip("/"):
            return index
    simple = config.simple_urls.get(name) or upload.rstrip("/").removesuffix("/legacy") + "/simple/"
    return Index(name, name, upload, simple)


def parse_file_version(filename: str) -> Version | None:
    """Return the version in the name of a distribution of any kind, old ones as well; None for other files."""
    try:
        if filename.endswith(".whl"):
            return parse_wheel_filename(filename)[1]
        return parse_sdist_filename(filename)[1]
    except (InvalidWheelFilename, InvalidSdistFilename):
        return _parse_old_file_version(filename)


def _parse_old_file_version(filename: str) -> Version | None:
    """Return the version in a name that today's standards do not know, such as that of an egg; None for other files."""
    leave_out_pydantic_plugins()
    from pypi_simple import UnparsableFilenameError, parse_filename

    try:
        _, version, _ = parse_filename(filename)
        return Version(version)
    except (UnparsableFilenameError, InvalidVersion):
        return None


def leave_out_pydantic_plugins() -> None:
    """Keep pydantic, which pypi-simple imports, from searching every installed package for a plugin and loading it."""
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
