"""What other dialects have, written as Chat: parts, tools, streams; what cannot be said is in the report."""

from __future__ import annotations

import pytest
from chat_bodies import DETAILS, NAME, chunk, events, payload, streamed, told

from tokentape.protocols.canonical.conversation import Conversation, NativeTool, Thinking, Tool, ToolChoice
from tokentape.protocols.canonical.events import Amend, Close, Delta, Ended, Open, Started, Stopped
from tokentape.protocols.canonical.failure import Failure, FailureKind
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ToolCall, ToolResult
from tokentape.protocols.canonical.origin import Maker, Opaque, Origin
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
    Video,
)
from tokentape.protocols.canonical.reply import Choice, Reply, Stop, StopReason
from tokentape.protocols.codec import Target
from tokentape.protocols.openai_chat.codec import CODEC
from tokentape.protocols.openai_chat.fold import fold as native_fold
from tokentape.protocols.quirks import Quirks

BLOB = Opaque("signature", "c2ln", Maker("anthropic", "claude"))


def wrote(*items, **more):
    quirks = more.pop("quirks", Quirks())
    target = Target(NAME, quirks=quirks)
    return CODEC.write_request(Conversation(items, model="m", **more), target).body, target.losses.report


def part_of(part, **more):
    """What a part of the user's becomes: the part, and the losses."""
    body, losses = wrote(Message(Role.USER, (part, Text("?"))), **more)
    content = body["messages"][0]["content"]
    return (content[0] if len(content) == 2 else None), losses


@pytest.mark.parametrize(
    ("part", "written"),
    [
        (
            Image(Url("https://a/"), "low"),
            {"type": "image_url", "image_url": {"url": "https://a/", "detail": "low"}},
        ),
        (
            Audio(Inline("audio/wav", "AA==")),
            {"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}},
        ),
        (Audio(transcript="hi"), {"type": "text", "text": "hi"}),
        (Document(Plain("so"), "T"), {"type": "text", "text": "T\n\nso"}),
        (
            Document(FileId("file-1", "openai.responses"), "n"),
            {"type": "file", "file": {"file_id": "file-1", "filename": "n"}},
        ),
        (Refusal("no"), {"type": "refusal", "refusal": "no"}),
        (Data([1]), {"type": "text", "text": "[1]"}),
        (Data("x"), {"type": "text", "text": "x"}),
    ],
)
def test_parts_that_can_be_said(part, written):
    found, losses = part_of(part)
    assert found == written
    assert not losses.meaning


@pytest.mark.parametrize(
    "part",
    [
        Image(Url("gs://b/a.png")),
        Image(FileId("f", "anthropic.messages")),
        Document(FileId("f", "anthropic.messages")),
        Document(Url("https://a/")),
        Audio(Url("https://a/")),
        Video(Inline("video/mp4", "AA==")),
    ],
)
def test_parts_that_cannot(part):
    found, losses = part_of(part)
    assert found is None
    assert len(losses.meaning) == 1


def test_sounds_by_url_where_they_are_taken():
    found, losses = part_of(Audio(Url("https://a/")), quirks=Quirks(parts=frozenset({"audio_url"})))
    assert found == {"type": "audio_url", "audio_url": {"url": "https://a/"}}
    assert not losses.losses


def test_small_things_are_tuning():
    citation = Citation("anthropic.messages", "char", {}, cited="x")
    items = (
        Message(
            Role.USER,
            (
                Text("a", (citation,), (BLOB,)),
                Document(Plain("p"), cited=True),
                Image(Url("https://a/"), opaque=(BLOB,)),
            ),
            id="1",
        ),
        ToolCall("c", "f", "{}", opaque=(BLOB,), cache=CacheMark(), item_id="2"),
        ToolResult("c", (Text("1", (citation,)),), is_error=True, item_id="3"),
        Message(Role.ASSISTANT, (Text("b", (citation,), (BLOB,)),)),
    )
    _, losses = wrote(*items)
    assert not losses.meaning
    assert {loss.what for loss in losses} == {
        "citations",
        "citation",
        "signature",
        "citations of a document",
        "item id",
        "caching mark",
        "mark of an error",
    }


def test_an_image_of_the_model_is_lost_in_a_history():
    body, losses = wrote(Message(Role.ASSISTANT, (Image(Url("https://a/")),)))
    assert body["messages"] == [{"role": "assistant", "content": ""}]
    assert [loss.what for loss in losses.meaning] == ["image"]


def test_audio_of_the_model_is_referred_to():
    body, _ = wrote(Message(Role.ASSISTANT, (Audio(id="audio_1"),)))
    assert body["messages"] == [{"role": "assistant", "content": None, "audio": {"id": "audio_1"}}]


def test_several_texts_are_parts():
    body, _ = wrote(Message(Role.USER, ()), Message(Role.ASSISTANT, (Text("a"), Text("b")), name="bot"))
    assert body["messages"][0] == {"role": "user", "content": ""}
    assert body["messages"][1]["content"] == [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]


def test_system_text_with_marks_stays_in_parts():
    head = Message(Role.SYSTEM, (Text("a", cache=CacheMark()),))
    body, _ = wrote(head, Message(Role.SYSTEM, (Text("b"),)), quirks=Quirks(cache_marks=True))
    assert [part["text"] for part in body["messages"][0]["content"]] == ["a", "b"]


def test_native_messages_and_calls_of_ours_go_through():
    own = Unknown(NAME, {"role": "narrator"}, Origin(NAME))
    body, _ = wrote(Message(Role.USER, (Text("a"),)), own)
    assert {"role": "narrator"} in body["messages"]


def test_tools_and_choices():
    tools = (
        Tool("run", kind="custom"),
        Tool("f", schema={}),
        NativeTool(NAME, "web_search", {"type": "web_search"}),
    )
    allowed = ToolChoice("allowed", ("run", "f"))
    body, _ = wrote(tools=tools, tool_choice=allowed)
    assert [tool["type"] for tool in body["tools"]] == ["custom", "function", "web_search"]
    assert body["tool_choice"]["allowed_tools"] == {
        "mode": "auto",
        "tools": [
            {"type": "custom", "custom": {"name": "run"}},
            {"type": "function", "function": {"name": "f"}},
        ],
    }
    body, _ = wrote(tools=tools, tool_choice=ToolChoice("tool", ("run",)))
    assert body["tool_choice"] == {"type": "custom", "custom": {"name": "run"}}


def test_a_thought_where_a_budget_or_an_effort_is_taken():
    _, losses = wrote(thinking=Thinking("on", "high", 2048), quirks=Quirks(thinking="reasoning"))
    assert [loss.what for loss in losses] == ["effort"]
    body, losses = wrote(thinking=Thinking(effort="low"), quirks=Quirks(thinking="enable_thinking"))
    assert body["enable_thinking"] is True
    assert body["thinking_budget"] > 0
    body, _ = wrote(thinking=Thinking("adaptive"))
    assert "reasoning_effort" not in body


def test_a_failed_reply_and_an_unknown_item():
    failure = Failure(FailureKind.OVERLOADED, "no")
    target = Target(NAME)
    body = CODEC.write_reply(
        Reply((Choice((), Stop(StopReason.CANCELLED, sequence="END", detail=1)),), failure=failure), target
    )
    assert body["error"]["message"] == "no"
    assert {loss.what for loss in target.losses.found} == {"stop sequence", "details of the stop"}
    only = {"error": {"message": "no", "code": 500}}
    assert CODEC.write_reply(told(only), Target(NAME)) == only


BLOCKS = [
    Open(0, Reasoning("A", ("B",), opaque=(BLOB,))),
    Amend(0, "summary", "C"),
    Amend(0, "opaque", BLOB),
    Amend(0, "mystery", 1),
    Open(1, Reasoning()),
    Amend(1, "text", "D"),
    Open(2, Message(Role.ASSISTANT, (Text("e"),))),
    Open(3, Data({"f": 1})),
    Open(4, Text("")),
    Amend(4, "text", "g"),
    Amend(4, "opaque", BLOB),
    Amend(4, "citations", Citation("gemini", "web", {}, url="https://a/")),
    Amend(4, "citations", Citation("gemini", "doc", {})),
    Amend(4, "mystery", 1),
    Open(5, ToolCall("", "f", "", opaque=(Opaque("thought_signature", "x", Maker("google", "gemini")),))),
    Amend(5, "id", "call_9"),
    Amend(5, "name", "f2"),
    Amend(5, "opaque", Opaque("thought_signature", "y", Maker("google", "gemini"))),
    Amend(5, "mystery", 1),
    Open(6, ToolCall("c", "run", "", kind="custom")),
    Close(6),
    Open(7, ToolCall("d", "g", "")),
    Amend(7, "arguments", '{"a":1}'),
    Open(8, Audio(Inline("audio/wav", "AA=="), "a1", "hi")),
    Delta(8, "?"),
    Amend(8, "x", 1),
    Open(7, ToolCall("e", "again", "{}")),
]


def test_every_block_of_a_stream():
    target = {"quirks": Quirks()}
    written = streamed([Started("x", "id", "m"), *BLOCKS, Ended(True)], **target)
    message = native_fold([payload(wire) for wire in written[:-1]])["choices"][0]["message"]
    assert message["reasoning_content"] == "A\n\nB\n\nC\n\nD"
    assert message["content"] == 'e{"f":1}g'
    assert len(message["annotations"]) == 1
    calls = message["tool_calls"]
    assert calls[0]["id"].startswith("call_"), "the one it began with: SDKs join what is told again"
    assert [call["id"] for call in calls[1:]] == ["c", "d", "e"]
    assert calls[0]["extra_content"]["google"]["thought_signature"] == "xy"
    assert calls[0]["function"]["arguments"] == "{}"
    assert calls[1]["custom"]["input"] == ""
    assert calls[2]["function"]["arguments"] == '{"a":1}'
    assert message["audio"] == {"id": "a1", "data": "AA==", "transcript": "hi"}


def test_what_came_in_chat_goes_out_in_its_own_words():
    legacy = {"name": "old", "arguments": ""}
    found = events(
        chunk({"reasoning": "Hm.", "reasoning_details": DETAILS}),
        chunk({"content": [{"type": "hologram"}]}),
        chunk({"function_call": legacy}),
        chunk({"function_call": {"arguments": "{}"}}, "function_call"),
        b"[DONE]",
    )
    message = native_fold([payload(wire) for wire in streamed(found)[:-1]])["choices"][0]["message"]
    assert message["reasoning"] == "Hm."
    assert message["reasoning_details"] == DETAILS
    assert message["function_call"] == {"name": "old", "arguments": "{}"}


def test_thoughts_as_parts_for_who_wants_them():
    found = [
        Started("x"),
        Open(0, Reasoning()),
        Delta(0, "Hm."),
        Open(1, Text("4")),
        Stopped(Stop(StopReason.END)),
        Ended(True),
    ]
    written = streamed(found, quirks=Quirks(reasoning_field="content"))
    content = native_fold([payload(wire) for wire in written[:-1]])["choices"][0]["message"]["content"]
    assert [part["type"] for part in content] == ["thinking", "text"]
