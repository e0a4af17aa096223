"""Case 12: Gemini says STOP after calling tools, maybe chunks later; elsewhere that is a stop for tools."""

from __future__ import annotations

import json

import pytest

from tokentape.protocols.canonical.fold import fold
from tokentape.protocols.canonical.reply import StopReason
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.streaming import StreamTranslator
from tokentape.protocols.translation import codec_of, translate_reply
from tokentape.testing.contracts.codec import read

CALL = {"functionCall": {"name": "f", "args": {}}}
SOURCE = Source("gemini", model="gemini-2.5-flash")


def chunk(*parts, **more):
    return {"candidates": [{"content": {"role": "model", "parts": list(parts)}, "index": 0, **more}]}


STREAM = [
    chunk({"text": "Let me see."}),
    chunk(CALL),
    chunk({"text": ""}),
    chunk({"text": ""}, finishReason="STOP"),
]
TARGETS = ["openai.chat", "openai.responses", "anthropic.messages", "bedrock.converse", "ollama", "cohere"]


@pytest.mark.parametrize("target", TARGETS)
def test_calls_are_remembered_over_the_chunks(target):
    translator = StreamTranslator(SOURCE, Target(target, model="m"))
    wire = b"".join(b"data: " + json.dumps(each).encode() + b"\r\n\r\n" for each in STREAM)
    found = fold(read(codec_of(target), [translator.feed(wire), translator.end()]))
    assert found.stop.reason is StopReason.TOOL_CALLS
    assert found.complete


def test_whole_replies_too():
    body = chunk(CALL, finishReason="STOP")
    assert codec_of("gemini").read_reply(body, SOURCE).stop.raw == "STOP"
    chat = translate_reply(body, SOURCE, Target("openai.chat")).result
    assert chat["choices"][0]["finish_reason"] == "tool_calls"
    messages = translate_reply(body, SOURCE, Target("anthropic.messages")).result
    assert messages["stop_reason"] == "tool_use"
    assert translate_reply(body, SOURCE, Target("gemini")).result == body


def test_the_limit_stays_the_limit():
    body = chunk(CALL, finishReason="MAX_TOKENS")
    assert codec_of("gemini").read_reply(body, SOURCE).stop.reason is StopReason.LENGTH


def test_back_to_gemini_it_is_stop_again():
    chat = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [{"index": 0, "finish_reason": "tool_calls", "message": {
        "role": "assistant", "content": None, "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}}]}  # fmt: skip
    body = translate_reply(chat, Source("openai.chat"), Target("gemini")).result
    assert body["candidates"][0]["finishReason"] == "STOP"
