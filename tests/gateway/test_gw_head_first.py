"""A stream that comes all at once, translated."""

from __future__ import annotations

import json
from http.client import HTTPConnection

import pytest

pytest.importorskip("aiohttp")
pytest.importorskip("uvicorn")

from gw_fields_clients import CLAUDE_REPLY, HI, streamed
from running import running, setup, upstream

from tokentape.testing.provider import Provider
from tokentape.testing.provider.script import reply

WORDS = [f"word{nth} " for nth in range(300)]


def test_the_first_word_does_not_wait_for_the_last():
    texts = [{"type": "text", "text": word} for word in WORDS]
    said = streamed("anthropic.messages", {**CLAUDE_REPLY, "content": texts, "stop_reason": "end_turn"})
    with Provider() as provider, running(setup(upstream(provider.url, "anthropic.messages"))) as gateway:
        provider.play(reply(said, content_type="text/event-stream"))
        connection = HTTPConnection("127.0.0.1", gateway.port, timeout=20)
        body = json.dumps({"model": "claude-opus-4-5", "messages": HI, "stream": True})
        connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        first = answer.read1(1 << 20)  # one chunk, as the gateway wrote it
        rest = answer.read()
        connection.close()
    assert WORDS[0].encode() in first
    assert WORDS[-1].encode() not in first
    assert WORDS[-1].encode() in rest
