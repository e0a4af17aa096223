"""Token counts of Messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.reading import at, fields, number
from tokentape.protocols.usage import Usage, plus

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.protocols.payload import Payload
    from tokentape.wire.interaction import Json


def usage(reply: Json) -> Usage | None:
    """Anthropic's `input_tokens` leaves out what was read from, or written to, a cache; ours does not."""
    counts = fields(at(reply, "usage"))
    read = number(counts.get("cache_read_input_tokens"))
    written = number(counts.get("cache_creation_input_tokens"))
    return (
        Usage(
            input=plus(number(counts.get("input_tokens")), read, written),
            output=number(counts.get("output_tokens")),
            cache_read=read,
            reasoning=number(at(counts, "output_tokens_details", "thinking_tokens")),
            cache_write=written,
            cache_write_1h=number(at(counts, "cache_creation", "ephemeral_1h_input_tokens")),
            searches=number(at(counts, "server_tool_use", "web_search_requests")),
            raw=counts,
        )
        .of(reply)
        .known()
    )


def usage_of_stream(stream: Iterable[Payload]) -> Usage | None:
    """`message_start` counts the prompt, `message_delta` overrides what it repeats: last non-null wins.

    The output of `message_start` is a first guess: where no `message_delta` came, nobody knows it.
    """
    counts: dict[str, Json] = {}
    started: dict[str, Json] = {}
    for payload in stream:
        if message := fields(at(payload.json, "message")):
            started = message
            counts.update({**fields(message.get("usage")), "output_tokens": None})
        found = fields(payload.fields.get("usage"))
        counts.update((name, value) for name, value in found.items() if value is not None)
    return usage({**started, "usage": counts})
