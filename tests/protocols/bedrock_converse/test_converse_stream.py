"""ConverseStream, read event by event."""

from __future__ import annotations

import pytest
from converse_bodies import ANSWERS, CLAUDE, NAME, USAGE, WEB
from converse_streams import BEGIN, SOURCE, delta, end, reads, start, stop, writes

from tokentape.errors import ProtocolError
from tokentape.protocols.bedrock_converse.codec import CODEC
from tokentape.protocols.canonical.events import (
    Delta,
    Ended,
    Open,
    Remark,
    Started,
)
from tokentape.protocols.canonical.failure import FailureKind
from tokentape.protocols.canonical.fold import fold
from tokentape.protocols.canonical.items import Reasoning, ToolCall
from tokentape.protocols.canonical.parts import Image, Inline, Unknown
from tokentape.protocols.canonical.unfold import unfold
from tokentape.protocols.codec import Target

WHOLE = (
    BEGIN,
    delta(0, reasoningContent={"text": "Hm"}),
    delta(0, reasoningContent={"text": "."}),
    delta(0, reasoningContent={"signature": "c2ln"}),
    stop(0),
    delta(1, reasoningContent={"redactedContent": "AAEC"}),
    stop(1),
    delta(2, text="Pa"),
    delta(2, text="ris"),
    delta(2, citation=WEB),
    stop(2),
    start(3, toolUse={"toolUseId": "a", "name": "now"}),
    stop(3),
    start(4, toolUse={"toolUseId": "b", "name": "get_weather"}),
    delta(4, toolUse={"input": '{"city":'}),
    delta(4, toolUse={"input": '"Paris"}'}),
    stop(4),
    *end("tool_use", additionalModelResponseFields={"stop_sequence": "END"}),
)


def test_events_come_at_once():
    assert reads(*WHOLE[:3], ends=False) == [
        Started(NAME, model=CLAUDE, rest={}),
        Open(0, Reasoning()),
        Delta(0, "Hm"),
        Delta(0, "."),
    ]


def test_a_stream_amounts_to_the_whole_reply():
    body = {
        "output": {
            "message": {
                "role": "assistant",
                "content": [
                    {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "c2ln"}}},
                    {"reasoningContent": {"redactedContent": "AAEC"}},
                    {"citationsContent": {"content": [{"text": "Paris"}], "citations": [WEB]}},
                    {"toolUse": {"toolUseId": "a", "name": "now", "input": {}}},
                    {"toolUse": {"toolUseId": "b", "name": "get_weather", "input": {"city": "Paris"}}},
                ],
            }
        },
        "stopReason": "tool_use",
        "usage": USAGE,
        "metrics": {"latencyMs": 5},
        "additionalModelResponseFields": {"stop_sequence": "END"},
    }
    whole = CODEC.read_reply(body, SOURCE)
    found = fold(reads(*WHOLE))
    calls = [item for item in found.items if isinstance(item, ToolCall)]
    assert [item.arguments for item in calls] == ["", '{"city":"Paris"}']
    assert found.items[:3] == whole.items[:3]
    assert (found.stop, found.usage, found.origin.rest) == (whole.stop, whole.usage, whole.origin.rest)
    assert CODEC.write_reply(found, Target(NAME)) == body


def test_everything_of_a_reply_streams_and_comes_back():
    reply = CODEC.read_reply(ANSWERS, SOURCE)
    wire, report = writes(*unfold(reply))
    assert not report
    again = fold(reads(*((event.name, event.json) for event in wire)))
    assert again == reply
    assert CODEC.write_reply(again, Target(NAME))["output"] == ANSWERS["output"]


SERVER = (
    BEGIN,
    start(0, toolUse={"toolUseId": "s", "name": "nova_grounding", "type": "server_tool_use"}),
    delta(0, toolUse={"input": '{"q":1}'}),
    stop(0),
    start(1, toolResult={"toolUseId": "s", "type": "nova_grounding_result", "status": "success"}),
    delta(1, toolResult=[{"text": "a"}]),
    delta(1, toolResult=[{"json": {"b": []}}]),
    stop(1),
    start(2, image={"format": "webp"}),
    delta(2, image={"source": {"bytes": "AAAA"}}),
    stop(2),
    start(3, novelty={"x": 1}),
    delta(3, novelty={"y": 2}),
    stop(3),
    *end(),
)


def test_tools_that_bedrock_runs_and_pictures():
    use, result, message = fold(reads(*SERVER)).items
    assert (use.kind, use.arguments) == ("web_search", '{"q":1}')
    assert result.json["toolResult"]["content"] == [{"text": "a"}, {"json": {"b": []}}]
    assert message.parts == (
        Image(Inline("image/webp", "AAAA")),
        Unknown(NAME, {"novelty": {"x": 1}}),
    )
    events = reads(*SERVER)
    wire, report = writes(*events)
    assert not report
    assert fold(reads(*((event.name, event.json) for event in wire))).items == (use, result, message)
    assert ("contentBlockDelta", delta(3, novelty={"y": 2})[1]) in [
        (event.name, event.json) for event in wire
    ]


def test_what_is_not_known_is_remarked():
    events = reads(
        BEGIN, ("news", {"a": 1}), delta(0, text="a"), delta(0, other=1), delta(1, image={"error": {}})
    )
    assert [event for event in events if isinstance(event, Remark)] == [
        Remark(NAME, "news", {"a": 1}),
        Remark(NAME, "contentBlockDelta", {"contentBlockIndex": 0, "delta": {"other": 1}}),
        Remark(NAME, "contentBlockDelta", {"contentBlockIndex": 1, "delta": {"image": {"error": {}}}}),
    ]
    wire, _ = writes(Remark(NAME, "news", {"a": 1}), Remark("gemini", "x", {}))
    assert [(event.name, event.json) for event in wire][1:] == [("news", {"a": 1})]


def test_an_exception_ends_it():
    events = reads(
        BEGIN, delta(0, text="a"), ("throttlingException", {"message": "slow"}), delta(0, text="b")
    )
    failed, ended = events[-2:]
    assert failed.failure.kind is FailureKind.RATE_LIMIT
    assert failed.failure.message == "slow"
    assert ended == Ended(False)


def test_without_metadata_it_is_not_whole():
    assert reads(*WHOLE[:-1])[-1] == Ended(False)
    assert reads(*WHOLE)[-1] == Ended(True)
    assert reads() == [Ended(False)]


def test_a_block_that_begins_again_is_another():
    events = reads(
        BEGIN, delta(0, text="a"), start(0, toolUse={"toolUseId": "a", "name": "b"}), stop(0), stop(0)
    )
    assert [type(event).__name__ for event in events[1:-1]] == ["Open", "Close", "Open", "Close"]


def test_metadata_without_counts():
    assert [type(event) for event in reads(("metadata", {}))] == [Ended]


@pytest.mark.parametrize(
    "event",
    [
        ("messageStart", {"role": 5}),
        ("contentBlockDelta", {"delta": {"text": "a"}}),
        ("contentBlockDelta", {"contentBlockIndex": True, "delta": {"text": "a"}}),
        delta(0, text=5),
        delta(0, toolUse={"input": "{}"}),
        delta(0, toolResult=[]),
        delta(0, reasoningContent="x"),
        delta(0, reasoningContent={"signature": 5}),
        delta(0, citation=[]),
        start(0, toolUse={}),
        start(0, image={}),
        ("contentBlockStart", {"contentBlockIndex": 0}),
        ("messageStop", {"stopReason": 5}),
        ("metadata", {"usage": 5}),
    ],
    ids=str,
)
def test_a_wrong_event_is_an_error(event):
    with pytest.raises(ProtocolError) as caught:
        reads(event)
    assert caught.value.dialect == NAME
