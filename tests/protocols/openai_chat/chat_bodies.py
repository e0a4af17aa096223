"""Bodies with everything that Chat Completions and its kin know, and short ways to read and write them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tokentape.protocols.canonical.fold import fold
from tokentape.protocols.codec import COMMENT, Source, Target
from tokentape.protocols.openai_chat.codec import CODEC
from tokentape.protocols.payload import Payload

sys.path.append(str(Path(__file__).parents[1]))

NAME = "openai.chat"
SOURCE = Source(NAME)

FUNCTION = {
    "name": "get_weather",
    "description": "Weather of a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}
CALL = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "get_weather", "arguments": '{"city":"Paris"}'},
}
SIGNED = {**CALL, "id": "call_2", "extra_content": {"google": {"thought_signature": "c2ln", "thought": True}}}
NOTE = {
    "type": "url_citation",
    "url_citation": {"start_index": 0, "end_index": 5, "title": "T", "url": "https://a/"},
}
TOKEN = {"token": "Paris", "logprob": -0.1, "bytes": [80], "top_logprobs": []}
DETAILS = [
    {
        "type": "reasoning.text",
        "text": "Hm.",
        "signature": "c2ln",
        "format": "anthropic-claude-v1",
        "index": 0,
    },
    {"type": "reasoning.encrypted", "data": "AAA=", "format": "openai-responses-v1", "index": 1},
]

REQUEST = {
    "model": "gpt-5-mini",
    "messages": [
        {"role": "system", "content": "Be brief.", "x_note": 1},
        {"role": "developer", "content": [{"type": "text", "text": "Use English."}], "name": "dev"},
        {
            "role": "user",
            "name": "ada",
            "content": [
                {
                    "type": "text",
                    "text": "Look.",
                    "cache_control": {"type": "ephemeral", "ttl": "1h", "x": 1},
                },
                {
                    "type": "text",
                    "text": "Cached.",
                    "cache_control": {"type": "ephemeral"},
                    "image_url": None,
                },
                {
                    "type": "image_url",
                    "image_url": {"url": "https://a/b.png", "detail": "low", "x": 1},
                    "text": None,
                },
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBO"}},
                {"type": "image_url", "image_url": {"url": "gs://bucket/a.png"}},
                {"type": "image_url", "image_url": "https://a/bare.png"},
                {"type": "input_audio", "input_audio": {"data": "UklG", "format": "mp3"}},
                {"type": "input_audio", "input_audio": {"data": "UklG", "format": "mpeg"}},
                {
                    "type": "file",
                    "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBE"},
                },
                {"type": "file", "file": {"file_data": "JVBE"}},
                {"type": "file", "file": {"file_id": "file-1"}},
                {"type": "file", "file": {"file_data": "https://a/b.pdf", "filename": "b.pdf"}},
                {"type": "video_url", "video_url": {"url": "https://a/b.mp4"}},
                {"type": "audio_url", "audio_url": {"url": "https://a/b.mp3"}},
                {"type": "document_url", "document_url": "https://a/b.pdf", "document_name": "b"},
                {"type": "hologram", "x": [1]},
            ],
        },
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [CALL, SIGNED],
            "refusal": None,
            "annotations": [],
        },
        {"role": "tool", "tool_call_id": "call_2", "content": [{"type": "text", "text": "24 C"}]},
        {"role": "tool", "tool_call_id": "call_1", "content": "18 C", "name": "get_weather"},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"id": "call_3", "type": "custom", "custom": {"name": "run", "input": "ls"}}],
        },
        {"role": "tool", "tool_call_id": "call_3", "content": ""},
        {
            "role": "assistant",
            "content": [{"type": "text", "text": "a"}, {"type": "refusal", "refusal": "no"}],
        },
        {"role": "assistant", "content": "4", "reasoning_content": "Two and two.", "x": {"y": 1}},
        {
            "role": "assistant",
            "content": "5",
            "reasoning": "Hm.",
            "reasoning_content": "Hm.",
            "reasoning_details": DETAILS,
        },
        {"role": "assistant", "content": "6", "reasoning_details": DETAILS},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": [{"type": "text", "text": "One."}], "closed": True},
                {"type": "text", "text": "Said."},
                {
                    "type": "thinking",
                    "thinking": [{"type": "text", "text": "T"}, {"type": "text", "text": "wo."}],
                },
                {"type": "reference", "reference_ids": [1]},
            ],
        },
        {"role": "assistant", "audio": {"id": "audio_1"}, "content": None},
        {"role": "assistant", "content": None, "function_call": {"name": "old", "arguments": "{}"}},
        {"role": "function", "name": "old", "content": "1"},
        {"role": "assistant", "refusal": "I will not.", "content": None, "name": "bot"},
        {"role": "assistant", "content": "", "tool_calls": None},
        {"role": "narrator", "content": "Later."},
        {"role": "assistant", "tool_calls": [{"id": "call_4", "type": "mcp", "mcp": {"x": 1}}]},
        {"role": "user", "content": "Bye."},
    ],
    "tools": [
        {
            "type": "function",
            "function": {**FUNCTION, "strict": True, "x": 1},
            "cache_control": {"type": "ephemeral"},
        },
        {"type": "function", "function": {"name": "bare"}},
        {"type": "custom", "custom": {"name": "run", "format": {"type": "text"}}},
        {"type": "web_search", "x": 1},
        {"function": {"name": "untyped"}},
    ],
    "functions": [FUNCTION],
    "tool_choice": {
        "type": "allowed_tools",
        "allowed_tools": {
            "mode": "required",
            "tools": [
                {"type": "function", "function": {"name": "bare"}},
                {"type": "custom", "custom": {"name": "run"}},
            ],
        },
    },
    "response_format": {
        "type": "json_schema",
        "json_schema": {
            "name": "answer",
            "schema": {"type": "object"},
            "strict": True,
            "description": "d",
            "x": 1,
        },
    },
    "reasoning_effort": "medium",
    "max_tokens": 10,
    "max_completion_tokens": 20,
    "temperature": 0.5,
    "top_p": 1,
    "stop": "END",
    "n": 2,
    "seed": 7,
    "logprobs": True,
    "top_logprobs": 2,
    "logit_bias": {"50256": -100},
    "modalities": ["text", "audio"],
    "audio": {"voice": "ash", "format": "mp3"},
    "metadata": {"a": "b"},
    "user": "u",
    "prediction": {"type": "content", "content": "x"},
    "web_search_options": {},
    "stream": True,
    "stream_options": {"include_usage": True, "include_obfuscation": False},
    "service_tier": "flex",
    "presence_penalty": None,
    "x_unknown": [1],
}

REPLY = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1760000000,
    "model": "gpt-5-mini",
    "choices": [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "reasoning_content": "Hm.",
                "content": "Paris is it.",
                "refusal": None,
                "annotations": [NOTE],
                "tool_calls": [CALL, SIGNED],
                "x_message": {"a": 1},
            },
            "logprobs": {"content": [TOKEN, TOKEN], "refusal": None},
            "finish_reason": "tool_calls",
            "x_choice": 1,
        },
        {
            "index": 1,
            "message": {
                "role": "assistant",
                "content": None,
                "refusal": "No.",
                "audio": {"id": "a", "data": "UklG", "transcript": "hi", "expires_at": 1},
            },
            "logprobs": {"content": None, "refusal": [TOKEN]},
            "finish_reason": "stop",
        },
    ],
    "usage": {"prompt_tokens": 14, "completion_tokens": 3, "total_tokens": 17, "x": 1},
    "system_fingerprint": "fp_1",
    "x_groq": {"id": "req_1"},
}


def asked(body, source=SOURCE):
    """The request, read."""
    return CODEC.read_request(body, source)


def wrote(conversation, **target):
    """The body of a request, and its losses."""
    target = Target(NAME, **target)
    return CODEC.write_request(conversation, target).body, target.losses.report


def told(body):
    """The reply, read."""
    return CODEC.read_reply(body, SOURCE)


def payload(chunk):
    """A chunk as it comes."""
    return Payload(None, chunk if isinstance(chunk, bytes) else json.dumps(chunk).encode())


def events(*chunks, source=SOURCE):
    """The canonical events of a stream, whose connection then ends."""
    reader = CODEC.reader(source)
    found = [event for chunk in chunks for event in reader.read(payload(chunk))]
    return [*found, *reader.end()]


def chunk(delta=None, finish=None, index=0, **more):
    """A chunk with one delta."""
    choice = {"index": index, "delta": delta or {}, "finish_reason": finish}
    return {
        "id": "c",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [choice],
        **more,
    }


def folded(*chunks):
    """The reply that a stream amounts to."""
    return fold(events(*chunks, b"[DONE]"))


def streamed(found, **target):
    """The chunks that events become: JSON, or `[DONE]`."""
    writer = CODEC.writer(Target(NAME, **target))
    wires = (wire for event in found for wire in writer.write(event) if wire.name != COMMENT)
    return [wire.raw or wire.json for wire in wires]


def message(body, nth=-1):
    """A message of a request, read and written: its items."""
    return asked({"model": "m", "messages": [body]}).items
