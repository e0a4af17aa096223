"""Token counts of Gemini: `usageMetadata`, the `usage` of interactions, the statistics of Vertex."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.reading import at, fields, number, objects, text, total
from tokentape.protocols.usage import Usage, beside, gathered, last_counted, plus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.protocols.payload import Payload
    from tokentape.wire.interaction import Json


def usage(reply: Json) -> Usage | None:
    """Thoughts stand beside the candidates' tokens and are output too; so do the prompts of its own tools,
    which are input. Cached content is counted in the prompt.
    """
    counts = fields(at(reply, "usageMetadata"))
    if not counts:
        return _interaction(fields(at(reply, "usage"))) or _embedded(reply)
    thoughts = number(counts.get("thoughtsTokenCount"))
    tools = number(counts.get("toolUsePromptTokenCount"))
    prompts = (counts.get("promptTokensDetails"), counts.get("toolUsePromptTokensDetails"))
    answers = (counts.get("candidatesTokensDetails"), counts.get("responseTokensDetails"))
    return Usage(
        input=plus(number(counts.get("promptTokenCount")), tools),
        output=_generated(counts, thoughts),
        cache_read=number(counts.get("cachedContentTokenCount")),
        reasoning=thoughts,
        audio_input=_of("audio", *prompts),
        audio_cached=_of("audio", counts.get("cacheTokensDetails")),
        audio_output=_of("audio", *answers),
        image_input=_of("image", *prompts),
        image_cached=_of("image", counts.get("cacheTokensDetails")),
        image_output=_of("image", *answers),
        video_input=_of("video", *prompts),
        raw=counts,
        **beside(reply),
    ).known()


def _generated(counts: dict[str, Json], thoughts: int | None) -> int | None:
    """Zero counts are left out (protobuf), so without candidates the total says how much was generated."""
    said = number(counts.get("candidatesTokenCount", counts.get("responseTokenCount")))
    if said is not None:
        return plus(said, thoughts)
    everything, asked = number(counts.get("totalTokenCount")), number(counts.get("promptTokenCount"))
    if everything is None or asked is None:
        return thoughts
    return max(0, everything - asked - (number(counts.get("toolUsePromptTokenCount")) or 0))


_NUMBERED = {2: "image", 3: "video", 4: "audio"}
"""Modalities as some gRPC gateways write them."""


def _of(modality: str, *details: Json) -> int | None:
    """The tokens of one modality; None where no list names it."""
    return total(
        *(
            number(entry.get("tokenCount", entry.get("tokens")))
            for entries in details
            for entry in objects(entries)
            if _name(entry.get("modality")) == modality
        )
    )


def _name(modality: Json) -> str:
    return _NUMBERED.get(modality, "") if isinstance(modality, int) else text(modality).lower()


def _interaction(counts: dict[str, Json]) -> Usage | None:
    thoughts = number(counts.get("total_thought_tokens"))
    asked, said = counts.get("input_tokens_by_modality"), counts.get("output_tokens_by_modality")
    return Usage(
        input=plus(number(counts.get("total_input_tokens")), number(counts.get("total_tool_use_tokens"))),
        output=plus(number(counts.get("total_output_tokens")), thoughts),
        cache_read=number(counts.get("total_cached_tokens")),
        reasoning=thoughts,
        audio_input=_of("audio", asked),
        audio_output=_of("audio", said),
        image_input=_of("image", asked),
        image_output=_of("image", said),
        video_input=_of("video", asked),
        raw=counts,
    ).known()


def _embedded(reply: Json) -> Usage | None:
    """Vertex counts each text that it embeds."""
    found = [at(entry, "embeddings", "statistics") for entry in objects(at(reply, "predictions"))]
    return Usage(input=total(*(number(at(each, "token_count")) for each in found))).known()


def usage_of_stream(stream: Sequence[Payload]) -> Usage | None:
    """Every chunk counts all so far: the last one wins, field by field."""
    counting = [payload.fields for payload in stream if b"sage" in payload.data]
    if counts := gathered(chunk.get("usageMetadata") for chunk in counting):
        last = next(chunk for chunk in reversed(counting) if chunk.get("usageMetadata"))
        return usage({**last, "usageMetadata": counts})
    return last_counted(
        usage(told) for chunk in reversed(counting) for told in (chunk, chunk.get("interaction"))
    )
