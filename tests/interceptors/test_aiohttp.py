"""aiohttp beyond the contract: connections, ends, and what a session does above the connector."""

from __future__ import annotations

import asyncio
import gc
from contextlib import asynccontextmanager

import pytest

aiohttp = pytest.importorskip("aiohttp")

from aiohttp_calls import on_asyncio, on_uvloop  # noqa: E402

from tokentape.interceptors import ending  # noqa: E402
from tokentape.interceptors.aiohttp import AiohttpInterceptor  # noqa: E402
from tokentape.interceptors.httpx import HttpxInterceptor  # noqa: E402
from tokentape.interceptors.registry import Registry  # noqa: E402
from tokentape.outcomes import Replay  # noqa: E402
from tokentape.testing.contracts.scripts import EVENTS, OPEN_ENDED, TEXT  # noqa: E402
from tokentape.testing.contracts.tape import MemoryTape  # noqa: E402
from tokentape.testing.provider import Framing, Provider, redirect, reply, silence  # noqa: E402
from tokentape.testing.provider.faults import stall  # noqa: E402
from tokentape.wire.interaction import Ended, How, Interaction, Timing  # noqa: E402
from tokentape.wire.message import Response  # noqa: E402

PATH = "/v1/chat/completions"
VERSION = tuple(map(int, aiohttp.__version__.split(".")[:2]))


@pytest.fixture(params=[on_asyncio, on_uvloop], ids=["asyncio", "uvloop"])
def run(request):
    if request.param is on_uvloop:
        pytest.importorskip("uvloop")
    return request.param


@pytest.fixture
def provider():
    with Provider(gap=0.001) as running:
        yield running


@pytest.fixture
def tape():
    tape = MemoryTape()
    registry = Registry((AiohttpInterceptor, HttpxInterceptor), tape)
    registry.hold()
    yield tape
    registry.release()


@asynccontextmanager
async def session(**options):
    """A session after which the loop has nothing to complain about, and no connection is held."""
    noise = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: noise.append(context))
    async with aiohttp.ClientSession(**options) as made:
        yield made
    await asyncio.sleep(0)
    assert noise == []


def hows(tape):
    return [kept.ended.how for kept in tape.kept]


def stream():
    return reply(EVENTS, framing=Framing.CHUNKED)


async def failure(awaitable):
    """What it raises, as data."""
    try:
        await awaitable
    except Exception as error:
        return type(error).__name__, str(error)
    raise AssertionError("it did not fail")


def twice(run, provider, tape, scenario):
    """Record, stop the server, replay: equal results, everything played."""
    recorded = run(scenario())
    provider.stop()
    tape.rewind()
    assert run(scenario()) == recorded
    assert tape.left == 0
    return recorded


# Connections


def test_a_connection_pooled_before_activation_is_recorded(run, provider):
    provider.play(stream(), times=None)
    tape = MemoryTape()

    async def scenario():
        registry = Registry((AiohttpInterceptor,), tape)
        async with session() as http:
            async with http.post(provider.url + PATH) as plain:
                before = await plain.read()
            registry.hold()
            async with http.post(provider.url + PATH) as recorded:
                during = await recorded.read()
            registry.release()
            async with http.post(provider.url + PATH) as after:
                return before, during, await after.read()

    assert run(scenario()) == (TEXT, TEXT, TEXT)
    assert [kept.response.body for kept in tape.kept] == [TEXT]
    assert len({seen.connection for seen in provider.requests}) == 1


def test_connections_are_pooled_as_ever_and_played_ones_are_not(run, provider, tape):
    provider.play(reply(b"ok"), times=None)

    async def scenario():
        async with session() as http:
            for _ in range(3):
                async with http.post(provider.url + PATH) as response:
                    await response.read()
            await asyncio.sleep(0.01)  # aiohttp 3.9 releases when the writer's task is done
            pooled = [protocol for pool in http.connector._conns.values() for protocol, _ in pool]
            direct = [protocol.transport.get_protocol() is protocol for protocol in pooled]
            return len(http.connector._acquired), len(direct), all(direct)

    acquired, pooled, direct = run(scenario())
    assert (acquired, direct) == (0, True)
    assert pooled == len({seen.connection for seen in provider.requests})
    provider.stop()
    tape.rewind()
    assert run(scenario()) == (0, 0, True)


def test_fifty_calls_at_once(run, provider, tape):
    for n in range(50):
        provider.play(reply([b"%d" % n, b"!"], framing=Framing.CHUNKED), path=f"/v1/{n}")

    async def one(http, n):
        async with http.post(f"{provider.url}/v1/{n}", json={"n": n}) as response:
            return await response.text()

    async def scenario():
        async with session() as http:
            return await asyncio.gather(*(one(http, n) for n in range(50)))

    assert twice(run, provider, tape, scenario) == [f"{n}!" for n in range(50)]
    assert len(tape.kept) == 50


def test_a_hit_needs_no_proxy_and_no_tls(run, provider, tape):
    provider.play(reply(b"ok"))

    async def scenario(**options):
        async with session() as http, http.post(provider.url + PATH, **options) as response:
            return await response.text()

    recorded = run(scenario())
    provider.stop()
    tape.rewind()
    assert run(scenario(proxy="http://127.0.0.1:9")) == recorded
    tape.rewind()
    (kept,) = tape.kept
    secure = kept.request.url.replace("http://", "https://")
    object.__setattr__(kept.request, "url", secure)

    async def over_tls():
        async with session() as http, http.post(secure) as response:
            return await response.text(), response.url.scheme

    assert run(over_tls()) == (recorded, "https")


def test_a_connector_that_connects_its_own_way_is_seen_once(run, provider):
    class Counting(aiohttp.TCPConnector):
        connects = 0

        async def connect(self, req, traces, timeout):
            Counting.connects += 1
            return await super().connect(req, traces=traces, timeout=timeout)

    tape = MemoryTape()
    registry = Registry((AiohttpInterceptor,), tape)
    original = vars(Counting)["connect"]
    registry.hold()
    provider.play(reply(b"ok"))

    async def scenario():
        async with session(connector=Counting()) as http, http.post(provider.url + PATH) as response:
            return await response.text()

    assert run(scenario()) == "ok"
    tape.rewind()
    assert run(scenario()) == "ok"
    registry.release()
    assert (len(tape.asked), len(tape.kept), Counting.connects) == (2, 1, 1)
    assert vars(Counting)["connect"] is original


def test_a_test_double_of_a_connector_is_left_alone():
    class Double(aiohttp.BaseConnector):
        async def _create_connection(self, req, traces, timeout):
            raise aiohttp.ClientConnectionError("double")

    tape = MemoryTape(llm=False)
    registry = Registry((AiohttpInterceptor,), tape)
    registry.hold()

    async def scenario():
        async with session(connector=Double()) as http:
            return await failure(http.post("http://somewhere.test/"))

    assert asyncio.run(scenario()) == ("ClientConnectionError", "double")
    registry.release()
    assert tape.asked == []


def test_an_httpx_client_over_aiohttp_records_once(provider, tape):
    vendored = pytest.importorskip("openai._vendor.httpx_aiohttp", exc_type=ImportError)
    httpx2 = pytest.importorskip("httpx2")
    provider.play(reply([b"one", b"two"]))

    async def scenario():
        async with httpx2.AsyncClient(transport=vendored.AiohttpTransport()) as client:
            return (await client.post(provider.url + PATH, json={"a": 1})).text

    assert twice(on_asyncio, provider, tape, scenario) == "onetwo"
    assert len(tape.kept) == 1


# What the session does above


def test_each_hop_of_a_redirect_is_a_call(run, provider, tape):
    provider.play(redirect("/v1/two", 307), path="/v1/one")
    provider.play(reply(b"here", headers=(("set-cookie", "seen=1"),)), path="/v1/two")

    async def scenario():
        async with session(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
            async with http.post(provider.url + "/v1/one", json={"a": 1}) as response:
                hops = [(hop.status, hop.url.path) for hop in response.history]
                return await response.text(), hops, [cookie.value for cookie in http.cookie_jar]

    assert twice(run, provider, tape, scenario) == ("here", [(307, "/v1/one")], ["1"])
    assert [kept.request.body for kept in tape.kept] == [b'{"a": 1}'] * 2


def test_raise_for_status_and_a_miss_are_the_librarys_own(run, provider, tape):
    provider.play(reply(b"no", 404))

    async def scenario():
        async with session(raise_for_status=True) as http:
            return await failure(http.post(provider.url + PATH, json={}))

    name, text = twice(run, provider, tape, scenario)
    assert name == "ClientResponseError"
    assert text.startswith("404")

    async def missed():
        async with session() as http, http.post("http://nowhere.test/v1/x", json={}) as response:
            return response.status, await response.text()

    assert run(missed()) == (400, "miss")


def test_aiohttp_request_the_function(run, provider, tape):
    provider.play(reply(b"ok"))

    async def scenario():
        async with aiohttp.request("POST", provider.url + PATH, json={}) as response:
            return await response.text()

    assert twice(run, provider, tape, scenario) == "ok"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_librarys_own_retry_replays(run, provider, tape, method):
    """Since 3.10 it sends idempotent methods again over a new connection when the server hangs up."""
    provider.play(_hang_up())
    provider.play(reply(b"ok"))

    async def scenario():
        async with session() as http:
            try:
                async with http.request(method, provider.url + PATH) as response:
                    return await response.text()
            except aiohttp.ServerDisconnectedError as error:
                return type(error).__name__

    expected = "ok" if method == "GET" and VERSION >= (3, 10) else "ServerDisconnectedError"
    assert twice(run, provider, tape, scenario) == expected


def _hang_up():
    from tokentape.testing.provider import Cut, Script

    return Script.of(Cut())


# Reading


def test_a_slow_reader_gets_the_recorded_pieces(run, provider, tape):
    provider.play(stream())

    async def scenario(pause):
        async with session() as http, http.post(provider.url + PATH) as response:
            seen = []
            async for piece in response.content.iter_any():
                seen.append(piece)
                await asyncio.sleep(pause)
            return seen

    run(scenario(0))
    provider.stop()
    pieces = list(tape.kept[0].response.pieces())
    for pause in (0, 0.002):
        tape.rewind()
        assert run(scenario(pause)) == pieces


def test_nothing_is_played_ahead_of_the_reader(run, provider, tape):
    provider.play(stream())

    async def record():
        async with session() as http, http.post(provider.url + PATH) as response:
            await response.read()

    run(record())
    tape.rewind()

    async def scenario():
        async with session() as http, http.post(provider.url + PATH) as response:
            await response.content.readany()
            for _ in range(5):
                await asyncio.sleep(0)
            return response.content.total_bytes

    assert run(scenario()) == tape.kept[0].response.chunks[0]


@pytest.mark.parametrize(
    "how", ["readline", "iter_chunked", "read", "wait_eof", "read_nowait", "readexactly"]
)
def test_every_way_of_reading(run, provider, tape, how):
    provider.play(stream())

    async def read(content):
        if how == "readline":
            return b"".join([line async for line in content])
        if how == "iter_chunked":
            return b"".join([part async for part in content.iter_chunked(7)])
        if how == "readexactly":
            return await content.readexactly(len(TEXT))
        if how == "wait_eof":
            await content.wait_eof()
            return content.read_nowait()
        if how == "read_nowait":
            parts = b""
            while not content.at_eof():
                parts += content.read_nowait()
                await asyncio.sleep(0.001)
            return parts
        return await content.read()

    async def scenario():
        async with session(read_bufsize=2**16) as http, http.post(provider.url + PATH) as response:
            return await read(response.content)

    assert twice(run, provider, tape, scenario) == TEXT


def test_back_pressure_holds_while_recording_and_on_replay(run, provider, tape):
    large = b"0123456789abcdef" * 65536
    provider.play(reply(large))

    async def scenario():
        async with session(read_bufsize=1024) as http, http.post(provider.url + PATH) as response:
            first = await response.content.read(10)
            await asyncio.sleep(0.01)
            return first + await response.content.read()

    assert twice(run, provider, tape, scenario) == large
    assert tape.kept[0].response.body == large


# Ends


def test_a_task_cancelled_in_the_body_is_cancelled(run, provider, tape):
    provider.play(OPEN_ENDED)

    async def reader(url, seen):
        async with session() as http, http.post(url) as response:
            async for piece in response.content.iter_any():
                seen.append(piece)

    async def scenario():
        seen = []
        task = asyncio.create_task(reader(provider.url + PATH, seen))
        while not seen:
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(scenario())
    assert hows(tape) == [How.CANCELLED]


def test_a_task_cancelled_before_the_head_is_cancelled(run, provider, tape):
    provider.play(silence())

    async def scenario():
        async with session() as http:
            task = asyncio.ensure_future(failing(http))
            await asyncio.to_thread(provider.wait_for, 1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    async def failing(http):
        await http.post(provider.url + PATH)

    run(scenario())
    assert hows(tape) == [How.CANCELLED]
    tape.rewind()

    async def again():
        async with session() as http:
            return await failure(http.post(provider.url + PATH))

    assert run(again())[0] == "ReplayIncomplete"


@pytest.mark.parametrize("where", ["before the head", "in the body"])
@pytest.mark.parametrize("limit", ["total", "sock_read"])
def test_a_timeout_replays_at_once_as_the_same_error(run, provider, tape, where, limit):
    provider.play(silence() if where == "before the head" else stall(None, after=2)(stream()))

    async def post(seconds):
        async with session(timeout=aiohttp.ClientTimeout(**{limit: seconds})) as http:
            async with http.post(provider.url + PATH) as response:
                return await response.read()

    recorded = run(failure(post(0.2)))
    assert hows(tape) == [How.READ_TIMEOUT]
    provider.stop()
    tape.rewind()
    assert run(failure(post(60))) == recorded
    assert recorded[0] in ("TimeoutError", "SocketTimeoutError", "ServerTimeoutError")


def test_a_connect_timeout_replays_as_itself(tape):
    class Slow(aiohttp.TCPConnector):
        async def _create_connection(self, req, traces, timeout):
            await asyncio.sleep(60)

    async def post(limit):
        timeout = aiohttp.ClientTimeout(total=None, connect=limit)
        async with session(connector=Slow(), timeout=timeout) as http:
            return await failure(http.post("http://slow.test/v1/x"))

    recorded = asyncio.run(post(0.01))
    assert hows(tape) == [How.CONNECT_TIMEOUT]
    assert tape.kept[0].ended.error.message == recorded[1]
    tape.rewind()
    assert asyncio.run(post(60)) == recorded


def test_a_name_that_does_not_resolve_replays_as_itself(tape):
    class Nowhere(aiohttp.abc.AbstractResolver):
        async def resolve(self, host, port=0, family=0):
            raise OSError(None, "no such name")

        async def close(self):
            pass

    async def post():
        async with session(connector=aiohttp.TCPConnector(resolver=Nowhere())) as http:
            return await failure(http.post("http://nowhere.test/v1/x"))

    recorded = asyncio.run(post())
    assert hows(tape) == [How.CONNECT_ERROR]
    tape.rewind()
    assert asyncio.run(post()) == recorded


def test_a_closed_session_or_connector_is_no_recording(provider, tape):
    async def scenario():
        connector = aiohttp.TCPConnector()
        http = aiohttp.ClientSession(connector=connector)
        await http.close()
        return await failure(http.post(provider.url + PATH))

    assert asyncio.run(scenario())[0] == "RuntimeError"
    assert tape.kept == []


def test_an_abandoned_response_is_on_the_tape(run, provider, tape):
    provider.play(OPEN_ENDED)

    async def scenario():
        async with session() as http:
            response = await http.post(provider.url + PATH)
            await response.content.readany()
            del response
            gc.collect()
            await asyncio.sleep(0)
        return len(tape.kept)

    run(scenario())
    Registry((), tape).release()  # the next safe moment
    assert hows(tape) == [How.CLOSED_BY_CALLER]
    assert tape.kept[0].response.body


@pytest.mark.filterwarnings("ignore:Unclosed:ResourceWarning")
def test_a_session_closed_in_the_middle_ends_the_reading_on_replay_too(run, provider, tape):
    provider.play(OPEN_ENDED)

    async def scenario():
        http = aiohttp.ClientSession()
        response = await http.post(provider.url + PATH)
        first = await response.content.readany()
        await http.close()
        error = await failure(asyncio.wait_for(_drain(response.content), 0.3))
        response.close()
        await asyncio.sleep(0)
        return bool(first), error[0]

    recorded = run(scenario())
    assert hows(tape) == [How.CLOSED_BY_CALLER]
    tape.rewind()
    assert run(scenario()) == recorded


async def _drain(content):
    while True:
        if not await content.readany():
            raise EOFError


def test_a_reset_of_a_reply_until_close_is_a_reset_and_not_whole(run, provider, tape):
    from tokentape.testing.provider.faults import reset

    provider.play(reset(after=2)(reply(EVENTS, framing=Framing.CLOSE)))

    async def scenario():
        async with session() as http, http.post(provider.url + PATH) as response:
            return await response.read()

    assert twice(run, provider, tape, scenario) == TEXT[:80]
    assert hows(tape) == [How.RESET]


def test_trailers_are_kept(run, provider, tape):
    from tokentape.testing.provider.faults import with_trailers

    provider.play(with_trailers(("x-checksum", "1"))(stream()))

    async def scenario():
        async with session() as http, http.post(provider.url + PATH) as response:
            return await response.read()

    assert twice(run, provider, tape, scenario) == TEXT
    assert tape.kept[0].response.trailers == (("x-checksum", "1"),)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_response_that_is_left_to_the_garbage_collector_is_on_the_tape(provider, tape):
    provider.play(OPEN_ENDED)

    async def scenario():
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
        response = await aiohttp.ClientSession().post(provider.url + PATH)
        await response.content.readany()

    asyncio.run(scenario())
    gc.collect()
    ending.settle()
    assert hows(tape) == [How.CLOSED_BY_CALLER]
    assert tape.kept[0].response.body.startswith(EVENTS[0])


def test_a_replay_can_keep_the_recorded_pace(run):
    """The pieces come in the order and number recorded, and the loop is free in between."""
    url = "https://api.example.test/v1/x"
    head = (("content-type", "text/plain"), ("transfer-encoding", "chunked"))
    response = Response(200, "OK", head, b"abcdef", (3, 3))
    timing = Timing("", head_ms=20, chunk_ms=(20, 20))

    class Paced(MemoryTape):
        def begin(self, request, *, identity=None):
            return Replay(Interaction("", request, response, Ended(How.EOF), timing), pace=True)

    tape, seen = Paced(), []

    async def tick():
        while True:
            seen.append("tick")
            await asyncio.sleep(0.004)

    async def scenario():
        ticking = asyncio.create_task(tick())
        async with session() as http, http.post(url) as reply:
            seen.append("head")
            async for piece in reply.content.iter_any():
                seen.append(piece)
        ticking.cancel()

    registry = Registry((lambda _: AiohttpInterceptor(tape),), tape)
    registry.hold()
    run(scenario())
    registry.release()
    assert [what for what in seen if what != "tick"] == ["head", b"abc", b"def"]
    places = [seen.index(what) for what in ("head", b"abc", b"def")]
    assert all("tick" in seen[one:two] for one, two in zip([0, *places], places, strict=False))
