"""Token counts of Responses, and of images and transcriptions, which count alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.reading import at, fields, number
from tokentape.protocols.usage import Usage, beside, last_counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.protocols.payload import Payload
    from tokentape.wire.interaction import Json


def usage(reply: Json) -> Usage | None:
    """The `usage` object. Its input counts what was read from, or written to, a cache, its output the
    reasoning.
    """
    counts = fields(at(reply, "usage"))
    asked = fields(counts.get("input_tokens_details") or counts.get("input_token_details"))
    said = fields(counts.get("output_tokens_details") or counts.get("output_token_details"))
    cached = fields(asked.get("cached_tokens_details"))
    return Usage(
        input=number(counts.get("input_tokens")),
        output=number(counts.get("output_tokens")),
        cache_read=number(asked.get("cached_tokens")),
        reasoning=number(said.get("reasoning_tokens")),
        cache_write=number(asked.get("cache_write_tokens")),
        cache_write_1h=number(at(asked, "cache_write_tokens_details", "ttl_12h_tokens")),
        audio_input=number(asked.get("audio_tokens")),
        audio_cached=number(cached.get("audio_tokens")),
        audio_output=number(said.get("audio_tokens")),
        image_input=number(asked.get("image_tokens")),
        image_cached=number(cached.get("image_tokens")),
        image_output=number(said.get("image_tokens")),
        raw=counts,
        **beside(reply),
    ).known()


def usage_of_stream(stream: Sequence[Payload]) -> Usage | None:
    """The last event that counts: in its `response`, or, for images and audio, by itself."""
    counting = (payload.fields for payload in reversed(stream) if b'usage"' in payload.data)
    return last_counted(usage(told) for event in counting for told in (event.get("response"), event))
