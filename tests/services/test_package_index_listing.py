"""Test the simple API as JSON and as pages, from the double and with the answers of odd servers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from release_tools.errors import RemoteError
from release_tools.publishers.package_index.index import Index
from release_tools.publishers.package_index.simple_api import IndexFile, Listing, list_project
from release_tools.system.http import Http
from release_tools.system.retries import RetryPolicy
from tests.servers.base import Fault, Response, serve
from tests.servers.package_index import HTML, JSON, PackageIndex
from tests.support.artifacts import make_sdist, make_wheel

NAMED = '"meta": {"api-version": "1.0"}, "name": "demo", '


@pytest.fixture
def pypi() -> PackageIndex:
    return PackageIndex()


@pytest.fixture
def index(pypi: PackageIndex) -> Iterator[Index]:
    with serve(pypi) as url:
        yield Index("local", "the local index", f"{url}/legacy/", f"{url}/simple/")


def ask(index: Index, project: str = "demo", authorization: str = "") -> Listing:
    http = Http.to([index.simple], {}, RetryPolicy(tries=1))
    with http.session:
        return list_project(http, index, project, authorization=authorization)


@pytest.mark.parametrize("only_html", [False, True])
def test_every_file_is_reported_with_its_digest_in_one_request(
    pypi: PackageIndex, index: Index, tmp_path: Path, *, only_html: bool
) -> None:
    for path in (make_sdist(tmp_path), make_wheel(tmp_path)):
        pypi.put(path.name, path.read_bytes())
    pypi.files["demo-1.0.tar.gz"].yanked = True
    pypi.only_html = only_html
    reported = ask(index, "Demo")
    assert reported.exists
    assert {name: served.sha256 for name, served in reported.files.items()} == pypi.holds()
    assert [name for name, served in reported.files.items() if served.is_yanked] == ["demo-1.0.tar.gz"]
    assert len(pypi.log) == 1


def test_a_project_that_was_never_uploaded_does_not_exist(index: Index) -> None:
    assert ask(index) == Listing(exists=False)


@pytest.mark.parametrize(
    ("media", "body", "files"),
    [
        (JSON, "{" + NAMED + '"files": [{"filename": "a.whl", "url": "a.whl", "hashes": {}}]}', {"a.whl": ("", None)}),
        (
            JSON,
            "{" + NAMED + '"files": [{"filename": "a.whl", "url": "a", "hashes": {"md5": "00"}}]}',
            {"a.whl": ("", None)},
        ),
        (
            JSON,
            "{" + NAMED + '"files": [{"filename": "a.whl", "url": "a", "hashes": {"sha256": "AB"}}]}',
            {"a.whl": ("ab", None)},
        ),
        (HTML, "<a href='../a%2B1.whl#sha256=ab'>a+1.whl</a>", {"a+1.whl": ("ab", None)}),
        ("text/html", "<a href='a.whl#md5=ab'>a.whl</a>", {"a.whl": ("", None)}),
        ("text/html", "<a name=top><p>nothing", {}),
    ],
)
def test_what_odd_indexes_answer(
    pypi: PackageIndex, index: Index, media: str, body: str, files: dict[str, tuple[str, None]]
) -> None:
    pypi.faults = [Fault(response=Response.of_text(body, media=media))]
    assert {name: (served.sha256, served.size) for name, served in ask(index).files.items()} == files


@pytest.mark.parametrize(
    "body",
    [
        *("[]", "{}", '{"files": 1}', '{"files": [{}]}', '{"files": ["x"]}', "<html>"),
        "{" + NAMED.replace("1.0", "2.0") + '"files": []}',
        "{" + NAMED + '"files": [{"filename": 1, "url": "a", "hashes": {}}]}',
        "{" + NAMED + '"files": [{"filename": "a.whl", "url": "a", "hashes": {}, "upload-time": "soon"}]}',
    ],
)
def test_what_no_pep_describes_is_an_error(pypi: PackageIndex, index: Index, body: str) -> None:
    pypi.faults = [Fault(response=Response.of_text(body, media=JSON))]
    with pytest.raises(RemoteError, match="answered"):
        ask(index)


@pytest.mark.parametrize("status", [401, 403])
def test_an_index_that_refuses_to_tell_is_an_error(pypi: PackageIndex, index: Index, status: int) -> None:
    pypi.faults = [Fault(response=Response(status))]
    with pytest.raises(RemoteError, match=str(status)):
        ask(index)


def test_addresses_are_made_absolute(pypi: PackageIndex, index: Index, tmp_path: Path) -> None:
    path = make_wheel(tmp_path)
    pypi.put(path.name, path.read_bytes())
    served: IndexFile = ask(index).files[path.name]
    assert served.url.startswith(index.simple.removesuffix("simple/") + "packages/")
    assert served.size == path.stat().st_size
