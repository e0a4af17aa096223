"""Streams, written: one lifecycle, whatever order the events come in."""

from __future__ import annotations

import json

import pytest
from messages_bodies import NAME, events_of, folded, stream_of

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
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ToolCall
from tokentape.protocols.canonical.origin import Maker, Opaque
from tokentape.protocols.canonical.parts import Citation, Image, Refusal, Text, Unknown, Url
from tokentape.protocols.canonical.reply import Stop, StopReason
from tokentape.protocols.codec import Target
from tokentape.protocols.usage import Usage

BEGIN = Started("openai.chat", "r1", "gpt-5-mini")
END = (Stopped(Stop(StopReason.END, "stop")), Ended(True))


def blocks(wire):
    """The blocks as they stand on the wire: their type and text; each ends before the next begins."""
    found, current = [], None
    for event in wire:
        kind = event["type"]
        if kind == "content_block_start":
            assert current is None
            assert event["index"] == len(found)
            current = [event["content_block"]["type"], ""]
        elif kind == "content_block_delta":
            assert current is not None
            assert event["index"] == len(found)
            said = event["delta"]
            current[1] += next(
                (str(said[name]) for name in ("text", "thinking", "partial_json") if name in said), ""
            )
        elif kind == "content_block_stop":
            assert event["index"] == len(found)
            found.append(tuple(current))
            current = None
    return found if current is None else [*found, (*current, "open")]


def kinds(wire):
    return [event["type"] for event in wire]


def test_a_text():
    wire = stream_of(BEGIN, Ping(), Open(0, Text("")), Delta(0, "a"), Delta(0, "b"), Close(0), *END)
    assert kinds(wire) == [
        "message_start", "ping", "content_block_start", "content_block_delta", "content_block_delta",
        "content_block_stop", "message_delta", "message_stop",
    ]  # fmt: skip
    assert wire[0]["message"] == {
        "id": "r1", "type": "message", "role": "assistant", "model": "gpt-5-mini", "content": [],
        "stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 0, "output_tokens": 0},
    }  # fmt: skip
    assert wire[-2] == {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn", "stop_sequence": None},
        "usage": {"input_tokens": 0, "output_tokens": 0},
    }


def test_counts_may_come_at_any_time():
    counts = (Counted(Usage(10, 1)), Stopped(Stop(StopReason.END)), Counted(Usage(None, 5, 4)), Ended(True))
    wire = stream_of(BEGIN, Open(0, Text("")), Delta(0, "a"), *counts)
    assert wire[-2]["usage"] == {"input_tokens": 6, "cache_read_input_tokens": 4, "output_tokens": 5}
    assert kinds(wire)[-3] == "content_block_stop"


def test_the_start_waits_for_nothing_and_blocks_without_words_are_none():
    assert kinds(stream_of(BEGIN)) == ["message_start"]
    wire = stream_of(BEGIN, Open(0, Text("")), Open(1, Reasoning()), Close(0), Close(1), *END)
    assert kinds(wire) == ["message_start", "message_delta", "message_stop"]
    assert kinds(stream_of(Ended(True))) == ["message_start", "message_delta", "message_stop"]


def test_a_text_that_goes_on_behind_another_block_goes_on_in_a_new_one():
    call = ToolCall("c", "f", "")
    wire = stream_of(
        BEGIN, Open(0, Text("a")), Open(1, call), Delta(1, "{}"), Delta(0, "b"), Close(1), Delta(0, "c"), *END
    )
    assert blocks(wire) == [("text", "a"), ("tool_use", "{}"), ("text", "bc")]


def test_interleaved_calls_wait_for_their_turn():
    first, second = ToolCall("c1", "f", ""), ToolCall("c2", "g", "")
    events = [BEGIN, Open(0, first), Open(1, second)]
    for piece in ('{"a"', ": ", "1}"):
        events += [Delta(0, piece), Delta(1, piece)]
    wire = stream_of(*events, *END)
    assert blocks(wire) == [("tool_use", '{"a": 1}')] * 2
    early = stream_of(*events[:4])
    assert blocks(early) == [("tool_use", '{"a"', "open")]


def test_a_call_that_is_whole_makes_way_at_once():
    events = [BEGIN, Open(0, ToolCall("c1", "f", "")), Delta(0, '{"a": 1}'), Open(1, ToolCall("c2", "g", ""))]
    assert blocks(stream_of(*events, Delta(1, "{"))) == [("tool_use", '{"a": 1}'), ("tool_use", "{", "open")]


def test_a_call_that_goes_on_after_it_was_whole_is_a_loss():
    target = Target(NAME)
    stream_of(
        BEGIN, Open(0, ToolCall("c", "f", "{}")), Close(0), Delta(0, " "), Delta(0, "x"), *END, target=target
    )
    assert [loss.what for loss in target.losses.report.meaning] == ["arguments"]


def test_summaries_are_paragraphs_of_one_thought():
    wire = stream_of(
        BEGIN, Open(0, Reasoning()), Delta(0, "One", 0), Delta(0, ".", 0), Delta(0, "Two.", 1),
        Amend(0, "summary", "Three."), *END,
    )  # fmt: skip
    assert blocks(wire) == [("thinking", "One.\n\nTwo.\n\nThree.")]
    assert wire[1]["content_block"] == {"type": "thinking", "thinking": "", "signature": ""}


def test_opaque_state_goes_to_its_family_only():
    mine, theirs = Maker("anthropic", "claude"), Maker("google", "gemini")
    signed = Amend(0, "opaque", Opaque("signature", "c2ln", mine))
    start = Started("bedrock.converse", "r", "claude-sonnet-4-5")
    wire = stream_of(start, Open(0, Reasoning()), Delta(0, "Hm"), signed, *END)
    assert {"type": "signature_delta", "signature": "c2ln"} in [event.get("delta") for event in wire]
    redacted = Open(0, Reasoning(opaque=(Opaque("redacted", "cmVk", mine),)))
    assert stream_of(start, redacted, *END)[1]["content_block"] == {
        "type": "redacted_thinking",
        "data": "cmVk",
    }
    target = Target(NAME)
    foreign = Amend(0, "opaque", Opaque("thought_signature", "x", theirs))
    stream_of(
        start,
        Open(0, Reasoning("Hm")),
        foreign,
        Open(1, ToolCall("c", "f", "{}")),
        foreign._replace(key=1),
        *END,
        target=target,
    )
    assert {loss.what for loss in target.losses.report} == {"thought signature"}


def test_citations_logprobs_media_and_choices():
    own, other = Citation(NAME, "x", {"type": "x"}), Citation("openai.chat", "url_citation", {})
    target = Target(NAME)
    wire = stream_of(
        BEGIN, Open(0, Text("a", (own,))), Amend(0, "citations", other), Amend(0, "logprobs", {}),
        Open(1, Image(Url("https://a/b.png"))), Open(2, Text("no"), 1), Delta(2, "no"), Close(1), *END, target=target,
    )  # fmt: skip
    assert blocks(wire) == [("text", "a")]
    assert {"type": "citations_delta", "citation": {"type": "x"}} in [event.get("delta") for event in wire]
    assert {loss.what for loss in target.losses.report.meaning} == {"image", "choices"}
    assert {loss.what for loss in target.losses.report.tuning} == {"citation", "logprobs"}


def test_a_custom_call_is_json_all_the_way():
    call = ToolCall("c", "sql", "", kind="custom")
    wire = stream_of(BEGIN, Open(0, call), Delta(0, 'a "b"'), Delta(0, "\nc"), Close(0), *END)
    assert json.loads(blocks(wire)[0][1]) == {"input": 'a "b"\nc'}


def test_a_refusal_is_a_text():
    wire = stream_of(BEGIN, Open(0, Refusal("")), Delta(0, "No."), *END)
    assert blocks(wire) == [("text", "No.")]
    assert wire[-2]["delta"]["stop_reason"] == "refusal"


@pytest.mark.parametrize("after", [0, 1, 2])
def test_an_error_is_the_last_event(after):
    said = (BEGIN, Open(0, Text("")), Delta(0, "a"))[:after]
    failed = Failed(Failure(FailureKind.OVERLOADED, "busy", 503))
    wire = stream_of(*said, failed, Delta(0, "b"), Ended(True))
    assert wire[-1] == {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}
    assert kinds(wire).count("error") == 1
    assert "message_stop" not in kinds(wire)


def test_a_cut_is_an_error_and_leaves_the_block_open():
    wire = stream_of(BEGIN, Open(0, ToolCall("c", "f", "")), Delta(0, '{"a"'), Ended(False))
    assert kinds(wire)[-2:] == ["content_block_delta", "error"]
    assert folded_wire(wire).failure.kind is FailureKind.SERVER


def folded_wire(wire):
    from tokentape.protocols.unfolding import sse

    return folded(b"".join(sse(event, event["type"]) for event in wire))


def test_own_blocks_and_events_go_through():
    compaction, remark = {"type": "compaction", "content": "ab"}, {"type": "x_delta", "index": 7}
    head = Started(NAME, "m", "claude-sonnet-4-5", rest={"container": None, "usage": {"output_tokens": 1}})
    wire = stream_of(
        head, Counted(Usage(3, raw={"input_tokens": 3, "service_tier": "standard"})), Open(0, Text("")),
        Remark(NAME, "x_delta", remark), Close(0), Open(1, Unknown(NAME, {}), 0, Message(Role.ASSISTANT, ())),
        Amend(1, "json", compaction), Close(1), Started(NAME, rest={"container": {"id": "c"}, "x": 1}), *END,
    )  # fmt: skip
    assert wire[0]["message"]["usage"] == {"input_tokens": 3, "service_tier": "standard", "output_tokens": 1}
    assert {"type": "x_delta", "index": 0} in wire
    assert wire[-3]["type"] == "content_block_stop"
    assert wire[-4]["content_block"] == compaction
    assert wire[-2]["delta"]["container"] == {"id": "c"}
    assert (wire[-2]["x"], wire[-2]["usage"]) == (1, {"input_tokens": 3, "output_tokens": 0})
    assert stream_of(*events_of(*wire)) == wire


def test_a_call_without_an_id_gets_the_same_one_each_time():
    events = (BEGIN, Open(0, ToolCall("", "f", "")), Close(0), *END)
    first, second = stream_of(*events), stream_of(*events)
    assert first == second
    assert first[1]["content_block"]["id"].startswith("toolu_")
    assert first[-2]["delta"]["stop_reason"] == "end_turn"
    assert stream_of(*events[:3], Ended(True))[-2]["delta"]["stop_reason"] == "tool_use"


def test_events_of_keys_that_nobody_opened_say_nothing():
    assert kinds(stream_of(BEGIN, Delta(9, "a"), Amend(9, "x", 1), Close(9))) == ["message_start"]
