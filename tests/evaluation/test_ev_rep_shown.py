"""A row as it is shown: every kind of part, cut where it is long."""

from __future__ import annotations

import json
from base64 import b64encode

import pytest
from ev_corpora import samples
from ev_reports import asked, side

from tokentape.evaluation.corpus.choosing import Corpus
from tokentape.evaluation.reporting import shown
from tokentape.evaluation.reporting.plainjson import plain
from tokentape.evaluation.reporting.shown import facts, parts_of, reply_shown, row_shown
from tokentape.evaluation.scoring.scored import Scored, Status
from tokentape.evaluation.scoring.scoring import recorded
from tokentape.protocols.canonical.failure import Failure, FailureKind
from tokentape.protocols.canonical.items import Message, Reasoning, Role, ServerTool, ToolCall, ToolResult
from tokentape.protocols.canonical.parts import (
    Audio,
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
from tokentape.protocols.canonical.reply import Choice, Reply

PNG = b64encode(b"\x89PNG" + bytes(50)).decode()
KINDS = {"text", "reasoning", "call", "result", "media", "refusal", "other"}


def of_part(part, role=Role.USER):
    [found] = parts_of([Message(role, (part,))])
    return found


@pytest.mark.parametrize(
    ("part", "told"),
    [
        (Text("Hello"), {"kind": "text", "text": "Hello"}),
        (Refusal("No."), {"kind": "refusal", "text": "No."}),
        (Data({"a": 1}), {"kind": "other", "arguments": {"a": 1}}),
        (Image(Inline("image/png", PNG)), {"kind": "media", "media": "image", "type": "image/png", "bytes": 54, "data": PNG}),
        (Image(Url(f"data:image/png;base64,{PNG}")), {"kind": "media", "media": "image", "type": "image/png", "bytes": 54, "data": PNG}),
        (Image(Inline("image/svg+xml", PNG)), {"kind": "media", "media": "image", "type": "image/svg+xml", "bytes": 54}),
        (Image(Url("https://a.example/b.png")), {"kind": "media", "media": "image", "url": "https://a.example/b.png"}),
        (Image(FileId("file-1", "openai.chat")), {"kind": "media", "media": "image", "url": "file file-1 at openai.chat"}),
        (Document(Plain("text"), "a.txt"), {"kind": "media", "media": "document", "name": "a.txt", "text": "text"}),
        (Document(Inline("application/pdf", PNG)), {"kind": "media", "media": "document", "type": "application/pdf", "bytes": 54}),
        (Audio(None, "x", "said"), {"kind": "media", "media": "audio", "text": "said"}),
        (Video(Url("gs://a/b.mp4")), {"kind": "media", "media": "video", "url": "gs://a/b.mp4"}),
        (Unknown("p", {"x": 1}), {"kind": "other", "arguments": {"x": 1}}),
    ],
)  # fmt: skip
def test_each_part(part, told):
    assert of_part(part) == {"role": "user", **told}


def test_each_item():
    items = [
        Message(Role.DEVELOPER, (Text("Be brief."),)),
        Reasoning("", ("first", "then")),
        Reasoning(),
        ToolCall("1", "weather", '{"city": "Oslo"}'),
        ToolCall("2", "weather", "no JSON"),
        ToolResult("1", (Text("rain"), Image(Inline("image/png", PNG))), "weather"),
        ToolResult("2", ()),
        ServerTool("p", "web_search", {"q": 1}),
        Unknown("p", [1]),
    ]
    found = parts_of(items)
    assert [(each["role"], each["kind"]) for each in found] == [
        ("system", "text"), ("assistant", "reasoning"), ("assistant", "reasoning"), ("assistant", "call"), ("assistant", "call"),
        ("tool", "result"), ("tool", "media"), ("tool", "result"), ("assistant", "other"), ("assistant", "other"),
    ]  # fmt: skip
    assert found[1]["text"] == "first\n\nthen"
    assert found[3]["arguments"] == {"city": "Oslo"}
    assert found[4]["arguments"] == "no JSON"
    assert found[5]["name"] == "weather"


def test_long_texts_are_cut_and_say_by_how_much():
    found = of_part(Text("x" * (shown.LONGEST + 123)))
    assert (len(found["text"]), found["cut"]) == (shown.LONGEST, 123)
    assert "cut" not in of_part(Text("x" * shown.LONGEST))


def test_a_large_image_is_its_size():
    found = of_part(Image(Inline("image/png", "A" * (shown.LARGEST * 4 // 3 + 8))))
    assert "data" not in found
    assert found["bytes"] > shown.LARGEST


def test_of_a_long_conversation_the_ends_are_shown():
    found = parts_of([Message(Role.USER, (Text(str(at)),)) for at in range(100)])
    assert len(found) == shown.MOST_PARTS + 1
    assert (found[0]["text"], found[-1]["text"]) == ("0", "99")
    assert found[shown.MOST_PARTS // 2]["text"] == "(60 parts are left out here)"


def test_an_error_told_in_the_reply_is_shown():
    failed = Reply((Choice(()),), failure=Failure(FailureKind.SERVER, "broken", 500))
    found = reply_shown(type(side())(failed, False))
    assert found == [{"role": "assistant", "kind": "other", "text": f"failed ({FailureKind.SERVER}): broken"}]
    assert facts(side(usd=0.5)) == {
        "seconds": 1,
        "first": 0.2,
        "tokens_in": 10,
        "tokens_out": 20,
        "usd": 0.5,
        "stop": "end",
    }


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (float("nan"), None), (float("inf"), None), (10**400, "(a number of 1329 bits)"), ((1, 2), [1, 2]), ({1: 2}, {"1": 2}),
        (True, True), (b"x", "b'x'"), ([1] * 2001, [*[1] * 2000, "(1 more)"]), ("x" * 20_001, "x" * 20_000 + "... (1 more)"),
    ],
)  # fmt: skip
def test_any_value_as_json(value, told):
    assert json.loads(json.dumps(plain(value), allow_nan=False)) == (told if value != b"x" else plain(value))


def test_what_is_nested_too_deep_says_so():
    value = []
    for _ in range(100_000):
        value = [value]
    assert "nested too deep" in json.dumps(plain(value))
    text = ToolCall("1", "f", "[" * 60 + "]" * 60)
    assert "nested too deep" in json.dumps(parts_of([text]))


def test_the_prompt_is_the_one_that_was_asked():
    row = asked(1)
    changed = asked(2, text="Changed?").conversation
    scored = Scored(row, "up/new", 1, Status.ANSWERED, side(), side())
    assert row_shown(scored)["asked"][0]["text"] == "Question 1?"
    scored = Scored(row, "up/new", 1, Status.ANSWERED, side(), side(), asked=changed)
    assert row_shown(scored)["asked"][0]["text"] == "Changed?"


def test_every_real_recording_is_shown(tmp_path):
    count = 0
    with Corpus(samples(tmp_path)) as corpus:
        for row in corpus:
            before = recorded(row)
            found = row_shown(Scored(row, "up/new", 1, Status.ANSWERED, before, before))
            text = json.dumps(found, allow_nan=False)
            assert len(text) < 600_000
            assert found["asked"]
            assert {part["kind"] for side in ("asked", "before", "after") for part in found[side]} <= KINDS
            count += 1
    assert count > 20
