"""What outlives a call: it is closed whatever fails, it changes with the configuration, and it is bounded."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

pytest.importorskip("aiohttp")
pytest.importorskip("uvicorn")
pytest.importorskip("httpx")

import httpx
from running import NO_TAPE, NO_TRACE, NO_USAGE, running, setup, upstream

from tokentape.gateway.lasting import Lasting
from tokentape.gateway.outlet import ClientGone
from tokentape.gateway.responses.frames import FrameOutlet
from tokentape.gateway.services import Services
from tokentape.metering.price import Price
from tokentape.protocols.fastjson import loads
from tokentape.upstreams.destinations import FetchOptions

BODY = {"model": "m", "messages": [{"role": "user", "content": "Hello?"}]}


class Closing:
    """Something that is closed, or fails to be."""

    def __init__(self, closed, name, error=None):
        self.closed, self.name, self.error = closed, name, error

    async def open(self):
        pass

    async def aclose(self):
        self.closed.append(self.name)
        if self.error:
            raise self.error


def test_what_fails_to_close_keeps_nothing_else_open():
    closed = []

    async def scene():
        fetcher = Closing(closed, "fetcher")
        lasting = Lasting(record=NO_TAPE, trace=NO_TRACE, usage=NO_USAGE)
        made = setup(upstream("http://127.0.0.1:9"))
        services = Services(made, lasting, Closing(closed, "sender"), (fetcher, FetchOptions()))
        services.beside.append(Closing(closed, "beside", RuntimeError("it is stuck")))
        await services.start()
        with pytest.raises(RuntimeError, match="it is stuck"):
            await services.stop()

    asyncio.run(scene())
    assert closed == ["beside", "fetcher", "sender"]


def test_another_price_is_in_force_at_once(provider):
    with running(setup(upstream(provider.url))) as gateway:
        services = gateway.services

        def usd():
            return httpx.post(f"{gateway.url}/cost", json=BODY).json()["input_usd"]

        before = usd()
        prices = {"m": Price(input=Decimal(1_000_000))}
        services.change(services.setup, Lasting(usage=replace(NO_USAGE, prices=prices)))
        assert (before, usd() > 1) == (None, True)


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/embeddings", "/v1/messages/count_tokens"])
def test_what_no_model_can_be_called_is_no_name(provider, path):
    with running(setup(upstream(provider.url))) as gateway:
        said = httpx.post(gateway.url + path, json={**BODY, "model": "m" * 5_000, "input": "x"})
    assert said.status_code == 400
    assert "5000 characters" in said.text
    assert provider.count == 0


def test_an_event_that_is_no_json_ends_a_turn_of_a_websocket_with_an_error():
    sent = []

    async def send(data):
        sent.append(loads(data))

    async def scene():
        outlet = FrameOutlet(send, asyncio.Event(), lambda: None)
        await outlet.start(200, (("content-type", "text/event-stream"),))
        await outlet.chunk(b'data: {"type": "response.created"}\n\n')
        await outlet.chunk(b"data: {no json\n\n")
        await outlet.chunk(b'data: {"type": "response.completed"}\n\n')
        await outlet.end()

    asyncio.run(scene())
    assert [one["type"] for one in sent] == ["response.created", "error"]
    assert sent[-1]["status"] == 502


def test_a_closed_websocket_is_a_client_that_left():
    async def scene():
        closed = asyncio.Event()
        closed.set()
        outlet = FrameOutlet(lambda data: None, closed, lambda: None)
        await outlet.start(200, ())
        with pytest.raises(ClientGone):
            await outlet.chunk(b"x")

    asyncio.run(scene())
