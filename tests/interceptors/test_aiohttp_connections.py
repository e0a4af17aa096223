"""aiohttp where connections are more than a socket: TLS, a CONNECT proxy, and a parser that refuses."""

from __future__ import annotations

import asyncio

import pytest

aiohttp = pytest.importorskip("aiohttp")

from aiohttp_calls import on_asyncio, on_uvloop  # noqa: E402
from http1_servers import Tunnel, client_context, tls_front  # noqa: E402

from tokentape.interceptors.aiohttp import AiohttpInterceptor  # noqa: E402
from tokentape.interceptors.registry import Registry  # noqa: E402
from tokentape.testing.contracts.scripts import EVENTS, TEXT  # noqa: E402
from tokentape.testing.contracts.tape import MemoryTape  # noqa: E402
from tokentape.testing.provider import Cut, Framing, Provider, Script, reply  # noqa: E402
from tokentape.testing.provider.script import SendRaw  # noqa: E402
from tokentape.wire.interaction import How  # noqa: E402

PATH = "/v1/chat/completions"
BODY = b'{"model":"m","messages":[]}'
VERSION = tuple(map(int, aiohttp.__version__.split(".")[:2]))


@pytest.fixture(params=[on_asyncio, on_uvloop], ids=["asyncio", "uvloop"])
def run(request):
    if request.param is on_uvloop:
        pytest.importorskip("uvloop")
        if VERSION < (3, 12):
            pytest.skip("before 3.12 aiohttp leaves TLS connections open, and uvloop minds")
    return request.param


@pytest.fixture
def provider():
    with Provider(gap=0.001) as running:
        running.play(reply(EVENTS, framing=Framing.CHUNKED), times=2)
        yield running


@pytest.fixture
def tape():
    tape = MemoryTape()
    registry = Registry((AiohttpInterceptor,), tape)
    registry.hold()
    yield tape
    registry.release()


async def two(url, **options):
    """Two calls on one session, and what came or was raised."""
    async with aiohttp.ClientSession() as session:
        return [await one(session, url, **options) for _ in range(2)]


async def one(session, url, **options):
    try:
        async with session.post(url + PATH, data=BODY, **options) as answer:
            return answer.status, await answer.read()
    except aiohttp.ClientError as error:
        return type(error).__name__, str(error)


def test_tls_is_recorded_and_skipped_on_a_hit(run, provider, tape, tmp_path):
    with tls_front(provider, tmp_path) as front:
        context = client_context(tmp_path)
        assert run(two(front.url, ssl=context)) == [(200, TEXT)] * 2
        assert front.accepted == 1, "kept alive"
    assert tape.kept[0].request.url == front.url + PATH
    tape.rewind()
    assert run(two(front.url)) == [(200, TEXT)] * 2
    assert tape.left == 0


def test_a_certificate_that_is_not_trusted_replays_as_that(run, provider, tape, tmp_path):
    with tls_front(provider, tmp_path) as front:
        recorded = run(two(front.url))
    assert [name for name, _ in recorded] == ["ClientConnectorCertificateError"] * 2
    tape.rewind()
    assert run(two(front.url)) == recorded


def test_a_connect_proxy_sees_a_real_send_and_a_dead_one_does_not_matter_on_a_hit(
    run, provider, tape, tmp_path
):
    with Tunnel() as tunnel, tls_front(provider, tmp_path) as front:
        through = {"proxy": tunnel.url, "ssl": client_context(tmp_path)}
        assert run(two(front.url, **through)) == [(200, TEXT)] * 2
        assert tunnel.asked == [front.authority], "one tunnel, kept alive"
    assert [kept.request.url for kept in tape.kept] == [front.url + PATH] * 2
    tape.rewind()
    assert run(two(front.url, **through)) == [(200, TEXT)] * 2
    assert tape.left == 0


@pytest.mark.parametrize("answers", [True, False], ids=["refuses", "is dead"])
def test_a_proxy_that_does_not_connect_replays_as_that(provider, tape, answers):
    provider.forget()
    if not answers:
        provider.stop()
    expected = "ClientHttpProxyError" if answers else "ClientProxyConnectionError"

    async def call():
        return await two("https://192.0.2.1", proxy=provider.url)

    recorded = asyncio.run(call())
    assert [name for name, _ in recorded] == [expected] * 2
    provider.stop()
    tape.rewind()
    assert asyncio.run(call()) == recorded


def test_a_reply_that_the_parser_refuses_is_not_recorded_as_whole(provider, tape):
    provider.forget()
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nno field\r\n\r\n"
    provider.play(Script.of(SendRaw(head + b"abc"), Cut()), times=None)

    async def call():
        async with aiohttp.ClientSession() as session:
            return await one(session, provider.url)

    name, text = asyncio.run(call())
    assert name == "ClientResponseError"
    assert tape.kept[0].ended.how is How.PROTOCOL_ERROR
    tape.rewind()
    replayed = asyncio.run(call())
    assert replayed[0] == "ClientPayloadError"
    assert replayed[1] in text.replace("\\n", "\n").replace("\\'", "'")


def test_a_host_that_is_none_is_no_recording(tape):
    async def call():
        async with aiohttp.ClientSession() as session:
            await session.post("http://" + "a" * 70 + ".test/v1/x", data=BODY)

    with pytest.raises(UnicodeError) as raised:
        asyncio.run(call())
    assert (tape.kept, tape.left_out) == ([], [f"never left ({raised.type.__name__})"])
