"""Requests: the way there and back, edits, other dialects' turns, and what cannot be read."""

from __future__ import annotations

from dataclasses import replace

import pytest
from messages_bodies import EVERYTHING, NAME, SOURCE, read, request, written

from tokentape.errors import ProtocolError
from tokentape.protocols.canonical.conversation import Conversation, Options
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ServerTool, ToolCall, ToolResult
from tokentape.protocols.canonical.origin import Origin
from tokentape.protocols.canonical.parts import Audio, Data, Inline, Text, Unknown
from tokentape.protocols.codec import Source, Target

SAID = (Message(Role.USER, (Text("Hi"),)),)


def test_everything_comes_back_as_it_was():
    body, losses = written(read(EVERYTHING))
    assert body == EVERYTHING
    assert not losses


@pytest.mark.parametrize(
    "body",
    [
        request({"role": "user", "content": ""}, system=""),
        request({"role": "user", "content": []}, system=[], tools=[], metadata={}, output_config={}),
        request(
            {"role": "user", "content": "x"}, metadata={"user_id": None}, thinking=None, tool_choice=None
        ),
        request(thinking={"type": "adaptive"}, output_config={"effort": "xhigh"}, stop_sequences=[]),
        request(thinking={"type": "between_tools"}, tool_choice={"type": "of_tomorrow", "x": 1}),
        request(thinking={"type": "disabled", "display": "of_tomorrow"}, stream=True),
        request(output_format={"type": "json_schema", "schema": {}}, output_config={"format": {"type": "x"}}),
        request(tool_choice={"type": "any", "disable_parallel_tool_use": True, "x": None}),
        request({"role": "assistant", "content": [{"type": "thinking", "thinking": "t"}]}),
        request({"role": "assistant", "content": [{"type": "thinking", "thinking": "t", "signature": ""}]}),
        request({"role": "user", "content": [{"type": "text", "text": "", "citations": []}]}),
        request({"role": "user", "content": [{"type": "text", "text": "a", "cache_control": {"type": "x"}}]}),
        request({"role": "user", "content": "a"}, {"role": "user", "content": "b"}),
        {"anthropic_version": "vertex-2023-10-16", "max_tokens": 1, "messages": []},
        {"model": "m", "messages": []},
    ],
)
def test_each_spelling_comes_back(body):
    again, losses = written(read(body, Source(NAME, model="in-the-path", stream=True)))
    assert again == body
    assert not losses


def test_what_is_said():
    asked = read(EVERYTHING)
    assert [type(item).__name__ for item in asked.items] == [
        "Message", "Message", "ServerTool", "Reasoning", "Reasoning", "Message", "ToolCall", "ServerTool",
        "ServerTool", "ServerTool", "Message", "ToolResult", "ToolResult", "ToolResult", "ToolResult",
        "ToolResult", "Message", "Message", "Message",
    ]  # fmt: skip
    calls = [item for item in asked.items if isinstance(item, ToolCall)]
    assert [(call.name, call.arguments) for call in calls] == [("look", '{"at":1.5}')]
    kinds = [item.kind for item in asked.items if isinstance(item, ServerTool)]
    assert kinds == ["code_execution", "web_search", "web_search", "mcp"]
    results = [item for item in asked.items if isinstance(item, ToolResult)]
    assert [result.is_error for result in results] == [False, True, None, None, None]
    assert asked.options.max_output_tokens == 4096
    assert asked.options.user == "u"
    assert asked.options.parallel_tool_calls is True
    assert (asked.thinking.mode, asked.thinking.budget, asked.thinking.effort) == ("on", 2048, "low")
    assert asked.thinking.shown is False
    assert asked.tool_choice.names == ("look",)
    assert asked.tools[2].kind == "web_search"


def test_each_node_says_where_it_came_from():
    asked = read(EVERYTHING)
    assert [item.origin.path for item in asked.items[:4]] == [
        ("system", 0),
        ("messages", 0, "content", 0),
        ("messages", 0, "content", 7),
        ("messages", 1, "content", 0),
    ]


def test_an_edited_item_comes_out_edited():
    asked = read(EVERYTHING)
    items = list(asked.items)
    at = next(n for n, item in enumerate(items) if isinstance(item, ToolCall))
    items[at] = replace(items[at], arguments='{"at": 2}', name="see")
    items[1] = replace(items[1], parts=(Text("Only this."),))
    body, losses = written(replace(asked, items=tuple(items), options=Options(max_output_tokens=7)))
    assert body["messages"][1]["content"][3] == {
        **EVERYTHING["messages"][1]["content"][3],
        "name": "see",
        "input": {"at": 2},
    }
    assert body["messages"][0]["content"][0] == {"type": "text", "text": "Only this."}
    assert body["max_tokens"] == 7
    assert "temperature" not in body
    assert body["metadata"] == {"x_more": 1}
    assert not losses


def test_items_that_are_added_stand_in_messages_of_their_own():
    asked = read(request({"role": "user", "content": "a"}))
    more = (Message(Role.ASSISTANT, (Text("b"),)), ToolCall("c", "f", "{}"), ToolResult("c", (Text("d"),)))
    body, _ = written(replace(asked, items=(*asked.items, *more)))
    assert body["messages"] == [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": [
            {"type": "text", "text": "b"}, {"type": "tool_use", "id": "c", "name": "f", "input": {}},
        ]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c", "content": "d"}]},
    ]  # fmt: skip


def test_a_body_is_never_shared():
    asked = read(EVERYTHING)
    first, _ = written(asked)
    first["metadata"]["x_more"] = 2
    first["output_config"]["task_budget"] = None
    assert written(asked)[0] == EVERYTHING


def test_what_other_dialects_say():
    parts = (
        Text(""),
        Data({"a": [1, "é"]}),
        Text(" \n"),
        Audio(transcript="spoken"),
        Audio(Inline("audio/wav", "x")),
    )
    asked = Conversation((Message(Role.USER, parts, id="m1", name="ada"),), "claude-sonnet-4-5")
    body, losses = written(asked)
    assert body["messages"] == [
        {
            "role": "user",
            "content": [{"type": "text", "text": '{"a":[1,"é"]}'}, {"type": "text", "text": "spoken"}],
        }
    ]
    assert [loss.what for loss in losses.meaning] == ["audio"]
    assert {loss.what for loss in losses.tuning} == {"id", "name", "text", "audio"}


def test_turns_of_one_side_are_one_message():
    items = (
        Message(Role.USER, (Text("a"),)), Message(Role.USER, (Text("b"),)),
        Message(Role.ASSISTANT, (Text("c"),)), Message(Role.USER, (Text(""),)),
    )  # fmt: skip
    body, _ = written(Conversation(items, "claude-sonnet-4-5"))
    content = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert body["messages"] == [{"role": "user", "content": content}, {"role": "assistant", "content": "c"}]


def test_the_model_of_the_target_wins_and_the_path_names_none():
    body, _ = written(read({"messages": [], "max_tokens": 1}, Source(NAME, model="m")), Target(NAME, "other"))
    assert body["model"] == "other"
    asked = Conversation(SAID, stream=True)
    assert written(asked, Target(NAME, "x"))[0]["stream"] is True


def test_unsigned_thoughts_go_back_to_the_family_that_made_them():
    thought = request({"role": "assistant", "content": [{"type": "thinking", "thinking": "t"}]})
    body, losses = written(read(thought), Target(NAME, "deepseek-chat"))
    assert body["messages"] == []
    assert [loss.what for loss in losses] == ["thought"]
    foreign = Conversation((Reasoning("t"),), "deepseek-chat", origin=Origin("openai.chat"))
    content = [{"type": "thinking", "thinking": "t"}]
    assert written(foreign)[0]["messages"] == [{"role": "assistant", "content": content}]


BAD = [
    ([], ""),
    ({"messages": "x"}, "messages"),
    ({"messages": [1]}, "messages[0]"),
    (request({"content": "x"}), "messages[0].role"),
    (request({"role": ["user"], "content": "x"}), "messages[0].role"),
    (request({"role": "user"}), "messages[0].content"),
    (request({"role": "user", "content": [1]}), "messages[0].content[0]"),
    (request({"role": "user", "content": [{"type": [], "text": "x"}]}), "messages[0].content[0].type"),
    (request({"role": "user", "content": [{"type": "text", "text": 1}]}), "messages[0].content[0].text"),
    (request({"role": "user", "content": [{"type": "image", "source": 1}]}), "messages[0].content[0].source"),
    (request({"role": "user", "content": [{"type": "tool_use", "id": "a", "name": "b", "input": []}]}),
     "messages[0].content[0].input"),
    (request({"role": "user", "content": [{"type": "tool_use", "id": "a", "name": "b", "input": {"a": float("nan")}}]}),
     "messages[0].content[0].input"),
    (request({"role": 10**5000, "content": "x"}), "messages[0].role"),
    (request(stop_sequences="END"), "stop_sequences"),
    (request(max_tokens="many"), "max_tokens"),
    (request(metadata="x"), "metadata"),
    (request(output_config=[]), "output_config"),
    (request(output_config={"effort": 1}), "output_config.effort"),
    (request(thinking="on"), "thinking"),
    (request(tools={}), "tools"),
    (request(tools=[{"name": 1}]), "tools[0].name"),
    (request(tool_choice="auto"), "tool_choice"),
    (request(system=1), "system"),
    (request(temperature=float("inf")), "temperature"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "path"), BAD, ids=[f"{n}-{path}" for n, (_, path) in enumerate(BAD)])
def test_what_cannot_be_read_says_where(body, path):
    with pytest.raises(ProtocolError) as caught:
        read(body)
    assert (caught.value.dialect, caught.value.path) == (NAME, path)


def test_deep_input_is_refused_and_lone_surrogates_are_kept():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    call = {"type": "tool_use", "id": "a", "name": "b", "input": {"a": deep}}
    with pytest.raises(ProtocolError, match="nested too deeply"):
        read(request({"role": "assistant", "content": [call]}))
    call = {"type": "tool_use", "id": "a", "name": "b", "input": {"a": "\ud800", "n": 10**30}}
    body = request({"role": "assistant", "content": [call]})
    assert written(read(body))[0] == body


def test_unknown_parts_stay_where_they_are():
    asked = read(EVERYTHING, SOURCE)
    unknown = [
        part
        for item in asked.items
        if isinstance(item, Message)
        for part in item.parts
        if isinstance(part, Unknown)
    ]
    assert [part.json["type"] for part in unknown] == ["document", "search_result", "x_of_tomorrow"]
