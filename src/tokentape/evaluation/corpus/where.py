"""The language of `--where`: `model == "gpt-4o" and category in ["extract", "triage"] and not streamed`.

    == != < <= > >=             texts with texts, numbers with numbers; `0 < cost < 0.1`
    in, not in                  `model in ["a", "b"]`, `"refund" in text`, `"search" in tools`
    matches                     a glob: `model matches "gpt-*"` (*, ?, [abc])
    and, or, not, ( )           a bare name is true if it is neither empty, nor 0, nor unknown

It looks like Python and is parsed by Python's own parser, but evaluated here: nothing is called, nothing is
computed, and only the names of `names.FIELDS` are there. What is unknown (`cost` where no rate is known,
metadata that a row has not) is None: equal to None alone, and never less or more than anything.
"""

from __future__ import annotations

import ast
import difflib
import re
import warnings
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, TypeGuard

from tokentape.errors import UsageError
from tokentape.evaluation.corpus.names import ANY, FIELDS, FLAG, LIST, NUMBER, TEXT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.evaluation.corpus.row import Row

    Value = Callable[[Row], object]
    Test = Callable[[Row], bool]

LONGEST, DEEPEST = 4000, 60

_KINDS = {TEXT: "a text", NUMBER: "a number", FLAG: "True or False", LIST: "a list", ANY: "anything"}
_SIGNS = re.compile(r"""(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|\bmatches\b|[\r\n]|[#@]""", re.DOTALL)
_ORDER: dict[type[ast.cmpop], str] = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}


class Where:
    """A condition over rows. Raises `UsageError`: one line with the column, and what is allowed."""

    def __init__(self, text: str) -> None:
        self.text = text
        reader = _Reader(text)
        self._test = reader.condition(reader.parsed(), 0)

    def __repr__(self) -> str:
        return f"Where({self.text!r})"

    def __call__(self, row: Row) -> bool:
        """True if the row fits."""
        return self._test(row)


def field(name: str) -> Value:
    """The value of one name, `metadata.NAME` included. Raises `UsageError` as `Where` does."""
    reader = _Reader(name)
    node = reader.parsed()
    if not isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
        raise reader.wrong(node, f"give one name: {_known()}")
    return reader.value(node)[0]


class _Reader:
    """From text to a function, with the kind of each value known where that is possible."""

    def __init__(self, text: str) -> None:
        self.text = text

    def parsed(self) -> ast.expr:
        """The expression as Python's parser reads it, `matches` as an operator that is of no use here."""
        if not self.text.strip():
            raise self.at(
                1, f'the condition is empty; write one such as model == "gpt-4o"; names are {_known()}'
            )
        if len(self.text) > LONGEST:
            raise self.at(LONGEST, f"the condition is longer than {LONGEST} characters")
        indented = len(self.text) - len(self.text.lstrip())
        text = _SIGNS.sub(self._as_python, self.text)
        try:
            with warnings.catch_warnings():  # about escapes and literals that Python takes as they stand
                warnings.simplefilter("ignore")
                return ast.parse(text.lstrip(), mode="eval").body
        except SyntaxError as error:
            problem = f"{error.msg}; write conditions as in: {_EXAMPLE}"
            raise self.at((error.offset or 1) + indented, problem) from None
        except (ValueError, RecursionError, MemoryError) as error:
            raise self.at(1, f"this cannot be read: {error}") from None

    def _as_python(self, found: re.Match[str]) -> str:
        """`matches` as an operator of the same length; several lines as one; texts as they are."""
        if found["text"]:
            return found[0]
        if found[0] in "#@":
            raise self.at(found.start() + 1, f"invalid syntax; write conditions as in: {_EXAMPLE}")
        return "@      " if found[0] == "matches" else " "

    def at(self, column: int, problem: str) -> UsageError:
        """What is wrong, in one line."""
        return UsageError(f"where, column {column}: {' '.join(problem.split())}")

    def wrong(self, node: ast.AST, problem: str) -> UsageError:
        """What is wrong where the node stands."""
        indented = len(self.text) - len(self.text.lstrip())
        line = self.text.lstrip().encode("utf-8", "surrogatepass")
        before = line[: getattr(node, "col_offset", 0)].decode("utf-8", "replace")
        return self.at(len(before) + indented + 1, problem)

    def condition(self, node: ast.expr, depth: int) -> Test:
        """What is true or false."""
        if depth > DEEPEST:
            raise self.wrong(node, f"conditions are nested deeper than {DEEPEST}")
        if isinstance(node, ast.BoolOp):
            tests = [self.condition(each, depth + 1) for each in node.values]
            if isinstance(node.op, ast.And):
                return lambda row: all(test(row) for test in tests)
            return lambda row: any(test(row) for test in tests)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self.condition(node.operand, depth + 1)
            return lambda row: not inner(row)
        if isinstance(node, ast.Compare):
            return self.comparison(node)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            return self.glob(node)
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript):
            value, _ = self.value(node)
            return lambda row: bool(value(row))
        raise self.wrong(node, f"this is no condition; allowed are {_ALLOWED}, as in: {_EXAMPLE}")

    def comparison(self, node: ast.Compare) -> Test:
        """Two values, or a chain of them."""
        sides = [node.left, *node.comparators]
        tests = [
            self.pair(left, operator, right)
            for left, operator, right in zip(sides, node.ops, sides[1:], strict=False)
        ]
        return tests[0] if len(tests) == 1 else lambda row: all(test(row) for test in tests)

    def pair(self, left: ast.expr, operator: ast.cmpop, right: ast.expr) -> Test:
        """`left operator right`."""
        one, kind = self.value(left)
        two, other = self.value(right)
        if isinstance(operator, ast.In | ast.NotIn):
            self.check_in(left, kind, right, other)
            wanted = isinstance(operator, ast.In)
            return lambda row: _is_in(one(row), two(row)) is wanted
        if isinstance(operator, ast.Eq | ast.NotEq | ast.Is | ast.IsNot):
            self.check_same(right, kind, other)
            same = isinstance(operator, ast.Eq | ast.Is)
            return lambda row: _is_same(one(row), two(row)) is same
        for node, what in ((left, kind), (right, other)):
            if what not in (TEXT, NUMBER, ANY):
                raise self.wrong(
                    node,
                    f"{_ORDER[type(operator)]} compares numbers or texts, not {_KINDS.get(what, 'None')}",
                )
        self.check_same(right, kind, other)
        less = _ORDER[type(operator)]
        return lambda row: _is_ordered(one(row), less, two(row))

    def check_same(self, node: ast.AST, kind: str, other: str) -> None:
        """Refuse to compare what is never equal."""
        if kind != other and not {kind, other} & {ANY, ""}:
            raise self.wrong(node, f"compare {_KINDS[kind]} with {_KINDS[kind]}, not with {_KINDS[other]}")

    def check_in(self, left: ast.expr, kind: str, right: ast.expr, other: str) -> None:
        """Refuse what can hold nothing."""
        if other not in (TEXT, LIST, ANY):
            raise self.wrong(right, "behind `in` stands a list, or a text that is searched")
        if other == TEXT and kind not in (TEXT, ANY):
            raise self.wrong(left, f"a text holds texts, not {_KINDS.get(kind, 'None')}")
        if isinstance(right, ast.List | ast.Tuple):
            for each in right.elts:
                self.check_same(each, kind, self.value(each)[1])

    def glob(self, node: ast.BinOp) -> Test:
        """`left matches "pattern"`."""
        one, kind = self.value(node.left)
        if kind not in (TEXT, ANY):
            raise self.wrong(node.left, f"matches looks at texts, not at {_KINDS.get(kind, 'None')}")
        if not isinstance(node.right, ast.Constant) or not isinstance(node.right.value, str):
            raise self.wrong(node.right, 'behind matches stands a pattern such as "gpt-*"')
        pattern = node.right.value
        return lambda row: isinstance(value := one(row), str) and fnmatchcase(value, pattern)

    def value(self, node: ast.expr) -> tuple[Value, str]:
        """What gives a value, and its kind ("" for None)."""
        match node:
            case ast.Constant(value=None):
                return (lambda _: None), ""
            case ast.Constant(value=bool() | int() | float() | str() as value):
                return (lambda _: value), _kind(value)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
                return (lambda _: -number), NUMBER
            case ast.List(elts=entries) | ast.Tuple(elts=entries):
                return self.listed(entries), LIST
            case ast.Name(id=name):
                return self.named(node, name)
            case ast.Attribute(value=held, attr=name):
                return self.inside(held, name), ANY
            case ast.Subscript(value=held, slice=ast.Constant(value=str() as name)):
                return self.inside(held, name), ANY
        raise self.wrong(
            node, f"this is no value; allowed are names, texts, numbers and lists, as in: {_EXAMPLE}"
        )

    def listed(self, entries: list[ast.expr]) -> Value:
        """A list of what is written there."""
        for entry in entries:
            if not isinstance(entry, ast.Constant | ast.UnaryOp):
                raise self.wrong(entry, "a list holds texts and numbers")
        values = [self.value(entry)[0] for entry in entries]
        return lambda row: [value(row) for value in values]

    def named(self, node: ast.expr, name: str) -> tuple[Value, str]:
        """A field of a row."""
        if name not in FIELDS:
            close = difflib.get_close_matches(name, FIELDS, 1)
            hint = f"did you mean {close[0]}? " if close else ""
            literal = {"true": "True", "false": "False", "null": "None", "none": "None"}.get(name)
            hint = f"write {literal}; " if literal else hint
            raise self.wrong(
                node, f"unknown name {name!r}; {hint}names are {_known()}; texts stand in quotes"
            )
        found = FIELDS[name]
        return found.read, found.kind

    def inside(self, held: ast.expr, name: str) -> Value:
        """A field of metadata, at any depth."""
        outer = held
        for _ in range(DEEPEST):
            if not isinstance(outer, ast.Attribute | ast.Subscript):
                break
            outer = outer.value
        if not isinstance(outer, ast.Name) or outer.id != "metadata":
            raise self.wrong(held, 'only metadata has fields: metadata.NAME, metadata["NAME"]')
        value, _ = self.value(held)

        def read(row: Row) -> object:
            fields = value(row)
            return fields.get(name) if isinstance(fields, dict) else None

        return read


def _kind(value: object) -> str:
    return FLAG if isinstance(value, bool) else TEXT if isinstance(value, str) else NUMBER


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_same(one: object, two: object) -> bool:
    """Equal, and of one kind: True is not 1."""
    return one == two and isinstance(one, bool) == isinstance(two, bool)


def _is_ordered(one: object, sign: str, two: object) -> bool:
    """False where either is unknown, or they are of two kinds."""
    if isinstance(one, str) and isinstance(two, str):
        return _fits(one < two, one == two, sign)
    return _is_number(one) and _is_number(two) and _fits(one < two, one == two, sign)


def _fits(less: bool, same: bool, sign: str) -> bool:
    return {"<": less, "<=": less or same, ">": not (less or same), ">=": not less}[sign]


def _is_in(one: object, held: object) -> bool:
    """In a text, a list, or the names of an object."""
    if isinstance(held, str):
        return isinstance(one, str) and one in held
    if isinstance(held, list):
        return any(_is_same(one, each) for each in held)
    return isinstance(held, dict) and isinstance(one, str) and one in held


def _known() -> str:
    return ", ".join([*FIELDS, "metadata.NAME"])


_EXAMPLE = 'model == "gpt-4o" and category in ["extract", "triage"]'
_ALLOWED = "comparisons, in, matches, and, or, not"
