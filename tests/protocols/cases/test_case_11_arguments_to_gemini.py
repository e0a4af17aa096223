"""Case 11: arguments that come in bits are one whole object in Gemini's stream; none are `{}`."""

from __future__ import annotations

import json

import pytest

from tokentape.protocols.canonical.events import Close, Delta, Ended, Open, Started
from tokentape.protocols.canonical.items import ToolCall
from tokentape.protocols.codec import Target
from tokentape.protocols.translation import codec_of

ARGUMENTS = '{"city":"Paris","days":[1,2],"note":"a \\"quoted\\" \\u00e9"}'


def written(*events):
    target = Target("gemini")
    writer = codec_of("gemini").writer(target)
    chunks = [wire.json for event in (Started("x"), *events, Ended(True)) for wire in writer.write(event)]
    parts = [part for chunk in chunks for part in chunk["candidates"][0]["content"].get("parts", [])]
    return [part["functionCall"] for part in parts], target.losses.report


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_whole_and_once(size):
    bits = [Delta(1, ARGUMENTS[at : at + size]) for at in range(0, len(ARGUMENTS), size)]
    found, losses = written(Open(1, ToolCall("c", "f", "")), *bits, Close(1))
    assert found == [{"id": "c", "name": "f", "args": json.loads(ARGUMENTS)}]
    assert str(losses) == "nothing is lost"


@pytest.mark.parametrize("bits", [[], [Delta(1, "")], [Delta(1, "{}")], [Delta(1, "{"), Delta(1, "}")]])
def test_no_arguments(bits):
    assert written(Open(1, ToolCall("c", "f", "")), *bits)[0] == [{"id": "c", "name": "f", "args": {}}]


@pytest.mark.parametrize("text", ['{"a":', "[1]", "5", "nonsense", "{" * 100_000])
def test_what_is_no_object_is_a_loss(text):
    found, losses = written(Open(1, ToolCall("c", "f", "")), Delta(1, text), Close(1))
    assert found == [{"id": "c", "name": "f", "args": {}}]
    assert [loss.what for loss in losses.meaning] == ["arguments"]


def test_calls_whose_bits_are_mixed():
    found, _ = written(
        Open(1, ToolCall("a", "f", "")), Open(2, ToolCall("b", "g", "")),
        Delta(2, '{"n":'), Delta(1, '{"n":1'), Delta(2, "2}"), Delta(1, "}"), Close(2), Close(1),
    )  # fmt: skip
    assert found == [{"id": "b", "name": "g", "args": {"n": 2}}, {"id": "a", "name": "f", "args": {"n": 1}}]
