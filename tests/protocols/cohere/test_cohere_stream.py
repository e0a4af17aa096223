"""Streams of Cohere's chat."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from cohere_bodies import (
    CITED,
    REPLIES,
    SOURCE,
    TOKEN,
    USED,
    call,
    events,
    folded,
    read_reply,
    written,
)

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
from tokentape.protocols.canonical.reply import Stop, StopReason
from tokentape.protocols.cohere.codec import CODEC
from tokentape.protocols.payload import Payload
from tokentape.protocols.streaming import EventReader
from tokentape.protocols.usage import Usage


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
