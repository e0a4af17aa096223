"""Many calls in one process leave nothing behind in memory. `benchmarks/soak.py` has 10 000 over HTTP."""

from __future__ import annotations

import gc
import json
import tracemalloc

import pytest

from tokentape.opening import open_deck
from tokentape.outcomes import Forward, Replay
from tokentape.wire.interaction import How
from tokentape.wire.message import Request

HEADERS = (("content-type", "application/json"), ("authorization", "Bearer sk-not-a-key"))
REPLY = json.dumps(
    {"choices": [{"index": 0, "message": {"role": "assistant", "content": "word " * 50}}]}
).encode()
PER_CALL = 64
"""Bytes: less than the smallest object that one forgotten reference would keep."""


def call(deck, number):
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": f"Question {number}"}]})
    request = Request("POST", "https://api.openai.com/v1/chat/completions", HEADERS, body.encode())
    outcome = deck.begin(request)
    if isinstance(outcome, Forward):
        outcome.start(200, "OK", HEADERS[:1])
        outcome.chunk(REPLY)
        outcome.end(How.EOF)
    else:
        assert isinstance(outcome, Replay)
        list(outcome.serve(frozenset()))


def growth(deck, calls, numbers):
    """Bytes per call that stay, over the second half of the calls."""
    marks = []
    tracemalloc.start()
    try:
        for count in range(calls):
            if count in (calls // 2, calls - 1):
                gc.collect()
                marks.append(tracemalloc.get_traced_memory()[0])
            call(deck, numbers(count))
    finally:
        tracemalloc.stop()
    return (marks[1] - marks[0]) / (calls // 2)


@pytest.mark.parametrize("place", ["tape.json", "sqlite:tapes.db#tape"])
def test_recording_and_replaying_stay_flat(outside, place):
    deck = open_deck(place, mode="once")
    assert growth(deck, 600, lambda count: count) < PER_CALL
    deck.close()
    deck = open_deck(place, mode="none", repeat="cycle")
    assert growth(deck, 2000, lambda count: count % 100) < PER_CALL
    deck.close()
    assert deck.tally.replayed == 2000
