"""urllib3 and requests as programs use them: retries, bodies, every way of reading, what stacks."""

from __future__ import annotations

import io
import logging

import pytest
from http1_calls import both

from tokentape.errors import ReplayAbort
from tokentape.interceptors import claim
from tokentape.interceptors.httpclient import HttpClientInterceptor
from tokentape.interceptors.registry import Registry
from tokentape.interceptors.requests import RequestsInterceptor
from tokentape.interceptors.urllib3.interceptor import SEAMS, Urllib3Interceptor
from tokentape.testing.contracts.scripts import EVENTS, GZIPPED, TEXT
from tokentape.testing.contracts.tape import MemoryTape
from tokentape.testing.provider import Provider, redirect, reply
from tokentape.testing.provider.faults import with_trailers
from tokentape.testing.provider.script import Cut, Framing, Script, SendHead, SendRaw
from tokentape.wire.interaction import How
from tokentape.wire.message import Request

urllib3 = pytest.importorskip("urllib3", reason="needs urllib3")

PATH = "/v1/chat/completions"
BODY = b'{"model":"m","messages":[]}'
ALL = (RequestsInterceptor, Urllib3Interceptor, HttpClientInterceptor)


@pytest.fixture
def provider():
    with Provider(gap=0.001) as running:
        yield running


@pytest.fixture
def tape():
    return MemoryTape()


@pytest.fixture
def hooked(tape):
    registry = Registry(ALL, tape)
    registry.hold()
    yield tape
    registry.release()


@pytest.fixture
def manager():
    with urllib3.PoolManager(timeout=5, retries=False) as made:
        yield made


# Attempts


def test_503_503_200_through_retry_is_three_recordings(provider, hooked):
    for status in (503, 503, 200):
        provider.play(reply(b"%d" % status, status))
    retry = urllib3.Retry(3, status_forcelist=[503], backoff_factor=0, allowed_methods=None)

    def call():
        with urllib3.PoolManager() as manager:
            got = manager.request("POST", provider.url + PATH, body=BODY, retries=retry)
            return got.status, got.data, [past.status for past in got.retries.history]

    assert both(hooked, provider, call) == (200, b"200", [503, 503])
    assert [kept.response.status for kept in hooked.kept] == [503, 503, 200]


def test_retries_run_out_natively(provider, hooked):
    provider.play(reply(b"no", 503), times=None)
    retry = urllib3.Retry(1, status_forcelist=[503], allowed_methods=None)

    def call():
        with urllib3.PoolManager() as manager, pytest.raises(urllib3.exceptions.MaxRetryError) as caught:
            manager.request("POST", provider.url + PATH, body=BODY, retries=retry)
        return str(caught.value)

    assert "too many 503" in both(hooked, provider, call)


def test_redirects_and_a_body_that_goes_along(provider, hooked):
    provider.play(redirect("/v1/moved", 307), path=PATH)
    provider.play(reply(b"there"), path="/v1/moved")

    def call():
        with urllib3.PoolManager() as manager:
            got = manager.request("POST", provider.url + PATH, body=io.BytesIO(BODY))
            return got.data, got.geturl(), [past.redirect_location for past in got.retries.history]

    assert both(hooked, provider, call) == (b"there", "/v1/moved", ["/v1/moved"])
    assert [kept.request.body for kept in hooked.kept] == [seen.body for seen in provider.requests]


def test_a_dropped_keep_alive_connection_is_an_attempt_of_its_own(provider, hooked):
    provider.play(reply(b"one"))
    provider.play(Script.of(Cut()))
    provider.play(reply(b"two"))

    def call():
        with urllib3.PoolManager(retries=urllib3.Retry(1, allowed_methods=None)) as manager:
            return [manager.request("POST", provider.url + PATH, body=BODY).data for _ in range(2)]

    assert both(hooked, provider, call) == [b"one", b"two"]
    assert [kept.ended.how for kept in hooked.kept] == [How.EOF, How.CUT, How.EOF]


# Requests


@pytest.mark.parametrize("kind", ["bytes", "file", "parts", "text", "form"])
def test_R22_bodies_of_every_kind_are_sent_and_recorded_whole(provider, hooked, manager, kind):
    provider.play(reply(b"ok"))
    options = {
        "bytes": {"body": b"a\x00b"},
        "file": {"body": io.BytesIO(b"filed" * 5000)},
        "parts": {"body": iter([b"pa", b"rts"]), "chunked": True, "headers": {}},
        "text": {"body": "t\xe9xt".encode()},
        "form": {"fields": {"a": "b"}, "multipart_boundary": "xyz"},
    }[kind]
    manager.urlopen("POST", provider.url + PATH, **options) if kind == "parts" else manager.request(
        "POST", provider.url + PATH, **options
    )
    (seen,), (kept,) = provider.requests, hooked.kept
    assert kept.request.body == seen.body
    assert kept.request.headers == seen.headers
    assert (kept.request.method, kept.request.url) == ("POST", provider.url + PATH)


def test_headers_are_recorded_as_sent_in_order(provider, hooked, manager):
    provider.play(reply(b"ok"))
    manager.request(
        "POST", provider.url + PATH, body=BODY, headers={"X-B": "2", "X-A": "caf\xe9", "Accept": "*/*"}
    )
    assert hooked.asked[0].headers == provider.requests[0].headers
    names = [name for name, _ in hooked.asked[0].headers]
    assert names.index("X-B") < names.index("X-A") < names.index("Accept")


# Replies


def test_whatever_is_on_the_response_is_the_same(provider, hooked):
    provider.play(
        reply(GZIPPED, headers=(("content-encoding", "gzip"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")))
    )

    def call():
        with urllib3.PoolManager() as manager:
            got = manager.request("POST", provider.url + PATH, body=BODY)
            raw = got.headers
            return got.status, got.reason, got.version, got.data, raw.getlist("set-cookie"), list(raw)

    assert both(hooked, provider, call)[3] == TEXT
    assert hooked.kept[0].response.body == GZIPPED


READERS = {
    "read": lambda got: [got.read()],
    "read(70)": lambda got: [got.read(70) for _ in range(20)],
    "stream": lambda got: list(got.stream()),
    "stream(5)": lambda got: list(got.stream(5)),
    "raw": lambda got: list(got.stream(decode_content=False)),
    "lines": list,
    "readinto": lambda got: [got.read(1), (buffer := bytearray(9), got.readinto(buffer))[0]],
    "TextIO": lambda got: [io.TextIOWrapper(got, encoding="utf-8").read()],
    "data": lambda got: [got.data, got.data],
}


@pytest.mark.parametrize("coded", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("how", READERS)
@pytest.mark.parametrize("framing", [Framing.CHUNKED, Framing.LENGTH, Framing.CLOSE])
def test_every_way_of_reading(provider, hooked, how, framing, coded):
    headers = (("content-encoding", "gzip"),) if coded else ()
    data = GZIPPED if coded else TEXT
    provider.play(
        reply([data[at : at + 50] for at in range(0, len(data), 50)], headers=headers, framing=framing)
    )

    def call():
        with urllib3.PoolManager(retries=False) as manager:
            got = manager.request("POST", provider.url + PATH, body=BODY, preload_content=False)
            try:
                return READERS[how](got)
            finally:
                got.release_conn()

    assert both(hooked, provider, call)


def test_trailers_are_on_the_tape(provider, hooked, manager):
    provider.play(with_trailers(("x-checksum", "1"))(reply(EVENTS, framing=Framing.CHUNKED)))
    assert manager.request("POST", provider.url + PATH, body=BODY).data == TEXT
    assert hooked.kept[0].response.trailers == (("x-checksum", "1"),)


def test_a_chunk_larger_than_any_buffer_is_one_piece(provider, hooked, manager):
    big = bytes(range(256)) * 1000
    provider.play(reply([big, b"end"], framing=Framing.CHUNKED))

    def call():
        got = manager.request("POST", provider.url + PATH, body=BODY, preload_content=False)
        return [len(part) for part in got.stream(2**20)]

    assert both(hooked, provider, call) == [len(big), 3]
    assert hooked.kept[0].response.chunks == (len(big), 3)


def test_R47_a_cut_inside_a_chunk_is_the_same_cut(provider, hooked, manager):
    head = SendHead(200, (("transfer-encoding", "chunked"),), framing=Framing.AS_GIVEN)
    provider.play(Script.of(head, SendRaw(b"3\r\none\r\n64\r\n" + TEXT[:50]), Cut()))

    def call():
        with pytest.raises(urllib3.exceptions.ProtocolError) as caught:
            list(manager.request("POST", provider.url + PATH, body=BODY, preload_content=False).stream())
        return str(caught.value)

    assert "IncompleteRead(50 bytes read, 50 more expected)" in both(hooked, provider, call)
    assert "owed" in hooked.kept[0].ended.error.message


def test_a_coding_that_urllib3_cannot_decode_is_served_decoded(hooked, manager):
    """Recorded by another client, which could."""
    from dataclasses import replace

    from tokentape.wire.message import Response

    with Provider() as provider:
        provider.play(reply(b"ok"))
        manager.request("POST", provider.url + PATH, body=BODY)
        url = provider.url
    kept = hooked.kept[0]
    asked = replace(kept.request, headers=(("accept-encoding", "x-own"),))
    coded = Response(200, "OK", (("content-encoding", "x-own"),), b"\x00\x01", (2,), decoded=b"shown")
    hooked.kept[0] = replace(kept, request=asked, response=coded)
    hooked.rewind()
    got = manager.request("POST", url + PATH, body=BODY)
    assert (got.data, got.headers.get("content-encoding"), got.headers["content-length"]) == (
        b"shown",
        None,
        "5",
    )


# Stacking and the rest


def test_R27_a_claimed_request_passes(provider, hooked, manager):
    provider.play(reply(b"ok"), times=None)
    asked = Request("POST", provider.url + PATH, (), BODY)
    with claim.claimed(asked):
        assert manager.request("POST", provider.url + PATH, body=BODY).data == b"ok"
        assert manager.request("POST", provider.url + "/login", body=b"x").data == b"ok"
    assert [request.url for request in hooked.asked] == [provider.url + "/login"]


def test_an_aborted_miss_reaches_the_caller(provider, manager):
    class Aborting(MemoryTape):
        def begin(self, request, *, identity=None):
            raise ReplayAbort("no recording")

    registry = Registry(ALL, Aborting())
    registry.hold()
    try:
        with pytest.raises(ReplayAbort):
            manager.request("POST", provider.url + PATH, body=BODY)
    finally:
        registry.release()
    assert provider.count == 0


def test_R00_a_json_reply_to_requests_with_stream_is_json_again(provider, hooked):
    requests = pytest.importorskip("requests", reason="needs requests")
    provider.play(reply(b'{"id": 1}', content_type="application/json"))

    def call():
        with requests.post(provider.url + PATH, data=BODY, stream=True, timeout=5) as response:
            return response.headers["content-type"], response.json()

    assert both(hooked, provider, call) == ("application/json", {"id": 1})


def test_requests_keeps_cookies_history_hooks_and_elapsed(provider, hooked):
    requests = pytest.importorskip("requests", reason="needs requests")
    provider.play(redirect("/v1/moved", 307), path=PATH)
    provider.play(reply(b"there", headers=(("set-cookie", "k=v"),)), path="/v1/moved")

    def call():
        heard = []
        with requests.Session() as session:
            session.hooks["response"].append(lambda response, **_: heard.append(response.status_code))
            response = session.post(provider.url + PATH, data=BODY, auth=("u", "p"))
            history = [past.status_code for past in response.history]
            return response.text, history, heard, session.cookies.get_dict(), response.elapsed is not None

    assert both(hooked, provider, call) == ("there", [307], [307, 200], {"k": "v"}, True)


def test_requests_iterates_lines_and_content_alike(provider, hooked):
    requests = pytest.importorskip("requests", reason="needs requests")
    provider.play(reply(EVENTS, headers=(("content-type", "text/event-stream; charset=utf-8"),)), times=None)

    def call():
        got = []
        for how in ("iter_lines", "iter_content"):
            with requests.post(provider.url + PATH, data=BODY, stream=True, timeout=5) as response:
                got.append(list(getattr(response, how)()))
        with requests.post(provider.url + PATH, data=BODY, stream=True, timeout=5) as response:
            got.append(list(response.iter_content(None, decode_unicode=True)))
        return got

    lines, content, _ = both(hooked, provider, call)
    assert b"\n".join(lines) in TEXT
    assert b"".join(content) == TEXT


def test_R11_originals_come_back_and_a_hook_over_ours_makes_it_sleep(provider, tape, manager, monkeypatch):
    provider.play(reply(b"ok"), times=None)
    originals = [vars(getattr(urllib3.connectionpool, owner))[name] for owner, name in SEAMS]
    pool = urllib3.connectionpool.HTTPConnectionPool
    interceptor = Urllib3Interceptor(tape)
    interceptor.attach(urllib3)
    ours = vars(pool)["_make_request"]

    def theirs(*args, **options):
        return ours(*args, **options)

    monkeypatch.setattr(pool, "_make_request", theirs)
    interceptor.detach()
    manager.request("POST", provider.url + PATH, body=BODY)
    assert tape.kept == []
    interceptor.attach(urllib3)
    manager.request("POST", provider.url + PATH, body=BODY)
    assert len(tape.kept) == 1
    monkeypatch.undo()
    interceptor.detach()
    assert [vars(getattr(urllib3.connectionpool, owner))[name] for owner, name in SEAMS] == originals


@pytest.mark.parametrize("ours_inside", [True, False])
def test_vcrpy_records_beside_us_in_either_order(provider, tape, tmp_path, ours_inside):
    vcr = pytest.importorskip("vcr", reason="needs vcrpy")
    provider.play(reply(b"ok"), times=None)
    registry = Registry(ALL, tape)

    def call():
        with urllib3.PoolManager(retries=False) as manager:
            return manager.request("POST", provider.url + PATH, body=BODY).data

    def ours():
        registry.hold()
        try:
            return call() if ours_inside else theirs(call)
        finally:
            registry.release()

    def theirs(inside, mode="once"):
        with vcr.use_cassette(str(tmp_path / "theirs.yaml"), record_mode=mode):
            return inside()

    assert (theirs(ours) if ours_inside else ours()) == b"ok"
    assert (provider.count, [kept.response.body for kept in tape.kept]) == (1, [b"ok"])
    provider.stop()
    assert theirs(call, "none") == b"ok"
    tape.rewind()
    ours_inside = True
    assert ours() == b"ok"


def test_http_2_of_urllib3_is_named_and_left_alone(hooked, monkeypatch, caplog):
    pytest.importorskip("urllib3.http2.connection", reason="needs urllib3 2.3 and h2")
    from urllib3.http2.connection import HTTP2Connection

    caplog.set_level(logging.WARNING, "tokentape")
    interceptor = Urllib3Interceptor(hooked)
    interceptor.attach(urllib3)
    conn = HTTP2Connection("llm.example.com")
    assert not interceptor._speaks_http_1(conn)
    assert not interceptor._speaks_http_1(conn)
    interceptor.detach()
    assert ["HTTP2Connection" in record.getMessage() for record in caplog.records] == [True]
