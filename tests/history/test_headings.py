"""The version that a heading names, in well-known changelogs and in every form that was thought of."""

import re
from pathlib import PurePosixPath

import pytest
from packaging.version import Version

from release_tools.history.asciidoc import to_markdown
from release_tools.history.changelog import Changelog
from release_tools.history.changelog_files import ChangelogFiles
from release_tools.history.version_headings import HeadingReader, to_version
from tests.history.known_changelogs import FORMS, KNOWN, UNRELEASED, Known


@pytest.mark.parametrize("known", [pytest.param(item, id=f"{item.project} {item.version}") for item in KNOWN])
def test_the_headings_of_well_known_changelogs_are_read(known: Known) -> None:
    path = known.source.split()[1]
    is_markdown = PurePosixPath(path).suffix == ".md"
    older = re.sub(r"\d+(?:\.\d+)+", "0.0.9", known.heading) if known.version != "*" else "## 0.0.9"
    text = f"{known.heading}\n\n- An entry.\n\n{older}\n\n- An older one.\n"
    changelog = Changelog.parse("CHANGES.md" if is_markdown else "CHANGES.rst", text, known.project)
    part = changelog.parts[0]
    assert part.spelled + "*" * part.unreleased == known.version
    assert "- An entry." in part.text
    assert "- An older one." not in part.text


@pytest.mark.parametrize(("heading", "version"), FORMS)
def test_a_heading_names_one_version_in_many_forms(heading: str, version: str) -> None:
    found = HeadingReader(("demo-lib",)).read(heading)
    assert (str(to_version(found.spelled)) if found else "") == version


@pytest.mark.parametrize("heading", UNRELEASED)
def test_work_in_progress_has_many_names(heading: str) -> None:
    changelog = Changelog.parse(
        "CHANGELOG.md", f"# Changelog\n\n## {heading}\n\n- New.\n\n## 1.1.0\n\n- Old.\n", "demo-lib"
    )
    assert changelog.unreleased is not None
    assert changelog.unreleased.text.strip() == "- New."


SHAPES = {
    "with a byte order mark": ("CHANGELOG.md", "\ufeff## 1.2.0\n\nnew\n\n## 1.1.0\n\nold\n"),
    "of GNU": ("NEWS", "* Changes in version 1.2.0 (2026-01-01)\n\nnew\n\n* Changes in version 1.1.0\n\nold\n"),
    "with TOML before it": ("CHANGELOG.md", "+++\ntitle = 'x'\n+++\n\n# 1.2.0\n\nnew\n\n# 1.1.0\n\nold\n"),
    "with anchors": ("CHANGELOG.md", "## <a id='v1.2.0'></a> v1.2.0\n\nnew\n\n## v1.1.0\n\nold\n"),
    "of auto": ("CHANGELOG.md", "# v1.2.0 (Mon Jan 05 2026)\n\nnew\n\n---\n\n# v1.1.0 (Sun Jan 05 2025)\n\nold\n"),
    "below series": ("CHANGELOG.md", "# Log\n\n## 1.x\n\n### 1.2.0\n\nnew\n\n### 1.1.0\n\nold\n\n## 0.x\n\n### 0.9\n"),
    "with a code name": ("CHANGELOG.md", '## 1.2.0 "Wombat" (2026-01-01)\n\nnew\n\n## 1.1.0 "Koala"\n\nold\n'),
    "with Windows line ends": ("CHANGELOG.md", "## 1.2.0\r\n\r\nnew\r\n\r\n## 1.1.0\r\n\r\nold\r\n"),
    "after a template": ("CHANGELOG.md", "<!--\n## 9.9.9\n-->\n\n## 1.2.0\n\nnew\n\n## 1.1.0\n\nold\n"),
    "with colons": ("CHANGES.txt", "v1.2.0:\n  new\n\nv1.1.0:\n  old\n"),
    "with commas": ("CHANGES.txt", "Version 1.2.0, 01-Jan-2026\nnew\n\nVersion 1.1.0, 01-Jan-2025\nold\n"),
    "after a plan": ("CHANGELOG.md", "# Log\n\n## Roadmap for 2.0\n\n- plan\n\n## 1.2.0\n\nnew\n\n## 1.1.0\n\nold\n"),
    "with labels": (
        "CHANGES.rst",
        ".. _r1:\n\nRelease 1.2.0\n-------------\n\nnew\n\n.. _r2:\n\nRelease 1.1.0\n-------------\n",
    ),
    "with pictures": ("CHANGELOG.md", "## 1.2.0 \U0001f389 (2026-01-01)\n\nnew\n\n## 1.1.0 \U0001f41b\n\nold\n"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_changelog_of_many_shapes_has_its_newest_section(shape: str) -> None:
    path, text = SHAPES[shape]
    part = Changelog.parse(path, text, "demo-lib").find_part(Version("1.2.0"))
    assert part is not None
    assert part.text.split() == ["new"]


@pytest.mark.parametrize("heading", ["Next steps", "Future work", "Current limitations", "Head over", "Added"])
def test_other_headings_are_not_work_in_progress(heading: str) -> None:
    assert not HeadingReader(("demo-lib",)).is_unreleased(heading)


@pytest.mark.parametrize(
    ("heading", "covered", "others"),
    [
        ("1.2.0 - 1.2.3", ["1.2.0", "1.2.1", "1.2.3"], ["1.1.9", "1.2.4"]),
        ("1.2.0 to 1.2.3 (2026-01-02)", ["1.2.2"], ["1.3"]),
        ("1.2.0, 1.2.1 and 1.2.3", ["1.2.0", "1.2.1", "1.2.3"], ["1.2.2"]),
        ("1.2.0/1.2.1", ["1.2.0", "1.2.1"], ["1.2.2"]),
        ("1.2.0 - 2026.01.02", ["1.2.0"], ["2026.1.2", "3.0"]),
        ("1.2.0 - 3.14 is supported", ["1.2.0"], ["3.14", "2.0"]),
        ("1.2.0, 1.1.9 (2026-01-02)", ["1.2.0", "1.1.9"], ["1.1.10"]),
    ],
)
def test_a_heading_may_cover_several_versions(heading: str, covered: list[str], others: list[str]) -> None:
    [part] = Changelog.parse("CHANGELOG.md", f"## {heading}\n\n- x\n").parts
    assert all(part.covers(Version(version)) for version in covered)
    assert not any(part.covers(Version(version)) for version in others)


@pytest.mark.parametrize(
    ("title_format", "heading"),
    [
        ("{name} {version} ({project_date})", "Another Name 1.2.0 (2026-01-02)"),
        (
            "## [{version}](https://demo.example/{version}) - {project_date}",
            "[1.2.0](https://demo.example/1.2.0) - today",
        ),
        ("Tools of {version}, {project_date}", "Tools of 1.2.0, today"),
    ],
)
def test_towncriers_own_title_format_is_known(title_format: str, heading: str) -> None:
    found = HeadingReader(("demo",), title_format).read(heading)
    assert found is not None
    assert found.spelled == "1.2.0"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("CHANGES.md", "# Changes\n\n**1.2.0** (2026-01-02)\n\n- NEW\n\n**1.1.0** (2025-01-02)\n\n- OLD\n"),
        ("CHANGES.md", "# Changes\n\n__v1.2.0__\n- NEW\n\n__v1.1.0__\n- OLD\n"),
        ("CHANGES.md", "<h1>Changes</h1>\n\n<h2>1.2.0</h2>\n\n- NEW\n\n<h2>1.1.0</h2>\n\n- OLD\n"),
        ("CHANGES.md", "---\ntitle: Changes\n---\n\n## 1.2.0\n\n- NEW\n\n## 1.1.0\n\n- OLD\n"),
        ("CHANGES.md", "# Changes\n\n2026-01-02\n\n## 1.2.0\n\n- NEW\n\n2025-01-02\n\n## 1.1.0\n\n- OLD\n"),
        ("CHANGES.md", "# Changes\n\n## 2026-01-02\n\n### 1.2.0\n\n- NEW\n\n## 2025-01-02\n\n### 1.1.0\n\n- OLD\n"),
        ("CHANGES.md", "# Changes\n\n## 1.2.0\n\n- NEW\n\n---\n\n<!-- older -->\n\n## 1.1.0\n\n- OLD\n"),
        ("CHANGES.md", "(v1.2)=\n## 1.2.0\n\n- NEW\n\n(v1.1)=\n## 1.1.0\n\n- OLD\n"),
        ("CHANGES.md", "# My Tool Changelog\n\n## My Tool 1.2.0\n\n- NEW\n\n## My Tool 1.1.0\n\n- OLD\n"),
        ("CHANGES.md", "## My-Tool 1.2.0 (2026-01-02)\n\n- NEW\n\n## My-Tool 1.1.0 (2025-01-02)\n\n- OLD\n"),
        ("CHANGES.md", "# Changes\n\n##1.2.0\n\n- NEW\n\n##1.1.0\n\n- OLD\n"),
        ("CHANGES.md", "<!--\n<h2>1.2.0</h2>\n- template\n-->\n\n## 1.2.0\n\n- NEW\n\n## 1.1.0\n\n- OLD\n"),
        ("CHANGES.rst", "## 1.2.0\n\n- NEW\n\n## 1.1.0\n\n- OLD\n"),
        ("CHANGES.rst", "**1.2.0** (2026-01-02)\n\n- NEW\n\n**1.1.0** (2025-01-02)\n\n- OLD\n"),
        ("CHANGES.rst", ".. _v1.2:\n\n1.2.0\n=====\n\n- NEW\n\n----\n\n.. _v1.1:\n\n1.1.0\n=====\n\n- OLD\n"),
        ("CHANGES.txt", "= 1.2.0 (20260102)\n\n* NEW\n\n= 1.1.0 (20250102)\n\n* OLD\n"),
        ("CHANGES.txt", "v1.2.0, 2026-01-02\n\n* NEW\n\nv1.1.0, 2025-01-02\n\n* OLD\n"),
        ("CHANGES", "1.2.0:\n\n  * NEW\n\n1.1.0:\n\n  * OLD\n"),
        (
            "CHANGELOG",
            (
                "=====\n Log\n=====\n\n2/1/2026 ana, ben,\n   cy\n\n  * 1.2.0\n\n  * NEW\n\n"
                "1/1/2025 ana,\n   ben\n\n  * 1.1.0\n\n  * OLD\n"
            ),
        ),
        ("CHANGES", "1.2.0 (2026-01-02)\n\n* NEW\n\n1.1.0 (2025-01-02)\n------------------\n\n* OLD\n"),
        (
            "CHANGES.rst",
            (
                "Release notes for demo 1.2 series\n=================================\n\n"
                "Changes from 1.1.9 to 1.2.0\n---------------------------\n\n- NEW\n\n1.1.9\n-----\n\n- OLD\n"
            ),
        ),
        ("CHANGES.adoc", "= Changes\n\n[[v1.2]]\n== 1.2.0\n\n* NEW\n\n[[v1.1]]\n== 1.1.0\n\n* OLD\n"),
    ],
)
def test_a_section_is_cut_out_whatever_is_around_it(path: str, text: str) -> None:
    changelog = Changelog.parse(path, text, "demo")
    part = changelog.find_part(Version("1.2.0"))
    assert part is not None
    assert part.text.strip() in ("- NEW", "* NEW")


STUB = "See [the changelog](docs/source/log/all.rst).\n"
NEW = "1.2.0\n=====\n\n- NEW\n\n1.1.0\n=====\n\n- OLD\n"


@pytest.mark.parametrize(
    ("files", "path"),
    [
        ({"Changelog.md": "# 1.2.0\n\n- NEW\n"}, "Changelog.md"),
        ({"changes": NEW}, "changes"),
        ({"RELEASE_NOTES.rst": NEW}, "RELEASE_NOTES.rst"),
        ({"docs/release-notes.rst": NEW}, "docs/release-notes.rst"),
        ({"doc/whats-new.rst": NEW}, "doc/whats-new.rst"),
        ({"docs/en/docs/release-notes.md": "## 1.2.0\n\n- NEW\n"}, "docs/en/docs/release-notes.md"),
        ({"docs/changelog/index.rst": NEW}, "docs/changelog/index.rst"),
        ({"docs/history/demo.md": "## 1.2.0\n\n- NEW\n"}, "docs/history/demo.md"),
        ({"docs/history/other.md": "## 1.2.0\n\n- x\n", "changelogs/demo.rst": NEW}, "changelogs/demo.rst"),
        ({"CHANGELOG-demo.md": "## 1.2.0\n\n- NEW\n", "CHANGELOG.md": "## 1.1.0\n\n- x\n"}, "CHANGELOG-demo.md"),
        ({"CHANGES.md": STUB, "docs/source/log/all.rst": NEW}, "docs/source/log/all.rst"),
        ({"CHANGES.md": "docs/log.rst", "docs/log.rst": NEW}, "docs/log.rst"),
        ({"docs/changelog.rst": ".. include:: ../NEWS.rst\n", "NEWS.rst": NEW}, "NEWS.rst"),
        ({"CHANGES.md": "# 0.9\n\n- older\n", "docs/history.rst": NEW}, "docs/history.rst"),
        ({"docs/releases/1.2.0.md": "# The fast one\n\n- NEW\n"}, "docs/releases/1.2.0.md"),
        (
            {"doc/source/release/1.2.0-notes.rst": "Demo 1.2.0 Release Notes\n====\n\n- NEW\n"},
            "doc/source/release/1.2.0-notes.rst",
        ),
        ({"doc/whats_new/v1.2.rst": NEW, "doc/whats_new/v1.1.rst": ""}, "doc/whats_new/v1.2.rst"),
        ({"docs/whatsnew/version1.rst": NEW}, "docs/whatsnew/version1.rst"),
        ({"release-notes-1.2.0.md": "- NEW\n"}, "release-notes-1.2.0.md"),
        ({"CHANGELOG.adoc": "== 1.2.0\n\n* NEW\n"}, "CHANGELOG.adoc"),
        ({"src/demo/CHANGES.md": "# 1.2.0\n\n- not the project's\n"}, ""),
        ({"docs/releases/1.1.0.md": "- OLD\n", "docs/api/1.2.0.md": "- x\n"}, ""),
        ({"CHANGES.md": STUB}, ""),
        ({"docs/news.md": "# Development\n\nHow to help.\n\n# Latest\n\nWords.\n"}, ""),
    ],
)
def test_the_file_with_the_section_is_found(files: dict[str, str], path: str) -> None:
    found = ChangelogFiles(list(files), files.get, names=("demo",)).find(Version("1.2.0"))
    assert (found.path if found else "") == path
    if found:
        part = found.find_part(Version("1.2.0"))
        assert part is not None
        assert part.text.strip()[2:] == "NEW"


def test_asciidoc_becomes_markdown() -> None:
    text = """\
=== Added

* A *loader*, see https://demo.example/12[#12^].
** `+inner+`
. one

NOTE: Take care.

[source,python]
----
* code
----

// a comment
////
hidden
////
"""
    assert to_markdown(text).split("\n") == [
        "### Added",
        "",
        "- A **loader**, see [#12](https://demo.example/12).",
        "   - `inner`",
        "1. one",
        "",
        "> **Note**: Take care.",
        "",
        "```python",
        "* code",
        "```",
        "",
    ]
