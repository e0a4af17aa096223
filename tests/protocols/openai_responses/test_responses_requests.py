"""Requests: what is written for conversations of other dialects, and of edited ones of this."""

from __future__ import annotations

from dataclasses import replace

import pytest
from responses_bodies import (
    MODEL,
    SCHEMA,
    WEATHER,
    asks,
    message,
    read,
    result,
    said,
    thought,
    writes,
    written,
)

from tokentape.errors import ProtocolError
from tokentape.protocols.canonical.conversation import (
    Continuation,
    Conversation,
    NativeTool,
    Options,
    OutputFormat,
    Thinking,
    Tool,
    ToolChoice,
)
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ToolCall, ToolResult
from tokentape.protocols.canonical.parts import (
    CacheMark,
    Data,
    Text,
    Unknown,
)
from tokentape.protocols.quirks import Quirks


def system(*texts, role=Role.SYSTEM):
    return Message(role, tuple(map(Text, texts)))


def user(*parts):
    return Message(Role.USER, tuple(Text(part) if isinstance(part, str) else part for part in parts))


def test_a_server_that_wants_another_body():
    quirks = Quirks(
        drop=frozenset({"store"}), rename=(("max_output_tokens", "max_tokens"),), tool_ids="mistral"
    )
    asked = read(asks([result("1")], store=True, max_output_tokens=100))
    body, losses = written(asked, quirks=quirks)
    assert (body["max_tokens"], "store" in body, len(body["input"][0]["call_id"])) == (100, False, 9)
    assert [loss.what for loss in losses.tuning] == ["store"]


HELLO = {"type": "message", "role": "user", "content": "Hello"}


def test_a_leading_system_message_becomes_the_instructions_and_all_others_stay():
    body, losses = writes(system("Be brief."), system("Use English.", role=Role.DEVELOPER), user("Hello"))
    assert body == {
        "model": MODEL,
        "instructions": "Be brief.",
        "input": [{"type": "message", "role": "developer", "content": "Use English."}, HELLO],
    }
    assert not losses


def test_a_system_message_of_several_parts_or_in_the_middle_is_an_item():
    body, _ = writes(system("One.", "Two."), user("Hello"), system("Three."))
    assert "instructions" not in body
    assert body["input"][0]["content"] == [
        {"type": "input_text", "text": "One."},
        {"type": "input_text", "text": "Two."},
    ]
    assert body["input"][2] == {"type": "message", "role": "system", "content": "Three."}


def test_developers_may_be_called_system():
    conversation = Conversation((system("Use English.", role=Role.DEVELOPER),), MODEL)
    body, _ = written(conversation, quirks=Quirks(developer_role="system"))
    assert body["input"][0]["role"] == "system"


def test_tools_of_others_are_not_strict_unless_they_say_so():
    mark = CacheMark()
    tools = (
        Tool("f"),
        Tool("g", "G", SCHEMA, True, cache=mark),
        Tool("h", kind="custom", format={"type": "text"}),
    )
    body, losses = writes(tools=tools)
    assert body["tools"] == [
        {
            "type": "function",
            "name": "f",
            "parameters": {"type": "object", "properties": {}},
            "strict": False,
        },
        {"type": "function", "name": "g", "description": "G", "parameters": SCHEMA, "strict": True},
        {"type": "custom", "name": "h", "format": {"type": "text"}},
    ]
    assert [loss.what for loss in losses] == ["caching mark"]


def test_what_own_tools_do_not_say_stays_unsaid():
    asked = read(asks(tools=[{"type": "function", "name": "f"}]))
    assert asked.tools[0].strict is None
    edited = replace(
        asked, tools=(replace(asked.tools[0], name="g"), Tool("h"), NativeTool("gemini", "x", {}))
    )
    assert written(edited)[0]["tools"] == [
        {"type": "function", "name": "g"},
        {
            "type": "function",
            "name": "h",
            "parameters": {"type": "object", "properties": {}},
            "strict": False,
        },
    ]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (ToolChoice("auto"), "auto"),
        (ToolChoice("none"), "none"),
        (ToolChoice("required"), "required"),
        (ToolChoice("tool", ("f",)), {"type": "function", "name": "f"}),
        (ToolChoice("tool", ("c",)), {"type": "custom", "name": "c"}),
        (
            ToolChoice("allowed", ("f", "c"), True),
            {"type": "allowed_tools", "mode": "required", "tools": [
                {"type": "function", "name": "f"}, {"type": "custom", "name": "c"}]},
        ),
    ],
)  # fmt: skip
def test_tool_choice(choice, expected):
    body, _ = writes(tools=(Tool("f"), Tool("c", kind="custom")), tool_choice=choice)
    assert body["tool_choice"] == expected
    again = read({"model": MODEL, "input": [], "tool_choice": expected}).tool_choice
    assert again == choice


@pytest.mark.parametrize(
    "native",
    [
        {"type": "mcp", "server_label": "dice"},
        {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "web_search"}]},
        {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": 5}]},
        {"type": "allowed_tools", "mode": "auto"},
    ],
)
def test_a_choice_of_native_tools_is_some_tool_to_others(native):
    asked = read(asks(tool_choice=native))
    assert asked.tool_choice == ToolChoice("required")
    assert written(asked)[0]["tool_choice"] == native
    assert (
        written(replace(asked, tool_choice=replace(asked.tool_choice, mode="auto")))[0]["tool_choice"]
        == "auto"
    )


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (OutputFormat("text"), {"type": "text"}),
        (OutputFormat("json"), {"type": "json_object"}),
        (OutputFormat("schema", SCHEMA), {"type": "json_schema", "name": "answer", "schema": SCHEMA}),
        (
            OutputFormat("schema", None, "a", "A", False),
            {"type": "json_schema", "name": "a", "description": "A", "schema": {}, "strict": False},
        ),
    ],
)
def test_the_form_of_the_answer(output, expected):
    assert writes(output=output)[0]["text"] == {"format": expected}


@pytest.mark.parametrize(
    ("thinking", "expected"),
    [
        (Thinking("off"), {"effort": "none"}),
        (Thinking("on", "high", shown=True), {"effort": "high", "summary": "auto"}),
        (Thinking("adaptive", summary="detailed"), {"summary": "detailed"}),
        (Thinking("on"), None),
    ],
)
def test_thinking(thinking, expected):
    assert writes(thinking=thinking)[0].get("reasoning") == expected


def test_a_budget_becomes_a_word_and_says_so():
    body, losses = writes(thinking=Thinking("on", budget=2048))
    assert isinstance(body["reasoning"]["effort"], str)
    assert [loss.what for loss in losses.tuning] == ["thinking budget"]
    assert "reasoning" not in writes(thinking=Thinking("on", budget=-1))[0]


def test_options():
    options = Options(
        max_output_tokens=5, temperature=0, logprobs=True, verbosity="low", user="u", seed=1, stop=("E",)
    )
    body, losses = writes(options=options, stream=True)
    assert body == {
        "model": MODEL, "input": [], "max_output_tokens": 16, "temperature": 0, "safety_identifier": "u",
        "text": {"verbosity": "low"}, "include": ["message.output_text.logprobs"], "stream": True,
    }  # fmt: skip
    assert [loss.what for loss in losses.tuning] == ["max output tokens", "seed"]
    assert [loss.what for loss in losses.meaning] == ["stop"]


def test_a_tier_that_is_not_known_stays_behind():
    assert writes(options=Options(service_tier="flex"))[0]["service_tier"] == "flex"
    body, losses = writes(options=Options(service_tier="standard_only"))
    assert "service_tier" not in body
    assert [loss.what for loss in losses.tuning] == ["service tier"]


@pytest.mark.parametrize("likely", [None, False])
def test_logprobs_that_are_no_longer_wanted(likely):
    asked = read(asks(include=["message.output_text.logprobs", "x"]))
    assert asked.options.logprobs is True
    edited = replace(asked, options=replace(asked.options, logprobs=likely))
    assert written(edited)[0]["include"] == ["x"]
    wanted = replace(read(asks(include=["x"])), options=Options(logprobs=True))
    assert written(wanted)[0]["include"] == ["x", "message.output_text.logprobs"]


def test_results_of_tools():
    mark = CacheMark()
    body, losses = writes(
        ToolCall("call_1", "f", "", cache=mark),
        ToolResult("call_1", (), is_error=True, cache=mark),
        ToolResult("call_1", (Text("a"), Text("b"))),
        ToolCall("call_2", "run", "x", "custom", item_id="elsewhere"),
        ToolResult("call_2", (Data({"a": 1}),), kind="custom"),
    )
    call, empty, texts, custom, data = body["input"]
    assert call == {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"}
    assert empty == {"type": "function_call_output", "call_id": "call_1", "output": ""}
    assert [part["text"] for part in texts["output"]] == ["a", "b"]
    assert custom == {"type": "custom_tool_call", "call_id": "call_2", "name": "run", "input": "x"}
    assert data == {"type": "custom_tool_call_output", "call_id": "call_2", "output": '{"a":1}'}
    assert sorted(loss.what for loss in losses) == ["caching mark", "error mark", "item id"]


def test_thoughts_of_others_stay_behind():
    body, losses = writes(Reasoning("Two and two.", id="x"), user("Hello"))
    assert body["input"] == [HELLO]
    assert [loss.what for loss in losses.tuning] == ["thought"]


def test_calls_without_ids_get_them_and_their_results_the_same():
    body, _ = writes(ToolCall("", "f", "{}"), ToolResult("", (Text("x"),), "f"))
    call, answer = body["input"]
    assert call["call_id"] == answer["call_id"] != ""


def test_state_at_the_provider_goes_as_it_is_and_that_of_others_does_not():
    kept = Continuation("openai.responses", "resp_0", {"id": "conv_1"})
    body, _ = writes(continuation=kept)
    assert (body["previous_response_id"], body["conversation"]) == ("resp_0", {"id": "conv_1"})
    assert "conversation" not in writes(continuation=replace(kept, protocol="gemini"))[0]


def test_edits_of_an_own_request_come_out():
    asked = read(
        asks([thought("a", content=["One.", "Two."]), message(said("x")), result("1")], instructions="A.")
    )
    first, thinking, spoken, answered = asked.items
    edited = replace(
        asked,
        items=(
            replace(first, parts=(Text("B."), Text("C."))),
            replace(thinking, text="Three.", summary=("b", "c")),
            replace(spoken, id="msg_2", parts=(Unknown("openai.responses", {"type": "x"}),)),
            replace(answered, parts=(Text("x"), Text("y"))),
        ),
    )
    body, _ = written(edited, model="gpt-5")
    assert body["model"] == "gpt-5"
    assert body["instructions"] == "B.\n\nC."
    assert body["input"][0]["content"] == [{"type": "reasoning_text", "text": "Three."}]
    assert [part["text"] for part in body["input"][0]["summary"]] == ["b", "c"]
    assert (body["input"][1]["id"], body["input"][1]["content"]) == ("msg_2", [{"type": "x"}])
    assert len(body["input"][2]["output"]) == 2


def test_a_string_that_is_no_longer_one():
    asked = read(asks("Hello"))
    again = written(replace(asked, items=(*asked.items, *asked.items)))[0]["input"]
    assert [item["content"][0]["text"] for item in again] == ["Hello", "Hello"]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (asks(5), "input"),
        (asks([5]), "input[0]"),
        (asks([{"role": 5}]), "input[0].role"),
        (asks([{"role": "user", "content": 5}]), "input[0].content"),
        (asks([{"role": "user", "content": [{"type": "input_text"}]}]), "input[0].content[0].text"),
        (asks([{"type": "function_call", "name": 5, "arguments": ""}]), "input[0].name"),
        (asks([thought(content=[5])]), "input[0].content[0].text"),
        (asks(tools=[{"type": "function"}]), "tools[0].name"),
        (asks(tool_choice="any"), "tool_choice"),
        (asks(temperature="hot"), "temperature"),
        (asks(text=[]), "text"),
        (asks(reasoning="high"), "reasoning"),
        (asks(instructions=[WEATHER]), "instructions"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(body, path):
    with pytest.raises(ProtocolError) as caught:
        read(body)
    assert (caught.value.dialect, caught.value.path) == ("openai.responses", path)
