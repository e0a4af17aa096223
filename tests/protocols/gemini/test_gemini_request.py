"""Requests of generateContent in canonical form and back."""

from __future__ import annotations

import copy
import re
from dataclasses import replace

import pytest
from gemini_bodies import CALL, KITCHEN_SINK, MODEL, SOURCE, again, asked, says

from tokentape.errors import ProtocolError
from tokentape.protocols.canonical.conversation import NativeTool, Thinking, Tool, ToolChoice
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ServerTool, ToolCall, ToolResult
from tokentape.protocols.canonical.parts import (
    Audio,
    Data,
    Document,
    Image,
    Inline,
    Text,
    Unknown,
    Url,
    Video,
)
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.gemini.codec import CODEC

PLACES = sorted(KITCHEN_SINK)


def snaked(value, kept=("args", "response", "properties", "parametersJsonSchema")):
    """The value with its field names in snake_case, but for what is the user's."""
    if isinstance(value, dict):
        return {
            re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower(): entry if name in kept else snaked(entry)
            for name, entry in value.items()
        }
    return [snaked(entry) for entry in value] if isinstance(value, list) else value


def test_everything_comes_back_as_it_was():
    assert again(KITCHEN_SINK) == KITCHEN_SINK


def test_in_snake_case_too():
    body = snaked(KITCHEN_SINK)
    assert body["generation_config"]["thinking_config"]["thinking_level"] == "HIGH"
    assert again(body) == body
    theirs, ours = asked(body).items, asked(KITCHEN_SINK).items
    native = ServerTool | Unknown
    for mine, other in zip(ours, theirs, strict=True):
        if not isinstance(mine, native) and not any(
            isinstance(part, native) for part in getattr(mine, "parts", ())
        ):
            assert mine == other
    assert asked(body).tools[0] == asked(KITCHEN_SINK).tools[0]
    assert asked(body).options == asked(KITCHEN_SINK).options


def test_a_field_in_both_spellings_keeps_both():
    body = {**says({"text": "x", "inline_data": None}), "tool_config": {}, "toolConfig": {"a": 1}}
    assert again(body) == body


@pytest.mark.parametrize(
    "contents",
    [
        "hello", {"text": "hello"}, {"parts": [{"text": "hello"}]}, {"role": "user", "parts": {"text": "hello"}},
        ["hello"], [{"text": "hello"}], [{"parts": ["hello"]}], [{"role": "odd", "parts": [{"text": "hello"}]}],
    ],
)  # fmt: skip
def test_contents_in_every_form(contents):
    body = {"contents": contents}
    assert again(body) == body
    [item] = asked(body).items
    assert item == Message(Role.USER, (Text("hello"),))


@pytest.mark.parametrize(
    "system",
    [
        "Be brief.",
        {"text": "Be brief."},
        {"parts": {"text": "Be brief."}},
        {"parts": [{"text": "Be brief."}]},
    ],
)
def test_system_text_in_every_form(system):
    body = {**says({"text": "x"}), "systemInstruction": system}
    assert again(body) == body
    assert asked(body).items[0] == Message(Role.SYSTEM, (Text("Be brief."),))


def test_what_a_request_says():
    found = asked(KITCHEN_SINK)
    kinds = [type(item) for item in found.items]
    assert kinds[:7] == [Message] * 5 + [Reasoning, Message]
    assert [type(part) for part in found.items[4].parts] == [Video, Video, Document, Document, Audio]
    image = found.items[3].parts[0]
    assert image == Image(Inline("image/png", "AAAA"))
    calls = [item for item in found.items if isinstance(item, ToolCall)]
    assert [(call.id, call.name, call.arguments) for call in calls] == [
        ("", "f", '{"a":1}'),
        ("c2", "g", "{}"),
    ]
    assert calls[0].opaque[0].data == "Yg=="
    assert calls[0].opaque[0].maker.family == "gemini"
    servers = [item.kind for item in found.items if isinstance(item, ServerTool)]
    assert servers == ["code_execution", "code_execution", "server_tool"]
    results = [item for item in found.items if isinstance(item, ToolResult)]
    assert [result.is_error for result in results] == [None, None, True, None, None, None, None]
    assert results[0].parts == (Text("18 C"),)
    assert results[3].parts[0] == Data({"a": {"$ref": "i"}})
    assert [type(part) for part in results[3].parts] == [Data, Image, Document, Unknown]


def test_tools_and_options_of_a_request():
    found = asked(KITCHEN_SINK)
    assert [type(tool) for tool in found.tools] == [
        Tool,
        Tool,
        NativeTool,
        Tool,
        NativeTool,
        NativeTool,
        NativeTool,
    ]
    assert found.tools[1].schema["properties"] == {
        "type": {"type": ["string", "null"]},
        "n": {"type": "array", "minItems": 1, "items": {"type": "integer"}},
    }
    assert found.tool_choice == ToolChoice("tool", ("f",))
    assert found.thinking == Thinking(None, "high", None, True)
    assert found.output.schema == {"type": "object", "properties": {"a": {"type": "string"}}}
    assert found.options.modalities == ("text", "image")
    assert found.options.stop == ("END",)
    assert (found.model, found.options.service_tier) == (MODEL, "flex")


@pytest.mark.parametrize(
    ("config", "choice"),
    [
        ({"mode": "AUTO"}, ToolChoice("auto")),
        ({}, ToolChoice("auto")),
        ({"mode": "NONE"}, ToolChoice("none")),
        ({"mode": 2}, ToolChoice("required")),
        ({"mode": "ANY", "allowedFunctionNames": []}, ToolChoice("required")),
        ({"mode": "ANY", "allowed_function_names": ["f"]}, ToolChoice("tool", ("f",))),
        ({"mode": "ANY", "allowedFunctionNames": ["f", "g"]}, ToolChoice("allowed", ("f", "g"), True)),
        ({"mode": "VALIDATED"}, ToolChoice("auto")),
        ({"mode": "VALIDATED", "allowedFunctionNames": ["f"]}, ToolChoice("allowed", ("f",))),
        ({"mode": "auto", "allowedFunctionNames": "f"}, ToolChoice("allowed", ("f",))),
    ],
)
def test_tool_choices(config, choice):
    body = {**says({"text": "x"}), "toolConfig": {"functionCallingConfig": config}}
    assert asked(body).tool_choice == choice
    assert again(body) == body
    fresh = replace(asked(body), tool_choice=choice)
    assert asked(CODEC.write_request(fresh, Target("gemini")).body).tool_choice == choice


@pytest.mark.parametrize(
    ("config", "thinking"),
    [
        ({"thinkingBudget": 0}, Thinking("off")),
        ({"thinkingBudget": -1}, Thinking("adaptive")),
        ({"thinkingBudget": 2048, "includeThoughts": False}, Thinking("on", budget=2048, shown=False)),
        ({"thinkingLevel": "LOW"}, Thinking(effort="low")),
        ({"thinking_level": 2}, Thinking(effort="high")),
        ({"thinkingLevel": "low", "thinkingBudget": -1}, Thinking("adaptive", "low")),
        ({}, Thinking()),
    ],
)
def test_thinking(config, thinking):
    body = {**says({"text": "x"}), "generationConfig": {"thinkingConfig": config}}
    assert asked(body).thinking == thinking
    assert again(body) == body


@pytest.mark.parametrize(
    "config",
    [
        {}, {"responseMimeType": "text/plain"}, {"responseMimeType": "application/json"},
        {"responseMimeType": "text/x.enum", "responseSchema": {"type": "STRING", "enum": ["a"]}},
        {"responseSchema": {"type": "object"}}, {"responseJsonSchema": {"type": "object"}},
        {"responseMimeType": "text/plain", "responseSchema": {}},
        {"responseSchema": {"type": "OBJECT"}, "responseJsonSchema": {}}, {"stopSequences": "END"},
        {"responseModalities": "TEXT"}, {"temperature": None}, {"stopSequences": []}, {"topK": 40.0},
    ],
)  # fmt: skip
def test_configs_come_back(config):
    body = {**says({"text": "x"}), "generationConfig": config}
    assert again(body) == body


@pytest.mark.parametrize(
    "more", [{"tools": []}, {"tools": {"codeExecution": {}}}, {"toolConfig": {}}, {"systemInstruction": None}]
)
def test_empty_things_come_back(more):
    body = {**says({"text": "x"}), **more}
    assert again(body) == body


def test_the_path_names_model_and_streaming():
    found = asked(says({"text": "x"}), Source("gemini", model="gemini-3-pro", stream=True))
    written = CODEC.write_request(found, Target("gemini"))
    assert (written.path, written.query) == ("v1beta/models/gemini-3-pro:streamGenerateContent", "alt=sse")
    written = CODEC.write_request(replace(found, stream=None), Target("gemini", model="tunedModels/x:1"))
    assert (written.path, written.query) == ("v1beta/tunedModels/x%3A1:generateContent", "")


def test_edits_come_out():
    found = asked(KITCHEN_SINK)
    items = list(found.items)
    nth = next(n for n, item in enumerate(items) if isinstance(item, ToolCall))
    items[nth] = replace(items[nth], arguments='{"b": 2}', name="new")
    items[1] = replace(items[1], parts=(Text("Edited."), *items[1].parts[1:]))
    result = next(n for n, item in enumerate(items) if isinstance(item, ToolResult))
    items[result] = replace(items[result], is_error=True)
    tools = (found.tools[0], replace(found.tools[1], schema={"type": "object"}), *found.tools[2:])
    edited = replace(found, items=tuple(items), tools=tools, tool_choice=replace(found.tool_choice, mode="none", names=()),
                     options=replace(found.options, modalities=("text",), temperature=1.0),
                     thinking=replace(found.thinking, effort="low"), output=replace(found.output, schema={"type": "array"}))  # fmt: skip
    body = CODEC.write_request(edited, Target("gemini")).body
    expected = copy.deepcopy(KITCHEN_SINK)
    expected["contents"][0]["parts"][0] = {"text": "Edited."}
    expected["contents"][4]["parts"][2]["functionCall"] = {"name": "new", "args": {"b": 2}, "x": 2}
    expected["contents"][5]["parts"][0]["functionResponse"]["response"] = {"error": "18 C"}
    expected["tools"][0]["functionDeclarations"][1]["parameters"] = {"type": "object"}
    expected["toolConfig"]["functionCallingConfig"] = {"mode": "NONE", "x": 1}
    expected["generationConfig"].update(
        temperature=1.0, responseModalities=["TEXT"], responseSchema={"type": "array"}
    )
    expected["generationConfig"]["thinkingConfig"]["thinkingLevel"] = "low"
    assert body == expected


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"contents": 5}, "contents"),
        ({"contents": [5]}, "contents[0]"),
        (says(5), "contents[0].parts[0]"),
        (says({"text": 5}), "contents[0].parts[0].text"),
        (says({"text": "x", "thought": 1}), "contents[0].parts[0].thought"),
        (says({"text": "x", "thoughtSignature": 1}), "contents[0].parts[0].thoughtSignature"),
        (says({"functionCall": []}), "contents[0].parts[0].functionCall"),
        (says({"functionCall": {"name": "f", "args": "x"}}), "contents[0].parts[0].functionCall.args"),
        (says({"functionResponse": {"name": "f", "response": 1}}), "contents[0].parts[0].functionResponse.response"),
        (says({"functionResponse": {"name": "f", "parts": 1}}), "contents[0].parts[0].functionResponse.parts"),
        (says({"inlineData": {"data": 1}}), "contents[0].parts[0].inlineData.data"),
        ({**says({"text": "x"}), "tools": 5}, "tools"),
        ({**says({"text": "x"}), "tools": [{"functionDeclarations": [{}]}]}, "tools[0].functionDeclarations[0].name"),
        ({**says({"text": "x"}), "generationConfig": {"topK": "x"}}, "generationConfig.topK"),
        ({**says({"text": "x"}), "generationConfig": []}, "generationConfig"),
        ({**says({"text": "x"}), "toolConfig": {"functionCallingConfig": {"mode": []}}}, "toolConfig.functionCallingConfig.mode"),
        ({**says({"text": "x"}), "model": 5}, "model"),
        ({**says({"text": "x"}), "systemInstruction": 5}, "systemInstruction"),
    ],
)  # fmt: skip
def test_a_wrong_type_is_named(body, path):
    with pytest.raises(ProtocolError) as caught:
        asked(body)
    assert (caught.value.dialect, caught.value.path) == ("gemini", path)


@pytest.mark.parametrize(
    ("body", "named"),
    [({"input": "x"}, "interaction"), ({"requests": []}, "embedding"), ({"displayName": "f"}, "file")],
)
def test_other_operations_are_named(body, named):
    with pytest.raises(ProtocolError, match=named):
        asked(body)


def test_nested_too_deep_is_an_error():
    deep = {"type": "object"}
    for _ in range(100_000):
        deep = {"a": deep}
    for body in (
        says({"functionCall": {"name": "f", "args": deep}}),
        {
            **says({"text": "x"}),
            "tools": [{"functionDeclarations": [{"name": "f", "parameters": {"items": deep}}]}],
        },
    ):
        try:
            asked(body)
        except ProtocolError:
            continue


def test_a_signature_survives_an_edit_of_its_call():
    found = asked(says(CALL, role="model"))
    [call] = found.items
    edited = replace(found, items=(replace(call, arguments='{"a":2}'),))
    [content] = CODEC.write_request(edited, Target("gemini")).body["contents"]
    assert content["parts"] == [
        {"functionCall": {"id": "c1", "name": "f", "args": {"a": 2}}, "thoughtSignature": "c2ln"}
    ]


def test_a_file_at_another_place_is_written_as_it_is():
    found = asked(says({"fileData": {"fileUri": "https://example.com/x.png", "mimeType": "image/png"}}))
    assert found.items[0].parts == (Image(Url("https://example.com/x.png", "image/png")),)
    assert CODEC.write_request(found, Target("gemini", model=MODEL)).body == says(
        {"fileData": {"fileUri": "https://example.com/x.png", "mimeType": "image/png"}}
    )
    assert SOURCE.model == MODEL
