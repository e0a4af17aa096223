"""Bytes that no client of good will sends: every one is answered, soon, below 500, in the dialect of its path."""

from __future__ import annotations

import io
import json
import socket
from http.client import HTTPResponse

import pytest

pytest.importorskip("aiohttp")
pytest.importorskip("uvicorn")

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from running import running, setup, upstream

from tokentape.gateway.tapes import RecordOptions
from tokentape.testing.provider import Provider

BODIES = {
    "/v1/chat/completions": {
        "model": "m",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
        ],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
        "stream": True,
    },
    "/v1/responses": {
        "model": "m",
        "input": [{"role": "user", "content": "Hi"}, {"type": "item_reference", "id": "x"}],
        "reasoning": {"effort": "low"},
        "store": False,
    },
    "/v1/messages": {
        "model": "m",
        "max_tokens": 9,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
        "tools": [{"name": "f", "input_schema": {"type": "object"}}],
        "metadata": {"user_id": "u"},
    },
    "/v1/messages/count_tokens": {"model": "m", "messages": [{"role": "user", "content": "Hi"}]},
    "/v1beta/models/m:generateContent": {
        "contents": [{"role": "user", "parts": [{"text": "Hi"}]}],
        "generationConfig": {"temperature": 1},
    },
    "/v1beta/models/m:streamGenerateContent": {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]},
    "/api/chat": {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "options": {"seed": 1}},
    "/api/generate": {"model": "m", "prompt": "Hi"},
    "/v1/embeddings": {"model": "m", "input": ["Hi"]},
}
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
UNPRINTED = st.binary(max_size=60)
OFTEN = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
SOON = 20.0
"""Seconds after which something hangs."""


@pytest.fixture(scope="module", params=["same dialect", "translated", "recorded"])
def gateway(request, tmp_path_factory):
    dialect = "anthropic.messages" if request.param == "translated" else "openai.chat"
    root = str(tmp_path_factory.mktemp("cassettes"))
    record = RecordOptions(root=root, cassette="fuzz" if request.param == "recorded" else None)
    with Provider(gap=0) as provider:
        with running(setup(upstream(f"{provider.url}/v1", dialect)), record=record) as found:
            yield found


def sent(port, data, *, end=False):
    """Everything that comes back for these bytes; TimeoutError if the other side neither answers nor closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=SOON) as connection:
        connection.sendall(data)
        if end:
            connection.shutdown(socket.SHUT_WR)
        pieces = []
        while piece := connection.recv(65536):
            pieces.append(piece)
        return b"".join(pieces)


def head(path, body, more=b"", kind=b"application/json"):
    """A request head that asks for the connection to be closed."""
    lines = [
        b"POST " + path.encode() + b" HTTP/1.1",
        b"Host: 127.0.0.1",
        b"Connection: close",
        b"Content-Type: " + kind,
        b"Content-Length: %d" % len(body),
    ]
    return b"\r\n".join(lines) + b"\r\n" + more + b"\r\n"


class Replayed(io.BytesIO):
    """A reply as `http.client` reads one."""

    def makefile(self, mode):
        return self


def judged(reply, path):
    """The status; an error must be one of the path's dialect."""
    read = HTTPResponse(Replayed(reply))
    read.begin()
    assert read.status < 500, reply[:600]
    if read.status >= 400:
        assert is_error(path, json.loads(read.read())), reply[:600]
    return read.status


def is_error(path, told):
    """True for an error as the API of this path tells it."""
    if path.startswith("/v1/messages"):
        return told["type"] == "error" and bool(told["error"]["message"])
    if path.startswith("/v1beta"):
        one = told[0] if isinstance(told, list) else told
        return isinstance(one["error"]["code"], int) and bool(one["error"]["status"])
    if path.startswith("/api/"):
        return isinstance(told["error"], str)
    return bool(told["error"]["message"])


def places(value, at=()):
    """Every place in a body."""
    yield at
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from places(each, (*at, key))


def replaced(value, at, new):
    """The body with something else at a place."""
    if not at:
        return new
    key, *rest = at
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[key] = replaced(copy[key], rest, new)
    return copy


MUTATED = st.sampled_from(sorted(BODIES)).flatmap(
    lambda path: st.tuples(st.just(path), st.sampled_from(list(places(BODIES[path]))), ANY)
)


@OFTEN
@given(MUTATED)
def test_a_body_with_something_else_in_one_place(gateway, mutated):
    path, at, new = mutated
    body = json.dumps(replaced(BODIES[path], at, new)).encode()
    judged(sent(gateway.port, head(path, body) + body), path)


@OFTEN
@given(st.sampled_from(sorted(BODIES)), UNPRINTED)
def test_a_body_of_any_bytes(gateway, path, body):
    judged(sent(gateway.port, head(path, body) + body), path)


NAMES = st.sampled_from(
    b"X-Tokentape-Cassette X-Tokentape-Upstream X-Tokentape-Class X-Tokentape-Session Authorization X-Api-Key "
    b"Accept-Encoding Content-Encoding Expect Origin Range If-None-Match Upgrade TE X-Other".split()
)
VALUES = st.binary(max_size=40).map(lambda value: value.translate(None, b"\r\n\0"))


@OFTEN
@given(st.sampled_from(sorted(BODIES)), st.lists(st.tuples(NAMES, VALUES), max_size=4))
def test_header_fields_of_any_value(gateway, path, fields):
    body = json.dumps(BODIES[path]).encode()
    more = b"".join(name + b": " + value + b"\r\n" for name, value in fields)
    reply = sent(gateway.port, head(path, body, more) + body)
    if b"Invalid HTTP request" in reply:
        return  # the HTTP parser's answer, before there is a path
    reply = reply.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
    judged(reply, path)


@OFTEN
@given(UNPRINTED)
def test_bytes_that_are_no_http(gateway, data):
    reply = sent(gateway.port, data, end=True)
    assert not reply or 400 <= int(reply.split(b" ", 2)[1]) < 500


@OFTEN
@given(st.binary(max_size=30).map(lambda value: value.translate(None, b"\r\n \0")))
def test_a_path_of_any_bytes(gateway, path):
    data = b"GET /" + path + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    reply = sent(gateway.port, data)
    assert int(reply.split(b" ", 2)[1]) < 500, reply


DEEP = [b"[" * 100_000, b'{"a":' * 100_000, b'{"model":"m","messages":' + b"[" * 5000 + b"]" * 5000 + b"}"]


@pytest.mark.parametrize("path", sorted(BODIES))
@pytest.mark.parametrize("body", DEEP, ids=["open lists", "open objects", "deep"])
def test_a_body_nested_too_deep(gateway, path, body):
    assert judged(sent(gateway.port, head(path, body) + body), path) >= 400


@pytest.mark.parametrize("path", sorted(BODIES))
def test_numbers_that_no_float_can_hold(gateway, path):
    body = json.dumps(BODIES[path] | {"temperature": 0, "n": 1}).replace('"n": 1', '"n": ' + "9" * 5000)
    judged(sent(gateway.port, head(path, body.encode()) + body.encode()), path)


@pytest.mark.parametrize("path", sorted(BODIES))
def test_a_body_that_ends_too_soon(gateway, path):
    """The client leaves; the next one is served."""
    body = json.dumps(BODIES[path]).encode()
    sent(gateway.port, head(path, body) + body[:-5], end=True)
    assert judged(sent(gateway.port, head(path, body) + body), path) < 500


@pytest.mark.parametrize("path", sorted(BODIES))
@pytest.mark.parametrize("body", [b"null", b"[]", b'"text"', b"1", b"", b"{}", b'{"model": null}'], ids=repr)
def test_json_that_is_no_request(gateway, path, body):
    """What is passed on as it is, is the upstream's to judge."""
    judged(sent(gateway.port, head(path, body) + body), path)


@pytest.mark.parametrize("path", sorted(BODIES))
@pytest.mark.parametrize(
    "kind", [b"text/plain", b"", b"application/x-www-form-urlencoded", b"\xff"], ids=repr
)
def test_what_a_web_page_may_send_without_asking_is_refused(gateway, path, kind):
    body = json.dumps(BODIES[path]).encode()
    assert judged(sent(gateway.port, head(path, body, kind=kind) + body), path) in (
        400,
        415,
    )  # Google knows no 415
