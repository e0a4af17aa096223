"""Tools, and the choice among them."""

from __future__ import annotations

import pytest
from messages_bodies import NAME, read, request, written

from tokentape.protocols.canonical.conversation import Conversation, NativeTool, Options, Tool, ToolChoice
from tokentape.protocols.canonical.origin import Origin

LOOK = Tool("look", "Looks.", {"properties": {}})
SEE = Tool("see", strict=True)


def asked(*tools, **more):
    return Conversation((), "claude-sonnet-4-5", tools=tools or (LOOK, SEE), **more)


def test_tools_of_other_dialects():
    body, losses = written(asked(LOOK, SEE, Tool("no", strict=False)))
    assert body["tools"] == [
        {"name": "look", "description": "Looks.", "input_schema": {"type": "object", "properties": {}}},
        {"name": "see", "input_schema": {"type": "object", "properties": {}}, "strict": True},
        {"name": "no", "input_schema": {"type": "object", "properties": {}}},
    ]
    assert not losses.meaning


def test_tools_that_anthropic_has_not():
    body, losses = written(
        asked(Tool("sql", kind="custom"), NativeTool("openai.responses", "web_search", {}))
    )
    assert "tools" not in body
    assert [loss.what for loss in losses.meaning] == ["tool sql"]


@pytest.mark.parametrize(
    ("choice", "parallel", "written_as"),
    [
        (ToolChoice("auto"), None, {"type": "auto"}),
        (ToolChoice("auto"), True, {"type": "auto"}),
        (ToolChoice("none"), False, {"type": "none"}),
        (ToolChoice("required"), False, {"type": "any", "disable_parallel_tool_use": True}),
        (ToolChoice("tool", ("look",)), None, {"type": "tool", "name": "look"}),
        (ToolChoice("tool"), None, {"type": "any"}),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        (None, True, None),
    ],
)
def test_the_choice(choice, parallel, written_as):
    body, losses = written(asked(tool_choice=choice, options=Options(parallel_tool_calls=parallel)))
    assert body.get("tool_choice") == written_as
    assert not losses.meaning


@pytest.mark.parametrize(("required", "kind"), [(True, "any"), (False, "auto")])
def test_to_allow_some_tools_is_to_send_only_those(required, kind):
    body, losses = written(asked(tool_choice=ToolChoice("allowed", ("see",), required)))
    assert [tool["name"] for tool in body["tools"]] == ["see"]
    assert body["tool_choice"] == {"type": kind}
    assert [loss.what for loss in losses.tuning if "tools" in loss.what] == ["allowed tools"]


def test_a_choice_without_tools():
    body, losses = written(
        Conversation((), "m", tool_choice=ToolChoice("auto"), origin=Origin("openai.chat"))
    )
    assert "tool_choice" not in body
    assert not losses.meaning
    _, losses = written(Conversation((), "m", tool_choice=ToolChoice("required")))
    assert [loss.what for loss in losses.meaning] == ["tool choice"]


def test_the_versions_of_native_tools_do_not_name_them():
    tools = [{"type": "bash_20250124", "name": "bash"}, {"type": "mcp_toolset", "mcp_server_name": "s"}]
    found = read(request(tools=tools)).tools
    assert [(tool.protocol, tool.kind) for tool in found] == [(NAME, "bash"), (NAME, "mcp_toolset")]
