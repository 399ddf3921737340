"""Changelogs as ten kinds of projects write them: what is to be read from each, and its release as a diff."""

from dataclasses import dataclass

RELEASED = "1.1.0"
DAY = "2026-03-02"


@dataclass(frozen=True)
class Shape:
    """A changelog.

    Attributes:
        name: of the kind.
        path: its file.
        text: what it holds.
        parts: the versions of its parts, "" where the heading is only Unreleased; an unreleased one ends with "*".
        categories: the titles within the newest released part.
        removed: the lines that go when `RELEASED` is released on `DAY`.
        added: the lines that come.
        project: whose changelog it is.
    """

    name: str
    path: str
    text: str
    parts: tuple[str, ...]
    categories: tuple[str, ...]
    removed: tuple[str, ...]
    added: tuple[str, ...]
    project: str = "demo"


SHAPES = (
    Shape(
        "Keep a Changelog",
        "CHANGELOG.md",
        """\
# Changelog

The format is based on [Keep a Changelog](https://keepachangelog.com/en/1.1.0/).

<!-- a template:
## [Unreleased]
-->

## [Unreleased]

### Added

- A loader, see [the manual].

## [1.0.0] - 2026-01-31 [YANKED]

### Added

- A writer.

### Fixed

- A crash.

```markdown
## [0.9.9] - an example, not a part
```

## [0.9.0] - 2025-12-01

- First.

[the manual]: https://demo.example/manual
[unreleased]: https://github.com/ana/demo/compare/v1.0.0...HEAD
[1.0.0]: https://github.com/ana/demo/compare/v0.9.0...v1.0.0
""",
        parts=("*", "1.0.0", "0.9.0"),
        categories=("Added", "Fixed"),
        removed=("[unreleased]: https://github.com/ana/demo/compare/v1.0.0...HEAD",),
        added=(
            "",
            "## [1.1.0] - 2026-03-02",
            "[unreleased]: https://github.com/ana/demo/compare/v1.1.0...HEAD",
            "[1.1.0]: https://github.com/ana/demo/compare/v1.0.0...v1.1.0",
        ),
    ),
    Shape(
        "Keep a Changelog before the first release",
        "CHANGELOG.md",
        "# Changelog\n\n## [Unreleased]\n### Added\n- All of it.\n",
        parts=("*",),
        categories=(),
        removed=(),
        added=("", "## [1.1.0] - 2026-03-02"),
    ),
    Shape(
        "spelled-out dates, no brackets, titles in bold",
        "CHANGELOG.md",
        """\
# Changelog

## Dev

* Fix a case.

## 1.0.0 (28th November, 2025)

Some words.

**Deprecations**:

* The old way.

**The following changes are also included**:

* The new way. (#3363)

## 0.28.0b1 (1st January, 2025)

* First.
""",
        parts=("*", "1.0.0", "0.28.0b1"),
        categories=("", "Deprecations", "The following changes are also included"),
        removed=(),
        added=("", "## 1.1.0 (2nd March, 2026)"),
    ),
    Shape(
        "linked versions",
        "CHANGELOG.md",
        """\
# Changelog

## [Unreleased](https://github.com/ana/demo/tree/main)

### Changes

- Introduce `demo.Thing`.
  [#12](https://github.com/ana/demo/issues/12)

## [1.0.0](https://github.com/ana/demo/compare/0.9.0...1.0.0) (2026-01-25)

### Backwards-incompatible Changes

- Python 3.7 has been dropped.

### Changes

- Others.
""",
        parts=("*", "1.0.0"),
        categories=("Backwards-incompatible Changes", "Changes"),
        removed=(),
        added=("", "## [1.1.0](https://github.com/ana/demo/compare/1.0.0...1.1.0) (2026-03-02)"),
    ),
    Shape(
        "underlined Markdown",
        "HISTORY.md",
        """\
Release History
===============

dev
---

- \\[Short description of non-trivial change.\\]

1.0.0 (2026-01-29)
------------------

**Deprecations**
- The old way.

**Bugfixes**
- A crash.

0.9.0 (2025-05-20)
------------------

- First.
""",
        parts=("*", "1.0.0", "0.9.0"),
        categories=("Deprecations", "Bugfixes"),
        removed=(),
        added=("", "1.1.0 (2026-03-02)", "------------------"),
    ),
    Shape(
        "one heading level for all, v before the version",
        "docs/changelog.md",
        """\
# Unreleased

- Add a loader.

# v1.0.0

## New features

- A writer.

# v0.9.0rc1

- First.

# Older releases

- Lost.
""",
        parts=("*", "1.0.0", "0.9.0rc1"),
        categories=("New features",),
        removed=(),
        added=("", "# v1.1.0"),
    ),
    Shape(
        "reStructuredText, unreleased in the first line",
        "CHANGES.rst",
        """\
.. currentmodule:: demo

Version 1.1.0
-------------

Unreleased

-   Drop support for Python 3.9. :pr:`2588`

Version 1.0.0
-------------

Released 2026-01-10

-   Fix a crash. :issue:`2717`
""",
        parts=("1.1.0*", "1.0.0"),
        categories=("",),
        removed=("Unreleased",),
        added=("Released 2026-03-02",),
    ),
    Shape(
        "reStructuredText, unreleased in the heading",
        "CHANGES.rst",
        """\
=========
Changelog
=========

1.2 (unreleased)
================

New Features
------------

- A loader.

1.0.0 (2026-01-10)
==================

Bug Fixes
---------

- A crash.

API Changes
-----------

- ``demo.old`` is gone.
""",
        parts=("1.2*", "1.0.0"),
        categories=("Bug Fixes", "API Changes"),
        removed=("1.2 (unreleased)", "================"),
        added=("1.1.0 (2026-03-02)", "=================="),
    ),
    Shape(
        "reStructuredText, emphasis around unreleased, colons for titles",
        "CHANGELOG.rst",
        """\
Changelog
---------

*unreleased*
~~~~~~~~~~~~

Features:

* A loader (:pull:`900`)

1.0 - 2026-01-21
~~~~~~~~~~~~~~~~

Features:

* A writer (:pull:`899`)

Fixes:

* A crash (:pull:`898`)

0.9rc1 - 2025-12-01
~~~~~~~~~~~~~~~~~~~

* First
""",
        parts=("*", "1.0", "0.9rc1"),
        categories=("Features", "Fixes"),
        removed=(),
        added=("", "1.1.0 - 2026-03-02", "~~~~~~~~~~~~~~~~~~"),
    ),
    Shape(
        "reStructuredText with the project's name, overlined, by no suffix",
        "NEWS",
        """\
==================
Demo Lib 1.0.0.dev
==================

* A loader.

===========================
Demo Lib 0.9.0 (2025-12-31)
===========================

* First, and
  went on.
""",
        parts=("1.0.0.dev*", "0.9.0"),
        categories=("",),
        removed=("==================", "Demo Lib 1.0.0.dev", "=================="),
        added=("===========================", "Demo Lib 1.1.0 (2026-03-02)", "==========================="),
        project="demo-lib",
    ),
)
