"""What the pages say is what the code does."""

import re
from pathlib import Path

import pytest

from release_tools import cli, errors
from release_tools.errors import ReleaseToolsError

ROOT = Path(__file__).parent.parent


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("option", "page"), [("--reference", "docs/configuration.md"), ("--schema", "docs/configuration.schema.json")]
)
def test_a_generated_page_is_up_to_date(option: str, page: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["config", "-C", str(ROOT), option], {}) == 0
    assert capsys.readouterr().out == read(page), "nox -s reference"


def test_every_error_has_its_exit_code_on_the_page_and_for_itself() -> None:
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \| (.+) \|$", read("docs/exit-codes.md"), re.MULTILINE)
    classes = [cls for cls in vars(errors).values() if isinstance(cls, type) and issubclass(cls, ReleaseToolsError)]
    assert sorted(rows) == sorted(
        (str(cls.exit_code), cls.__name__, (cls.__doc__ or "").splitlines()[0].replace("``", "`")) for cls in classes
    )
    assert len({cls.exit_code for cls in classes}) == len(classes)


def test_continuous_integration_runs_the_tests_as_the_readme_says() -> None:
    commands = re.findall(r"^```console\n(.+)\n```", read("README.md"), re.MULTILINE)
    assert len(commands) == 2
    assert re.search(rf"^{re.escape(commands[1].removeprefix('.venv/bin/'))}\b", read(".ci/run"), re.MULTILINE)
    for path in re.findall(r"\]\(([^):]+)\)", read("README.md")):
        assert (ROOT / path).exists(), path
