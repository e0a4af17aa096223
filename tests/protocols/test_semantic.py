"""One key for one prompt, in whatever dialect, of whatever model."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tokentape.errors import UsageError
from tokentape.protocols.canonical.conversation import Conversation, NativeTool, Options, Thinking, Tool
from tokentape.protocols.canonical.items import (
    Message,
    Reasoning,
    Role,
    ServerTool,
    ToolCall,
    ToolResult,
)
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
    Video,
)
from tokentape.protocols.canonical.semantic import semantic_key
from tokentape.protocols.codec import Source
from tokentape.protocols.translation import codec_of

if TYPE_CHECKING:
    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.parts import Part
    from tokentape.wire.interaction import Json

STONES = Path(__file__).parents[1] / "rosetta"
DIALECTS = (
    "openai.chat",
    "openai.responses",
    "anthropic.messages",
    "gemini",
    "bedrock.converse",
    "ollama",
    "cohere",
)


def key(*items: Item, **more: object) -> str:
    return semantic_key(Conversation(items, **more))  # type: ignore[arg-type]


def user(*parts: Part | str) -> Message:
    return Message(Role.USER, tuple(Text(part) if isinstance(part, str) else part for part in parts))


ASKED = user("What is the capital of France?")
CALL = ToolCall("call_1", "get_weather", '{"city":"Paris"}')
OTHER = ToolCall("call_2", "get_weather", '{"city":"Rome"}')
RESULT = ToolResult("call_1", (Text("18 C"),))
SECOND = ToolResult("call_2", (Text("24 C"),))
SCHEMA: Json = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
MAKER = Maker("anthropic", "claude")

GOLDEN = {
    "text": (Conversation((ASKED,)), "s1:67f67425269afe5bb005a9f80c346a22"),
    "system": (
        Conversation((Message(Role.SYSTEM, (Text("Be brief."),)), ASKED)),
        "s1:8f1ea32228a9d18813696961ca07115a",
    ),
    "tools": (
        Conversation((ASKED, CALL, RESULT), tools=(Tool("get_weather", schema=SCHEMA),)),
        "s1:551dcd84da05ede85038a27b666dfcaa",
    ),
    "media": (
        Conversation((user("What is this?", Image(Inline("image/png", "aGVsbG8="))),)),
        "s1:7df21f9cb5fc0c0c587c5b88042d84c9",
    ),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_keys(name: str) -> None:
    """A change of one of these needs a new version in front."""
    conversation, expected = GOLDEN[name]
    assert semantic_key(conversation) == expected


def read(dialect: str, feature: str) -> Conversation | None:
    """The request of a stone; None where the dialect has no codec, or cannot say it."""
    path = STONES / dialect / f"{feature}.json"
    try:
        codec = codec_of(dialect)
    except UsageError:
        return None
    if not path.exists():
        return None
    stone = json.loads(path.read_text(encoding="utf-8"))
    if "request" not in stone or "request" in stone.get("unsupported", {}):
        return None
    return codec.read_request(stone["request"], Source(dialect, model=stone.get("model")))


FEATURES = (
    "text",
    "system",
    "turns",
    "tools",
    "parallel",
    "permuted",
    "tool_error",
    "image_url",
    "image_base64",
    "document",
    "reasoning",
    "structured",
    "stop_sequence",
)


@pytest.mark.parametrize("feature", FEATURES)
def test_the_same_stone_has_the_same_key_in_every_dialect(feature: str) -> None:
    keys = {name: semantic_key(found) for name in DIALECTS if (found := read(name, feature))}
    assert len(set(keys.values())) == 1, keys


def test_different_stones_have_different_keys() -> None:
    found = {name: read("anthropic.messages", name) for name in FEATURES}
    groups: dict[str, set[str]] = {}
    for name, asked in found.items():
        groups.setdefault(semantic_key(asked) if asked else "", set()).add(name)
    same = [group for group in groups.values() if len(group) > 1]
    assert same == [{"text", "stop_sequence"}, {"parallel", "permuted"}]


SAME: dict[str, tuple[Conversation, Conversation]] = {
    "model, stream and options": (
        Conversation((ASKED,)),
        Conversation(
            (ASKED,), "gpt-5", options=Options(100, 0.5), thinking=Thinking(effort="high"), stream=True
        ),
    ),
    "the developer is the system": (
        Conversation((Message(Role.DEVELOPER, (Text("Be brief."),)), ASKED)),
        Conversation((Message(Role.SYSTEM, (Text("Be brief."),), id="m1", name="Eve"), ASKED)),
    ),
    "texts apart and joined": (Conversation((user("A", "B"),)), Conversation((user("A\n\nB"),))),
    "two messages of one side": (Conversation((user("A"), user("B"))), Conversation((user("A", "B"),))),
    "empty texts": (
        Conversation((ASKED, Message(Role.ASSISTANT, (Text(""),)), CALL)),
        Conversation((ASKED, CALL)),
    ),
    "ids": (
        Conversation((ASKED, CALL, RESULT)),
        Conversation(
            (
                ASKED,
                replace(CALL, id="x", item_id="fc_1"),
                replace(RESULT, call_id="x", name="get_weather", item_id="o"),
            )
        ),
    ),
    "the order of results": (
        Conversation((ASKED, CALL, OTHER, RESULT, SECOND)),
        Conversation((ASKED, CALL, OTHER, SECOND, RESULT)),
    ),
    "the spelling of arguments": (
        Conversation((replace(CALL, arguments='{"a":1,"b":{"c":2}}'),)),
        Conversation((replace(CALL, arguments='{"b": {"c": 2}, "a": 1}'),)),
    ),
    "no arguments": (
        Conversation((replace(CALL, arguments=""),)),
        Conversation((replace(CALL, arguments="{}"),)),
    ),
    "a value and its JSON": (
        Conversation((CALL, replace(RESULT, parts=(Data({"t": 18}),), is_error=False))),
        Conversation((CALL, replace(RESULT, parts=(Text('{"t": 18}'),)))),
    ),
    "thoughts": (
        Conversation((ASKED, Reasoning("Hm.", opaque=(Opaque("signature", "c2ln", MAKER),)), CALL)),
        Conversation((ASKED, CALL)),
    ),
    "marks, citations and opaque state": (
        Conversation(
            (
                user(
                    Text(
                        "A",
                        (Citation("gemini", "web", {}),),
                        (Opaque("s", "x", MAKER),),
                        CacheMark("1h"),
                    )
                ),
            )
        ),
        Conversation((user("A"),)),
    ),
    "bytes in a URL": (
        Conversation((user(Image(Inline("image/png", "aGVsbG8="))),)),
        Conversation((user(Image(Url("data:image/png;base64,aGVsbG8"), detail="low")),)),
    ),
    "base64 in the other alphabet": (
        Conversation((user(Image(Inline("image/png", "-_-_"))),)),
        Conversation((user(Image(Inline("image/jpeg", "+/+/"))),)),
    ),
    "how a schema is spelled": (
        Conversation((ASKED,), tools=(Tool("f", "Does.", schema=SCHEMA), Tool("g"))),
        Conversation(
            (ASKED,),
            tools=(
                Tool("g", schema={"type": "object", "properties": {}}),
                Tool(
                    "f",
                    strict=True,
                    schema={
                        "$schema": "x",
                        "type": "OBJECT",
                        "required": ["city"],
                        "properties": {"city": {"type": "STRING"}},
                        "additionalProperties": False,
                    },
                ),
            ),
        ),
    ),
}


@pytest.mark.parametrize("name", SAME)
def test_what_makes_no_difference(name: str) -> None:
    one, other = SAME[name]
    assert semantic_key(one) == semantic_key(other)


DIFFERENT: tuple[Conversation, ...] = (
    Conversation(()),
    Conversation((user("A"),)),
    Conversation((user("A "),)),
    Conversation((Message(Role.ASSISTANT, (Text("A"),)),)),
    Conversation((Message(Role.SYSTEM, (Text("A"),)),)),
    Conversation((user("A"), Message(Role.ASSISTANT, (Refusal("No"),)))),
    Conversation((user(Image(Url("https://example.com/a.png"))),)),
    Conversation((user(Document(Url("https://example.com/a.png"))),)),
    Conversation((user(Image(Inline("image/png", "aGVsbG8="))),)),
    Conversation((user(Image(Inline("image/png", "not base64!"))),)),
    Conversation((user(Image(FileId("f1", "openai.chat"))),)),
    Conversation((user(Image(FileId("f1", "gemini"))),)),
    Conversation((user(Document(Plain("A"))),)),
    Conversation((user(Audio(id="a1")),)),
    Conversation((user(Unknown("gemini", {"x": 1})),)),
    Conversation((Unknown("gemini", {"x": 1}),)),
    Conversation((ServerTool("gemini", "web_search", {}),)),
    Conversation((CALL,)),
    Conversation((OTHER,)),
    Conversation((replace(CALL, name="get_news"),)),
    Conversation((replace(CALL, arguments="{"),)),
    Conversation((replace(CALL, kind="custom"),)),
    Conversation((CALL, RESULT)),
    Conversation((CALL, replace(RESULT, parts=(Image(Inline("image/png", "aGVsbG8=")),)))),
    Conversation((CALL, OTHER, RESULT, SECOND)),
    Conversation((CALL, OTHER, replace(RESULT, call_id="call_2"), replace(SECOND, call_id="call_1"))),
    Conversation((CALL, replace(RESULT, parts=(Text("18 C"), Image(Url("https://example.com/a.png")))))),
    Conversation((user(Audio(Inline("audio/wav", "aGVsbG8="))),)),
    Conversation((user(Video(Url("https://example.com/a.mp4"))),)),
    Conversation((user(Data({"t": 18})),)),
    Conversation((user("A"),), tools=(Tool("f"),)),
    Conversation((user("A"),), tools=(Tool("f", schema=SCHEMA),)),
    Conversation((user("A"),), tools=(Tool("f", schema={"properties": {"type": {"const": "A"}}}),)),
    Conversation((user("A"),), tools=(Tool("f", schema={"properties": {"type": {"const": "a"}}}),)),
    Conversation((user("A"),), tools=(NativeTool("gemini", "web_search", {}),)),
)


def test_what_makes_a_difference() -> None:
    assert len({semantic_key(each) for each in DIFFERENT}) == len(DIFFERENT)


def test_what_nests_too_deep_and_what_is_no_text_has_a_key_too() -> None:
    deep: Json = "x"
    for _ in range(100_000):
        deep = [deep]
    hostile = (
        key(replace(CALL, arguments="[" * 100_000)),
        key(ToolResult("x", (Data(deep),))),
        key(user(Unknown("gemini", deep))),
        key(ASKED, tools=(Tool("f", schema={"properties": {"a": deep}}),)),
        key(user("\ud800")),
        key(replace(CALL, arguments="NaN")),
    )
    assert all(found.startswith("s1:") and len(found) == 35 for found in hostile)
