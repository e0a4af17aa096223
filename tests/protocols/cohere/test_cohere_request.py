"""Requests of Cohere's chat: what is read, what is written, what is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cohere_bodies import PNG, SOURCE, call, chat, read, text, user, write

from tokentape.errors import ProtocolError, UnsupportedFeature
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
from tokentape.protocols.codec import Target
from tokentape.protocols.cohere.codec import CODEC
from tokentape.protocols.translation import write_request

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
TOOL = {"type": "function", "function": {"name": "look", "description": "Look.", "parameters": SCHEMA}}
DATA_URL = f"data:image/png;base64,{PNG}"


def image(url, **more):
    return {"type": "image_url", "image_url": {"url": url, **more}}


def cited(start, end, **more):
    return {"start": start, "end": end, "text": "x", "sources": [{"type": "document", "id": "d"}], **more}


def document(data, **more):
    return {"type": "document", "document": {"data": data, **more}}


BODIES = {
    "one text": chat(user("hi")),
    "a list": chat(user([text("hi")]), user([]), user(""), user(None), {"role": "user"}),
    "unknown fields": chat(user([text("hi", x=1), {"type": "odd"}], mood="glad"), priority=3, vendor=None),
    "images": chat(
        user([text("what?"), image("https://e.com/a.png", detail="low", x=1), image(DATA_URL), image("data:,x")]),
        user([{"type": "image_url", "image_url": "https://e.com/a.png"}]),
    ),
    "all options": chat(
        user("hi"), max_tokens=9, temperature=0, p=0.5, k=4, frequency_penalty=0.1, presence_penalty=0.2, seed=3,
        stop_sequences=["a", "b"], logprobs=True, stream=True, citation_options={"mode": "FAST"},
    ),
    "other options": chat(
        user("hi"), stop_sequences="END", stream=False, temperature=None, safety_mode="STRICT", tools=[],
        documents=["a", {"data": {"text": "b"}}],
    ),
    "json": chat(user("hi"), response_format={"type": "json_object", "x": 1}),
    "schema": chat(user("hi"), response_format={"type": "json_object", "json_schema": SCHEMA}),
    "schema of old": chat(user("hi"), response_format={"type": "json_object", "schema": SCHEMA}),
    "two schemas": chat(user("hi"), response_format={"type": "json_object", "schema": {}, "json_schema": SCHEMA}),
    "text": chat(user("hi"), response_format={"type": "text", "json_schema": SCHEMA}),
    "thinks": chat(user("hi"), thinking={"type": "enabled", "token_budget": 9, "x": 1}),
    "does not": chat(user("hi"), thinking={"type": "disabled"}),
    "budget": chat(user("hi"), thinking={"token_budget": 9}),
    "nothing of it": chat(user("hi"), thinking={}),
    "roles": chat(
        {"role": "system", "content": "Be brief."}, {"role": "developer", "content": "So."}, user("hi"),
        {"role": "system", "content": [text("In French.")]}, {"role": "narrator", "content": "x"},
    ),
    "tools": chat(
        user("hi"), tools=[TOOL, {"function": {"name": "bare", "x": 1}}, {"type": "web"}], tool_choice="REQUIRED",
    ),
    "no tools": chat(user("hi"), tools=[TOOL], tool_choice="NONE", strict_tools=False),
    "strict tools": chat(user("hi"), tools=[TOOL, TOOL], strict_tools=True),
    "strict others": chat(user("hi"), tools=[{"type": "web"}], strict_tools=True, model=""),
    "strict nothing": chat(user("hi"), strict_tools=True),
    "plan and calls": chat(
        {"role": "assistant", "tool_plan": "I look.", "tool_calls": [call("c1", "look", '{"a": 1}', x=1)]},
        {"role": "tool", "tool_call_id": "c1", "content": "18 C"},
    ),
    "odd calls": chat(
        {"role": "assistant", "content": "", "tool_plan": "", "tool_calls": [], "citations": []},
        {"role": "assistant", "tool_calls": [{"function": {"name": "f"}}, call("", "g", "")]},
        {"role": "tool", "content": "orphan"},
    ),
    "results": chat(
        {"role": "assistant", "tool_calls": [call("c1", "look", "{}")]},
        {"role": "tool", "tool_call_id": "c1", "content": [
            document('{"a": 1}'), document({"a": 1}, id="d1", x=2), document(None), {"type": "document", "document": {}},
            text("18 C"), {"type": "odd"},
        ]},
    ),
    "thoughts": chat(
        user("2+2?"),
        {"role": "assistant", "content": [
            text("So."), {"type": "thinking", "thinking": "Two.", "x": 1}, text("4"), text("!"), {"type": "thinking", "thinking": ""},
        ]},
        user("Sure?"),
    ),
    "citations": chat(
        {"role": "assistant", "content": "One two.", "citations": [cited(0, 3), cited(4, 7, content_index=0, type="TEXT_CONTENT")]},
        {"role": "assistant", "content": [text("One."), {"type": "thinking", "thinking": "Hm."}, text("Two.")], "citations": [
            cited(0, 3), cited(0, 3, content_index=2), cited(0, 1, content_index=1, type="THINKING_CONTENT"),
            cited(0, 1, content_index=0),
        ]},
        {"role": "assistant", "tool_plan": "x", "citations": [cited(0, 1, type="PLAN")]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_a_request_comes_back(name):
    assert write(read(BODIES[name])) == (BODIES[name], [])


def test_the_path_the_model_and_the_stream():
    asked = CODEC.read_request({"messages": [user("hi")]}, replace(SOURCE, model="command-r", stream=True))
    assert (asked.model, asked.stream) == ("command-r", True)
    outgoing = CODEC.write_request(asked, Target("cohere", model="command-a"))
    assert (outgoing.path, outgoing.body["model"], "stream" in outgoing.body) == (
        "v2/chat",
        "command-a",
        False,
    )


def test_a_model_may_be_missing():
    body = {"messages": [user("hi")]}
    assert write(read(body)) == (body, [])


def test_what_messages_say_in_canonical_form():
    asked = read(
        chat(
            user([text("what?"), image(DATA_URL, detail="high")]),
            {
                "role": "assistant",
                "content": [{"type": "thinking", "thinking": "Hm."}, text("I look.")],
                "tool_plan": "Look.",
                "tool_calls": [call("c", "look", '{"a": 1}')],
            },
            {"role": "tool", "tool_call_id": "c", "content": [document("18 C"), document({"wind": 3})]},
        )
    )
    assert asked.items == (
        Message(Role.USER, (Text("what?"), Image(Inline("image/png", PNG), "high"))),
        Reasoning("Hm."),
        Message(Role.ASSISTANT, (Text("I look."),)),
        Reasoning("Look."),
        ToolCall("c", "look", '{"a": 1}'),
        ToolResult("c", (Text("18 C"), Data({"wind": 3}))),
    )


def test_edited_nodes_are_written_as_they_are_now():
    asked = read(BODIES["plan and calls"])
    plan, called, result = asked.items
    edited = (
        replace(plan, text="I see."),
        replace(called, arguments='{"a": 2}', id="c2"),
        replace(result, call_id="c2", parts=(Text("20 C"), Text("mild"))),
    )
    body, losses = write(replace(asked, items=edited, tool_choice=ToolChoice("none")))
    assert body["messages"] == [
        {"role": "assistant", "tool_plan": "I see.", "tool_calls": [call("c2", "look", '{"a": 2}', x=1)]},
        {"role": "tool", "tool_call_id": "c2", "content": [text("20 C"), text("mild")]},
    ]
    assert (body["tool_choice"], losses) == ("NONE", [])


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"messages": "x"}, "messages"),
        ({"messages": None}, "messages"),
        ({"messages": ["x"]}, "messages[0]"),
        ({"messages": [{}]}, "messages[0].role"),
        ({"messages": [user(5)]}, "messages[0].content"),
        ({"messages": [user(["x"])]}, "messages[0].content[0]"),
        ({"messages": [user([{"type": "text"}])]}, "messages[0].content[0].text"),
        ({"messages": [user([{"type": "image_url"}])]}, "messages[0].content[0].image_url"),
        ({"messages": [user([image(5)])]}, "messages[0].content[0].image_url.url"),
        ({"messages": [user([{"type": "document", "document": 5}])]}, "messages[0].content[0].document"),
        ({"messages": [{"role": "assistant", "content": [{"type": "thinking"}]}]}, "messages[0].content[0].thinking"),
        ({"messages": [{"role": "assistant", "tool_plan": 5}]}, "messages[0].tool_plan"),
        ({"messages": [{"role": "assistant", "tool_calls": {}}]}, "messages[0].tool_calls"),
        ({"messages": [{"role": "assistant", "tool_calls": [call("c", "f", {})]}]},
         "messages[0].tool_calls[0].function.arguments"),
        ({"messages": [{"role": "assistant", "content": "x", "citations": [5]}]}, "messages[0].citations[0]"),
        ({"messages": [{"role": "assistant", "content": "x", "citations": [{"start": "x"}]}]},
         "messages[0].citations[0].start"),
        ({"messages": [{"role": "assistant", "content": "x", "citations": ""}]}, "messages[0].citations"),
        ({"messages": [{"role": "tool", "tool_call_id": 5}]}, "messages[0].tool_call_id"),
        ({"tools": [{"function": {}}]}, "tools[0].function.name"),
        ({"tool_choice": "SOME"}, "tool_choice"),
        ({"strict_tools": 1}, "strict_tools"),
        ({"response_format": {"type": "xml"}}, "response_format.type"),
        ({"thinking": {"type": "some"}}, "thinking.type"),
        ({"thinking": {"token_budget": "x"}}, "thinking.token_budget"),
        ({"p": "x"}, "p"),
        ({"model": 5}, "model"),
    ],
)  # fmt: skip
def test_a_wrong_type_says_where(change, path):
    with pytest.raises(ProtocolError) as caught:
        read({**chat(user("hi")), **change})
    assert caught.value.path == path


@pytest.mark.parametrize("field", ["documents", "safety_mode"])
def test_what_only_cohere_has_is_not_left_out(field):
    asked = read(chat(user("hi"), **{field: BODIES["other options"][field]}))
    with pytest.raises(UnsupportedFeature, match=field):
        write_request(asked, Target("ollama"))


# ---- written for others


def foreign(*items, **more):
    return write(Conversation(items, "command-a-03-2025", **more))


def said(*parts, role=Role.USER):
    return Message(role, parts)


@pytest.mark.parametrize(
    ("part", "severity", "content"),
    [
        (Image(Url("https://e.com/a.png")), None, [image("https://e.com/a.png")]),
        (
            Image(Inline("image/png", PNG), "low", cache=CacheMark()),
            "tuning",
            [image(DATA_URL, detail="low")],
        ),
        (Image(FileId("file-1", "openai.chat")), "meaning", ""),
        (Image(Plain("odd")), "meaning", ""),
        (Document(Inline("application/pdf", "JVBERi0=")), "meaning", ""),
        (Document(Plain("All of it.")), "tuning", "All of it."),
        (Audio(Inline("audio/wav", "AAAA")), "meaning", ""),
        (Refusal("No."), "tuning", "No."),
        (Data({"a": 1}), None, [document({"a": 1})]),
        (Data([1]), None, "[1]"),
        (Text("x", cache=CacheMark()), "tuning", "x"),
        (Unknown("cohere", {"type": "odd"}), None, [{"type": "odd"}]),
    ],
    ids=repr,
)
def test_parts(part, severity, content):
    body, losses = foreign(said(part))
    assert body["messages"] == [user(content)]
    assert [f"[{severity}]" in loss for loss in losses] == ([True] if severity else [])


def test_system_text_stays_where_it_is_and_names_go():
    body, losses = foreign(
        said(Text("Be brief."), role=Role.SYSTEM), replace(said(Text("hi")), name="ada"),
        Unknown("cohere", {"role": "narrator"}), said(Text("In French."), role=Role.DEVELOPER),
    )  # fmt: skip
    assert [message["role"] for message in body["messages"]] == ["system", "user", "narrator", "system"]
    assert len(losses) == 1
    assert "name" in losses[0]


def test_thoughts_of_others_are_plans_where_calls_follow():
    signed = Opaque("signature", "c2ln", Maker("anthropic", "claude"))
    body, losses = foreign(
        Reasoning("Hm.", opaque=(signed,)), said(Text("I look."), role=Role.ASSISTANT), Reasoning("Look."),
        Reasoning(summary=("At it.",)), ToolCall("c", "f", "{}"), Reasoning(opaque=(signed,)),
        said(Text("So."), role=Role.ASSISTANT), ToolResult("c", (Text("x"),)),
    )  # fmt: skip
    first = body["messages"][0]
    assert first["content"] == [{"type": "thinking", "thinking": "Hm."}, text("I look."), text("So.")]
    assert first["tool_plan"] == "Look.\n\nAt it."
    assert sum("signature" in loss for loss in losses) == 1
    assert any("order" in loss for loss in losses)
    assert not any("meaning" in loss for loss in losses)


@pytest.mark.parametrize(
    ("thinking", "told", "lost"),
    [
        (Thinking("on"), {"type": "enabled"}, 0),
        (Thinking("on", budget=2048), {"type": "enabled", "token_budget": 2048}, 0),
        (Thinking("adaptive"), {"type": "enabled"}, 1),
        (Thinking("off", budget=5), {"type": "disabled"}, 0),
        (Thinking(effort="none"), {"type": "disabled"}, 0),
        (Thinking(effort="medium"), {"type": "enabled", "token_budget": 2048}, 1),
        (Thinking(effort="some"), {"type": "enabled"}, 1),
        (Thinking("on", shown=False, summary="auto"), {"type": "enabled"}, 2),
        (Thinking(shown=True), None, 0),
    ],
)
def test_thinking(thinking, told, lost):
    body, losses = foreign(said(Text("hi")), thinking=thinking)
    assert (body.get("thinking"), len(losses)) == (told, lost)


@pytest.mark.parametrize(
    ("choice", "told", "tools", "lost"),
    [
        (ToolChoice("auto"), None, ["look", "go"], 0),
        (ToolChoice("none"), "NONE", ["look", "go"], 0),
        (ToolChoice("required"), "REQUIRED", ["look", "go"], 0),
        (ToolChoice("tool", ("go",)), "REQUIRED", ["go"], 1),
        (ToolChoice("allowed", ("go",)), None, ["go"], 1),
        (ToolChoice("allowed", ("go",), required=True), "REQUIRED", ["go"], 1),
    ],
)
def test_the_choice_among_tools(choice, told, tools, lost):
    body, losses = foreign(said(Text("hi")), tools=(Tool("look"), Tool("go")), tool_choice=choice)
    assert body.get("tool_choice") == told
    assert [tool["function"]["name"] for tool in body["tools"]] == tools
    assert [loss.rpartition("[")[2] for loss in losses] == ["tuning]"] * lost


def test_tools_of_others():
    tools = (
        Tool("look", "Look.", SCHEMA, strict=True, cache=CacheMark()), Tool("grep", kind="custom"),
        NativeTool("openai.responses", "web_search", {"type": "web_search"}), Tool("bare"),
    )  # fmt: skip
    body, losses = foreign(said(Text("hi")), tools=tools)
    assert body["tools"][0] == TOOL
    assert body["tools"][1]["function"]["parameters"] == {"type": "object", "properties": {}}
    assert sorted(loss.rpartition("[")[2] for loss in losses) == ["meaning]", "tuning]", "tuning]"]
    assert foreign(said(Text("hi")), tools=tools[:1])[0]["strict_tools"] is True


def test_the_form_of_the_answer():
    schema = OutputFormat("schema", SCHEMA, "answer", "What it is.", strict=True)
    body, losses = foreign(said(Text("hi")), output=schema)
    assert body["response_format"] == {"type": "json_object", "json_schema": SCHEMA}
    assert len(losses) == 2
    assert foreign(said(Text("hi")), output=OutputFormat("json"))[0]["response_format"] == {
        "type": "json_object"
    }
    assert "response_format" not in foreign(said(Text("hi")), output=OutputFormat("text"))[0]


def test_options_that_are_not_there():
    options = Options(temperature=0.5, candidates=2, min_p=0.1, user="ada")
    body, losses = foreign(said(Text("hi")), options=options)
    assert body["temperature"] == 0.5
    assert [loss.rpartition("[")[2] for loss in losses] == ["tuning]", "meaning]", "tuning]"]


def test_options_go_as_far_as_the_api_does():
    options = Options(top_p=1, top_k=1000, frequency_penalty=-2, presence_penalty=1.5)
    body, losses = foreign(said(Text("hi")), options=options)
    assert [body[name] for name in ("p", "k", "frequency_penalty", "presence_penalty")] == [0.99, 500, 0, 1]
    assert [loss.rpartition("[")[2] for loss in losses] == ["tuning]"] * 4
    assert write(read(chat(user("hi"), p=1, k=1000)))[0]["p"] == 1


def test_citations_of_others():
    web = Citation("gemini", "web", {}, "https://e.com", "E", "The cited.", 0, 3)
    body, losses = foreign(
        said(Text("One two."), Text("Three.", (web, replace(web, start=None))), role=Role.ASSISTANT),
        said(Text("so")),
    )
    assert body["messages"][0]["citations"] == [
        {
            "start": 0, "end": 3, "text": "Thr", "content_index": 1, "type": "TEXT_CONTENT",
            "sources": [{"type": "document", "id": "https://e.com",
                         "document": {"title": "E", "url": "https://e.com", "snippet": "The cited."}}],
        }
    ]  # fmt: skip
    assert len(losses) == 1


def test_results_that_cannot_be_told():
    deep = []
    for _ in range(50_000):
        deep = [deep]
    body, losses = foreign(
        ToolCall("c", "f", ""), ToolResult("c", (Data(deep),), is_error=True, cache=CacheMark())
    )
    assert body["messages"][1]["content"] == ""
    assert [loss.rpartition("[")[2] for loss in losses] == ["meaning]", "tuning]", "tuning]"]
