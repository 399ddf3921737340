import pytest
from packaging.metadata import RawMetadata

from release_tools.recipe.licenses import find_by_text, find_spdx, list_license_files
from tests.recipe.evidence import make_evidence

BSD3 = "Redistribution and use in source and binary forms ... may not be used to\n endorse or promote products"
BSD2 = "Redistribution and use in source and binary forms ... this list of conditions"
MIT = "Permission is hereby granted, free of charge, to any person"


def classified(*names: str) -> list[str]:
    return [f"License :: OSI Approved :: {name}" for name in names]


CASES: list[tuple[RawMetadata, list[str], str]] = [
    ({"license_expression": "mit or apache-2.0"}, [], "MIT OR Apache-2.0"),
    ({"license_expression": "nonsense", "license": "MIT"}, [], "MIT"),
    ({"license": "MIT License"}, [], "MIT"),
    ({"license": "The MIT License (MIT)"}, [], "MIT"),
    ({"license": "BSD 3-Clause License"}, [], "BSD-3-Clause"),
    ({"license": "BSD-3-Clause"}, [], "BSD-3-Clause"),
    ({"license": "Apache License, Version 2.0"}, [], "Apache-2.0"),
    ({"license": "Apache 2.0"}, [], "Apache-2.0"),
    ({"license": "LGPLv2.1+"}, [], "LGPL-2.1-or-later"),
    ({"license": "GPLv3"}, [], "GPL-3.0-only"),
    ({"license": "GPL-3.0"}, [], "GPL-3.0-only"),  # which SPDX has given up
    ({"license": "LGPL-3.0+"}, [], "LGPL-3.0-or-later"),
    ({"license": "GPL-2.0-or-later"}, [], "GPL-2.0-or-later"),
    ({"license": "MPL 2.0"}, [], "MPL-2.0"),
    ({"license": "BSD", "classifiers": classified("BSD License")}, [BSD3], "BSD-3-Clause"),
    ({"license": "BSD", "classifiers": classified("BSD License")}, [BSD2], "BSD-2-Clause"),
    ({"license": "BSD"}, [], ""),
    ({"classifiers": classified("Apache Software License")}, [], "Apache-2.0"),
    (
        {"classifiers": classified("GNU Lesser General Public License v3 or later (LGPLv3+)")},
        ["GNU GENERAL PUBLIC LICENSE\nVersion 3, 29 June 2007"],
        "LGPL-3.0-or-later",
    ),
    ({"classifiers": classified("MIT License", "BSD License")}, [], "MIT"),
    ({"classifiers": classified("MIT License", "Apache Software License")}, [MIT], "MIT"),
    ({"license": MIT + "\n" * 3 + "x" * 500}, [], "MIT"),
    ({"license": "Proprietary"}, [], ""),
    ({}, [], ""),
]


@pytest.mark.parametrize(("metadata", "texts", "expression"), CASES)
def test_a_license_is_named_as_spdx_does(metadata: RawMetadata, texts: list[str], expression: str) -> None:
    assert find_spdx(metadata, {f"LICENSE.{number}": text for number, text in enumerate(texts)}) == expression


VENDORED: list[tuple[RawMetadata, str]] = [
    ({"license": "Apache-2.0"}, "Apache-2.0 AND MIT AND BSD-3-Clause"),
    ({"license": "MIT"}, "MIT AND BSD-3-Clause"),
    ({"license": "MIT OR Apache-2.0"}, "(MIT OR Apache-2.0) AND MIT AND BSD-3-Clause"),
    ({"license_expression": "Apache-2.0"}, "Apache-2.0"),
    ({"license": "Proprietary"}, ""),
]


@pytest.mark.parametrize(("metadata", "expression"), VENDORED)
def test_licenses_of_vendored_projects_are_joined_where_the_project_gives_no_expression(
    metadata: RawMetadata, expression: str
) -> None:
    texts = {"demo/_vendor/a/LICENSE": MIT, "demo/_vendored/b.LICENSE": BSD3, "_vendor/c/LICENSE": MIT, "NOTICE": "-"}
    assert find_spdx(metadata, texts) == expression


TEXTS = {
    "GNU AFFERO GENERAL PUBLIC LICENSE\n  Version 3, 19 November 2007": "AGPL-3.0-only",
    "GNU LESSER GENERAL PUBLIC LICENSE\n Version 2.1, February 1999": "LGPL-2.1-only",
    "GNU GENERAL PUBLIC LICENSE\nVersion 2, June 1991": "GPL-2.0-only",
    "Mozilla Public License Version 2.0": "MPL-2.0",
    "  Apache License\n  Version 2.0, January 2004": "Apache-2.0",
    "Permission to use, copy, modify, and/or distribute this software for any purpose": "ISC",
    "This is free and unencumbered software released into the public domain.": "Unlicense",
    "Creative Commons Attribution 4.0 International": "CC-BY-4.0",
    "Creative Commons Attribution-NonCommercial 4.0 International": "",
    "All rights reserved.": "",
}


@pytest.mark.parametrize(("text", "name"), TEXTS.items())
def test_a_license_text_is_known_by_its_words(text: str, name: str) -> None:
    assert find_by_text(text) == name


def test_every_license_file_is_listed_and_no_list_of_people() -> None:
    metadata = "Name: demo\nVersion: 1\n" + "".join(
        f"License-File: {path}\n" for path in ("LICENSE", "AUTHORS.md", "vendor/x/COPYING", "NOTICE", "not/there")
    )
    files = dict.fromkeys(["LICENSE", "AUTHORS.md", "vendor/x/COPYING", "NOTICE", "LICENSE.extra"], "")
    evidence = make_evidence(metadata, files)
    assert list_license_files(evidence.metadata, evidence.sources) == ("LICENSE", "vendor/x/COPYING", "NOTICE")


def test_license_files_are_found_by_name_where_the_metadata_names_none() -> None:
    reported = ["LICENCE.txt", "Copying", "x/third-party-licenses.json", "src/demo/_vendor/a/LICENSE"]
    files = dict.fromkeys(
        [*reported, "license.py", "docs/LICENSE", "src/demo/_vendor/a/a.py", "src/demo/b/LICENSE"], ""
    )
    evidence = make_evidence("Name: demo\nVersion: 1\n", files)
    assert list_license_files(evidence.metadata, evidence.sources) == tuple(reported)


def test_license_files_are_found_in_a_folder_that_is_called_so() -> None:
    files = dict.fromkeys(["LICENSES/MIT.txt", "LICENSES/LICENSE.txt", "demo/LICENSE", "LICENSE/sub/LICENSE"], "")
    evidence = make_evidence("Name: demo\nVersion: 1\n", files)
    assert list_license_files(evidence.metadata, evidence.sources) == ("LICENSES/LICENSE.txt",)
