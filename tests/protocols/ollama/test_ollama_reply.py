"""Replies of Ollama's chat, whole and as lines."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from ollama_bodies import PNG, SOURCE, answer, call, events, folded, read_reply, write_reply, written

from tokentape.errors import ProtocolError
from tokentape.protocols.canonical.conversation import Conversation
from tokentape.protocols.canonical.events import (
    Amend,
    Close,
    Counted,
    Delta,
    Ended,
    Failed,
    Open,
    Ping,
    Remark,
    Started,
    Stopped,
)
from tokentape.protocols.canonical.failure import Failure, FailureKind
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ServerTool, ToolCall
from tokentape.protocols.canonical.origin import Maker, Opaque
from tokentape.protocols.canonical.parts import Audio, CacheMark, Image, Inline, Text
from tokentape.protocols.canonical.reply import Choice, Reply, Stop, StopReason
from tokentape.protocols.codec import Source
from tokentape.protocols.ollama.codec import CODEC
from tokentape.protocols.payload import Payload
from tokentape.protocols.streaming import EventReader
from tokentape.protocols.usage import Usage

TOKEN = {"token": "Hi", "logprob": -0.1, "top_logprobs": [{"token": "Hi", "logprob": -0.1}]}

REPLIES = {
    "text": answer({"content": "Paris."}, total_duration=5, prompt_eval_count=14, eval_count=3),
    "thought": answer({"content": "Yes.", "thinking": "I am."}),
    "calls": answer({"content": "", "tool_calls": [call("f", {"a": 1}, id="c1"), call("g", {})]}),
    "numbered calls": answer(
        {"content": "", "tool_calls": [{"function": {"index": 0, "name": "f", "arguments": {}}}]}
    ),
    "length": answer({"content": "Pari"}, done_reason="length"),
    "loaded": answer({"content": ""}, done_reason="load"),
    "logprobs": answer({"content": "Hi"}, logprobs=[TOKEN]),
    "logprobs of nothing": answer({"content": ""}, logprobs=[TOKEN]),
    "images": answer({"content": "", "images": [PNG]}),
    "unknown fields": answer({"content": "Hi", "mood": "glad"}, remote_model="m", remote_host=None),
    "counts of another kind": answer({"content": "Hi"}, prompt_eval_count=5.0, eval_count=3),
    "other counts": answer({"content": "Hi"}, prompt_eval_count=None, eval_count=3, image_eval_count=1),
    "not done": {**answer({"content": "Hi"}), "done": False},
    "an odd role": {"message": {"role": "tool", "content": "Hi"}, "done": True},
    "no time": {
        "model": "m",
        "message": {"role": "assistant", "content": "Hi"},
        "done": True,
        "done_reason": "stop",
    },
    "odd logprobs": answer({"content": "Hi"}, logprobs=[{"logprob": -0.1}], model=""),
    "no logprobs": answer({"content": "Hi"}, logprobs=[]),
    "nearly nothing": {"message": {}},
    "nulls": {"message": {"role": None, "content": None}, "model": None, "done": None, "created_at": None},
    "another clock": {**answer({"content": "Hi"}), "created_at": "2025-11-21T10:30:00.123456789+01:00"},
    "no clock": {**answer({"content": "Hi"}), "created_at": "yesterday"},
}


@pytest.mark.parametrize("name", REPLIES)
def test_a_reply_comes_back(name):
    assert write_reply(read_reply(REPLIES[name])) == (REPLIES[name], [])


def test_what_it_says_in_canonical_form():
    reply = read_reply(REPLIES["text"])
    assert reply == Reply(
        (Choice((Message(Role.ASSISTANT, (Text("Paris."),)),), Stop(StopReason.END, "stop")),),
        model="qwen3",
        created=1763717400.5,
        usage=Usage(14, 3),
    )
    assert read_reply(REPLIES["another clock"]).created == pytest.approx(1763717400.123456789)
    assert read_reply(REPLIES["no clock"]).created is None
    assert CODEC.read_reply(REPLIES["nearly nothing"], Source("ollama", model="m")).model == "m"


def test_why_it_ended():
    reasons = {
        name: (found := read_reply(REPLIES[name])).stop and found.stop.reason.value for name in REPLIES
    }
    assert {name: reason for name, reason in reasons.items() if reason != "end"} == {
        "calls": "tool_calls", "numbered calls": "tool_calls", "length": "length", "loaded": "other", "not done": None,
    }  # fmt: skip
    assert not read_reply(REPLIES["not done"]).complete


def test_an_edited_reply_is_written_as_it_is_now():
    reply = read_reply(REPLIES["text"])
    choice = replace(
        reply.choices[0],
        items=(Message(Role.ASSISTANT, (Text("Rome."),)),),
        stop=Stop(StopReason.LENGTH),
    )
    body, losses = write_reply(
        replace(reply, choices=(choice,), usage=Usage(20, 4, raw=reply.usage.raw), created=1)
    )
    assert body["message"]["content"] == "Rome."
    assert (body["done_reason"], body["prompt_eval_count"], body["eval_count"]) == ("length", 20, 4)
    assert body["created_at"] == "1970-01-01T00:00:01Z"
    assert losses == []


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"message": None}, "message"),
        ({"message": "x"}, "message"),
        ({"message": {"role": 5}}, "message.role"),
        ({"message": {"content": []}}, "message.content"),
        ({"message": {"tool_calls": 5}}, "message.tool_calls"),
        ({"model": 5}, "model"),
        ({"created_at": 5}, "created_at"),
        ({"done": "yes"}, "done"),
        ({"done_reason": 5}, "done_reason"),
        ({"eval_count": "3"}, "eval_count"),
        ({"logprobs": {}}, "logprobs"),
        ({"response": 5}, "response"),
    ],
)
def test_a_wrong_type_says_where(change, path):
    with pytest.raises(ProtocolError) as caught:
        read_reply({**answer({"content": "Hi"}), **change})
    assert caught.value.path == path


def test_deep_arguments_are_refused():
    deep = {}
    for _ in range(50_000):
        deep = {"a": deep}
    with pytest.raises(ProtocolError, match="nested too deeply"):
        read_reply(answer({"tool_calls": [call("f", deep)]}))


@pytest.mark.parametrize(
    "told", ["2025-13-41T09:30:00Z", "0001-01-01T00:00:00.5+23:59", "9999-12-31T23:59:59-23:59"]
)
def test_a_time_that_is_none(told):
    body = {**answer({"content": "Hi"}), "created_at": told}
    assert write_reply(read_reply(body)) == (body, [])


def test_marks_of_others_go():
    signed = Opaque("signature", "c2ln", Maker("gemini", "gemini"))
    found = ToolCall("c", "f", "{}", opaque=(signed,), cache=CacheMark(), item_id="i")
    _, losses = write_reply(told(StopReason.TOOL_CALLS, (found, ServerTool("ollama", "x", {}))))
    assert [loss.rpartition("[")[2] for loss in losses] == ["tuning]"] * 3


def test_a_summary_of_a_thought_is_told_as_the_thought():
    body, _ = write_reply(told(StopReason.END, (Reasoning(summary=("One.", "Two.")),)))
    assert body["message"]["thinking"] == "One.\n\nTwo."


def told(reason, items=(), **more):
    return Reply((Choice(items, Stop(reason, "raw")),), "reply-1", "m", 1_700_000_000, **more)


@pytest.mark.parametrize(
    ("reason", "word", "severity"),
    [
        (StopReason.END, "stop", None),
        (StopReason.TOOL_CALLS, "stop", None),
        (StopReason.LENGTH, "length", None),
        (StopReason.CONTEXT_WINDOW, "length", "tuning"),
        (StopReason.STOP_SEQUENCE, "stop", "tuning"),
        (StopReason.OTHER, "stop", "tuning"),
        (StopReason.CONTENT_FILTER, "stop", "meaning"),
        (StopReason.REFUSAL, "stop", "meaning"),
        (StopReason.PAUSE, "stop", "meaning"),
        (StopReason.ERROR, "stop", "meaning"),
        (StopReason.CANCELLED, "stop", "meaning"),
    ],
)
def test_reasons_of_others(reason, word, severity):
    body, losses = write_reply(told(reason))
    assert (body["done"], body["done_reason"]) == (True, word)
    assert [severity] * len(losses) == ([severity] if severity else [])
    assert all(f"[{severity}]" in loss for loss in losses)


def test_a_reply_that_failed_or_was_cut_is_never_done():
    cut = write_reply(told(StopReason.END, complete=False))[0]
    assert (cut["done"], "done_reason" in cut) == (False, False)
    failed = write_reply(told(StopReason.END, failure=Failure(FailureKind.SERVER, "it broke")))[0]
    assert (failed["done"], failed["error"]) == (False, "it broke")


def test_what_has_no_place():
    reply = replace(
        told(StopReason.END, (Message(Role.ASSISTANT, (Text("Hi", logprobs=(TOKEN, "odd")),)),)),
        usage=Usage(100, 20, 60, 5),
    )
    reply = replace(reply, choices=(*reply.choices, Choice((), index=1)))
    body, losses = write_reply(reply)
    assert body["logprobs"] == [TOKEN]
    assert (body["prompt_eval_count"], body["eval_count"]) == (100, 20)
    assert [loss.rpartition("[")[2] for loss in losses] == ["meaning]", *["tuning]"] * 3]


def test_who_answered():
    asked = Conversation((), "qwen3")
    assert write_reply(replace(told(StopReason.END), model=None), asked=asked)[0]["model"] == "qwen3"
    assert write_reply(replace(told(StopReason.END), model=None, created=1e30))[0]["created_at"]


# ---- lines


def line(message=None, **more):
    return {"model": "qwen3", "created_at": "2025-11-21T09:29:59.5Z", "message": {"role": "assistant", **(message or {})}, "done": False, **more}  # fmt: skip


LINES = {
    "text": [line({"content": "Par"}), line({"content": "is."}), {**REPLIES["text"], "message": {"role": "assistant", "content": ""}}],
    "thought": [
        line({"content": "", "thinking": "I "}), line({"content": "", "thinking": "am."}), line({"content": "Yes."}),
        answer({"content": ""}),
    ],
    "calls": [
        line({"content": "", "tool_calls": [call("f", {"a": 1}, id="c1")]}),
        line({"content": "", "tool_calls": [call("g", {})]}), answer({"content": ""}),
    ],
    "length": [line({"content": "Pari"}), answer({"content": ""}, done_reason="length")],
    "logprobs": [line({"content": "Hi"}, logprobs=[TOKEN]), answer({"content": ""})],
    "logprobs before text": [line(logprobs=[TOKEN]), line({"content": "Hi"}), answer({"content": ""})],
    "images": [line({"images": [PNG]}), answer({"content": ""})],
    "all in the last line": [REPLIES["thought"]],
}  # fmt: skip
SAME_AS = {"logprobs before text": "logprobs", "all in the last line": "thought"}


@pytest.mark.parametrize("name", LINES)
def test_a_stream_amounts_to_the_reply(name):
    whole = read_reply(REPLIES[SAME_AS.get(name, name)])
    assert folded(LINES[name]) == whole


@pytest.mark.parametrize("name", LINES)
def test_the_pieces_in_which_it_comes_make_no_difference(name):
    wire = b"".join(json.dumps(one).encode() + b"\n" for one in LINES[name])
    bytewise = EventReader(SOURCE)
    found = [event for at in range(len(wire)) for event in bytewise.feed(wire[at : at + 1])]
    assert [*found, *bytewise.end()] == events(LINES[name])


@pytest.mark.parametrize("name", LINES)
def test_a_stream_that_is_cut_is_not_complete(name):
    for at in range(len(LINES[name])):
        assert events(LINES[name][:at])[-1] == Ended(False)


@pytest.mark.parametrize("name", LINES)
def test_a_stream_comes_back(name):
    lines, losses = written(events(LINES[name]))
    assert folded(lines) == folded(LINES[name])
    assert losses == []
    assert [one["done"] for one in lines] == [False] * (len(lines) - 1) + [True]


def test_tokens_of_nothing_are_kept():
    lines = [line(logprobs=[TOKEN]), answer({"content": ""})]
    assert folded(lines).origin.rest == {"logprobs": [TOKEN]}
    assert written(events(lines))[0][-1]["logprobs"] == [TOKEN]


def test_a_stream_of_a_server_that_says_little():
    lines, _ = written(events([{"message": {"content": "Hi"}}, {"done": True}]))
    assert "done_reason" not in lines[-1]
    assert folded(lines).items == (Message(Role.ASSISTANT, (Text("Hi"),)),)
    again, _ = written([BEGUN, BEGUN._replace(created=None), Ended(True)])
    assert again[0]["created_at"] == "2023-11-14T22:13:20Z"


def test_events_come_with_their_line():
    reader = CODEC.reader(SOURCE)
    first = reader.read(Payload(None, json.dumps(line({"content": "Par"})).encode()))
    assert [type(event) for event in first] == [Started, Open, Delta]


def test_an_error_ends_the_stream():
    found = events(
        [line({"content": "Par"}), {"error": "model runner has unexpectedly stopped"}, line({"content": "!"})]
    )
    failure = found[-2].failure
    assert (failure.kind, failure.status) == (FailureKind.SERVER, None)
    assert found[-1] == Ended(False)
    assert events([{"error": "model 'm' not found"}])[0].failure.kind is FailureKind.NOT_FOUND


@pytest.mark.parametrize("data", [b"[DONE]", b"5", b"null", b"[]", b"{"])
def test_a_line_that_is_no_object(data):
    with pytest.raises(ProtocolError):
        CODEC.reader(SOURCE).read(Payload(None, data))


def test_deep_arguments_in_a_line():
    deep = {}
    for _ in range(50_000):
        deep = {"a": deep}
    message = line({"tool_calls": [call("f", deep)]})
    with pytest.raises(ProtocolError, match="nested too deeply"):
        CODEC.reader(SOURCE).read(Payload.read(None, b"", message))


BEGUN = Started("elsewhere", "reply-1", "m", 1_700_000_000)


def test_blocks_that_are_open_at_once_keep_their_order():
    lines, _ = written([
        BEGUN, Open(0, Text("")), Open(1, ToolCall("c1", "f", "")), Open(2, Text("")), Open(3, ToolCall("c2", "g", "")),
        Delta(2, "Two."), Delta(0, "One. "), Delta(3, "{}"), Close(3), Delta(1, '{"a":'), Close(0), Delta(1, "1}"),
        Close(1), Stopped(Stop(StopReason.TOOL_CALLS)), Ended(True),
    ])  # fmt: skip
    assert "".join(one["message"]["content"] for one in lines) == "One. Two."
    calls = [found for one in lines for found in one["message"].get("tool_calls", [])]
    assert [(found["id"], found["function"]["arguments"]) for found in calls] == [
        ("c1", {"a": 1}),
        ("c2", {}),
    ]
    assert [found["function"]["index"] for found in calls] == [0, 1]


def test_what_nobody_closes_is_told_at_the_end():
    lines, losses = written([BEGUN, Open(0, ToolCall("c", "f", "{}")), Open(1, Text("Hi")), Ended(True)])
    assert folded(lines).items == (
        Message(Role.ASSISTANT, (Text("Hi"),)), ToolCall("c", "f", "{}"),
    )  # fmt: skip
    assert losses == []


@pytest.mark.parametrize(
    "end",
    [[Ended(False)], [Failed(Failure(FailureKind.SERVER, "it broke")), Ended(False)]],
    ids=["cut", "failed"],
)
def test_what_is_cut_ends_with_an_error(end):
    lines, losses = written([
        BEGUN, Open(0, ToolCall("c", "f", "")), Delta(0, '{"a'), Open(1, Text("")), Delta(1, "Hi"),
        Stopped(Stop(StopReason.END)), *end, Open(2, Text("more")), Ended(True),
    ])  # fmt: skip
    assert set(lines[-1]) == {"error"}
    assert not any(one.get("done") for one in lines)
    assert folded(lines).items == (Message(Role.ASSISTANT, (Text("Hi"),)),)
    assert "cut before it was whole" in losses[0]


def test_odd_events():
    lines, losses = written([
        Ping(), Remark("ollama", None, {}), Counted(Usage(input=14)), Open(0, Reasoning(summary=("One.",))),
        Delta(0, "Two.", 1), Delta(0, "Three.", 2), Amend(0, "opaque", object()), Close(0), Close(9), Amend(9, "x", 1),
        Delta(9, "x"), Open(1, ToolCall("c", "f", "{}")), Amend(1, "arguments", ""), Delta(1, '{"b":2}'),
        Amend(1, "id", "c9"), Open(2, Text("No."), 1), Delta(2, "no"), Close(2), Stopped(None, 1),
        Open(3, Image(Inline("image/png", PNG))), Close(3), Open(4, Audio(Inline("audio/wav", "AA"))), Close(4),
        Open(5, Message(Role.ASSISTANT, (Text("Hi"),))), Amend(5, "logprobs", "odd"), Close(5), Counted(Usage(output=3)),
        Ended(True),
    ])  # fmt: skip
    again = folded(lines)
    assert again.items == (
        Reasoning("One.Two.\n\nThree."),
        Message(Role.ASSISTANT, (Image(Inline("image/png", PNG)), Text("Hi"))),
        ToolCall("c9", "f", '{"b":2}'),
    )
    assert again.usage == Usage(14, 3)
    assert [loss.rpartition("[")[2] for loss in losses] == ["tuning]", "meaning]", "meaning]", "tuning]"]


def test_errors_come_back_and_are_told():
    body = {"error": "model 'm' not found", "code": 7}
    failure = CODEC.read_failure(404, body)
    assert (failure.kind, failure.message) == (FailureKind.NOT_FOUND, "model 'm' not found")
    assert CODEC.write_failure(failure) == (404, body)
    assert CODEC.read_failure(502, {"error": {"message": "no"}}).message == "no"
    assert CODEC.write_failure(Failure(FailureKind.OVERLOADED, "busy")) == (503, {"error": "busy"})
