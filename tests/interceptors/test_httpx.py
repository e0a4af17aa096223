"""What is particular to httpx and httpx2; what holds for every library is in the contract suite."""

from __future__ import annotations

import gc
import logging
import subprocess
import sys
import types

import httpx
import httpx2
import pytest

from tokentape.errors import ReplayAbort
from tokentape.interceptors import ending
from tokentape.interceptors.base import NoSeam
from tokentape.interceptors.httpx.interceptor import SEAM, HttpxInterceptor
from tokentape.interceptors.registry import Registry
from tokentape.testing.contracts.scripts import OPEN_ENDED, TEXT
from tokentape.testing.contracts.tape import MemoryTape
from tokentape.testing.provider import Cut, Framing, Provider, Script, SendHead, SendRaw, redirect, reply
from tokentape.wire.interaction import How

PATH = "/v1/chat/completions"
BODY = {"model": "m", "messages": []}


@pytest.fixture(params=[httpx, httpx2], ids=lambda module: module.__name__)
def http(request):
    return request.param


@pytest.fixture
def provider():
    with Provider(gap=0.001) as running:
        running.play(reply([b"one", b"two"], framing=Framing.CHUNKED), times=None)
        yield running


@pytest.fixture
def tape():
    return MemoryTape()


@pytest.fixture
def hooked(tape):
    registry = Registry((HttpxInterceptor,), tape)
    registry.hold()
    yield tape
    registry.release()


# Which calls are seen


def test_R13_a_client_made_before_activation(http, provider, tape):
    with http.Client() as client:
        registry = Registry((HttpxInterceptor,), tape)
        registry.hold()
        client.post(provider.url + PATH, json=BODY)
        registry.release()
        client.post(provider.url + PATH, json=BODY)
    assert len(tape.kept) == 1


def test_module_functions(http, provider, hooked):
    assert http.get(provider.url + PATH).text == "onetwo"
    assert len(hooked.kept) == 1


def test_R20_mounts_given_and_added(http, provider, hooked):
    class Own(http.HTTPTransport):
        def handle_request(self, request):
            return super().handle_request(request)

    with http.Client(mounts={"http://": Own()}) as client:
        client.post(provider.url + PATH, json=BODY)
    with http.Client() as client:
        client._mounts[next(iter(http.Client(mounts={"http://": None})._mounts))] = Own()
        client.post(provider.url + PATH, json=BODY)
    assert len(hooked.kept) == 2


class Wrapping:
    """A transport of somebody's own, around the library's."""

    def __init__(self, inner):
        self.inner = inner
        self.handled = self.closed = 0

    def handle_request(self, request):
        self.handled += 1
        return self.inner.handle_request(request)

    def close(self):
        self.closed += 1
        self.inner.close()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()


def test_R07_R08_a_users_transport_is_called_and_closed_once(http, provider, hooked):
    transport = Wrapping(http.HTTPTransport())
    with http.Client(transport=transport) as client:
        client.post(provider.url + PATH, json=BODY)
        client.post(provider.url + PATH, json=BODY)
        assert client._transport is transport
    assert (transport.handled, transport.closed, len(hooked.kept)) == (2, 1, 2)


def test_a_retrying_transport_is_one_call(http, provider, hooked):
    class Retrying(Wrapping):
        def handle_request(self, request):
            for _ in range(2):
                self.inner.handle_request(request).read()
            return super().handle_request(request)

    with http.Client(transport=Retrying(http.HTTPTransport())) as client:
        assert client.post(provider.url + PATH, json=BODY).text == "onetwo"
    assert (provider.count, len(hooked.kept)) == (3, 1)


def test_a_transport_that_reads_the_response_is_recorded(http, provider, hooked):
    class Reading(Wrapping):
        def handle_request(self, request):
            response = super().handle_request(request)
            response.read()
            return response

    with http.Client(transport=Reading(http.HTTPTransport())) as client:
        assert client.post(provider.url + PATH, json=BODY).text == "onetwo"
    (kept,) = hooked.kept
    assert (kept.response.body, kept.ended.how) == (b"onetwo", How.EOF)
    hooked.rewind()
    assert http.post(provider.url + PATH, json=BODY).text == "onetwo"


def test_an_unknown_transport_and_an_unknown_url_pass_untouched(http, provider):
    tape = MemoryTape(llm=False)
    registry = Registry((HttpxInterceptor,), tape)
    registry.hold()
    seen = []

    class Noting(Wrapping):
        def handle_request(self, request):
            seen.append(request.stream)
            return super().handle_request(request)

    def upload():
        yield b"a"

    with http.Client(transport=Noting(http.HTTPTransport())) as client:
        request = client.build_request("POST", provider.url + PATH, content=upload())
        stream = request.stream
        client.send(request)
    registry.release()
    assert (tape.asked, seen) == ([], [stream])


def test_in_process_transports_pass_untouched(http, hooked):
    def app(environ, start_response):
        start_response("200 OK", [("content-length", "2")])
        return [b"ok"]

    for transport in (
        http.MockTransport(lambda _: http.Response(200, text="ok")),
        http.WSGITransport(app=app),
    ):
        with http.Client(transport=transport) as client:
            assert client.post("http://api.openai.com" + PATH, json=BODY).text == "ok"
    assert hooked.asked == []


def test_starlettes_test_client_passes_untouched():
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route
    from starlette.testclient import TestClient

    tape = MemoryTape(llm=False)
    registry = Registry((HttpxInterceptor,), tape)
    registry.hold()
    app = Starlette(routes=[Route("/x", lambda request: PlainTextResponse("ok"))])
    with TestClient(app) as client:
        assert client.get("/x").text == "ok"
    registry.release()
    assert tape.asked == []


def test_R27_a_client_inside_a_transport_records_once_and_other_calls_are_seen(http, provider, hooked):
    class Stacked(Wrapping):
        def handle_request(self, request):
            with http.Client() as inner:
                inner.get(provider.url + "/login")
                sent = inner.request(
                    request.method, str(request.url), headers=request.headers, content=request.read()
                )
            return http.Response(sent.status_code, headers={"x-stacked": "1"}, content=sent.content)

    with http.Client(transport=Stacked(http.HTTPTransport())) as client:
        assert client.post(provider.url + PATH, json=BODY).text == "onetwo"
    assert sorted(kept.request.url.removeprefix(provider.url) for kept in hooked.kept) == ["/login", PATH]


# What the caller keeps


def test_redirects_hooks_cookies_auth_and_history(http, provider, hooked):
    provider.forget()
    provider.play(redirect("/v1/moved", 307), path=PATH, times=None)
    provider.play(reply(b"there", headers=(("set-cookie", "k=v"),)), path="/v1/moved", times=None)

    def call():
        heard = []
        hooks = {
            "request": [lambda r: heard.append(r.method)],
            "response": [lambda r: heard.append(r.status_code)],
        }
        with http.Client(follow_redirects=True, event_hooks=hooks, auth=("u", "p")) as client:
            response = client.post(provider.url + PATH, json=BODY)
            history = [(past.status_code, past.headers["location"]) for past in response.history]
            return response.text, history, heard, dict(client.cookies), response.elapsed is not None

    recorded = call()
    provider.stop()
    hooked.rewind()
    assert call() == recorded
    assert recorded[:2] == ("there", [(307, "/v1/moved")])
    assert [kept.response.status for kept in hooked.kept] == [307, 200]


def test_a_switch_of_protocols_passes_through_and_is_reported(http, provider, hooked):
    provider.forget()
    head = SendHead(101, (("upgrade", "echo"), ("connection", "upgrade")), framing=Framing.AS_GIVEN)
    provider.play(Script.of(head, SendRaw(b"hello"), Cut()))
    with (
        http.Client() as client,
        client.stream(
            "GET", provider.url + "/v1/realtime", headers={"connection": "upgrade", "upgrade": "echo"}
        ) as response,
    ):
        assert response.status_code == 101
        assert response.extensions["network_stream"].read(5) == b"hello"
    assert hooked.kept == []
    assert hooked.left_out == ["switched protocols (101)"]


def test_iter_lines_text_and_raw_sizes(http, provider, hooked):
    provider.forget()
    provider.play(reply(TEXT, content_type="text/event-stream; charset=utf-8"), times=None)

    def read():
        with http.Client() as client:
            got = []
            for how in ("iter_lines", "iter_text", "iter_bytes"):
                with client.stream("POST", provider.url + PATH, json=BODY) as response:
                    got.append(list(getattr(response, how)()))
            with client.stream("POST", provider.url + PATH, json=BODY) as response:
                got.append(list(response.iter_raw(7)))
            return got

    recorded = read()
    hooked.rewind()
    assert read() == recorded
    assert b"".join(recorded[3]) == TEXT


def test_an_aborted_miss_reaches_the_caller(http, provider, tape):
    class Aborting(MemoryTape):
        def begin(self, request, *, identity=None):
            raise ReplayAbort("no recording")

    registry = Registry((HttpxInterceptor,), Aborting())
    registry.hold()
    try:
        with pytest.raises(ReplayAbort):
            http.post(provider.url + PATH, json=BODY)
    finally:
        registry.release()
    assert provider.count == 0


def test_a_busy_pool_is_not_recorded(http, provider, hooked):
    provider.forget()
    provider.play(OPEN_ENDED, times=None)
    limits = http.Limits(max_connections=1)
    with (
        http.Client(limits=limits, timeout=http.Timeout(5, pool=0.01)) as client,
        client.stream("POST", provider.url + PATH, json=BODY),
        pytest.raises(http.PoolTimeout),
    ):
        client.post(provider.url + PATH, json=BODY)
    assert [kept.ended.how for kept in hooked.kept] == [How.CLOSED_BY_CALLER]
    assert hooked.left_out == ["never left (PoolTimeout)"]


def test_an_abandoned_response_is_recorded(http, provider, hooked):
    provider.forget()
    provider.play(OPEN_ENDED, times=None)
    client = http.Client()
    response = client.send(client.build_request("POST", provider.url + PATH, json=BODY), stream=True)
    stream = response.stream._stream  # the network stream is kept alive, so only ours is dropped
    network = stream._stream
    del response, stream
    gc.collect()
    ending.settle()
    assert [kept.ended.how for kept in hooked.kept] == [How.CLOSED_BY_CALLER]
    network.close()
    client.close()


def test_R55_a_coding_that_the_library_cannot_decode_is_served_decoded(http, provider, hooked, monkeypatch):
    import brotli

    provider.forget()
    provider.play(reply(brotli.compress(TEXT), headers=(("content-encoding", "br"),)), times=None)
    assert http.post(provider.url + PATH, json=BODY).content == TEXT
    assert http.post(provider.url + PATH, json=BODY).headers["content-encoding"] == "br"
    hooked.rewind()
    assert http.post(provider.url + PATH, json=BODY).headers["content-encoding"] == "br"
    monkeypatch.delitem(http._decoders.SUPPORTED_DECODERS, "br")
    response = http.post(provider.url + PATH, json=BODY)
    assert response.content == TEXT
    assert "content-encoding" not in response.headers
    assert response.headers["content-length"] == str(len(TEXT))


# Attaching


def test_two_names_for_one_module_are_hooked_once(provider, tape):
    interceptor = HttpxInterceptor(tape)
    alias = types.ModuleType("httpx")
    alias.__dict__.update(httpx2.__dict__)
    interceptor.attach(httpx2)
    interceptor.attach(alias)
    httpx2.post(provider.url + PATH, json=BODY)
    interceptor.detach()
    assert len(tape.kept) == 1


def test_alias_httpx_is_one_module_hooked_once():
    script = """
import httpx2
from tokentape.interceptors.httpx import HttpxInterceptor
from tokentape.interceptors.registry import Registry
from tokentape.testing.contracts.tape import MemoryTape
from tokentape.testing.provider import Provider, reply
tape = MemoryTape()
registry = Registry((HttpxInterceptor,), tape)
registry.hold()
httpx2.alias_httpx()
import httpx
assert httpx is httpx2 and registry.interceptors[0].is_attached("httpx")
with Provider() as provider:
    provider.play(reply(b"ok"))
    httpx.get(provider.url + "/v1/models")
assert len(tape.kept) == 1
registry.release()
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_R11_originals_come_back_only_where_still_ours(http, provider, tape, monkeypatch):
    original = vars(http.Client)[SEAM]
    interceptor = HttpxInterceptor(tape)
    interceptor.attach(http)
    ours = vars(http.Client)[SEAM]
    assert ours is not original

    def theirs(self, url):
        return ours(self, url)

    monkeypatch.setattr(http.Client, SEAM, theirs)
    interceptor.detach()
    assert vars(http.Client)[SEAM] is theirs
    http.post(provider.url + PATH, json=BODY)
    assert tape.kept == []
    interceptor.attach(http)
    http.post(provider.url + PATH, json=BODY)
    assert len(tape.kept) == 1
    monkeypatch.undo()
    interceptor.detach()
    assert vars(http.Client)[SEAM] is original


def test_httpx_1_is_reported_once_and_never_crashed_on(monkeypatch, tape, caplog):
    rewritten = types.ModuleType("httpx")
    rewritten.__version__ = "1.0.dev6"
    rewritten.Client = type("Client", (), {})
    with pytest.raises(NoSeam, match=r"Client\._transport_for_url"):
        HttpxInterceptor(tape).attach(rewritten)
    monkeypatch.setitem(sys.modules, "httpx", rewritten)
    rewritten.__spec__ = types.SimpleNamespace(_initializing=False)
    registry = Registry((HttpxInterceptor,), tape)
    for _ in range(2):
        registry.hold()
        registry.release()
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert "httpx 1.0.dev6 is not recorded" in warnings[0].getMessage()
    assert registry.interceptors[0].unsupported("httpx").startswith("it has no")
