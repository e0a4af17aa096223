"""A reply as the events of its stream (API reference, "ConverseStream").

`messageStart`, each block with its deltas, `messageStop` with the reason, and all that is told of the
reply as a whole in `metadata`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.reading import at, fields
from tokentape.protocols.synthesis import NotConvertible
from tokentape.protocols.unfolding import dumped, fragments, pieces
from tokentape.wire.eventstream import EventHeader, encode_message

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.protocols.synthesis import Asked
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

AT_THE_STOP = ("stopReason", "additionalModelResponseFields")
"""Fields of a reply that `messageStop` tells."""


def unfold(reply: Fields, asked: Asked) -> list[bytes]:
    """The events. Raises `NotConvertible` for what is no message, and for blocks that do not stream."""
    del asked
    output, message = fields(reply.get("output")), at(reply, "output", "message")
    if not isinstance(message, dict) or not isinstance(message.get("content"), list):
        raise NotConvertible("the reply is no message")
    if len(output) > 1:
        raise NotConvertible("the output is more than a message")
    return [_framed(name, event) for name, event in _events(reply, message)]


def _framed(name: str, event: Fields) -> bytes:
    headers = ((":event-type", name), (":content-type", "application/json"), (":message-type", "event"))
    return encode_message([EventHeader(*header) for header in headers], dumped(event))


def _events(reply: Fields, message: Fields) -> Iterator[tuple[str, Fields]]:
    yield "messageStart", {name: value for name, value in message.items() if name != "content"}
    content = message["content"]
    for index, block in enumerate(content if isinstance(content, list) else ()):
        if not isinstance(block, dict) or len(block) != 1:
            raise NotConvertible("a block of the message is of no known kind")
        ((kind, value),) = block.items()
        start, deltas = _block(kind, value)
        if start is not None:
            yield "contentBlockStart", {"contentBlockIndex": index, "start": {kind: start}}
        for delta in deltas:
            yield "contentBlockDelta", {"contentBlockIndex": index, "delta": delta}
        yield "contentBlockStop", {"contentBlockIndex": index}
    yield "messageStop", {name: reply[name] for name in AT_THE_STOP if name in reply}
    yield "metadata", {name: value for name, value in reply.items() if name not in (*AT_THE_STOP, "output")}


def _block(kind: str, value: Json) -> tuple[Fields | None, list[Fields]]:
    """How the block starts (None: without a start), and its deltas."""
    told = fields(value)
    if kind == "text" and isinstance(value, str):
        return None, [{"text": piece} for piece in pieces(value)] or [{"text": ""}]
    if kind == "toolUse" and "input" in told:
        start = {name: entry for name, entry in told.items() if name != "input"}
        given = dumped(told["input"]).decode()
        return start, [{"toolUse": {"input": part}} for part in fragments(given)]
    if kind == "toolResult" and isinstance(told.get("content"), list):
        start = {name: entry for name, entry in told.items() if name != "content"}
        return start, [{"toolResult": told["content"]}]
    if kind == "reasoningContent" and len(told) == 1:
        return None, _thought(told)
    if kind == "citationsContent":
        return None, _cited(told)
    if kind == "image" and told.keys() == {"format", "source"}:
        return {"format": told["format"]}, [{"image": {"source": told["source"]}}]
    raise NotConvertible(f"a block {kind} does not stream")


def _thought(told: Fields) -> list[Fields]:
    blob = told.get("redactedContent")
    if isinstance(blob, str):
        return [{"reasoningContent": {"redactedContent": blob}}]
    thought = fields(told.get("reasoningText"))
    text, signature = thought.get("text"), thought.get("signature")
    if not isinstance(text, str) or not thought.keys() <= {"text", "signature"}:
        raise NotConvertible("a thought is of no known form")
    deltas: list[Fields] = [{"reasoningContent": {"text": piece}} for piece in pieces(text)]
    if isinstance(signature, str):
        deltas.append({"reasoningContent": {"signature": signature}})
    elif "signature" in thought:
        raise NotConvertible("a thought is of no known form")
    return deltas or [{"reasoningContent": {"text": ""}}]


def _cited(told: Fields) -> list[Fields]:
    content, citations = told.get("content"), told.get("citations")
    text = at(content, 0, "text")
    whole = told.keys() == {"content", "citations"} and content == [{"text": text}]
    if not whole or not isinstance(text, str) or not isinstance(citations, list) or not citations:
        raise NotConvertible("a text with sources is of no known form")
    said: list[Fields] = [{"text": piece} for piece in pieces(text)]
    return [*said, *({"citation": entry} for entry in citations)]
