"""Acts in a row: each has its line in the report, and one that fails ends it."""

import io
from pathlib import Path

import pytest

from release_tools.config.schema import Config
from release_tools.engine.context import Context
from release_tools.engine.executor import PartialFailureError, run_actions
from release_tools.engine.gate import Action, Gate
from release_tools.errors import CredentialError
from release_tools.model.action import Receipt
from release_tools.model.release import Release
from release_tools.system.console import Console


def act(number: int, done: list[int], *, fails: bool = False) -> Action:
    receipt = Receipt(f"place:{number}", "", str(number))

    def perform() -> Receipt:
        if fails:
            raise CredentialError("403")
        done.append(number)
        return receipt

    return Action(f"action {number}", receipt, lambda: None, perform)


@pytest.mark.parametrize("failing", [0, 1, 5])
def test_once_an_action_fails_no_later_one_is_started(tmp_path: Path, failing: int) -> None:
    context = Context(tmp_path, Config(), {}, Console({}, out=io.StringIO()), Gate(is_dry_run=False), tmp_path)
    done: list[int] = []
    acts = [act(number, done, fails=number == failing) for number in range(50)]
    with pytest.raises(PartialFailureError) as stopped:
        run_actions(context, Release(), acts)
    assert done == list(range(failing))
    assert [receipt.digest for receipt in stopped.value.release.receipts] == [str(number) for number in done]
