"""Each row of the table of PyPI's rules, and PyPI's double, which must say the same of the same file."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from packaging.tags import parse_tag

from release_tools.artifacts import read_sdist, read_wheel
from release_tools.checks.index_rules import RULES, Upload, Verdict, find_broken_rules
from release_tools.checks.platform_tags import find_refused_platforms
from release_tools.errors import ReleaseToolsError, RemoteError, VerifyError
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.publishers.package_index.index import PYPI
from release_tools.publishers.package_index.uploader import Login, Uploader
from release_tools.system.http import Http
from release_tools.system.retries import RetryPolicy
from tests.archives.raw import Entry, Part, tar_bytes, wheel_bytes, zip_bytes
from tests.conftest import Run
from tests.servers.package_index import PackageIndex
from tests.servers.proxy import proxying

TOKEN = "pypi-canary-0123456789"
MARKDOWN = "Description-Content-Type: text/markdown\n"
BODY = "\n# Demo\n"


@dataclass(frozen=True)
class Dist:
    """A file to upload.

    Attributes:
        filename: a wheel's or an sdist's.
        headers: further lines of its metadata.
        body: its description.
        version: of its metadata.
        stated: the project's name in its metadata.
        value: of its version.
        parts: further members of a wheel.
        entry_points: of a wheel.
        info: a wheel's dist-info folder.
        files: further members of an sdist.
        content: of each of these.
        level: of the sdist's compression.
    """

    filename: str = "demo-1.0-py3-none-any.whl"
    headers: str = MARKDOWN
    body: str = BODY
    version: str = "2.4"
    stated: str = "demo"
    value: str = "1.0"
    parts: tuple[Part, ...] = ()
    entry_points: str = ""
    info: str = "demo-1.0.dist-info"
    files: tuple[str, ...] = ()
    content: bytes = b"x"
    level: int = 9

    def write(self, folder: Path) -> Path:
        head = f"Metadata-Version: {self.version}\nName: {self.stated}\nVersion: {self.value}\n"
        metadata = (head + self.headers + self.body).encode()
        path = folder / self.filename
        if path.name.endswith(".whl"):
            tags = path.stem.split("-", 2)[2]
            lines = "".join(f"Tag: {tag}\n" for tag in sorted(map(str, parse_tag(tags))))
            wheel = f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\n{lines}".encode()
            points = self.entry_points.encode()
            path.write_bytes(
                wheel_bytes(*self.parts, metadata=metadata, wheel=wheel, info=self.info, entry_points=points)
            )
        else:
            root = f"{self.stated}-{self.value}"
            entries = [
                Entry(f"{root}/pyproject.toml"),
                Entry(f"{root}/PKG-INFO", metadata),
                *(Entry(f"{root}/{name}", self.content) for name in self.files),
            ]
            path.write_bytes(gzip.compress(tar_bytes(entries), self.level, mtime=0))
        return path


def headers(text: str, **more: Any) -> Dist:  # noqa: ANN401 - fields of Dist
    return Dist(headers=f"{MARKDOWN}{text}\n", **more)


def tagged(platform: str) -> Dist:
    return Dist(f"demo-1.0-cp312-cp312-{platform}.whl")


SDIST = Dist("demo-1.0.tar.gz")
LONG = f"demo_{'x' * 224}"
ARMOR = b"from pyarmor_runtime_000000 import __pyarmor__\n__pyarmor__(__name__, __file__, b'PY000000')\n"
PYE = b"---BEGIN PYE FILE---\nxyz\n---END PYE FILE---\n"

BROKEN = (
    ("unreadable-field", headers("Nonsense: yes")),
    ("unreadable-field", headers("Author: one\nAuthor: two")),
    ("unreadable-field", headers("Project-URL: Home, https://a.example\nProject-URL: Home, https://b.example")),
    ("invalid-field", headers("Import-Name: demo", version="2.4")),
    ("invalid-field", headers("License-Expression: GNU whatever")),
    ("invalid-field", Dist(headers="Description-Content-Type: text/html\n")),
    ("invalid-field", Dist(headers="Description-Content-Type: UNKNOWN\n")),
    ("local-version", Dist("demo-1.0+local-py3-none-any.whl", value="1.0+local", info="demo-1.0+local.dist-info")),
    ("summary-length", headers(f"Summary: {'x' * 513}")),
    ("email", headers("Author-Email: Ada <ada@localhost>")),
    ("email", headers("Maintainer-Email: ada.example.org")),
    ("private-classifier", headers("Classifier: Private :: Do Not Upload")),
    ("deprecated-classifier", headers("Classifier: Natural Language :: Ukranian")),
    ("unknown-classifier", headers("Classifier: Topic :: Testing")),
    ("url", headers("Home-Page: example.org")),
    ("url", headers("Download-URL: ftp://example.org/demo")),
    ("project-url", headers("Project-URL: , https://example.org")),
    ("project-url", headers(f"Project-URL: {'x' * 33}, https://example.org")),
    ("project-url", headers("Project-URL: Home, git@github.com:octo/demo.git")),
    ("project-url", headers("Project-URL: Home,")),
    ("direct-reference", headers("Requires-Dist: foo @ https://example.org/foo-1.0-py3-none-any.whl")),
    ("direct-reference", headers('Provides-Extra: dev\nRequires-Dist: foo @ git+https://a.example/b ; extra == "dev"')),
    ("provided-dist", headers("Provides-Dist: foo @ https://example.org/foo.whl")),
    ("provided-dist", headers("Obsoletes-Dist: foo bar")),
    ("dynamic", headers("Dynamic: Dynamic")),
    ("two-licenses", headers("License: MIT\nLicense-Expression: MIT")),
    ("description", Dist(headers="Description-Content-Type: text/x-rst\n", body="\nTitle\n===\n\n* `a")),
    ("description", Dist(headers="Description-Content-Type: text/x-rst\n", body="\n.. include:: /etc/passwd\n")),
    ("description", Dist(headers="Description-Content-Type: text/x-rst\n", body="\n.. only a comment\n")),
    ("file-name", Dist("Spam.Eggs-1.0-py3-none-any.whl", stated="Spam.Eggs", info="Spam.Eggs-1.0.dist-info")),
    ("file-name", Dist("Spam-Eggs-1.0.tar.gz", stated="Spam-Eggs")),
    ("file-name", Dist("demo-1.0.0.rc1.tar.gz", value="1.0.0.rc1")),
    ("dist-info", Dist(info="Demo-1.0.dist-info")),
    ("license-file", headers("License-File: LICENSE")),
    ("license-file", replace(SDIST, headers=f"{MARKDOWN}License-File: LICENSE\n")),
    ("script-name", Dist(entry_points="[console_scripts]\nde mo = demo:main\n")),
    ("script-name", Dist(entry_points="[gui_scripts]\ndemo! = demo:main\n")),
    ("zip-records", Dist(parts=(Part("demo/a.txt", b"a", local_extra=b"\x0a"),))),
    ("zip-records", Dist(parts=(Part("demo/a.txt", b"a", local_extra=b"UT\x09\x00\x01"),))),
    ("zip-records", Dist(parts=(Part("demo/a.txt", b"a", method=8, local_extra=b"\x01\x00\x08\x00" + b"\0" * 8),))),
    ("zip-records", Dist(parts=(Part("demo/a.txt", b"a", local_extra=b"\x01\x00\x08\x00" + b"\0" * 8),))),
    ("zip-records", Dist(parts=(Part("demo/a.txt", b"a", local_extra=b"\x01\x00\x10\x00" + b"\2" * 16),))),
    ("file-name", Dist(f"{LONG}-1.0-py3-none-any.whl", stated=LONG, info=f"{LONG}-1.0.dist-info")),
    ("encrypted", Dist(parts=(Part("demo/a.py", ARMOR),))),
    ("encrypted", replace(SDIST, files=("a.py",), content=ARMOR)),
    ("encrypted", replace(SDIST, files=("a.pye",), content=PYE)),
    ("two-formats", replace(SDIST, files=("a.zip",), content=zip_bytes([Part("x")]), level=0)),
)
WARNED = (
    ("description-type", Dist(headers="", body="\nA *good* description.\n")),
    ("no-description", Dist(headers="", body="")),
    ("relative-link", Dist(body="\n![Logo](docs/logo.png)\n")),
    ("relative-link", Dist(body="\nSee [the license](LICENSE) and [a](./a.md#b).\n")),
    ("relative-link", Dist(body='\n<img src="/docs/logo.png"><a href="../x">x</a>\n')),
    ("relative-link", Dist(headers="Description-Content-Type: text/x-rst\n", body="\n.. image:: docs/logo.png\n")),
    ("relative-link", Dist(headers="Description-Content-Type: text/x-rst\n", body="\nSee `this <docs/a.rst>`_.\n")),
    ("standard-library-name", Dist("json-1.0.tar.gz", stated="json")),
)
SOUND = (
    Dist(),
    SDIST,
    headers("License-File: LICENSE", version="2.3"),
    headers("License-File: LICENSE", version="2.1"),
    replace(SDIST, headers=f"{MARKDOWN}License-File: LICENSE\n", files=("LICENSE",)),
    Dist(headers=f"{MARKDOWN}License-File: LICENSE\n", parts=(Part("demo-1.0.dist-info/licenses/LICENSE", b"x"),)),
    headers("Home-Page: UNKNOWN\nAuthor-Email: UNKNOWN"),
    headers("Classifier: UNKNOWN\nPlatform: UNKNOWN"),
    headers("Classifier:"),
    headers("Author-Email: Ada <ada@example.org>, Ben <ben>"),
    headers("Author: Ada\nLicense: MIT\nKeywords: a, b\nPlatform: any\nProvides-Extra: dev"),
    headers("Classifier: Topic :: Software Development :: Testing\nRequires-Dist: foo>=1; python_version < '4'"),
    headers("Project-URL: Source Code, https://example.org/a?b=c#d\nDynamic: Summary", version="2.2"),
    headers("Dynamic: License-File\nDynamic: Home-Page"),
    Dist(headers="Description-Content-Type: text/x-rst; charset=UTF-8\n", body="\nTitle\n=====\n\nText.\n"),
    Dist(headers="Description-Content-Type: text/plain\n", body="\n* `a"),
    Dist(body="\n[a](#a) [b](https://b.example/c.png) <mailto:a@b.example> [d](//d.example/e) `[f](g)`\n"),
    Dist(headers="Description-Content-Type: text/plain\n", body="\n[a](b)\n"),
    Dist("demo-1.0-py2.py3-none-any.whl"),
    Dist("spam_eggs-1.0.tar.gz", stated="Spam.Eggs"),
    Dist("spam_eggs-1.0-py3-none-any.whl", stated="Spam.Eggs", info="spam_eggs-1.0.dist-info"),
    Dist("demo-1.0.post1.tar.gz", value="1.0.post1"),
    Dist(entry_points="[console_scripts]\ndemo.x-y_z = demo:main\n[other]\na b = demo:main\n"),
    Dist(entry_points="[app.files]\na = demo/app.json\nb =\nc = my-plugin:main\n"),
    replace(SDIST, files=("a.txt",), content=ARMOR),
    replace(SDIST, files=("a.zip",), content=zip_bytes([Part("x")])),
    Dist(parts=(Part("demo/a.txt", b"a", local_extra=b"\x01\x00\x10\x00" + b"\x01\0\0\0\0\0\0\0" * 2),)),
    Dist(parts=(Part("demo/a.txt", b"a", local_extra=b"\x01\x00\x1c\x00" + b"\x01\0\0\0\0\0\0\0" * 3 + b"\0" * 4),)),
    Dist(parts=(Part("demo/\u00e9.txt", b"a"),)),
)
PLATFORMS = {
    "manylinux1_i686": True,
    "manylinux_2_17_aarch64.manylinux2014_aarch64": True,
    "manylinux_2_39_riscv64": True,
    "musllinux_1_2_x86_64": True,
    "linux_armv7l": True,
    "macosx_10_9_universal2": True,
    "macosx_26_0_arm64": True,
    "win_arm64": True,
    "ios_13_0_arm64_iphoneos": True,
    "android_21_arm64_v8a": True,
    "pyemscripten_2025_0_wasm32": True,
    "linux_x86_64": False,
    "manylinux2014_x86_64.linux_x86_64": False,
    "manylinux_2_28_mips": False,
    "musllinux_1_2_ppc64": False,
    "macosx_11_1_arm64": False,
    "macosx_27_0_arm64": False,
    "win_riscv64": False,
    "freebsd_14_0_amd64": False,
}


@pytest.fixture(scope="module")
def pypi() -> PackageIndex:
    index = PackageIndex.pypi()
    index.tokens[TOKEN] = None
    return index


@pytest.fixture(scope="module")
def uploader(pypi: PackageIndex) -> Iterator[Uploader]:
    with proxying(pypi.routes) as proxy:
        http = Http.to([PYPI.upload, PYPI.simple], proxy.environment, RetryPolicy(sleep=lambda _: None))
        one = Uploader(http, PYPI)
        with one.connect():
            yield one
        http.close()


def faults(path: Path) -> dict[str, Verdict]:
    """The names of the rules that a file breaks."""
    dist = read_wheel(path) if path.name.endswith(".whl") else read_sdist(path)
    return {rule.name: rule.verdict for rule, _ in find_broken_rules([Upload(dist)])}


def answer(uploader: Uploader, pypi: PackageIndex, path: Path) -> ReleaseToolsError | None:
    """Return what an upload of the file ends with."""
    pypi.files.clear()
    kind = ArtifactKind.WHEEL if path.name.endswith(".whl") else ArtifactKind.SDIST
    try:
        uploader.upload(Artifact.of(path, kind), lambda: Login("__token__", TOKEN, "TWINE_PASSWORD"))
    except ReleaseToolsError as error:
        return error
    return None


def ids(cases: tuple[tuple[str, Dist], ...]) -> list[str]:
    return [f"{name}-{number}" for number, (name, _) in enumerate(cases)]


@pytest.mark.parametrize(("name", "dist"), BROKEN, ids=ids(BROKEN))
def test_a_file_that_breaks_a_rule_is_found_and_refused_by_the_index(
    tmp_path: Path, uploader: Uploader, pypi: PackageIndex, name: str, dist: Dist
) -> None:
    path = dist.write(tmp_path)
    found = faults(path)
    assert list(found) == [name]
    error = answer(uploader, pypi, path)
    expected = VerifyError if found[name] is Verdict.NOT_SENT else RemoteError
    assert isinstance(error, expected), error


@pytest.mark.parametrize(("name", "dist"), WARNED, ids=ids(WARNED))
def test_what_the_index_accepts_with_a_poor_result_is_only_a_warning(
    tmp_path: Path, uploader: Uploader, pypi: PackageIndex, name: str, dist: Dist
) -> None:
    path = dist.write(tmp_path)
    assert faults(path)[name] is Verdict.ACCEPTED
    assert set(faults(path).values()) == {Verdict.ACCEPTED}
    assert answer(uploader, pypi, path) is None


@pytest.mark.parametrize("dist", SOUND, ids=map(str, range(len(SOUND))))
def test_nothing_is_refused_that_the_index_accepts(
    tmp_path: Path, uploader: Uploader, pypi: PackageIndex, dist: Dist
) -> None:
    path = dist.write(tmp_path)
    assert faults(path) == {}
    assert answer(uploader, pypi, path) is None


@pytest.mark.parametrize(("platform", "is_accepted"), PLATFORMS.items())
def test_the_index_refuses_the_same_platform_tags(
    tmp_path: Path, uploader: Uploader, pypi: PackageIndex, platform: str, *, is_accepted: bool
) -> None:
    path = tagged(platform).write(tmp_path)
    assert (not find_refused_platforms(read_wheel(path).tags)) is is_accepted
    assert (answer(uploader, pypi, path) is None) is is_accepted


def test_every_rule_has_its_case() -> None:
    assert {rule.name for rule in RULES} == {name for name, _ in (*BROKEN, *WARNED)} | {"metadata-version", "file-size"}


def notes_of(run: Run, path: Path, *options: str) -> tuple[int, dict[str, str]]:
    """The exit code of ``verify``, and the state of each of its lines that is no success, by a part of its text."""
    said = run("verify", path, "--no-verify-install", "--json", *options)
    notes = [note for section in json.loads(said.out)["sections"] for note in section["notes"]]
    return said.code, {note["text"]: note["state"] for note in notes if note["state"] in ("failed", "warning")}


@pytest.mark.parametrize(
    ("dist", "options", "code", "state"),
    [
        (headers("Author-Email: a@localhost"), (), 9, "failed"),
        (headers("Author-Email: a@localhost"), ("--routes-final", "https://index.example/legacy/"), 0, "warning"),
        (headers("Author: one\nAuthor: two"), ("--routes-final", "https://index.example/legacy/"), 9, "failed"),
        (headers("Classifier: Topic :: Testing"), (), 0, "warning"),
        (headers("Classifier: Topic :: Testing"), ("--verify-strict",), 9, "failed"),
        (Dist(headers="", body="\nGood.\n"), (), 0, "warning"),
        (Dist(headers="", body=""), ("--verify-strict",), 0, "warning"),
    ],
)
def test_the_state_of_a_broken_rule_follows_what_the_index_would_do(
    run: Run, tmp_path: Path, dist: Dist, options: tuple[str, ...], code: int, state: str
) -> None:
    exit_code, notes = notes_of(run, dist.write(tmp_path), *options)
    assert exit_code == code
    assert state in notes.values()


def test_a_file_above_the_limit_is_warned_of_unless_the_limit_was_raised(run: Run, tmp_path: Path) -> None:
    parts = (Part("demo/noise.bin", b"\0" * (1 << 20)), Part("demo-1.0.dist-info/LICENSE", b"MIT"))
    large = Dist(parts=parts).write(tmp_path)
    assert set(notes_of(run, large, "--verify-file-size-limit", "1")[1].values()) == {"warning"}
    assert notes_of(run, large, "--verify-file-size-limit", "2")[1] == {}
    assert notes_of(run, large, "--verify-file-size-limit", "1", "--verify-strict")[0] == 9
