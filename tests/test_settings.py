"""Settings from file, environment and options: one name each, every fault at once, and never another error."""

import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError

from release_tools.config.loader import list_settings, read_config
from release_tools.config.reference import build_json_schema
from release_tools.config.schema import Config
from release_tools.errors import ConfigError
from tests.conftest import Run
from tests.support.projects import in_tree_project
from tests.support.repositories import make_repository

ROOT = Path(__file__).parent.parent

ALL = {item.key: item for item in list_settings()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("project")


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert read_config(tmp_path, {}, {}) == Config()


def test_every_fault_of_all_three_sources_is_reported_at_once(tmp_path: Path) -> None:
    table = """
    [tool.release-tools]
    package-dir = "dist"
    tag-format = 3
    verify = "yes"
    nonsense = { deep = [1] }
    [tool.release-tools.conda]
    formats = ["conda", "rpm"]
    names = { numpy = 1 }
    build-number = true
    compression-level = 23
    alias = []
    """
    env = {
        "RELEASE_TOOLS_CONDA_NAMES": "x",
        "RELEASE_TOOLS_NETWORK_TRIES": "many",
        "RELEASE_TOOLS_TESTPYPI_FIRST": "maybe",
    }
    (tmp_path / "pyproject.toml").write_text(table)
    with pytest.raises(ConfigError) as raised:
        read_config(tmp_path, env, {"attestations": "sometimes", "network.timeout": "0"})
    found = raised.value.faults
    expected = (
        "tool.release-tools.package-dir: unknown key; did you mean packages-dir?",
        "tool.release-tools.tag-format: expected a string, got a whole number (3)",
        "tool.release-tools.verify: expected a table, got a string ('yes')",
        "tool.release-tools.nonsense: unknown key; known are packages-dir, ",
        "tool.release-tools.conda.formats: expected one of 'conda', 'tar.bz2', got 'rpm'",
        "tool.release-tools.conda.names: 'numpy': expected a string, got a whole number (1)",
        "tool.release-tools.conda.build-number: expected a whole number, got true or false (True)",
        "tool.release-tools.conda.compression-level: expected 1 to 22, got 23",
        "tool.release-tools.conda.alias: unknown key; did you mean aliases?",
        "RELEASE_TOOLS_CONDA_NAMES: no such setting; did you mean RELEASE_TOOLS_CONDA_NAME?",
        "RELEASE_TOOLS_NETWORK_TRIES: expected a whole number, got a string ('many')",
        "RELEASE_TOOLS_TESTPYPI_FIRST: expected true or false, got a string ('maybe')",
        "--attestations: expected one of 'auto', 'required', 'off', got 'sometimes'",
        "--network-timeout: expected 1 to 3600, got 0",
    )
    assert len(found) == len(expected)
    for said in expected:
        assert any(fault.startswith(said) for fault in found), said


@pytest.mark.parametrize(
    ("table", "env", "options", "expected"),
    [
        ("", {}, {}, "dist"),
        ('packages-dir = "file"', {}, {}, "file"),
        ('packages-dir = "file"', {"RELEASE_TOOLS_PACKAGES_DIR": "env"}, {}, "env"),
        ('packages-dir = "file"', {"RELEASE_TOOLS_PACKAGES_DIR": ""}, {}, "file"),
        ('packages-dir = "file"', {"RELEASE_TOOLS_PACKAGES_DIR": "env"}, {"packages-dir": "option"}, "option"),
        ("", {"RELEASE_TOOLS_PACKAGES_DIR": "env"}, {"packages-dir": "option"}, "option"),
    ],
)
def test_an_option_beats_the_environment_which_beats_the_file(
    tmp_path: Path, table: str, env: dict[str, str], options: dict[str, str], expected: str
) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.release-tools]\n{table}\n")
    assert read_config(tmp_path, env, options).packages_dir == expected


@pytest.mark.parametrize(
    ("key", "text", "expected"),
    [
        ("conda.formats", "conda, tar.bz2", ("conda", "tar.bz2")),
        ("conda.aliases", "a b,c", ("a", "b", "c")),
        ("conda.build-number", "7", 7),
        ("testpypi-first", "TRUE", True),
        ("testpypi-first", "off", False),
        ("conda.enabled", "0", False),
    ],
)
def test_a_text_becomes_the_settings_type(tmp_path: Path, key: str, text: str, expected: object) -> None:
    config: Any = read_config(tmp_path, {ALL[key].variable: text}, {})
    for part in key.split("."):
        config = getattr(config, part.replace("-", "_"))
    assert config == expected


@pytest.mark.parametrize(
    ("content", "reported"),
    [
        (b"[tool", "not valid TOML"),
        (b"[tool.release-tools]\nname = \xff\n", "not valid TOML"),
        (b"x = " + b"9" * 5000, "not valid TOML"),
        (b"x = " + b"[" * 5000, "not valid TOML"),
        (b"[tool.release-tools]\npackages-dir = 'a'\npackages-dir = 'b'\n", "not valid TOML"),
        (b"#" * 1_000_001, "larger than 1,000,000 bytes"),
        (b"tool.release-tools = 3", "expected a table, got a whole number (3)"),
        (b'[tool.release-tools]\npackages-dir = "a\\u0000b"', "contains a control character"),
        (b'[tool.release-tools]\nconda.names = { "a\\u202eb" = "c" }', "contains a control character"),
    ],
)
def test_an_unreadable_file_is_one_clear_error(tmp_path: Path, content: bytes, reported: str) -> None:
    (tmp_path / "pyproject.toml").write_bytes(content)
    with pytest.raises(ConfigError) as raised:
        read_config(tmp_path, {}, {})
    assert reported in str(raised.value)


def test_what_the_file_holds_cannot_be_changed_later(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.release-tools]\nconda.names = { a = "b" }\n')
    names: Any = read_config(tmp_path, {}, {}).conda.names
    with pytest.raises(TypeError):
        names["a"] = "c"


toml_values = st.recursive(
    st.one_of(st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(), st.datetimes(), st.dates()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
keys = st.sampled_from(sorted({part for key in ALL for part in key.split(".")})) | st.text(max_size=8)


@pytest.mark.slow
@given(
    table=st.dictionaries(keys, toml_values | st.dictionaries(keys, toml_values, max_size=4), max_size=5),
    texts=st.dictionaries(st.sampled_from(sorted(ALL)), st.text(), max_size=5),
    variables=st.dictionaries(st.sampled_from([item.variable for item in ALL.values()]), st.text(), max_size=5),
)
def test_nothing_but_a_clear_fault_comes_out(
    folder: Path, table: dict[str, Any], texts: dict[str, str], variables: dict[str, str]
) -> None:
    (folder / "pyproject.toml").write_text(f"tool.release-tools = {toml(table)}", encoding="utf-8")
    read_or_refused(folder, variables, texts)


@pytest.mark.slow
@given(st.binary(max_size=300) | st.text(alphabet="[]{}=.,'\"\n\\u0123 toolreas-", max_size=300).map(str.encode))
def test_any_bytes_are_settings_or_a_clear_fault(folder: Path, content: bytes) -> None:
    (folder / "pyproject.toml").write_bytes(content)
    read_or_refused(folder, {}, {})


def read_or_refused(folder: Path, env: dict[str, str], options: dict[str, str]) -> None:
    with suppress(ConfigError):
        read_config(folder, env, options)


def toml(value: object) -> str:
    """A value as inline TOML; JSON's strings, numbers, booleans and lists are nearly TOML's as well."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(key)} = {toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, bool | int | float | str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value).replace(" ", "T")


def test_each_setting_has_names_of_its_own() -> None:
    for names in ([name for item in ALL.values() for name in item.options], [item.variable for item in ALL.values()]):
        assert len(set(names)) == len(names) >= len(ALL)
    assert all(re.fullmatch(r"[a-z][a-z.-]*", key) for key in ALL)


def test_the_schema_is_one_and_agrees_with_the_reader(tmp_path: Path) -> None:
    schema = build_json_schema()
    Draft7Validator.check_schema(schema)
    validator = Draft7Validator(schema)
    for table, good in [
        ({}, True),
        ({"packages-dir": "x", "conda": {"formats": ["conda"], "compression-level": 22, "names": {"a": "b"}}}, True),
        ({"routes": {"dev": []}, "network": {"pause": 0}}, True),
        ({"output": "x"}, False),
        ({"conda": {"formats": ["rpm"]}}, False),
        ({"conda": {"compression-level": 0}}, False),
        ({"conda": {"build-number": True}}, False),
        ({"conda": {"names": {"a": 1}}}, False),
        ({"verify": []}, False),
        ({"testpypi-first": "yes"}, False),
    ]:
        (tmp_path / "pyproject.toml").write_text(f"tool.release-tools = {toml(table)}")
        assert validator.is_valid(table) == good, table
        if good:
            read_config(tmp_path, {}, {})
        else:
            with pytest.raises(ConfigError):
                read_config(tmp_path, {}, {})


def test_the_schema_describes_what_config_prints(run: Run, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    said = run("config", "--json", "-C", tmp_path)
    held = json.loads(said.out)
    assert set(held) == set(ALL)
    for key, value in held.items():
        properties = build_json_schema()
        for part in key.split("."):
            properties = properties["properties"][part]
        try:
            Draft7Validator(properties).validate(value)
        except ValidationError as error:
            pytest.fail(f"{key}: {error}")
        assert value == properties["default"]


def test_config_tells_where_each_setting_was_given(run: Run, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.release-tools]\ntestpypi-first = true\nscheme = 'calver'\n")
    said = run("config", "-C", tmp_path, "--packages-dir", "out", RELEASE_TOOLS_SCHEME="semver")
    assert {
        'packages-dir = "out"  # --packages-dir',
        "testpypi-first = true  # tool.release-tools.testpypi-first",
        'scheme = "semver"  # RELEASE_TOOLS_SCHEME',
        "allow-older = false  # default",
    } <= set(said.out.splitlines())


def test_the_settings_are_in_the_help_and_not_in_its_usage(run: Run) -> None:
    usage, _, rest = run("dry-run", "--help-settings").out.partition("options:")
    assert "--bump" in usage
    assert "--anaconda-owner" not in usage
    assert "--anaconda-owner" in rest


PROJECT = '[build-system]\nrequires = []\n[project]\nname = "demo"\nversion = "1.0"\n'
FAULTY = {
    "routes": '[tool.release-tools.routes]\nfinal = ["pypi", "anacnda"]\ndev = ["testpipy"]\n',
    "a route's server": '[tool.release-tools.routes]\npre = ["svn+https://x.example/y"]\n',
    "channels": '[tool.release-tools.channels]\nlab = "svn+https://x.example/y"\n',
    "tag-format": '[tool.release-tools]\ntag-format = "v1"\n',
    "github.repository": '[tool.release-tools]\ngithub.repository = "just-a-name"\n',
    "conda.names": '[tool.release-tools]\nconda.names.demo = "Not A Name"\n',
    "tag.push": '[tool.release-tools]\ntag = { push = "api", sign = true }\n',
}
COMMANDS = (
    *(["config"], ["version"], ["next"], ["notes", "1.0"], ["dry-run"], ["build"], ["tag", "1.0", "--dry-run"]),
    *(
        ["status", "1.0"],
        ["doctor"],
        ["init", "--yes"],
        ["publish", "--dry-run"],
        ["recipe"],
        ["retract", "1.0", "--reason", "x"],
    ),
)


@pytest.mark.parametrize("fault", FAULTY)
def test_every_command_checks_all_settings_before_its_first_step(run: Run, tmp_path: Path, fault: str) -> None:
    checkout = make_repository(tmp_path, {"pyproject.toml": PROJECT + FAULTY[fault], "demo.py": ""}, ". v1.0")
    for command in COMMANDS:
        said = run(*command, "-C", checkout.root)
        assert (command, said.code) == (command, 3), said.err
        assert said.out == ""
    assert checkout.git("status", "--porcelain") == ""


def test_every_fault_of_every_route_is_reported_at_once(run: Run, tmp_path: Path) -> None:
    checkout = make_repository(tmp_path, {"pyproject.toml": PROJECT + FAULTY["routes"], "demo.py": ""})
    said = run("config", "-C", checkout.root)
    assert all(word in said.err for word in ("routes.final", "anacnda", "routes.dev", "testpipy"))
    assert "foo" in run("dry-run", "-C", checkout.root, "--routes-final", "pypi,foo").err


OWN_FILE = 'packages-dir = "out"\n\n[anaconda]\nowner = "octo"\n'


def test_a_project_without_pyproject_has_its_settings_in_a_file_of_its_own(run: Run, tmp_path: Path) -> None:
    (tmp_path / "setup.py").write_text("from setuptools import setup\nsetup(name='demo', version='1.0')\n")
    (tmp_path / "release-tools.toml").write_text(OWN_FILE)
    config = read_config(tmp_path, {}, {})
    assert (config.packages_dir, config.anaconda.owner) == ("out", "octo")
    said = run("config", "-C", tmp_path)
    assert 'anaconda.owner = "octo"  # release-tools.toml: anaconda.owner' in said.out


def test_settings_in_both_files_are_an_error(run: Run, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'demo'\n")
    (tmp_path / "release-tools.toml").write_text(OWN_FILE)
    said = run("config", "-C", tmp_path)
    assert said.code == ConfigError.exit_code
    assert "release-tools.toml" in said.err
    assert "[tool.release-tools]" in said.err


@pytest.mark.parametrize(
    "text", ["anaconda.owner = 1", "[tool.release-tools]\n", "nonsense = true", "= 1", "x = '\xff'"]
)
def test_a_fault_in_the_file_of_its_own_is_named(text: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "setup.py").write_text("")
    (tmp_path / "release-tools.toml").write_bytes(text.encode("latin-1"))
    said = run("config", "-C", tmp_path)
    assert said.code == ConfigError.exit_code
    assert "release-tools.toml" in said.err


@pytest.mark.slow
@pytest.mark.parametrize("hook", yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")))
def test_a_hook_of_pre_commit_passes_and_fails(hook: dict[str, str], run: Run, tmp_path: Path) -> None:
    checkout = make_repository(tmp_path / "demo", in_tree_project(version="1.0"), ".")
    action = f"python-release-tools/python-release-tools@{'a' * 40}"
    assert run("init", "--yes", "--action", action, "-C", checkout.root).code == 0
    words = hook["entry"].split()[1:]
    assert run(*words, "-C", checkout.root).code == 0
    assert re.search(hook["files"], "pyproject.toml")
    if words[0] == "config":
        checkout.write({"pyproject.toml": "[tool.release-tools]\nnonsense = 1\n"})
    else:
        (checkout.root / ".github/workflows/check.yml").unlink()
    assert run(*words, "-C", checkout.root).code != 0
