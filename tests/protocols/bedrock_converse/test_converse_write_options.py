"""Tools, choices and options of other dialects' requests as Converse takes them."""

from __future__ import annotations

import pytest
from converse_bodies import asks, text, user, writes

from tokentape.protocols.canonical.conversation import NativeTool, Options, OutputFormat, Tool, ToolChoice
from tokentape.protocols.canonical.items import Message, Role, ToolCall
from tokentape.protocols.canonical.parts import Text

NOVA = "amazon.nova-pro-v1:0"


def says(role, said):
    return Message(Role(role), (Text(said),))


def call(given):
    return ToolCall(given, "now", "{}")


def whats(report):
    return [loss.what for loss in report]


WEATHER = Tool("get_weather", "Weather.", {"type": "object"}, strict=True)
CLOCK = Tool("now", "")


def test_tools():
    body, _ = writes(says("user", "a"), tools=(WEATHER, CLOCK), tool_choice=ToolChoice("required"))
    assert body["toolConfig"] == {
        "tools": [
            {
                "toolSpec": {
                    "name": "get_weather",
                    "description": "Weather.",
                    "inputSchema": {"json": {"type": "object"}},
                    "strict": True,
                }
            },
            {"toolSpec": {"name": "now", "inputSchema": {"json": {"type": "object", "properties": {}}}}},
        ],
        "toolChoice": {"any": {}},
    }


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (ToolChoice("auto"), {"auto": {}}),
        (ToolChoice("tool", ("now",)), {"tool": {"name": "now"}}),
        (ToolChoice("allowed", ("now",)), {"auto": {}}),
        (ToolChoice("allowed", ("now",), required=True), {"any": {}}),
    ],
    ids=lambda value: value.mode if isinstance(value, ToolChoice) else "",
)
def test_choices(choice, said):
    body, report = writes(says("user", "a"), tools=(WEATHER, CLOCK), tool_choice=choice)
    assert body["toolConfig"]["toolChoice"] == said
    assert len(body["toolConfig"]["tools"]) == (1 if choice.mode == "allowed" else 2)
    assert not report.meaning


def test_no_tool_shall_be_called():
    body, report = writes(says("user", "a"), tools=(CLOCK,), tool_choice=ToolChoice("none"))
    assert "toolConfig" not in body
    assert not report.meaning
    body, report = writes(says("user", "a"), call("c1"), tools=(CLOCK,), tool_choice=ToolChoice("none"))
    assert body["toolConfig"]["tools"]
    assert whats(report.meaning) == ["tool choice none"]


def test_there_is_nothing_to_choose():
    body, report = writes(says("user", "a"), tool_choice=ToolChoice("auto"))
    assert "toolConfig" not in body
    assert not report
    _, report = writes(says("user", "a"), tool_choice=ToolChoice("required"))
    assert whats(report.meaning) == ["tool choice"]


def test_a_tool_that_takes_text_is_refused():
    body, report = writes(
        says("user", "a"), tools=(Tool("shell", kind="custom"), NativeTool("gemini", "x", {}))
    )
    assert "toolConfig" not in body
    assert whats(report.meaning) == ["tool shell"]


# ---- options


def test_options_have_their_places():
    body, report = writes(
        says("user", "a"),
        options=Options(
            max_output_tokens=100, temperature=0.5, top_p=0.9, top_k=5, stop=("END", ""), service_tier="flex",
            metadata={"team": "a"}, candidates=1, parallel_tool_calls=True,
        ),
    )  # fmt: skip
    assert body["inferenceConfig"] == {
        "maxTokens": 100, "temperature": 0.5, "topP": 0.9, "stopSequences": ["END"],
    }  # fmt: skip
    assert body["additionalModelRequestFields"] == {"top_k": 5}
    assert body["serviceTier"] == {"type": "flex"}
    assert body["requestMetadata"] == {"team": "a"}
    assert not report


def test_options_that_cannot_be_said():
    options = Options(
        temperature=1.5, top_k=5, seed=1, candidates=2, service_tier="scale", metadata={"a": "é", "b": "c"},
        logprobs=True, parallel_tool_calls=False,
    )  # fmt: skip
    body, report = writes(says("user", "a"), model=NOVA, options=options, tools=(Tool("f"),))
    assert body["inferenceConfig"] == {"temperature": 1}
    assert body["requestMetadata"] == {"b": "c"}
    assert whats(report.meaning) == ["candidates", "parallel tool calls"]
    assert set(whats(report.tuning)) == {
        "temperature", "top k", "seed", "service tier", "metadata a", "logprobs",
    }  # fmt: skip


@pytest.mark.parametrize("metadata", [["x"], {}, {"a": 1}], ids=str)
def test_metadata_that_are_none(metadata):
    body, _ = writes(says("user", "a"), options=Options(metadata=metadata, service_tier="auto", stop=()))
    assert body == asks(user(text("a")))


def test_the_form_of_the_answer():
    schema = {"type": "object"}
    body, report = writes(
        says("user", "a"), output=OutputFormat("schema", schema, "answer", "d", strict=False)
    )
    assert body["outputConfig"]["textFormat"] == {
        "type": "json_schema",
        "structure": {"jsonSchema": {"schema": '{"type":"object"}', "name": "answer", "description": "d"}},
    }
    assert whats(report) == ["strict"]
    body, report = writes(says("user", "a"), output=OutputFormat("json"))
    assert "outputConfig" not in body
    assert whats(report.meaning) == ["JSON mode"]
