"""HTTP/2: recorded per request, several on one connection, and replayed without one."""

from __future__ import annotations

import asyncio

import httpx
import httpx2
import pytest
from h2_server import H2Server

from tokentape.interceptors.httpx import HttpxInterceptor
from tokentape.interceptors.registry import Registry
from tokentape.testing.contracts.tape import MemoryTape
from tokentape.wire.interaction import How


@pytest.fixture(params=[httpx, httpx2], ids=lambda module: module.__name__)
def http(request):
    return request.param


@pytest.fixture
def tape():
    tape = MemoryTape()
    registry = Registry((HttpxInterceptor,), tape)
    registry.hold()
    yield tape
    registry.release()


def test_five_at_once_on_one_connection(http, tape):
    async def one(client, url):
        async with client.stream("POST", url, content=b"{}") as response:
            chunks = [chunk async for chunk in response.aiter_raw()]
            return response.http_version, response.reason_phrase, response.headers.raw, chunks

    async def main(port):
        async with http.AsyncClient(http1=False, http2=True) as client, asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(client, f"http://127.0.0.1:{port}/{n}")) for n in range(5)]
        return [task.result() for task in tasks]

    with H2Server() as server:
        recorded = asyncio.run(main(server.port))
        assert server.connections == 1
    tape.rewind()
    assert asyncio.run(main(server.port)) == recorded
    assert recorded[0][:2] == ("HTTP/2", "OK")
    assert {kept.response.http for kept in tape.kept} == {"2"}
    assert all(kept.response.body.count(b"data: ") == 3 for kept in tape.kept)


def test_a_stream_that_is_reset(http, tape):
    def call(port):
        chunks = []
        with (
            http.Client(http1=False, http2=True) as client,
            client.stream("POST", f"http://127.0.0.1:{port}/reset", content=b"{}") as response,
            pytest.raises(http.RemoteProtocolError) as caught,
        ):
            chunks.extend(response.iter_raw())
        return b"".join(chunks), str(caught.value)

    with H2Server() as server:
        recorded = call(server.port)
    tape.rewind()
    assert call(server.port) == recorded
    (kept,) = tape.kept
    assert kept.response.body.count(b"data: ") == 2
    assert kept.ended.how in {How.PROTOCOL_ERROR, How.CUT, How.RESET}
