"""What is an answer, and what is not."""

from __future__ import annotations

import json

import pytest

from tokentape.evaluation.asking.judging import judged
from tokentape.protocols.canonical.reply import Reply, StopReason
from tokentape.protocols.codec import Source
from tokentape.upstreams.failures import FailureClass
from tokentape.wire.message import Response

JSON = (("Content-Type", "application/json"),)
SSE = (("Content-Type", "text/event-stream"),)
CHAT = Source("openai.chat", "gpt-4o")
STREAM = Source("openai.chat", "gpt-4o", True)


def chat(text="Yes.", finish="stop", **more):
    message = {"role": "assistant", "content": text, **more}
    return {
        "id": "1",
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
    }


def whole(value, status=200, headers=JSON):
    return Response(
        status, headers=headers, body=value if isinstance(value, bytes) else json.dumps(value).encode()
    )


def test_a_whole_reply_is_an_answer():
    found = judged(whole(chat()), CHAT)
    assert isinstance(found, Reply)


def test_a_whole_reply_to_a_call_that_asked_for_a_stream_is_one_too():
    assert isinstance(judged(whole(chat()), STREAM), Reply)


@pytest.mark.parametrize(
    ("finish", "reason"), [("length", StopReason.LENGTH), ("content_filter", StopReason.CONTENT_FILTER)]
)
def test_a_model_that_stops_early_has_answered(finish, reason):
    assert judged(whole(chat(finish=finish)), CHAT).stop.reason is reason


def test_a_model_that_refuses_has_answered():
    assert isinstance(judged(whole(chat(None, refusal="No.")), CHAT), Reply)


def test_a_prompt_that_is_blocked_has_its_answer():
    body = {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 3}}
    found = judged(whole(body), Source("gemini", "gemini-2.5-flash"))
    assert not isinstance(found, Reply) or found.stop.reason is StopReason.CONTENT_FILTER


@pytest.mark.parametrize("source", [CHAT, STREAM])
@pytest.mark.parametrize("body", [b"", b"<html>Busy</html>", b"[]", b"null", b'{"choices": 3}'])
def test_what_nobody_can_read_is_no_answer(source, body):
    found = judged(whole(body), source)
    assert found.kind in (FailureClass.server_error, FailureClass.incomplete)


def test_a_failed_response_is_no_answer():
    body = {
        "id": "r",
        "object": "response",
        "status": "failed",
        "error": {"code": "server_error", "message": "Oh."},
        "output": [],
    }
    found = judged(whole(body), Source("openai.responses", "gpt-5"))
    assert found.message == "Oh."


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, FailureClass.configuration_error),
        (400, FailureClass.invalid_request),
        (401, FailureClass.authentication),
        (429, FailureClass.rate_limit),
        (503, FailureClass.overloaded),
    ],
)
def test_an_error_is_none(status, kind):
    found = judged(whole({"error": {"message": "No."}}, status), CHAT)
    assert (found.kind, found.status, found.failure.message) == (kind, status, "No.")


def event(**delta):
    return (
        b"data: "
        + json.dumps({"id": "1", "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}).encode()
        + b"\n\n"
    )


END = (
    b'data: {"id": "1", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'
)


def test_a_stream_with_its_end_is_an_answer():
    found = judged(whole(event(role="assistant") + event(content="Yes.") + END, headers=SSE), STREAM)
    assert found.items[0].parts[0].text == "Yes."


@pytest.mark.parametrize("body", [b"", event(content="Ye"), b"data: {broken\n\n", b": ping\n\n"])
def test_a_stream_without_its_end_is_none(body):
    found = judged(whole(body, headers=SSE), STREAM)
    assert found.kind in (FailureClass.incomplete, FailureClass.server_error)


def test_a_stream_may_be_an_array():
    parts = [
        {"candidates": [{"content": {"parts": [{"text": text}], "role": "model"}, "finishReason": end}]}
        for text, end in (("Ye", None), ("s.", "STOP"))
    ]
    found = judged(whole(parts), Source("gemini", "gemini-2.5-flash", True))
    assert found.items[0].parts[0].text == "Yes."


NOTHING = [{}, {"detail": "upstream is busy"}, {"object": "error", "message": "boom"}]


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize(
    ("dialect", "bodies"),
    [
        ("openai.chat", [{"choices": []}, chat(None, None)]),
        ("openai.responses", [*NOTHING, {"output": []}, chat()]),
        ("anthropic.messages", [{"content": []}]),
        ("gemini", [{"candidates": []}]),
    ],
)
def test_a_success_that_says_nothing_is_no_answer(dialect, bodies, stream):
    for body in bodies:
        found = judged(whole(body), Source(dialect, "a-model", stream))
        assert (found.kind, found.message) == (FailureClass.server_error, "the reply holds no answer"), body


@pytest.mark.parametrize(
    ("dialect", "body"),
    [
        ("openai.chat", chat(None)),
        ("openai.responses", {"status": "completed", "output": []}),
        ("anthropic.messages", {"content": [], "stop_reason": "end_turn"}),
        ("gemini", {"candidates": [{"finishReason": "STOP"}]}),
    ],
)
def test_a_model_that_ends_without_a_word_has_answered(dialect, body):
    assert isinstance(judged(whole(body), Source(dialect, "a-model")), Reply)
