"""Completeness by each dialect's own end (R46), over every streamed sample and over made ones."""

from __future__ import annotations

import gzip
import json
from base64 import b64encode
from dataclasses import replace

import pytest
from protocol_samples import streamed

from tokentape.protocols.dialect import Kind, Operation
from tokentape.protocols.registry import is_complete, recognise, summary
from tokentape.wire.eventstream import EventHeader, encode_message
from tokentape.wire.message import Request, Response

NO_END_OF_THEIR_OWN = {
    "013-0": "Bedrock agents end with the connection",
    "099-0": "the same",
    "077-0": "Writer's completions stream bare values, and stop",
    "022-0": "Writer's chat sends no [DONE]",
    "138-0": "the same",
}


def cut(response, at):
    body = (response.body or b"")[:at]
    return replace(response, body=body, chunks=(len(body),))


@pytest.mark.parametrize("sample", streamed(), ids=lambda sample: sample.id)
def test_R46_a_whole_sample_is_complete(sample):
    operation = recognise(sample.request).operation
    expected = None if sample.id in NO_END_OF_THEIR_OWN else True
    assert is_complete(operation, sample.response) is expected


@pytest.mark.parametrize("part", [0.1, 0.5, 0.75])
@pytest.mark.parametrize("sample", streamed(), ids=lambda sample: sample.id)
def test_R46_a_cut_sample_is_not_complete(sample, part):
    operation = recognise(sample.request).operation
    body = sample.response.body or b""
    found = is_complete(operation, cut(sample.response, int(len(body) * part)))
    if sample.id in NO_END_AT_ALL:
        assert found is None
    else:
        assert found is False or (found is None and (sample.id, part) in FINISHED_BEFORE)


NO_END_AT_ALL = {"013-0", "099-0", "077-0"}
FINISHED_BEFORE = {("121-0", 0.75), ("141-1", 0.75)}
"""Where that much of a short chat holds the finish reason, but neither usage nor [DONE]."""


def sse(*events):
    return b"".join(
        b"data: " + (event if isinstance(event, bytes) else json.dumps(event).encode()) + b"\n\n"
        for event in events
    )


def lines(*values):
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


def aws(*events):
    return b"".join(
        encode_message(
            (EventHeader(":exception-type" if name.endswith("Exception") else ":event-type", name),),
            json.dumps(value).encode(),
        )
        for name, value in events
    )


def chunk(value):
    return ("chunk", {"bytes": b64encode(json.dumps(value).encode()).decode()})


def choice(index=0, finish=None):
    return {"choices": [{"index": index, "delta": {"content": "a"}, "finish_reason": finish}]}


def candidate(index=0, finish=None):
    found = {"index": index, "content": {"parts": [{"text": "a"}]}}
    return {"candidates": [{**found, "finishReason": finish} if finish else found]}


SSE, NDJSON, AWS = "text/event-stream", "application/x-ndjson", "application/vnd.amazon.eventstream"
CASES = {
    "chat, [DONE]": ("openai.chat", SSE, sse(choice(), b"[DONE]"), True),
    "chat, nothing yet": ("openai.chat", SSE, b"", False),
    "chat, open": ("openai.chat", SSE, sse(choice()), False),
    "chat, finished": ("openai.chat", SSE, sse(choice(), choice(finish="stop")), None),
    "chat, one of two finished": ("openai.chat", SSE, sse(choice(0), choice(1), choice(0, "stop")), False),
    "chat, both finished": (
        "openai.chat",
        SSE,
        sse(choice(0), choice(1), choice(0, "stop"), choice(1, "stop")),
        None,
    ),
    "chat, error": ("openai.chat", SSE, sse(choice(), {"error": {"message": "overloaded"}}), True),
    "chat, error null": ("openai.chat", SSE, sse({**choice(), "error": None}), False),
    "chat, unended [DONE]": ("openai.chat", SSE, sse(choice()) + b"data: [DONE]", False),
    "chat, [DONE] in the text": (
        "openai.chat",
        SSE,
        sse({"choices": [{"delta": {"content": "[DONE]"}}]}),
        False,
    ),
    "responses, completed": (
        "openai.responses",
        SSE,
        sse({"type": "response.completed", "response": {}}),
        True,
    ),
    "responses, incomplete": (
        "openai.responses",
        SSE,
        sse({"type": "response.incomplete", "response": {}}),
        True,
    ),
    "responses, failed": ("openai.responses", SSE, sse({"type": "response.failed", "response": {}}), True),
    "responses, error": ("openai.responses", SSE, sse({"type": "error", "message": "x"}), True),
    "responses, item done": ("openai.responses", SSE, sse({"type": "response.output_item.done"}), False),
    "responses, [DONE] alone": ("openai.responses", SSE, sse({"type": "response.created"}, b"[DONE]"), False),
    "messages, stop": ("anthropic.messages", SSE, sse({"type": "message_stop"}), True),
    "messages, delta": ("anthropic.messages", SSE, sse({"type": "message_delta"}), False),
    "messages, error": ("anthropic.messages", SSE, sse({"type": "error", "error": {}}), True),
    "messages, ping": ("anthropic.messages", SSE, sse({"type": "ping"}), False),
    "complete, stop reason": (
        "anthropic.complete",
        SSE,
        sse({"completion": "", "stop_reason": "max_tokens"}),
        True,
    ),
    "complete, open": ("anthropic.complete", SSE, sse({"completion": "a", "stop_reason": None}), False),
    "gemini, finished": ("gemini", SSE, sse(candidate(), candidate(finish="STOP")), True),
    "gemini, open": ("gemini", SSE, sse(candidate()), False),
    "gemini, one of two": ("gemini", SSE, sse(candidate(0, "STOP"), candidate(1)), False),
    "gemini, blocked": ("gemini", SSE, sse({"promptFeedback": {"blockReason": "SAFETY"}}), True),
    "gemini, array": ("gemini", "application/json", b'[{"candidates": [{"finishReason": "STOP"}]}]', True),
    "gemini, array of error": ("gemini", "application/json", b'[{"error": {"code": 503}}]', True),
    "gemini, open array": (
        "gemini",
        "application/json",
        b'[{"candidates": [{"content": {}}]},\n{"candi',
        False,
    ),
    "gemini, array cut at once": ("gemini", "application/json", b"[{", False),
    "interaction": ("gemini", SSE, sse({"event_type": "interaction.completed"}), True),
    "converse": ("bedrock.converse", AWS, aws(("messageStop", {}), ("metadata", {})), True),
    "converse, no metadata": ("bedrock.converse", AWS, aws(("messageStop", {})), False),
    "converse, exception": ("bedrock.converse", AWS, aws(("throttlingException", {"message": "x"})), True),
    "converse, half a frame": ("bedrock.converse", AWS, aws(("metadata", {}))[:-3], False),
    "invoke, metrics": ("bedrock.invoke", AWS, aws(chunk({"amazon-bedrock-invocationMetrics": {}})), True),
    "invoke, message_stop": ("bedrock.invoke", AWS, aws(chunk({"type": "message_stop"})), True),
    "invoke, open": ("bedrock.invoke", AWS, aws(chunk({"type": "message_delta"})), False),
    "invoke, exception": ("bedrock.invoke", AWS, aws(("modelStreamErrorException", {})), True),
    "invoke, not base64": ("bedrock.invoke", AWS, aws(("chunk", {"bytes": "é"})), False),
    "ollama, done": ("ollama", NDJSON, lines({"done": False}, {"done": True}), True),
    "ollama, open": ("ollama", NDJSON, lines({"done": False}), False),
    "ollama, error": ("ollama", NDJSON, lines({"done": False}, {"error": "out of memory"}), True),
    "ollama, no type": ("ollama", "", lines({"done": False}, {"done": True}), True),
    "cohere v2": ("cohere", SSE, sse({"type": "message-end"}), True),
    "cohere v2, open": ("cohere", SSE, sse({"type": "content-end"}), False),
    "cohere v1": (
        "cohere",
        "application/stream+json",
        lines({"event_type": "stream-end", "is_finished": True}),
        True,
    ),
    "cohere v1, open": ("cohere", "application/stream+json", lines({"is_finished": False}), False),
    "completions": ("openai.completions", SSE, sse({"choices": [{"text": "a"}]}, b"[DONE]"), True),
    "completions, open": ("openai.completions", SSE, sse({"choices": [{"text": "a"}]}), False),
    "tgi": ("huggingface", SSE, sse({"token": {"text": "a"}, "generated_text": "a"}), True),
    "tgi, open": ("huggingface", SSE, sse({"token": {"text": "a"}, "generated_text": None}), False),
    "image": ("openai.media", SSE, sse({"type": "image_generation.completed"}), True),
    "transcript": ("openai.media", SSE, sse({"type": "transcript.text.delta"}), False),
    "run": ("openai.files", SSE, b"event: done\ndata: [DONE]\n\n", True),
    "mistral conversation": ("openai.files", SSE, b"event: conversation.response.done\ndata: {}\n\n", True),
    "embeddings have no stream": ("openai.embeddings", SSE, sse({}), None),
    "unknown dialect": ("http", SSE, sse({}), None),
    "one JSON value": ("openai.chat", "application/json", b'{"choices": []}', None),
    "one JSON value on lines": ("openai.chat", "application/json", b'{\n"choices": []\n}\n', None),
    "one JSON value of Ollama": ("ollama", "", lines({"done": True}), None),
    "wrong type": ("openai.chat", "application/json", sse(choice(), b"[DONE]"), True),
    "no type": ("openai.chat", "", sse(choice()), False),
    "not UTF-8": ("openai.chat", SSE, b"data: \xff\xfe\n\n", False),
    "text": ("openai.chat", "text/plain", b"no stream", None),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_R46_the_end_of_a_stream(case):
    dialect, media, body, expected = case
    headers = (("Content-Type", media),) if media else ()
    operation = Operation(dialect, "create", Kind.GENERATE, stream=True)
    assert is_complete(operation, Response(200, "OK", headers, body, (len(body),))) is expected


def test_an_error_reply_is_no_stream():
    operation = Operation("openai.chat", "create", Kind.GENERATE, stream=True)
    assert is_complete(operation, Response(429, "", (("Content-Type", SSE),), b"data: {}\n\n", (10,))) is None


def test_a_list_is_a_value_where_no_stream_was_asked_for():
    operation = Operation("gemini", "generateContent", Kind.GENERATE)
    reply = Response(200, "", (("Content-Type", "application/json"),), b"[{}]", (4,))
    assert is_complete(operation, reply) is None


def test_a_reply_without_a_body_is_no_stream():
    operation = Operation("openai.chat", "create", Kind.GENERATE, stream=True)
    assert is_complete(operation, Response(204)) is None


def long_chat(end, gap=b"\n\n", **headers):
    text = json.dumps(
        {"choices": [{"index": 0, "delta": {"content": "word "}, "finish_reason": None}]}
    ).encode()
    body = (b"data: " + text + gap) * 3000 + end
    return Response(200, "", (("Content-Type", SSE), *headers.items()), body, (len(body),))


@pytest.mark.parametrize("gap", [b"\n\n", b"\r\n\r\n", b"\r\r"])
def test_a_long_stream_is_judged_by_its_end(gap):
    operation = Operation("openai.chat", "create", Kind.GENERATE, stream=True)
    assert is_complete(operation, long_chat(b"data: [DONE]" + gap, gap)) is True
    assert is_complete(operation, long_chat(b"data: [DO", gap)) is False
    assert is_complete(operation, long_chat(b"", gap)) is False


def test_the_end_of_a_long_stream_may_come_before_much_else():
    operation = Operation("openai.chat", "create", Kind.GENERATE, stream=True)
    noise = b": keep-alive\n\n" * 10_000
    assert is_complete(operation, long_chat(b"data: [DONE]\n\n" + noise)) is True
    assert is_complete(operation, long_chat(b"data: [DONE]\n\n" + b"x" * 100_000)) is True


def test_a_long_compressed_stream():
    operation = Operation("openai.chat", "create", Kind.GENERATE, stream=True)
    plain = long_chat(b"data: [DONE]\n\n", **{"Content-Encoding": "gzip"})
    body = gzip.compress(plain.body)
    assert is_complete(operation, replace(plain, body=body, chunks=(len(body),))) is True
    assert is_complete(operation, replace(plain, body=body[:-200], chunks=(len(body) - 200,))) is False


def test_a_long_stream_is_read_from_its_start():
    request = Request("POST", "http://h/v1/chat/completions", (), b'{"messages": [], "stream": true}')
    assert summary(request, long_chat(b"data: [DONE]\n\n"))[1] == ("word " * 24)[:119] + "…"
    late = b"data: " + json.dumps({"choices": [{"delta": {"content": "At last."}}]}).encode() + b"\n\n"
    thinking = b'data: {"choices": [{"delta": {"reasoning_content": "hmm"}}]}\n\n' * 3000
    body = thinking + late
    reply = Response(200, "", (("Content-Type", SSE),), body, (len(body),))
    assert summary(request, reply)[1] == "At last."
