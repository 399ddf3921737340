"""Trigger patterns are read as GitHub reads them."""

import pytest

from release_tools.workflows.trigger_patterns import matches_patterns


@pytest.mark.parametrize(
    ("patterns", "tag", "expected"),
    [
        (["v[0-9]*"], "v1.2.3", True),
        (["v[0-9]+.[0-9]+.[0-9]+"], "v1.2.3", True),
        (["v[0-9]+.[0-9]+.[0-9]+"], "v10.20.30", True),
        (["v[0-9]+.[0-9]+.[0-9]+"], "v1.2.3rc1", False),
        (["v[0-9]+.[0-9]+"], "v1.2.3", False),
        (["v?[0-9]*"], "1.2.3", True),
        (["v?[0-9]*"], "v1.2.3", True),
        (["*"], "v1.2.3", True),
        (["*"], "demo/1.2.3", False),
        (["**"], "demo/v1.2.3", True),
        (["demo/*"], "demo/1.2.3", True),
        (["demo@[0-9]*"], "demo@1.2.3", True),
        (["v*.*.*"], "v1.2.3", True),
        (["v1.2.3"], "v1x2x3", False),
        (["v*", "!v*-beta"], "v1.2.3-beta", False),
        (["v*", "!v*-beta", "v1.*"], "v1.2.3-beta", True),
        (["!v*"], "v1.2.3", False),
        (["[vV][0-9]*"], "V1", True),
        (["+v"], "+v", True),
        ([], "v1.2.3", False),
    ],
)
def test_a_tag_fits_where_github_says_so(patterns: list[str], tag: str, expected: bool) -> None:  # noqa: FBT001 - a column
    assert matches_patterns(patterns, tag) is expected
