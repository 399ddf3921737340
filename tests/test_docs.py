"""Test that the pages say what the code does."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from docs.make import pages
from docs.picture import DIGEST, IMAGES, SCHEMES, compute_digest
from release_tools import errors
from release_tools.addresses import ACTION
from release_tools.config.loader import SETTINGS_FILE, TABLE
from release_tools.errors import ReleaseToolsError

ROOT = Path(__file__).parent.parent


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
def test_a_generated_page_is_up_to_date(page: Path) -> None:
    assert page.read_text(encoding="utf-8") == pages()[page], "nox -s reference"


def test_every_error_has_its_exit_code_for_itself() -> None:
    classes = [cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, ReleaseToolsError)]
    codes = Counter(vars(cls)["exit_code"] for cls in classes if "exit_code" in vars(cls))
    assert max(codes.values()) == 1, codes


def test_continuous_integration_runs_the_tests_as_the_readme_says() -> None:
    commands = re.findall(r"^```console\n(.+)\n```", read("README.md"), re.MULTILINE)
    assert len(commands) == 2
    pytest_alike = commands[1].removeprefix(".venv/bin/").removesuffix("auto")  # it starts a worker more
    assert re.search(rf"^{re.escape(pytest_alike)}", read(".ci/run"), re.MULTILINE)


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))])
def test_what_a_copy_button_copies_has_no_prompt(page: str) -> None:
    blocks = re.findall(r"^```\w*\n(.*?)^```$", read(page), re.MULTILINE | re.DOTALL)
    assert [line for block in blocks for line in block.splitlines() if line.startswith(("$ ", ">>> ", "% "))] == []


def test_the_pictures_of_the_report_show_the_page_as_it_is() -> None:
    assert DIGEST.read_text(encoding="utf-8") == compute_digest(), "python -m docs.picture"
    assert all((IMAGES / f"report-{scheme}.png").is_file() for scheme in SCHEMES)


def test_the_entries_for_the_catalog_of_schemas_name_our_file_and_our_schema() -> None:
    blocks = re.findall(r"^```json\n(.*?)^```$", read("docs/editors.md"), re.MULTILINE | re.DOTALL)
    [catalog] = [entry for entry in map(json.loads, blocks) if "fileMatch" in entry]
    [table] = [entry[TABLE.partition(".")[2]] for entry in map(json.loads, blocks) if "release-tools" in entry]
    schema = json.loads(read("docs/configuration.schema.json"))
    assert catalog["fileMatch"] == [SETTINGS_FILE]
    assert catalog["url"] == table["$ref"] == schema["$id"]


def test_links_of_the_readme_are_whole_addresses_of_files_that_exist() -> None:
    text = read("README.md")
    assert re.findall(r"\]\((?!https://)([^)]+)\)", text) == []
    paths = re.findall(rf"\]\(https://[^/]+/{ACTION}/(?:blob/)?main/([^)]+)\)", text)
    assert len(paths) == text.count(f"{ACTION}/blob/") + 1
    for path in paths:
        assert (ROOT / path).is_file(), path


@pytest.mark.slow
def test_each_message_that_the_questions_name_is_one_of_ours() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "release_tools").rglob("*.py")))
    headings = re.findall(r"^### (.+)$", read("docs/faq.md"), re.MULTILINE)
    assert headings
    for heading in headings:
        assert heading.lower() in source.lower(), heading
