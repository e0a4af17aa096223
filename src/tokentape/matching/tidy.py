"""One recursive walk that takes out of a body what its dialect says makes no difference.

Nothing is changed in place. What the dialect calls opaque (tool arguments, schemas) is passed on as it
is, without a copy: it is most of a tool-heavy body.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentape.protocols.dialect import Shape
    from tokentape.wire.interaction import Json


class Tidy:
    """The rules of one dialect, and the ids seen so far in one request."""

    __slots__ = ("_bare", "_drops_null", "_ids", "_marks", "_opaque", "_ordinals", "_snake")

    def __init__(self, shape: Shape) -> None:
        self._marks = shape.marks
        self._ids = shape.ids
        self._bare = shape.ids | {"type"}
        self._opaque = shape.opaque
        self._snake = shape.snake_case
        self._drops_null = shape.null_is_absent
        self._ordinals: dict[str, str] = {}

    def settings(self, value: Json) -> Json:
        """A part of the body outside conversation, system and tools: marks and ids mean something there."""
        if isinstance(value, dict):
            return {
                name: child if name in self._opaque else self.settings(child)
                for name, child in self.named(value).items()
                if child is not None or not self._drops_null
            }
        if isinstance(value, list):
            return [self.settings(child) for child in value]
        return value

    def part(self, value: Json) -> Json:
        """System text or tools: without caching marks."""
        return self._walk(value, frozenset())

    def turns(self, value: Json) -> Json:
        """The conversation: without caching marks, and with ids in order of first appearance."""
        return self._walk(value, self._ids)

    def named(self, value: dict[str, Json]) -> dict[str, Json]:
        """The object with field names in the dialect's own spelling."""
        if not self._snake:
            return value
        return {camel(n) if "_" in n and camel(n) not in value else n: child for n, child in value.items()}

    def _walk(self, value: Json, ids: frozenset[str]) -> Json:
        if isinstance(value, dict):
            return self._object(value, ids)
        if isinstance(value, list):
            walked = [self._walk(child, ids) for child in value]
            return [new for new, old in zip(walked, value, strict=True) if new != {} or old == {}]
        return value

    def _object(self, value: dict[str, Json], ids: frozenset[str]) -> dict[str, Json]:
        value = self.named(value)
        if value.keys() <= self._bare:
            ids = frozenset()  # it says nothing but its id, so it refers to something kept at the provider
        kept: dict[str, Json] = {}
        for name in sorted(value):  # so that the order of ids does not depend on the order of keys
            child = value[name]
            if name in self._marks or (child is None and self._drops_null):
                continue
            if name in ids and isinstance(child, str):
                child = self._ordinals.setdefault(child, f"#{len(self._ordinals) + 1}")
            elif name not in self._opaque and isinstance(child, (dict, list)):
                child = self._walk(child, ids)
            kept[name] = child
        return kept


def camel(name: str) -> str:
    """`max_output_tokens` as `maxOutputTokens`."""
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)
