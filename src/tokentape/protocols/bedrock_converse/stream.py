"""ConverseStream: an AWS event-stream from `messageStart` to `metadata`.

`messageStop` ends the message, `metadata` (usage, metrics, guardrail trace) follows it and is always last:
that is the end. An exception in the stream (`:exception-type`) ends it too.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tokentape.protocols.bedrock_converse.words import block_words
from tokentape.protocols.reading import at, fields, number, spaced, text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tokentape.protocols.payload import Payload
    from tokentape.wire.interaction import Json


def is_complete(stream: Sequence[Payload]) -> bool:
    """The last event is `metadata`, or an exception."""
    return any(payload.name == "metadata" or is_exception(payload) for payload in reversed(stream))


def is_exception(payload: Payload) -> bool:
    """True for an error told in the stream: `throttlingException`, `modelStreamErrorException` ..."""
    return (payload.name or "").endswith("Exception")


def reads_as_stream(stream: Sequence[Payload]) -> str:
    """The blocks put together."""
    return fold((payload.name or "", payload.fields) for payload in stream)


def fold(events: Iterable[tuple[str, dict[str, Json]]]) -> str:
    """The words of named Converse events in order, by content block."""
    blocks: dict[int, _Block] = {}
    for name, event in events:
        index = number(event.get("contentBlockIndex")) or 0
        if name == "contentBlockStart":
            blocks.setdefault(index, _Block()).name = text(at(event, "start", "toolUse", "name"))
        elif name == "contentBlockDelta":
            blocks.setdefault(index, _Block()).add(fields(event.get("delta")))
    return spaced(block_words(blocks[index].whole()) for index in sorted(blocks))


class _Block:
    """One content block while its deltas come in."""

    def __init__(self) -> None:
        self.name = ""
        self.text = ""
        self.input = ""

    def add(self, delta: dict[str, Json]) -> None:
        self.text += text(delta.get("text"))
        self.input += text(at(delta, "toolUse", "input"))

    def whole(self) -> dict[str, Json]:
        if not self.name:
            return {"text": self.text}
        return {"toolUse": {"name": self.name, "input": _read(self.input)}}


def _read(given: str) -> Json:
    try:
        parsed: Json = json.loads(given)
    except ValueError:
        return given
    return parsed
