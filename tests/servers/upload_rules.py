"""Refuse what PyPI refuses, of an upload's form, of the file's name and of what is in the file.

Written from warehouse's ``forklift/metadata.py``, ``forklift/legacy.py``, ``utils/wheel.py`` and ``utils/zipfiles.py``,
apart from our own checks, which are held against it.
"""

import configparser
import email.utils
import io
import re
import struct
import tarfile
import zipfile
from collections.abc import Mapping
from email.message import EmailMessage
from typing import Any

import readme_renderer.rst
from email_validator import EmailNotValidError, validate_email
from packaging.metadata import Metadata
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename
from packaging.version import Version
from rfc3986 import exceptions, uri_reference, validators  # type: ignore[import-untyped]  # it ships no types
from trove_classifiers import all_classifiers, deprecated_classifiers

Form = Mapping[str, list[str]]

TEXTS = (
    "metadata_version", "name", "version", "summary", "description", "home_page", "author", "author_email", "license",
    "download_url", "maintainer", "maintainer_email", "requires_python", "description_content_type",
    "license_expression",
)  # fmt: skip
LISTS = {
    "platform": "platforms",
    "supported_platform": "supported_platforms",
    "license_file": "license_files",
    **{
        name: name
        for name in (
            "classifiers", "requires", "provides", "obsoletes", "requires_dist", "provides_dist", "obsoletes_dist",
            "requires_external", "provides_extra", "dynamic",
        )
    },
}  # fmt: skip
NOT_DYNAMIC = {"name", "version", "metadata-version", "dynamic"}
SYSTEMS = re.compile(
    r"any|win32|win_(amd64|arm64|ia64)|linux_armv[67]l"
    r"|manylinux1_(x86_64|i686)|manylinux2010_(x86_64|i686)"
    r"|manylinux2014_(x86_64|i686|aarch64|armv7l|ppc64|ppc64le|s390x)"
    r"|manylinux_\d+_\d+_(x86_64|i686|aarch64|armv7l|ppc64|ppc64le|s390x|riscv64)"
    r"|musllinux_\d+_\d+_(x86_64|i686|aarch64|armv7l|ppc64le|s390x|riscv64)"
    r"|macosx_(10_\d+|(1[1-5]|26)_0)_(ppc|ppc64|i386|x86_64|arm64|intel|fat|fat3|fat64|universal2?)"
    r"|ios_\d+_\d+_(arm64|x86_64)_(iphoneos|iphonesimulator)"
    r"|android_\d+_(armeabi_v7a|arm64_v8a|x86|x86_64)|pyemscripten_\d+_\d+_wasm32"
)


class RefusedError(Exception):
    """Describe what the index says no to."""

    def __init__(self, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.status = status


def metadata_of(form: Form) -> Metadata:
    """The metadata in an upload's form, once it keeps the specification's rules and PyPI's own."""
    raw: dict[str, Any] = {}
    for name in TEXTS:
        if text := form.get(name, [""])[0]:
            raw[name] = text
    for name, field in LISTS.items():
        if values := form.get(name, []):
            raw[field] = values
    if keywords := form.get("keywords"):
        raw["keywords"] = keywords[0].split(",")
    if urls := form.get("project_urls"):
        raw["project_urls"] = dict(_labelled(text) for text in urls)
    raw = {name: value for name, value in raw.items() if value not in ("UNKNOWN", ["UNKNOWN"], [""])}
    try:
        metadata = Metadata.from_raw(raw)  # type: ignore[arg-type]  # its fields are those of TEXTS and LISTS
    except ExceptionGroup as group:
        raise RefusedError(f"{group.exceptions[0]}. See the core metadata specification.") from None
    _check_fields(metadata, raw)
    _check_classifiers(metadata)
    _check_addresses(raw)
    _check_requirements(metadata)
    _check_description(metadata)
    return metadata


def _labelled(text: str) -> tuple[str, str]:
    label, _, url = text.partition(",")
    return label.strip(), url.strip()


def _check_fields(metadata: Metadata, raw: Mapping[str, Any]) -> None:
    if metadata.version.local:
        raise RefusedError(f"The use of local versions in '{metadata.version}' is not allowed.")
    if len(metadata.summary or "") > 512:
        raise RefusedError("'summary' field must be 512 characters or less.")
    if metadata.license and metadata.license_expression:
        raise RefusedError("License is deprecated when License-Expression is present.")
    for field in raw.get("dynamic", []):
        if field.lower() in NOT_DYNAMIC:
            raise RefusedError(f"Dynamic field {field!r} is not a valid dynamic field.")
    for text in (raw.get("author_email"), raw.get("maintainer_email")):
        if text and (address := email.utils.parseaddr(text)[1]):
            try:
                validate_email(address, check_deliverability=False)
            except EmailNotValidError as error:
                raise RefusedError(f"{address!r} is not a valid email address: {error}") from None


def _check_classifiers(metadata: Metadata) -> None:
    for classifier in metadata.classifiers or []:
        if classifier in deprecated_classifiers:
            raise RefusedError(f"The classifier {classifier!r} has been deprecated.")
        if classifier not in all_classifiers:
            raise RefusedError(f"{classifier!r} is not a valid classifier.")


def _check_addresses(raw: Mapping[str, Any]) -> None:
    for url in (raw.get("home_page"), raw.get("download_url")):
        if url and not _is_address(url):
            raise RefusedError(f"{url!r} is not a valid url.")
    for label, url in raw.get("project_urls", {}).items():
        if not label or not url:
            raise RefusedError("Must have a label and a URL")
        if len(label) > 32:
            raise RefusedError(f"{label!r} must be 32 characters or less.")
        if not _is_address(url):
            raise RefusedError(f"{url!r} is not a valid url")


def _is_address(url: str) -> bool:
    checks = validators.Validator().allow_schemes("http", "https").require_presence_of("scheme")
    checks.check_validity_of("scheme", "host", "port", "path", "query")
    try:
        checks.validate(uri_reference(url).normalize())
    except (exceptions.ValidationError, exceptions.InvalidAuthority):
        return False
    return True


def _check_requirements(metadata: Metadata) -> None:
    for requirement in metadata.requires_dist or []:
        if requirement.url is not None:
            raise RefusedError(f"Can't have direct dependency: {requirement}")
    for text in [*(metadata.provides_dist or []), *(metadata.obsoletes_dist or [])]:
        try:
            url = Requirement(text).url
        except InvalidRequirement as error:
            raise RefusedError(f"{text!r} is invalid: {error}") from None
        if url:
            raise RefusedError(f"Can't have direct dependency: {text!r}")


def _check_description(metadata: Metadata) -> None:
    if not metadata.description:
        return
    message = EmailMessage()
    message["content-type"] = metadata.description_content_type or "text/x-rst"
    if message.get_content_type() == "text/x-rst" and readme_renderer.rst.render(metadata.description) is None:
        raise RefusedError("The description failed to render in the default format of reStructuredText.")


def check_sdist(filename: str, content: bytes, metadata: Metadata) -> None:
    """Refuse an sdist of another name than PEP 625 gives it, or without its license files."""
    expected = f"{canonicalize_name(metadata.name).replace('-', '_')}-{metadata.version}.tar.gz"
    if filename != expected:
        raise RefusedError(f"Filename {filename!r} is invalid, should be {expected!r}.")
    if zipfile.is_zipfile(io.BytesIO(content)):
        raise RefusedError("Invalid distribution file. File is both a zip and a tar file")
    with tarfile.open(fileobj=io.BytesIO(content)) as sdist:
        names = sdist.getnames()
        for member in sdist:
            _check_code(member.name, (sdist.extractfile(member) or io.BytesIO()).read())
    top = names[0].partition("/")[0]
    for path in metadata.license_files or []:
        if f"{top}/{path}" not in names:
            raise RefusedError(f"License-File {path} does not exist in distribution file {filename}")


def check_wheel(filename: str, content: bytes, metadata: Metadata) -> None:
    """Refuse a wheel whose name, tags, licenses, commands or zip records are not as they should be."""
    _, version, _, tags = parse_wheel_filename(filename)
    for tag in tags:
        if not SYSTEMS.fullmatch(tag.platform):
            raise RefusedError(f"Binary wheel {filename!r} has an unsupported platform tag {tag.platform!r}.")
    stem, spelled = filename.split("-")[:2]
    expected = canonicalize_name(metadata.name).replace("-", "_")
    if stem != expected:
        raise RefusedError(f"Filename {filename!r} should contain the normalized project name {expected!r}.")
    if version != Version(str(metadata.version)):
        raise RefusedError(f"Version in filename should be {str(metadata.version)!r} not {str(version)!r}.")
    with zipfile.ZipFile(io.BytesIO(content)) as wheel:
        names = wheel.namelist()
        info = f"{stem}-{spelled}.dist-info"
        for needed in ("WHEEL", "RECORD", "METADATA"):
            if f"{info}/{needed}" not in names:
                raise RefusedError(f"{needed} not found at {info}/{needed}")
        for path in metadata.license_files or []:
            if f"{info}/licenses/{path}" not in names:
                raise RefusedError(f"License-File {path} does not exist in distribution file {filename}")
        if f"{info}/entry_points.txt" in names:
            _check_commands(wheel.read(f"{info}/entry_points.txt").decode())
        for member in wheel.infolist():
            _check_records(content, member)
            _check_code(member.filename, wheel.read(member))
    if len(f"{filename}.metadata".encode()) > 255:
        raise RefusedError(f"Filename is too long: {filename!r}")


def _check_code(name: str, content: bytes) -> None:
    """Refuse a module in which PyPI's scanner finds encrypted code."""
    if name.endswith((".py", ".pye")):
        if b"__pyarmor__(__name__, __file__," in content or b"__pyarmor_enter__" in content:
            raise RefusedError("Invalid distribution file. PyArmor-encrypted content is not allowed.")
        if b"---BEGIN PYE FILE---" in content and b"---END PYE FILE---" in content:
            raise RefusedError("Invalid distribution file. SourceDefender-encrypted content is not allowed.")


def _check_commands(text: str) -> None:
    parser = configparser.ConfigParser(delimiters=("=",))
    parser.read_string(text)
    for section in ("console_scripts", "gui_scripts"):
        names = parser.options(section) if parser.has_section(section) else []
        for name in names:
            if not re.fullmatch(r"[\w.-]+", name):
                raise RefusedError("Wheel has invalid entry points defined in the entry_points.txt file")


def _check_records(content: bytes, member: zipfile.ZipInfo) -> None:
    """Read one local header as a program that only streams would."""
    if member.flag_bits & 8:
        raise RefusedError("ZIP archive not accepted: ZIP contains a data descriptor.")
    start = member.header_offset + 30
    name_size, extra_size = struct.unpack_from("<HH", content, member.header_offset + 26)
    name = content[start : start + name_size]
    if name.decode(errors="replace") != member.orig_filename:
        raise RefusedError("ZIP archive not accepted: Filename not in central directory.")
    extra = content[start + name_size : start + name_size + extra_size]
    packed, size_of_all = struct.unpack_from("<LL", content, member.header_offset + 18)
    seen = []
    while extra:
        identifier, size = struct.unpack("<HH", extra[:4]) if len(extra) >= 4 else (0, 1 << 16)
        wrong = identifier == 1 and (
            identifier in seen or size not in (0, 8, 16, 24, 28) or (size == 8 and member.compress_type)
        )
        if size + 4 > len(extra) or wrong:
            raise RefusedError("ZIP archive not accepted: Malformed zip file.")
        if identifier == 1 and size:
            sizes = struct.unpack_from(f"<{size // 8}Q", extra, 4)
            size_of_all = sizes[0] if size_of_all == 0xFFFFFFFF else size_of_all
            packed = sizes[0] if size == 8 else sizes[1]
        seen.append(identifier)
        extra = extra[size + 4 :]
    if (packed, size_of_all) != (member.compress_size, member.file_size):
        raise RefusedError("ZIP archive not accepted: Mis-matched data size.")
