"""What the provider of the gateway's benchmark answers: 2 KB, or a stream of 100 events with text, in two dialects."""

from __future__ import annotations

import json
from typing import Any

EVENTS = 100
"""Events with text in a stream; a few more begin and end it."""

Fields = dict[str, Any]

TEXT = "The quick brown fox jumps over the lazy dog. " * 38
"""About 1.7 KB: with what is around it a reply of 2 KB."""


def chat() -> bytes:
    """A Chat Completions reply."""
    message = {"role": "assistant", "content": TEXT, "refusal": None}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    usage = {"prompt_tokens": 390, "completion_tokens": 380, "total_tokens": 770}
    head = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1_700_000_000, "model": "gpt-5-mini"}
    return json.dumps({**head, "choices": [choice], "usage": usage}).encode()


def chat_events() -> list[bytes]:
    """The same as a stream."""
    head = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": "gpt-5-mini",
    }
    deltas: list[Fields] = [{"role": "assistant", "content": ""}]
    deltas += [{"content": f" word{n}"} for n in range(EVENTS)]
    choices: list[Fields] = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    choices.append({"index": 0, "delta": {}, "finish_reason": "stop"})
    chunks = [_event({**head, "choices": [choice]}) for choice in choices]
    return [*chunks, b"data: [DONE]\n\n"]


def messages() -> bytes:
    """A reply of the Messages API."""
    usage = {"input_tokens": 390, "output_tokens": 380}
    content = [{"type": "text", "text": TEXT}]
    return json.dumps({**_message(), "content": content, "stop_reason": "end_turn", "usage": usage}).encode()


def messages_events() -> list[bytes]:
    """The same as a stream."""
    begun = {
        **_message(),
        "content": [],
        "stop_reason": None,
        "usage": {"input_tokens": 390, "output_tokens": 1},
    }
    stop = {"stop_reason": "end_turn", "stop_sequence": None}
    fields: list[Fields] = [
        {"type": "message_start", "message": begun},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *({"type": "content_block_delta", "index": 0, "delta": _delta(n)} for n in range(EVENTS)),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": stop, "usage": {"output_tokens": 101}},
        {"type": "message_stop"},
    ]
    return [f"event: {one['type']}\n".encode() + _event(one) for one in fields]


def _message() -> Fields:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-4-5",
        "stop_sequence": None,
    }


def _delta(number: int) -> Fields:
    return {"type": "text_delta", "text": f" word{number}"}


def _event(fields: Fields) -> bytes:
    return b"data: " + json.dumps(fields, separators=(",", ":")).encode() + b"\n\n"
