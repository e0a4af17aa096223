"""Streams, read: canonical events at once, and the same reply however the bytes come."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from messages_bodies import (
    ASSISTANT,
    NAME,
    OVER,
    begun,
    delta,
    ended,
    events_of,
    folded,
    message,
    replies,
    reply_of,
    started,
    stopped,
    text,
    unfolded,
    written_reply,
)

from tokentape.errors import ProtocolError
from tokentape.protocols.canonical.events import (
    Amend,
    Close,
    Delta,
    Ended,
    Failed,
    Open,
    Ping,
    Remark,
    Stopped,
)
from tokentape.protocols.canonical.failure import FailureKind
from tokentape.protocols.canonical.items import Reasoning, ToolCall
from tokentape.protocols.canonical.parts import Text
from tokentape.protocols.canonical.reply import StopReason
from tokentape.wire.jsontext import parse

WHOLE = message(
    {"type": "thinking", "thinking": "Hm, é.", "signature": "c2ln"}, *ASSISTANT[1:], text("Done."),
    stop="tool_use", container={"id": "c"},
    usage={"input_tokens": 4, "output_tokens": 20, "cache_read_input_tokens": 9, "service_tier": "standard"},
)  # fmt: skip
WIRE = b"".join(
    b"event: " + event.name.encode() + b"\ndata: " + event.data + b"\n\n" for event in unfolded(NAME, WHOLE)
)


@pytest.mark.parametrize("pieces", [None, 1, 2, 7, 100])
def test_a_stream_amounts_to_the_reply(pieces):
    found = folded(WIRE, pieces)
    assert found == reply_of(WHOLE)
    assert written_reply(found)[0] == WHOLE


@pytest.mark.parametrize("at", [*range(0, len(WIRE) - 40, 97)])
def test_a_cut_stream_is_not_complete(at):
    assert not folded(WIRE[:at], 50).complete


@settings(max_examples=60, deadline=None)
@given(replies)
def test_any_reply_reads_the_same_as_a_stream(reply):
    try:
        json.dumps(reply, allow_nan=False)
        expected = reply_of(reply)
    except ValueError:
        return
    data = b"".join(b"data: " + event.data + b"\n\n" for event in unfolded(NAME, reply))
    # An empty id is none: a stream may name its reply later.
    assert folded(data) == replace(expected, id=expected.id or None, model=expected.model or None)


def test_each_event_is_told_at_once():
    wire = [
        started(), begun(0, {"type": "thinking", "thinking": "", "signature": ""}), {"type": "ping"},
        delta(0, "thinking_delta", thinking="Hm"), delta(0, "signature_delta", signature="c2"),
        delta(0, "signature_delta", signature="ln"), stopped(0), begun(1, {"type": "text", "text": "a"}),
        delta(1, "text_delta", text="b"), delta(1, "text_delta", text=""), stopped(1), ended(), OVER,
    ]  # fmt: skip
    events = events_of(*wire)
    assert [type(event).__name__ for event in events] == [
        "Started", "Counted", "Open", "Ping", "Delta", "Amend", "Close", "Open", "Delta", "Close", "Counted",
        "Stopped", "Ended",
    ]  # fmt: skip
    assert events[2].block == Reasoning()
    assert events[5].value.data == "c2ln"
    assert events[7] == Open(1, Text("a"), 0, events[7].message)
    assert events[-1] == Ended(True)


def test_the_output_of_the_start_is_no_count():
    first = events_of(started())[1]
    assert (first.usage.input, first.usage.output) == (14, None)
    last = [event for event in events_of(started(), ended(output=9)) if type(event).__name__ == "Counted"][-1]
    assert (last.usage.input, last.usage.output) == (14, 9)


def test_an_input_that_is_told_at_the_start_is_told_when_no_other_comes():
    whole = {"type": "tool_use", "id": "a", "name": "f", "input": {"a": 1}}
    assert Delta(0, '{"a":1}') in events_of(started(), begun(0, whole), stopped(0))
    again = events_of(
        started(), begun(0, whole), delta(0, "input_json_delta", partial_json='{"a":2}'), stopped(0)
    )
    assert [event for event in again if isinstance(event, Delta)] == [Delta(0, '{"a":2}')]
    assert next(event for event in again if isinstance(event, Open)).block == ToolCall("a", "f", "")


def test_a_block_that_nobody_knows_is_whole_at_its_end():
    wire = [
        started(), begun(0, {"type": "compaction", "content": ""}), delta(0, "compaction_delta", content="a", n=1),
        delta(0, "compaction_delta", content="b"), stopped(0), ended("compaction"), OVER,
    ]  # fmt: skip
    assert Amend(0, "json", {"type": "compaction", "content": "ab", "n": 1}) in events_of(*wire)
    assert folded(wire_of(wire)).stop.reason is StopReason.PAUSE


def wire_of(events):
    from tokentape.protocols.unfolding import sse

    return b"".join(sse(event, event["type"]) for event in events)


def test_events_and_deltas_of_tomorrow_are_remarks():
    odd = delta(0, "x_delta", x=1)
    mixed = delta(0, "thinking_delta", thinking="no")
    found = events_of(started(), {"type": "x_event"}, begun(0, text("")), odd, mixed, stopped(0))
    remarks = [event.json for event in found if isinstance(event, Remark)]
    assert remarks == [{"type": "x_event"}, odd, mixed]


def test_an_error_ends_the_stream():
    wrong = {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}, "request_id": "r"}
    found = events_of(started(), wrong, ended(), OVER)
    assert [type(event) for event in found[2:]] == [Failed, Ended]
    assert (found[2].failure.kind, found[2].failure.status) == (FailureKind.OVERLOADED, None)
    assert found[-1] == Ended(False)


def test_an_end_without_its_own_end_is_none():
    assert events_of(started(), ended())[-1] == Ended(False)
    assert [type(event) for event in events_of({"type": "ping"})] == [Ping, Ended]
    assert folded(wire_of([started(), OVER]) + b"data: [DONE]\n\n").complete


def test_what_the_end_adds_belongs_to_the_reply():
    found = folded(wire_of([started(), {**ended(container={"id": "c"}), "context_management": {}}, OVER]))
    assert found.origin.rest["container"] == {"id": "c"}
    assert found.origin.rest["context_management"] == {}


@pytest.mark.parametrize(
    "wrong",
    [
        [], None, {}, {"type": "message_start"}, {"type": "message_start", "message": {"model": 1}},
        {"type": "content_block_start", "index": "0", "content_block": {"type": "text", "text": ""}},
        begun(0, []), begun(0, {"type": "text", "text": 1}), begun(0, {"type": "tool_use", "id": "a", "name": "b", "input": 1}),
        delta(7, "text_delta", text="a"), {"type": "content_block_delta", "index": 0}, stopped("x"),
        ended(1), {"type": "message_delta", "delta": [], "usage": {}}, {"type": "message_delta", "usage": 1},
    ],
)  # fmt: skip
def test_what_cannot_be_read(wrong):
    from messages_bodies import CODEC, SOURCE

    from tokentape.protocols.payload import Payload

    reader = CODEC.reader(SOURCE)
    with pytest.raises(ProtocolError, match=NAME):
        tuple(reader.read(Payload.read(None, b"x", wrong)))


def test_deltas_of_the_wrong_type():
    for wrong in (delta(0, "text_delta", text=1), delta(0, "citations_delta", citation=1), delta(0, None)):
        with pytest.raises(ProtocolError):
            events_of(started(), begun(0, text("")), wrong)


def test_long_arguments_take_no_more_than_their_length():
    pieces = [delta(0, "input_json_delta", partial_json="x" * 50) for _ in range(20_000)]
    found = events_of(started(), begun(0, {"type": "tool_use", "id": "a", "name": "f", "input": {}}), *pieces)
    assert sum(isinstance(event, Delta) for event in found) == 20_000


def test_the_wire_is_what_the_fold_reads():
    assert parse(WIRE.split(b"data: ")[1].split(b"\n")[0])["type"] == "message_start"
    assert Close(0) in events_of(started(), begun(0, text("")), stopped(0))
    assert not any(isinstance(event, Stopped) for event in events_of(started()))
