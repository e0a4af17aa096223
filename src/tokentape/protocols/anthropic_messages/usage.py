"""Token counts of Messages."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING

from tokentape.protocols.reading import at, fields, number, objects, total
from tokentape.protocols.usage import Usage, beside, plus

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.protocols.payload import Payload
    from tokentape.wire.interaction import Json


def usage(reply: Json) -> Usage | None:
    """Anthropic's `input_tokens` leaves out what was read from, or written to, a cache; ours does not.

    The tokens of a compaction are billed, but stand in `iterations` alone.
    """
    counts = fields(at(reply, "usage"))
    found = _counted(counts, reply)
    compactions = [
        _counted(entry) for entry in objects(counts.get("iterations")) if entry.get("type") == "compaction"
    ]
    if compactions:
        found = replace(found, billed=reduce(_together, compactions, found))
    return found.known()


def _counted(counts: dict[str, Json], reply: Json = None) -> Usage:
    read = number(counts.get("cache_read_input_tokens"))
    created = fields(counts.get("cache_creation"))
    short = number(created.get("ephemeral_5m_input_tokens"))
    long = number(created.get("ephemeral_1h_input_tokens"))
    written = number(counts.get("cache_creation_input_tokens"))
    written = total(short, long) if written is None else written
    return Usage(
        input=plus(number(counts.get("input_tokens")), read, written),
        output=number(counts.get("output_tokens")),
        cache_read=read,
        reasoning=number(fields(counts.get("output_tokens_details")).get("thinking_tokens")),
        cache_write=written,
        cache_write_1h=long,
        searches=number(fields(counts.get("server_tool_use")).get("web_search_requests")),
        raw=counts,
        **beside(reply),
    )


def _together(one: Usage, other: Usage) -> Usage:
    counts = {name: total(count, other.counts[name]) for name, count in one.counts.items()}
    return Usage(**counts)  # type: ignore[arg-type]


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
