"""Case 3: Mistral takes ids of exactly nine letters and digits."""

from __future__ import annotations

import re

from tokentape.protocols.codec import Source, Target
from tokentape.protocols.compatible import quirks_of
from tokentape.protocols.translation import translate_request

CALLS = ["call_abcdefghijkl", "call_abcdefghijkm", "D681PevKs"]
BODY = {
    "model": "mistral-large-latest",
    "messages": [
        {"role": "user", "content": "Go."},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": given, "type": "function", "function": {"name": "f", "arguments": "{}"}}
                for given in CALLS
            ],
        },
        *({"role": "tool", "tool_call_id": given, "content": "1"} for given in CALLS),
    ],
}


def ids():
    target = Target("openai.chat", quirks=quirks_of("mistral"))
    messages = translate_request(BODY, Source("openai.chat"), target).result.body["messages"]
    calls = [call["id"] for call in messages[1]["tool_calls"]]
    return calls, [message["tool_call_id"] for message in messages[2:]]


def test_ids_fit_and_pair():
    calls, results = ids()
    assert calls == results
    assert all(re.fullmatch("[a-zA-Z0-9]{9}", given) for given in calls)
    assert len(set(calls)) == 3


def test_one_that_fits_stays():
    assert ids()[0][2] == "D681PevKs"


def test_each_time_the_same():
    assert ids() == ids()
