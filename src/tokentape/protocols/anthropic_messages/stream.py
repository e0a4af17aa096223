"""Messages streams: blocks by index between `message_start` and `message_stop`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tokentape.protocols.anthropic_messages.words import block_words
from tokentape.protocols.reading import fields, number, spaced, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.protocols.payload import Payload
    from tokentape.wire.interaction import Json


def is_complete(stream: Sequence[Payload]) -> bool:
    """`message_stop`, or an `error` event, after which nothing comes."""
    return any(text(payload.fields.get("type")) in {"message_stop", "error"} for payload in reversed(stream))


def reads_as_stream(stream: Sequence[Payload]) -> str:
    """The blocks put together: `partial_json` is a tool's input, never text (R38)."""
    blocks: dict[int, _Block] = {}
    for payload in stream:
        event = payload.fields
        index = number(event.get("index")) or 0
        if event.get("type") == "content_block_start":
            blocks[index] = _Block(fields(event.get("content_block")))
        elif event.get("type") == "content_block_delta" and index in blocks:
            blocks[index].add(fields(event.get("delta")))
    return spaced(block_words(blocks[index].whole()) for index in sorted(blocks))


class _Block:
    """One content block while its deltas come in."""

    def __init__(self, start: dict[str, Json]) -> None:
        self.start = start
        self.text = text(start.get("text"))
        self.partial_json = ""

    def add(self, delta: dict[str, Json]) -> None:
        self.text += text(delta.get("text"))
        self.partial_json += text(delta.get("partial_json"))

    def whole(self) -> dict[str, Json]:
        return {**self.start, "text": self.text, "input": self._input()}

    def _input(self) -> Json:
        if not self.partial_json:
            return self.start.get("input")
        try:
            parsed: Json = json.loads(self.partial_json)
        except ValueError:
            return self.partial_json
        return parsed
