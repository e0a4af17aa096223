"""Tokens by kind: every real sample against its raw numbers, dialect by dialect, and the laws."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("yaml")

import sys

sys.path.insert(0, str(Path(__file__).parents[1] / "protocols"))
from protocol_samples import samples

from tokentape.metering.price import disjoint
from tokentape.protocols.dialect import Kind
from tokentape.protocols.registry import recognise, usage_of
from tokentape.protocols.usage import COUNTS, Usage
from tokentape.wire.body import decoded_body
from tokentape.wire.message import Request, Response

CHAT = "https://api.openai.com/v1/chat/completions"
RESPONSES = "https://api.openai.com/v1/responses"
MESSAGES = "https://api.anthropic.com/v1/messages"
GEMINI = "https://generativelanguage.googleapis.com/v1beta/models/m:generateContent"
CONVERSE = "https://bedrock-runtime.us-east-1.amazonaws.com/model/m/converse"
INVOKE = "https://bedrock-runtime.us-east-1.amazonaws.com/model/m/invoke"

ASKED = {
    CHAT: {"messages": [], "model": "m"},
    RESPONSES: {"input": "Hi", "model": "m"},
    MESSAGES: {"messages": [], "model": "m", "max_tokens": 1},
    GEMINI: {"contents": []},
    CONVERSE: {"messages": []},
    INVOKE: {"prompt": "Hi"},
}


def used(url, reply, *, headers=(), media="application/json", **asked):
    body = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
    request = Request("POST", url, (), json.dumps(ASKED[url] | asked).encode())
    return usage_of(
        recognise(request), Response(200, "", (("Content-Type", media), *headers), body, (len(body),))
    )


def sse(*events):
    return b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)


# Raw numbers of the samples, found without our readers: any object with these names, wherever it stands.

PAIRS = {
    ("prompt_tokens", "completion_tokens"): (),
    ("input_tokens", "output_tokens"): ("cache_read_input_tokens", "cache_creation_input_tokens"),
    ("inputTokens", "outputTokens"): ("cacheReadInputTokens", "cacheWriteInputTokens"),
    ("prompt_eval_count", "eval_count"): (),
}


def raw_counts(value):
    """(kind, tokens) of every count inside `value`, in order; what was cached is added to its input."""
    if isinstance(value, dict):
        for (asked, said), beside in PAIRS.items():
            if isinstance(value.get(asked), int):
                yield "input", value[asked] + sum(value.get(name) or 0 for name in beside)
            if isinstance(value.get(said), int):
                yield "output", value[said]
        for inner in value.values():
            yield from raw_counts(inner)
    if isinstance(value, list):
        for inner in value:
            yield from raw_counts(inner)


def values_in(body):
    """The JSON values of a reply: the whole of it, or each line that holds one."""
    try:
        return [json.loads(body)]
    except ValueError:
        lines = (line.removeprefix(b"data:").strip() for line in body.splitlines())
    found = []
    for line in lines:
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


COUNTING = [
    (sample, counts)
    for sample in samples()
    if sample.response.status < 400
    and recognise(sample.request).operation.dialect != "bedrock"
    and recognise(sample.request).operation.kind is not Kind.META
    and (
        counts := [
            pair for value in values_in(decoded_body(sample.response) or b"") for pair in raw_counts(value)
        ]
    )
]
THOUGHT_ASIDE = {"123-0": 109 - 35, "123-1": 100 - 66}
"""Google's Chat endpoint: only the total has the thoughts."""


def test_most_samples_that_answer_count_in_a_form_that_this_test_can_read():
    assert len(COUNTING) >= 60


@pytest.mark.parametrize(("sample", "counts"), COUNTING, ids=lambda value: getattr(value, "id", ""))
def test_a_real_reply_is_counted_as_its_raw_numbers_say(sample, counts):
    usage = usage_of(recognise(sample.request), sample.response)
    assert usage is not None
    asked = [tokens for kind, tokens in counts if kind == "input"]
    said = [tokens for kind, tokens in counts if kind == "output"]
    if sample.row["provider"] == "cohere":  # says what is billed, too
        assert usage.input in asked
        assert usage.output is None or usage.output in said
        return
    assert usage.input == (asked[-1] if asked else None)
    assert (usage.output or 0) == THOUGHT_ASIDE.get(sample.id, said[-1] if said else 0)


def test_the_parts_of_a_real_reply_never_exceed_the_whole():
    found = [usage for s in samples() if (usage := usage_of(recognise(s.request), s.response)) is not None]
    assert len(found) >= 80
    for usage in found:
        assert min(disjoint(usage).values()) >= 0, usage


def test_an_error_reply_uses_nothing_that_is_known():
    found = [s for s in samples() if s.response.status >= 400]
    assert len(found) > 20
    assert all(usage_of(recognise(s.request), s.response) is None for s in found)


@pytest.mark.parametrize(
    ("url", "reply", "expected"),
    [
        (
            CHAT,
            {
                "usage": {
                    "prompt_tokens": 100,
                    "completion_tokens": 50,
                    "total_tokens": 150,
                    "prompt_tokens_details": {"cached_tokens": 60, "audio_tokens": 10},
                    "completion_tokens_details": {"reasoning_tokens": 20, "audio_tokens": 5},
                }
            },
            Usage(100, 50, 60, 20, audio_input=10, audio_output=5),
        ),
        (
            CHAT,  # xAI counts the reasoning beside
            {
                "usage": {
                    "prompt_tokens": 10,
                    "completion_tokens": 5,
                    "total_tokens": 115,
                    "completion_tokens_details": {"reasoning_tokens": 100},
                }
            },
            Usage(10, 105, None, 100),
        ),
        (
            CHAT,  # Mistral's connectors are no output
            {
                "usage": {
                    "prompt_tokens": 10,
                    "completion_tokens": 5,
                    "total_tokens": 90,
                    "connector_tokens": 75,
                }
            },
            Usage(10, 5),
        ),
        (
            CHAT,
            {"usage": {"prompt_tokens": 9, "completion_tokens": 1, "prompt_cache_hit_tokens": 8}},
            Usage(9, 1, 8),
        ),
        (
            RESPONSES,
            {
                "usage": {
                    "input_tokens": 10,
                    "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 3},
                    "output_tokens": 7,
                    "output_tokens_details": {"reasoning_tokens": 6},
                }
            },
            Usage(10, 7, 4, 6, cache_write=3),
        ),
        (
            MESSAGES,
            {
                "usage": {
                    "input_tokens": 5,
                    "cache_read_input_tokens": 100,
                    "cache_creation_input_tokens": 30,
                    "cache_creation": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20},
                    "output_tokens": 9,
                    "server_tool_use": {"web_search_requests": 2},
                }
            },
            Usage(135, 9, 100, None, 30, 20, searches=2),
        ),
        (
            GEMINI,
            {
                "usageMetadata": {
                    "promptTokenCount": 50,
                    "cachedContentTokenCount": 40,
                    "candidatesTokenCount": 31,
                    "thoughtsTokenCount": 148,
                    "toolUsePromptTokenCount": 7,
                    "promptTokensDetails": [
                        {"modality": "TEXT", "tokenCount": 20},
                        {"modality": "AUDIO", "tokenCount": 30},
                    ],
                    "cacheTokensDetails": [{"modality": "AUDIO", "tokenCount": 25}],
                }
            },
            Usage(57, 179, 40, 148, audio_input=30, audio_cached=25),
        ),
        (
            GEMINI,  # every token went into thoughts: zero is left out
            {"usageMetadata": {"promptTokenCount": 8, "totalTokenCount": 72, "thoughtsTokenCount": 64}},
            Usage(8, 64, None, 64),
        ),
        (GEMINI, {"usageMetadata": {"promptTokenCount": 8, "totalTokenCount": 8}}, Usage(8, 0)),
        (
            CONVERSE,
            {
                "usage": {
                    "inputTokens": 3,
                    "outputTokens": 4,
                    "cacheReadInputTokens": 10,
                    "cacheWriteInputTokens": 20,
                    "cacheDetails": [{"ttl": "1h", "inputTokens": 20}],
                }
            },
            Usage(33, 4, 10, None, 20, 20),
        ),
        (INVOKE, {"inputTextTokenCount": 6, "results": [{"tokenCount": 4}, {"tokenCount": 5}]}, Usage(6, 9)),
        (INVOKE, {"usage": {"prompt_tokens": 6, "completion_tokens": 4}}, Usage(6, 4)),
    ],
)
def test_counts_of_a_reply(url, reply, expected):
    assert used(url, reply) == expected


def test_what_a_reply_says_of_its_price_stands_beside_the_counts():
    counts = {"prompt_tokens": 1, "completion_tokens": 1, "cost": 0.25}
    usage = used(CHAT, {"model": "gpt-4o-2024-08-06", "service_tier": "flex", "usage": counts})
    assert (usage.model, usage.tier, usage.charged) == ("gpt-4o-2024-08-06", "flex", 0.25)
    assert usage.raw == counts
    assert usage == Usage(1, 1)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"cost": 0.001, "is_byok": False}, 0.001),
        ({"cost": 0.001, "is_byok": True, "cost_details": {"upstream_inference_cost": 0.02}}, 0.021),
        ({"cost": 0, "is_byok": True, "cost_details": {"upstream_inference_cost": None}}, None),
        ({"cost": {"total_cost": 0.5}}, 0.5),
        ({"cost_in_usd_ticks": 37_756_000}, 0.0037756),
        ({"cost": "free"}, None),
        ({"cost": -1}, None),
        ({"cost": True}, None),
        ({}, None),
    ],
)
def test_what_a_reply_says_it_cost(counts, expected):
    assert used(CHAT, {"usage": {"prompt_tokens": 1, **counts}}).charged == expected


@pytest.mark.parametrize(
    ("url", "reply", "tier"),
    [
        (CHAT, {"service_tier": "default", "usage": {"prompt_tokens": 1}}, None),
        (CHAT, {"service_tier": "priority", "usage": {"prompt_tokens": 1}}, "priority"),
        (MESSAGES, {"usage": {"input_tokens": 1, "service_tier": "standard"}}, None),
        (MESSAGES, {"usage": {"input_tokens": 1, "service_tier": "standard", "speed": "fast"}}, "fast"),
        (GEMINI, {"usageMetadata": {"promptTokenCount": 1, "trafficType": "ON_DEMAND"}}, None),
        (GEMINI, {"usageMetadata": {"promptTokenCount": 1, "trafficType": "ON_DEMAND_FLEX"}}, "flex"),
        (GEMINI, {"usageMetadata": {"promptTokenCount": 1, "trafficType": 1}}, None),
        (CONVERSE, {"usage": {"inputTokens": 1}, "serviceTier": {"type": "priority"}}, "priority"),
    ],
)
def test_tiers_at_another_price_are_named(url, reply, tier):
    assert used(url, reply).tier == tier


def test_bedrock_counts_in_headers_where_the_body_does_not():
    headers = (
        ("X-Amzn-Bedrock-Input-Token-Count", "12"),
        ("X-Amzn-Bedrock-Output-Token-Count", "34"),
        ("X-Amzn-Bedrock-Cache-Read-Input-Token-Count", "5"),
    )
    assert used(INVOKE, {"generation": "a"}, headers=headers) == Usage(17, 34, 5)
    assert used(INVOKE, {"generation": "a"}, headers=(("x-amzn-bedrock-input-token-count", "many"),)) is None


def test_a_chat_stream_without_usage_is_unknown_and_the_last_chunk_that_counts_wins():
    chunks = [{"choices": [{"delta": {"content": "a"}}]}, {"choices": [], "usage": None}]
    assert used(CHAT, sse(*chunks), media="text/event-stream", stream=True) is None
    counted = [{"usage": {"prompt_tokens": 4, "completion_tokens": n}} for n in (1, 2, 3)]
    assert used(CHAT, sse(*chunks, *counted), media="text/event-stream", stream=True) == Usage(4, 3)


def test_the_output_of_a_message_that_was_cut_is_unknown():
    start = {
        "type": "message_start",
        "message": {"model": "c", "usage": {"input_tokens": 5, "output_tokens": 1}},
    }
    usage = used(MESSAGES, sse(start), media="text/event-stream", stream=True)
    assert (usage, usage.model) == (Usage(5), "c")


def test_unknown_is_none_and_never_zero():
    assert used(CHAT, {"usage": {}}) is None
    assert used(CHAT, {"usage": {"prompt_tokens": None}}) is None
    assert used(MESSAGES, {"usage": {"cache_read_input_tokens": 7}}).input is None
    assert used(CHAT, {"usage": {"prompt_tokens": 3}}) == Usage(3)


COUNT = st.one_of(st.none(), st.integers(0, 10**6))


@settings(max_examples=60)
@given(COUNT, COUNT, COUNT, COUNT, COUNT)
def test_anthropic_and_openai_counts_of_one_prompt_are_the_same(fresh, read, written, output, thought):
    """Anthropic leaves the cache out of `input_tokens`, OpenAI counts it in: ours is one number."""
    message = {
        "input_tokens": fresh,
        "cache_read_input_tokens": read,
        "cache_creation_input_tokens": written,
        "output_tokens": output,
        "output_tokens_details": {"thinking_tokens": thought},
    }
    response = {
        "input_tokens": None if fresh is None else fresh + (read or 0) + (written or 0),
        "input_tokens_details": {"cached_tokens": read, "cache_write_tokens": written},
        "output_tokens": output,
        "output_tokens_details": {"reasoning_tokens": thought},
    }
    assert used(MESSAGES, {"usage": message}) == used(RESPONSES, {"usage": response})


@settings(max_examples=60)
@given(st.fixed_dictionaries({name: COUNT for name in COUNTS}))
def test_no_token_is_in_two_kinds(counts):
    usage = Usage(**counts)
    assert sum(disjoint(usage).values()) == (usage.input or 0) + (usage.output or 0)


@settings(max_examples=40)
@given(
    st.recursive(st.none() | st.integers() | st.text(max_size=3), lambda inner: st.lists(inner, max_size=3))
)
def test_hostile_counts_read_as_unknown(value):
    names = ("prompt_tokens", "completion_tokens", "total_tokens", "prompt_tokens_details", "cost")
    usage = used(CHAT, {"usage": dict.fromkeys(names, value), "model": value, "service_tier": value})
    assert usage is None or isinstance(usage.input, int)
