"""Ids of tool calls in the JSON of any dialect, so that a value can be kept for each call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.reading import fields, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.wire.interaction import Json

_INSIDE = (
    "tool_calls",
    "content",
    "parts",
    "message",
    "delta",
    "item",
    "items",
    "output",
    "response",
    "choices",
    "candidates",
    "content_block",
)
"""Fields in which calls may stand."""

_TYPES = frozenset({"tool_use", "function_call", "custom_tool_call", "function"})


def own_id(value: Json) -> str:
    """The id of a call, if `value` is one; "" else."""
    call = fields(value)
    inner = fields(call.get("functionCall") or call.get("function_call") or call.get("toolUse"))
    if inner:
        return text(inner.get("id")) or text(inner.get("toolUseId"))
    if text(call.get("type")) in _TYPES or "function" in call:
        return text(call.get("call_id")) or text(call.get("id"))
    return ""


_DEEPEST = 16
"""Levels below which no dialect has calls."""


def ids_in(value: Json, depth: int = 0) -> Iterator[str]:
    """The ids of the calls in `value`, in order, each as often as it stands there."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for each in value:
            yield from ids_in(each, depth + 1)
    elif isinstance(value, dict):
        if found := own_id(value):
            yield found
            return
        for name in _INSIDE:
            if isinstance(value.get(name), list | dict):
                yield from ids_in(value[name], depth + 1)


def ids_around(around: tuple[Json, ...]) -> list[str]:
    """The calls a value belongs to: the one it stands in, else those of the nearest object around it."""
    for outer in reversed(around):
        if found := own_id(outer):
            return [found]
        if isinstance(outer, dict) and (several := list(ids_in(outer))):
            return several
    return []
