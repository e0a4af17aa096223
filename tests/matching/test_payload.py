"""Bodies that are not JSON."""

from __future__ import annotations

import gzip
import json

import pytest
from matching_requests import OTHER, chat, post

from tokentape.matching.key import Matcher
from tokentape.wire.message import Request

AUDIO = "https://api.openai.com/v1/audio/transcriptions"
key = Matcher().key


def form(*parts, boundary="b1", url=AUDIO):
    lines = []
    for name, filename, media, data in parts:
        told = f'form-data; name="{name}"' + (f'; filename="{filename}"' if filename else "")
        kind = f"Content-Type: {media}\r\n".encode() if media else b""
        lines.append(
            f"--{boundary}\r\nContent-Disposition: {told}\r\n".encode() + kind + b"\r\n" + data + b"\r\n"
        )
    body = b"".join(lines) + f"--{boundary}--\r\n".encode()
    return Request("POST", url, (("content-type", f"multipart/form-data; boundary={boundary}"),), body)


FILE = ("file", "a.mp3", "audio/mpeg", b"\xff\xfb\x00")
MODEL = ("model", "", "", b"whisper-1")


@pytest.mark.parametrize("url", [AUDIO, OTHER])
def test_R54_boundary_and_order_of_parts_make_no_difference(url):
    first = key(form(FILE, MODEL, url=url))
    assert first == key(form(FILE, MODEL, boundary="another-one", url=url))
    assert first == key(form(MODEL, FILE, url=url))


@pytest.mark.parametrize("url", [AUDIO, OTHER])
@pytest.mark.parametrize(
    "other",
    [
        [("file", "b.mp3", "audio/mpeg", b"\xff\xfb\x00"), MODEL],
        [("file", "a.mp3", "audio/wav", b"\xff\xfb\x00"), MODEL],
        [("file", "a.mp3", "audio/mpeg", b"\xff\xfb\x01"), MODEL],
        [("other", "a.mp3", "audio/mpeg", b"\xff\xfb\x00"), MODEL],
        [FILE, ("model", "", "", b"whisper-2")],
        [FILE],
        [FILE, FILE, MODEL],
    ],
)
def test_names_types_and_bytes_of_parts_make_one(url, other):
    assert key(form(FILE, MODEL, url=url)) != key(form(*other, url=url))


def test_parts_of_one_name_keep_their_order():
    first, second = ("image[]", "a.png", "image/png", b"1"), ("image[]", "b.png", "image/png", b"2")
    assert key(form(first, second)) != key(form(second, first))


def test_a_body_that_is_no_multipart_though_it_says_so_still_has_a_key():
    requests = [
        Request("POST", OTHER, (("content-type", "multipart/form-data; boundary=x"),), body)
        for body in (b"a", b"b")
    ]
    assert key(requests[0]) != key(requests[1])


def test_forms_compare_by_field():
    def sent(body):
        return key(Request("POST", OTHER, (("content-type", "application/x-www-form-urlencoded"),), body))

    assert sent(b"a=1&b=%20x") == sent(b"b=+x&a=1")
    assert sent(b"a=1&a=2") != sent(b"a=2&a=1")
    assert sent(b"a=%ff") != sent(b"a=%fe")
    assert sent(b"a=") != sent(b"b=")


def test_a_compressed_body_counts_as_what_is_in_it():
    plain = chat()
    packed = Request("POST", plain.url, (("content-encoding", "gzip"),), gzip.compress(plain.body, mtime=5))
    assert key(plain) == key(packed)
    text = Request("POST", OTHER, (("content-encoding", "gzip"),), gzip.compress(b"hello"))
    assert key(text) == key(Request("POST", OTHER, (), b"hello"))


def test_long_text_and_bytes_are_told_apart():
    long = [b"a" * 2_000_000 + end for end in (b"1", b"2")]
    assert len({key(Request("POST", OTHER, (), body)) for body in (*long, b"\xff", b"\xfe")}) == 4


def test_the_form_compared_shows_parts_and_text():
    parts = Matcher().canonical(form(FILE, MODEL))["parts"]
    assert [part["name"] for part in parts] == ["file", "model"]
    assert parts[1]["text"] == "whisper-1"
    assert parts[0]["bytes"].startswith("3 bytes, sha256 ")
    assert Matcher().canonical(Request("POST", OTHER, (), b"hi"))["text"] == "hi"
    json.dumps(Matcher().canonical(post(OTHER, b"\xff")))
