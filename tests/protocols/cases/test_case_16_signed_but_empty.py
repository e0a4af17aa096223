"""Case 16: a thought with a signature and no text is valid: it was thought, but not shown."""

from __future__ import annotations

from messages_cases import events_of, home, read, stream_of

from tokentape.protocols.canonical.fold import fold
from tokentape.protocols.canonical.items import Reasoning

EMPTY = {"type": "thinking", "thinking": "", "signature": "c2ln"}


def test_it_stays_in_the_history():
    turn = {"role": "assistant", "content": [EMPTY, {"type": "text", "text": "4"}]}
    body, losses = home(turn)
    assert body["messages"] == [turn]
    assert not losses
    thought = read(turn).items[0]
    assert isinstance(thought, Reasoning)
    assert (thought.text, thought.opaque[0].data) == ("", "c2ln")


def test_it_streams():
    wire = [
        {"type": "message_start", "message": {"id": "m", "model": "claude-opus-4-8"}},
        {"type": "content_block_start", "index": 0, "content_block": {**EMPTY, "signature": ""}},
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "signature_delta", "signature": "c2ln"},
        },
        {"type": "content_block_stop", "index": 0},
        {"type": "message_stop"},
    ]
    events = events_of(*wire)
    assert [(item.text, item.opaque[0].data) for item in fold(events).items] == [("", "c2ln")]
    assert stream_of(*events)[1:4] == wire[1:4]
