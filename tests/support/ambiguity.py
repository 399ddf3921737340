"""Find out by its structure, without a clock, whether a regular expression can be made slow.

A backtracking matcher takes more than linear time where some text can be read by the expression in more and more ways:
exponentially many where one loop reads it in two ways, polynomially many where two loops that follow one another share
it (Weber and Seidl, On the degree of ambiguity of finite automata, 1991). The expression becomes an automaton; a search
is one more loop in front of it. Counted repeats are bounded by a number that somebody chose, and so are no loops.
"""

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from importlib import import_module
from itertools import product
from typing import Any, Final, TypeAlias, TypeVar

_PARSER: Any = import_module("re._parser")  # what re itself is made of, and carries no types
_FOREVER: Final = import_module("re._constants").MAXREPEAT
_IGNORECASE, _DOTALL, _ASCII = int(re.IGNORECASE), int(re.DOTALL), int(re.ASCII)  # numbers are many times faster
_OTHERS: Final = "\u0663\u0435\u017f\u212a\u00a0\u2028\u200b\u3000\ud800\U000e0001"
_CATEGORIES: Final = {
    "DIGIT": r"\d", "NOT_DIGIT": r"\D", "SPACE": r"\s", "NOT_SPACE": r"\S", "WORD": r"\w", "NOT_WORD": r"\W",
}  # fmt: skip
_BEHIND: Final = -1
_KNOWN: Final = frozenset({*map(chr, range(256)), *_OTHERS})

Letters: TypeAlias = frozenset[str]
Allowed: TypeAlias = Callable[[str, str], bool]
"""A test of the spot between two characters, by the one before (empty at the beginning) and the one after."""
Node: TypeAlias = tuple[int, str]
"""A state, and the character that was read before it; empty where no test of a spot asks for it."""
Pair: TypeAlias = tuple[int, int, str]
"""Two states that are reached by the same text, the smaller one first, and the character before."""
_Vertex = TypeVar("_Vertex", bound=Hashable)


def _always(_before: str, _next: str) -> bool:
    return True


@dataclass
class Automaton:
    """States are numbers; an edge reads a letter, a way reads nothing.

    Attributes:
        letters: one for each kind of character that the expression tells apart.
        edges: from a state, the letters that are read and where that leads.
        ways: from a state, where it leads unread, and when one may pass.
        atomic: the possessive groups that a state stands in.
        is_positional: whether any way tests the spot at which it is passed.
    """

    letters: Letters
    edges: list[list[tuple[Letters, int]]] = field(default_factory=list)
    ways: list[list[tuple[int, Allowed]]] = field(default_factory=list)
    atomic: list[frozenset[int]] = field(default_factory=list)
    is_positional: bool = False
    _within: frozenset[int] = frozenset()

    def state(self) -> int:
        self.edges.append([])
        self.ways.append([])
        self.atomic.append(self._within)
        return len(self.edges) - 1

    def way(self, start: int, end: int, allowed: Allowed = _always) -> None:
        self.is_positional |= allowed is not _always
        self.ways[start].append((end, allowed))

    def read(self, start: int, letters: Letters) -> int:
        end = self.state()
        self.edges[start].append((letters, end))
        return end

    def passed(self, state: int, before: str, after: str) -> set[int]:
        """Every state that is reached unread."""
        found, todo = {state}, [state]
        while todo:
            more = {end for end, allowed in self.ways[todo.pop()] if allowed(before, after)} - found
            found |= more
            todo += more
        return found

    def edges_from(self, state: int, before: str, after: str) -> list[tuple[Letters, int]]:
        """Return the edges that are reached unread, once for each way in which they are."""
        found, stack = [], [(state, frozenset({state}))]
        while stack:
            here, passed = stack.pop()
            found += self.edges[here]
            stack += [
                (end, passed | {end})
                for end, allowed in self.ways[here]
                if end not in passed and allowed(before, after)
            ]
        return found


class _Builder:
    """From what `re` parsed to an automaton."""

    def __init__(self, source: str, flags: int) -> None:
        self.tree = _PARSER.parse(source, flags)
        self.flags = self.tree.state.flags
        self.groups: dict[int, Any] = {}
        leaves = [_letters(op, value, flags) for op, value, flags in self._leaves(self.tree, self.flags)]
        leaves += [frozenset({"\n"}), frozenset(filter(re.compile(r"\w").match, _KNOWN))]
        kinds: dict[tuple[bool, ...], str] = {}
        for letter in sorted(_KNOWN):
            kinds.setdefault(tuple(letter in leaf for leaf in leaves), letter)
        self.made = Automaton(frozenset(kinds.values()))
        self._groups = 0

    def build(self, *, searched: bool) -> tuple[Automaton, int, int]:
        start = self.made.state()
        if searched:
            anywhere = self.made.read(start, self.made.letters)
            self.made.edges[anywhere].append((self.made.letters, anywhere))
            inside = self.made.state()
            self.made.way(start, inside)
            self.made.way(anywhere, inside)
            return self.made, start, self._sequence(self.tree, inside, self.flags)
        return self.made, start, self._sequence(self.tree, start, self.flags)

    def _sequence(self, items: Any, start: int, flags: int) -> int:  # noqa: ANN401 - as re parsed it
        for op, value in items:
            start = self._item(str(op), value, start, flags)
        return start

    def _item(self, op: str, value: Any, start: int, flags: int) -> int:  # noqa: ANN401, C901, PLR0911 - one for each operation
        match op:
            case "LITERAL" | "NOT_LITERAL" | "ANY" | "IN":
                return self.made.read(start, self.made.letters & _letters(op, value, flags))
            case "BRANCH":
                end = self.made.state()
                for branch in value[1]:
                    self.made.way(self._sequence(branch, self._aside(start), flags), end)
                return end
            case "SUBPATTERN":
                number, more, less, items = value
                self.groups[number] = items
                return self._sequence(items, start, (flags | more) & ~less)
            case "GROUPREF":  # one text and no other, so nothing of it is given back
                return self._atomic(partial(self._sequence, self.groups[value], flags=flags), start)
            case "ATOMIC_GROUP":
                return self._atomic(partial(self._sequence, value, flags=flags), start)
            case "MAX_REPEAT" | "MIN_REPEAT":
                return self._repeat(value, start, flags)
            case "POSSESSIVE_REPEAT":
                return self._atomic(lambda inside: self._repeat(value, inside, flags), start)
            case "AT":
                end = self.made.state()
                self.made.way(start, end, _position(str(value), flags))
                return end
            case "ASSERT" | "ASSERT_NOT":
                direction, items = value
                return self._look(op == "ASSERT", direction, items, start, flags)
        raise NotImplementedError(op)

    def _aside(self, start: int) -> int:
        end = self.made.state()
        self.made.way(start, end)
        return end

    def _atomic(self, inside: Callable[[int], int], start: int) -> int:
        before = self.made._within  # noqa: SLF001 - the builder's own
        self._groups += 1
        self.made._within = before | {self._groups}  # noqa: SLF001 - as above
        end = inside(self._aside(start))
        self.made._within = before  # noqa: SLF001 - as above
        return self._aside(end)

    def _repeat(self, value: Any, start: int, flags: int) -> int:  # noqa: ANN401 - as re parsed it
        least, most, items = value
        for _ in range(min(least, 2)):
            start = self._sequence(items, start, flags)
        end = self.made.state()
        if most is _FOREVER:
            body = self._aside(start)
            again = self._aside(self._sequence(items, body, flags))
            self.made.way(again, body)
            for done in (start, again):
                self.made.way(done, end)
            return end
        for _ in range(min(most, 2) - min(least, 2)):
            self.made.way(start, end)
            start = self._sequence(items, self._aside(start), flags)
        self.made.way(start, end)
        return end

    def _look(self, positive: bool, direction: int, items: Any, start: int, flags: int) -> int:  # noqa: ANN401, FBT001 - as re parsed it
        """Read a lookahead as well; it leads nowhere, and of what follows one character is known."""
        self._sequence(items, self._aside(start), flags)
        end = self.made.state()
        behind = direction == _BEHIND
        leaf = items[-1 if behind else 0] if len(items) == 1 or (positive and len(items)) else ("", None)
        allowed: Allowed = _always
        if str(leaf[0]) in ("LITERAL", "NOT_LITERAL", "ANY", "IN"):
            letters = self.made.letters & _letters(str(leaf[0]), leaf[1], flags)
            allowed = partial(_neighbours, letters, positive, behind)
        self.made.way(start, end, allowed)
        return end

    def _leaves(self, items: Any, flags: int) -> Iterator[tuple[str, Any, int]]:  # noqa: ANN401 - as re parsed it
        for op, value in items:
            match str(op):
                case "LITERAL" | "NOT_LITERAL" | "ANY" | "IN" as name:
                    yield name, value, flags
                case "BRANCH":
                    for branch in value[1]:
                        yield from self._leaves(branch, flags)
                case "SUBPATTERN":
                    yield from self._leaves(value[3], (flags | value[1]) & ~value[2])
                case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                    yield from self._leaves(value[2], flags)
                case "ATOMIC_GROUP":
                    yield from self._leaves(value, flags)
                case "ASSERT" | "ASSERT_NOT":
                    yield from self._leaves(value[1], flags)


def _letters(op: str, value: Any, flags: int) -> Letters:  # noqa: ANN401 - as re parsed it
    """Return the known letters that a leaf of the expression reads."""
    hashable = tuple(value) if isinstance(value, list) else value
    return _known_letters(op, hashable, flags & (_IGNORECASE | _DOTALL | _ASCII))


@cache
def _known_letters(op: str, value: Any, flags: int) -> Letters:  # noqa: ANN401 - as re parsed it
    return frozenset(letter for letter in _KNOWN if _reads(op, value, letter, flags))


def _reads(op: str, value: Any, letter: str, flags: int) -> bool:  # noqa: ANN401 - as re parsed it
    spelled = {letter, letter.lower(), letter.upper()} if flags & _IGNORECASE else {letter}
    points = {ord(one) for one in spelled if len(one) == 1}
    match op:
        case "LITERAL":
            return value in points
        case "NOT_LITERAL":
            return value not in points
        case "ANY":
            return bool(flags & _DOTALL) or letter != "\n"
        case "IN":
            negated = bool(value) and str(value[0][0]) == "NEGATE"
            return negated != any(_reads(str(kind), one, letter, flags) for kind, one in value[negated:])
        case "RANGE":
            return any(value[0] <= point <= value[1] for point in points)
        case "CATEGORY":
            name = str(value).removeprefix("CATEGORY_")
            return re.match(_CATEGORIES[name], letter, flags & _ASCII) is not None
    raise NotImplementedError(op)


def _neighbours(letters: Letters, positive: bool, behind: bool, before: str, after: str) -> bool:  # noqa: FBT001 - bound in advance
    return ((before if behind else after) in letters) is positive


def _position(where: str, flags: int) -> Allowed:
    def word(letter: str) -> bool:
        return bool(letter) and re.match(r"\w", letter) is not None

    if where == "AT_BEGINNING" and flags & re.MULTILINE:
        return lambda before, _after: before in ("", "\n")
    if where in ("AT_BEGINNING", "AT_BEGINNING_STRING"):
        return lambda before, _after: not before
    if where == "AT_BOUNDARY":
        return lambda before, after: word(before) is not word(after)
    if where == "AT_NON_BOUNDARY":
        return lambda before, after: word(before) is word(after)
    if flags & re.MULTILINE and where == "AT_END":
        return lambda _before, after: after in ("", "\n")
    return lambda _before, after: not after


class _Looked:
    """An automaton and what can be reached in it."""

    def __init__(self, automaton: Automaton, start: int, end: int) -> None:
        self.automaton = automaton
        self.memory: dict[Node, dict[str, list[int]]] = {}
        self.after: dict[Node, set[Node]] = {}
        todo = [(start, "")]
        while todo:
            node = todo.pop()
            if node not in self.after:
                self.after[node] = {
                    (end, self.known(letter)) for letter, ends in self.moves(*node).items() for end in ends
                }
                todo += self.after[node]
        self.component = _components(self.after)
        self.reached = _reached(self.after, self.component)
        self.sure = self._sure(end)

    def known(self, letter: str) -> str:
        """Return what has to be known of a letter once it was read."""
        return letter if self.automaton.is_positional else ""

    def moves(self, state: int, before: str) -> dict[str, list[int]]:
        """Return where each letter leads, once for each way in which it does."""
        if (state, before) not in self.memory:
            edges = {
                after: self.automaton.edges_from(state, before, after)
                for after in {self.known(letter) for letter in self.automaton.letters}
            }
            found = {
                letter: [end for letters, end in edges[self.known(letter)] if letter in letters]
                for letter in self.automaton.letters
            }
            self.memory[state, before] = {letter: ends for letter, ends in found.items() if ends}
        return self.memory[state, before]

    def _sure(self, end: int) -> set[Node]:
        """From where nothing can fail any more, whatever comes: there is nothing to go back for."""
        afters = {"", *map(self.known, self.automaton.letters)}
        ends = {(*node, after) for node in self.after for after in afters if end in self.automaton.passed(*node, after)}
        sure = set(self.after)
        while True:
            kept = {
                (state, before)
                for state, before in sure
                if (state, before, "") in ends
                and all(
                    (state, before, self.known(letter)) in ends
                    or any((to, self.known(letter)) in sure for to in self.moves(state, before).get(letter, ()))
                    for letter in self.automaton.letters
                )
            }
            if kept == sure:
                return sure
            sure = kept

    def looping(self) -> list[Node]:
        sizes: dict[int, int] = {}
        for number in self.component.values():
            sizes[number] = sizes.get(number, 0) + 1
        return [node for node, number in self.component.items() if sizes[number] > 1 or node in self.after[node]]

    def exponential(self) -> str:
        """Return a letter in a loop that reads some text in two ways.

        Two ways from a state back to it are a circle of pairs, through that state twice and through two others, or
        through a step that can be taken in two ways.
        """
        after, doubled = self._pairs()
        component = _components(after)
        parted = {component[pair] for pair in after if pair[0] != pair[1]}
        parted |= {component[pair] for pair, end in doubled if component[pair] == component[end]}
        for pair in after:
            state, other, before = pair
            if state == other and component[pair] in parted and (state, before) not in self.sure:
                return self._letter(state, before)
        return ""

    def _pairs(self) -> tuple[dict[Pair, set[Pair]], set[tuple[Pair, Pair]]]:
        """Return the pairs to which each leads within one loop, and the steps that can be taken in two ways."""
        after: dict[Pair, set[Pair]] = {}
        doubled: set[tuple[Pair, Pair]] = set()
        todo = [(state, state, before) for state, before in self.looping() if (state, before) not in self.sure]
        while todo:
            pair = one, other, before = todo.pop()
            if pair in after:
                continue
            after[pair] = set()
            home = self.component[one, before]
            for letter, ends in self.moves(one, before).items():
                known = self.known(letter)
                here = [end for end in ends if self.component[end, known] == home]
                there = [end for end in self.moves(other, before).get(letter, ()) if self.component[end, known] == home]
                after[pair] |= {(min(ends), max(ends), known) for ends in product(here, there)}
                if one == other:
                    doubled |= {(pair, (end, end, known)) for end in here if here.count(end) > 1}
            todo += after[pair]
        return after, doubled

    def _letter(self, state: int, before: str) -> str:
        """Return a letter that stays in the loop of this state."""
        home = self.component[state, before]
        return next(
            letter
            for letter, ends in self.moves(state, before).items()
            if any(self.component[end, self.known(letter)] == home for end in ends)
        )

    def polynomial(self) -> str:
        """A letter in a loop that shares some text with a loop before it."""
        looping = self.looping()
        for (first, before), (second, also) in product(looping, looping):
            if before != also or first == second or (second, also) in self.sure or self._cut(first, second):
                continue
            homes = self.component[first, before], self.component[second, before]
            if homes[0] == homes[1] or homes[1] not in self.reached[homes[0]]:
                continue
            if self._shared(first, second, before, homes):
                return self._letter(first, before)
        return ""

    def _cut(self, first: int, second: int) -> bool:
        """Return whether the first loop never gives back what it read, once the second has started."""
        return not self.automaton.atomic[first] <= self.automaton.atomic[second]

    def _shared(self, first: int, second: int, before: str, homes: tuple[int, int]) -> bool:
        start = (first, first, second, before)
        seen, todo = {start}, [start]
        while todo:
            stays, goes, waits, last = todo.pop()
            for letter, ends in self.moves(stays, last).items():
                known = self.known(letter)
                for one, other, third in product(
                    ends, self.moves(goes, last).get(letter, ()), self.moves(waits, last).get(letter, ())
                ):
                    if self.component[one, known] != homes[0] or self.component[third, known] != homes[1]:
                        continue
                    if homes[1] not in self.reached[self.component[other, known]]:
                        continue
                    node = (one, other, third, known)
                    if node == (first, second, second, before):
                        return True
                    if node not in seen:
                        seen.add(node)
                        todo.append(node)
        return False


def _components(after: Mapping[_Vertex, Iterable[_Vertex]]) -> dict[_Vertex, int]:
    """Return which nodes reach one another (Kosaraju), as one number for each group of them."""
    order: list[_Vertex] = []
    seen: set[_Vertex] = set()
    for root in after:
        stack = [(root, False)]
        while stack:
            node, done = stack.pop()
            if done:
                order.append(node)
            elif node not in seen:
                seen.add(node)
                stack.append((node, True))
                stack += [(end, False) for end in after[node]]
    before: dict[_Vertex, list[_Vertex]] = {node: [] for node in after}
    for node, ends in after.items():
        for end in ends:
            before[end].append(node)
    found: dict[_Vertex, int] = {}
    for root in reversed(order):
        todo = [root]
        while todo:
            node = todo.pop()
            if node not in found:
                found[node] = found[root] if node != root else len(found)
                todo += [other for other in before[node] if other not in found]
    return found


def _reached(after: dict[Node, set[Node]], component: dict[Node, int]) -> dict[int, set[int]]:
    """Return the groups of nodes to which each group leads, itself among them."""
    found: dict[int, set[int]] = {}
    # Kosaraju numbers a group before those to which it leads.
    for node in sorted(after, key=lambda node: component[node], reverse=True):
        own = found.setdefault(component[node], {component[node]})
        for end in after[node]:
            if component[end] != component[node]:
                own |= found[component[end]]
    return found


def slow(pattern: "re.Pattern[str] | re.Pattern[bytes]", *, searched: bool) -> str:
    """Return how a pattern can be made slow, and by which character; empty where it cannot.

    Args:
        pattern: to judge.
        searched: whether it is looked for anywhere in a text, and not only where the text begins.
    """
    source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    flags = pattern.flags if isinstance(pattern.pattern, str) else pattern.flags | re.ASCII
    looked = _Looked(*_Builder(source, flags).build(searched=searched))
    if letter := looked.exponential():
        return f"exponential in {letter!r}"
    if letter := looked.polynomial():
        return f"more than linear in {letter!r}"
    return ""
