"""Written ConverseStreams: blocks one after the other, and never a success after a cut."""

from __future__ import annotations

from converse_bodies import NAME, USAGE
from converse_streams import reads, shown, writes

from tokentape.protocols.canonical.events import (
    Amend,
    Close,
    Counted,
    Delta,
    Ended,
    Failed,
    Open,
    Ping,
    Started,
    Stopped,
)
from tokentape.protocols.canonical.fold import fold
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ServerTool, ToolCall
from tokentape.protocols.canonical.origin import Maker, Opaque
from tokentape.protocols.canonical.parts import Audio, Citation, Image, Inline, Refusal, Text, Unknown, Url
from tokentape.protocols.canonical.reply import Stop, StopReason
from tokentape.protocols.usage import Usage

DONE = Stopped(Stop(StopReason.END, "stop"))
SIGNED = Opaque("signature", "c2ln", Maker("anthropic", "claude"))


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
    assert shown(wire)[1:-2] == [
        (0, "toolUse"), (0, {"input": "{}"}), (0, "stop"),
        (1, {"text": "Hm."}), (1, "stop"), (2, "toolUse"), (2, {"input": "{}"}), (2, "stop"),
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
