"""An upstream that codes its replies although it is asked not to."""

from __future__ import annotations

import gzip

import pytest

pytest.importorskip("httpx")
pytest.importorskip("aiohttp")
pytest.importorskip("uvicorn")
pytest.importorskip("httptools")

import httpx
from running import running, setup, upstream

from tokentape.testing.provider import Provider
from tokentape.testing.provider.script import Script, Send, SendHead

REPLY = b'{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":' + (
    b'{"role":"assistant","content":"Paris."},"finish_reason":"stop"}]}'
)
EVENT = b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[' + (
    b'{"index":0,"delta":{"content":"Paris."},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
)


def answer(path, coding, data, kind="application/json", *, stream=False):
    head = SendHead(headers=(("content-type", kind), ("content-encoding", coding)))
    with Provider(gap=0) as provider:
        provider.play(Script((head, Send(data))), times=None)
        made = setup(upstream(f"{provider.url}/v1"))
        with running(made) as gateway, httpx.Client(base_url=gateway.url, timeout=30) as client:
            body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "?"}]}
            with client.stream("POST", path, json={**body, "stream": stream}) as reply:
                return reply.status_code, reply.headers, b"".join(reply.iter_raw())


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
def test_what_can_be_undone_is(path):
    status, headers, body = answer(path, "gzip", gzip.compress(REPLY))
    assert status == 200
    assert "content-encoding" not in headers
    assert b"Paris." in body


def test_what_cannot_goes_on_as_it_is():
    status, headers, body = answer("/v1/chat/completions", "x-own", b"\x01\x02")
    assert (status, headers["content-encoding"], body) == (200, "x-own", b"\x01\x02")


def test_what_cannot_is_not_translated():
    status, _, body = answer("/v1/messages", "x-own", b"\x01\x02")
    assert status == 502
    assert b"x-own" in body


def test_a_coded_stream_goes_on_as_it_is():
    data = gzip.compress(EVENT)
    kind = "text/event-stream"
    status, headers, body = answer("/v1/chat/completions", "gzip", data, kind, stream=True)
    assert (status, headers["content-encoding"], body) == (200, "gzip", data)


def test_a_coded_stream_is_not_translated():
    status, _, body = answer("/v1/messages", "gzip", gzip.compress(EVENT), "text/event-stream", stream=True)
    assert status == 502
    assert b"gzip" in body
