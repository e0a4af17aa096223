"""Multipart bodies by their parts; the encoders of real clients and email's reader are the oracles."""

from __future__ import annotations

from email import message_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokentape.wire.body import Part, multipart_parts
from tokentape.wire.parameters import parameters

TYPE = "multipart/form-data; boundary=b"
FORM = (
    b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n'
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a b.mp3"\r\n'
    b"Content-Type: audio/mpeg\r\n\r\n\xff\xfb\r\n\r\n--bx\r\n\r\n--b--\r\n"
)


def read(body: bytes, content_type: str = TYPE) -> list[Part]:
    parts = multipart_parts(content_type, body)
    assert parts is not None
    return parts


def test_a_form_has_names_file_names_and_bytes():
    assert [(part.name, part.filename, part.body) for part in read(FORM)] == [
        ("model", None, b"whisper-1"),
        ("file", "a b.mp3", b"\xff\xfb\r\n\r\n--bx\r\n"),
    ]
    assert read(FORM)[1].headers[1] == ("Content-Type", "audio/mpeg")


def test_a_part_knows_its_place():
    for part in read(FORM):
        assert FORM[part.start : part.end] == part.body


contents = st.lists(st.sampled_from([b"\r\n", b"\n", b"--", b"b", b"--b", b"x", b":", b"\xff"]), max_size=10)


@given(st.lists(contents.map(b"".join), max_size=4))
def test_any_content_comes_back(bodies):
    boundary = b"zq7"
    head = b'\r\nContent-Disposition: form-data; name="f"\r\n\r\n'
    body = b"".join(b"--" + boundary + head + content + b"\r\n" for content in bodies) + b"--zq7--\r\n"
    assert [part.body for part in read(body, "multipart/mixed; boundary=zq7")] == bodies


@pytest.mark.parametrize("package", ["httpx", "httpx2"])
def test_what_a_client_sends_is_read(package):
    client = pytest.importorskip(package)
    files = {"file": ('we"ird é.bin', b"\0\1\r\n--", "application/octet-stream")}
    request = client.Request("POST", "http://a/", data={"model": "m", "empty": ""}, files=files)
    parts = read(request.read(), request.headers["content-type"])
    assert [(part.name, part.body) for part in parts] == [
        ("model", b"m"),
        ("empty", b""),
        ("file", b"\0\1\r\n--"),
    ]
    assert parts[2].filename


def test_the_parts_are_those_that_email_reads():
    body = (
        b"preamble\r\n--b\r\nA: 1\r\nB: x;\r\n y\r\n\r\none\r\n--b  \r\n\r\ntwo\r\n--b--\r\nepilogue --b\r\n"
    )
    message = message_from_bytes(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + body)
    expected = [part.get_payload(decode=True) for part in message.get_payload()]
    parts = read(body, "multipart/mixed; boundary=b")
    assert [part.body for part in parts] == expected == [b"one", b"two"]
    assert [name for name, _ in parts[0].headers] == ["A", "B"]


def test_lines_may_end_with_lf_alone():
    assert [part.body for part in read(FORM.replace(b"\r\n", b"\n"))] == [b"whisper-1", b"\xff\xfb\n\n--bx\n"]


def test_parts_without_headers_or_body():
    assert [
        (part.headers, part.body) for part in read(b"--b\r\n--b\r\nA: 1\r\n--b\r\nA: 1\r\n\r\n--b--")
    ] == [
        ((), b""),
        ((("A", "1"),), b""),
        ((("A", "1"),), b""),
    ]


def test_a_form_of_no_parts_has_none():
    assert read(b"--b--\r\n") == []


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json; boundary=b", FORM),
        ("multipart/form-data", FORM),
        ("multipart/form-data; boundary=", FORM),
        (TYPE, b""),
        (TYPE, b"{}"),
        (TYPE, FORM[:-8]),
        (TYPE, b"--b\r\nno field\r\n\r\nx\r\n--b--"),
    ],
)
def test_what_is_not_built_of_parts_has_no_view(content_type, body):
    assert multipart_parts(content_type, body) is None


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("a/b; c=d", {"c": "d"}),
        ('a/b;c="d;e=f" ; G = h', {"c": "d;e=f", "g": "h"}),
        ('form-data; name="a\\"b"', {"name": 'a"b'}),
        ("a/b; c=1; c=2", {"c": "1"}),
        ("a/b; c", {}),
        ('a/b; c=""', {"c": ""}),
        ("", {}),
    ],
)
def test_parameters_of_a_header_value(value, found):
    assert parameters(value) == found
