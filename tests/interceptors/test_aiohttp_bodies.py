"""What aiohttp sends, as the tape is asked about it; upgrades, interim replies, other libraries' faults."""

from __future__ import annotations

import asyncio
import io

import pytest

aiohttp = pytest.importorskip("aiohttp")

from aiohttp import web  # noqa: E402
from aiohttp.test_utils import TestServer  # noqa: E402

from tokentape.interceptors.aiohttp.interceptor import AiohttpInterceptor, lacking  # noqa: E402
from tokentape.interceptors.registry import Registry  # noqa: E402
from tokentape.testing.contracts.tape import MemoryTape  # noqa: E402
from tokentape.testing.provider import Provider, redirect, reply  # noqa: E402
from tokentape.wire.interaction import Ended, How, Interaction, Timing, WireError  # noqa: E402
from tokentape.wire.message import Request, Response  # noqa: E402

PATH = "/v1/chat/completions"


@pytest.fixture
def provider():
    with Provider() as running:
        yield running


@pytest.fixture
def tape():
    tape = MemoryTape()
    registry = Registry((AiohttpInterceptor,), tape)
    registry.hold()
    yield tape
    registry.release()


async def _parts():
    yield b"one,"
    await asyncio.sleep(0)
    yield b"two"


def _form():
    form = aiohttp.FormData()
    form.add_field("file", io.BytesIO(b"\x00\xff data"), filename="a.bin")
    form.add_field("model", "m")
    return form


def _file(tmp_path):
    path = tmp_path / "upload.txt"
    path.write_bytes(b"from a file " * 9000)
    return path.open("rb")


BODIES = {
    "json": lambda tmp_path: {"json": {"a": "\u00e9"}},
    "bytes": lambda tmp_path: {"data": b"\x00\x01"},
    "text": lambda tmp_path: {"data": "h\u00e9"},
    "form": lambda tmp_path: {"data": {"a": "1", "b": "2 3"}},
    "multipart": lambda tmp_path: {"data": _form()},
    "generator": lambda tmp_path: {"data": _parts()},
    "bytes file": lambda tmp_path: {"data": io.BytesIO(b"in memory")},
    "text file": lambda tmp_path: {"data": io.StringIO("text")},
    "file": lambda tmp_path: {"data": _file(tmp_path)},
    "deflated": lambda tmp_path: {"data": b"squeeze " * 100, "compress": "deflate"},
    "gzipped generator": lambda tmp_path: {"data": _parts(), "compress": "gzip"},
    "chunked": lambda tmp_path: {"data": b"x" * 100, "chunked": True},
    "no body": lambda tmp_path: {},
    "empty": lambda tmp_path: {"data": b""},
}


async def post(url, **options):
    async with aiohttp.ClientSession() as http, http.post(url, **options) as response:
        return await response.text()


@pytest.mark.parametrize("kind", BODIES)
def test_the_tape_is_asked_about_the_bytes_and_headers_that_the_server_sees(provider, tape, tmp_path, kind):
    provider.play(reply(b"ok"))

    async def scenario():
        return await post(provider.url + PATH, **BODIES[kind](tmp_path))

    assert asyncio.run(scenario()) == "ok"
    (seen,) = provider.requests
    (asked,) = tape.asked
    assert (asked.body or b"") == (seen.body or b"")
    assert asked.headers == tuple((name, value) for name, value in seen.headers)
    if kind != "multipart":  # a fresh boundary each time
        provider.stop()
        tape.rewind()
        assert asyncio.run(scenario()) == "ok"
        assert tape.left == 0


@pytest.mark.parametrize("error", [ValueError("mine"), OSError(5, "disk")], ids=["any", "os"])
def test_a_body_that_fails_is_the_librarys_error_and_sends_nothing(provider, tape, error):
    async def failing():
        yield b"some"
        raise error

    with pytest.raises(aiohttp.ClientConnectionError) as caught:
        asyncio.run(post(provider.url + PATH, data=failing()))
    assert caught.value.__cause__ is error
    assert tape.asked == []
    assert provider.count == 0


@pytest.mark.parametrize("kind", ["bytes", "generator", "bytes file", "file"])
def test_a_redirect_with_a_body_goes_as_it_goes_unrecorded(provider, tmp_path, kind):
    """Whether the library can send such a body twice depends on its version: older ones send it empty."""
    provider.play(redirect("/v1/two", 307), path="/v1/one", times=None)
    provider.play(reply(b"ok"), path="/v1/two", times=None)

    async def scenario():
        try:
            return await post(provider.url + "/v1/one", **BODIES[kind](tmp_path))
        except (ValueError, aiohttp.ClientError) as error:
            return type(error).__name__

    plain = asyncio.run(scenario())
    sent = [seen.body for seen in provider.requests]
    registry = Registry((AiohttpInterceptor,), MemoryTape())
    registry.hold()
    recorded = asyncio.run(scenario())
    registry.release()
    again = [seen.body for seen in provider.requests][len(sent) :]
    assert again[:1] == sent[:1]
    if kind == "bytes" or tuple(map(int, aiohttp.__version__.split(".")[:2])) >= (3, 14):
        assert (recorded, again) == (plain, sent)


def test_a_header_beyond_latin_1_is_asked_as_the_bytes_that_are_sent(provider, tape):
    provider.play(reply(b"ok"))
    asyncio.run(post(provider.url + PATH, headers={"x-name": "caf\u00e9 \u2713"}))
    assert tape.asked[0].header("x-name").encode("latin-1").decode() == "caf\u00e9 \u2713"


def test_a_websocket_passes(tape):
    async def echo(request):
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_str(message.data.upper())
            await socket.close()
        return socket

    async def scenario():
        app = web.Application()
        app.router.add_get("/ws", echo)
        async with TestServer(app) as server, aiohttp.ClientSession() as http:
            async with http.ws_connect(server.make_url("/ws")) as socket:
                await socket.send_str("hello")
                return (await socket.receive()).data

    assert asyncio.run(scenario()) == "HELLO"
    assert (len(tape.asked), tape.kept) == (1, [])


def test_expect_100_continue(tape):
    async def answer(request):
        return web.Response(body=await request.read())

    async def scenario(url=None):
        app = web.Application()
        app.router.add_post("/", answer)
        async with TestServer(app) as server, aiohttp.ClientSession() as http:
            url = url or str(server.make_url("/"))
            async with http.post(url, data=b"body", expect100=True) as response:
                return url, await response.text()

    url, text = asyncio.run(scenario())
    assert text == "body"
    tape.rewind()
    assert asyncio.run(scenario(url)) == (url, "body")
    assert (tape.left, tape.kept[0].response.status) == (0, 200)


@pytest.mark.parametrize(
    ("how", "name"),
    [
        (How.CUT, "ClientPayloadError"),
        (How.RESET, "ClientPayloadError"),
        (How.READ_TIMEOUT, ("SocketTimeoutError", "ServerTimeoutError")),
        (How.PROTOCOL_ERROR, "ClientPayloadError"),
        (How.UNKNOWN, "ClientConnectionError"),
    ],
)
@pytest.mark.parametrize("error", [None, WireError("Strange", "odd"), WireError("ConnectionResetError", "x")])
def test_a_fault_from_another_library_is_one_of_aiohttps(tape, how, name, error):
    response = Response(200, "OK", (("content-length", "9"),), b"abcdef", (3, 3))
    assert failing_replay(tape, response, how, error)[0] in name


@pytest.mark.parametrize(
    ("how", "name"),
    [
        (How.CUT, "ServerDisconnectedError"),
        (How.RESET, "ClientOSError"),
        (How.READ_TIMEOUT, ("SocketTimeoutError", "ServerTimeoutError")),
        (How.CONNECT_ERROR, "ClientConnectorError"),
        (How.CONNECT_TIMEOUT, ("ConnectionTimeoutError", "ServerTimeoutError")),
        (How.TLS_ERROR, "ClientConnectorSSLError"),
        (How.PROTOCOL_ERROR, "ClientResponseError"),
        (How.UNKNOWN, "ClientConnectionError"),
    ],
)
@pytest.mark.parametrize("error", [None, WireError("Strange", "odd"), WireError("IncompleteRead", "x")])
def test_a_fault_before_the_head_from_another_library_is_one_of_aiohttps(tape, how, name, error):
    assert failing_replay(tape, None, how, error)[0] in name


def failing_replay(tape, response, how, error):
    """What the session raises."""
    url = "https://api.example.test/v1/x"
    tape.kept.append(Interaction("", Request("POST", url), response, Ended(how, None, error), Timing("")))
    tape.rewind()
    try:
        asyncio.run(post(url))
    except aiohttp.ClientError as raised:
        return type(raised).__name__, str(raised)
    raise AssertionError("it did not fail")


def test_an_http2_recording_plays(tape):
    url = "https://api.example.test/v1/x"
    head = (("content-type", "text/plain"),)
    response = Response(200, "", head, b"abcdef", (3, 3), http="2")
    tape.kept.append(Interaction("", Request("POST", url), response, Ended(How.EOF), Timing("")))
    tape.rewind()
    assert asyncio.run(post(url)) == "abcdef"


def test_a_module_without_the_seam_is_told_what_it_lacks():
    assert lacking(asyncio)[:1] == ["BaseConnector.connect"]
    assert lacking(aiohttp) == []
