"""`show` reads every dialect: the same conversation reads the same, whoever's API it went through."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tokentape.protocols.canonical.items import Message, Reasoning, Role, ServerTool, ToolResult
from tokentape.protocols.canonical.parts import (
    Audio,
    Data,
    Document,
    FileId,
    Image,
    Inline,
    Plain,
    Text,
    Unknown,
    Url,
    Video,
)  # fmt: skip
from tokentape.protocols.registry import recognise
from tokentape.protocols.transcript import answered, said, transcript
from tokentape.protocols.translation import codec_of
from tokentape.wire.message import Request, Response

STONES = Path(__file__).parent.parent / "rosetta"
DIALECTS = sorted(path.name for path in STONES.iterdir() if (path / "text.json").exists())
JSON = (("content-type", "application/json"),)
PATHS = {
    "openai.chat": "v1/chat/completions",
    "openai.responses": "v1/responses",
    "anthropic.messages": "v1/messages",
    "gemini": "v1beta/models/gemini-2.5-flash:generateContent",
    "bedrock.converse": "model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse",
    "ollama": "api/chat",
    "cohere": "v2/chat",
}


def read(dialect, feature):
    stone = json.loads((STONES / dialect / f"{feature}.json").read_text(encoding="utf-8"))
    url = f"https://api.example.com/{PATHS[dialect]}"
    found = recognise(Request("POST", url, JSON, json.dumps(stone["request"]).encode()))
    reply = json.dumps(stone["reply"]).encode()
    return transcript(found), answered(found, Response(200, "OK", JSON, reply, (len(reply),)))


def test_all_seven_are_here():
    assert len(DIALECTS) == 7
    assert set(DIALECTS) == set(PATHS)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_turns(dialect):
    asked, told = read(dialect, "turns")
    assert [(turn.role, turn.text) for turn in asked] == [
        ("user", "My name is Ada."),
        ("assistant", "Hello Ada."),
        ("user", "What is my name?"),
    ]
    assert [(turn.role, turn.text) for turn in told] == [("reply", "Ada.")]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_system_text_comes_first(dialect):
    asked, _ = read(dialect, "system")
    assert asked[0].role == "system"
    assert asked[0].text.startswith("Be brief.")
    assert asked[-1].text == "What is the capital of France?"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_calls_and_results(dialect):
    asked, told = read(dialect, "parallel")
    roles = [turn.role for turn in asked]
    assert roles == ["user", "assistant", "tool", "tool"]
    calls = asked[1].text.splitlines()
    assert [json.loads(call.removeprefix("get_weather(")[:-1])["city"] for call in calls] == ["Paris", "Rome"]
    assert "18 C" in asked[2].text
    assert "24 C" in asked[3].text
    assert told[0].role == "reply"
    assert [line.split("(")[0] for line in told[0].text.splitlines()] == ["get_weather", "get_weather"]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_thoughts(dialect):
    asked, told = read(dialect, "reasoning")
    assert "thought" in [turn.role for turn in asked] or dialect == "openai.chat"
    assert told[-1].text == "Yes."


@pytest.mark.parametrize("dialect", DIALECTS)
def test_streams_read_like_whole_replies(dialect):
    from tokentape.protocols.canonical.unfold import unfold
    from tokentape.protocols.codec import Source, Target
    from tokentape.protocols.framing import ENCODERS, MEDIA_TYPES

    stone = json.loads((STONES / dialect / "parallel.json").read_text(encoding="utf-8"))
    codec = codec_of(dialect)
    writer, encode = codec.writer(Target(dialect)), ENCODERS[codec.framing]
    events = unfold(codec.read_reply(stone["reply"], Source(dialect)))
    data = b"".join(encode(wire) for event in events for wire in writer.write(event))
    path = PATHS[dialect].replace(":generate", ":streamGenerate").replace("/converse", "/converse-stream")
    body = json.dumps({**stone["request"], "stream": True}).encode()
    found = recognise(Request("POST", f"https://api.example.com/{path}", JSON, body))
    response = Response(200, "OK", (("content-type", MEDIA_TYPES[codec.framing]),), data, (len(data),))
    assert answered(found, response) == read(dialect, "parallel")[1]


def test_errors_and_strangers_are_left_to_others():
    found = recognise(
        Request("POST", "https://api.example.com/v1/chat/completions", JSON, b'{"messages": 5}')
    )
    assert [turn.text for turn in transcript(found)] == ["5"]
    for status, body in ((500, b'{"error": "no"}'), (200, b"no JSON"), (200, b'{"choices": 5}')):
        assert answered(found, Response(status, "", JSON, body, (len(body),))) == []
    assert transcript(recognise(Request("GET", "https://example.com/"))) == []


def test_every_part_has_words():
    inline = Inline("image/png", "aGk=" * 10)
    parts = (
        Image(inline), Image(Url("https://example.com/cat.png")), Image(Url("data:image/png;base64," + "A" * 99)),
        Document(FileId("file_1", "mine"), "a.pdf"), Document(Plain("12345")), Video(Url("gs://bucket/film")),
        Audio(Inline("", "aGk=")), Audio(id="audio_1", transcript="Hello"), Data({"a": 1}),
        Unknown("mine", {"type": "strange"}), Unknown("mine", [1]), Text("plain"),
    )  # fmt: skip
    (turn,) = said([Message(Role.USER, parts)])
    assert turn.text.splitlines() == [
        "[image image/png, 30 bytes]",
        "[image https://example.com/cat.png]",
        "[image data:image/png;base64,AAAAAAAAAAAAAAAAAA]",
        "[document a.pdf file_1]",
        "[document of 5 characters]",
        "[video gs://bucket/film]",
        "[audio of no named type, 3 bytes]",
        "[audio audio_1] Hello",
        '{"a": 1}',
        "[strange]",
        "[1]",
        "plain",
    ]


def test_items_have_words():
    items = [
        Reasoning(summary=("short",), text="long"),
        Reasoning(),
        ToolResult("1", (Text("gone"),), is_error=True),
        ServerTool("mine", "web_search", {"q": 1}),
        ServerTool("mine", "code", {}, "print(1)"),
        Unknown("mine", {"type": "new"}),
    ]
    assert [(turn.role, turn.text) for turn in said(items)] == [
        ("thought", "short\nlong\n[not shown]"),
        ("tool", "[error] gone"),
        ("assistant", '[web_search] {"q": 1}\n[code] print(1)\n[new]'),
    ]
