"""One recursive walk that takes out of a body what its dialect says makes no difference.

Nothing is changed in place. What the dialect calls opaque (tool arguments, schemas) is passed on as it
is, without a copy: it is most of a tool-heavy body.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentape.protocols.dialect import Shape
    from tokentape.wire.interaction import Json


_NONE: frozenset[str] = frozenset()


class Tidy:
    """The rules of one dialect, and the ids seen so far in one request."""

    __slots__ = ("_bare", "_drops_null", "_ids", "_marks", "_most_bare", "_opaque", "_ordinals", "_snake")

    def __init__(self, shape: Shape) -> None:
        self._marks = shape.marks
        self._ids = shape.ids
        self._bare = shape.ids | {"type"}
        self._most_bare = len(self._bare)
        self._opaque = shape.opaque
        self._snake = shape.snake_case
        self._drops_null = shape.null_is_absent
        self._ordinals: dict[str, str] = {}

    def settings(self, value: Json) -> Json:
        """A part of the body outside conversation, system and tools, where marks and ids mean something."""
        return self._settings(value) if self._drops_null or self._snake else value

    def part(self, value: Json) -> Json:
        """System text or tools: without caching marks."""
        return self._walk(value, _NONE)

    def turns(self, value: Json) -> Json:
        """The conversation: without caching marks, and with ids in order of first appearance."""
        return self._walk(value, self._ids)

    def named(self, value: dict[str, Json]) -> dict[str, Json]:
        """The object with field names in the dialect's own spelling."""
        if not self._snake:
            return value
        return {camel(n) if "_" in n and camel(n) not in value else n: child for n, child in value.items()}

    def _settings(self, value: Json) -> Json:
        if isinstance(value, dict):
            return {
                name: child if name in self._opaque else self._settings(child)
                for name, child in self.named(value).items()
                if child is not None or not self._drops_null
            }
        return [self._settings(child) for child in value] if isinstance(value, list) else value

    def _walk(self, value: Json, ids: frozenset[str]) -> Json:
        if isinstance(value, dict):
            return self._object(value, ids)
        return self._list(value, ids) if isinstance(value, list) else value

    def _list(self, value: list[Json], ids: frozenset[str]) -> list[Json]:
        kept: list[Json] = []
        for child in value:
            if isinstance(child, dict):
                if (walked := self._object(child, ids)) or not child:
                    kept.append(walked)
            else:
                kept.append(self._list(child, ids) if isinstance(child, list) else child)
        return kept

    def _object(self, value: dict[str, Json], ids: frozenset[str]) -> dict[str, Json]:
        if self._snake:
            value = self.named(value)
        if ids and len(value) <= self._most_bare and value.keys() <= self._bare:
            ids = _NONE  # it says nothing but its id, so it refers to something kept at the provider
        kept: dict[str, Json] = {}
        for name in sorted(value):  # so that the order of ids does not depend on the order of keys
            child = value[name]
            if isinstance(child, str):
                child = self._ordinal(child) if name in ids else child
            elif child is None and self._drops_null:
                continue
            elif isinstance(child, (dict, list)) and name not in self._opaque:
                child = self._walk(child, ids)
            if name not in self._marks:
                kept[name] = child
        return kept

    def _ordinal(self, identity: str) -> str:
        return self._ordinals.setdefault(identity, f"#{len(self._ordinals) + 1}")


def camel(name: str) -> str:
    """`max_output_tokens` as `maxOutputTokens`."""
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)
