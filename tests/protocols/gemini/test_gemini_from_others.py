"""What other dialects say, as Gemini takes it: places, options, media, and what is lost."""

from __future__ import annotations

import pytest

from tokentape.protocols.canonical.conversation import (
    Conversation,
    NativeTool,
    Options,
    OutputFormat,
    Thinking,
    Tool,
    ToolChoice,
)
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ToolCall, ToolResult
from tokentape.protocols.canonical.origin import Maker, Opaque, Origin
from tokentape.protocols.canonical.parts import (
    Audio,
    CacheMark,
    Data,
    Document,
    FileId,
    Image,
    Inline,
    Plain,
    Refusal,
    Text,
    Url,
    Video,
)
from tokentape.protocols.codec import Target
from tokentape.protocols.gemini.codec import CODEC

FROM = Origin("x")
ASK = Message(Role.USER, (Text("x"),), origin=FROM)


def written(*items, model="gemini-2.5-flash", **more):
    """The body, and what is lost: (what, severity)."""
    target = Target("gemini", model=model)
    body = CODEC.write_request(Conversation(items or (ASK,), **more), target).body
    return body, [(loss.what, str(loss.severity)) for loss in target.losses.report]


def parts_of(part, *, result=False):
    if result:
        body, losses = written(ASK, ToolCall("c", "f", "{}"), ToolResult("c", (part,), origin=FROM))
        return body["contents"][-1]["parts"][0]["functionResponse"], losses
    body, losses = written(Message(Role.USER, (part,), origin=FROM))
    return [found for content in body["contents"] for found in content["parts"]], losses


def test_system_text_goes_to_the_head():
    items = (
        Message(Role.SYSTEM, (Text("a"),)), Message(Role.DEVELOPER, (Text("b"),)), ASK,
        Message(Role.SYSTEM, (Text("c"),)), Message(Role.ASSISTANT, (Text(""), Text("d"))),
    )  # fmt: skip
    body, losses = written(*items)
    assert body["systemInstruction"] == {"parts": [{"text": "a"}, {"text": "b"}, {"text": "c"}]}
    assert body["contents"] == [
        {"role": "user", "parts": [{"text": "x"}]},
        {"role": "model", "parts": [{"text": "d"}]},
    ]
    assert losses == [("place of system text", "tuning")]


def test_empty_text_is_left_out():
    call = ToolCall("c", "f", "")
    body, losses = written(ASK, Message(Role.ASSISTANT, (Text(""),)), call, ToolResult("c", ()))
    assert body["contents"][1] == {
        "role": "model",
        "parts": [{"functionCall": {"id": "c", "name": "f", "args": {}}}],
    }
    assert body["contents"][2]["parts"] == [
        {"functionResponse": {"id": "c", "name": "f", "response": {"result": ""}}}
    ]
    assert losses == []
    assert written(Message(Role.USER, (Text(""),)))[0]["contents"] == []


@pytest.mark.parametrize(
    ("model", "thinking", "config", "losses"),
    [
        ("gemini-2.5-flash", Thinking("on", budget=2048, shown=True), {"thinkingBudget": 2048, "includeThoughts": True}, 0),
        ("gemini-2.5-flash", Thinking("off"), {"thinkingBudget": 0}, 0),
        ("gemini-2.5-flash", Thinking(effort="none"), {"thinkingBudget": 0}, 0),
        ("gemini-2.5-flash", Thinking("adaptive"), {"thinkingBudget": -1}, 0),
        ("gemini-2.5-flash", Thinking(effort="medium"), {"thinkingBudget": 8192}, 1),
        ("gemini-3-pro", Thinking(effort="low", summary="auto"), {"thinkingLevel": "low", "includeThoughts": True}, 0),
        ("gemini-3-pro", Thinking("adaptive", "high", summary="detailed"), {"thinkingLevel": "high", "includeThoughts": True}, 1),
        ("gemini-3-pro", Thinking(effort="max"), {"thinkingLevel": "high"}, 1),
        ("gemini-3-pro", Thinking("on", "low", 2048), {"thinkingBudget": 2048}, 1),
        ("gemini-3-pro", Thinking("on"), None, 0),
        ("gemini-9-new", Thinking(effort="medium"), {"thinkingLevel": "medium"}, 0),
    ],
)  # fmt: skip
def test_thinking(model, thinking, config, losses):
    body, found = written(model=model, thinking=thinking)
    assert body.get("generationConfig", {}).get("thinkingConfig") == config
    assert [severity for _, severity in found] == ["tuning"] * losses


@pytest.mark.parametrize(
    ("choice", "config"),
    [
        (ToolChoice("auto"), {"mode": "AUTO"}), (ToolChoice("none"), {"mode": "NONE"}),
        (ToolChoice("required"), {"mode": "ANY"}), (ToolChoice("tool", ("f",)), {"mode": "ANY", "allowedFunctionNames": ["f"]}),
        (ToolChoice("allowed", ("f", "g"), True), {"mode": "ANY", "allowedFunctionNames": ["f", "g"]}),
        (ToolChoice("allowed", ("f",)), {"mode": "VALIDATED", "allowedFunctionNames": ["f"]}),
    ],
)  # fmt: skip
def test_tool_choice(choice, config):
    assert written(tool_choice=choice)[0]["toolConfig"] == {"functionCallingConfig": config}


def test_tools():
    mark = CacheMark()
    tools = (
        Tool("f", "d", {"type": "object"}, strict=True),
        NativeTool("x", "web_search", {}),
        Tool("c", kind="custom"),
        Tool("g", cache=mark),
    )
    body, losses = written(tools=tools)
    assert body["tools"] == [
        {
            "functionDeclarations": [
                {"name": "f", "description": "d", "parametersJsonSchema": {"type": "object"}},
                {"name": "g"},
            ]
        }
    ]
    assert losses == [("strict", "tuning"), ("tool c", "meaning"), ("caching mark", "tuning")]


def test_options_and_output():
    options = Options(
        max_output_tokens=5,
        stop=("END",),
        candidates=2,
        modalities=("text", "image"),
        parallel_tool_calls=False,
        min_p=0.1,
        top_k=3,
    )
    body, losses = written(
        options=options,
        output=OutputFormat("schema", {"type": "object"}, "n", "d", True),
        tools=(Tool("f"),),
    )
    assert body["generationConfig"] == {
        "maxOutputTokens": 5, "stopSequences": ["END"], "candidateCount": 2, "topK": 3, "responseModalities": ["TEXT", "IMAGE"],
        "responseMimeType": "application/json", "responseJsonSchema": {"type": "object"},
    }  # fmt: skip
    assert sorted(losses) == [
        ("description of the schema", "tuning"), ("min p", "tuning"), ("name of the schema", "tuning"), ("parallel tool calls", "meaning"),
    ]  # fmt: skip
    assert written(output=OutputFormat("text"))[0]["generationConfig"] == {"responseMimeType": "text/plain"}
    assert written(output=OutputFormat("json"))[0]["generationConfig"] == {
        "responseMimeType": "application/json"
    }


@pytest.mark.parametrize(
    ("part", "expected", "losses"),
    [
        (Image(Inline("image/png", "AAAA"), detail="high"), {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}, [("detail", "tuning")]),
        (Document(Plain("é"), name="n", cited=True), {"inlineData": {"mimeType": "text/plain", "data": "w6k=", "displayName": "n"}}, [("citations", "tuning")]),
        (Document(Url("gs://b/x.pdf"), name="n", context="c"), {"fileData": {"mimeType": "application/pdf", "fileUri": "gs://b/x.pdf"}}, [("context", "meaning"), ("name", "tuning")]),
        (Audio(Inline("audio/wav", "AAAA"), transcript="t", cache=CacheMark()), {"inlineData": {"mimeType": "audio/wav", "data": "AAAA"}}, [("caching mark", "tuning"), ("transcript", "tuning")]),
        (Video(Url("https://youtu.be/x")), {"fileData": {"mimeType": "video/*", "fileUri": "https://youtu.be/x"}}, []),
        (Audio(id="a"), None, [("audio", "meaning")]),
        (Image(FileId("f", "openai.chat")), None, [("file", "meaning")]),
        (Image(FileId("files/f", "gemini", "image/png")), {"fileData": {"mimeType": "image/png", "fileUri": "files/f"}}, []),
        (Refusal("No."), {"text": "No."}, []), (Refusal(""), None, []), (Data({"a": 1}), {"text": '{"a":1}'}, []),
        (Text("a", cache=CacheMark(), logprobs=({},)), {"text": "a"}, [("caching mark", "tuning"), ("logprobs", "tuning")]),
    ],
)  # fmt: skip
def test_parts(part, expected, losses):
    found, lost = parts_of(part)
    assert found == ([] if expected is None else [expected])
    assert sorted(lost) == losses


@pytest.mark.parametrize(
    ("part", "is_error", "response"),
    [
        (Text("a"), None, {"result": "a"}), (Text("a"), True, {"error": "a"}), (Data({"a": 1}), False, {"a": 1}),
        (Data({"a": 1}), True, {"error": {"a": 1}}), (Data([1]), None, {"result": [1]}), (Data(None), None, {"result": None}),
    ],
)  # fmt: skip
def test_results(part, is_error, response):
    result = ToolResult("c", (part,), is_error=is_error, cache=None)
    body, losses = written(ASK, ToolCall("c", "f", "{}"), result)
    assert body["contents"][-1]["parts"] == [
        {"functionResponse": {"id": "c", "name": "f", "response": response}}
    ]
    assert losses == []
    again = CODEC.read_request(body, _source()).items[-1]
    assert (again.parts, bool(again.is_error)) == ((part,), bool(is_error))


def test_results_of_several_parts():
    parts = (
        Text("a"),
        Text("b"),
        Image(Inline("image/png", "AAAA")),
        Image(Url("https://example.com/a.png")),
    )
    found, losses = written(ASK, ToolCall("c", "f", "{}"), ToolResult("c", parts, cache=CacheMark()))
    assert found["contents"][-1]["parts"][0]["functionResponse"] == {
        "id": "c", "name": "f", "response": {"result": "a\n\nb"}, "parts": [{"inlineData": {"mimeType": "image/png", "data": "AAAA"}}],
    }  # fmt: skip
    assert sorted(losses) == [("URL", "meaning"), ("caching mark", "tuning")]
    found, _ = written(ASK, ToolCall("c", "f", "{}"), ToolResult("c", (Text("a"), Data(1))))
    assert found["contents"][-1]["parts"][0]["functionResponse"]["response"] == {"result": ["a", 1]}


def test_orphans_custom_calls_names_and_thoughts():
    theirs = Opaque("signature", "s", Maker("anthropic", "claude"))
    items = (
        Message(Role.USER, (Text("x"),), name="ann"),
        Reasoning("Hm.", opaque=(theirs,), origin=FROM),
        ToolCall("c", "f", "free text", kind="custom"),
        ToolResult("nobody", (Text("a"),)),
    )
    body, losses = written(*items)
    assert body["contents"][1]["parts"] == [
        {"functionCall": {"id": "c", "name": "f", "args": {"input": "free text"}}}
    ]
    assert losses == [
        ("tool result", "meaning"), ("name", "tuning"), ("signature", "tuning"), ("thought", "tuning"), ("call of f", "meaning"),
    ]  # fmt: skip


def test_a_signature_of_another_credential_stays_away():
    blob = Opaque("thought_signature", "s", Maker("google", "gemini", "mine"))
    items = (ASK, ToolCall("c", "f", "{}", opaque=(blob,)))
    for credential, kept in (("mine", True), (None, True), ("other", False)):
        target = Target("gemini", model="gemini-2.5-flash", credential=credential)
        body = CODEC.write_request(Conversation(items), target).body
        assert ("thoughtSignature" in body["contents"][1]["parts"][0]) is kept
        assert bool(target.losses.report) is not kept


def _source():
    from tokentape.protocols.codec import Source

    return Source("gemini", model="gemini-2.5-flash")


def test_values_nested_too_deep_are_a_loss():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    assert parts_of(Data(deep)) == ([{"text": ""}], [("value", "meaning")])
    found, losses = parts_of(Data({"$ref": deep}), result=True)
    assert found["response"] == {"result": ""}
    assert ("value", "meaning") in losses


def test_a_request_that_moves_to_another_gemini():
    body = {
        "contents": [
            {"role": "user", "parts": [{"text": "x"}]},
            {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}}]},
            {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"result": "ok"}}}]},
        ],
        "generationConfig": {"thinkingConfig": {"thinkingLevel": "HIGH"}},
    }
    found = CODEC.read_request(body, _source())
    target = Target("gemini", model="gemini-3-pro")
    moved = CODEC.write_request(found, target).body
    assert moved["contents"][1]["parts"][0]["thoughtSignature"] == "skip_thought_signature_validator"
    assert moved["generationConfig"] == body["generationConfig"]
    assert [loss.what for loss in target.losses.report.tuning] == ["thought signature"]
    target = Target("gemini", model="gemini-2.5-pro")
    moved = CODEC.write_request(found, target).body
    assert moved["contents"] == body["contents"]
    assert moved["generationConfig"]["thinkingConfig"]["thinkingBudget"] > 0
    assert [loss.what for loss in target.losses.report.tuning] == ["effort"]
    assert CODEC.write_request(found, Target("gemini", model="gemini-2.5-flash")).body == body
