"""Gather the edits of a recipe before any of them is applied."""

from dataclasses import dataclass, field

from release_tools.recipe.spans import Edit


@dataclass
class Plan:
    """The edits so far, what they do, and what is left to a person."""

    _edits: list[Edit] = field(default_factory=list)
    _changes: list[str] = field(default_factory=list)
    _checks: list[str] = field(default_factory=list)

    def edit(self, edit: Edit, why: str) -> None:
        """Take in an edit and what it does, in a line; where another one changes the same text, a person decides."""
        same = [one for one in self._edits if edit.replaces_same(one)]
        if any(one.text != edit.text for one in same):
            self._checks.append(f"{why}; the line changes for another reason.")
            return
        if not same:
            self._edits.append(edit)
        self._changes.append(why)

    def check(self, *what: str) -> None:
        """Leave something to a person."""
        self._checks.extend(what)

    @property
    def edits(self) -> tuple[Edit, ...]:
        """Return all edits."""
        return tuple(self._edits)

    @property
    def changes(self) -> tuple[str, ...]:
        """Return what the edits do, each thing once."""
        return tuple(dict.fromkeys(self._changes))

    @property
    def checks(self) -> tuple[str, ...]:
        """Return what is left to a person, each thing once."""
        return tuple(dict.fromkeys(self._checks))
