"""cohere, async: httpx over aiohttp where httpx-aiohttp is installed. The provider plays its replies."""

from __future__ import annotations

import json

import pytest

from tokentape.testing.provider import Framing, reply

cohere = pytest.importorskip("cohere", reason="needs cohere")
pytest.importorskip("httpx_aiohttp", reason="needs httpx-aiohttp")

WHOLE = {
    "id": "c1",
    "finish_reason": "COMPLETE",
    "message": {"role": "assistant", "content": [{"type": "text", "text": "Oslo."}]},
    "usage": {"tokens": {"input_tokens": 5, "output_tokens": 2}},
}
EVENTS = [
    {"type": "message-start", "id": "c2", "delta": {"message": {"role": "assistant"}}},
    {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"text": "Oslo."}}}},
    {"type": "message-end", "id": "c2", "delta": {"finish_reason": "COMPLETE"}},
]
ASK = {"model": "command-a-03-2025", "messages": [{"role": "user", "content": "Capital of Norway?"}]}


def test_chat_and_stream(tape):
    tape.provider.play(reply(json.dumps(WHOLE).encode(), content_type="application/json"))
    lines = [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in EVENTS]
    tape.provider.play(reply(lines, content_type="text/event-stream", framing=Framing.CHUNKED))

    async def scenario(url):
        async with cohere.AsyncClientV2(api_key="co-test-0123456789abcdef", base_url=url) as sdk:
            whole = await sdk.chat(**ASK)
            return [whole, [event async for event in sdk.chat_stream(**ASK)]]

    whole, events = tape.twice(scenario)
    assert whole["message"]["content"][0]["text"] == "Oslo."
    assert len(events) == 3
