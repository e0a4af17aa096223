"""Replies of every kind: what the caller gets is what an unrecorded call gets, and the replay is the same."""

from __future__ import annotations

import struct
import zlib

import pytest

from tokentape.testing.contracts.scripts import BROKEN_REPLIES, RAW, WHOLE, WHOLE_REPLIES
from tokentape.testing.provider import Framing, Script, Send, SendHead, reply
from tokentape.wire.eventstream import EventHeader, encode_message

JSON = "application/json"
EVENT = (EventHeader(":event-type", "chunk"),)
WAV = b"RIFF\x24\x08\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x02\x00" + bytes(range(256)) * 8


def _chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


PNG = (
    b"\x89PNG\r\n\x1a\n"
    + _chunk(b"IHDR", struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0))
    + _chunk(b"IDAT", zlib.compress(bytes(range(256)) * 4))
    + _chunk(b"IEND", b"")
)


@pytest.mark.parametrize("case", [*WHOLE_REPLIES, *BROKEN_REPLIES], ids=lambda case: case.name)
def test_R52_every_reply_of_the_contract_goes_through_a_file(rig, case):
    body = None if case.method in ("GET", "HEAD") else b'{"model":"m"}'
    calls = rig.thrice(case.script, method=case.method, body=body, reads=case.reads, timeout=case.timeout)
    calls.agree()
    assert (calls.kept.response.body if calls.kept.response else None) == case.body
    assert calls.kept.ended.how in case.ends


@pytest.mark.parametrize("reads", [WHOLE, RAW], ids=["whole", "raw"])
@pytest.mark.parametrize("status", [201, 202, 400, 401, 403, 404, 408, 409, 422, 429, 500, 502, 503, 529])
def test_R17_a_status_with_its_headers(rig, status, reads):
    headers = (("retry-after", "2"), ("x-request-id", "req_1"), ("x-ratelimit-remaining", "0"))
    script = reply(b'{"error": {"message": "no"}}', status, headers, content_type=JSON)
    calls = rig.thrice(script, reads=reads).agree()
    assert calls.replayed.status == status
    assert set(headers) <= set(calls.replayed.headers)


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "OPTIONS", "PUT", "PATCH", "POST"])
def test_R52_every_method(rig, method):
    body = b'{"a":1}' if method in ("PUT", "PATCH", "POST") else None
    calls = rig.thrice(reply(b'{"b":2}', content_type=JSON), method=method, body=body, reads=WHOLE).agree()
    assert calls.kept.request.body == body
    assert (calls.kept.response.body is None) == (method == "HEAD")


@pytest.mark.parametrize("status", [204, 304])
def test_R52_replies_that_have_no_body(rig, status):
    script = reply(b"", status, (("etag", '"a"'),), framing=Framing.AS_GIVEN)
    calls = rig.thrice(script, method="GET", body=None, reads=WHOLE).agree()
    assert calls.kept.response.body is None
    assert calls.replayed.body == b""


def test_R52_empty_is_not_absent(rig):
    empty = rig.thrice(reply(b""), reads=WHOLE).agree()
    assert empty.kept.response.body == b""
    assert ("content-length", "0") in empty.replayed.headers


@pytest.mark.parametrize("body", [None, b""], ids=["absent", "empty"])
def test_R52_a_request_without_and_with_no_bytes(rig, body):
    headers = (("content-length", "0"),) if body == b"" else ()
    calls = rig.thrice(reply(b"x"), method="GET", body=body, headers=headers).agree()
    assert calls.kept.request.body == body


HEADERS = {
    "repeated": (("set-cookie", "a=1; Path=/"), ("x-a", "1"), ("set-cookie", "b=2"), ("x-a", "2"), ("x-a", "1")),
    "case": (("X-Request-ID", "1"), ("x-REQUEST-id", "2"), ("ETag", "W/\"x\"")),
    "latin-1": (("x-name", "caf\xe9 \xff\xa0|"), ("content-disposition", 'attachment; filename="\xfc.txt"')),
    "utf-8": (("x-name", "größe 世界".encode().decode("latin-1")),),
    "empty": (("x-empty", ""), ("x-also", "")),
    "odd": (("x-quote", '"a, b"; q="\\""'), ("x-tab", "a\tb"), ("vary", "a"), ("vary", "b, c")),
}  # fmt: skip


@pytest.mark.parametrize("name", HEADERS)
def test_R52_header_fields(rig, name):
    calls = rig.thrice(reply(b"x", headers=HEADERS[name])).agree()
    taped = [field for field in calls.replayed.headers if field in HEADERS[name]]
    wanted = [field for field in HEADERS[name] if field[0].lower() != "set-cookie"]
    assert [field for field in taped if field[0].lower() != "set-cookie"] == wanted


@pytest.mark.parametrize("reason", ["Fine By Me", "D\xe9j\xe0 vu", "", "OK  twice"])
def test_R52_reason_phrases(rig, reason):
    calls = rig.thrice(reply(b"x", 200, reason=reason)).agree()
    assert calls.kept.response.reason == reason


@pytest.mark.parametrize("http", ["1.0", "1.1"])
def test_R52_the_protocol_version(rig, http):
    script = Script.of(SendHead(200, framing=Framing.CLOSE, http=http), Send(b"x"))
    assert rig.thrice(script).agree().replayed.facts["version"] == f"HTTP/{http}"


BODIES = {
    "png": ("image/png", PNG),
    "wav": ("audio/wav", WAV),
    "unknown type": ("application/x-unheard-of", bytes(range(256)) * 3),
    "no type": (None, b"\x00\x01\x02 plain \xff"),
    "invalid utf-8": ("text/plain; charset=utf-8", b"caf\xe9 \xff\xfe \xed\xa0\x80 end"),
    "invalid utf-8 in json": (JSON, b'{"a": "caf\xe9"}'),
    "latin-1 text": ("text/plain; charset=iso-8859-1", "größe".encode("latin-1")),
    "utf-16": ("text/plain; charset=utf-16", "größe 世界".encode("utf-16")),
    "utf-8 bom": (JSON, b'\xef\xbb\xbf{"a": 1}'),
    "odd spacing": (JSON, b'{ "a" :1,\r\n\t"b":[ 1 ,2 ],"c" : { } } \n\n'),
    "indented": (JSON, b'{\n  "a": 1,\n  "b": [\n    1,\n    2\n  ]\n}\n'),
    "odd numbers": (JSON, b'{"a":1.0,"b":1e5,"c":-0,"d":12345678901234567890123,"e":NaN,"f":1E+2,"g":0.10}'),
    "same key twice": (JSON, b'{"a":1,"a":2}'),
    "escapes": (JSON, b'{"a":"\\u00e9\\/\\ud83d\\ude00\\ud800 \\u0041"}'),
    "raw unicode": (JSON, '{"a":"é 世界 🌍 \u2028 \u0085 \u202e"}'.encode()),
    "not json": (JSON, b'{"a": 1'),
    "nul": (JSON, b'{"a":"\\u0000"}\x00'),
    "scalar": (JSON, b'"just text"'),
    "deep": (JSON, b"[" * 400 + b"]" * 400),
    "ndjson": ("application/x-ndjson", b'{"a":1}\n{"a": 2}\r\n\n{"a"'),
    "html": ("text/html", b"<html><body>502 Bad Gateway</body></html>\r\n"),
    "aws events": (
        "application/vnd.amazon.eventstream",
        encode_message(EVENT, b'{"bytes":"aGk="}') * 2,
    ),
    "aws events, cut": (
        "application/vnd.amazon.eventstream",
        encode_message(EVENT, b'{"a":1}')[:-3],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_R52_R54_bodies_are_stored_exact(rig, name):
    media, body = BODIES[name]
    calls = rig.thrice(reply(body, content_type=media), reads=WHOLE).agree()
    assert calls.replayed.body == body
    assert calls.kept.response.body == body


@pytest.mark.parametrize("name", BODIES)
def test_R52_R54_and_so_are_the_bodies_of_requests(rig, name):
    media, body = BODIES[name]
    headers = (("content-type", media),) if media else ()
    assert rig.thrice(reply(b"ok"), body=body, headers=headers).agree().kept.request.body == body
