"""The license as SPDX says it, and the files that hold its text.

https://spdx.org/licenses/ and https://packaging.python.org/specifications/license-expression/
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.metadata import RawMetadata

from release_tools.recipe.evidence import Sources, is_license

CLASSIFIER: Final = "License :: OSI Approved :: "
LONGEST_NAME: Final = 120  # a longer License field holds a whole license text

# The trove classifiers that mean one license; "BSD License" and the bare GPLs do not.
CLASSIFIERS: Final = {
    "Academic Free License (AFL)": "AFL-3.0",
    "Apache Software License": "Apache-2.0",
    "Boost Software License 1.0 (BSL-1.0)": "BSL-1.0",
    "European Union Public Licence 1.2 (EUPL 1.2)": "EUPL-1.2",
    "GNU Affero General Public License v3": "AGPL-3.0-only",
    "GNU Affero General Public License v3 or later (AGPLv3+)": "AGPL-3.0-or-later",
    "GNU General Public License v2 (GPLv2)": "GPL-2.0-only",
    "GNU General Public License v2 or later (GPLv2+)": "GPL-2.0-or-later",
    "GNU General Public License v3 (GPLv3)": "GPL-3.0-only",
    "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
    "GNU Lesser General Public License v2 (LGPLv2)": "LGPL-2.0-only",
    "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.0-or-later",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "MIT No Attribution License (MIT-0)": "MIT-0",
    "Mozilla Public License 1.1 (MPL 1.1)": "MPL-1.1",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
    "The Unlicense (Unlicense)": "Unlicense",
    "Universal Permissive License (UPL)": "UPL-1.0",
    "zlib/libpng License": "Zlib",
    "Zope Public License": "ZPL-2.1",
}

# Usual spellings of licenses, compared without case, punctuation and the words "the", "license", "licence", "version".
SPELLINGS: Final = {
    "agpl 3.0": "AGPL-3.0-only",
    "agpl3+": "AGPL-3.0-or-later",
    "apache": "Apache-2.0",
    "apache software": "Apache-2.0",
    "apache 2": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache software 2.0": "Apache-2.0",
    "2 clause bsd": "BSD-2-Clause",
    "3 clause bsd": "BSD-3-Clause",
    "bsd 2 clause": "BSD-2-Clause",
    "bsd 3 clause": "BSD-3-Clause",
    "modified bsd": "BSD-3-Clause",
    "new bsd": "BSD-3-Clause",
    "simplified bsd": "BSD-2-Clause",
    "bsl 1.0": "BSL-1.0",
    "cc0": "CC0-1.0",
    "expat": "MIT",
    "gpl 2+": "GPL-2.0-or-later",
    "gpl 2.0": "GPL-2.0-only",
    "gpl 2.0+": "GPL-2.0-or-later",
    "gpl 3": "GPL-3.0-only",
    "gpl 3+": "GPL-3.0-or-later",
    "gpl 3.0": "GPL-3.0-only",
    "gpl 3.0+": "GPL-3.0-or-later",
    "gplv2": "GPL-2.0-only",
    "gplv2+": "GPL-2.0-or-later",
    "gplv3": "GPL-3.0-only",
    "gplv3+": "GPL-3.0-or-later",
    "gnu gpl 3": "GPL-3.0-only",
    "gnu gplv3": "GPL-3.0-only",
    "gnu general public v3": "GPL-3.0-only",
    "gnu general public v3 or later gplv3+": "GPL-3.0-or-later",
    "isc": "ISC",
    "lgpl 2.1": "LGPL-2.1-only",
    "lgpl 2.1+": "LGPL-2.1-or-later",
    "lgpl 3+": "LGPL-3.0-or-later",
    "lgpl 3.0": "LGPL-3.0-only",
    "lgpl 3.0+": "LGPL-3.0-or-later",
    "lgplv2.1": "LGPL-2.1-only",
    "lgplv2.1+": "LGPL-2.1-or-later",
    "lgplv3": "LGPL-3.0-only",
    "lgplv3+": "LGPL-3.0-or-later",
    "mit": "MIT",
    "mozilla public 2.0": "MPL-2.0",
    "mpl 2.0": "MPL-2.0",
    "mplv2": "MPL-2.0",
    "mplv2.0": "MPL-2.0",
    "psf": "PSF-2.0",
    "psf 2.0": "PSF-2.0",
    "python software foundation": "PSF-2.0",
    "unlicense": "Unlicense",
    "zlib": "Zlib",
    "zpl 2.1": "ZPL-2.1",
}

# Words that a license text has and others have not, the more particular texts first.
TEXTS: Final = (
    ("AGPL-3.0-only", ("gnu affero general public license", "version 3")),
    ("LGPL-3.0-only", ("gnu lesser general public license", "version 3, 29 june 2007")),
    ("LGPL-2.1-only", ("gnu lesser general public license", "version 2.1, february 1999")),
    ("GPL-3.0-only", ("gnu general public license", "version 3, 29 june 2007")),
    ("GPL-2.0-only", ("gnu general public license", "version 2, june 1991")),
    ("MPL-2.0", ("mozilla public license", "version 2.0")),
    ("Apache-2.0", ("apache license", "version 2.0, january 2004")),
    ("BSL-1.0", ("boost software license", "version 1.0")),
    ("Unlicense", ("this is free and unencumbered software released into the public domain",)),
    ("CC0-1.0", ("cc0 1.0 universal",)),
    ("CC-BY-4.0", ("creative commons", "attribution 4.0 international")),
    ("PSF-2.0", ("python software foundation license version 2",)),
    ("BSD-3-Clause", ("redistribution and use in source and binary forms", "endorse or promote products")),
    ("BSD-2-Clause", ("redistribution and use in source and binary forms", "this list of conditions")),
    ("Zlib", ("altered source versions must be plainly marked",)),
    ("ISC", ("permission to use, copy, modify, and/or distribute this software for any purpose",)),
    ("ISC", ("permission to use, copy, modify, and distribute this software for any purpose",)),
    ("MIT", ("permission is hereby granted, free of charge",)),
)
BUNDLED: Final = "/third-party-licenses.json"  # as the builder of JupyterLab and its extensions writes it
VENDORED: Final = re.compile(r"(?:^|/)_vendor(?:ed)?/")  # where Python projects keep copies of others
NOT_LICENSES: Final = ("author", "contributor", "credits", "thanks")


def find_spdx(metadata: RawMetadata, texts: Mapping[str, str]) -> str:
    """Return a project's SPDX expression from the surest source that names exactly one license; empty if none does.

    Where the project itself gives no expression, the licenses of what it has vendored are joined to its own.

    Args:
        metadata: License-Expression, License and the classifiers are looked at, in this order.
        texts: of the license files by path, the main one first; they decide where words are ambiguous ("BSD").
    """
    stated = _read_expression(metadata.get("license_expression", ""))
    if stated:
        return stated
    licenses = {path: find_by_text(text) for path, text in texts.items()}
    vendored = [name for path, name in licenses.items() if _is_vendored(path)]
    main = [name for path, name in licenses.items() if not _is_vendored(path)]
    own = _find_own(metadata, next(filter(None, main), ""))
    return _join_licenses(own, list(filter(None, vendored)))


def _find_own(metadata: RawMetadata, by_text: str) -> str:
    """Return the license that the License field names, or the classifiers, or else the text."""
    field = metadata.get("license", "")
    classifiers = metadata.get("classifiers", [])
    return _find_by_words(field) or _find_by_classifiers(classifiers) or by_text or find_by_text(field)


def _find_by_words(text: str) -> str:
    """Return the license that a License field names by its identifier or by one of the usual spellings."""
    text = text.strip()
    if not text or len(text) > LONGEST_NAME or "\n" in text:
        return ""
    words = re.sub(r"\b(the|license|licence|version)\b|\bv(?=[\d.])|[,()\"'-]", " ", text.lower())
    unique = dict.fromkeys(words.split())
    return SPELLINGS.get(" ".join(unique), "") or _read_expression(text)


def _find_by_classifiers(classifiers: Iterable[str]) -> str:
    """Return the license of the classifiers; empty where they mean none or several."""
    names = [line.removeprefix(CLASSIFIER) for line in classifiers]
    found = {CLASSIFIERS[name] for name in names if name in CLASSIFIERS}
    return found.pop() if len(found) == 1 else ""


def find_by_text(text: str) -> str:
    """Return the SPDX identifier of a license text; empty where it is none that everybody knows."""
    words = " ".join(re.sub(r"[\s>*#=_-]+", " ", text.lower()).split())
    for name, marks in TEXTS:
        if all(mark.replace("-", " ") in words for mark in marks):
            return name
    return ""


def _read_expression(text: str) -> str:
    """Return an SPDX expression in its canonical spelling; empty for another text."""
    try:
        return str(canonicalize_license_expression(text)) if text else ""
    except InvalidLicenseExpression:
        return ""


def _join_licenses(own: str, vendored: Sequence[str]) -> str:
    """Return the expression for a project with what it has vendored; empty where the project's own is not known."""
    if not own or not vendored:
        return own
    if " OR " in own:
        own = f"({own})"
    return " AND ".join(dict.fromkeys([own, *vendored]))


def list_license_files(metadata: RawMetadata, sources: Sources) -> tuple[str, ...]:
    """Return the sdist's license files: those that the metadata names, else those with a license's file name.

    These are next to ``pyproject.toml``, or in a folder there with such a name. Lists of authors are no licenses,
    though setuptools counts them among them; the lists of what a bundle of JavaScript holds are. What the project has
    vendored has licenses, too: https://conda-forge.org/docs/maintainer/adding_pkgs/#licenses
    """
    named = [path for path in metadata.get("license_files", []) if not _is_list_of_people(path)]
    at_root = filter(_is_license_at_root, sources.paths)
    in_folders = filter(_is_in_license_folder, sources.paths)
    main = _select_existing(named, sources) or list(at_root) or list(in_folders)
    return tuple(dict.fromkeys([*main, *filter(_is_license_of_others, sources.paths)]))


def _is_list_of_people(path: str) -> bool:
    return path.rpartition("/")[2].lower().startswith(NOT_LICENSES)


def _select_existing(paths: Iterable[str], sources: Sources) -> list[str]:
    existing = set(sources.paths)
    return [path for path in paths if path in existing]


def _is_license_at_root(path: str) -> bool:
    return "/" not in path and is_license(path)


def _is_in_license_folder(path: str) -> bool:
    """Return whether a license file is in a folder such as ``LICENSES`` at the root."""
    folder, _, name = path.partition("/")
    return is_license(folder) and _is_license_at_root(name)


def _is_license_of_others(path: str) -> bool:
    """Return whether a file has the license of something vendored, or lists the licenses of a bundle."""
    return path.endswith(BUNDLED) or (is_license(path) and _is_vendored(path))


def _is_vendored(path: str) -> bool:
    return VENDORED.search(path) is not None
