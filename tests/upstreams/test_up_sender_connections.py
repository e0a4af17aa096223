"""Connections of the HTTP client: kept and used again, dropped when nobody reads on, never leaked."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading

import pytest
from up_sending import BODY, JSON, STREAM, TIMES, chat, failure, length_of_rest, run, talking, until, whole

from tokentape.testing.provider import faults
from tokentape.testing.provider.script import Framing, Script, Send, SendHead, Stall
from tokentape.upstreams.sending import SendFailed
from tokentape.wire.interaction import How
from tokentape.wire.message import Request

__all__ = ["run"]


def test_a_connection_serves_one_call_after_the_other(run, provider):
    async def scenario(sender):
        for _ in range(20):
            await whole(sender, chat(provider))

    run(scenario)
    assert (provider.count, provider.connections) == (20, 1)


def test_many_calls_at_once_have_a_connection_each(run, provider):
    async def scenario(sender):
        gate = threading.Event()
        provider.changes(faults.late(gate), times=150)
        calls = [asyncio.create_task(whole(sender, chat(provider))) for _ in range(150)]
        await asyncio.to_thread(provider.wait_for, 150)
        gate.set()
        return [sent.status for sent, _ in await asyncio.gather(*calls)]

    assert run(scenario) == [200] * 150


def test_a_stream_that_nobody_reads_on_drops_its_connection(run, provider):
    async def scenario(sender):
        for _ in range(200):
            provider.play(Script((SendHead(framing=Framing.CHUNKED), Send(b"data: 1\n\n"), Stall(None))))
            sent = await sender.send(chat(provider, STREAM), TIMES)
            await sent.chunk()
            sent.close()
        await until(lambda: provider.open_connections == 0)

    run(scenario)
    assert provider.connections == 200


def test_cancelling_drops_the_connection(run, provider):
    async def scenario(sender):
        provider.changes(faults.late(None), times=50)
        calls = [asyncio.create_task(sender.send(chat(provider), TIMES)) for _ in range(50)]
        await asyncio.to_thread(provider.wait_for, 50)
        for call in calls:
            call.cancel()
        done = await asyncio.gather(*calls, return_exceptions=True)
        await until(lambda: provider.open_connections == 0)
        return {type(one) for one in done}

    assert run(scenario) == {asyncio.CancelledError}


def test_cancelling_a_read_leaves_the_reply_to_be_closed(run, provider):
    async def scenario(sender):
        provider.play(Script((SendHead(framing=Framing.CHUNKED), Send(b"x"), Stall(None))))
        sent = await sender.send(chat(provider), TIMES)
        await sent.chunk()
        reading = asyncio.create_task(sent.chunk())
        await asyncio.sleep(0)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        sent.close()
        await until(lambda: provider.open_connections == 0)

    run(scenario)


def test_a_reply_that_was_read_to_its_end_gives_its_connection_back(run, provider):
    async def scenario(sender):
        sent = await sender.send(chat(provider, STREAM), TIMES)
        while await sent.chunk():
            pass
        sent.close()
        sent.close()
        await whole(sender, chat(provider))

    run(scenario)
    assert provider.connections == 1


def test_a_reply_that_was_not_read_is_not_given_back(run, provider):
    async def scenario(sender):
        provider.play(Script((SendHead(length=100), Send(b"x"), Stall(None))))
        sent = await sender.send(chat(provider), TIMES)
        sent.close()
        await whole(sender, chat(provider))

    run(scenario)
    assert provider.connections == 2


def test_a_body_that_broke_off_leaves_no_connection(run, provider):
    async def scenario(sender):
        provider.changes(faults.both(faults.framed(Framing.CHUNKED), faults.cut(at=10)), times=20)
        for _ in range(20):
            with pytest.raises(SendFailed):
                await whole(sender, chat(provider))
        await until(lambda: provider.open_connections == 0)

    run(scenario)


def test_closing_the_sender_closes_what_is_idle(run, provider):
    async def scenario(sender):
        await asyncio.gather(*(whole(sender, chat(provider)) for _ in range(5)))
        await sender.aclose()
        await sender.aclose()
        await until(lambda: provider.open_connections == 0)

    run(scenario)


def test_the_end_of_a_reused_connection_does_not_mean_that_nothing_arrived(run):
    """A request on a connection that the server closes at that moment may have been read there."""

    def talk(client):
        client.recv(65536)
        client.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
        client.recv(65536)

    async def scenario(sender):
        request = Request("POST", url, (JSON,), BODY)
        await whole(sender, request)
        return await failure(sender, request)

    with talking(talk) as url:
        error = run(scenario)
    assert (error.how, error.reached) == (How.CUT, True)


def test_a_connection_that_ended_while_it_was_idle_is_not_used(run, provider):
    async def scenario(sender):
        provider.changes(faults.with_headers(("Connection", "keep-alive")))
        await whole(sender, chat(provider))
        provider.stop()
        provider.start()
        await asyncio.sleep(0.05)
        return (await whole(sender, chat(provider)))[0].status

    assert run(scenario) == 200


def test_a_body_that_nobody_reads_is_not_written_on_once_the_call_is_given_up(run):
    """Closing in good order would wait until the server has read what is left."""
    read, gone, ended = threading.Event(), threading.Event(), []

    def talk(client):
        client.recv(1000)
        read.set()
        gone.wait(30)
        ended.append(length_of_rest(client))

    async def scenario(sender):
        call = asyncio.create_task(sender.send(Request("POST", url, (JSON,), b"x" * 50_000_000), TIMES))
        await asyncio.to_thread(read.wait, 30)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call

    with talking(talk) as url:
        run(scenario)
        gone.set()
    assert ended[0] < 50_000_000


def test_a_server_that_answers_before_it_read_the_body_is_heard(run):
    """A refusal of a large body (413) comes while it is still being sent."""
    done = threading.Event()

    def talk(client):
        client.recv(1000)
        client.sendall(b"HTTP/1.1 413 Too Large\r\ncontent-length: 4\r\n\r\nlong")
        done.wait(30)

    async def scenario(sender):
        sent, body = await whole(sender, Request("POST", url, (JSON,), b"x" * 20_000_000))
        return sent.status, body

    with talking(talk) as url:
        result = run(scenario)
        done.set()
    assert result == (413, b"long")


def reply(text):
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(text), text)


@pytest.mark.parametrize(
    "more", [reply(b"somebody else's"), b"HTTP/1.1 408 Timeout\r\ncontent-length: 0\r\n\r\n"]
)
def test_what_comes_unasked_is_nobodys_reply(run, provider, more):
    """What a connection holds that nobody asked for must not answer the next call on it."""
    said = threading.Event()

    def talk(client):
        client.recv(65536)
        client.sendall(reply(b"first"))
        said.wait(30)
        client.sendall(more)
        client.recv(65536)

    async def scenario(sender):
        _, first = await whole(sender, Request("POST", url, (JSON,), BODY))
        idle = next(iter(sender._connector._conns.values()))[0][0]
        said.set()
        await until(lambda: idle.should_close)
        key = next(iter(sender._connector._conns))
        place = sender._place_of(provider.url)[0]
        sender._connector._conns[place.connection_key] = sender._connector._conns.pop(key)
        sent, body = await whole(sender, chat(provider))
        return first, sent.status, more[-15:] in body

    with talking(talk) as url:
        assert run(scenario) == (b"first", 200, False)
    assert provider.count == 1


def test_a_small_body_that_nobody_reads_is_not_written_on_either(run):
    """It is written in one piece, and waits in the transport when the call is given up."""
    gone, ended = threading.Event(), []

    def talk(client):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.recv(65536)
        client.sendall(reply(b""))
        gone.wait(30)
        ended.append(length_of_rest(client))

    async def scenario(sender):
        await whole(sender, Request("POST", url, (JSON,), BODY))
        (idle,) = (protocol for conns in sender._connector._conns.values() for protocol, _ in conns)
        idle.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2048)
        call = asyncio.create_task(sender.send(Request("POST", url, (JSON,), b"x" * 60_000), TIMES))
        await until(lambda: any(wire.begun for wire in sender._wires))
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await asyncio.sleep(0)
        gone.set()

    with talking(talk) as url:
        run(scenario)
    assert ended[0] < 60_000


def test_a_chunk_that_is_none_is_told_at_once(run):
    heard = threading.Event()

    def talk(client):
        client.recv(65536)
        client.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n")
        heard.wait(30)
        client.sendall(b"zz\r\n")
        client.recv(65536)

    async def scenario(sender):
        sent = await sender.send(Request("POST", url, (JSON,), BODY), TIMES)
        first = await sent.chunk()
        heard.set()
        with pytest.raises(SendFailed) as told:
            await asyncio.wait_for(sent.chunk(), 20)
        sent.close()
        return first, told.value.how

    with talking(talk) as url:
        assert run(scenario) == (b"one", How.PROTOCOL_ERROR)


@pytest.mark.parametrize("framing", [Framing.LENGTH, Framing.CHUNKED, Framing.CLOSE])
def test_closing_the_sender_tells_who_waits(run, provider, framing):
    async def scenario(sender):
        provider.play(Script((SendHead(framing=framing, length=100), Send(b"x"), Stall(None))))
        sent = await sender.send(chat(provider), TIMES)
        await sent.chunk()
        reading = asyncio.create_task(sent.chunk())
        await asyncio.sleep(0)
        await sender.aclose()
        with pytest.raises(SendFailed) as told:
            await asyncio.wait_for(reading, 20)
        return told.value.how

    assert run(scenario) == How.CUT


def test_closing_the_sender_waits_for_nobody_who_does_not_read(run):
    done = threading.Event()

    def talk(client):
        client.recv(1000)
        done.wait(30)

    async def scenario(sender):
        call = asyncio.create_task(sender.send(Request("POST", url, (JSON,), b"x" * 20_000_000), TIMES))
        await until(lambda: any(wire.begun for wire in sender._wires))
        await asyncio.wait_for(sender.aclose(), 20)
        with pytest.raises(SendFailed):
            await call

    with talking(talk) as url:
        run(scenario)
        done.set()


def test_a_reply_without_a_body_is_whole_whatever_becomes_of_the_connection(run):
    def talk(client):
        client.recv(65536)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    async def scenario(sender):
        sent = await sender.send(Request("POST", url, (JSON,), BODY), TIMES)
        await until(lambda: not sent._wire._protocol.is_connected())
        body = await sent.read(100)
        sent.close()
        return sent.status, body

    with talking(talk) as url:
        assert run(scenario) == (204, b"")
