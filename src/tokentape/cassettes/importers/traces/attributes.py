"""Attributes with dots in their names, and JSON that stands as text in them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_DEEPEST = 24
"""Dots in a name, and levels of a value, that are looked at."""


def tree_of(value: Json, depth: int = 0) -> Json:
    """`{"a.0.b": 1, "a.1.b": 2}` as `{"a": [{"b": 1}, {"b": 2}]}`, inside of lists and objects, too.

    Where a name is both a value and a way to others, the value stands under "".
    """
    if depth > _DEEPEST:
        return value
    if isinstance(value, list):
        return [tree_of(each, depth + 1) for each in value]
    if not isinstance(value, dict):
        return value
    tree: Fields = {}
    for name, each in value.items():
        _place(tree, name.split(".", _DEEPEST), tree_of(each, depth + 1))
    return _listed(tree, 0)


def _place(tree: Fields, steps: list[str], value: Json) -> None:
    for step in steps[:-1]:
        inner = tree.get(step)
        if isinstance(inner, list):
            inner = {str(nth): each for nth, each in enumerate(inner)}
        elif not isinstance(inner, dict):
            inner = {} if inner is None else {"": inner}
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
    if not isinstance(value, dict) or depth > 2 * _DEEPEST:
        return value
    inner = {name: _listed(each, depth + 1) for name, each in value.items()}
    if inner and all(name.isascii() and name.isdigit() and len(name) < 10 for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner


def json_in(value: Json) -> Json:
    """The JSON of a text that holds an object or a list; what is anything else as it is."""
    if not isinstance(value, str) or value.lstrip()[:1] not in ("{", "["):
        return value
    try:
        found: Json = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return found
