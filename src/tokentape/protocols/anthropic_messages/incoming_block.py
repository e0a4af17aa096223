"""What is kept of a content block while it streams in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.folding import grown

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_FIELDS = {"text": "text", "thinking": "thinking"}
"""What of a block goes on in deltas; of all other blocks it is the JSON of their input."""


class IncomingBlock:
    """What is kept of an open block: a signature, which is one thing; an input told at the start; a block
    that only Anthropic knows.
    """

    __slots__ = ("field", "given", "grows", "json", "key", "signature", "told")

    def __init__(self, kind: Json, key: int) -> None:
        self.key = key
        self.field = _FIELDS.get(kind, "partial_json") if isinstance(kind, str) else None
        self.signature: list[str] = []
        self.given = ""
        self.told = False
        self.json: Fields | None = None
        self.grows: dict[str, list[str]] = {}

    def grow(self, delta: Fields) -> None:
        """Take a delta of a block that only Anthropic knows: texts go on, all else is told anew."""
        for name, value in delta.items():
            if self.json is None or name == "type":
                continue
            if isinstance(value, str):
                self.grows.setdefault(name, []).append(value)
            else:
                self.json[name] = grown(self.json.get(name), value, name)

    def whole(self) -> Fields:
        """Such a block as it is by now."""
        whole = dict(self.json or {})
        for name, texts in self.grows.items():
            begun = whole.get(name)
            whole[name] = (begun if isinstance(begun, str) else "") + "".join(texts)
        return whole
