"""Streams: of servers that leave things out, and the life of every kind of item."""

from __future__ import annotations

import json

import pytest
from responses_bodies import (
    CITED,
    CODE,
    CUSTOM,
    FAILED,
    LIKELY,
    MCP,
    NAME,
    QUEUED,
    REPLIES,
    SEARCH,
    call,
    message,
    read_reply,
    replied,
    said,
    streamed,
    thought,
    written_reply,
)

from tokentape.errors import ProtocolError
from tokentape.protocols.canonical.events import (
    Amend,
    Close,
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
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ToolCall
from tokentape.protocols.canonical.parts import Citation, Image, Refusal, Text, Unknown, Url
from tokentape.protocols.canonical.reply import Stop, StopReason
from tokentape.protocols.canonical.unfold import unfold
from tokentape.protocols.codec import Source
from tokentape.protocols.openai_responses.codec import CODEC
from tokentape.protocols.openai_responses.unfold import unfold as native_stream
from tokentape.protocols.payload import Payload
from tokentape.protocols.synthesis import Asked
from tokentape.wire.event import decode
from tokentape.wire.sse import SseDecoder


def payload(event):
    return Payload(event.get("type"), json.dumps(event).encode())


def reads(*events, end=True):
    reader = CODEC.reader(Source(NAME))
    found = [found for event in events for found in reader.read(payload(event))]
    return found + (list(reader.end()) if end else [])


def native(reply):
    """The events that the provider would have sent."""
    frames = native_stream(reply, Asked("https://h/", {}))
    return [json.loads(event.data) for event in decode(SseDecoder(), frames) if event.data]


def without(events, *kinds):
    return [event for event in events if not any(kind in event["type"] for kind in kinds)]


ODD = [
    (),
    ("delta",),
    ("content_part",),
    ("output_item.added", "content_part", "output_text.done"),
    ("output_item.done",),
    ("output_item.done", "content_part.done", "done"),
    ("output_item", "content_part", "delta", "done", "annotation"),
    ("response.created", "in_progress"),
]


@pytest.mark.parametrize("reply", [*REPLIES, FAILED], ids=range(len(REPLIES) + 1))
@pytest.mark.parametrize("left_out", ODD, ids=" ".join)
def test_servers_that_leave_things_out(reply, left_out):
    events = without(native(reply), *left_out)
    assert fold(reads(*events)) == read_reply(reply)


@pytest.mark.parametrize("reply", REPLIES, ids=range(len(REPLIES)))
def test_a_stream_is_written_again_as_it_was(reply):
    events = native(reply)
    written = streamed(reads(*events))
    assert written[-1]["response"] == reply
    if reply["status"] == "cancelled" or "reasoning_text" in json.dumps(reply):
        return  # The end of a cancelled one has no event of its own; a thought of two parts is written as one.
    assert sorted(event["type"] for event in written) == sorted(event["type"] for event in events)


def test_places_may_be_left_out():
    bare = [
        {name: value for name, value in event.items() if not name.endswith("_index") and name != "item_id"}
        for event in native(replied(thought("Hm."), message(said("Paris."))))
    ]
    assert fold(reads(*bare)) == read_reply(replied(thought("Hm."), message(said("Paris."))))


def test_finished_items_fill_an_ending_event_without_output():
    events = native(replied(message(said("Paris.")), call()))
    events[-1] = {**events[-1], "response": {**events[-1]["response"], "output": []}}
    assert fold(reads(*events)) == read_reply(replied(message(said("Paris.")), call()))


def test_bits_without_any_item():
    deltas = [
        {"type": "response.reasoning_summary_text.delta", "output_index": 0, "item_id": "rs_1", "delta": "H"},
        {"type": "response.reasoning_text.delta", "output_index": 0, "delta": "So."},
        {"type": "response.refusal.delta", "output_index": 1, "delta": "No."},
        {"type": "response.output_text.delta", "output_index": 2, "delta": "P", "logprobs": [LIKELY]},
        {"type": "response.output_text.annotation.added", "output_index": 2, "annotation": CITED},
        {"type": "response.function_call_arguments.delta", "output_index": 3, "delta": "{"},
        {"type": "response.function_call_arguments.delta", "output_index": 2, "delta": "{"},
        {"type": "response.reasoning_text.delta", "output_index": 2, "delta": "So."},
    ]
    found = fold(reads(*deltas))
    assert [type(item).__name__ for item in found.items] == ["Reasoning", "Message", "Message"]
    assert (found.items[0].text, found.items[0].summary, found.items[0].id) == ("So.", ("H",), "rs_1")
    assert found.items[2].parts[0].logprobs == (LIKELY,)
    assert len(found.items[2].parts[0].citations) == 1
    assert not found.complete


def test_a_text_that_turns_out_shorter():
    events = native(replied(message(said("Paris is."))))
    part = next(event for event in events if event["type"] == "response.content_part.done")
    part["part"] = said("Paris")
    assert fold(reads(*events)).items[0].parts[0].text == "Paris"


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"type": "keepalive"}, [Ping()]),
        ({"type": "response.web_search_call.searching", "x": 1}, [Remark]),
        ({"type": "response.output_text.done", "text": "x"}, []),
    ],
)
def test_other_events(event, expected):
    found = reads(event, end=False)
    assert found == expected or [type(one) for one in found] == expected


@pytest.mark.parametrize(
    "event",
    [
        {"type": "error", "code": "rate_limit_exceeded", "message": "slow", "param": None, "sequence_number": 3},
        {"type": "error", "error": {"type": "x", "code": "rate_limit_exceeded", "message": "slow"}},
        {"type": "response.failed", "response": replied(
            status="failed", error={"code": "rate_limit_exceeded", "message": "slow"})},
    ],
)  # fmt: skip
def test_an_error_in_the_stream(event):
    found = reads(event)
    failed = next(one for one in found if isinstance(one, Failed)).failure
    assert (failed.kind, failed.message) == (FailureKind.RATE_LIMIT, "slow")
    assert found[-1] == Ended(False)
    assert found.count(Ended(False)) == 1


def test_nothing_comes_after_the_end():
    events = native(replied())
    reader = CODEC.reader(Source(NAME))
    for event in events:
        tuple(reader.read(payload(event)))
    assert tuple(reader.read(payload(events[0]))) == ()
    assert tuple(reader.read(Payload(None, b"[DONE]"))) == ()
    assert tuple(reader.end()) == ()


def test_a_stream_that_ends_before_the_response_does():
    found = fold(reads({"type": "response.done", "response": QUEUED}))
    assert (found.complete, found.stop) == (False, None)
    assert not fold(reads()).complete


@pytest.mark.parametrize(
    ("event", "path"),
    [
        ({"type": 5}, "type"),
        ({"type": "response.created"}, "response"),
        ({"type": "response.completed"}, "response"),
        ({"type": "response.output_item.added", "output_index": 10**9, "item": SEARCH}, "output_index"),
        ({"type": "response.output_item.added", "item": 5}, "item"),
        ({"type": "response.output_text.delta", "delta": 5}, "delta"),
        ({"type": "response.output_text.delta", "delta": "x", "content_index": -1}, "content_index"),
        (
            {"type": "response.reasoning_summary_text.delta", "delta": "x", "summary_index": 10**9},
            "summary_index",
        ),
        ({"type": "response.content_part.added", "part": 5}, "part"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(event, path):
    with pytest.raises(ProtocolError) as caught:
        reads(event)
    assert caught.value.path == path


# ---- the writer

BEGUN = Started("elsewhere", "msg_1", "claude", 1_700_000_000)
END = (Stopped(Stop(StopReason.END)), Ended(True))


def kinds(*events):
    return [event["type"].removeprefix("response.") for event in streamed((BEGUN, *events, *END))][2:-1]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (MCP, ["output_item.added", "mcp_call_arguments.delta", "mcp_call_arguments.done", "output_item.done"]),
        (CODE, ["output_item.added", "code_interpreter_call_code.delta", "code_interpreter_call_code.done",
                "output_item.done"]),
        (CUSTOM, ["output_item.added", "custom_tool_call_input.delta", "custom_tool_call_input.done",
                  "output_item.done"]),
        (SEARCH, ["output_item.added", "output_item.done"]),
        (thought("A.", "B."), ["output_item.added",
            "reasoning_summary_part.added", "reasoning_summary_text.delta", "reasoning_summary_text.done",
            "reasoning_summary_part.done", "reasoning_summary_part.added", "reasoning_summary_text.delta",
            "reasoning_summary_text.done", "reasoning_summary_part.done", "output_item.done"]),
    ],
)  # fmt: skip
def test_the_life_of_an_item(item, expected):
    written = streamed(unfold(read_reply(replied(item)), 1000))
    assert [event["type"].removeprefix("response.") for event in written][2:-1] == expected
    assert written[-1]["response"]["output"] == [item]


def test_an_item_is_done_when_the_next_one_begins():
    shell = Message(Role.ASSISTANT, ())
    assert kinds(
        Open(0, Text(""), 0, shell), Delta(0, "a"), Close(0), Open(1, Text("b"), 0, shell), Close(1),
        Open(2, ToolCall("c", "f", "")), Open(3, ToolCall("d", "g", "")), Delta(2, "{}"), Close(3), Close(2),
    ) == [
        "output_item.added", "content_part.added", "output_text.delta", "output_text.done", "content_part.done",
        "content_part.added", "output_text.delta", "output_text.done", "content_part.done", "output_item.done",
        "output_item.added", "output_item.added", "function_call_arguments.delta",
        "function_call_arguments.delta", "function_call_arguments.done", "function_call_arguments.done",
        "output_item.done", "output_item.done",
    ]  # fmt: skip


def test_places_and_ids_of_parallel_calls():
    events = streamed((
        BEGUN, Open(0, ToolCall("a", "f", "")), Open(1, ToolCall("b", "f", "")), Delta(0, '{"x":'), Delta(1, "{}"),
        Delta(0, "1}"), Close(0), Close(1), *END,
    ))  # fmt: skip
    deltas = [event for event in events if event["type"].endswith("arguments.delta")]
    assert [event["output_index"] for event in deltas] == [0, 1, 0]
    ids = [item["id"] for item in events[-1]["response"]["output"]]
    assert [event["item_id"] for event in deltas] == [ids[0], ids[1], ids[0]]


def test_citations_and_what_cannot_be_said():
    cited = Citation("anthropic.messages", "x", {}, url="https://a.b")
    nowhere = Citation("anthropic.messages", "x", {})
    found = kinds(
        Open(0, Text("")), Delta(0, "a"), Amend(0, "citations", nowhere), Amend(0, "citations", cited),
        Amend(0, "logprobs", LIKELY), Close(0), Close(0), Open(1, Image(Url("https://a.b"))), Close(1),
        Delta(9, "x"), Close(9), Ping(), Open(3, Text(""), 1), Delta(3, "x"), Close(3),
        Open(4, Message(Role.ASSISTANT, ())), Close(4),
    )  # fmt: skip
    assert found == [
        "output_item.added", "content_part.added", "output_text.delta", "output_text.annotation.added",
        "output_text.done", "content_part.done", "output_item.done",
    ]  # fmt: skip


def test_what_a_cut_left_open_is_not_done():
    events = streamed((BEGUN, Open(0, ToolCall("a", "f", "")), Delta(0, '{"ci'), Ended(False), Ended(True)))
    assert [event["type"] for event in events][2:] == [
        "response.output_item.added", "response.function_call_arguments.delta", "response.incomplete",
    ]  # fmt: skip
    last = events[-1]["response"]
    assert (last["status"], last["output"][0]["status"]) == ("incomplete", "incomplete")
    assert last["error"]["message"]
    assert (
        last
        == written_reply(fold((BEGUN, Open(0, ToolCall("a", "f", "")), Delta(0, '{"ci'), Ended(False))))[0]
    )


def test_a_limit_ends_as_incomplete_with_the_last_item():
    events = streamed((BEGUN, Open(0, Text("Pari")), Close(0), Stopped(Stop(StopReason.LENGTH)), Ended(True)))
    done = next(event for event in events if event["type"] == "response.output_item.done")
    assert events[-1]["type"] == "response.incomplete"
    assert done["item"] == events[-1]["response"]["output"][0]
    assert done["item"]["status"] == "incomplete"


def test_progress_of_native_tools_goes_through_renumbered():
    remark = Remark(
        NAME, "x", {"type": "response.web_search_call.searching", "sequence_number": 99, "obfuscation": "a"}
    )
    events = streamed((BEGUN, remark, Remark(NAME, None, 5), Remark("gemini", "x", {"type": "y"}), *END))
    assert events[2] == {"type": "response.web_search_call.searching", "sequence_number": 2}
    assert len(events) == 4


def test_an_id_that_comes_late_is_waited_for():
    events = streamed((Started("elsewhere"), Ping(), BEGUN, *END))
    assert {event["response"]["id"] for event in events if "response" in event} == {
        events[-1]["response"]["id"]
    }
    assert events[0]["response"]["created_at"] == 1_700_000_000


def test_a_part_and_an_item_that_change_their_kind_stay_what_they_were():
    added = {
        "type": "response.output_item.added",
        "output_index": 0,
        "item": message({"type": "x_new", "x": 1}),
    }
    done = {"type": "response.content_part.done", "output_index": 0, "part": {"type": "x_new", "x": 2}}
    other = {"type": "response.content_part.done", "output_index": 0, "content_index": 1, "part": said("a")}
    found = fold(
        reads(added, done, other, {"type": "response.output_item.done", "output_index": 0, "item": SEARCH})
    )
    assert found.items[0].parts[0].json == {"type": "x_new", "x": 2}
    assert found.items[0].parts[1] == Text("a")


def test_an_item_is_told_once():
    events = native(replied(call(), SEARCH))
    twice = [event for event in events for _ in range(2)]
    assert fold(reads(*twice)) == read_reply(replied(call(), SEARCH))


def test_what_was_begun_with_a_name_only():
    added = {"type": "response.output_item.added", "output_index": 0, "item": call(name="", arguments="")}
    done = {"type": "response.output_item.done", "output_index": 0, "item": call()}
    assert fold(reads(added, done)).items == read_reply(replied(call())).items
    result = {"type": "function_call_output", "id": "fco_1", "call_id": "call_1", "output": ""}
    added = {"type": "response.output_item.added", "output_index": 0, "item": result}
    done = {"type": "response.output_item.done", "output_index": 0, "item": {**result, "output": "18 C"}}
    assert fold(reads(added, done)).items[0].parts == (Text("18 C"),)


def test_blocks_that_say_something_as_they_begin():
    thinking = Reasoning("So.", ("A.", "B."))
    events = streamed((BEGUN, Open(0, thinking), Delta(0, " Yes."), Delta(0, "C.", 0), Close(0), *END))
    item = events[-1]["response"]["output"][0]
    assert [part["text"] for part in item["summary"]] == ["A.", "B.", "C."]
    assert item["content"][0]["text"] == "So. Yes."
    deltas = [event["delta"] for event in events if event["type"].endswith("delta")]
    assert deltas == ["A.", "B.", "So.", " Yes.", "C."]
    assert kinds(Open(0, Refusal("No.")), Close(0))[2:4] == ["refusal.delta", "refusal.done"]
    assert kinds(Open(0, Unknown(NAME, {"type": "x"}), 0, Message(Role.ASSISTANT, ())), Delta(0, "x"), Close(0)) == [
        "output_item.added", "content_part.added", "content_part.done", "output_item.done",
    ]  # fmt: skip
    assert kinds(Open(0, Unknown(NAME, SEARCH)), Delta(0, "x"), Close(0), Close(0)) == [
        "output_item.added", "output_item.done",
    ]  # fmt: skip
