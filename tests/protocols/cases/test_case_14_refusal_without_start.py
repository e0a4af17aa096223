"""Case 14: the stream of a refusal may end a block that it never began."""

from __future__ import annotations

from messages_cases import events_of, stream_of

from tokentape.protocols.canonical.events import Close, Ended, Open
from tokentape.protocols.canonical.fold import fold
from tokentape.protocols.canonical.reply import StopReason

WIRE = (
    {"type": "message_start", "message": {"id": "m", "model": "claude", "usage": {"input_tokens": 3}}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "refusal"}, "usage": {"output_tokens": 0}},
    {"type": "message_stop"},
)


def test_it_is_read_as_an_empty_refusal():
    events = events_of(*WIRE)
    assert not any(isinstance(event, Open | Close) for event in events)
    assert events[-1] == Ended(True)
    reply = fold(events)
    assert (reply.items, reply.stop.reason, reply.complete) == ((), StopReason.REFUSAL, True)


def test_it_is_written_without_the_end_of_a_block():
    kinds = [event["type"] for event in stream_of(*events_of(*WIRE))]
    assert kinds == ["message_start", "message_delta", "message_stop"]
