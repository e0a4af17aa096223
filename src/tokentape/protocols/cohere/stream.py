"""Cohere streams: v2 is SSE up to `message-end`, v1 is NDJSON up to `stream-end`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.cohere.words import call_words, usage
from tokentape.protocols.reading import at, fields, number, spaced, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.protocols.payload import Payload
    from tokentape.protocols.usage import Usage


def is_complete(stream: Sequence[Payload]) -> bool:
    """The event that ends the message; generate (v1) says `is_finished`."""
    return any(
        text(payload.fields.get("type")) in {"message-end", "error"}
        or payload.fields.get("is_finished") is True
        for payload in reversed(stream)
    )


def reads_as_stream(stream: Sequence[Payload]) -> str:
    """Text deltas of either version, then v2's tool calls by index."""
    said: list[str] = []
    calls: dict[int, list[str]] = {}
    for payload in stream:
        event = payload.fields
        message = fields(at(event, "delta", "message"))
        said.append(text(at(message, "content", "text")))
        said.append(text(event.get("text")) if event.get("is_finished") is not True else "")
        if function := fields(at(message, "tool_calls", "function")):
            name_and_arguments = calls.setdefault(number(event.get("index")) or 0, ["", ""])
            name_and_arguments[0] += text(function.get("name"))
            name_and_arguments[1] += text(function.get("arguments"))
    return spaced(["".join(said), *(_called(*calls[index]) for index in sorted(calls))])


def _called(name: str, arguments: str) -> str:
    return call_words({"function": {"name": name, "arguments": arguments}})


def usage_of_stream(stream: Sequence[Payload]) -> Usage | None:
    """From the ending event: beside the finish reason (v2), in the whole response (v1)."""
    for payload in reversed(stream):
        if found := usage(payload.fields.get("delta")) or usage(payload.fields.get("response")):
            return found
    return None
