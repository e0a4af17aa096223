"""Case 26: Gemini fetches no web address: data URLs are inline, its own places stay, others are refused."""

from __future__ import annotations

import pytest

from tokentape.errors import UnsupportedFeature
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.media import inlined
from tokentape.protocols.translation import codec_of, translate_request, write_request

WEB = "https://example.com/cat.png"


def chat(*urls):
    images = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
    return {"model": "m", "messages": [{"role": "user", "content": [{"type": "text", "text": "?"}, *images]}]}


def parts(url):
    found = translate_request(chat(url), Source("openai.chat"), Target("gemini", model="gemini-2.5-flash"))
    assert str(found.losses) == "nothing is lost"
    return found.result.body["contents"][0]["parts"][1:]


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("data:image/png;base64,AAAA", {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}),
        ("data:image/svg+xml,%3Csvg/%3E", {"inlineData": {"mimeType": "image/svg+xml", "data": "PHN2Zy8+"}}),
        ("gs://bucket/cat.png", {"fileData": {"mimeType": "image/png", "fileUri": "gs://bucket/cat.png"}}),
        (
            "https://generativelanguage.googleapis.com/v1beta/files/abc",
            {"fileData": {"fileUri": "https://generativelanguage.googleapis.com/v1beta/files/abc"}},
        ),
    ],
)
def test_what_gemini_can_see(url, part):
    assert parts(url) == [part]


@pytest.mark.parametrize(
    "url", [WEB, "http://example.com/", "s3://bucket/cat.png", "ftp://x", "data:broken", ""]
)
def test_what_it_cannot_is_refused_and_the_way_out_is_told(url):
    with pytest.raises(UnsupportedFeature) as caught:
        parts(url)
    [loss] = caught.value.losses.meaning
    assert loss.path == "messages[0].content[1]"
    assert "inlined" in loss.why


def test_the_caller_may_put_it_inline_first():
    asked = codec_of("openai.chat").read_request(
        chat(WEB, WEB, "data:image/png;base64,BBBB"), Source("openai.chat")
    )
    fetched = []

    def fetch(url):
        fetched.append(url)
        return "image/png; charset=x", b"\x00\x00\x00"

    found = write_request(inlined(asked, fetch), Target("gemini", model="gemini-2.5-flash"))
    assert str(found.losses) == "nothing is lost"
    images = found.result.body["contents"][0]["parts"][1:]
    assert [image["inlineData"] for image in images] == [
        {"mimeType": "image/png", "data": data} for data in ("AAAA", "AAAA", "BBBB")
    ]
    assert fetched == [WEB]


def test_nothing_to_fetch_is_the_same_conversation():
    asked = codec_of("openai.chat").read_request(chat("gs://b/x.png"), Source("openai.chat"))
    assert inlined(asked, None) is asked
