"""Define an irreversible change on a remote and its receipt."""

from dataclasses import dataclass

from release_tools.model.note import State


@dataclass(frozen=True)
class Receipt:
    """The proof that an action is done.

    Attributes:
        key: of the action, such as ``pypi:demo-1.0.tar.gz``.
        url: where people see the result.
        digest: sha256 of a file, or the commit that a tag peels to.
        state: DONE by this run, UNCHANGED if it was there before, or PLANNED by a dry run.
        output: the output of the GitHub Action that links to the result; empty for none.
    """

    key: str
    url: str
    digest: str
    state: State = State.DONE
    output: str = ""
