"""Request bodies: what the server gets is the same, recorded or not, and the tape knows it."""

from __future__ import annotations

import asyncio
import io

import httpx
import httpx2
import pytest

from tokentape.interceptors.httpx import HttpxInterceptor
from tokentape.interceptors.registry import Registry
from tokentape.testing.contracts.tape import MemoryTape
from tokentape.testing.provider import Provider, redirect, reply

PATH = "/v1/audio/transcriptions"


def pieces():
    yield b"one "
    yield b"two"


async def async_pieces():
    yield b"one "
    yield b"two"


BODIES = {
    "bytes": lambda: {"content": b"\x00\xff"},
    "json": lambda: {"json": {"a": "é", "b": [1, 2]}},
    "form": lambda: {"data": {"a": "1", "b": "x y"}},
    "multipart": lambda: {
        "files": {"file": ("a.wav", io.BytesIO(b"RIFF"), "audio/wav")},
        "data": {"model": "m"},
    },
    "file": lambda: {"content": io.BytesIO(b"from a file")},
    "generator": lambda: {"content": pieces()},
    "empty": lambda: {"content": b""},
    "none": lambda: {},
}
ASYNC_BODIES = {name: make for name, make in BODIES.items() if name not in ("file", "generator")}
ASYNC_BODIES["async generator"] = lambda: {"content": async_pieces()}


@pytest.fixture(params=[httpx, httpx2], ids=lambda module: module.__name__)
def http(request):
    return request.param


@pytest.fixture
def provider():
    with Provider() as running:
        running.play(reply(b"ok"), times=None)
        yield running


def fixed_boundary(headers):
    return {"content-type": "multipart/form-data; boundary=b"} if headers else {}


def with_tape(tape, send):
    registry = Registry((HttpxInterceptor,), tape)
    registry.hold()
    try:
        return send()
    finally:
        registry.release()


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_R22_the_server_gets_the_same(http, provider, name, method):
    check(provider, name, lambda: sync_send(http, method, provider.url, name))


@pytest.mark.parametrize("name", ASYNC_BODIES)
def test_R22_the_server_gets_the_same_async(http, provider, name):
    check(provider, name, lambda: asyncio.run(async_send(http, provider.url, name)))


def check(provider, name, send):
    tape = MemoryTape()
    send()
    with_tape(tape, send)
    plain, recorded = provider.requests
    assert plain.body == recorded.body
    assert plain.headers == recorded.headers
    assert tape.asked[0].body == recorded.body
    provider.stop()
    tape.rewind()
    with_tape(tape, send)
    assert tape.left == 0


def sync_send(http, method, url, name):
    with http.Client() as client:
        headers = fixed_boundary(name == "multipart")
        response = client.request(method, url + PATH, headers=headers, **BODIES[name]())
        assert response.text == "ok"


async def async_send(http, url, name):
    async with http.AsyncClient() as client:
        headers = fixed_boundary(name == "multipart")
        response = await client.post(url + PATH, headers=headers, **ASYNC_BODIES[name]())
        assert response.text == "ok"


def test_the_requests_own_stream_comes_back_used_up(http, provider):
    """Recorded or not, a generator upload cannot be sent twice."""
    provider.forget()
    provider.play(redirect("/v1/elsewhere"), times=None)

    def send():
        with http.Client(follow_redirects=True) as client, pytest.raises(http.StreamConsumed):
            client.post(provider.url + PATH, content=pieces())

    send()
    with_tape(MemoryTape(), send)


def test_R06_a_body_that_the_caller_has_not_read_stays_unread(http, provider):
    def send():
        with http.Client() as client:
            request = client.build_request("POST", provider.url + PATH, content=pieces())
            client.send(request)
            with pytest.raises(http.RequestNotRead):
                _ = request.content

    send()
    with_tape(MemoryTape(), send)


def test_a_body_that_fails_fails_as_it_does_unrecorded(http, provider):
    def broken():
        yield b"one"
        raise ValueError("no more")

    def send():
        with http.Client() as client, pytest.raises(ValueError, match="no more"):
            client.post(provider.url + PATH, content=broken())

    tape = MemoryTape()
    with_tape(tape, send)
    assert tape.kept == []
