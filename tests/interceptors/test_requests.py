"""requests with adapters of somebody's own, stacked on urllib3, and beside test doubles."""

from __future__ import annotations

import io
import json
import urllib.request

import pytest

from tokentape.errors import ReplayIncomplete
from tokentape.interceptors.httpclient import HttpClientInterceptor
from tokentape.interceptors.registry import Registry
from tokentape.interceptors.requests import RequestsInterceptor
from tokentape.interceptors.urllib3 import Urllib3Interceptor
from tokentape.testing.contracts.scripts import EVENTS, GZIPPED, TEXT
from tokentape.testing.contracts.tape import MemoryTape
from tokentape.testing.provider import Provider, reply
from tokentape.wire.interaction import How

requests = pytest.importorskip("requests", reason="needs requests")

PATH = "/v1/chat/completions"
BODY = {"model": "m", "messages": []}
ALL = (RequestsInterceptor, Urllib3Interceptor, HttpClientInterceptor)


@pytest.fixture
def provider():
    with Provider(gap=0.001) as running:
        running.play(reply(b"onetwo", headers=(("set-cookie", "k=v"),)), times=None)
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


class OverUrllib(requests.adapters.BaseAdapter):
    """Sends through urllib.request; `read` gives the content at once, `raw` lets the caller read."""

    def __init__(self, how="raw"):
        super().__init__()
        self.how = how
        self.sent = []
        self.closed = 0

    def send(self, request, **options):
        body = request.body
        self.sent.append(body)
        if hasattr(body, "read"):
            body = body.read()
        elif body is not None and not isinstance(body, (bytes, str)):
            body = b"".join(body)
        data = body.encode() if isinstance(body, str) else body
        asked = urllib.request.Request(request.url, data, dict(request.headers), method=request.method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            got = opener.open(asked, timeout=options.get("timeout") or 5)
        except urllib.error.URLError as error:
            raise requests.exceptions.ConnectTimeout("no way through", request=request) from error
        response = requests.Response()
        response.status_code, response.reason, response.url = got.status, got.reason, request.url
        response.headers.update(got.headers.items())
        response.request = request
        if self.how == "read":
            with got:
                response._content = got.read()
        else:
            response.raw = got
        return response

    def close(self):
        self.closed += 1


def session(adapter):
    made = requests.Session()
    made.trust_env = False
    made.mount("http://", adapter)
    return made


@pytest.mark.parametrize("how", ["raw", "read"])
def test_an_adapter_of_ones_own_is_recorded_once_and_replayed(provider, hooked, how):
    def call():
        with session(OverUrllib(how)) as own:
            response = own.post(provider.url + PATH, json=BODY)
            assert isinstance(response, requests.Response)
            return response.status_code, response.reason, response.text, response.headers["set-cookie"]

    recorded = call()
    (kept,) = hooked.kept
    assert json.loads(kept.request.body) == BODY
    assert (kept.response.body, kept.ended.how) == (b"onetwo", How.EOF)
    provider.stop()
    hooked.rewind()
    assert call() == recorded == (200, "OK", "onetwo", "k=v")
    assert provider.count == 1


def test_the_adapter_keeps_what_it_offers_and_is_closed(provider, hooked):
    adapter = OverUrllib()
    with session(adapter) as own:
        assert own.get_adapter(provider.url).how == "raw"
        assert isinstance(own.get_adapter(provider.url), requests.adapters.BaseAdapter)
        own.get_adapter(provider.url).close()
    assert adapter.closed == 2


def test_streams_and_early_ends(provider, hooked):
    provider.forget()
    provider.play(reply(EVENTS), times=None)

    def first(own):
        with own.post(provider.url + PATH, json=BODY, stream=True) as response:
            return next(response.iter_content(40))

    with session(OverUrllib()) as own:
        assert b"".join(own.post(provider.url + PATH, json=BODY, stream=True).iter_content(9)) == TEXT
        assert first(own) == TEXT[:40]
    assert [kept.ended.how for kept in hooked.kept] == [How.EOF, How.CLOSED_BY_CALLER]
    hooked.rewind()
    with session(OverUrllib()) as own:
        assert own.post(provider.url + PATH, json=BODY).content == TEXT
        with pytest.raises(ReplayIncomplete):
            own.post(provider.url + PATH, json=BODY)


@pytest.mark.parametrize("body", ["text", b"bytes", "file", "parts", None])
def test_bodies_arrive_whole_and_on_tape(provider, hooked, body):
    given = {"file": io.BytesIO(b"filed"), "parts": iter([b"pa", b"rts"])}.get(body, body)
    with session(OverUrllib()) as own:
        assert own.post(provider.url + PATH, data=given).text == "onetwo"
    sent = {"file": b"filed", "parts": b"parts", "text": b"text", None: None}.get(body, body)
    assert hooked.kept[0].request.body == sent
    assert (provider.requests[0].body or None) == sent


def test_a_failed_send_replays_as_itself(hooked):
    with Provider() as gone:
        url = gone.url

    def call():
        with session(OverUrllib()) as own, pytest.raises(requests.exceptions.ConnectTimeout) as caught:
            own.post(url + PATH, json=BODY)
        return type(caught.value), str(caught.value), caught.value.request.url

    recorded = call()
    hooked.rewind()
    assert call() == recorded
    assert hooked.kept[0].ended.how is How.CONNECT_TIMEOUT


@pytest.mark.parametrize("wrong", ["InvalidURL", "InvalidHeader"])
def test_what_never_left_is_no_recording(hooked, wrong):
    class Refusing(OverUrllib):
        def send(self, request, **options):
            raise getattr(requests.exceptions, wrong)("not like this", request=request)

    with pytest.raises(requests.RequestException, match="not like this"):
        session(Refusing()).post(f"http://127.0.0.1:9{PATH}", json=BODY)
    assert (hooked.kept, hooked.left_out) == ([], [f"never left ({wrong})"])


def test_a_switch_of_protocols_is_left_alone(provider, hooked):
    class Switching(OverUrllib):
        def send(self, request, **options):
            response = super().send(request, **options)
            response.status_code = 101
            return response

    response = session(Switching()).post(provider.url + PATH, json=BODY, stream=True)
    assert response.raw.read() == b"onetwo"
    assert (hooked.kept, hooked.left_out) == ([], ["switched protocols (101)"])


def test_a_decoding_adapter_is_told_with_headers_that_fit(provider, hooked):
    urllib3 = pytest.importorskip("urllib3")
    provider.forget()
    provider.play(reply(GZIPPED, headers=(("content-encoding", "gzip"),)))

    class Decoding(OverUrllib):
        def send(self, request, **options):
            response = super().send(request, **options)
            headers = dict(response.headers)
            response.raw = urllib3.HTTPResponse(
                io.BytesIO(response.raw.read()), headers, preload_content=False
            )
            return response

    with session(Decoding()) as own:
        assert own.post(provider.url + PATH, json=BODY).content == TEXT
    hooked.rewind()
    with session(Decoding()) as own:
        response = own.post(provider.url + PATH, json=BODY)
    assert response.content == TEXT
    assert "content-encoding" not in response.headers


def test_R27_a_plain_session_is_recorded_once_by_urllib3(provider, hooked):
    with requests.Session() as plain:
        plain.trust_env = False
        assert plain.post(provider.url + PATH, json=BODY).text == "onetwo"
    assert len(hooked.kept) == 1
    hooked.rewind()
    assert requests.post(provider.url + PATH, json=BODY).text == "onetwo"


def test_unknown_urls_of_other_adapters_pass_untouched(provider):
    tape = MemoryTape(llm=False)
    registry = Registry((RequestsInterceptor,), tape)
    registry.hold()
    body = iter([b"x"])
    adapter = OverUrllib()
    with session(adapter) as own:
        own.post(provider.url + "/upload", data={"a": "b"})
        own.get(provider.url + "/x")
    registry.release()
    assert tape.asked == []
    assert next(body) == b"x"


def test_doubles_answer_as_if_nothing_were_recorded(hooked):
    responses = pytest.importorskip("responses", reason="needs responses")
    requests_mock = pytest.importorskip("requests_mock", reason="needs requests-mock")
    url = "https://api.openai.com" + PATH
    with responses.RequestsMock() as double:
        double.post(url, body=b"double")
        assert requests.post(url, json=BODY).content == b"double"
    with requests_mock.Mocker() as double:
        double.post(url, content=b"mocked")
        assert requests.post(url, json=BODY).content == b"mocked"
    mounted = requests_mock.Adapter()
    mounted.register_uri("POST", url, content=b"mounted")
    with requests.Session() as own:
        own.mount("https://", mounted)
        assert own.post(url, json=BODY).content == b"mounted"
    assert hooked.asked == []


def test_R11_the_original_comes_back(tape):
    original = vars(requests.Session)["get_adapter"]
    interceptor = RequestsInterceptor(tape)
    interceptor.attach(requests)
    interceptor.attach(requests)
    assert interceptor.is_attached("requests")
    assert vars(requests.Session)["get_adapter"] is not original
    interceptor.detach()
    assert vars(requests.Session)["get_adapter"] is original
    assert interceptor.unsupported("requests") is None
