"""Requests of Chat Completions in canonical form and back."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
from chat_bodies import CALL, FUNCTION, NAME, REQUEST, asked, message, wrote
from protocol_samples import samples

from tokentape.errors import ProtocolError
from tokentape.protocols.canonical.conversation import NativeTool, OutputFormat, Thinking, ToolChoice
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ToolCall, ToolResult
from tokentape.protocols.canonical.parts import Audio, Document, Image, Inline, Refusal, Text, Unknown, Url
from tokentape.protocols.codec import Source
from tokentape.protocols.registry import recognise

REAL = [
    pytest.param(found.body, id=sample.id)
    for sample in samples()
    if (found := recognise(sample.request)).operation.full_name == "openai.chat/create"
]


def test_everything_comes_back_as_it_was():
    body = copy.deepcopy(REQUEST)
    again, losses = wrote(asked(body))
    assert again == REQUEST == body
    assert not losses.losses


@pytest.mark.parametrize("body", REAL)
def test_every_recorded_request_comes_back_as_it_was(body):
    assert wrote(asked(body))[0] == body


@pytest.mark.parametrize("name", sorted(REQUEST))
def test_each_field_alone(name):
    body = {"messages": [], name: REQUEST[name]}
    assert wrote(asked(body))[0] == body


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tool_choice", "auto"),
        ("tool_choice", "any"),
        ("tool_choice", "sometimes"),
        ("tool_choice", {"type": "function", "function": {"name": "a", "x": 1}, "y": 2}),
        ("tool_choice", {"type": "custom", "custom": {"name": "run"}}),
        ("tool_choice", {"type": "mystery"}),
        ("tool_choice", {"function": {"name": "a"}}),
        ("tool_choice", {"type": "allowed_tools", "allowed_tools": {"mode": "?", "tools": []}}),
        ("function_call", "none"),
        ("function_call", {"name": "old"}),
        ("function_call", {"name": "old", "x": 1}),
        ("response_format", {"type": "text"}),
        ("response_format", {"type": "text", "schema": 1}),
        ("response_format", {"type": "json_object"}),
        ("response_format", {"type": "json_object", "schema": {"type": "object"}}),
        ("response_format", {"type": "json_schema", "json_schema": {"schema": {}}}),
        ("response_format", {"type": "grammar", "grammar": "x"}),
        ("reasoning", {"effort": "high", "exclude": True, "x": 1}),
        ("reasoning", {"enabled": False, "max_tokens": 100}),
        ("reasoning", "a lot"),
        ("thinking", {"type": "enabled", "budget_tokens": 1024, "keep": "all"}),
        ("thinking", {"type": "disabled"}),
        ("thinking", {"type": "mystery"}),
        ("enable_thinking", True),
        ("stop", ["a", "b"]),
        ("stop", []),
        ("random_seed", 3),
        ("tools", []),
        ("functions", []),
        ("stream", False),
        ("stream_options", {}),
        ("stream_options", None),
        ("max_tokens", None),
    ],
)
def test_each_way_to_say_it(name, value):
    body = {"model": "m", "messages": [{"role": "user", "content": "x"}], name: value}
    assert wrote(asked(body))[0] == body


def test_items_in_order():
    items = message(
        {
            "role": "assistant",
            "content": "4",
            "reasoning_content": "Hm.",
            "refusal": "no",
            "tool_calls": [CALL],
        }
    )
    assert items == (
        Reasoning("Hm."),
        Message(Role.ASSISTANT, (Text("4"), Refusal("no"))),
        ToolCall("call_1", "get_weather", '{"city":"Paris"}'),
    )


def test_options_tools_and_how_to_answer():
    found = asked(REQUEST)
    assert found.options.max_output_tokens == 10
    assert found.options.stop == ("END",)
    assert found.options.candidates == 2
    assert found.thinking == Thinking(effort="medium")
    assert found.output == OutputFormat("schema", {"type": "object"}, "answer", "d", True)
    assert found.tool_choice == ToolChoice("allowed", ("bare", "run"), required=True)
    assert [tool.kind for tool in found.tools] == [
        "function",
        "function",
        "custom",
        "web_search",
        "function",
        "function",
    ]
    assert isinstance(found.tools[3], NativeTool)
    assert found.counts_usage is True


def test_parts_are_what_they_are():
    parts = message(REQUEST["messages"][2])[0].parts
    assert parts[0].cache.ttl == "1h"
    assert parts[3] == Image(Inline("image/png", "iVBO"))
    assert parts[6] == Audio(Inline("audio/mpeg", "UklG"))
    assert parts[8] == Document(Inline("application/pdf", "JVBE"), "a.pdf")
    assert parts[11] == Document(Url("https://a/b.pdf"), "b.pdf")
    assert isinstance(parts[-1], Unknown)


def test_what_is_edited_comes_out_edited():
    found = asked(REQUEST)
    items = list(found.items)
    call = next(n for n, item in enumerate(items) if isinstance(item, ToolCall))
    items[call] = replace(items[call], arguments='{"city":"Rome"}')
    thought = next(n for n, item in enumerate(items) if isinstance(item, Reasoning))
    items[thought] = replace(items[thought], text="Anew.")
    part = items[2].parts[2]
    parts = (*items[2].parts[:2], replace(part, source=Url("https://new/")), *items[2].parts[3:])
    items[2] = replace(items[2], parts=parts)
    body, _ = wrote(replace(found, items=tuple(items)))
    assert body["messages"][3]["tool_calls"][0]["function"]["arguments"] == '{"city":"Rome"}'
    assert body["messages"][9]["reasoning_content"] == "Anew."
    assert body["messages"][2]["content"][2]["image_url"] == {"url": "https://new/", "detail": "low", "x": 1}


def test_older_calls_go_back_the_older_way_and_have_ids_elsewhere():
    found = asked({"messages": REQUEST["messages"][14:16], "functions": [FUNCTION]})
    call, result = found.items
    assert (call.id, result.call_id, result.name) == ("", "", "old")
    foreign = replace(found, origin=None, items=(replace(call, origin=None), replace(result, origin=None)))
    assistant, tool = wrote(foreign)[0]["messages"]
    assert assistant["tool_calls"][0]["id"] == tool["tool_call_id"] != ""


def test_the_path_names_model_and_stream():
    found = asked({"messages": []}, Source(NAME, model="m", stream=True))
    assert (found.model, found.stream) == ("m", True)


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "messages"),
        ({"messages": {}}, "messages"),
        ({"messages": [1]}, "messages[0]"),
        ({"messages": [{"content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 1}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [1]}]}, "messages[0].content[0]"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages[0].content[0].text"),
        ({"messages": [{"role": "assistant", "tool_calls": 1}]}, "messages[0].tool_calls"),
        (
            {"messages": [{"role": "assistant", "tool_calls": [{"function": {"name": 1}}]}]},
            "messages[0].tool_calls[0].function.name",
        ),
        ({"messages": [{"role": "tool", "tool_call_id": 1}]}, "messages[0].tool_call_id"),
        ({"messages": [], "temperature": "hot"}, "temperature"),
        ({"messages": [], "tools": [{"type": "function"}]}, "tools[0].function"),
        ({"messages": [], "stream_options": 1}, "stream_options"),
        ({"messages": [], "response_format": 1}, "response_format"),
    ],
)
def test_a_wrong_type_says_where(body, where):
    with pytest.raises(ProtocolError) as raised:
        asked(body)
    assert where in str(raised.value)


def test_deep_nesting_is_an_error_of_the_protocol():
    deep = {}
    for _ in range(100_000):
        deep = {"a": deep}
    call = {"id": "c", "type": "function", "function": {"name": "a", "arguments": deep}}
    with pytest.raises(ProtocolError):
        asked({"messages": [{"role": "assistant", "tool_calls": [call]}]})


def test_a_result_may_hold_media_where_it_came_so():
    body = {
        "messages": [
            {
                "role": "tool",
                "tool_call_id": "c",
                "content": [{"type": "image_url", "image_url": {"url": "https://a/"}}],
            }
        ]
    }
    assert wrote(asked(body))[0] == body
    assert isinstance(asked(body).items[0], ToolResult)


def test_a_choice_without_its_type_is_a_choice():
    """Hugging Face's router takes it like that."""
    body = {"model": "m", "messages": [], "tool_choice": {"function": {"name": "a"}}}
    assert asked(body).tool_choice == ToolChoice("tool", ("a",))
    assert wrote(asked(body))[0] == body


def test_an_object_of_nothing_is_no_audio():
    """Some servers send every field of a message, empty."""
    said = {"role": "assistant", "content": "Hi", "audio": {"id": "", "data": "", "expires_at": 0}}
    (item,) = asked({"messages": [said]}).items
    assert item.parts == (Text("Hi"),)
    assert wrote(asked({"messages": [said]}))[0]["messages"] == [said]
