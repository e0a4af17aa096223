"""Tokens, models and costs of real SDK objects, of plain dictionaries, and of the events of streams."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from types import SimpleNamespace

import pytest

from tokentape import Price
from tokentape.metering import cost_from, model_from, usage_from
from tokentape.protocols.usage import Usage

CHAT = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-4o-2024-08-06",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": "Hi", "refusal": None},
            "logprobs": None,
        }
    ],
    "service_tier": "default",
    "usage": {
        "prompt_tokens": 100,
        "completion_tokens": 20,
        "total_tokens": 120,
        "prompt_tokens_details": {"cached_tokens": 60},
        "completion_tokens_details": {"reasoning_tokens": 5},
    },
}
CHAT_USAGE = Usage(100, 20, 60, 5)
RESPONSE_COUNTS = {
    "input_tokens": 100,
    "input_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 10},
    "output_tokens": 20,
    "output_tokens_details": {"reasoning_tokens": 5},
    "total_tokens": 120,
}
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-4-5",
    "content": [{"type": "text", "text": "Hi"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {
        "input_tokens": 5,
        "cache_read_input_tokens": 100,
        "cache_creation_input_tokens": 30,
        "cache_creation": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 20},
        "output_tokens": 9,
        "service_tier": "batch",
    },
}
MESSAGE_USAGE = Usage(135, 9, 100, None, 30, 20)
GEMINI = {
    "candidates": [{"content": {"role": "model", "parts": [{"text": "Hi"}]}, "finishReason": "STOP"}],
    "modelVersion": "gemini-2.5-flash",
    "usageMetadata": {
        "promptTokenCount": 50,
        "cachedContentTokenCount": 40,
        "candidatesTokenCount": 31,
        "thoughtsTokenCount": 148,
        "totalTokenCount": 229,
        "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 12}],
    },
}
GEMINI_USAGE = Usage(50, 179, 40, 148, audio_input=12)
CONVERSE = {
    "output": {"message": {"role": "assistant", "content": [{"text": "Hi"}]}},
    "stopReason": "end_turn",
    "usage": {"inputTokens": 3, "outputTokens": 4, "totalTokens": 17, "cacheReadInputTokens": 10},
    "metrics": {"latencyMs": 1},
}
OLLAMA = {
    "model": "qwen3",
    "done": True,
    "prompt_eval_count": 26,
    "eval_count": 298,
    "message": {"role": "assistant"},
}
COHERE = {
    "id": "1",
    "finish_reason": "COMPLETE",
    "message": {"role": "assistant", "content": [{"type": "text", "text": "Hi"}]},
    "usage": {
        "billed_units": {"input_tokens": 5, "output_tokens": 7},
        "tokens": {"input_tokens": 71, "output_tokens": 9},
    },
}

PLAIN = {
    "chat": (CHAT, CHAT_USAGE, "gpt-4o-2024-08-06"),
    "chat's usage": (CHAT["usage"], CHAT_USAGE, None),
    "response": (
        {"object": "response", "model": "gpt-5", "usage": RESPONSE_COUNTS},
        Usage(100, 20, 60, 5, 10),
        "gpt-5",
    ),
    "response's usage": (RESPONSE_COUNTS, Usage(100, 20, 60, 5, 10), None),
    "message": (MESSAGE, MESSAGE_USAGE, "claude-sonnet-4-5"),
    "message's usage": (MESSAGE["usage"], MESSAGE_USAGE, None),
    "gemini": (GEMINI, GEMINI_USAGE, "gemini-2.5-flash"),
    "gemini's usage": (GEMINI["usageMetadata"], GEMINI_USAGE, None),
    "gemini's usage in its SDK's names": (
        {"prompt_token_count": 8, "candidates_token_count": 2, "thoughts_token_count": 3},
        Usage(8, 5, None, 3),
        None,
    ),
    "converse": (CONVERSE, Usage(13, 4, 10), None),
    "converse's usage": (CONVERSE["usage"], Usage(13, 4, 10), None),
    "ollama": (OLLAMA, Usage(26, 298), "qwen3"),
    "cohere": (COHERE, Usage(71, 9), None),
    "cohere v1": ({"meta": {"billed_units": {"input_tokens": 5}}}, Usage(5), None),
    "embeddings": (
        {
            "object": "list",
            "model": "text-embedding-3-small",
            "usage": {"prompt_tokens": 8, "total_tokens": 8},
        },
        Usage(8),
        "text-embedding-3-small",
    ),
    "groq's chunk": ({"x_groq": {"usage": {"prompt_tokens": 7, "completion_tokens": 2}}}, Usage(7, 2), None),
    "gemini's interactions": (
        {"model": "gemini-3-flash", "usage": {"total_input_tokens": 7, "total_output_tokens": 2}},
        Usage(7, 2),
        "gemini-3-flash",
    ),
    "voyage": ({"model": "voyage-3", "usage": {"total_tokens": 8}}, Usage(8), "voyage-3"),
    "a request": ({"model": "gpt-4o", "messages": []}, None, "gpt-4o"),
    "a request to Converse": (
        {"modelId": "amazon.nova-pro-v1:0", "messages": []},
        None,
        "amazon.nova-pro-v1:0",
    ),
    "nothing": ({}, None, None),
    "a text": ("usage", None, None),
    "None": (None, None, None),
}


@pytest.mark.parametrize("name", PLAIN)
def test_dictionaries(name):
    value, usage, model = PLAIN[name]
    assert usage_from(value) == usage
    assert model_from(value) == model


def objects():
    """Real objects, of those SDKs that are installed."""
    return {
        "openai chat": ("openai.types.chat", "ChatCompletion", CHAT, CHAT_USAGE),
        "openai usage": ("openai.types", "CompletionUsage", CHAT["usage"], CHAT_USAGE),
        "openai response": (
            "openai.types.responses",
            "Response",
            {"object": "response", "model": "gpt-5", "usage": RESPONSE_COUNTS, "output": []},
            Usage(100, 20, 60, 5, 10),
        ),
        "openai embeddings": (
            "openai.types",
            "CreateEmbeddingResponse",
            {"object": "list", "model": "e", "data": [], "usage": {"prompt_tokens": 8, "total_tokens": 8}},
            Usage(8),
        ),
        "anthropic message": ("anthropic.types", "Message", MESSAGE, MESSAGE_USAGE),
        "anthropic usage": ("anthropic.types", "Usage", MESSAGE["usage"], MESSAGE_USAGE),
        "google-genai": ("google.genai.types", "GenerateContentResponse", GEMINI, GEMINI_USAGE),
        "ollama": ("ollama._types", "ChatResponse", OLLAMA, Usage(26, 298)),
        "cohere": ("cohere.v2", "V2ChatResponse", COHERE, Usage(71, 9)),
    }


@pytest.mark.parametrize("name", objects())
def test_real_objects_of_sdks(name):
    module, type_name, value, usage = objects()[name]
    cls = getattr(pytest.importorskip(module), type_name)
    found = cls.construct(**value) if "openai" in module else cls.model_validate(value)
    assert usage_from(found) == usage
    assert model_from(found) == model_from(value)


def test_events_of_real_streams():
    chat = pytest.importorskip("openai.types.chat")
    chunks = [
        chat.ChatCompletionChunk.construct(model="gpt-4o", choices=[], usage=None),
        chat.ChatCompletionChunk.construct(model="gpt-4o", choices=[], usage=CHAT["usage"]),
    ]
    assert usage_from(chunks) == CHAT_USAGE
    assert model_from(chunks) == "gpt-4o"
    anthropic = pytest.importorskip("anthropic.types")
    start = {**MESSAGE, "usage": {**MESSAGE["usage"], "output_tokens": 1}}
    events = [
        anthropic.RawMessageStartEvent.model_validate({"type": "message_start", "message": start}),
        anthropic.RawMessageDeltaEvent.model_validate(
            {
                "type": "message_delta",
                "delta": {"stop_reason": "end_turn", "stop_sequence": None},
                "usage": {"output_tokens": 9},
            }
        ),
        anthropic.RawMessageStopEvent.model_validate({"type": "message_stop"}),
    ]
    assert usage_from(events) == MESSAGE_USAGE
    assert model_from(events) == "claude-sonnet-4-5"


@pytest.mark.parametrize(
    ("events", "usage"),
    [
        (
            [{"messageStop": {"stopReason": "end_turn"}}, {"metadata": {"usage": CONVERSE["usage"]}}],
            Usage(13, 4, 10),
        ),
        ([{"usageMetadata": {"promptTokenCount": 8}}, GEMINI], GEMINI_USAGE),
        ([{"usage_metadata": {"prompt_token_count": 8, "candidates_token_count": 2}}], Usage(8, 2)),
        ([{"done": False}, OLLAMA], Usage(26, 298)),
        (
            [{"type": "message-end", "delta": {"finish_reason": "COMPLETE", "usage": COHERE["usage"]}}],
            Usage(71, 9),
        ),
        ([{"type": "response.completed", "response": {"usage": RESPONSE_COUNTS}}], Usage(100, 20, 60, 5, 10)),
        ([{"choices": []}], None),
        ([], None),
    ],
)
def test_events_as_dictionaries(events, usage):
    assert usage_from(events) == usage
    assert usage_from(tuple(events)) == usage


def test_a_stream_keeps_the_cost_that_it_said_before():
    early = {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1, "cost": 0.5}}
    late = {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}}
    assert usage_from([early, late]).charged == 0.5


@dataclass
class Counted:
    prompt_tokens: int
    completion_tokens: float


class Four(Enum):
    FOUR = 4


def test_anything_with_the_same_attributes():
    reply = SimpleNamespace(
        model="m", usage=SimpleNamespace(prompt_tokens=4, completion_tokens=2, _private=1)
    )
    assert usage_from(reply) == Usage(4, 2)
    assert model_from(reply) == "m"
    assert usage_from({"usage": Counted(4, 2.0)}) == Usage(4, 2)
    assert usage_from({"usage": {"prompt_tokens": Four.FOUR, "completion_tokens": 0.5}}) == Usage(4)


def test_what_refers_to_itself_is_no_reply():
    loop = SimpleNamespace(model="m")
    loop.usage = loop
    assert usage_from(loop) is None
    assert usage_from(object()) is None
    assert usage_from(b"usage") is None


def test_costs():
    assert cost_from(CHAT).usd == Decimal("0.000375")  # 40 x 2.5 + 60 x 1.25 + 20 x 10, per million
    assert cost_from(CHAT).source.startswith("genai-prices ")
    # in batches 1.25 and 5, while cached tokens stay at 1.25: 40 x 1.25 + 60 x 1.25 + 20 x 5
    assert cost_from(CHAT, tier="batch").usd == Decimal("0.000225")
    assert cost_from({**CHAT, "cost": 0.5}).usd == Decimal("0.5")
    assert cost_from({**CHAT, "cost": 0.5}).source == "the reply"


def test_a_batch_of_claude_says_that_it_is_one():
    """5 x 3 + 100 x 0.3 + 10 x 3.75 + 20 x 6 + 9 x 15 = 337.5 per million, and half of it."""
    whole = {**MESSAGE, "usage": {**MESSAGE["usage"], "service_tier": "standard"}}
    assert cost_from(whole).usd == Decimal("0.0003375")
    assert cost_from(MESSAGE).usd == Decimal("0.00016875")


def test_who_charges_is_told_by_the_url_and_unknown_is_unknown():
    url = "https://bedrock-runtime.us-east-1.amazonaws.com/model/x/converse"
    known = cost_from(CONVERSE, url=url, model="amazon.nova-pro-v1:0")
    assert known.usd is not None
    unknown = cost_from({**CHAT, "model": "home-made"})
    assert (unknown.usd, unknown.reason) == (None, "no prices are known for this call")
    own = {"home-made": Price(1, 1)}
    assert cost_from({**CHAT, "model": "home-made"}, prices=own).usd == Decimal("0.00012")
    assert cost_from({}).usd is None


def test_a_name_that_metering_does_not_have():
    import tokentape.metering

    with pytest.raises(AttributeError, match="has no attribute 'prices_from'"):
        _ = tokentape.metering.prices_from
