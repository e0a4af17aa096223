"""Case 27: an image by http(s) is a `url` source; data URLs are bytes; other places cannot be fetched from."""

from __future__ import annotations

import pytest
from messages_cases import from_canonical, from_chat

from tokentape.errors import UnsupportedFeature
from tokentape.protocols.canonical.conversation import Conversation
from tokentape.protocols.canonical.items import Message, Role, ToolResult
from tokentape.protocols.canonical.parts import FileId, Image, Url

PNG = "iVBORw0KGgo="


def image(url):
    return {"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}


@pytest.mark.parametrize("url", ["https://example.com/cat.png", "http://example.com/cat?a=b#c"])
def test_an_address_is_a_url_source(url):
    body, losses = from_chat(image(url))
    assert body["messages"][0]["content"] == [{"type": "image", "source": {"type": "url", "url": url}}]
    assert not losses.meaning


def test_a_data_url_is_bytes():
    body, _ = from_chat(image(f"data:image/png;base64,{PNG}"))
    source = {"type": "base64", "media_type": "image/png", "data": PNG}
    assert body["messages"][0]["content"] == [{"type": "image", "source": source}]


@pytest.mark.parametrize(
    "source", [Url("gs://bucket/cat.png"), Url("s3://bucket/cat.png"), FileId("file_1", "gemini")]
)
def test_other_places_are_refused(source):
    asked = Conversation((Message(Role.USER, (Image(source),)),))
    body, losses = from_canonical(asked)
    assert body["messages"] == []
    assert [loss.what for loss in losses.meaning] == ["image"]


def test_refused_before_anything_is_sent():
    with pytest.raises(UnsupportedFeature):
        from_chat(image("gs://bucket/cat.png"), allow=False)


def test_in_a_result_it_stays_an_image():
    asked = Conversation((ToolResult("c", (Image(Url("https://a/b.png")),)),))
    _, losses = from_canonical(asked)
    assert [loss.what for loss in losses.meaning] == ["tool result"]
