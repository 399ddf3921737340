"""Apply the rules by which PyPI refuses an upload, one row each, before anything is published.

They are those of Warehouse, the software behind PyPI and TestPyPI, for what twine sends: its checks of the form, of the
core metadata, of the description, of the file's name and of its archive. The order is the order of the report.
https://packaging.python.org/specifications/core-metadata/ and https://docs.pypi.org/

The readers in `release_tools.artifacts` refuse what makes a file unsafe or unreadable, such as a decompression bomb, a
wheel without a RECORD or an sdist with two folders; there are no rows for these. Platform tags are compared with PyPI's
list together with a wheel's content, in `release_tools.checks.platform_tags`.
"""

import email.utils
import io
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from enum import Enum
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Final, cast
from zipfile import BadZipFile, ZipFile

from packaging.metadata import Metadata, RawMetadata
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from release_tools.artifacts import Sdist, Wheel
from release_tools.checks.description_links import find_relative_links
from release_tools.model.versions import read_version
from release_tools.wording import list_some

_LICENSE_FILES_SINCE: Final = Version("2.4")
_SUPPORTED: Final = frozenset({"1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5"})
_SUMMARY_LENGTH: Final = 512
_LABEL_LENGTH: Final = 32
_LONGEST_FILE_NAME: Final = 246
"""PyPI stores the metadata of a wheel under its name with ``.metadata`` after it, in a file system of 255 bytes."""
_SCRIPT_NAME: Final = re.compile(r"[\w.-]+")
_DYNAMIC: Final = frozenset(
    {
        "author", "author-email", "classifier", "description", "description-content-type", "download-url", "home-page",
        "import-name", "import-namespace", "keywords", "license", "license-expression", "license-file", "maintainer",
        "maintainer-email", "obsoletes", "obsoletes-dist", "platform", "project-url", "provides", "provides-dist",
        "provides-extra", "requires", "requires-dist", "requires-external", "requires-python", "summary",
        "supported-platform",
    }
)  # fmt: skip
_UNSET: Final = "UNKNOWN"
"""The text that distutils wrote for a missing value; PyPI drops it."""
_MEGABYTE: Final = 1 << 20


@dataclass(eq=False)
class Upload:
    """One file, and what twine sends of it.

    Attributes:
        dist: the file as it was read.
        size_limit: the index's limit on a file of this project, in megabytes of 2**20 bytes.
    """

    dist: Sdist | Wheel
    size_limit: int = 100

    @cached_property
    def sent(self) -> RawMetadata:
        """Return the metadata that twine validates and sends.

        Setuptools and hatchling wrote ``License-File`` before Metadata 2.4 defined it; twine drops it there.
        """
        raw = dict(self.dist.metadata.raw)
        if self._is_before_license_files:
            raw.pop("license_files", None)
        return cast("RawMetadata", raw)

    @cached_property
    def raw(self) -> RawMetadata:
        """Return the metadata that PyPI keeps of what is sent: without fields that are unset."""
        return cast("RawMetadata", {name: value for name, value in self.sent.items() if not _is_unset(value)})

    @cached_property
    def metadata(self) -> Metadata:
        """Return the same as packaging reads it; a field is validated when it is read, and need not be valid."""
        return Metadata.from_raw(self.raw, validate=False)

    @property
    def unknown(self) -> frozenset[str]:
        """Return the lower-case names of fields that twine cannot read, and so refuses to send."""
        dropped = {"license-file"} if self._is_before_license_files else set()
        return frozenset(self.dist.metadata.unknown.keys() - dropped)

    @property
    def description(self) -> str:
        """Return the long description; empty without one."""
        return self.raw.get("description", "")

    @property
    def _is_before_license_files(self) -> bool:
        version = read_version(self.dist.metadata.raw.get("metadata_version", "0"))
        return version is not None and version < _LICENSE_FILES_SINCE


def _is_unset(value: object) -> bool:
    """Return whether PyPI drops a field: one whose value, or whose last value, is ``UNKNOWN``, or that is empty."""
    if value == [""]:
        return True
    last = value[-1] if isinstance(value, list) and value else value
    return isinstance(last, str) and last.strip() == _UNSET


class Verdict(Enum):
    """The answer to an upload that breaks a rule."""

    NOT_SENT = "twine does not send it, to any index"
    REFUSED = "PyPI refuses it"
    MAY_BE_REFUSED = "PyPI refuses it, unless a limit was raised or its list is newer than ours"
    ACCEPTED = "PyPI accepts this"


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        name: for messages and tests.
        verdict: what happens to a file that breaks it.
        faults: returns what is wrong, a line each.
        advice: what to change.
    """

    name: str
    verdict: Verdict
    faults: Callable[[Upload], Iterable[str]]
    advice: str


def _find_unreadable_fields(upload: Upload) -> Iterator[str]:
    for name in sorted(upload.unknown):
        yield f"the metadata field {name!r} is unknown, malformed or repeated"


def _find_invalid_fields(upload: Upload) -> Iterator[str]:
    try:
        Metadata.from_raw(upload.sent, validate=True)
    except ExceptionGroup as group:
        for error in group.exceptions:
            yield " ".join(str(error).split())


def _check_metadata_version(upload: Upload) -> Iterator[str]:
    version = upload.raw.get("metadata_version", "")
    if version not in _SUPPORTED:
        yield f"Metadata-Version {version!r} is not supported"


def _check_local_version(upload: Upload) -> Iterator[str]:
    if upload.dist.metadata.version.local:
        yield f"the local version {upload.dist.metadata.version} is not allowed"


def _check_summary(upload: Upload) -> Iterator[str]:
    length = len(upload.raw.get("summary", ""))
    if length > _SUMMARY_LENGTH:
        yield f"the summary has {length} characters, more than {_SUMMARY_LENGTH}"


def _find_invalid_emails(upload: Upload) -> Iterator[str]:
    for field, value in (
        ("Author-Email", upload.raw.get("author_email", "")),
        ("Maintainer-Email", upload.raw.get("maintainer_email", "")),
    ):
        address = email.utils.parseaddr(value)[1]
        if address and (reason := _find_email_fault(address)):
            yield f"{field}: {address!r} is not a valid email address: {reason}"


def _find_email_fault(address: str) -> str:
    from email_validator import EmailNotValidError, validate_email

    try:
        validate_email(address, check_deliverability=False)
    except EmailNotValidError as error:
        return str(error)
    return ""


def _find_unknown_classifiers(upload: Upload) -> Iterator[str]:
    from trove_classifiers import all_classifiers

    for classifier in sorted(set(upload.raw.get("classifiers", [])) - set(all_classifiers)):
        if not _is_private(classifier):
            yield f"{classifier!r} is not a known classifier"


def _find_private_classifiers(upload: Upload) -> Iterator[str]:
    for classifier in sorted(set(upload.raw.get("classifiers", []))):
        if _is_private(classifier):
            yield f"the classifier {classifier!r} keeps the project off the index"


def _is_private(classifier: str) -> bool:
    return classifier.startswith("Private ::")


def _find_deprecated_classifiers(upload: Upload) -> Iterator[str]:
    from trove_classifiers import deprecated_classifiers

    for classifier in sorted(set(upload.raw.get("classifiers", [])) & deprecated_classifiers.keys()):
        successors = ", ".join(map(repr, deprecated_classifiers[classifier]))
        yield f"the classifier {classifier!r} is deprecated" + (f"; use {successors}" if successors else "")


def _find_invalid_urls(upload: Upload) -> Iterator[str]:
    for field, url in (
        ("Home-Page", upload.raw.get("home_page", "")),
        ("Download-URL", upload.raw.get("download_url", "")),
    ):
        if url and not _is_web_address(url):
            yield f"{field}: {url!r} is not a valid URL"


def _find_invalid_project_urls(upload: Upload) -> Iterator[str]:
    for label, url in upload.raw.get("project_urls", {}).items():
        if not label:
            yield f"Project-URL: {url!r} has no label"
        elif len(label) > _LABEL_LENGTH:
            yield f"Project-URL: the label {label!r} has more than {_LABEL_LENGTH} characters"
        elif not url:
            yield f"Project-URL: {label!r} has no URL"
        elif not _is_web_address(url):
            yield f"Project-URL: {url!r} is not a valid URL"


def _is_web_address(url: str) -> bool:
    from rfc3986 import exceptions, uri_reference, validators  # type: ignore[import-untyped]  # it ships no types

    validator = validators.Validator().allow_schemes("http", "https").require_presence_of("scheme")
    validator.check_validity_of("scheme", "host", "port", "path", "query")
    try:
        validator.validate(uri_reference(url).normalize())
    except (exceptions.ValidationError, exceptions.InvalidAuthority, ValueError):
        return False
    return True


def _find_direct_references(upload: Upload) -> Iterator[str]:
    for requirement in upload.metadata.requires_dist or []:
        if requirement.url is not None:
            yield f"can't have direct dependency: {requirement}"


def _find_invalid_dists(upload: Upload) -> Iterator[str]:
    for field, values in (
        ("Provides-Dist", upload.raw.get("provides_dist", [])),
        ("Obsoletes-Dist", upload.raw.get("obsoletes_dist", [])),
    ):
        for value in values:
            try:
                is_direct = Requirement(value).url is not None
            except InvalidRequirement as error:
                yield f"{field}: {value!r} is invalid: {' '.join(str(error).split())}"
            else:
                if is_direct:
                    yield f"{field}: can't have direct dependency: {value!r}"


def _find_invalid_dynamic(upload: Upload) -> Iterator[str]:
    for field in upload.raw.get("dynamic", []):
        if field.lower() not in _DYNAMIC:
            yield f"Dynamic: {field!r} cannot be dynamic"


def _check_single_license(upload: Upload) -> Iterator[str]:
    if upload.raw.get("license") and upload.raw.get("license_expression"):
        yield "License and License-Expression are both set; only License-Expression may be"


def _check_description(upload: Upload) -> Iterator[str]:
    fault = find_description_fault(upload.description, upload.raw.get("description_content_type", ""))
    if fault:
        yield f"the description cannot be rendered: {fault}"


def _check_relative_links(upload: Upload) -> Iterator[str]:
    links = find_relative_links(upload.description, upload.raw.get("description_content_type", ""))
    if links:
        shown = list_some(links)
        yield f"the description has relative links, which lead nowhere on PyPI: {shown}"


@lru_cache(maxsize=4)
def find_description_fault(description: str, content_type: str) -> str:
    """Return why PyPI cannot render a description; empty where it can.

    Args:
        description: its text; an empty one is never rendered.
        content_type: such as ``text/markdown``; reStructuredText if empty. Other types always render.
    """
    if not description or _read_media_type(content_type) not in ("", "text/x-rst"):
        return ""
    from readme_renderer import rst

    messages = io.StringIO()
    try:
        rendered = rst.render(description, stream=messages)
    except Exception as error:  # noqa: BLE001 - docutils and its extensions at work on text of others
        return f"{type(error).__name__}: {error}"
    return "" if rendered is not None else _describe_message(messages.getvalue())


def _read_media_type(content_type: str) -> str:
    """Return a content type without its parameters; empty without one."""
    if not content_type:
        return ""
    message = EmailMessage()
    message["content-type"] = content_type
    return message.get_content_type()


def _describe_message(messages: str) -> str:
    """Return the first message of docutils, with its line."""
    first = next((line for line in messages.splitlines() if line.strip()), "it renders to nothing")
    found = re.match(r"<string>:(\d*): \((\w+)/\d+\) (.*)", first)
    return f"line {found[1]}: {found[2].capitalize()}: {found[3]}" if found else first


def _check_content_type(upload: Upload) -> Iterator[str]:
    if upload.description and not upload.sent.get("description_content_type"):
        yield "the description has no content type; PyPI reads it as reStructuredText"


def _check_description_exists(upload: Upload) -> Iterator[str]:
    if not upload.description.strip():
        yield "the project has no description; its page on PyPI will be empty"


def _check_file_name(upload: Upload) -> Iterator[str]:
    filename, metadata = upload.dist.path.name, upload.dist.metadata
    name = canonicalize_name(metadata.name).replace("-", "_")
    if len(filename.encode()) > _LONGEST_FILE_NAME:
        yield f"the file name has {len(filename.encode())} bytes, more than {_LONGEST_FILE_NAME}"
    if isinstance(upload.dist, Sdist):
        expected = f"{name}-{metadata.version}.tar.gz"
        if filename != expected:
            yield f"the file name must be {expected!r}"
        return
    found = filename.partition("-")[0]
    if found != name:
        yield f"the file name must begin with the normalised project name {name!r}, not {found!r}"


def _check_dist_info_folder(upload: Upload) -> Iterator[str]:
    if isinstance(upload.dist, Wheel):
        name, version, *_ = upload.dist.path.name.split("-")
        expected = f"{name}-{version}.dist-info"
        if upload.dist.dist_info != expected:
            yield f"the folder {upload.dist.dist_info!r} must be called {expected!r}"


def _find_missing_license_files(upload: Upload) -> Iterator[str]:
    names = {member.name for member in upload.dist.members}
    dist = upload.dist
    folder = dist.folder if isinstance(dist, Sdist) else f"{dist.dist_info}/licenses"
    for path in upload.raw.get("license_files", []):
        if f"{folder}/{path}" not in names:
            yield f"License-File {path} is not in the archive at {folder}/{path}"


def _check_script_names(upload: Upload) -> Iterator[str]:
    points = upload.dist.entry_points if isinstance(upload.dist, Wheel) else ()
    for point in points:
        if point.group in {"console_scripts", "gui_scripts"} and not _SCRIPT_NAME.fullmatch(point.name):
            yield f"the script name {point.name!r} has characters other than letters, digits, '_', '.' and '-'"


def _check_zip_records(upload: Upload) -> Iterator[str]:
    fault = upload.dist.streaming_fault if isinstance(upload.dist, Wheel) else ""
    if fault:
        yield f"the zip archive is not accepted: {fault}"


def _check_single_format(upload: Upload) -> Iterator[str]:
    if isinstance(upload.dist, Sdist) and _is_zip(upload.dist.path):
        yield "the file is both a tar file and a zip file"


def _is_zip(path: Path) -> bool:
    try:
        ZipFile(path).close()
    except (BadZipFile, ValueError, NotImplementedError):
        return False
    return True


def _find_encrypted_modules(upload: Upload) -> Iterator[str]:
    for member in upload.dist.members:
        if member.encryption:
            yield f"{member.name} is encrypted by {member.encryption}"


def _check_file_size(upload: Upload) -> Iterator[str]:
    size = upload.dist.path.stat().st_size
    if size > upload.size_limit * _MEGABYTE:
        yield f"{size / _MEGABYTE:.1f} MB, more than PyPI's limit of {upload.size_limit} MB"


@cache
def _list_standard_library() -> frozenset[str]:
    """Return the public modules of the standard library, as an index writes names."""
    return frozenset(canonicalize_name(name) for name in sys.stdlib_module_names if not name.startswith("_"))


def _check_standard_library_name(upload: Upload) -> Iterator[str]:
    name = canonicalize_name(upload.dist.metadata.name)
    if name in _list_standard_library():
        yield f"{name!r} is a module of the standard library; PyPI creates no new project of that name"


_METADATA: Final = "Correct it in pyproject.toml (or setup.cfg, setup.py)."
_BACKEND: Final = "Require a newer build backend in [build-system], such as setuptools>=80 or hatchling>=1.27."

RULES: Final = (
    Rule("unreadable-field", Verdict.NOT_SENT, _find_unreadable_fields, _METADATA),
    Rule("invalid-field", Verdict.NOT_SENT, _find_invalid_fields, _METADATA),
    Rule("metadata-version", Verdict.REFUSED, _check_metadata_version, _BACKEND),
    Rule(
        "local-version",
        Verdict.REFUSED,
        _check_local_version,
        "Release a commit that carries a tag, or drop the +… part.",
    ),
    Rule("summary-length", Verdict.REFUSED, _check_summary, "Shorten project.description in pyproject.toml."),
    Rule("email", Verdict.REFUSED, _find_invalid_emails, _METADATA),
    Rule(
        "private-classifier",
        Verdict.REFUSED,
        _find_private_classifiers,
        "Remove it, or take the index out of the route.",
    ),
    Rule("deprecated-classifier", Verdict.REFUSED, _find_deprecated_classifiers, _METADATA),
    Rule("unknown-classifier", Verdict.MAY_BE_REFUSED, _find_unknown_classifiers, "See https://pypi.org/classifiers/."),
    Rule("url", Verdict.REFUSED, _find_invalid_urls, _METADATA),
    Rule("project-url", Verdict.REFUSED, _find_invalid_project_urls, _METADATA),
    Rule(
        "direct-reference",
        Verdict.REFUSED,
        _find_direct_references,
        "Require the project by name and version; move a URL into a dependency group, which is not published.",
    ),
    Rule("provided-dist", Verdict.REFUSED, _find_invalid_dists, _METADATA),
    Rule("dynamic", Verdict.REFUSED, _find_invalid_dynamic, _METADATA),
    Rule("two-licenses", Verdict.REFUSED, _check_single_license, _METADATA),
    Rule("description", Verdict.REFUSED, _check_description, "Correct the file that project.readme names."),
    Rule(
        "description-type",
        Verdict.ACCEPTED,
        _check_content_type,
        'Set readme = "README.md" in pyproject.toml, or long_description_content_type in setup.py.',
    ),
    Rule(
        "relative-link",
        Verdict.ACCEPTED,
        _check_relative_links,
        "Write whole addresses in the README, or have the build do so: hatch-fancy-pypi-readme replaces them.",
    ),
    Rule(
        "no-description",
        Verdict.ACCEPTED,
        _check_description_exists,
        'Set readme = "README.md" in pyproject.toml, or long_description in setup.py.',
    ),
    Rule("file-name", Verdict.REFUSED, _check_file_name, f"{_BACKEND} File names are normalised (PEP 427, PEP 625)."),
    Rule("dist-info", Verdict.REFUSED, _check_dist_info_folder, _BACKEND),
    Rule(
        "license-file", Verdict.REFUSED, _find_missing_license_files, "Correct project.license-files in pyproject.toml."
    ),
    Rule(
        "script-name", Verdict.REFUSED, _check_script_names, "Rename it in [project.scripts] or [project.gui-scripts]."
    ),
    Rule(
        "zip-records",
        Verdict.REFUSED,
        _check_zip_records,
        "Pack the wheel again: wheel unpack FILE, then wheel pack FOLDER.",
    ),
    Rule(
        "two-formats",
        Verdict.REFUSED,
        _check_single_format,
        "Build it again, and look at the last file inside: a zip file?",
    ),
    Rule("encrypted", Verdict.REFUSED, _find_encrypted_modules, "PyPI takes only modules that people can read."),
    Rule(
        "file-size",
        Verdict.MAY_BE_REFUSED,
        _check_file_size,
        "Where PyPI has raised the limit for this project, state it: verify.file-size-limit = MEGABYTES.",
    ),
    Rule(
        "standard-library-name",
        Verdict.ACCEPTED,
        _check_standard_library_name,
        "Choose another name for a new project.",
    ),
)


def find_broken_rules(uploads: Iterable[Upload]) -> Mapping[tuple[Rule, str], tuple[str, ...]]:
    """Return which rules the files of a release break.

    Returns:
        The rule and what is wrong → the names of the files that it is wrong with, in the order of `RULES`.
    """
    uploads = list(uploads)
    found: dict[tuple[Rule, str], list[str]] = {}
    for rule in RULES:
        for upload in uploads:
            for fault in rule.faults(upload):
                found.setdefault((rule, fault), []).append(upload.dist.path.name)
    return {key: tuple(dict.fromkeys(names)) for key, names in found.items()}
