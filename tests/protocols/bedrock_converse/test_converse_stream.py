"""ConverseStream: events in and out, blocks one after the other, and never a success after a cut."""

from __future__ import annotations

import json

import pytest
from converse_bodies import ANSWERS, CLAUDE, NAME, USAGE, WEB

from tokentape.errors import ProtocolError
from tokentape.protocols.bedrock_converse.codec import CODEC
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
from tokentape.protocols.canonical.failure import FailureKind
from tokentape.protocols.canonical.fold import fold
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ServerTool, ToolCall
from tokentape.protocols.canonical.origin import Maker, Opaque
from tokentape.protocols.canonical.parts import Audio, Citation, Image, Inline, Refusal, Text, Unknown, Url
from tokentape.protocols.canonical.reply import Stop, StopReason
from tokentape.protocols.canonical.unfold import unfold
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.payload import Payload
from tokentape.protocols.usage import Usage

SOURCE = Source(NAME, model=CLAUDE)
DONE = Stopped(Stop(StopReason.END, "stop"))
SIGNED = Opaque("signature", "c2ln", Maker("anthropic", "claude"))


def start(index, **told):
    return "contentBlockStart", {"contentBlockIndex": index, "start": told}


def delta(index, **told):
    return "contentBlockDelta", {"contentBlockIndex": index, "delta": told}


def stop(index):
    return "contentBlockStop", {"contentBlockIndex": index}


BEGIN = ("messageStart", {"role": "assistant", "p": "abc"})
METADATA = ("metadata", {"usage": USAGE, "metrics": {"latencyMs": 5}, "p": "ab"})


def end(reason="end_turn", **more):
    return (("messageStop", {"stopReason": reason, **more}), METADATA)


def reads(*wire, ends=True):
    reader = CODEC.reader(SOURCE)
    events = [event for name, told in wire for event in reader.read(Payload(name, json.dumps(told).encode()))]
    return [*events, *reader.end()] if ends else events


def writes(*events, **target):
    to = Target(NAME, **target)
    writer = CODEC.writer(to)
    return [wire for event in events for wire in writer.write(event)], to.losses.report


def shown(wire):
    """What is written, in short."""
    names = {"messageStart": "begin", "messageStop": "end"}
    found = []
    for event in wire:
        index, told = event.json.get("contentBlockIndex"), event.json
        match event.name:
            case "contentBlockStart":
                found.append((index, *told["start"]))
            case "contentBlockDelta":
                found.append((index, *told["delta"].values()))
            case "contentBlockStop":
                found.append((index, "stop"))
            case _:
                found.append(names.get(event.name, event.name))
    return found


# ---- reading

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


# ---- writing


def test_the_whole_lifecycle():
    wire, report = writes(
        Ping(), Started("gemini", "r", "m"), Open(0, Text("a")), Delta(0, "b"), Close(0),
        Open(1, ToolCall("call.1", "now", "")), Delta(1, "{}"), Close(1), Counted(Usage(14, 3)), DONE, Ended(True),
        Delta(0, "late"),
    )  # fmt: skip
    assert shown(wire) == [
        "begin", (0, "a"), (0, "b"), (0, "stop"), (1, "toolUse"), (1, {"input": "{}"}), (1, "stop"), "end", "metadata",
    ]  # fmt: skip
    assert wire[-2].json == {"stopReason": "end_turn"}
    assert wire[-1].json == {"metrics": {"latencyMs": 0}, "usage": USAGE}
    assert wire[4].json["start"]["toolUse"]["toolUseId"].startswith("call_1_")
    assert not report


def test_case_9_parallel_calls_never_overlap():
    a, b = ToolCall("a", "x", ""), ToolCall("b", "y", "")
    wire, _ = writes(
        Open(0, Text("")), Delta(0, "t"), Open(1, a), Open(2, b), Delta(1, "1"), Delta(2, "2"), Delta(1, "3"),
        Open(3, Text("u")), Close(2), Delta(2, "!"), Close(1), Close(3), Delta(0, "v"), Close(0), Ended(True),
    )  # fmt: skip
    assert shown(wire) == [
        "begin", (0, "t"), (0, "stop"),
        (1, "toolUse"), (1, {"input": "1"}), (1, {"input": "3"}), (1, "stop"),
        (2, "toolUse"), (2, {"input": "2"}), (2, {"input": "!"}), (2, "stop"),
        (3, "u"), (3, "stop"), (4, "v"), (4, "stop"), "end", "metadata",
    ]  # fmt: skip
    assert wire[-2].json == {"stopReason": "tool_use"}


def test_what_nobody_closes_is_closed():
    wire, _ = writes(
        Open(0, ToolCall("a", "x", "")), Open(1, Text("b")), Open(2, ToolCall("c", "y", "{}")), Ended(True)
    )
    assert [entry for entry in shown(wire) if entry[1:] == ("stop",)] == [
        (0, "stop"),
        (1, "stop"),
        (2, "stop"),
    ]


def test_a_thought_that_goes_on_is_another_block():
    wire, _ = writes(
        Open(0, ToolCall("a", "x", "")), Close(0), Open(1, Reasoning("Hm.")), Close(1), Open(2, ToolCall("b", "x", "")),
        Delta(1, "More."), Amend(1, "opaque", SIGNED), Close(2), Close(1), Delta(9, "?"), Close(9), Ended(True),
    )  # fmt: skip
    assert shown(wire)[3:-2] == [
        (1, {"text": "Hm."}), (1, "stop"), (2, "toolUse"), (2, "stop"),
        (3, {"text": "More."}), (3, {"signature": "c2ln"}), (3, "stop"),
    ]  # fmt: skip


def test_arguments_after_their_end_are_lost():
    _, report = writes(Open(0, ToolCall("a", "x", "")), Close(0), Delta(0, "{}"), Ended(True))
    assert [loss.what for loss in report.meaning] == ["arguments of x"]


def test_case_25_blocks_of_nothing_are_no_blocks():
    wire, _ = writes(
        Open(0, Text("")), Delta(0, ""), Close(0), Open(1, Reasoning()), Close(1), Open(2, Refusal("")),
        Close(2), Open(3, Text("a")), Close(3), Ended(True),
    )  # fmt: skip
    assert shown(wire) == ["begin", (0, "a"), (0, "stop"), "end", "metadata"]


def test_case_16_a_signature_without_text_stays():
    wire, _ = writes(Open(0, Reasoning()), Amend(0, "opaque", SIGNED), Close(0), Ended(True))
    assert shown(wire)[1:3] == [(0, {"signature": "c2ln"}), (0, "stop")]
    (found,) = fold(reads(*((event.name, event.json) for event in wire))).items
    assert found == Reasoning(opaque=(SIGNED,))


def test_summaries_are_thoughts_that_stand_apart():
    wire, _ = writes(
        Open(0, Reasoning()), Delta(0, "One.", 0), Delta(0, "Two.", 1), Delta(0, "..", 1),
        Amend(0, "summary", "Three."), Close(0), Ended(True),
    )  # fmt: skip
    (found,) = fold(reads(*((event.name, event.json) for event in wire))).items
    assert found.text == "One.\n\nTwo...\n\nThree."


def test_what_has_no_place_is_lost():
    blob = Opaque("thought_signature", "x", Maker("google", "gemini"))
    page = Citation("gemini", "web", {}, url="https://a.b")
    place = Citation("gemini", "x", {})
    wire, report = writes(
        Open(0, Text("a", (page,))), Amend(0, "citations", place), Amend(0, "opaque", blob), Close(0),
        Open(1, ToolCall("", "x", "{}", opaque=(blob,))), Close(1), Open(2, Audio(id="x")), Close(2),
        Open(3, Image(Url("https://a.b/c.png"))), Close(3), Open(4, Text("b"), 1), Amend(0, "id", "x"),
        Open(5, Reasoning(opaque=(blob,))), Delta(5, "Hm."), Close(5), Delta(2, "?"), Ended(True),
    )  # fmt: skip
    assert [loss.what for loss in report.meaning] == ["audio", "image by URL", "more choices"]
    assert {loss.what for loss in report.tuning} == {"citations", "thought signature"}
    assert shown(wire)[2] == (0, {"location": {"web": {"url": "https://a.b"}}})
    assert wire[4].json["start"]["toolUse"]["toolUseId"].startswith("tooluse_")


def test_what_was_cut_is_no_success():
    wire, _ = writes(Started("gemini"), Open(0, Text("a")), DONE, Counted(Usage(1, 1)), Ended(False))
    assert [event.name for event in wire] == [
        "messageStart",
        "contentBlockDelta",
        "modelStreamErrorException",
    ]
    assert wire[-1].exception


def test_an_error_is_an_exception_and_nothing_follows():
    failure = reads(("throttlingException", {"message": "slow"}))[0].failure
    wire, _ = writes(Failed(failure), Ended(False), Open(0, Text("a")))
    assert [(event.name, event.json, event.exception) for event in wire] == [
        ("throttlingException", {"message": "slow"}, True)
    ]


def test_a_refusal_is_text():
    wire, _ = writes(
        Open(0, Refusal("N")), Delta(0, "o."), Close(0), Stopped(Stop(StopReason.REFUSAL)), Ended(True)
    )
    assert shown(wire)[1:3] == [(0, "N"), (0, "o.")]
    assert wire[-2].json == {"stopReason": "content_filtered"}


def test_unknown_blocks_of_its_own_are_written():
    odd = ServerTool(NAME, "x", {"news": 1})
    wire, _ = writes(
        Open(0, odd), Close(0), Open(1, Unknown(NAME, "x")), Amend(1, "json", 5), Close(1), Ended(True)
    )
    assert shown(wire)[1:5] == [(0, "news"), (0, "stop"), (1,), (1, "stop")]


def test_late_fields_of_the_reply():
    wire, _ = writes(
        Started(NAME, rest={"x": 1, "trace": {}}),
        Started(NAME, rest={"y": 2}),
        Open(0, Text("a")),
        DONE,
        Ended(True),
    )
    assert wire[0].json == {"role": "assistant", "x": 1}
    assert wire[-1].json == {"metrics": {"latencyMs": 0}, "trace": {}, "y": 2}


def test_a_message_may_name_itself():
    shell = Message(Role.ASSISTANT, (), id="msg_1")
    wire, _ = writes(Open(0, Text("a"), 0, shell), Close(0), Ended(True))
    assert shown(wire) == ["begin", (0, "a"), (0, "stop"), "end", "metadata"]


def test_text_for_a_block_that_has_none_goes_nowhere():
    picture = Image(Inline("image/png", "AAAA"))
    wire, _ = writes(
        Open(0, picture),
        Delta(0, "x"),
        Close(0),
        Open(1, ServerTool(NAME, "x", {"toolResult": {}})),
        Ended(True),
    )
    assert [entry[:2] for entry in shown(wire)[1:-2]] == [
        (0, "image"), (0, {"source": {"bytes": "AAAA"}}), (0, "stop"), (1, "toolResult"), (1, "stop"),
    ]  # fmt: skip
