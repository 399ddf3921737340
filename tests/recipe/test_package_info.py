"""The documents that a conda package carries."""

import pytest
import yaml

from release_tools.recipe import package_info

CONTENTS = [
    [{"python": {"imports": ["demo", "demo.sub"], "pip_check": True}}],
    {"package": {"name": "demo", "version": "1.0"}, "about": {"homepage": "https://example.org/a?b=c#d: e"}},
    {"version": "1.10", "on": "yes", "empty": "", "number": 0, "list": [], "star": "*", "quoted": 'it\'s "so"'},
    {"build": {"script": "${{ PYTHON }} -m pip install " + "x" * 300, "noarch": "python"}},
    {"homepage": "https://example.org/café/日本/😀", "line": "two\nlines", "bell": "\a", "tilde": "~"},
]


@pytest.mark.parametrize("content", CONTENTS)
def test_yaml_has_the_same_bytes_with_and_without_libyaml(content: object, monkeypatch: pytest.MonkeyPatch) -> None:
    written = package_info.dump_yaml(content)
    assert yaml.safe_load(written) == content
    monkeypatch.delattr(yaml, "CSafeDumper")
    assert package_info.dump_yaml(content) == written
