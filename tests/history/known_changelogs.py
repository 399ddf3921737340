"""Headings of well-known changelogs, with the file that each is from; between two of them there is one entry."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    """A heading.

    Attributes:
        source: the repository and the file.
        project: the name of the distribution.
        heading: its lines.
        version: that it names; with ``*`` where it is unreleased, and empty where it names none.
    """

    source: str
    project: str
    heading: str
    version: str


KNOWN = (
    Known(
        "python-attrs/attrs CHANGELOG.md",
        "attrs",
        "## [23.1.0](https://github.com/python-attrs/attrs/tree/23.1.0) - 2023-04-16",
        "23.1.0",
    ),
    Known(
        "squidfunk/mkdocs-material docs/changelog/index.md",
        "mkdocs-material",
        "### 9.5.3 <small>December 23, 2023</small>",
        "9.5.3",
    ),
    Known(
        "squidfunk/mkdocs-material docs/changelog/index.md",
        "mkdocs-material",
        '### 9.7.6 <small>March 19, 2026</small> { id="9.7.6" }',
        "9.7.6",
    ),
    Known("Python-Markdown/markdown docs/changelog.md", "Markdown", "## [3.4.4] -- 2023-07-25", "3.4.4"),
    Known("Python-Markdown/markdown docs/changelog.md", "Markdown", "## [Unreleased]", "*"),
    Known(
        "PyTables/PyTables RELEASE_NOTES.rst",
        "tables",
        "Changes from 3.11.1 to 3.11.2\n=============================",
        "3.11.2",
    ),
    Known(
        "pydata/numexpr RELEASE_NOTES.rst",
        "numexpr",
        "Changes from 2.8.4 to 2.8.5\n---------------------------",
        "2.8.5",
    ),
    Known(
        "sphinx-doc/sphinx CHANGES.rst",
        "Sphinx",
        "Release 7.2.6 (released Sep 13, 2023)\n=====================================",
        "7.2.6",
    ),
    Known(
        "sphinx-doc/sphinx CHANGES.rst",
        "Sphinx",
        "Release 9.1.1 (in development)\n==============================",
        "9.1.1*",
    ),
    Known("yaml/pyyaml CHANGES", "PyYAML", "3.12 (2016-08-28)\n-----------------", "3.12"),
    Known("yaml/pyyaml CHANGES", "PyYAML", "4.2 (2018-??-??)\n----------------", "4.2*"),
    Known("yaml/pyyaml CHANGES", "PyYAML", "6.0.2 (2024-08-06)", "6.0.2"),
    Known("yaml/pyyaml CHANGES", "PyYAML", "7.0.0.dev0 (TBD)", "7.0.0.dev0*"),
    Known(
        "MDAnalysis/GridDataFormats CHANGELOG",
        "GridDataFormats",
        "01/22/2026 IAlibay, ollyfutur\n           Pradyumn-cloud\n\n  * 1.1.0",
        "1.1.0",
    ),
    Known(
        "MDAnalysis/GridDataFormats CHANGELOG",
        "GridDataFormats",
        "??/??/???? orbeckst, spyke7\n\n * 1.2.0",
        "1.2.0*",
    ),
    Known("joblib/joblib CHANGES.rst", "joblib", "Release 0.8.4\n-------------", "0.8.4"),
    Known("mahmoud/boltons CHANGELOG.md", "boltons", "## 15.1.0\n\n_(September 23, 2015)_", "15.1.0"),
    Known(
        "pyca/cryptography CHANGELOG.rst",
        "cryptography",
        ".. _v0-7-2:\n\n0.7.2 - 2015-01-16\n~~~~~~~~~~~~~~~~~~",
        "0.7.2",
    ),
    Known(
        "celery/celery Changelog.rst",
        "celery",
        ".. version-5.1.2:\n\n5.1.2\n=====\n:release-date: 2021-06-28 16.15 P.M UTC+3:00",
        "5.1.2",
    ),
    Known(
        "pydata/xarray doc/whats-new.rst",
        "xarray",
        ".. _whats-new.2023.11.0:\n\nv2023.11.0 (Nov 16, 2023)\n-------------------------",
        "2023.11.0",
    ),
    Known(
        "pydata/xarray doc/whats-new.rst", "xarray", "v2026.07.1 (unreleased)\n-----------------------", "2026.07.1*"
    ),
    Known(
        "pyinstaller/pyinstaller doc/CHANGES.rst", "pyinstaller", "4.6 (2021-10-29)\n------------------------", "4.6"
    ),
    Known(
        "psycopg/psycopg2 NEWS",
        "psycopg2",
        "What's new in psycopg 2.9.6\n^^^^^^^^^^^^^^^^^^^^^^^^^^^",
        "2.9.6",
    ),
    Known(
        "pytest-dev/pytest doc/en/changelog.rst",
        "pytest",
        "pytest 7.4.0 (2023-06-23)\n=========================",
        "7.4.0",
    ),
    Known(
        "pylint-dev/pylint doc/whatsnew/2/2.15/index.rst",
        "pylint",
        "***************************\n What's New in Pylint 2.15\n***************************",
        "2.15",
    ),
    Known("PennyLaneAI/pennylane doc/releases/changelog-0.33.0.md", "pennylane", "# Release 0.33.0", "0.33.0"),
    Known(
        "PennyLaneAI/pennylane doc/releases/changelog-dev.md",
        "pennylane",
        "# Release 0.33.0-dev (development release)",
        "0.33.0-dev*",
    ),
    Known(
        "PennyLaneAI/pennylane doc/releases/changelog-dev.md",
        "pennylane",
        "# Release 0.46.0 (development release)",
        "0.46.0*",
    ),
    Known("paramiko/paramiko sites/www/changelog.rst", "paramiko", "- :release:`2.12.0 <2022-11-04>`", "2.12.0"),
    Known("urllib3/urllib3 CHANGES.rst", "urllib3", "2.0.7 (2023-10-17)\n==================", "2.0.7"),
    Known("holoviz/geoviews CHANGELOG.md", "geoviews", "Version 1.3.2\n=============", "1.3.2"),
    Known("lxml/lxml CHANGES.txt", "lxml", "4.9.3 (2023-07-05)\n==================", "4.9.3"),
    Known("tox-dev/tox docs/changelog.rst", "tox", "v4.11.3 (2023-09-08)\n--------------------", "4.11.3"),
    Known("wntrblm/nox CHANGELOG.md", "nox", "## 2023.04.22", "2023.04.22"),
    Known("pypa/packaging CHANGELOG.rst", "packaging", "23.2 - 2023-10-01\n~~~~~~~~~~~~~~~~~", "23.2"),
    Known("benoitc/gunicorn docs/source/news.rst", "gunicorn", "21.2.0 - 2023-07-19\n===================", "21.2.0"),
    Known("Textualize/rich CHANGELOG.md", "rich", "## [13.6.0] - 2023-09-30", "13.6.0"),
    Known("beetbox/beets docs/changelog.rst", "beets", "1.6.0 (November 27, 2021)\n-------------------------", "1.6.0"),
    Known("pydantic/pydantic HISTORY.md", "pydantic", "## v2.4.0 (2023-09-22)", "2.4.0"),
    Known(
        "python-trio/trio docs/source/history.rst",
        "trio",
        "Trio 0.22.2 (2023-07-13)\n------------------------",
        "0.22.2",
    ),
    Known(
        "tornadoweb/tornado docs/releases/v6.3.0.rst",
        "tornado",
        "What's new in Tornado 6.3.0\n===========================\n\nApr 17, 2023\n------------",
        "6.3.0",
    ),
    Known("PyCQA/isort CHANGELOG.md", "isort", "### 5.12.0 January 28 2023", "5.12.0"),
    Known(
        "nedbat/coveragepy CHANGES.rst",
        "coverage",
        ".. _changes_7-3-2:\n\nVersion 7.3.2 \u2014 2023-10-02\n--------------------------",
        "7.3.2",
    ),
    Known(
        "pypa/hatch docs/history/hatch.md",
        "hatch",
        "## [1.7.0](https://github.com/pypa/hatch/releases/tag/hatch-v1.7.0) - 2023-04-03 ## {: #hatch-v1.7.0 }",
        "1.7.0",
    ),
    Known("psf/requests HISTORY.md", "requests", "2.31.0 (2023-05-22)\n-------------------", "2.31.0"),
    Known(
        "scipy/scipy doc/source/release/1.11.0-notes.rst",
        "scipy",
        "==========================\nSciPy 1.11.0 Release Notes\n==========================",
        "1.11.0",
    ),
    Known(
        "numpy/numpy doc/source/release/1.26.0-notes.rst",
        "numpy",
        "==========================\nNumPy 1.26.0 Release Notes\n==========================",
        "1.26.0",
    ),
    Known("encode/httpx CHANGELOG.md", "httpx", "## 0.24.1 (17th May, 2023)", "0.24.1"),
    Known("fastapi/fastapi docs/en/docs/release-notes.md", "fastapi", "## Latest Changes", "*"),
    Known(
        "hynek/structlog CHANGELOG.md",
        "structlog",
        "## [23.1.0](https://github.com/hynek/structlog/compare/22.3.0...23.1.0) - 2023-04-06",
        "23.1.0",
    ),
)


FORMS = (
    # the version in its many spellings
    ("1.2.0", "1.2.0"),
    ("v1.2.0 (2026-01-02)", "1.2.0"),
    ("V1.2.0", "1.2.0"),
    ("(1.2.0)", "1.2.0"),
    ("[1.2.0] - 2026-01-02 [YANKED]", "1.2.0"),
    (r"\[1.2.0\] - 2026-01-02", "1.2.0"),
    ("&#91;1.2.0&#93;", "1.2.0"),
    ("~~1.2.0~~", "1.2.0"),
    ("**1.2.0**", "1.2.0"),
    ("`1.2.0`_ (2026-01-02)", "1.2.0"),
    ("`1.2.0 <https://demo.example/a_(b)>`__ - 2026-01-02", "1.2.0"),
    ("[1.2.0](https://demo.example/compare/1.1.0...1.2.0) (2026-01-02)", "1.2.0"),
    ("[v1.2.0][]", "1.2.0"),
    ('<a name="1.2.0"></a>1.2.0', "1.2.0"),
    ("1.2.0-2026-01-02", "1.2.0"),
    ("1.2.0(2026-01-02)", "1.2.0"),
    ("1.2.0: the fast one", "1.2.0"),
    ("1.2.0 / 2026-01-02", "1.2.0"),
    ("1!1.2.0", "1!1.2.0"),
    ("1.2.0+build5", "1.2.0+build5"),
    # pre-releases
    ("1.2.0rc1", "1.2.0rc1"),
    ("1.2.0-rc.1", "1.2.0rc1"),
    ("1.2.0 rc1", "1.2.0rc1"),
    ("1.2.0 beta 2 (2026-01-02)", "1.2.0b2"),
    ("1.2.0 Release Candidate 1", "1.2.0rc1"),
    ("1.2.0 final", "1.2.0"),
    # words before it
    ("Version 1.2.0.", "1.2.0"),
    ("Ver. 1.2.0", "1.2.0"),
    ("Ver 1.2.0", "1.2.0"),
    ("Release: v1.2.0", "1.2.0"),
    ("release-1.2.0", "1.2.0"),
    ("What\u2019s new in 1.2.0", "1.2.0"),
    ("What's New in Demo-Lib 1.2.0 (January 2, 2026)", "1.2.0"),
    ("New in version 1.2.0", "1.2.0"),
    ("Changes in 1.2.0", "1.2.0"),
    ("Changes from 1.1.0 to 1.2.0", "1.2.0"),
    ("Changes between 1.1.0 and 1.2.0", "1.2.0"),
    ("1.1.0 \u2192 1.2.0", "1.2.0"),
    ("Bugfix release 1.2.0", "1.2.0"),
    ("Release notes for 1.2.0", "1.2.0"),
    # the project's name, spelled in any way
    ("demo-lib 1.2.0", "1.2.0"),
    ("Demo Lib 1.2.0 (2026-01-02)", "1.2.0"),
    ("demo_lib v1.2.0", "1.2.0"),
    ("demo.lib 1.2.0", "1.2.0"),
    ("DemoLib 1.2.0", "1.2.0"),
    ("demo-lib-1.2.0", "1.2.0"),
    ("demo-lib@1.2.0", "1.2.0"),
    ("demo-lib/v1.2.0", "1.2.0"),
    ("demo-lib==1.2.0", "1.2.0"),
    ("Demo Lib: 1.2.0", "1.2.0"),
    ("python-demo-lib 1.2.0", "1.2.0"),
    ("Demo Lib 1.2.0 Release Notes", "1.2.0"),
    # a date or an emoji before it
    ("2026-01-02 - 1.2.0", "1.2.0"),
    ("2026-01-02, Version 1.2.0, @ana", "1.2.0"),
    ("[2026-01-02] 1.2.0", "1.2.0"),
    ("January 2, 2026: 1.2.0", "1.2.0"),
    ("Fri, 02 Jan 2026 - 1.2.0", "1.2.0"),
    ("02.01.2026 1.2.0", "1.2.0"),
    ("20260102 1.2.0", "1.2.0"),
    ("\U0001f389 1.2.0", "1.2.0"),
    (":tada: 1.2.0", "1.2.0"),
    ("\U0001f680 v1.2.0 \u2013 the fast one", "1.2.0"),
    # a calendar
    ("20260302", "20260302"),
    ("20260302.1 (2026-03-02)", "20260302.1"),
    ("2026.03.02", "2026.3.2"),
    ("v8", "8"),
    ("Version 8 (2026-01-02)", "8"),
    # no version, or one that is only mentioned
    ("2026-03-02", ""),
    ("March 2026", ""),
    ("3 things to know", ""),
    ("Python 3.13 support", ""),
    ("Migrating from 1.1", ""),
    ("Upgrading to 1.2.0", ""),
    ("Deprecated since 1.1", ""),
    ("Drop Python 3.9", ""),
    ("The 1.x series", ""),
    ("other-project 1.2.0", ""),
)
"""Headings of a project that is called demo-lib, in Markdown, and the version that each names."""

UNRELEASED = (
    "Unreleased", "[Unreleased]", r"\[Unreleased\]", "\U0001f6a7 Unreleased", "Unreleased - 2026-xx-xx", "Version TBD",
    "Unreleased changes", "demo-lib (unreleased)", "X.Y.Z (unreleased)", "1.2.x (unreleased)", "Next release", "vNext",
    "Upcoming", "Coming soon!", "In development", "Work in progress", "Latest (in development)", "Latest Changes",
    "Changes since last release", "main",
)  # fmt: skip
