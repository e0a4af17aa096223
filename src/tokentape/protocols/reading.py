"""Typed reads from JSON that anyone may have written: the wrong type reads as nothing, never raises."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tokentape.wire.interaction import Json

_EMPTY: dict[str, Json] = {}


def fields(value: Json) -> dict[str, Json]:
    """The object, or an empty one."""
    return value if isinstance(value, dict) else _EMPTY


def objects(value: Json) -> Iterator[dict[str, Json]]:
    """The objects of a list; an object stands for a list of one."""
    entries = value if isinstance(value, list) else [value]
    return (entry for entry in entries if isinstance(entry, dict))


def text(value: Json) -> str:
    """The string, or ""."""
    return value if isinstance(value, str) else ""


def number(value: Json) -> int | None:
    """The whole number, or None."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def at(value: Json, *path: str | int) -> Json:
    """The value at a path of field names and list positions, or None."""
    for step in path:
        if isinstance(step, str):
            value = fields(value).get(step)
        else:
            value = value[step] if isinstance(value, list) and -len(value) <= step < len(value) else None
    return value


def block_text(content: Json) -> str:
    """The text of a content: a string, or blocks with `text`, joined by a space."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return spaced(
            block if isinstance(block, str) else text(fields(block).get("text")) for block in content
        )
    return text(fields(content).get("text"))


def last_turn(turns: Json, roles: frozenset[str], content: str = "content") -> str:
    """The text of the last turn of one of `roles` that has any."""
    if not isinstance(turns, list):
        return block_text(turns)
    for turn in reversed(turns):
        if isinstance(turn, str):
            return turn
        if fields(turn).get("role", "user") in roles and (said := block_text(fields(turn).get(content))):
            return said
    return ""


def called(name: Json, arguments: Json) -> str:
    """A tool call as the reader sees it: `name({...})`."""
    import json

    shown = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return f"{text(name)}({shown})"


def spaced(parts: Iterable[str]) -> str:
    """The parts that are not empty, joined by a space."""
    return " ".join(part for part in parts if part)


def total(*counts: int | None) -> int | None:
    """The sum of the counts that are known; None if none is."""
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def counted_vectors(vectors: list[Json]) -> str:
    """`2 vectors of 1536`; base64 does not show its length."""
    if not vectors:
        return ""
    noun = "vector" if len(vectors) == 1 else "vectors"
    size = f" of {len(vectors[0])}" if isinstance(vectors[0], list) else ""
    return f"{len(vectors)} {noun}{size}"


USER = frozenset({"user"})
