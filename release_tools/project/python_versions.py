"""Read versions in Python source: strings, tuples of numbers, and strings that are joined or formatted from such.

Nothing is imported or run. A value is followed through names of the same module that are assigned once.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from release_tools.project.version_field import Found, Part

TUPLE_NAMES: Final = (
    "version_info",
    "__version_info__",
    "VERSION_INFO",
    "version_tuple",
    "__version_tuple__",
    "VERSION",
)
"""Variables in which modules repeat their version as a tuple."""
_DIGIT: Final = re.compile(r"\d")
_WHOLE: Final = re.compile(r"\A[vV]?\d{1,9}\.\d")
_OTHER_DIRECTIVE: Final = re.compile(r"[%{}]")
_DIRECTIVE: Final = re.compile(r"%[ds]|\{\d{0,2}\}")
_NUMBERS: Final = 3
_DEEPEST: Final = 8
"""Steps from name to name that are followed at most."""


@dataclass(frozen=True)
class _Module:
    """A module, read but not run.

    Attributes:
        text: the source.
        assigned: the expressions that are assigned outside of functions and classes, by name; None for one that is
            computed from the name's own value, as ``+=`` does.
        starts: where each line begins.
        looked_up: names that are found by themselves, so that what is computed from them needs no edit.
    """

    text: str
    assigned: Mapping[str, Sequence[ast.expr | None]]
    starts: Sequence[int]
    looked_up: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, text: str, body: Iterable[ast.stmt], looked_up: Iterable[str] = ()) -> "_Module":
        """Return the module of some source and its statements."""
        assigned: dict[str, list[ast.expr | None]] = {}
        for name, value in _find_assignments(body):
            assigned.setdefault(name, []).append(value)
        starts = [0, *(found.end() for found in re.finditer(r"\r\n|\n|\r", text))]
        return cls(text, assigned, starts, frozenset((*looked_up, *TUPLE_NAMES)))

    def find(self, name: str, value: ast.expr | None = None) -> Iterator[Found]:
        """Yield what a name is assigned, or the given expression under that name; nothing where no version is in it."""
        values = [value] if value is not None else self.assigned.get(name, ())
        for found in self._read_values(name, values):
            if len(values) > 1:
                yield Found(name, found.value, found.start, found.end, f"the file assigns it {len(values)} times")
            else:
                yield found

    def _read_values(self, name: str, values: Iterable[ast.expr | None]) -> Iterator[Found]:
        """Yield those of some expressions in which a version is."""
        for value in values:
            found = self._read_value(name, value) if value is not None else None
            if found:
                yield found

    def _read_value(self, name: str, value: ast.expr) -> Found | None:
        """Return a value that is a literal or made of some, or has a problem; nothing where no version is in it."""
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            return self._describe_string(name, value, value.value)
        parts = self._find_parts(value, 0)
        if parts is not None and (found := _assemble(name, parts)):
            return found
        return self._describe_unclear(name, value) if self._holds_version(value) else None

    def _describe_string(self, name: str, node: ast.Constant, value: str) -> Found:
        """Return a string, with a problem where its text is not what it means."""
        inner = self._strip_quotes(node)
        if inner is None:
            return Found(name, value, *self.span(node), "it is written in several strings or with escapes")
        return Found(name, value, *inner)

    def _describe_unclear(self, name: str, value: ast.expr) -> Found:
        """Return an expression that holds a version in part, with the problem that it cannot be edited."""
        start, end = self.span(value)
        kinds = {ast.JoinedStr: "an f-string", ast.Tuple: "a tuple", ast.Constant: "a number"}
        kind = kinds.get(type(value), "an expression")
        text = " ".join(self.text[start:end].split())
        return Found(name, text, start, end, f"it is {kind} that cannot be edited safely")

    def _holds_version(self, value: ast.expr) -> bool:
        """Return whether an expression holds a version in part, itself or by names of the module."""
        if _has_own_version(value):
            return True
        names = {node.id for node in ast.walk(value) if isinstance(node, ast.Name)} - self.looked_up
        return any(map(self._names_version, names))

    def _names_version(self, name: str) -> bool:
        """Return whether a name of the module is assigned a version, or a number of one."""
        literals = (value for value in self.assigned.get(name, ()) if isinstance(value, ast.Constant | ast.Tuple))
        return any(_has_version_constant(literal) for literal in literals)

    def _find_value(self, name: str) -> ast.expr | None:
        """Return what a name is assigned; None where it is assigned never, or several times."""
        values = self.assigned.get(name, ())
        return values[0] if len(values) == 1 else None

    def _find_parts(self, node: ast.expr | None, depth: int) -> list[Part] | None:
        """Return the literals of which a string or a tuple is made, with the text between them; None where unknown."""
        if depth > _DEEPEST:
            return None
        parts = None
        match node:
            case ast.Tuple() | ast.List():
                parts = _join(self._find_items(node, depth), ".")
            case ast.Constant():
                parts = self._read_literal(node)
            case ast.Name(id=name):
                parts = self._find_parts(self._find_value(name), depth + 1)
            case ast.BinOp(left=template, op=ast.Mod(), right=values):
                parts = _fill(template, self._find_items(values, depth) or [self._find_parts(values, depth)])
            case ast.Call(func=ast.Attribute() as function, args=arguments, keywords=[]):
                parts = self._read_call(function, arguments, depth)
        return parts

    def _read_call(self, function: ast.Attribute, arguments: Sequence[ast.expr], depth: int) -> list[Part] | None:
        """Return the parts of ``".".join(…)`` and of ``"{}.{}".format(…)``."""
        text = function.value
        if not isinstance(text, ast.Constant) or not isinstance(text.value, str):
            return None
        if function.attr == "join" and len(arguments) == 1:
            return _join(self._find_items(arguments[0], depth), text.value)
        if function.attr == "format" and len(arguments) == 1 and isinstance(arguments[0], ast.Starred):
            return _fill(text, self._find_items(arguments[0].value, depth))
        if function.attr == "format":
            return _fill(text, [self._find_parts(argument, depth) for argument in arguments])
        return None

    def _find_items(self, node: ast.expr | None, depth: int) -> list[list[Part] | None] | None:
        """Return the items of a sequence: a literal, a name of one, or its numbers as text; None where unknown."""
        if depth > _DEEPEST:
            return None
        found = None
        match node:
            case ast.Name(id=name):
                found = self._find_items(self._find_value(name), depth + 1)
            case ast.Tuple(elts=items) | ast.List(elts=items):
                found = [self._find_parts(item, depth) for item in items]
            case ast.Call(func=ast.Name(id="map"), args=[ast.Name(id="str"), values]):
                found = self._find_items(values, depth)
            case ast.Subscript(
                value=values, slice=ast.Slice(lower=None, upper=ast.Constant(value=int(count)), step=None)
            ) if count > 0:
                found = _take_first(self._find_items(values, depth), count)
            case ast.GeneratorExp() | ast.ListComp() if _is_plain_copy(node):
                found = self._find_items(node.generators[0].iter, depth)
        return found

    def _read_literal(self, node: ast.Constant) -> list[Part] | None:
        if isinstance(node.value, int) and not isinstance(node.value, bool):
            span = self.span(node)
            return [Part(str(node.value), span, is_number=True)] if self.text[slice(*span)].isdecimal() else None
        return self._read_string(node, node.value) if isinstance(node.value, str) else None

    def _read_string(self, node: ast.Constant, value: str) -> list[Part] | None:
        """Return a string as a part, edited only if it has digits; None where it is written with escapes."""
        if not _DIGIT.search(value):
            return [Part(value)]
        inner = self._strip_quotes(node)
        return [Part(value, inner)] if inner else None

    def _strip_quotes(self, node: ast.Constant) -> tuple[int, int] | None:
        """Return the characters of a string; None where it is written with escapes or in several pieces."""
        start, end = self.span(node)
        quoted = re.fullmatch(r"[rRuU]?('''|\"\"\"|'|\")(.*)\1", self.text[start:end], re.DOTALL)
        if quoted is None or quoted[2] != node.value:
            return None
        return start + quoted.start(2), start + quoted.end(2)

    def span(self, node: ast.expr) -> tuple[int, int]:
        """Return the characters of an expression; ``ast`` counts lines, and bytes in each."""
        lines = (node.lineno, node.end_lineno or node.lineno)
        columns = (node.col_offset, node.end_col_offset or 0)
        begins = [self.starts[line - 1] for line in lines]
        widths = [
            len(self.text[begin:].split("\n", 1)[0].encode()[:column].decode())
            for begin, column in zip(begins, columns, strict=True)
        ]
        return begins[0] + widths[0], begins[1] + widths[1]


def find_python_values(text: str, *names: str) -> Iterator[Found]:
    """Find what is assigned, outside of functions and classes, to some names of a Python module.

    A tuple of numbers is a version, and so is a string that is joined or formatted from literals. Every other
    expression that holds a version in part, such as an f-string, has a problem; one that reads it from elsewhere, such
    as ``importlib.metadata.version("demo")``, is nothing that could be edited. A literal in an ``except`` is what holds
    where the version cannot be read.
    """
    tree = _parse(text)
    if isinstance(tree, Found):
        if any(name in text for name in names):
            yield tree
        return
    module = _Module.parse(text, tree.body, names)
    for name in names:
        yield from module.find(name)


def find_python_tuples(text: str) -> Iterator[Found]:
    """Find tuples that are assigned to the usual names, ``version_info = (1, 4, 0)``."""
    tree = _parse(text)
    if not isinstance(tree, Found):
        module = _Module.parse(text, tree.body)
        for name in TUPLE_NAMES:
            if any(isinstance(value, ast.Tuple) for value in module.assigned.get(name, ())):
                yield from module.find(name)


def find_setup_py_version(text: str) -> Iterator[Found]:
    """Find the version that ``setup.py`` passes to ``setup()``: an expression, or a name of the same file."""
    tree = _parse(text)
    if isinstance(tree, Found):
        yield tree
        return
    module = _Module.parse(text, tree.body)
    for value in _list_passed_versions(tree):
        if isinstance(value, ast.Name):
            yield from module.find(value.id)
        else:
            yield from module.find("version", value)


def _list_passed_versions(tree: ast.Module) -> Iterator[ast.expr]:
    """Yield the ``version`` of each call of ``setup()``."""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and _find_last_name(call.func) == "setup":
            yield from (keyword.value for keyword in call.keywords if keyword.arg == "version")


def _take_first(items: list[list[Part] | None] | None, number: int) -> list[list[Part] | None] | None:
    return None if items is None else items[:number]


def _has_version_constant(literal: ast.expr) -> bool:
    """Return whether a literal has a number, or a string that begins as a version does."""
    constants = _list_constants(literal)
    return any(isinstance(constant, int) or _WHOLE.search(str(constant)) for constant in constants)


def _has_own_version(value: ast.expr) -> bool:
    """Return whether the constants of an expression hold a version in part: a whole one where it calls something."""
    if isinstance(value, ast.Name | ast.Attribute | ast.Subscript):
        return False
    digits = _WHOLE if _has_call(value) else _DIGIT
    return any(digits.search(str(constant)) for constant in _list_constants(value))


def _has_call(value: ast.expr) -> bool:
    """Return whether an expression calls something that does more than format text."""
    return any(isinstance(node, ast.Call) and not _is_formatting(node) for node in ast.walk(value))


def _list_constants(value: ast.expr) -> list[object]:
    """Return the constants anywhere in an expression."""
    return [node.value for node in ast.walk(value) if isinstance(node, ast.Constant)]


def _assemble(name: str, parts: Sequence[Part]) -> Found | None:
    """Return the version that literals make together; None where they make none, or where it is written in between."""
    spans = [part.span for part in parts if part.span]
    between = _join_texts(part for part in parts if not part.span)
    if not spans or _DIGIT.search(between) or len(set(spans)) != len(spans):
        return None
    return Found(name, _join_texts(parts), *min(spans), parts=tuple(parts))


def _join_texts(parts: Iterable[Part]) -> str:
    return "".join(part.text for part in parts)


def _join(items: Sequence[list[Part] | None] | None, separator: str) -> list[Part] | None:
    """Return items with a text between them; those of ``(1, 4, 0, "final", 0)`` without what tells no number."""
    if items is None:
        return None
    if _ends_as_final(items):
        items = items[:_NUMBERS]
    joined: list[Part] = []
    for item in items:
        if item is None:
            return None
        joined += [Part(separator), *item] if joined else item
    return joined


def _ends_as_final(items: Sequence[list[Part] | None]) -> bool:
    """Return whether items are three numbers and the mark of a final version, as in ``sys.version_info``."""
    return len(items) == _NUMBERS + 2 and items[_NUMBERS] == [Part("final")]


def _fill(template: ast.expr, items: Sequence[list[Part] | None] | None) -> list[Part] | None:
    """Return the parts of a template whose directives, ``%d`` or ``{}``, are filled with items in their order."""
    if not isinstance(template, ast.Constant) or not isinstance(template.value, str) or items is None:
        return None
    texts = _split_template(template.value)
    return _interleave(texts, items) if len(texts) == len(items) + 1 else None


def _interleave(texts: Sequence[str], items: Sequence[list[Part] | None]) -> list[Part] | None:
    """Return items between texts, of which there is one more, without empty ones; None where an item is unknown."""
    filled = [Part(texts[0])]
    for item, text in zip(items, texts[1:], strict=True):
        if item is None:
            return None
        filled += [*item, Part(text)]
    return [part for part in filled if part.text or part.span]


def _split_template(template: str) -> list[str]:
    """Return the texts between the directives of a template; none where it has other ones, or in another order."""
    texts = _DIRECTIVE.split(template)
    is_in_order = _is_in_order(_DIRECTIVE.findall(template))
    return texts if is_in_order and not _OTHER_DIRECTIVE.search("".join(texts)) else []


def _is_in_order(directives: Sequence[str]) -> bool:
    """Return whether directives have no numbers, or all of them in order: ``{0}.{1}``."""
    numbers = [directive[1:-1] for directive in directives if directive.startswith("{") and directive != "{}"]
    return not numbers or numbers == [str(at) for at in range(len(directives))]


def _parse(text: str) -> ast.Module | Found:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return Found("version", "", 0, 0, f"the file cannot be read as Python: {error}")


def _find_assignments(body: Iterable[ast.stmt]) -> Iterator[tuple[str, ast.expr | None]]:
    """Return the names that a module assigns and their values, but for those in an ``except``."""
    for statement in body:
        match statement:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    yield from _assign(target, value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                yield name, value
            case ast.AugAssign(target=ast.Name(id=name)):
                yield name, None
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                continue
        for inner in ("body", "orelse", "finalbody"):
            yield from _find_assignments(getattr(statement, inner, ()))


def _assign(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr | None]]:
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple | ast.List):
        yield from _unpack(target, value)


def _unpack(target: ast.Tuple | ast.List, value: ast.expr) -> Iterator[tuple[str, ast.expr | None]]:
    """Return the names of ``major, minor = 1, 4`` and their values; unknown ones where the value is no such list."""
    values = value.elts if isinstance(value, ast.Tuple | ast.List) else []
    fits = len(values) == len(target.elts)
    for at, item in enumerate(target.elts):
        if isinstance(item, ast.Name):
            yield item.id, values[at] if fits else None


def _is_formatting(call: ast.Call) -> bool:
    """Return whether a call puts values into a literal or makes text of them: ``"1.{}".format(minor)``."""
    if isinstance(call.func, ast.Attribute):
        return isinstance(call.func.value, ast.Constant)
    return _is_name(call.func, "str") or _is_name(call.func, "map")


def _is_plain_copy(node: ast.GeneratorExp | ast.ListComp) -> bool:
    """Return whether a comprehension is ``str(x) for x in …``, or ``x for x in …``."""
    generator, element = node.generators[0], node.elt
    if len(node.generators) > 1 or not _takes_every_item(generator) or not isinstance(generator.target, ast.Name):
        return False
    if isinstance(element, ast.Call) and _is_name(element.func, "str") and len(element.args) == 1:
        element = element.args[0]
    return _is_name(element, generator.target.id)


def _takes_every_item(generator: ast.comprehension) -> bool:
    return not generator.ifs and not generator.is_async


def _is_name(node: ast.expr, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _find_last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
