"""A recipe as text that knows the offsets of each value, so that one value can be changed and nothing else.

``recipe.yaml`` (v1) is YAML. ``meta.yaml`` (v0) becomes YAML when its jinja is masked by as many other characters, so
that every offset stays the same. Nothing is evaluated.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Final

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from release_tools.errors import RecipeError
from release_tools.recipe.spans import Edit, Entry, Item, Listed, SourceSpans, Span

LARGEST: Final = 200_000  # characters; recipes have thousands
DEEPEST: Final = 30  # levels; recipes have ten
# Each stops where another one opens, so a text full of openings is still read once.
EXPRESSION: Final = re.compile(r"\{\{(?:[^\n{}]|\{(?!\{)|\}(?!\}))*+\}\}")
STATEMENT: Final = re.compile(r"\{%(?:[^%{]|%(?!\})|\{(?!%))*+%\}|\{#(?:[^#{]|#(?!\})|\{(?!#))*+#\}")
SET: Final = re.compile(r"\{%-?\s*set\s+(?P<name>\w+)\s*=(?P<value>.*)%\}", re.DOTALL)
INSIDE: Final = re.compile(r"\{\{([^{}]*)\}\}")
IDENTIFIER: Final = re.compile(r"(?<![\w.'\"])[A-Za-z_]\w*")
SELECTOR: Final = re.compile(r"[ \t]*#[^\n\[]*\[([^\[\]\n]*)\]")
BY_HAND: Final = "Update it by hand, or make it simpler in a pull request of its own first."


class Format(StrEnum):
    """The two formats of conda recipes, by their file names."""

    V0 = "meta.yaml"
    V1 = "recipe.yaml"


class RecipeDocument:
    """A recipe's text, and the spans of its values."""

    def __init__(self, text: str, form: Format) -> None:
        """Read a recipe.

        Args:
            text: the whole file.
            form: in which format it is.

        Raises:
            RecipeError: it is too large, no YAML, or uses aliases.
        """
        self.text = text
        self.form = form
        self._root = _compose(_mask(text) if form is Format.V0 else text, form)
        self._paths = {id(node): path for node, path in _walk(self._root, "")}
        self.variables: Mapping[str, tuple[Span, ...]] = dict(self._iterate_variables())

    def refuse(self, place: Span | SourceSpans, what: str) -> RecipeError:
        """Return the error that names a line of the recipe that we do not understand."""
        return RecipeError(f"{self.form} line {place.line}: {what}", BY_HAND)

    def scalars(self, *keys: str) -> list[Span]:
        """Return the scalars below these keys; several where a key occurs several times, for different systems."""
        return [self._place(node) for node in self._list_below(self._root, keys) if isinstance(node, ScalarNode)]

    def in_outputs(self, *keys: str) -> list[Span]:
        """Return the scalars below these keys at the top and in each output."""
        return [self._place(node) for node in self._find_anywhere(keys) if isinstance(node, ScalarNode)]

    def sources(self) -> list[SourceSpans]:
        """Return each source, at the top and in outputs, those below conditions included."""
        nodes = [one for node in self._find_anywhere(("source",)) for one in _iterate_sources(node)]
        return [SourceSpans(tuple(self._iterate_fields(node)), node.start_mark.line + 1) for node in nodes]

    def _iterate_fields(self, node: MappingNode) -> Iterator[tuple[str, Span]]:
        """Yield the plain fields of a mapping; the items of a list one by one under the same key."""
        for key, value in node.value:
            for one in _list_each(value):
                if isinstance(one, ScalarNode):
                    yield key.value, self._place(one)

    def requirements(self, section: str) -> list[Listed]:
        """Return the lists of one kind of requirement (``host``, ``run``), at the top and in outputs."""
        lists = self._find_anywhere(("requirements", section))
        if section == "run":  # v0 lets an output list its run requirements without saying so
            lists += self._find_anywhere(("requirements",))
        return [self._read_listed(node) for node in lists if isinstance(node, SequenceNode)]

    def list_requirements(self, section: str) -> list[Item]:
        """Return the requirements of one kind, those of the top and of all outputs in one list."""
        return [item for listed in self.requirements(section) for item in listed.items]

    def run_constraints(self) -> list[Listed]:
        """Return the lists of what must not be installed otherwise, at the top and in outputs."""
        key = "run_constraints" if self.form is Format.V1 else "run_constrained"
        return [
            self._read_listed(node)
            for node in self._find_anywhere(("requirements", key))
            if isinstance(node, SequenceNode)
        ]

    def entry_points(self) -> list[Listed]:
        """Return the lists of entry points, at the top and in outputs."""
        keys = ("build", "python", "entry_points") if self.form is Format.V1 else ("build", "entry_points")
        return [self._read_listed(node) for node in self._find_anywhere(keys) if isinstance(node, SequenceNode)]

    def entries(self) -> Counter[Entry]:
        """Count each scalar with the keys that lead to it, and each variable: the document's content, order aside."""
        places = [self._place(node) for node, _ in _walk(self._root, "") if isinstance(node, ScalarNode)]
        if self.form is Format.V0:
            places += [place for found in self.variables.values() for place in found]
        return Counter((place.path, place.text) for place in places)

    def apply_edits(self, edits: Iterable[Edit]) -> str:
        """Apply the edits, read the text again and check that it differs from the old one by the edits alone.

        Raises:
            RecipeError: it does not; nothing of the edits is to be used.
        """
        text, expected = self.text, self.entries()
        for edit in sorted(edits, key=lambda edit: (edit.start, edit.end))[::-1]:
            text = text[: edit.start] + edit.text + text[edit.end :]
            expected.subtract([edit.removed] if edit.removed else [])
            expected.update([edit.added] if edit.added else [])
        found = RecipeDocument(text, self.form).entries()
        wrong = sorted({path for path, _ in (found - expected) | (+expected - found)})
        if wrong:
            raise RecipeError(
                f"{self.form}: the change would reach further than it should: {', '.join(wrong)}.", BY_HAND
            )
        return text

    def line_of(self, place: Span) -> tuple[int, int]:
        """Return the offsets of a span's whole line, its line end included."""
        start = self.text.rfind("\n", 0, place.start) + 1
        end = self.text.find("\n", place.end)
        return start, len(self.text) if end < 0 else end + 1

    def roots(self, place: Span) -> list[Span]:
        """Return the literals that a value is made of: itself, or those of the variables that it names."""
        return self._list_roots(place, frozenset())

    def literal(self, place: Span) -> Span:
        """Return the one literal that a value comes from.

        Raises:
            RecipeError: there is none, or there are several.
        """
        roots = self.roots(place)
        if len(roots) != 1 or INSIDE.search(roots[0].text):
            raise self.refuse(place, f"{place.text!r} does not come from one plain text.")
        return roots[0]

    def _list_roots(self, place: Span, above: frozenset[int]) -> list[Span]:
        if place.start in above:
            return [place]
        places = [one for one in self._list_named(place) if one != place]
        roots = [root for one in places for root in self._list_roots(one, above | {place.start})]
        return list({root.start: root for root in roots}.values()) or [place]

    def _list_named(self, place: Span) -> list[Span]:
        """Return where the variables are defined that a value names."""
        names = IDENTIFIER.findall(self._find_code(place))
        return [one for name in names for one in self.variables.get(name, ())]

    def _find_code(self, place: Span) -> str:
        """Return the expressions of a value; a v0 variable without quotation marks is one expression."""
        is_variable = self.form is Format.V0 and place.path in self.variables
        if is_variable and not place.quote and not place.text[:1].isdigit():
            return place.text
        return " ".join(INSIDE.findall(place.text))

    def _list_below(self, node: Node, keys: tuple[str, ...]) -> list[Node]:
        nodes = [node]
        for key in keys:
            nodes = [
                value
                for parent in nodes
                if isinstance(parent, MappingNode)
                for name, value in parent.value
                if name.value == key
            ]
        return nodes

    def _find_anywhere(self, keys: tuple[str, ...]) -> list[Node]:
        outputs = [one for node in self._list_below(self._root, ("outputs",)) for one in _list_each(node)]
        return [found for node in (self._root, *outputs) for found in self._list_below(node, keys)]

    def _iterate_variables(self) -> Iterator[tuple[str, tuple[Span, ...]]]:
        if self.form is Format.V1:
            yield from self._iterate_context()
            return
        found: dict[str, list[Span]] = {}
        for place in self._iterate_set_statements():
            found.setdefault(place.path, []).append(place)
        yield from ((name, tuple(places)) for name, places in found.items())

    def _iterate_context(self) -> Iterator[tuple[str, tuple[Span, ...]]]:
        """Yield each variable of a v1 recipe."""
        for node in self._list_below(self._root, ("context",)):
            for key, value in node.value if isinstance(node, MappingNode) else ():
                if isinstance(value, ScalarNode):
                    yield key.value, (self._place(value),)

    def _iterate_set_statements(self) -> Iterator[Span]:
        """Yield each value that a v0 recipe gives to a variable, unless the statement is in a comment."""
        for statement in STATEMENT.finditer(self.text):
            written = SET.fullmatch(statement[0])
            above = self.text.rfind("\n", 0, statement.start()) + 1
            if written is None or self.text[above : statement.start()].lstrip().startswith("#"):
                continue
            value = written["value"].strip().removesuffix("-").strip()
            start = self.text.index(value, statement.start() + written.start("value"))
            line = self.text.count("\n", 0, start) + 1
            yield Span(written["name"], start, start + len(value), value, line)

    def _read_listed(self, node: SequenceNode) -> Listed:
        path = self._paths[id(node)]
        return Listed(tuple(self._iterate_items(node)), path, node.start_mark.line + 1, block=not node.flow_style)

    def _iterate_items(self, node: SequenceNode) -> Iterator[Item]:
        for item in node.value:
            if isinstance(item, ScalarNode):
                place = self._place(item)
                yield Item(place, self._read_selector(place))
            elif isinstance(item, MappingNode):
                yield from self._iterate_branches({key.value: value for key, value in item.value})

    def _iterate_branches(self, fields: Mapping[str, Node]) -> Iterator[Item]:
        """Yield the items below a condition."""
        when = fields["if"].value if isinstance(fields.get("if"), ScalarNode) else "?"
        for key, condition in (("then", when), ("else", f"not ({when})")):
            for one in _list_each(fields.get(key)):
                if isinstance(one, ScalarNode):
                    yield Item(self._place(one), condition, nested=True)

    def _read_selector(self, place: Span) -> str:
        if self.form is Format.V1:
            return ""
        found = SELECTOR.match(self.text[place.end : self.line_of(place)[1]])
        return found[1] if found else ""

    def _place(self, node: Node) -> Span:
        start, end = node.start_mark.index, node.end_mark.index
        return Span(self._paths[id(node)], start, end, self.text[start:end], node.start_mark.line + 1)


class _Loader(yaml.SafeLoader):
    """Composes nodes, and refuses what no recipe has and what makes reading slow: aliases and great depth."""

    depth = 0

    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        """Compose one node as PyYAML does."""
        if self.check_event(yaml.AliasEvent):
            raise yaml.MarkedYAMLError(problem="an alias", problem_mark=self.get_mark())
        if self.depth >= DEEPEST:
            raise yaml.MarkedYAMLError(problem="nested too deeply", problem_mark=self.get_mark())
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def _compose(yaml_text: str, form: Format) -> MappingNode:
    if len(yaml_text) > LARGEST:
        raise RecipeError(f"{form}: larger than {LARGEST:,} characters.", BY_HAND)
    try:
        root = yaml.compose(yaml_text, Loader=_Loader)
    except yaml.MarkedYAMLError as fault:
        raise RecipeError(f"{form}{_read_line(fault.problem_mark)}: {fault.problem}.", BY_HAND) from None
    except yaml.YAMLError:
        raise RecipeError(f"{form}: characters that YAML does not allow.", BY_HAND) from None
    if not isinstance(root, MappingNode):
        raise RecipeError(f"{form}: not a recipe.", BY_HAND)
    return root


def _read_line(mark: object) -> str:
    return f" line {mark.line + 1}" if isinstance(mark, yaml.Mark) else ""


def _mask(text: str) -> str:
    """Replace the jinja of a v0 recipe by as many letters or blanks, which leaves YAML."""
    blank = STATEMENT.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
    return EXPRESSION.sub(lambda found: "J" * len(found[0]), blank)


def _list_each(node: Node | None) -> list[Node]:
    """Return the items of a list, or the node itself where it takes the place of a list of one."""
    if isinstance(node, SequenceNode):
        return list(node.value)
    return [] if node is None else [node]


def _iterate_sources(node: Node) -> Iterator[MappingNode]:
    """Yield the sources of a list, or the only one; each branch of a condition has some of its own."""
    if isinstance(node, SequenceNode):
        for item in node.value:
            yield from _iterate_sources(item)
    elif isinstance(node, MappingNode):
        yield from _iterate_branch_sources(node)


def _iterate_branch_sources(node: MappingNode) -> Iterator[MappingNode]:
    """Yield the sources in the branches of a condition; of anything else the node itself."""
    branches = [value for key, value in node.value if key.value in ("then", "else")]
    if not branches:
        yield node
    for branch in branches:
        yield from _iterate_sources(branch)


def _walk(node: Node, path: str) -> Iterator[tuple[Node, str]]:
    """Yield each node with the keys that lead to it; the items of a list have the list's."""
    yield node, path
    if isinstance(node, MappingNode):
        for key, value in node.value:
            yield from _walk(value, f"{path}.{key.value}" if path else str(key.value))
    elif isinstance(node, SequenceNode):
        for item in node.value:
            yield from _walk(item, path)
