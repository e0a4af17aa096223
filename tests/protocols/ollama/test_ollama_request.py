"""Requests of Ollama's chat: what is read, what is written, what is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ollama_bodies import PNG, SOURCE, call, chat, read, user, write

from tokentape.errors import ProtocolError
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
from tokentape.protocols.canonical.origin import Maker, Opaque
from tokentape.protocols.canonical.parts import (
    Audio,
    CacheMark,
    Citation,
    Data,
    Document,
    FileId,
    Image,
    Inline,
    Plain,
    Refusal,
    Text,
    Unknown,
    Url,
)
from tokentape.protocols.ollama.codec import CODEC

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
TOOL = {"type": "function", "function": {"name": "look", "description": "Look.", "parameters": SCHEMA}}

BODIES = {
    "one text": chat(user("hi")),
    "a model without a name": chat(user("hi"), model=""),
    "told to stream": chat(user("hi"), stream=True),
    "told not to": chat(user("hi"), stream=False),
    "zero values": chat(user("hi"), format="", options={}, tools=[], keep_alive=None, think=None),
    "unknown fields": chat(user("hi", mood="glad"), keep_alive="5m", vendor={"a": [1]}),
    "all options": chat(
        user("hi"),
        options={
            "num_predict": 9, "temperature": 0, "top_p": 0.5, "top_k": 4, "min_p": 0.1, "frequency_penalty": 1,
            "presence_penalty": 1.5, "repeat_penalty": 1.1, "seed": 3, "stop": ["a", "b"], "num_ctx": 4096,
            "mirostat": None,
        },
        logprobs=True,
        top_logprobs=2,
    ),
    "stop as text": chat(user("hi"), options={"stop": "END"}),
    "no limit": chat(user("hi"), options={"num_predict": -1}),
    "json": chat(user("hi"), format="json"),
    "schema": chat(user("hi"), format=SCHEMA),
    "thinks": chat(user("hi"), think=True),
    "does not think": chat(user("hi"), think=False),
    "thinks a lot": chat(user("hi"), think="high"),
    "images": chat(user("what?", images=[PNG, "/9j/4AAQ"]), user("", images=[])),
    "image alone": chat({"role": "user", "images": [PNG]}),
    "thoughts": chat(user("2+2?"), {"role": "assistant", "content": "4", "thinking": "Two."}, user("Sure?")),
    "empty thought": chat({"role": "assistant", "content": "4", "thinking": ""}, user("Sure?")),
    "nulls": chat({"role": "assistant", "content": None, "tool_calls": None, "images": None}, user("hi")),
    "nothing said": chat({"role": "assistant", "content": ""}, {"role": "assistant"}, user("hi")),
    "unknown role": chat({"role": "control", "content": "thinking"}, user("hi")),
    "mid system": chat(user("hi"), {"role": "system", "content": "Be brief."}, user("so?")),
    "tools": chat(user("hi"), tools=[TOOL, {"function": {"name": "bare", "x": 1}}, {"type": "web", "x": 1}]),
    "old calls": chat(
        {"role": "assistant", "content": "", "tool_calls": [call("look", {"city": "Paris"})]},
        {"role": "tool", "content": "18 C"},
    ),
    "new calls": chat(
        {"role": "assistant", "tool_calls": [call("look", {"n": 1.5, "é": [None]}, id="c1", type="function", x=1)]},
        {"role": "tool", "content": "18 C", "tool_name": "look", "tool_call_id": "c1", "seen": True},
    ),
    "odd calls": chat(
        {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": {}, "x": 1}}]},
        {"role": "assistant", "content": "", "tool_calls": []},
        {"role": "assistant", "tool_calls": [{"id": "", "function": {"name": "now", "index": 0}}]},
        {"role": "tool", "content": "", "tool_call_id": ""},
        {"role": "tool", "content": "orphan", "tool_name": "gone"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_a_request_comes_back(name):
    assert write(read(BODIES[name])) == (BODIES[name], [])


@pytest.mark.parametrize("model", [None, "llama3"])
def test_the_path_and_the_model(model):
    asked = CODEC.read_request({"messages": [user("hi")]}, replace(SOURCE, model="gemma3"))
    assert asked.model == "gemma3"
    assert asked.stream is True
    assert write(asked, model=model)[0]["model"] == (model or "gemma3")


def test_absent_means_that_it_streams():
    """Every other dialect takes absent for no stream, so that it has to be said here."""
    assert read(chat(user("hi"))).stream is True
    for said, expected in ((None, False), (False, False), (True, True)):
        foreign = Conversation((Message(Role.USER, (Text("hi"),)),), "qwen3", stream=said)
        assert write(foreign)[0]["stream"] is expected
    assert write(replace(read(chat(user("hi"))), stream=False))[0]["stream"] is False


def test_a_model_may_be_missing():
    body = {"messages": [user("hi")]}
    assert write(read(body)) == (body, [])


def test_what_a_message_says_in_canonical_form():
    body = chat(
        user("what?", images=[PNG]),
        {
            "role": "assistant",
            "thinking": "Hm.",
            "content": "I look.",
            "tool_calls": [call("look", {"a": 1}, id="c")],
        },
        {"role": "tool", "content": "18 C", "tool_name": "look", "tool_call_id": "c"},
    )
    assert read(body).items == (
        Message(Role.USER, (Text("what?"), Image(Inline("image/png", PNG)))),
        Reasoning("Hm."),
        Message(Role.ASSISTANT, (Text("I look."),)),
        ToolCall("c", "look", '{"a":1}'),
        ToolResult("c", (Text("18 C"),), "look"),
    )


def test_an_edited_node_is_written_as_it_is_now():
    asked = read(BODIES["new calls"])
    called, result = asked.items
    edited = replace(
        asked,
        items=(replace(called, arguments='{"n":2}'), replace(result, parts=(Text("20 C"),), call_id="c2")),
    )
    body, losses = write(edited)
    assert body["messages"][0]["tool_calls"][0]["function"]["arguments"] == {"n": 2}
    assert body["messages"][1] == {
        "role": "tool", "content": "20 C", "tool_name": "look", "tool_call_id": "c2", "seen": True,
    }  # fmt: skip
    assert losses == []


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"messages": "x"}, "messages"),
        ({"messages": ["x"]}, "messages[0]"),
        ({"messages": [{"content": "x"}]}, "messages[0].role"),
        ({"messages": [user(5)]}, "messages[0].content"),
        ({"messages": [user("x", images="x")]}, "messages[0].images"),
        ({"messages": [user("x", images=[5])]}, "messages[0].images[0]"),
        ({"messages": [{"role": "assistant", "thinking": 5}]}, "messages[0].thinking"),
        ({"messages": [{"role": "assistant", "tool_calls": {}}]}, "messages[0].tool_calls"),
        ({"messages": [{"role": "assistant", "tool_calls": [{}]}]}, "messages[0].tool_calls[0].function"),
        ({"messages": [{"role": "assistant", "tool_calls": [call(5, {})]}]}, "messages[0].tool_calls[0].function.name"),
        ({"messages": [{"role": "assistant", "tool_calls": [call("f", "{}")]}]},
         "messages[0].tool_calls[0].function.arguments"),
        ({"messages": [{"role": "tool", "tool_name": 5}]}, "messages[0].tool_name"),
        ({"model": 5}, "model"),
        ({"stream": "yes"}, "stream"),
        ({"format": "yaml"}, "format"),
        ({"format": 5}, "format"),
        ({"think": 5}, "think"),
        ({"tools": {}}, "tools"),
        ({"messages": [user("x", images="")]}, "messages[0].images"),
        ({"tools": [{"function": {}}]}, "tools[0].function.name"),
        ({"options": []}, "options"),
        ({"options": {"temperature": "hot"}}, "options.temperature"),
        ({"options": {"temperature": float("nan")}}, "options.temperature"),
    ],
)  # fmt: skip
def test_a_wrong_type_says_where(change, path):
    with pytest.raises(ProtocolError) as caught:
        read({**chat(user("hi")), **change})
    assert caught.value.path == path


def test_a_body_without_messages_and_prompt_asks_nothing():
    with pytest.raises(ProtocolError, match="messages: expected a list"):
        read({"model": "qwen3"})


def test_deep_arguments_are_refused():
    deep = {}
    for _ in range(50_000):
        deep = {"a": deep}
    with pytest.raises(ProtocolError, match="nested too deeply"):
        read(chat({"role": "assistant", "tool_calls": [call("f", deep)]}))


# ---- written for others


def foreign(*items, **more):
    return write(Conversation(items, "qwen3", stream=False, **more))


def said(*parts, role=Role.USER):
    return Message(role, parts)


@pytest.mark.parametrize(
    ("part", "severity", "told"),
    [
        (Image(Url("https://example.com/cat.png")), "meaning", {"content": ""}),
        (Image(FileId("file-1", "openai.chat")), "meaning", {"content": ""}),
        (Image(Plain("odd")), "meaning", {"content": ""}),
        (Image(Inline("image/png", PNG), cache=CacheMark()), "tuning", {"content": "", "images": [PNG]}),
        (Document(Inline("application/pdf", "JVBERi0=")), "meaning", {"content": ""}),
        (Document(Plain("All of it.")), "tuning", {"content": "All of it."}),
        (Audio(Inline("audio/wav", "AAAA")), "meaning", {"content": ""}),
        (Refusal("No."), "tuning", {"content": "No."}),
        (Data({"a": 1}), None, {"content": '{"a":1}'}),
        (Image(Inline("image/png", PNG), "high"), "tuning", {"content": "", "images": [PNG]}),
        (Unknown("ollama", {"type": "odd"}), None, {"content": ""}),
        (Text("x", cache=CacheMark()), "tuning", {"content": "x"}),
        (Text("x", (Citation("gemini", "web", {}),)), "tuning", {"content": "x"}),
    ],
    ids=repr,
)
def test_parts(part, severity, told):
    body, losses = foreign(said(part))
    assert body["messages"] == [{"role": "user", **told}]
    assert [f"[{severity}]" in loss for loss in losses] == ([True] if severity else [])


def test_a_url_is_refused_with_the_way_out():
    _, losses = foreign(said(Image(Url("https://example.com/cat.png"))))
    assert "fetch it first and send it as base64" in losses[0]


def test_texts_of_a_user_are_texts_and_those_of_the_model_one():
    body, losses = foreign(
        said(Text("One."), Text("Two.")), said(Text("Pa"), Text("ris"), role=Role.ASSISTANT)
    )
    assert [message["content"] for message in body["messages"]] == ["One.\n\nTwo.", "Paris"]
    assert losses == []


def test_a_picture_between_texts_loses_its_place():
    body, losses = foreign(said(Text("This"), Image(Inline("image/png", PNG)), Text("and that")))
    assert body["messages"][0] == {"role": "user", "content": "This\n\nand that", "images": [PNG]}
    assert "place of an image" in losses[0]


def test_system_text_stays_where_it_is():
    body, losses = foreign(
        said(Text("Be brief."), role=Role.SYSTEM),
        said(Text("hi")),
        said(Text("In French."), role=Role.DEVELOPER),
    )
    assert [message["role"] for message in body["messages"]] == ["system", "user", "system"]
    assert losses == []


def test_thoughts_of_others_are_told_without_what_only_they_can_read():
    signed = Opaque("signature", "c2ln", Maker("anthropic", "claude"))
    body, losses = foreign(
        said(Text("2+2?")), Reasoning("Two and two.", opaque=(signed,)), said(Text("4"), role=Role.ASSISTANT),
        Reasoning(summary=("Thinking.", "More.")), Reasoning(opaque=(signed,)), said(Text("Sure.")),
    )  # fmt: skip
    assert [message.get("thinking") for message in body["messages"]] == [
        None, "Two and two.\n\nThinking.\n\nMore.", None,
    ]  # fmt: skip
    assert any("signature" in loss for loss in losses)
    assert any("order" in loss and "thought" in loss for loss in losses)
    assert not any("meaning" in loss for loss in losses)


@pytest.mark.parametrize(
    ("thinking", "model", "told", "lost"),
    [
        (Thinking("on"), "qwen3", True, []),
        (Thinking("adaptive"), "qwen3", True, []),
        (Thinking("off"), "qwen3", False, []),
        (Thinking(effort="none"), "qwen3", False, []),
        (Thinking(effort="medium"), "qwen3", True, ["effort"]),
        (Thinking("on", budget=2048), "qwen3", True, ["budget"]),
        (Thinking(effort="minimal"), "gpt-oss:20b", "low", ["effort"]),
        (Thinking(effort="medium"), "gpt-oss:20b", "medium", []),
        (Thinking(effort="xhigh"), "gpt-oss:20b", "high", ["effort"]),
        (Thinking("on"), "gpt-oss:20b", True, []),
        (Thinking("on", shown=False, summary="auto"), "qwen3", True, ["summary", "hidden"]),
    ],
)
def test_thinking(thinking, model, told, lost):
    body, losses = write(Conversation((said(Text("hi")),), model, thinking=thinking))
    assert body["think"] is told or body["think"] == told
    assert [word in loss for word, loss in zip(lost, losses, strict=True)] == [True] * len(lost)


def test_nothing_said_of_thinking_is_not_written():
    assert "think" not in foreign(said(Text("hi")), thinking=Thinking(summary="auto"))[0]


@pytest.mark.parametrize(
    ("choice", "severity", "tools"),
    [
        (ToolChoice("auto"), [], ["look", "go"]),
        (ToolChoice("required"), ["meaning"], ["look", "go"]),
        (ToolChoice("tool", ("go",)), ["meaning"], ["look", "go"]),
        (ToolChoice("none"), ["tuning"], []),
        (ToolChoice("allowed", ("go",)), ["tuning"], ["go"]),
        (ToolChoice("allowed", ("go",), required=True), ["meaning"], ["go"]),
    ],
)
def test_the_choice_among_tools(choice, severity, tools):
    body, losses = foreign(said(Text("hi")), tools=(Tool("look"), Tool("go")), tool_choice=choice)
    assert [tool["function"]["name"] for tool in body.get("tools", [])] == tools
    assert [loss.rpartition("[")[2] for loss in losses] == [f"{one}]" for one in severity]


def test_tools_of_others():
    body, losses = foreign(
        said(Text("hi")),
        tools=(
            Tool("look", "Look.", SCHEMA, strict=True, cache=CacheMark()),
            Tool("grep", kind="custom"),
            NativeTool("openai.responses", "web_search", {"type": "web_search"}),
            Tool("bare"),
        ),
    )
    assert body["tools"][0] == TOOL
    assert body["tools"][1]["function"]["parameters"] == {"type": "object", "properties": {}}
    assert len(body["tools"]) == 2
    assert [loss.rpartition("[")[2] for loss in losses] == ["tuning]", "tuning]", "meaning]"]


def test_the_form_of_the_answer():
    schema = OutputFormat("schema", SCHEMA, "answer", "What it is.", strict=True)
    body, losses = foreign(said(Text("hi")), output=schema)
    assert body["format"] == SCHEMA
    assert [("name" in losses[0]), ("description" in losses[1])] == [True, True]
    assert foreign(said(Text("hi")), output=OutputFormat("json"))[0]["format"] == "json"
    assert "format" not in foreign(said(Text("hi")), output=OutputFormat("text"))[0]


def test_options_that_are_not_there():
    options = Options(temperature=0.5, candidates=2, parallel_tool_calls=False, user="ada")
    body, losses = foreign(said(Text("hi")), options=options, tools=(Tool("f"),))
    assert body["options"] == {"temperature": 0.5}
    assert [loss.rpartition("[")[2] for loss in losses] == ["meaning]", "meaning]", "tuning]"]


def test_calls_that_cannot_be_objects():
    body, losses = foreign(
        ToolCall("c1", "grep", "[1]"), ToolResult("c1", (Text("x"),), is_error=True),
        ToolCall("c2", "raw", "text", kind="custom", item_id="i"), ToolResult("c2", (), cache=CacheMark()),
    )  # fmt: skip
    calls = [message["tool_calls"][0]["function"]["arguments"] for message in body["messages"][::2]]
    assert calls == [{}, {}]
    assert sum("[meaning]" in loss for loss in losses) == 3
    assert any("is_error" in loss for loss in losses)


def test_results_that_cannot_be_told():
    deep = []
    for _ in range(50_000):
        deep = [deep]
    body, losses = foreign(ToolCall("c", "f", "{}"), ToolResult("c", (Data(deep),)))
    assert body["messages"][1]["content"] == ""
    assert "nested too deep" in losses[0]


def test_own_unknown_things_stay_and_names_go():
    odd = Unknown("ollama", {"role": "control", "content": "x"})
    body, losses = foreign(replace(said(Text("hi")), name="ada"), odd, said(Text("so?")))
    assert body["messages"][1] == odd.json
    assert len(body["messages"]) == 3
    assert "name" in losses[0]
