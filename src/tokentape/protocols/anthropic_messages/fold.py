"""The events of a Messages stream as the message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.folding import grown, objects_of
from tokentape.protocols.reading import fields, number, text
from tokentape.protocols.synthesis import NotConvertible
from tokentape.wire.jsontext import JsonError, parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.protocols.payload import Payload
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


def fold(stream: Sequence[Payload]) -> Fields:
    """The message. Raises `NotConvertible` for an error in the stream, or a stream that is no message."""
    message: Fields = {}
    blocks: dict[int, _Block] = {}
    for event in objects_of(stream):
        index = number(event.get("index")) or 0
        match event.get("type"):
            case "message_start":
                message = dict(fields(event.get("message")))
            case "content_block_start":
                blocks[index] = _Block(fields(event.get("content_block")))
            case "content_block_delta" if index in blocks:
                blocks[index].add(fields(event.get("delta")))
            case "message_delta":
                _end(message, event)
    if not message:
        raise NotConvertible("the stream does not start a message")
    return {**message, "content": [blocks[index].whole() for index in sorted(blocks)]}


def _end(message: Fields, event: Fields) -> None:
    """`delta` has fields of the message, and so has the event itself; counts of `usage` override."""
    message.update(fields(event.get("delta")))
    for name, value in event.items():
        if name == "usage" and fields(value):
            counted = {kind: count for kind, count in fields(value).items() if count is not None}
            message[name] = {**fields(value), **fields(message.get(name)), **counted}
        elif name not in ("type", "delta", "usage"):
            message[name] = value


class _Block:
    """One content block while its deltas come in."""

    def __init__(self, start: Fields) -> None:
        self.fields = dict(start)
        self._texts: dict[str, list[str]] = {}

    def add(self, delta: Fields) -> None:
        """Text and thinking go on, a signature is told once, citations are told one by one."""
        for name, value in delta.items():
            if name == "citation":
                told = self.fields.get("citations")
                self.fields["citations"] = [*(told if isinstance(told, list) else []), value]
            elif name in ("text", "thinking", "partial_json"):
                self._texts.setdefault(name, []).append(text(value))
            elif name != "type":
                self.fields[name] = grown(self.fields.get(name), value, name)

    def whole(self) -> Fields:
        """The block with its texts; a tool's input is read from its JSON."""
        found = dict(self.fields)
        for name, parts in self._texts.items():
            said = "".join(parts)
            if name != "partial_json":
                found[name] = text(found.get(name)) + said
            elif said:
                found["input"] = _read(said)
        return found


def _read(written: str) -> Json:
    try:
        return parse(written)
    except JsonError:
        raise NotConvertible("the input of a tool call is not whole JSON") from None
