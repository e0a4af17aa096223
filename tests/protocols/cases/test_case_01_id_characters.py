"""Case 1: Anthropic takes ids of `[a-zA-Z0-9_-]` only; those that conform stay byte for byte, others are
cleaned and marked with a hash, the same on call and result, each time.
"""

from __future__ import annotations

import re

import pytest
from messages_cases import call, from_chat, home, result

FITS = re.compile(r"[a-zA-Z0-9_-]{1,64}")
ODD = ["functions.look:0", "functions look 0", "id/1", "é", "a" * 65, "call_1|fc_2", "", " "]


def ids(given):
    body, losses = from_chat(
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "tool_calls": [call(given)]},
        result(given),
        {"role": "user", "content": "Again"},
        {"role": "assistant", "tool_calls": [call(given)]},
        result(given),
    )
    assert not losses.meaning
    blocks = [
        block
        for message in body["messages"]
        if isinstance(message["content"], list)
        for block in message["content"]
    ]
    return [block.get("id", block.get("tool_use_id")) for block in blocks if block["type"] != "text"]


@pytest.mark.parametrize("given", ["call_1", "toolu_01A", "call-ABC", "x" * 64, "0"])
def test_ids_that_conform_stay(given):
    assert ids(given) == [given] * 4


@pytest.mark.parametrize("given", [given for given in ODD if given])
def test_other_ids_are_cleaned_alike_on_call_and_result(given):
    found = ids(given)
    assert len(set(found)) == 1
    assert FITS.fullmatch(found[0])
    assert found == ids(given)


def test_ids_that_clean_alike_stay_different():
    assert ids("a.b")[0] != ids("a:b")[0]


def test_ids_of_the_same_dialect_are_not_touched():
    message = {
        "role": "assistant",
        "content": [{"type": "tool_use", "id": "f.x:0", "name": "f", "input": {}}],
    }
    body, _ = home(message)
    assert body["messages"] == [message]
