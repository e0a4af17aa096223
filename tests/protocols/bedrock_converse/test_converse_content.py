"""Content blocks: what they mean, that edits come out, and what is wrong with others."""

from __future__ import annotations

from dataclasses import replace

import pytest
from converse_bodies import (
    ANSWERS,
    CACHED,
    CLAUDE,
    MEDIA,
    NAME,
    PAGE,
    PNG,
    POINT,
    TOOLS,
    WEB,
    asks,
    assistant,
    read,
    result,
    text,
    use,
    user,
    written,
)

from tokentape.errors import ProtocolError
from tokentape.protocols.bedrock_converse.codec import CODEC
from tokentape.protocols.canonical.conversation import Conversation
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ServerTool, ToolCall, ToolResult
from tokentape.protocols.canonical.parts import (
    Audio,
    CacheMark,
    Data,
    Document,
    Image,
    Inline,
    Plain,
    Text,
    Unknown,
    Url,
    Video,
)
from tokentape.protocols.codec import Source, Target


def parts(body):
    return [part for item in read(body).items for part in item.parts]


def test_media_mean_what_they_are():
    _, png, webp, video, audio, pdf, txt, pieces, guard, found = parts(MEDIA)
    assert png == Image(Inline("image/png", PNG))
    assert webp == Image(Url("s3://b/a.webp", "image/webp"))
    assert video == Video(Url("s3://b/a.3gp", "video/3gpp"))
    assert audio == Audio(Inline("audio/x-aac", PNG))
    assert pdf == Document(Inline("application/pdf", "JVBERi0="), "one", "A report")
    assert txt == Document(Plain("Hi."), "two", cited=True)
    assert pieces == Document(Plain("a\n\nb"), "three")
    assert isinstance(guard, Unknown)
    assert isinstance(found, Unknown)


def edited(body, change):
    """The body that comes of `body` with `change` made to each part."""
    asked = read(body)
    items = [replace(item, parts=tuple(map(change, item.parts))) for item in asked.items]
    outgoing, _ = written(replace(asked, items=tuple(items)))
    return outgoing.body


def test_an_edited_document_comes_out_edited():
    def change(part):
        if isinstance(part, Document) and isinstance(part.source, Plain):
            return replace(part, source=Plain(part.source.text + "!"), cited=None)
        return part

    blocks = edited(MEDIA, change)["messages"][0]["content"]
    assert blocks[6]["document"] == {"format": "txt", "name": "two", "source": {"text": "Hi.!"}}
    assert blocks[7]["document"] == {"name": "three", "source": {"text": "a\n\nb!"}}


def test_an_edited_picture_comes_out_edited():
    def change(part):
        return replace(part, source=Inline("image/gif", "AAAA")) if isinstance(part, Image) else part

    blocks = edited(MEDIA, change)["messages"][0]["content"]
    assert blocks[1] == {"image": {"format": "gif", "source": {"bytes": "AAAA"}}}


def test_cache_points_mark_what_is_before_them():
    asked = read(CACHED)
    system, first, said, call, given = asked.items
    assert system.parts[0] == Text("Be brief.", cache=CacheMark())
    assert [type(part).__name__ for part in first.parts] == ["Unknown", "Text", "Unknown", "Text"]
    assert first.parts[1].cache == CacheMark()
    assert first.parts[3].cache == CacheMark("1h")
    assert said.parts[0].cache is None
    assert call.cache == given.cache == CacheMark()
    assert asked.tools[0].cache == CacheMark()


def test_a_cache_point_that_is_taken_away_is_gone():
    asked = read(asks(user(text("a"), POINT)))
    plain = replace(asked.items[0], parts=(Text("a"),))
    assert written(replace(asked, items=(plain,)))[0].body == asks(user(text("a")))


def test_turns_with_tools_keep_their_order():
    items = read(TOOLS).items
    assert [type(item).__name__ for item in items] == [
        "Message", "Reasoning", "Reasoning", "Message", "ToolCall", "ToolCall", "ServerTool", "ServerTool",
        "ToolResult", "Message", "ToolResult", "Message", "Message", "Message", "Message", "Message",
    ]  # fmt: skip
    assert items[4] == ToolCall("tooluse_a.b:c", "get_weather", '{"city":"Paris"}')
    assert items[6].kind == "web_search"
    assert items[6].arguments == '{"q":1}'
    assert items[8] == ToolResult("call_2", (Data({"t": 24}), Image(Inline("image/png", PNG))))
    assert items[10].is_error is True
    assert items[12].role is Role.SYSTEM


def test_edited_calls_come_out_edited():
    asked = read(TOOLS)
    items = tuple(
        replace(item, arguments='{"city": "Oslo"}') if isinstance(item, ToolCall | ServerTool) else item
        for item in asked.items
    )
    blocks = written(replace(asked, items=items))[0].body["messages"][1]["content"]
    assert [block["toolUse"]["input"] for block in blocks if "toolUse" in block] == [{"city": "Oslo"}] * 3


def test_sources_are_citations():
    (cited,) = [part for part in parts_of_messages(TOOLS) if part.citations]
    assert cited.text == "Paris"
    web, page = cited.citations
    assert (web.kind, web.url, web.title, web.cited, web.raw) == ("web", "https://a.b", "Atlas", "Paris", WEB)
    assert (page.kind, page.url, page.raw) == ("documentPage", None, PAGE)


def parts_of_messages(body):
    messages = [item for item in read(body).items if isinstance(item, Message)]
    return [part for item in messages for part in item.parts if isinstance(part, Text)]


def test_an_edited_text_with_sources_keeps_them():
    asked = read(
        asks(assistant({"citationsContent": {"content": [text("a"), text("b")], "citations": [WEB]}}))
    )
    item = asked.items[0]
    changed = replace(item, parts=(replace(item.parts[0], text="c"),))
    blocks = written(replace(asked, items=(changed,)))[0].body["messages"][0]["content"]
    assert blocks == [{"citationsContent": {"content": [text("c")], "citations": [WEB]}}]


def test_case_16_a_signed_thought_without_text_stays():
    """Signed but empty: the text was left out, the signature counts."""
    thought = {"reasoningContent": {"reasoningText": {"text": "", "signature": "c2ln"}}}
    asked = read(asks(user(text("a")), assistant(thought, text("b"))))
    (found,) = [item for item in asked.items if isinstance(item, Reasoning)]
    assert found.text == ""
    assert found.opaque[0].data == "c2ln"
    assert found.opaque[0].maker.family == "claude"
    assert written(asked)[0].body["messages"][1]["content"][0] == thought


def test_case_17_a_redacted_thought_goes_back_to_its_family_only():
    body = asks(user(text("a")), assistant({"reasoningContent": {"redactedContent": "AAEC"}}, text("b")))
    asked = read(body)
    assert asked.items[1].opaque[0].kind == "redacted"
    home, losses = written(asked, model="us.anthropic.claude-opus-4-6-v1")
    assert home.body == body
    assert not losses
    away, losses = written(asked, model="amazon.nova-pro-v1:0")
    assert away.body == asks(user(text("a")), assistant(text("b")))
    assert "redacted" in str(losses)
    assert not losses.meaning


def test_an_unsigned_thought_is_not_sent_to_another_family():
    body = asks(
        user(text("a")), assistant({"reasoningContent": {"reasoningText": {"text": "Hm."}}}, text("b"))
    )
    asked = read(body, model="us.deepseek.r1-v1:0")
    assert written(asked)[0].body == body
    away, losses = written(asked, model=CLAUDE)
    assert away.body == asks(user(text("a")), assistant(text("b")))
    assert [loss.what for loss in losses] == ["thought"]


@pytest.mark.parametrize(
    "block",
    [
        {"text": "a", "image": {}},
        {"new": 1},
        {},
        {"toolUse": {"toolUseId": "a", "name": "b", "input": {}}},
        {"image": {"format": "png", "source": {"web": "x"}}},
        {"image": {"format": "png", "source": {"text": "x"}}},
        {"document": {"name": "a", "source": {"content": [{"image": 1}]}}},
        {"reasoningContent": {"reasoningText": {"text": "a"}}},
        {"cachePoint": 1},
        {"citationsContent": {"content": [{"image": 1}]}},
    ],
    ids=str,
)
def test_a_block_that_is_not_known_goes_back_as_it_came(block):
    body = asks(user(text("x"), block))
    asked = read(body)
    assert isinstance(asked.items[0].parts[-1], Unknown)
    assert written(asked)[0].body == body


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (asks(user({"text": 5})), "messages[0].content[0].text"),
        (asks(user("x")), "messages[0].content[0]"),
        (asks({"role": "tool", "content": []}), "messages[0].role"),
        (asks({"role": "user"}), "messages[0].content"),
        (
            asks(assistant({"toolUse": {"toolUseId": 1, "name": "a"}})),
            "messages[0].content[0].toolUse.toolUseId",
        ),
        (asks(user(result("a", 5))), "messages[0].content[0].toolResult.content[0]"),
        ({"messages": {}}, "messages"),
        ({"system": "x"}, "system"),
        ({"inferenceConfig": {"maxTokens": "x"}}, "inferenceConfig.maxTokens"),
        ({"inferenceConfig": {"stopSequences": "x"}}, "inferenceConfig.stopSequences"),
        ({"toolConfig": []}, "toolConfig"),
        ({"toolConfig": {"tools": [{"toolSpec": {}}]}}, "toolConfig.tools[0].toolSpec.name"),
    ],
    ids=str,
)
def test_a_wrong_type_says_where(body, path):
    with pytest.raises(ProtocolError) as caught:
        read(body)
    assert (caught.value.dialect, caught.value.path) == (NAME, path)


def test_input_that_is_missing_or_null_stays_so():
    for told in ({}, {"input": None}, {"input": {}}):
        body = asks(assistant({"toolUse": {"toolUseId": "a", "name": "b", **told}}))
        assert read(body).items[0].arguments == "{}"
        assert written(read(body))[0].body == body


def test_a_reply_says_the_same_as_a_request():
    reply = CODEC.read_reply(ANSWERS, Source(NAME, model=CLAUDE))
    assert [type(item).__name__ for item in reply.items] == [
        "Reasoning", "Reasoning", "Message", "ToolCall", "ToolCall",
    ]  # fmt: skip
    changed = replace(reply.choices[0], items=reply.items[2:3])
    body = CODEC.write_reply(replace(reply, choices=(changed,)), Target(NAME))
    assert body["output"]["message"]["content"] == ANSWERS["output"]["message"]["content"][2:5]
    assert use("call_1") not in body["output"]["message"]["content"]


def test_a_tool_of_bedrocks_own_with_broken_arguments_keeps_its_place():
    asked = read(TOOLS)
    items = tuple(
        replace(item, arguments="{") if isinstance(item, ServerTool) and item.arguments else item
        for item in asked.items
    )
    blocks = written(replace(asked, items=items))[0].body["messages"][1]["content"]
    assert blocks[5]["toolUse"]["input"] == {}


def test_an_unknown_item_of_its_own_is_written():
    asked = read(asks(user(text("a"))))
    more = replace(asked, items=(*asked.items, Unknown(NAME, {"news": 1}, asked.items[0].origin)))
    assert written(more)[0].body == asks(user(text("a"), {"news": 1}))


def test_a_value_that_is_nested_too_deeply_is_left_out():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    items = (Message(Role.USER, (Text("a"),)), ToolCall("a", "b", "{}"), ToolResult("a", (Data(deep),)))
    outgoing, report = written(Conversation(items, model=CLAUDE))
    assert outgoing.body["messages"][2]["content"][0]["toolResult"]["content"] == []
    assert [loss.what for loss in report.meaning] == ["JSON of a tool"]
