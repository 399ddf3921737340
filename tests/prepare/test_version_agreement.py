"""Other versions than the release's are told with file and line, and ``CITATION.cff`` is judged by its schema."""

from pathlib import Path

import pytest

from release_tools.checks.citation import find_citation_faults
from release_tools.cli import main
from tests.support.projects import in_tree_project
from tests.support.repositories import Checkout

CFF = "cff-version: 1.2.0\nmessage: Cite it.\ntitle: demo\nauthors:\n  - family-names: Author\n    given-names: Ana\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A project that builds itself, whose version is 1.0 and whose files say otherwise."""
    made = Checkout.create(tmp_path, "https://nowhere.example/demo.git")
    files = in_tree_project()
    files["demo/__init__.py"] = '"""Demo."""\n\n__version__ = "0.9"\n'
    files["CITATION.cff"] = f"{CFF}version: 0.9\n"
    for path in files:
        (made.root / path).parent.mkdir(parents=True, exist_ok=True)
    made.commit(files)
    made.git("tag", "v1.0")
    return made


def build(checkout: Checkout, *options: str) -> int:
    return main.main(
        ["build", "-C", str(checkout.root), "--no-conda", "--no-verify-conda-install", *options], checkout.env
    )


@pytest.mark.slow
def test_disagreements_are_reported_with_file_and_line(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    assert build(checkout, "--no-verify-install") == 0
    said = capsys.readouterr().out
    assert "demo/__init__.py:3" in said
    assert "CITATION.cff:7" in said


@pytest.mark.slow
def test_the_version_of_the_imported_package_is_compared(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    checkout.git("tag", "--delete", "v1.0")
    checkout.commit(
        {"demo/__init__.py": "__version__ = '.'.join(['0', '9'])\n", "CITATION.cff": f"{CFF}version: 1.0\n"}
    )
    checkout.git("tag", "v1.0")
    assert build(checkout, "--verify-install") == 0
    assert "demo.__version__" in capsys.readouterr().out
    assert build(checkout, "--verify-install", "--verify-versions", "strict") == 9


@pytest.mark.slow
def test_strictly_a_disagreement_is_a_fault(checkout: Checkout) -> None:
    assert build(checkout, "--no-verify-install", "--verify-versions", "strict") == 9


@pytest.mark.slow
def test_files_that_agree_are_no_reason_to_speak(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    checkout.git("tag", "--delete", "v1.0")
    checkout.commit({"demo/__init__.py": '__version__ = "1.0"\n', "CITATION.cff": f'{CFF}version: "1.0"\n'})
    checkout.git("tag", "v1.0")
    assert build(checkout, "--no-verify-install", "--verify-versions", "strict") == 0
    assert "CITATION.cff" in capsys.readouterr().out


@pytest.mark.slow
def test_an_untagged_development_version_is_named_nowhere(tmp_path: Path) -> None:
    made = Checkout.create(tmp_path, "https://nowhere.example/demo.git")
    files = in_tree_project(version="1.1.dev0")
    files["CITATION.cff"] = f"{CFF}version: 1.0\n"
    for path in files:
        (made.root / path).parent.mkdir(parents=True, exist_ok=True)
    made.commit(files)
    assert build(made, "--no-verify-install", "--verify-versions", "strict") == 0


@pytest.mark.parametrize(
    "more",
    [
        "",
        "version: 1.10\ndate-released: 2026-01-02\n",
        "type: dataset\nkeywords: [a, b]\nlicense: [MIT, Apache-2.0]\n",
        "doi: 10.5281/zenodo.1003150\nidentifiers: [{type: swh, value: 'swh:1:rev:%s'}]\n" % ("a" * 40),
        "contact: [{name: The Team, website: 'https://demo.example'}]\n",
        "preferred-citation: {type: article, title: Demo, authors: [{name: x}], year: 2026, journal: J}\n",
    ],
)
def test_a_citation_by_the_schema_has_no_faults(more: str) -> None:
    assert find_citation_faults(CFF + more) == []


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("a: [", "YAML"),
        ("[]", "mapping"),
        (CFF.replace("title: demo\n", ""), "title"),
        (CFF.replace("1.2.0", "1.3.0"), "cff-version"),
        (f"{CFF}vesrion: 1.0\n", "vesrion"),
        (f"{CFF}date-released: 30.11.2026\n", "date-released"),
        (f"{CFF}doi: https://doi.org/10.5281/zenodo.1\n", "doi"),
        (f"{CFF}url: demo.example\n", "url"),
        (f"{CFF}type: code\n", "type"),
        (f"{CFF}version:\n", "version"),
        (f"{CFF}keywords: demo\n", "keywords"),
        (f"{CFF}identifiers: [{{type: doi, value: x}}]\n", "identifiers[0].value"),
        (f"{CFF}identifiers: [x]\n", "identifiers[0]"),
        (f"{CFF}references: [{{title: x, type: book}}]\n", "references[0].authors"),
        (CFF.replace("  - family-names: Author\n    given-names: Ana\n", "  []\n"), "authors"),
        (CFF.replace("family-names: Author", "orcid: 0000-0001-2345-6789"), "authors[0].orcid"),
        (CFF.replace("family-names: Author", "mail: a@example.org"), "mail"),
        (CFF.replace("  - family-names: Author\n    given-names: Ana\n", "  - Ana\n"), "authors[0]"),
    ],
)
def test_each_fault_of_a_citation_names_its_key(text: str, key: str) -> None:
    faults = find_citation_faults(text)
    assert len(faults) == 1
    assert key in faults[0]


def test_a_citation_of_an_older_format_is_not_judged() -> None:
    assert find_citation_faults("cff-version: 1.1.0\nmessage: x\n") == []
