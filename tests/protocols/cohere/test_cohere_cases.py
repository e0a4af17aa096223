"""Cases of the forty that are Cohere's too: 4, 8, 11, 25, 28, 37; and what its SDK reads."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cohere_bodies import PNG, written

from tokentape.protocols.canonical.conversation import Conversation, OutputFormat, Thinking, Tool, ToolChoice
from tokentape.protocols.canonical.events import Close, Counted, Delta, Ended, Failed, Open, Started, Stopped
from tokentape.protocols.canonical.failure import Failure, FailureKind
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ToolCall, ToolResult
from tokentape.protocols.canonical.parts import CacheMark, Data, Image, Inline, Text
from tokentape.protocols.canonical.reply import Choice, Reply, Stop, StopReason
from tokentape.protocols.codec import Target
from tokentape.protocols.cohere.codec import CODEC
from tokentape.protocols.usage import Usage


def messages(*items):
    target = Target("cohere")
    body = CODEC.write_request(Conversation(items, "command-a"), target).body
    return body["messages"], list(target.losses.report)


def result(call_id, text, **more):
    return ToolResult(call_id, (Text(text),), **more)


def test_case_4_calls_without_ids_get_some():
    told, losses = messages(
        ToolCall("", "a", "{}"),
        ToolCall("", "b", "{}"),
        ToolResult("", (Text("B"),), "b"),
        ToolResult("", (Text("A"),), "a"),
    )
    ids = [call["id"] for call in told[0]["tool_calls"]]
    assert len({*ids, ""}) == 3
    assert [(message["tool_call_id"], message["content"]) for message in told[1:]] == [
        (ids[0], "A"),
        (ids[1], "B"),
    ]
    assert losses == []


def test_case_8_results_follow_their_calls_and_orphans_are_refused():
    told, losses = messages(
        ToolCall("c1", "a", "{}"), ToolCall("c2", "b", "{}"), result("c2", "B"), Message(Role.USER, (Text("and?"),)),
        result("c1", "A"), result("gone", "X"),
    )  # fmt: skip
    assert [message.get("content") for message in told] == [None, "A", "B", "and?"]
    assert [loss.severity.value for loss in losses] == ["meaning"]


def test_case_11_no_arguments_are_an_empty_object_and_fragments_stay():
    stream = [
        Started("x", "r"), Open(0, ToolCall("c", "f", "")), Delta(0, '{"a"'), Delta(0, ":1}"), Close(0),
        Open(1, ToolCall("d", "now", "")), Close(1), Ended(True),
    ]  # fmt: skip
    told, _, _ = written(stream)
    pieces = [
        one["delta"]["message"]["tool_calls"]["function"]["arguments"]
        for one in told
        if one["type"] == "tool-call-delta"
    ]
    assert pieces == ['{"a"', ":1}", "{}"]
    assert (
        messages(ToolCall("c", "now", ""), result("c", "x"))[0][0]["tool_calls"][0]["function"]["arguments"]
        == "{}"
    )


def test_marks_and_kinds_of_calls():
    call = ToolCall("c", "f", "text", kind="custom", cache=CacheMark(), item_id="i")
    _, losses = messages(call, result("c", "x"))
    assert [loss.severity.value for loss in losses] == ["meaning", "tuning", "tuning"]
    told, _, _ = written([Open(0, replace(call, kind="function")), Close(0), Ended(True)])
    assert told[2]["delta"]["message"]["tool_calls"]["function"]["arguments"] == "text"


def test_case_25_a_turn_of_calls_has_no_empty_text():
    told, _ = messages(ToolCall("c", "f", "{}"), result("c", "A"), Message(Role.ASSISTANT, ()))
    assert ["content" in message for message in told] == [False, True, True]


def test_case_28_the_user_shows_the_pictures_of_a_tool():
    shown = ToolResult("c1", (Text("look"), Image(Inline("image/png", PNG))))
    told, losses = messages(
        ToolCall("c1", "a", "{}"),
        ToolCall("c2", "b", "{}"),
        shown,
        result("c2", "B"),
        Message(Role.USER, (Text("so?"),)),
    )
    assert [message["role"] for message in told] == ["assistant", "tool", "tool", "user", "user"]
    assert told[1]["content"] == "look"
    assert told[3]["content"] == [{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}}]
    assert [loss.severity.value for loss in losses] == ["tuning"]


def test_case_37_an_error_in_a_stream_is_no_success():
    told, done, _ = written(
        [
            Started("x", "r"),
            Open(0, Text("Pa")),
            Failed(Failure(FailureKind.OVERLOADED, "busy")),
            Ended(False),
        ]
    )
    assert told[-1]["delta"] == {"finish_reason": "ERROR", "error": "busy"}
    assert not done


# ---- the SDK

ITEMS = (
    Reasoning("Hm."),
    Message(Role.ASSISTANT, (Text("I look."),)),
    Reasoning("Look."),
    ToolCall("c", "look", '{"a": 1}'),
)


@pytest.fixture
def types():
    return pytest.importorskip("cohere.types")


def test_the_sdk_takes_our_requests(types):
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    items = (
        Message(Role.SYSTEM, (Text("Be brief."),)), Message(Role.USER, (Text("Weather?"), Image(Inline("image/png", PNG)))),
        *ITEMS, ToolResult("c", (Data({"wind": 3}), Text("18 C"))),
    )  # fmt: skip
    asked = Conversation(
        items, "command-a", (Tool("look", "Look.", schema, strict=True),), ToolChoice("required"),
        OutputFormat("schema", schema), Thinking("on", budget=9),
    )  # fmt: skip
    body = CODEC.write_request(asked, Target("cohere")).body
    kinds = {
        "system": types.SystemChatMessageV2, "user": types.UserChatMessageV2, "assistant": types.AssistantChatMessageV2,
        "tool": types.ToolChatMessageV2,
    }  # fmt: skip
    read = [kinds[message["role"]].model_validate(message) for message in body["messages"]]
    assert [message.role for message in read] == ["system", "user", "assistant", "tool"]
    assert read[2].tool_plan == "Look."
    assert types.ToolV2.model_validate(body["tools"][0]).function.parameters == schema
    assert types.JsonObjectResponseFormatV2.model_validate(body["response_format"]).json_schema == schema
    assert types.Thinking.model_validate(body["thinking"]).token_budget == 9


def test_the_sdk_reads_our_replies(types):
    whole = pytest.importorskip("cohere.v2").V2ChatResponse
    reply = Reply((Choice(ITEMS, Stop(StopReason.TOOL_CALLS)),), "r", "m", 1_700_000_000, Usage(14, 3, 8))
    found = whole.model_validate(CODEC.write_reply(reply, Target("cohere")))
    assert [(part.type, getattr(part, part.type)) for part in found.message.content] == [
        ("thinking", "Hm."),
        ("text", "I look."),
    ]
    assert (found.message.tool_plan, found.message.tool_calls[0].function.arguments) == ("Look.", '{"a": 1}')
    assert (found.finish_reason, found.usage.tokens.input_tokens, found.usage.cached_tokens) == (
        "TOOL_CALL",
        14,
        8,
    )
    assert found.id == "r"


def test_the_sdk_reads_our_events():
    pytest.importorskip("cohere.types")
    cohere = pytest.importorskip("cohere")
    told, _, _ = written([
        Started("x", "r"), Open(0, Reasoning()), Delta(0, "Hm."), Close(0), Open(1, Text("")), Delta(1, "Hi"), Close(1),
        Open(2, ToolCall("c", "f", "")), Delta(2, "{}"), Close(2), Stopped(Stop(StopReason.TOOL_CALLS)),
        Counted(Usage(14, 3)), Ended(True),
    ])  # fmt: skip
    names = {one["type"]: "".join(word.title() for word in one["type"].split("-")) for one in told}
    read = [getattr(cohere, f"{names[one['type']]}V2ChatStreamResponse").model_validate(one) for one in told]
    deltas = [one.delta.message.content for one in read if one.type == "content-delta"]
    assert [(delta.thinking, delta.text) for delta in deltas] == [("Hm.", None), (None, "Hi")]
    assert [one.index for one in read if one.type == "content-start"] == [0, 1]
    assert (read[0].id, read[-1].delta.finish_reason, read[-1].delta.usage.tokens.output_tokens) == (
        "r",
        "TOOL_CALL",
        3,
    )
