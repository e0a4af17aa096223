"""Cases of the forty that are Ollama's too: 4, 8, 11, 12, 25, 28, 29; and what its SDK reads."""

from __future__ import annotations

import pytest
from ollama_bodies import PNG, answer, call, chat, events, read, read_reply, user, write, written

from tokentape.protocols.canonical.conversation import Conversation, Tool
from tokentape.protocols.canonical.events import Close, Counted, Delta, Ended, Open, Started, Stopped
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ToolCall, ToolResult
from tokentape.protocols.canonical.parts import Image, Inline, Text, Url
from tokentape.protocols.canonical.reply import Choice, Reply, Stop, StopReason
from tokentape.protocols.codec import Target
from tokentape.protocols.ollama.codec import CODEC
from tokentape.protocols.tool_ids import identified
from tokentape.protocols.usage import Usage


def messages(*items):
    body, losses = write(Conversation(items, "qwen3"))
    return body["messages"], losses


def result(call_id, text, **more):
    return ToolResult(call_id, (Text(text),), **more)


def test_case_4_calls_without_ids_are_paired_by_name_and_order():
    """Older servers give none: what others get is made up, the same for call and result, always."""
    asked = read(
        chat(
            user("Weather?"),
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [call("a", {}), call("b", {}), call("a", {"n": 2})],
            },
            {"role": "tool", "content": "B", "tool_name": "b"},
            {"role": "tool", "content": "A1", "tool_name": "a"},
            {"role": "tool", "content": "A2"},
        )
    )
    found = identified(asked.items)
    calls = [item.id for item in found if isinstance(item, ToolCall)]
    results = {item.parts[0].text: item.call_id for item in found if isinstance(item, ToolResult)}
    assert len(set(calls)) == 3
    assert results == {"A1": calls[0], "B": calls[1], "A2": calls[2]}
    assert found == identified(asked.items)


def test_case_4_calls_of_others_without_ids_get_some():
    told, losses = messages(ToolCall("", "a", "{}"), ToolResult("", (Text("A"),), "a"))
    assert told[0]["tool_calls"][0]["id"] == told[1]["tool_call_id"] != ""
    assert told[1]["tool_name"] == "a"
    assert losses == []


def test_case_5_and_8_results_follow_their_calls_in_order():
    told, losses = messages(
        ToolCall("c1", "a", "{}"), ToolCall("c2", "b", "{}"), result("c2", "B"),
        Message(Role.USER, (Text("and?"),)), result("c1", "A"), result("gone", "X"),
    )  # fmt: skip
    assert [(message["role"], message.get("tool_name")) for message in told] == [
        ("assistant", None), ("tool", "a"), ("tool", "b"), ("user", None),
    ]  # fmt: skip
    assert len(losses) == 1
    assert "gone" in losses[0]
    assert "[meaning]" in losses[0]


def test_case_11_arguments_are_one_object_whatever_the_pieces():
    stream = [
        Started("x"),
        Open(0, ToolCall("c", "f", "")),
        *(Delta(0, one) for one in '{"a": {"b": 1}}'),
        Close(0),
    ]
    lines, _ = written([*stream, Open(1, ToolCall("d", "now", "")), Close(1), Ended(True)])
    assert [line["message"]["tool_calls"][0]["function"]["arguments"] for line in lines[:-1]] == [
        {"a": {"b": 1}},
        {},
    ]
    assert read_reply(answer({"tool_calls": [call("now", {})]})).items == (ToolCall("", "now", "{}"),)


def test_case_12_a_call_in_an_earlier_line_is_why_it_stopped():
    found = events([
        {"message": {"tool_calls": [call("f", {})]}, "done": False}, {"message": {}, "done": True, "done_reason": "stop"},
    ])  # fmt: skip
    assert next(event for event in found if isinstance(event, Stopped)).stop == Stop(
        StopReason.TOOL_CALLS, "stop"
    )


def test_case_25_a_turn_of_calls_has_no_empty_text():
    told, losses = messages(
        ToolCall("c", "f", "{}"),
        result("c", "A"),
        Reasoning("Hm."),
        ToolCall("d", "f", "{}"),
        result("d", ""),
    )
    assert ["content" in message for message in told] == [False, True, False, True]
    assert losses == []


def test_case_28_pictures_in_results_stay_pictures():
    shown = ToolResult("c", (Text("look"), Image(Inline("image/png", PNG))))
    told, losses = messages(ToolCall("c", "f", "{}"), shown)
    assert (told[1]["content"], told[1]["images"], losses) == ("look", [PNG], [])
    told, losses = messages(
        ToolCall("c", "f", "{}"), ToolResult("c", (Image(Url("https://example.com/a.png")),))
    )
    assert told[1]["content"] == ""
    assert "[meaning]" in losses[0]


def test_case_29_no_limit_is_made_up():
    assert "options" not in write(Conversation((Message(Role.USER, (Text("hi"),)),), "qwen3"))[0]


# ---- the SDK

ITEMS = (
    Reasoning("Hm."),
    Message(Role.ASSISTANT, (Text("I look."),)),
    ToolCall("c", "look", '{"city": "Paris"}'),
)


def test_the_sdk_takes_our_requests():
    types = pytest.importorskip("ollama._types")
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    body, _ = write(
        Conversation(
            (
                Message(Role.USER, (Text("Weather?"),)),
                *ITEMS,
                result("c", "18 C"),
                Message(Role.USER, (Text("So?"),)),
            ),
            "qwen3",
            tools=(Tool("look", "Look.", schema),),
        )
    )
    made = types.ChatRequest.model_validate(body)
    assert made.tools[0].function.parameters.required == ["city"]
    assert [types.Message.model_validate(message).role for message in body["messages"]] == [
        "user", "assistant", "tool", "user",
    ]  # fmt: skip


def test_the_sdk_reads_our_replies():
    types = pytest.importorskip("ollama._types")
    reply = Reply((Choice(ITEMS, Stop(StopReason.TOOL_CALLS)),), "r", "qwen3", 1_700_000_000, Usage(14, 3))
    found = types.ChatResponse.model_validate(CODEC.write_reply(reply, Target("ollama")), strict=True)
    assert (found.message.thinking, found.message.content) == ("Hm.", "I look.")
    assert found.message.tool_calls[0].function.arguments == {"city": "Paris"}
    assert (found.done, found.done_reason, found.prompt_eval_count, found.eval_count) == (True, "stop", 14, 3)


def test_the_sdk_reads_our_lines():
    types = pytest.importorskip("ollama._types")
    lines, _ = written([
        Started("x", "r", "qwen3"), Open(0, Reasoning()), Delta(0, "Hm."), Close(0), Open(1, Text("")), Delta(1, "Hi"),
        Close(1), Counted(Usage(14, 3)), Ended(True),
    ])  # fmt: skip
    read_by_sdk = [types.ChatResponse.model_validate(line, strict=True) for line in lines]
    assert "".join(line.message.content for line in read_by_sdk) == "Hi"
    assert [line.done for line in read_by_sdk] == [False, False, True]
    assert read_by_sdk[-1].eval_count == 3
