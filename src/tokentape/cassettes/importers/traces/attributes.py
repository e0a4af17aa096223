"""Attributes with dots in their names, and JSON that stands as text in them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tokentape.cassettes.importers.notes import LeftOut

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_DEEPEST = 24
"""Dots in a name, and levels of a value, that are looked at."""


def tree_of(value: Json) -> Json:
    """`{"a.0.b": 1, "a.1.b": 2}` as `{"a": [{"b": 1}, {"b": 2}]}`.

    Where a name is both a value and a way to others, the value stands under "". Of a list in which numbers
    are missing these are null: somebody dropped them. Values stay as they are, but for OpenInference's own
    names inside of them: the arguments of a tool may have dots and numbers in their names, too.
    """
    return _way(value, 0, (*value,)) if isinstance(value, dict) else _inside(value, 0)


class _Way(dict[str, "Json"]):
    """An object that dots in names made."""


def _way(named: Fields, depth: int, dotted: tuple[str, ...]) -> Json:
    tree = _Way()
    for name, each in named.items():
        _place(tree, name.split(".", _DEEPEST) if name in dotted else [name], _inside(each, depth + 1))
    return _listed(tree, 0)


_INSIDE = ("message.", "message_content.", "tool_call.", "tool.", "prompt.", "image.", "completion.")
"""What names begin with that have dots inside of values: a row of Phoenix has lists of such objects."""


def _inside(value: Json, depth: int) -> Json:
    if depth > _DEEPEST:
        return value
    if isinstance(value, list):
        return [_inside(each, depth + 1) for each in value]
    if not isinstance(value, dict):
        return value
    dotted = tuple(name for name in value if name.startswith(_INSIDE))
    if dotted:
        return _way(value, depth, dotted)
    return {name: _inside(each, depth + 1) for name, each in value.items()}


def _place(tree: Fields, steps: list[str], value: Json) -> None:
    for step in steps[:-1]:
        inner = tree.get(step)
        if isinstance(inner, list):
            inner = _Way({str(nth): each for nth, each in enumerate(inner)})
        elif not isinstance(inner, dict):
            inner = _Way() if inner is None else _Way({"": inner})
        tree[step] = inner
        tree = inner
    last, known = steps[-1], tree.get(steps[-1])
    if isinstance(known, dict) and not isinstance(value, dict):
        known[""] = value
    elif isinstance(known, dict) and isinstance(value, dict):
        for name, each in value.items():
            _place(known, [name], each)
    else:
        tree[last] = value


def _listed(value: Json, depth: int) -> Json:
    """Objects whose names are all numbers are lists, in the order of these."""
    if not isinstance(value, _Way) or depth > 2 * _DEEPEST:
        return value
    inner = {name: _listed(each, depth + 1) for name, each in value.items()}
    if inner and all(name.isascii() and name.isdigit() and len(name) < 10 for name in inner):
        by_number = {int(name): each for name, each in inner.items()}
        last = max(by_number)
        if last < len(inner) + _GAPS:
            return [by_number.get(number) for number in range(last + 1)]
    return inner


_GAPS = 1000
"""Numbers that may be missing from a list."""


def json_in(value: Json) -> Json:
    """The JSON of a text that holds an object or a list; what is anything else as it is."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return value
    try:
        found: Json = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return found


def whole_json(value: Json, *, always: bool = True) -> Json:
    """As `json_in`, for what is JSON if it looks so; where a text may also be prose (not `always`), it has to
    begin as messages do. Raises `LeftOut` for JSON that breaks off: exporters cut attributes at a limit.
    """
    found = json_in(value)
    if isinstance(found, str) and found.lstrip()[:1] in ("{", "[") and (always or _TOLD.match(found)):
        raise LeftOut(CUT)
    return found


CUT = "its JSON breaks off: it was cut short when it was traced"
_TOLD = re.compile(
    r"\s*(?:\[\s*)*\{\s*"
    r'"(?:role|parts|content|contents|messages|message|choices|candidates|generations|type|model|id|lc|system)"'
)
