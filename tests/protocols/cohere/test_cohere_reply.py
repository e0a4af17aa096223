"""Replies of Cohere's chat, whole and streamed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from cohere_bodies import SOURCE, answer, call, events, folded, read_reply, text, write_reply, written

from tokentape.errors import ProtocolError
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
from tokentape.protocols.canonical.parts import Audio, Citation, Inline, Refusal, Text
from tokentape.protocols.canonical.reply import Choice, Reply, Stop, StopReason
from tokentape.protocols.codec import Source
from tokentape.protocols.cohere.codec import CODEC
from tokentape.protocols.payload import Payload
from tokentape.protocols.streaming import EventReader
from tokentape.protocols.usage import Usage

USED = {
    "billed_units": {"input_tokens": 5, "output_tokens": 3},
    "tokens": {"input_tokens": 14, "output_tokens": 3},
}
TOKEN = {"text": "Hi", "token_ids": [1], "logprobs": [-0.1]}
CITED = {
    "start": 0,
    "end": 3,
    "text": "Par",
    "sources": [{"type": "document", "id": "d", "document": {"title": "T"}}],
}

REPLIES = {
    "text": answer({"content": [text("Paris.")]}, usage=USED),
    "cached": answer({"content": [text("Paris.")]}, usage={**USED, "cached_tokens": 8}),
    "thought": answer({"content": [{"type": "thinking", "thinking": "Hm."}, text("Yes.")]}),
    "plan and calls": answer(
        {"tool_plan": "I look.", "tool_calls": [call("c1", "f", '{"a":1}'), call("c2", "g", "{}")]},
        "TOOL_CALL",
    ),
    "length": answer({"content": [text("Pari")]}, "MAX_TOKENS"),
    "sequence": answer({"content": [text("Pari")]}, "STOP_SEQUENCE"),
    "logprobs": answer({"content": [text("Hi")]}, logprobs=[TOKEN]),
    "logprobs of nothing": answer({"content": []}, logprobs=[TOKEN]),
    "citations": answer({"content": [text("Paris.")], "citations": [CITED]}),
    "empty fields": answer({"content": [], "tool_plan": "", "tool_calls": [], "citations": []}),
    "unknown fields": answer({"content": [text("Hi", x=1)], "mood": "glad"}, meta={"x": 1}, warnings=None),
    "counts of another kind": answer({"content": [text("Hi")]}, usage={"tokens": {"input_tokens": 5.5}}),
    "failed": answer({"content": [text("Pa")]}, "ERROR"),
    "too late": answer({"content": []}, "TIMEOUT"),
    "toxic": answer({"content": []}, "ERROR_TOXIC"),
    "a new word": answer({"content": []}, "TIRED"),
    "text content": answer({"content": "Paris."}),
    "odd logprobs": answer({"content": [text("Hi")]}, logprobs=[{"text": "Hi"}], id=""),
    "no logprobs": answer({"content": [text("Hi")]}, logprobs=[]),
    "nearly nothing": {"message": {}},
    "nulls": {
        "message": {"role": None, "content": None, "tool_calls": None},
        "id": None,
        "finish_reason": None,
    },
}


@pytest.mark.parametrize("name", REPLIES)
def test_a_reply_comes_back(name):
    assert write_reply(read_reply(REPLIES[name])) == (REPLIES[name], [])


def test_what_it_says_in_canonical_form():
    assert read_reply(REPLIES["cached"]) == Reply(
        (Choice((Message(Role.ASSISTANT, (Text("Paris."),)),), Stop(StopReason.END, "COMPLETE")),),
        "r-1",
        usage=Usage(14, 3, 8),
    )
    cited = read_reply(REPLIES["citations"]).items[0].parts[0].citations[0]
    assert (cited.start, cited.end, cited.title) == (0, 3, "T")
    assert CODEC.read_reply(REPLIES["text"], Source("cohere", model="command-a")).model == "command-a"


def test_why_it_ended():
    reasons = {
        name: (found := read_reply(REPLIES[name])).stop and found.stop.reason.value for name in REPLIES
    }
    assert {name: reason for name, reason in reasons.items() if reason != "end"} == {
        "plan and calls": "tool_calls", "length": "length", "sequence": "stop_sequence", "failed": "error",
        "too late": "error", "toxic": "content_filter", "a new word": "other", "nearly nothing": None, "nulls": None,
    }  # fmt: skip
    assert [name for name in REPLIES if not read_reply(REPLIES[name]).complete] == ["failed", "too late"]
    assert read_reply(REPLIES["too late"]).failure.kind is FailureKind.TIMEOUT


def test_an_edited_reply_is_written_as_it_is_now():
    reply = read_reply(REPLIES["text"])
    choice = replace(
        reply.choices[0], items=(Message(Role.ASSISTANT, (Text("Rome."),)),), stop=Stop(StopReason.LENGTH)
    )
    body, losses = write_reply(replace(reply, choices=(choice,), usage=Usage(20, 4, 2, raw=reply.usage.raw)))
    assert body == {
        "id": "r-1", "message": {"role": "assistant", "content": [text("Rome.")]}, "finish_reason": "MAX_TOKENS",
        "usage": {"tokens": {"input_tokens": 20, "output_tokens": 4}, "cached_tokens": 2},
    }  # fmt: skip
    assert losses == []


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"message": None}, "message"),
        ({"message": {"role": 5}}, "message.role"),
        ({"message": {"content": 5}}, "message.content"),
        ({"message": {"content": ["x"]}}, "message.content[0]"),
        ({"message": {"tool_calls": [5]}}, "message.tool_calls[0]"),
        ({"id": 5}, "id"),
        ({"finish_reason": 5}, "finish_reason"),
        ({"logprobs": 5}, "logprobs"),
    ],
)
def test_a_wrong_type_says_where(change, path):
    with pytest.raises(ProtocolError) as caught:
        read_reply({**REPLIES["text"], **change})
    assert caught.value.path == path


def told(reason, items=(), **more):
    return Reply((Choice(items, Stop(reason, "raw")),), "reply-1", "m", 1_700_000_000, **more)


@pytest.mark.parametrize(
    ("reason", "word", "severity"),
    [
        (StopReason.END, "COMPLETE", None),
        (StopReason.TOOL_CALLS, "TOOL_CALL", None),
        (StopReason.LENGTH, "MAX_TOKENS", None),
        (StopReason.STOP_SEQUENCE, "STOP_SEQUENCE", None),
        (StopReason.ERROR, "ERROR", None),
        (StopReason.CONTEXT_WINDOW, "MAX_TOKENS", "tuning"),
        (StopReason.OTHER, "COMPLETE", "tuning"),
        (StopReason.CANCELLED, "ERROR", "tuning"),
        (StopReason.CONTENT_FILTER, "COMPLETE", "meaning"),
        (StopReason.REFUSAL, "COMPLETE", "meaning"),
        (StopReason.PAUSE, "COMPLETE", "meaning"),
    ],
)
def test_reasons_of_others(reason, word, severity):
    body, losses = write_reply(told(reason))
    assert body["finish_reason"] == word
    assert [f"[{severity}]" in loss for loss in losses] == ([True] if severity else [])


def test_a_reply_that_failed_or_was_cut_never_ended_well():
    assert write_reply(told(StopReason.END, complete=False))[0]["finish_reason"] == "ERROR"
    failed = told(StopReason.END, failure=Failure(FailureKind.SERVER, "it broke"))
    assert write_reply(failed)[0]["finish_reason"] == "ERROR"


def test_what_has_no_place():
    reply = told(StopReason.END, (Message(Role.ASSISTANT, (Text("Hi", logprobs=(TOKEN, {"token": "Hi"})),)),))
    reply = replace(
        reply, id=None, usage=Usage(100, 20, 60, 5), choices=(*reply.choices, Choice((), index=1))
    )
    reply = replace(
        reply,
        choices=(
            replace(reply.choices[0], stop=Stop(StopReason.STOP_SEQUENCE, sequence="E")),
            reply.choices[1],
        ),
    )
    body, losses = write_reply(reply)
    assert body["logprobs"] == [TOKEN]
    assert body["id"] == write_reply(reply)[0]["id"] != ""
    assert body["usage"] == {"tokens": {"input_tokens": 100, "output_tokens": 20}, "cached_tokens": 60}
    assert [loss.rpartition("[")[2] for loss in losses] == ["meaning]", *["tuning]"] * 3]


# ---- streams


def event(kind, message=None, **more):
    delta = {} if message is None else {"delta": {"message": message}}
    return {"type": kind, **delta, **more}


START = event("message-start", {"role": "assistant", "content": [], "tool_calls": []}, id="r-1")


def content(*pieces, kind="text", index=0):
    return [
        event("content-start", {"content": {"type": kind, kind: ""}}, index=index),
        *(event("content-delta", {"content": {kind: piece}}, index=index) for piece in pieces),
        event("content-end", index=index),
    ]


def calling(given, name, *pieces, index=0):
    return [
        event("tool-call-start", {"tool_calls": call(given, name, "")}, index=index),
        *(
            event("tool-call-delta", {"tool_calls": {"function": {"arguments": one}}}, index=index)
            for one in pieces
        ),
        event("tool-call-end", index=index),
    ]


def ended(reason, **more):
    return {"type": "message-end", "delta": {"finish_reason": reason, **more}}


STREAMS = {
    "text": [START, *content("Par", "is."), ended("COMPLETE", usage=USED)],
    "thought": [START, *content("Hm.", kind="thinking"), *content("Yes.", index=1), ended("COMPLETE")],
    "plan and calls": [
        START, event("tool-plan-delta", {"tool_plan": "I "}), event("tool-plan-delta", {"tool_plan": "look."}),
        *calling("c1", "f", '{"a"', ":1}"), *calling("c2", "g", "{}", index=1), ended("TOOL_CALL"),
    ],
    "length": [START, *content("Pari"), ended("MAX_TOKENS")],
    "citations": [
        START, *content("Paris.")[:-1], event("citation-start", {"citations": CITED}, index=0),
        event("citation-end", index=0), event("content-end", index=0), ended("COMPLETE"),
    ],
    "logprobs": [START, *content("Hi"), ended("COMPLETE")],
}  # fmt: skip
STREAMS["logprobs"][2]["logprobs"] = TOKEN


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_amounts_to_the_reply(name):
    assert folded(STREAMS[name]) == read_reply(REPLIES[name])


@pytest.mark.parametrize("name", STREAMS)
def test_the_pieces_in_which_it_comes_make_no_difference(name):
    wire = b"".join(f"event: {one['type']}\ndata: {json.dumps(one)}\n\n".encode() for one in STREAMS[name])
    wire += b"data: [DONE]\n\n"
    bytewise = EventReader(SOURCE)
    found = [one for at in range(len(wire)) for one in bytewise.feed(wire[at : at + 1])]
    assert [*found, *bytewise.end()] == events(STREAMS[name])


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_that_is_cut_is_not_complete(name):
    for at in range(len(STREAMS[name])):
        assert events(STREAMS[name][:at])[-1] == Ended(False)


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_comes_back(name):
    again, done, losses = written(events(STREAMS[name]))
    assert folded(again) == folded(STREAMS[name])
    assert (done, losses) == (True, [])


def test_events_come_with_theirs():
    reader = CODEC.reader(SOURCE)
    found = [reader.read(Payload(one["type"], json.dumps(one).encode())) for one in STREAMS["text"][:3]]
    assert [[type(one) for one in each] for each in found] == [[Started], [Open], [Delta]]


@pytest.mark.parametrize(
    ("last", "kind", "message"),
    [
        (ended("ERROR", error="it broke"), FailureKind.SERVER, "it broke"),
        (ended("TIMEOUT"), FailureKind.TIMEOUT, "the reply ended with TIMEOUT"),
        ({"type": "message-end", "delta": {"error": "it broke"}}, FailureKind.SERVER, "it broke"),
    ],
)
def test_an_error_ends_the_stream(last, kind, message):
    found = events([START, *content("Pa"), last, *content("ris.")])
    assert (found[-2].failure.kind, found[-2].failure.message) == (kind, message)
    assert found[-1] == Ended(False)


def test_odd_streams_are_read():
    found = folded([
        event("content-delta", {"content": {"thinking": "Hm."}}, index=3),
        event("content-start", {"content": {"text": "Par"}}),
        event("content-start", {"content": {"type": "text", "text": "is."}}),
        event("content-end"), event("content-end"), event("content-end", index=9),
        event("tool-call-start", {"tool_calls": call("c", "f", "{}")}), event("tool-call-end"),
        event("tool-call-delta", {"tool_calls": {"function": {"arguments": "late"}}}),
        {"type": "message-end"},
    ])  # fmt: skip
    assert found.items == (
        Reasoning("Hm."),
        Message(Role.ASSISTANT, (Text("Par"), Text("is."))),
        ToolCall("c", "f", "{}"),
    )
    assert (found.complete, found.stop) == (True, None)
    again, done, _ = written(
        events([START, event("content-delta", {"content": {}}), {"type": "message-end"}])
    )
    assert (again[-1], done) == ({"type": "message-end", "delta": {}}, True)


@pytest.mark.parametrize(
    "one",
    [
        {"type": "debug", "prompt": "x"},
        {"type": ["odd"]},
        event("citation-start", {"citations": {"start": 0, "type": "PLAN"}}, index=0),
        event("citation-start", {"citations": {"start": 0, "content_index": 7}}, index=0),
    ],
)
def test_what_has_no_place_in_a_reply_is_a_remark(one):
    assert isinstance(events([one])[0], Remark)


@pytest.mark.parametrize(
    "one",
    [
        event("content-delta"),
        event("content-delta", {"content": 5}),
        event("content-delta", {"content": {"text": 5}}),
        event("content-start", {"content": {"text": "x"}}, index="x"),
        event("tool-call-delta", {"tool_calls": {"function": {"arguments": "{}"}}}),
        event("tool-plan-delta", {"tool_plan": None}),
        event("tool-call-start", {"tool_calls": {}}),
        event("citation-start", {"citations": []}),
        event("message-start", {}, id=5),
        {"type": "message-end", "delta": 5},
    ],
)
def test_a_wrong_event_is_an_error(one):
    with pytest.raises(ProtocolError):
        events([one])


@pytest.mark.parametrize("data", [b"5", b"null", b"[]", b"{"])
def test_an_event_that_is_no_object(data):
    with pytest.raises(ProtocolError):
        CODEC.reader(SOURCE).read(Payload("x", data))


BEGUN = Started("elsewhere", "reply-1", "m", 1_700_000_000)


def test_blocks_that_are_open_at_once_are_told_by_index():
    again, done, losses = written([
        BEGUN, Open(0, Text("")), Open(1, ToolCall("c1", "f", "")), Open(2, Text("")), Open(3, ToolCall("c2", "g", "")),
        Delta(2, "Two."), Delta(0, "One. "), Delta(3, "{}"), Close(3), Delta(1, '{"a":'), Close(0), Delta(1, "1}"),
        Stopped(Stop(StopReason.TOOL_CALLS)), Ended(True), Ping(),
    ])  # fmt: skip
    assert folded(again).items == (
        Message(Role.ASSISTANT, (Text("One. "),)), ToolCall("c1", "f", '{"a":1}'),
        Message(Role.ASSISTANT, (Text("Two."),)), ToolCall("c2", "g", "{}"),
    )  # fmt: skip
    indices = [
        (one["type"], one["index"]) for one in again if one["type"].endswith("start") and "index" in one
    ]
    assert indices == [
        ("content-start", 0),
        ("tool-call-start", 0),
        ("content-start", 1),
        ("tool-call-start", 1),
    ]
    assert sum(one["type"].endswith("end") for one in again) == 5
    assert (done, losses) == (True, [])


@pytest.mark.parametrize(
    ("end", "message"),
    [
        ([Ended(False)], "the stream ended before its own end"),
        ([Failed(Failure(FailureKind.SERVER, "it broke")), Ended(False)], "it broke"),
    ],
    ids=["cut", "failed"],
)
def test_what_is_cut_ends_with_an_error(end, message):
    again, done, _ = written([
        BEGUN, Open(0, Text("")), Delta(0, "Hi"), Counted(Usage(1)), Stopped(Stop(StopReason.END)), *end, Ended(True),
    ])  # fmt: skip
    assert (again[-1]["type"], done) == ("message-end", False)
    assert again[-1]["delta"]["finish_reason"] == "ERROR"
    assert again[-1]["delta"]["error"] == message
    assert not folded(again).complete


def test_odd_events():
    signed = Opaque("signature", "c2ln", Maker("anthropic", "claude"))
    web = Citation("gemini", "web", {}, "https://e.com", "E", "It.", 0, 2)
    again, _, losses = written([
        Ping(), Remark("cohere", None, {}), Counted(Usage(input=14)), Open(0, Reasoning(summary=("One.",), opaque=(signed,))),
        Delta(0, "Two.", 1), Delta(0, "Three.", 2), Amend(0, "opaque", signed), Close(0), Close(9), Amend(9, "x", 1),
        Delta(9, "x"), Open(2, Text("No."), 1), Delta(2, "no"), Close(2), Stopped(None, 1),
        Open(4, Audio(Inline("audio/wav", "AA"))), Close(4), Open(5, Refusal("No")), Close(5),
        Open(6, Text("Hi", (web, replace(web, end=None)), logprobs=(TOKEN, {}))), Close(6),
        Open(7, ServerTool("cohere", "x", {})), Open(8, Message(Role.ASSISTANT, (Text("So"),))), Close(8),
        Open(10, ToolCall("", "f", "")), Close(10), Counted(Usage(output=3)), Ended(True),
    ])  # fmt: skip
    found = folded(again)
    assert found.items[0] == Reasoning("One.Two.\n\nThree.")
    assert [part.text for part in found.items[1].parts] == ["No", "Hi", "So"]
    assert found.items[1].parts[1].citations[0].title == "E"
    assert found.items[2].arguments == "{}"
    assert found.items[2].id.startswith("call_")
    assert found.usage == Usage(14, 3)
    assert sum("[meaning]" in loss for loss in losses) == 2


def test_a_reply_may_be_nothing_but_calls():
    foreign = replace(
        told(StopReason.TOOL_CALLS, (ToolCall("c", "f", "{}"), ServerTool("cohere", "x", {}))), origin=None
    )
    assert "content" not in write_reply(foreign)[0]["message"]
    assert write_reply(told(StopReason.END))[0]["message"] == {"role": "assistant", "content": []}


def test_errors_come_back_and_are_told():
    body = {"id": "x", "message": "no such model", "data": {"a": 1}}
    failure = CODEC.read_failure(404, body)
    assert (failure.kind, failure.message, failure.request_id) == (
        FailureKind.NOT_FOUND,
        "no such model",
        "x",
    )
    assert CODEC.write_failure(failure) == (404, body)
    assert CODEC.read_failure(498, {"message": "invalid token", "id": 5}).kind is FailureKind.AUTHENTICATION
    assert CODEC.read_failure(501, {"message": "no"}).kind is FailureKind.UNSUPPORTED
    assert (
        CODEC.read_failure(400, {"message": "blocked output: please adjust"}).kind
        is FailureKind.CONTENT_FILTER
    )
    assert CODEC.read_failure(400, {"error": {"message": "no"}}).message == "no"
    assert CODEC.write_failure(Failure(FailureKind.OVERLOADED, "busy")) == (503, {"message": "busy"})
