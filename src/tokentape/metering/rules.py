"""The rules by which the price data recognises a model, written as `scripts/prices.py` says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json


def fits(rule: Json, name: str) -> bool:
    """True if the model called `name`, in lower case, is meant by `rule`."""
    if isinstance(rule, str):
        return _is_one(rule[0], rule[1:], name)
    if isinstance(rule, list):
        return any(fits(each, name) for each in rule)
    every = rule.get("all") if isinstance(rule, dict) else None
    return isinstance(every, list) and all(fits(each, name) for each in every)


def _is_one(mark: str, text: str, name: str) -> bool:
    match mark:
        case "=":
            return name == text
        case "^":
            return name.startswith(text)
        case "$":
            return name.endswith(text)
        case "*":
            return text in name
        case _:
            return re.search(text, name) is not None


_COMPACT = re.compile(r"-(20\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)")


def spellings(name: str) -> tuple[str, ...]:
    """`name` in lower case; and with a compact date (`-20251211`) as most model names have it."""
    lower = name.lower()
    dashed = _COMPACT.sub(r"-\1-\2-\3", lower)
    return (lower,) if dashed == lower else (lower, dashed)
