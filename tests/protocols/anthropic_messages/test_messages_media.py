"""Images and documents, from here and from elsewhere."""

from __future__ import annotations

from base64 import b64encode

import pytest
from messages_bodies import NAME, read, request, written

from tokentape.protocols.canonical.conversation import Conversation
from tokentape.protocols.canonical.items import Message, Role
from tokentape.protocols.canonical.origin import Maker, Opaque
from tokentape.protocols.canonical.parts import (
    CacheMark,
    Document,
    FileId,
    Image,
    Inline,
    Plain,
    Text,
    Unknown,
    Url,
    Video,
)

PDF = "application/pdf"


def sent(*parts, role=Role.USER):
    body, losses = written(Conversation((Message(role, parts),), "claude-sonnet-4-5"))
    content = [block for message in body["messages"] for block in message["content"]]
    return content, [loss.what for loss in losses.meaning]


@pytest.mark.parametrize(
    ("part", "block"),
    [
        (Image(Inline("", "/9j/4AAQ")), {"type": "base64", "media_type": "image/jpeg", "data": "/9j/4AAQ"}),
        (Image(Inline("image/tiff", "SUkq")), {"type": "base64", "media_type": "image/tiff", "data": "SUkq"}),
        (Image(FileId("f", NAME)), {"type": "file", "file_id": "f"}),
        (Document(Inline(PDF, "JVBE")), {"type": "base64", "media_type": PDF, "data": "JVBE"}),
        (Document(Url("https://a/b.pdf")), {"type": "url", "url": "https://a/b.pdf"}),
        (Document(FileId("f", NAME)), {"type": "file", "file_id": "f"}),
        (Document(Plain("t")), {"type": "text", "media_type": "text/plain", "data": "t"}),
        (Document(Inline("text/markdown", b64encode("é".encode()).decode())),
         {"type": "text", "media_type": "text/plain", "data": "é"}),
        (Document(Inline("application/json", "e30=")), {"type": "text", "media_type": "text/plain", "data": "{}"}),
    ],
)  # fmt: skip
def test_what_can_go(part, block):
    content, lost = sent(part)
    assert [found["source"] for found in content] == [block]
    assert not lost


@pytest.mark.parametrize(
    "part",
    [
        Image(Inline("", "????")), Image(Inline("video/mp4", "AAAA")), Image(Plain("t")), Image(Url("gs://a/b")),
        Document(Inline("application/msword", "AAAA")), Document(Inline("text/plain", "/w==")),
        Document(Inline("text/plain", "é")), Document(Inline("", "AAAA")), Document(FileId("f", "gemini")),
        Document(Url("s3://a/b.pdf")), Video(Url("https://a/b.mp4")),
    ],
)  # fmt: skip
def test_what_cannot(part):
    content, lost = sent(part)
    assert (content, lost) == ([], [type(part).__name__.lower()])


def test_what_goes_with_them():
    opaque = (Opaque("x", "y", Maker("", "claude")),)
    picture = Image(Url("https://a/b.png"), "high", opaque, CacheMark())
    paper = Document(Plain("t"), "T", "C", False, CacheMark("5m"))
    asked = Conversation(
        (Message(Role.USER, (picture, paper, Text("x", opaque=opaque, cache=CacheMark("1h")))),)
    )
    body, losses = written(asked)
    image, document, text = body["messages"][0]["content"]
    assert image["cache_control"] == {"type": "ephemeral"}
    assert document == {
        "type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "t"}, "title": "T",
        "context": "C", "citations": {"enabled": False}, "cache_control": {"type": "ephemeral", "ttl": "5m"},
    }  # fmt: skip
    assert text["cache_control"] == {"type": "ephemeral", "ttl": "1h"}
    assert {loss.what for loss in losses} == {"detail", "x", "max_tokens"}


@pytest.mark.parametrize(
    "block",
    [
        {"type": "image", "source": {"type": "of_tomorrow", "x": 1}},
        {
            "type": "image",
            "source": {"type": "base64", "media_type": "", "data": "iVBOR"},
            "cache_control": {},
        },
        {"type": "document", "source": {"type": "url", "url": "x"}, "citations": {"enabled": None, "x": 1}},
        {"type": "image", "source": {"type": "base64", "media_type": "application/x", "data": "", "x": 1}},
        {"type": "document", "source": {"type": "text", "media_type": "text/html", "data": "<p>"}},
        {"type": "document", "source": {"type": "base64", "media_type": "text/plain", "data": "eA=="}},
        {"type": "document", "source": {"type": "url", "url": "ftp://a/b"}, "citations": {}},
        {
            "type": "document",
            "source": {"type": "file", "file_id": "f"},
            "citations": {"x": 1},
            "title": None,
        },
        {
            "type": "image",
            "source": {"type": "url", "url": "x", "media_type": None},
            "cache_control": {"type": "x"},
        },
    ],
)
def test_what_came_from_here_comes_back(block):
    body = request({"role": "user", "content": [block]})
    again, losses = written(read(body))
    assert again == body
    assert not losses


def test_sources_that_nobody_knows_are_unknown():
    block = {"type": "document", "source": {"type": "of_tomorrow"}}
    assert read(request({"role": "user", "content": [block]})).items[0].parts == (Unknown(NAME, block),)


def test_system_text_is_text_only():
    asked = Conversation((Message(Role.DEVELOPER, (Text("a"), Image(Url("https://a/b.png")), Text("b"))),))
    body, losses = written(asked)
    assert body["system"] == [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert [loss.what for loss in losses.meaning] == ["image"]
