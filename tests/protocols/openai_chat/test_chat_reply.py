"""Replies of Chat Completions in canonical form and back."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
from chat_bodies import CALL, NAME, REPLY, SOURCE, told
from protocol_samples import samples

from tokentape.errors import ProtocolError
from tokentape.protocols.canonical.failure import Failure, FailureKind
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ToolCall
from tokentape.protocols.canonical.parts import Citation, Image, Inline, Text
from tokentape.protocols.canonical.reply import Choice, Reply, Stop, StopReason
from tokentape.protocols.codec import Target
from tokentape.protocols.openai_chat.codec import CODEC
from tokentape.protocols.openai_chat.fold import fold as native_fold
from tokentape.protocols.payload import payloads
from tokentape.protocols.registry import recognise
from tokentape.protocols.usage import Usage
from tokentape.wire.body import decoded_body
from tokentape.wire.jsontext import parse


def recorded():
    for sample in samples():
        found = recognise(sample.request)
        if found.operation.full_name == "openai.chat/create":
            stream = payloads(sample.response, asked=found.operation.stream)
            body = parse(decoded_body(sample.response)) if stream is None else native_fold(stream)
            yield pytest.param(sample.response.status, body, id=sample.id)


def again(body):
    return CODEC.write_reply(told(body), Target(NAME))


def wrote(reply, **more):
    target = Target(NAME, **more)
    return CODEC.write_reply(reply, target), target.losses.report


@pytest.mark.parametrize(("status", "body"), list(recorded()))
def test_every_recorded_reply_comes_back_as_it_was(status, body):
    if status == 200:
        assert again(copy.deepcopy(body)) == body
    else:
        assert CODEC.write_failure(CODEC.read_failure(status, body)) == (status, body)


def test_everything_comes_back_as_it_was():
    assert again(copy.deepcopy(REPLY)) == REPLY


def test_what_it_says():
    reply = told(REPLY)
    thought, said, call, signed = reply.items
    assert thought == Reasoning("Hm.")
    assert said.parts[0].citations[0].url == "https://a/"
    assert len(said.parts[0].logprobs) == 2
    assert signed.opaque[0].data == "c2ln"
    assert call.arguments == '{"city":"Paris"}'
    assert reply.stop.reason is StopReason.TOOL_CALLS
    assert [choice.index for choice in reply.choices] == [0, 1]
    assert (reply.usage.input, reply.usage.output) == (14, 3)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("stop", StopReason.END),
        ("eos", StopReason.END),
        ("length", StopReason.LENGTH),
        ("model_length", StopReason.CONTEXT_WINDOW),
        ("content_filter", StopReason.CONTENT_FILTER),
        ("insufficient_system_resource", StopReason.ERROR),
        ("boredom", StopReason.OTHER),
    ],
)
def test_why_it_stopped(raw, reason):
    body = copy.deepcopy(REPLY)
    body["choices"] = [{"index": 0, "message": {"role": "assistant", "content": "x"}, "finish_reason": raw}]
    assert told(body).stop == Stop(reason, raw)
    assert again(body) == body


def test_a_stop_with_calls_is_one_of_calls_and_keeps_its_word():
    body = {"choices": [{"message": {"content": None, "tool_calls": [CALL]}, "finish_reason": "stop"}]}
    assert told(body).stop == Stop(StopReason.TOOL_CALLS, "stop")
    assert again(body) == body


def test_a_stop_sequence_that_vllm_names():
    body = {"choices": [{"message": {"content": "x"}, "finish_reason": "stop", "stop_reason": "END"}]}
    assert told(body).stop == Stop(StopReason.STOP_SEQUENCE, "stop", "END")
    assert again(body) == body


@pytest.mark.parametrize(
    ("reason", "word", "meaning"),
    [
        (StopReason.END, "stop", 0),
        (StopReason.REFUSAL, "content_filter", 0),
        (StopReason.PAUSE, "stop", 1),
        (StopReason.CONTEXT_WINDOW, "length", 0),
        (StopReason.ERROR, "error", 0),
        (StopReason.OTHER, "stop", 0),
    ],
)
def test_stops_of_other_dialects(reason, word, meaning):
    body, losses = wrote(Reply((Choice((), Stop(reason, "theirs")),)))
    assert body["choices"][0]["finish_reason"] == word
    assert len(losses.meaning) == meaning


def test_a_reply_of_another_dialect():
    citation = Citation("gemini", "web", {}, url="https://a/", title="T", start=1, end=3)
    items = (
        Reasoning("Hm.", ("Sum.",)),
        Message(Role.ASSISTANT, (Text("One."),)),
        ToolCall("", "now", ""),
        Message(Role.ASSISTANT, (Text("Two.", (citation,)), Image(Inline("image/png", "AA==")))),
    )
    usage = Usage(input=100, output=20, cache_read=60, reasoning=5)
    body, losses = wrote(Reply((Choice(items, Stop(StopReason.TOOL_CALLS)),), "msg_1", "claude", 5, usage))
    message = body["choices"][0]["message"]
    assert message["content"] == "One.Two."
    assert message["reasoning_content"] == "Hm.\n\nSum."
    assert message["tool_calls"][0]["function"] == {"name": "now", "arguments": "{}"}
    assert message["tool_calls"][0]["id"].startswith("call_")
    assert message["annotations"][0]["url_citation"]["start_index"] == 5
    assert body["usage"] == {
        "prompt_tokens": 100,
        "completion_tokens": 20,
        "total_tokens": 120,
        "prompt_tokens_details": {"cached_tokens": 60},
        "completion_tokens_details": {"reasoning_tokens": 5},
    }
    assert [loss.what for loss in losses.meaning] == ["image"]


def test_edited_usage_is_written_anew():
    reply = told(REPLY)
    body, _ = wrote(replace(reply, usage=replace(reply.usage, output=4)))
    assert body["usage"]["completion_tokens"] == 4


@pytest.mark.parametrize(
    "body", [{}, {"choices": 1}, {"choices": [{}]}, {"choices": [{"message": {"content": 1}}]}]
)
def test_a_body_that_is_none(body):
    with pytest.raises(ProtocolError):
        CODEC.read_reply(body, SOURCE)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"error": {"message": "no", "code": "context_length_exceeded"}}, FailureKind.CONTEXT_WINDOW),
        (429, {"error": {"message": "no", "code": "insufficient_quota"}}, FailureKind.BILLING),
        (
            400,
            [{"error": {"code": 400, "message": "no", "status": "INVALID_ARGUMENT"}}],
            FailureKind.INVALID_REQUEST,
        ),
        (422, {"detail": [{"msg": "no", "loc": []}]}, FailureKind.INVALID_REQUEST),
        (
            422,
            {"object": "error", "message": {"detail": [{"msg": "no"}]}, "type": "invalid"},
            FailureKind.INVALID_REQUEST,
        ),
        (503, {"error": "no"}, FailureKind.OVERLOADED),
        (500, "no", FailureKind.SERVER),
    ],
)
def test_errors_in_every_shape(status, body, kind):
    failure = CODEC.read_failure(status, body)
    assert (failure.kind, failure.message, failure.status) == (kind, "no", status)


def test_an_error_without_words():
    assert CODEC.read_failure(500, None).message


def test_an_edited_error_comes_out_edited():
    failure = CODEC.read_failure(400, {"error": {"message": "no", "type": "t", "param": "p", "code": "c"}})
    changed = CODEC.write_failure(replace(failure, message="never"))
    assert changed == (400, {"error": {"message": "never", "type": "t", "param": "p", "code": "c"}})


def test_an_overloaded_server_of_anthropic():
    assert CODEC.write_failure(Failure(FailureKind.OVERLOADED, "no", 529))[0] == 503
