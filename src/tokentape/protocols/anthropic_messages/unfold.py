"""A message as the events of its stream (API reference, "Streaming messages").

`message_start` without content, each block with its deltas, then how it ended and what it cost in
`message_delta`, and `message_stop`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.reading import fields, objects, text
from tokentape.protocols.synthesis import NotConvertible
from tokentape.protocols.unfolding import dumped, fragments, pieces, sse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.protocols.synthesis import Asked
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

AT_THE_END = ("stop_reason", "stop_sequence", "stop_details", "container")
"""Fields of a message that are known at its end; null before."""

_FROM_THE_START = frozenset({"cache_creation", "service_tier", "inference_geo", "speed"})
"""Fields of `usage` that `message_start` tells, and nothing tells again."""

_TOOLS = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})


def unfold(reply: Fields, asked: Asked) -> list[bytes]:
    """The events. Raises `NotConvertible` for what is no message."""
    del asked
    if reply.get("type") != "message" or not isinstance(reply.get("content"), list):
        raise NotConvertible("the reply is no message")
    return [sse(event, text(event["type"])) for event in _events(reply)]


def _events(reply: Fields) -> Iterator[Fields]:
    usage = fields(reply.get("usage"))
    yield {"type": "message_start", "message": _begun(reply, usage)}
    for index, block in enumerate(objects(reply["content"])):
        yield {"type": "content_block_start", "index": index, "content_block": _emptied(block)}
        if index == 0:
            yield {"type": "ping"}
        for delta in _deltas(block):
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    ended: Fields = {name: reply[name] for name in AT_THE_END if name in reply}
    counted: Fields = {name: value for name, value in usage.items() if name not in _FROM_THE_START}
    yield {"type": "message_delta", "delta": ended, "usage": counted}
    yield {"type": "message_stop"}


def _begun(reply: Fields, usage: Fields) -> Fields:
    """The message before it said anything. The output so far counts as one token."""
    begun: Fields = {name: None if name in AT_THE_END else value for name, value in reply.items()}
    begun["content"] = []
    if usage:
        begun["usage"] = {**usage, "output_tokens": 1} if usage.get("output_tokens") else usage
    return begun


def _emptied(block: Fields) -> Fields:
    """The block as it starts: what deltas will fill is empty, everything else is there."""
    empty: Fields = {}
    if block.get("type") == "text":
        empty = {"text": "", "citations": []}
    elif block.get("type") == "thinking":
        empty = {"thinking": "", "signature": ""}
    elif block.get("type") in _TOOLS:
        empty = {"input": {}}
    return {
        name: empty[name] if name in empty and value is not None else value for name, value in block.items()
    }


def _deltas(block: Fields) -> Iterator[Fields]:
    kind = block.get("type")
    if kind == "text":
        for piece in pieces(text(block.get("text"))):
            yield {"type": "text_delta", "text": piece}
        for cited in objects(block.get("citations") or []):
            yield {"type": "citations_delta", "citation": cited}
    elif kind == "thinking":
        thought = pieces(text(block.get("thinking")))
        for piece in thought:
            yield {"type": "thinking_delta", "thinking": piece}
        if block.get("signature"):
            yield {"type": "signature_delta", "signature": block["signature"]}
    elif kind in _TOOLS and block.get("input") is not None:
        yield {"type": "input_json_delta", "partial_json": ""}
        for part in fragments(dumped(block["input"]).decode()):
            yield {"type": "input_json_delta", "partial_json": part}
