"""Case 17: a redacted thought is opaque: it keeps its place, and goes back to the family that made it only."""

from __future__ import annotations

import pytest
from messages_cases import CLAUDE, NAME, events_of, home, stream_of

from tokentape.protocols.codec import Source, Target
from tokentape.protocols.translation import translate_request

REDACTED = {"type": "redacted_thinking", "data": "cmVk"}
CONTENT = [
    {"type": "thinking", "thinking": "a", "signature": "c2ln"}, REDACTED,
    {"type": "thinking", "thinking": "b", "signature": "c2ln"}, {"type": "text", "text": "4"},
]  # fmt: skip
TURN = {"role": "assistant", "content": CONTENT}


def test_it_keeps_its_place():
    body, losses = home(TURN)
    assert body["messages"] == [TURN]
    assert not losses


@pytest.mark.parametrize(
    ("dialect", "model"),
    [("openai.chat", "gpt-5-mini"), ("openai.responses", "gpt-5-mini"), ("gemini", "gemini-2.5-flash")],
)
def test_it_goes_to_nobody_else(dialect, model):
    asked = {"model": CLAUDE, "max_tokens": 100, "messages": [{"role": "user", "content": "2+2?"}, TURN]}
    found = translate_request(asked, Source(NAME), Target(dialect, model))
    assert "cmVk" not in str(found.result.body)
    assert "c2ln" not in str(found.result.body)
    assert found.losses.tuning
    assert not found.losses.meaning


def test_another_family_behind_the_same_dialect_does_not_get_it():
    body, losses = home(TURN, to="kimi-k2")
    assert "cmVk" not in str(body)
    assert {loss.what for loss in losses} >= {"redacted", "signature"}


def test_it_streams():
    wire = [
        {"type": "message_start", "message": {"id": "m", "model": CLAUDE}},
        {"type": "content_block_start", "index": 0, "content_block": REDACTED},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_stop"},
    ]
    assert stream_of(*events_of(*wire))[1:3] == wire[1:3]
