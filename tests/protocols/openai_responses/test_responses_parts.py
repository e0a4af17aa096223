"""Parts of messages: media, citations, the model's own words, and what stays behind of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from responses_bodies import (
    CITED,
    PNG,
    asks,
    message,
    read,
    said,
    writes,
    written,
)

from tokentape.protocols.canonical.items import Message, Role
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
    Url,
    Video,
)


def user(*parts):
    return Message(Role.USER, tuple(Text(part) if isinstance(part, str) else part for part in parts))


def test_marks_and_states_that_stay_behind_are_said():
    mark = CacheMark()
    blob = Opaque("thought_signature", "x", Maker("google", "gpt"))
    body, losses = writes(
        Message(Role.SYSTEM, (Text("Be brief.", cache=mark),)),
        user(Text("a", cache=mark, opaque=(blob,)), Image(Url("u"), cache=mark, opaque=(blob,))),
        user(
            Text("b", (Citation("gemini", "x", {}),)), Document(Url("u"), context="c", cited=True, cache=mark)
        ),
    )
    assert body["instructions"] == "Be brief."
    assert {loss.what for loss in losses.tuning} == {
        "caching mark", "thought signature", "citation", "citations of a document"}  # fmt: skip
    assert [loss.what for loss in losses.meaning] == ["context of a document"]


def test_edited_citations_come_out():
    asked = read(asks([message(said("Paris.", CITED))]))
    spoken = asked.items[0]
    cited = replace(spoken.parts[0].citations[0], url="https://c.d")
    edited = replace(spoken, parts=(replace(spoken.parts[0], citations=(cited,)),))
    body, _ = written(replace(asked, items=(edited,)))
    assert body["input"][0]["content"][0]["annotations"] == [{**CITED, "url": "https://c.d"}]


def test_who_speaks_may_be_unknown():
    body = asks([{"role": "critic", "content": "x"}, {"type": None}, {"type": 5}, {"id": "msg_1"}])
    assert read(body).items[0].role is Role.USER
    assert written(read(body))[0] == body


def test_images_say_nothing_of_their_state():
    blob = Opaque("thought_signature", "x", Maker("google", "gemini"))
    _, losses = writes(user(Image(Url("u"), opaque=(blob,))))
    assert [loss.what for loss in losses] == ["thought signature"]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (Image(Url("https://a.b/c.png")), {"type": "input_image", "image_url": "https://a.b/c.png", "detail": "auto"}),
        (Image(Inline("image/png", "iVBORw0KGgo="), "low"), {"type": "input_image", "image_url": PNG, "detail": "low"}),
        (Image(FileId("file_1", "openai.chat")), {"type": "input_image", "file_id": "file_1", "detail": "auto"}),
        (
            Document(Inline("application/pdf", "eA=="), "a.pdf"),
            {"type": "input_file", "file_data": "data:application/pdf;base64,eA==", "filename": "a.pdf"},
        ),
        (
            Document(Inline("application/pdf", "eA==")),
            {"type": "input_file", "file_data": "data:application/pdf;base64,eA==", "filename": "document.pdf"},
        ),
        (
            Document(Plain("x")),
            {"type": "input_file", "file_data": "data:text/plain;base64,eA==", "filename": "document.txt"},
        ),
        (Document(Url("https://a.b/c.pdf")), {"type": "input_file", "file_url": "https://a.b/c.pdf"}),
        (Document(FileId("file_1", "openai.responses")), {"type": "input_file", "file_id": "file_1"}),
        (
            Audio(Inline("audio/mpeg", "eA==")),
            {"type": "input_audio", "input_audio": {"data": "eA==", "format": "mp3"}},
        ),
        (Refusal("No."), {"type": "input_text", "text": "No."}),
        (Data({"a": [1]}), {"type": "input_text", "text": '{"a":[1]}'}),
    ],
)  # fmt: skip
def test_parts(part, expected):
    body, losses = writes(user("Look.", part))
    assert body["input"][0]["content"][1] == expected
    assert not losses


@pytest.mark.parametrize(
    "part",
    [
        Image(FileId("x", "anthropic.messages")),
        Image(Plain("x")),
        Document(FileId("x", "gemini")),
        Audio(None, "audio_1"),
        Video(Url("https://a.b/c.mp4")),
    ],
)
def test_parts_that_cannot_be_said(part):
    body, losses = writes(user("Look.", part))
    assert len(body["input"][0]["content"]) == 1
    assert len(losses.meaning) == 1


def test_the_models_own_words():
    cited = Citation("anthropic.messages", "char_location", {}, url="https://a.b", title="Atlas")
    unnamed = Citation("anthropic.messages", "char_location", {})
    body, losses = writes(
        Message(Role.ASSISTANT, (Text("Paris."),), name="bob"),
        Message(Role.ASSISTANT, (Text("Rome.", (cited, unnamed)), Refusal("No."), Image(Url("https://a.b")))),
    )
    plain, listed = body["input"]
    assert plain == {"type": "message", "role": "assistant", "content": "Paris."}
    assert listed["id"].startswith("msg_")
    assert listed["content"] == [
        said("Rome.", {"type": "url_citation", "url": "https://a.b", "title": "Atlas", "start_index": 0, "end_index": 5}),
        {"type": "refusal", "refusal": "No."},
    ]  # fmt: skip
    assert [loss.what for loss in losses] == ["name", "citation", "image"]
