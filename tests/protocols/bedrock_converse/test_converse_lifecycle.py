"""Whatever events come, in whatever order: a valid ConverseStream, with every call's arguments whole."""

from __future__ import annotations

from collections import Counter

from converse_bodies import NAME
from hypothesis import given, settings
from hypothesis import strategies as st

from tokentape.protocols.bedrock_converse.codec import CODEC
from tokentape.protocols.canonical.events import Amend, Close, Counted, Delta, Ended, Open, Started, Stopped
from tokentape.protocols.canonical.items import Reasoning, ToolCall
from tokentape.protocols.canonical.origin import Maker, Opaque
from tokentape.protocols.canonical.parts import Refusal, Text
from tokentape.protocols.canonical.reply import Stop, StopReason
from tokentape.protocols.codec import Target
from tokentape.protocols.usage import Usage

SIGNED = Opaque("signature", "c2ln", Maker("anthropic", "claude"))
BLOCKS = (Text(""), Text("t"), Refusal(""), Reasoning(), Reasoning("r"), ToolCall("", "f", ""))
pieces = st.sampled_from(["", "a", "b", '{"x":1}'])


@st.composite
def sequences(draw):
    """Blocks that open, go on and close in any order; some are never closed."""
    events = [Started("elsewhere", "r1")] if draw(st.booleans()) else []
    is_open = []
    for key in range(draw(st.integers(0, 5))):
        block = draw(st.sampled_from(BLOCKS))
        if isinstance(block, ToolCall):
            block = ToolCall(f"call_{key}", "f", "")
        events.append(Open(key, block))
        is_open.append(key)
        for _ in range(draw(st.integers(0, 5))):
            at = draw(st.sampled_from(is_open)) if is_open else None
            kind = draw(st.sampled_from(["more", "more", "sign", "close", "count"]))
            if at is None or kind == "count":
                events.append(Counted(Usage(draw(st.integers(0, 9)), 1)))
            elif kind == "more":
                events.append(Delta(at, draw(pieces)))
            elif kind == "sign":
                events.append(Amend(at, "opaque", SIGNED))
            else:
                events.append(Close(at))
                is_open.remove(at)
    return [*events, Stopped(Stop(StopReason.END)), Ended(True)]


def written(events):
    writer = CODEC.writer(Target(NAME))
    return [wire for event in events for wire in writer.write(event)]


def blocks_of(wire):
    """The blocks, each as its start and its deltas; asserts that they follow each other."""
    blocks, is_open = [], False
    for event in wire:
        told = event.json
        if event.name == "contentBlockStop":
            assert is_open
            assert told == {"contentBlockIndex": len(blocks) - 1}
            is_open = False
            continue
        if not is_open:
            blocks.append((told.get("start"), []))
            is_open = True
        assert told["contentBlockIndex"] == len(blocks) - 1
        if event.name == "contentBlockDelta":
            blocks[-1][1].append(told["delta"])
        else:
            assert not blocks[-1][1]
    assert not is_open
    return blocks


@settings(max_examples=300, deadline=None)
@given(sequences())
def test_blocks_follow_each_other(events):
    wire = written(events)
    assert wire[0].name == "messageStart"
    assert [event.name for event in wire[-2:]] == ["messageStop", "metadata"]
    kinds = Counter(event.name for event in wire)
    assert kinds["messageStart"] == kinds["messageStop"] == kinds["metadata"] == 1
    for start, deltas in blocks_of(wire[1:-2]):
        assert start or deltas
        assert all(delta != {"text": ""} for delta in deltas)
        assert len({name for delta in deltas for name in delta}) <= 1


@settings(max_examples=300, deadline=None)
@given(sequences())
def test_the_arguments_of_every_call_are_whole(events):
    expected = {
        event.block.id: ""
        for event in events
        if isinstance(event, Open) and isinstance(event.block, ToolCall)
    }
    for event in events:
        if isinstance(event, Delta) and f"call_{event.key}" in expected:
            expected[f"call_{event.key}"] += event.text
    found = {
        start["toolUse"]["toolUseId"]: "".join(delta["toolUse"]["input"] for delta in deltas)
        for start, deltas in blocks_of(written(events)[1:-2])
        if start
    }
    assert found == {call: told or "{}" for call, told in expected.items()}


@settings(max_examples=200, deadline=None)
@given(sequences())
def test_no_text_is_lost(events):
    texts = {
        event.key for event in events if isinstance(event, Open) and isinstance(event.block, Text | Refusal)
    }
    said = "".join(
        event.block.text if isinstance(event, Open) else event.text
        for event in events
        if isinstance(event, Open | Delta) and event.key in texts
    )
    found = "".join(
        delta.get("text", "") for _, deltas in blocks_of(written(events)[1:-2]) for delta in deltas
    )
    assert Counter(found) == Counter(said)


@settings(max_examples=100, deadline=None)
@given(sequences(), st.integers(0, 30))
def test_what_is_cut_is_an_exception(events, at):
    wire = written([*events[: min(at, len(events) - 1)], Ended(False)])
    assert wire[-1].exception
    assert not {"messageStop", "metadata"} & {event.name for event in wire}
