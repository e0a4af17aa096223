"""systems.md, the gateway's "usage/cost": what a call used and cost, as `/usage` tells it."""

from __future__ import annotations

import json

import httpx
import pytest
from defect_kit import chunk, post, sse, stood, stream_of

from tokentape.testing.provider import reply

GEMINI = {
    "candidates": [
        {"content": {"role": "model", "parts": [{"text": "Hi"}]}, "finishReason": "STOP", "index": 0}
    ],
    "usageMetadata": {
        "promptTokenCount": 100,
        "cachedContentTokenCount": 40,
        "candidatesTokenCount": 31,
        "thoughtsTokenCount": 148,
        "totalTokenCount": 279,
    },
    "modelVersion": "gemini-2.5-pro",
}
CLAUDE = {
    "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-opus-4-5", "stop_reason": "end_turn",
    "stop_sequence": None, "content": [{"type": "text", "text": "Hi"}],
    "usage": {"input_tokens": 10, "cache_creation_input_tokens": 500, "cache_read_input_tokens": 300,
              "output_tokens": 7},
}  # fmt: skip
CHAT = {
    "id": "c", "object": "chat.completion", "created": 1, "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
}  # fmt: skip
CLIENTS = ("openai.chat", "anthropic.messages", "gemini")


def spent(gateway):
    gateway.services.ledger.flush()
    return httpx.get(f"{gateway.url}/usage").json()["total"]


def played(provider, body):
    provider.play(reply(json.dumps(body).encode(), content_type="application/json"))


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_gemini_reports_thoughts_beside_candidates(provider, client, stream):
    """candidates 31, thoughts 148: the output is 179; the cache is read once, and subtracted from nothing."""
    with stood(provider.url, "gemini", counts=True) as gateway:
        if stream:
            provider.play(stream_of(sse(GEMINI)))
        else:
            played(provider, GEMINI)
        answer = post(gateway, client, stream=stream)
        assert answer.status_code == 200
        total = spent(gateway)
    assert (total["input"], total["output"]) == (100, 179)
    assert (total["cache_read"], total["reasoning"]) == (40, 148)


@pytest.mark.parametrize("client", CLIENTS)
def test_cache_write_double_count(provider, client):
    with stood(provider.url, "anthropic.messages", counts=True) as gateway:
        played(provider, CLAUDE)
        assert post(gateway, client).status_code == 200
        total = spent(gateway)
    assert (total["input"], total["output"]) == (810, 7)
    assert (total["cache_read"], total["cache_write"]) == (300, 500)


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize(
    "more", [{"cost": 0.25}, {"usage": {**CHAT["usage"], "cost": 0.25}}], ids=["top-level", "in the usage"]
)
def test_top_level_cost_dropped(provider, client, more):
    with stood(provider.url, counts=True) as gateway:
        played(provider, {**CHAT, **more})
        post(gateway, client)
        assert spent(gateway)["usd"] == pytest.approx(0.25)


COUNTED = {**chunk(end="stop"), "usage": CHAT["usage"]}
COSTS = {
    "a comment": b": cost 0.25\n\n",
    "an event": b'event: cost\ndata: {"cost": 0.25}\n\n',
}


@pytest.mark.parametrize("client", ["openai.chat", "anthropic.messages"])
@pytest.mark.parametrize("how", COSTS)
def test_sse_cost_comments(provider, client, how):
    with stood(provider.url, counts=True) as gateway:
        provider.play(stream_of(sse(chunk({"content": "Hi"})), sse(COUNTED), COSTS[how], b"data: [DONE]\n\n"))
        assert post(gateway, client, stream=True).status_code == 200
        assert spent(gateway)["usd"] == pytest.approx(0.25)


def test_cost_in_usd_ticks(provider):
    with stood(provider.url, counts=True) as gateway:
        played(provider, {**CHAT, "usage": {**CHAT["usage"], "cost_in_usd_ticks": 37_756_000}})
        post(gateway, "openai.chat")
        assert spent(gateway)["usd"] == pytest.approx(0.0037756)
