"""Replies of all dialects with the tokens that they count, bucket by bucket; and the same as streams.

Expected are the buckets that are charged apart: "input" is fresh input, "output" what was not thought.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


class Row(NamedTuple):
    """A reply of a dialect, the same as a stream (events, each a name and JSON), and its buckets."""

    dialect: str
    reply: Fields
    stream: list[tuple[str | None, Json]]
    buckets: dict[str, int]


def chat(counts: Fields, model: str = "m", **around: Json) -> tuple[Fields, list[tuple[str | None, Json]]]:
    """A Chat reply, and its stream: an early count, the real one, and one that says null."""
    reply: Fields = {"model": model, "usage": counts, **around}
    early: Fields = {"model": model, "choices": [], "usage": {"prompt_tokens": counts.get("prompt_tokens")}}
    return reply, [(None, early), (None, {**reply, "choices": []}), (None, {"choices": [], "usage": None})]


def once(reply: Fields) -> tuple[Fields, list[tuple[str | None, Json]]]:
    """A reply without a stream."""
    return reply, []


def responses(counts: Fields) -> tuple[Fields, list[tuple[str | None, Json]]]:
    """A response; its stream begins with one that has not counted."""
    begun: Json = {"type": "response.created", "response": {"usage": None}}
    ended: Json = {"type": "response.completed", "response": {"usage": counts}}
    return {"usage": counts}, [("response.created", begun), ("response.completed", ended)]


def messages(started: Fields, ended: Fields) -> tuple[Fields, list[tuple[str | None, Json]]]:
    """A message; its stream guesses the output first, and repeats nulls at the end."""
    start: Json = {"type": "message_start", "message": {"usage": {**started, "output_tokens": 1}}}
    nulls: Fields = dict.fromkeys(started)
    return (
        {"usage": {**started, **ended}},
        [
            ("message_start", start),
            ("message_delta", {"type": "message_delta", "usage": {**nulls, **ended}}),
            ("message_stop", {"type": "message_stop"}),
        ],
    )


def gemini(counts: Fields) -> tuple[Fields, list[tuple[str | None, Json]]]:
    """A reply of Gemini; its stream counts the prompt first, and leaves it out at the end."""
    first: Json = {"usageMetadata": {**counts, "candidatesTokenCount": 1}}
    last = {name: value for name, value in counts.items() if name != "cachedContentTokenCount"}
    return {"usageMetadata": counts}, [(None, first), (None, {"usageMetadata": last})]


def converse(counts: Fields) -> tuple[Fields, list[tuple[str | None, Json]]]:
    """A reply of Converse; its stream counts once, in `metadata`."""
    return {"usage": counts}, [("messageStop", {"stopReason": "end_turn"}), ("metadata", {"usage": counts})]


def ollama(counts: Fields) -> tuple[Fields, list[tuple[str | None, Json]]]:
    """A reply of Ollama; its stream counts in the line that is done."""
    return {"done": True, **counts}, [(None, {"done": False}), (None, {"done": True, **counts})]


def cohere(counts: Fields) -> tuple[Fields, list[tuple[str | None, Json]]]:
    """A reply of Cohere's; its stream counts at the end of the message."""
    end: Json = {"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": counts}}
    return {"usage": counts}, [("message-end", end)]


ROWS = {
    "chat: OpenAI counts the cache in": Row(
        "openai.chat",
        *chat(
            {
                "prompt_tokens": 100,
                "completion_tokens": 30,
                "total_tokens": 130,
                "prompt_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 10, "audio_tokens": 5},
                "completion_tokens_details": {"reasoning_tokens": 12, "audio_tokens": 8},
            }
        ),
        {
            "input": 25,
            "cache_read": 60,
            "cache_write": 10,
            "audio_input": 5,
            "output": 10,
            "reasoning": 12,
            "audio_output": 8,
        },
    ),
    "chat: OpenAI's long retention": Row(
        "openai.chat",
        *chat(
            {
                "prompt_tokens": 100,
                "completion_tokens": 3,
                "prompt_tokens_details": {
                    "cache_write_tokens": 40,
                    "cache_write_tokens_details": {"ttl_12h_tokens": 30, "ttl_30m_tokens": 10},
                },
            }
        ),
        {"input": 60, "cache_write": 10, "cache_write_1h": 30, "output": 3},
    ),
    "chat: xAI leaves the reasoning out of the completion": Row(
        "openai.chat",
        *chat(
            {
                "prompt_tokens": 32,
                "completion_tokens": 9,
                "total_tokens": 141,
                "prompt_tokens_details": {"text_tokens": 32, "cached_tokens": 6, "image_tokens": 4},
                "completion_tokens_details": {"reasoning_tokens": 100},
            },
            "grok-4",
        ),
        {"input": 22, "cache_read": 6, "image_input": 4, "output": 9, "reasoning": 100},
    ),
    "chat: Gemini's thoughts stand in the total alone": Row(
        "openai.chat",
        *chat({"prompt_tokens": 10, "completion_tokens": 31, "total_tokens": 189}, "gemini-2.5-flash"),
        {"input": 10, "output": 31, "reasoning": 148},
    ),
    "chat: DeepSeek counts hits and misses": Row(
        "openai.chat",
        *chat(
            {
                "prompt_tokens": 80,
                "completion_tokens": 20,
                "total_tokens": 100,
                "prompt_cache_hit_tokens": 64,
                "prompt_cache_miss_tokens": 16,
                "completion_tokens_details": {"reasoning_tokens": 15},
            }
        ),
        {"input": 16, "cache_read": 64, "output": 5, "reasoning": 15},
    ),
    "chat: Groq's streams hold it in x_groq": Row(
        "openai.chat",
        {"usage": {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}},
        [
            (
                None,
                {"choices": [], "x_groq": {"id": "r", "usage": {"prompt_tokens": 7, "completion_tokens": 2}}},
            )
        ],
        {"input": 7, "output": 2},
    ),
    "chat: Moonshot's cached_tokens": Row(
        "openai.chat",
        *chat({"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9, "cached_tokens": 4}),
        {"input": 3, "cache_read": 4, "output": 2},
    ),
    "chat: Mistral's connectors are no output": Row(
        "openai.chat",
        *chat({"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 84, "connector_tokens": 75}),
        {"input": 7, "output": 2},
    ),
    "chat: a gateway that counts Anthropic's cache in": Row(
        "openai.chat",
        *chat(
            {
                "prompt_tokens": 135,
                "completion_tokens": 9,
                "total_tokens": 144,
                "cache_read_input_tokens": 100,
                "cache_creation_input_tokens": 30,
            }
        ),
        {"input": 5, "cache_read": 100, "cache_write": 30, "output": 9},
    ),
    "chat: a gateway that counts it beside": Row(
        "openai.chat",
        *chat(
            {
                "prompt_tokens": 5,
                "completion_tokens": 9,
                "total_tokens": 144,
                "cache_read_input_tokens": 100,
                "cache_creation_input_tokens": 30,
            }
        ),
        {"input": 5, "cache_read": 100, "cache_write": 30, "output": 9},
    ),
    "responses": Row(
        "openai.responses",
        *responses(
            {
                "input_tokens": 100,
                "input_tokens_details": {
                    "cached_tokens": 60,
                    "cache_write_tokens": 30,
                    "cache_write_tokens_details": {"ttl_12h_tokens": 20, "ttl_30m_tokens": 10},
                },
                "output_tokens": 20,
                "output_tokens_details": {"reasoning_tokens": 5},
                "total_tokens": 120,
            }
        ),
        {
            "input": 10,
            "cache_read": 60,
            "cache_write": 10,
            "cache_write_1h": 20,
            "output": 15,
            "reasoning": 5,
        },
    ),
    "messages: Anthropic leaves the cache out": Row(
        "anthropic.messages",
        *messages(
            {
                "input_tokens": 5,
                "cache_read_input_tokens": 100,
                "cache_creation_input_tokens": 30,
                "cache_creation": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20},
            },
            {"output_tokens": 9, "output_tokens_details": {"thinking_tokens": 4}},
        ),
        {
            "input": 5,
            "cache_read": 100,
            "cache_write": 10,
            "cache_write_1h": 20,
            "output": 5,
            "reasoning": 4,
        },
    ),
    "messages: writes told by their time to live alone": Row(
        "anthropic.messages",
        *messages(
            {"input_tokens": 5, "cache_creation": {"ephemeral_5m_input_tokens": 10}}, {"output_tokens": 9}
        ),
        {"input": 5, "cache_write": 10, "output": 9},
    ),
    "gemini: thoughts beside candidates": Row(
        "gemini",
        *gemini(
            {
                "promptTokenCount": 50,
                "cachedContentTokenCount": 40,
                "candidatesTokenCount": 31,
                "thoughtsTokenCount": 148,
                "totalTokenCount": 229,
            }
        ),
        {"input": 10, "cache_read": 40, "output": 31, "reasoning": 148},
    ),
    "gemini: more candidates than thoughts": Row(
        "gemini",
        *gemini({"promptTokenCount": 8, "candidatesTokenCount": 100, "thoughtsTokenCount": 10}),
        {"input": 8, "output": 100, "reasoning": 10},
    ),
    "gemini: modalities, and prompts of its own tools": Row(
        "gemini",
        *gemini(
            {
                "promptTokenCount": 100,
                "toolUsePromptTokenCount": 7,
                "candidatesTokenCount": 1300,
                "promptTokensDetails": [
                    {"modality": "TEXT", "tokenCount": 10},
                    {"modality": "IMAGE", "tokenCount": 50},
                    {"modality": "AUDIO", "tokenCount": 30},
                    {"modality": "VIDEO", "tokenCount": 10},
                ],
                "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1290}],
            }
        ),
        {
            "input": 17,
            "image_input": 50,
            "audio_input": 30,
            "video_input": 10,
            "output": 10,
            "image_output": 1290,
        },
    ),
    "converse: Bedrock leaves the cache out": Row(
        "bedrock.converse",
        *converse(
            {
                "inputTokens": 3,
                "outputTokens": 4,
                "totalTokens": 37,
                "cacheReadInputTokens": 10,
                "cacheWriteInputTokens": 20,
                "cacheDetails": [{"ttl": "1h", "inputTokens": 15}, {"ttl": "5m", "inputTokens": 5}],
            }
        ),
        {"input": 3, "cache_read": 10, "cache_write": 5, "cache_write_1h": 15, "output": 4},
    ),
    "converse: writes told by their time to live alone": Row(
        "bedrock.converse",
        *converse({"inputTokens": 3, "outputTokens": 4, "cacheDetails": [{"ttl": "5m", "inputTokens": 5}]}),
        {"input": 3, "cache_write": 5, "output": 4},
    ),
    "ollama": Row(
        "ollama", *ollama({"prompt_eval_count": 26, "eval_count": 298}), {"input": 26, "output": 298}
    ),
    "cohere: what is billed is less, and stands beside": Row(
        "cohere",
        *cohere(
            {
                "billed_units": {"input_tokens": 5, "output_tokens": 7},
                "tokens": {"input_tokens": 71, "output_tokens": 9},
                "cached_tokens": 64,
            }
        ),
        {"input": 7, "cache_read": 64, "output": 9},
    ),
    "embeddings": Row(
        "openai.embeddings", *once({"usage": {"prompt_tokens": 8, "total_tokens": 8}}), {"input": 8}
    ),
    "embeddings: Voyage says the total alone": Row(
        "openai.embeddings", *once({"usage": {"total_tokens": 8}}), {"input": 8}
    ),
    "images: OpenAI counts by modality": Row(
        "openai.media",
        *once(
            {
                "usage": {
                    "input_tokens": 210,
                    "input_tokens_details": {"text_tokens": 10, "image_tokens": 200},
                    "output_tokens": 1056,
                    "output_tokens_details": {"image_tokens": 1056},
                }
            }
        ),
        {"input": 10, "image_input": 200, "image_output": 1056},
    ),
}
