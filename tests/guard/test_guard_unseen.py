"""While recording: a connection to an LLM host that no interceptor saw is told, and nothing else is."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import socket
import urllib.error
import urllib.request
import warnings
from urllib.parse import urlsplit

import pytest
from ways_out import raw, stream

import tokentape
from tokentape.errors import TokentapeWarning

BODY = {"model": "m", "messages": [{"role": "user", "content": "Hello."}]}


@pytest.fixture
def named(provider):
    """The provider's place, as `hosts=` takes it."""
    return [provider.url.removeprefix("http://")]


@pytest.mark.parametrize("mode", ["once", "all", "new_episodes", "refresh"])
@pytest.mark.parametrize("way", [raw, lambda url: asyncio.run(stream(url))], ids=["socket", "stream"])
def test_R12_traffic_that_no_interceptor_saw_is_told_once(outside, provider, named, mode, way):
    with pytest.warns(
        TokentapeWarning, match="an LLM host, was made through .* no interceptor saw it"
    ) as told:
        with tokentape.use_cassette(outside / "a.json", mode=mode, hosts=named) as deck:
            way(provider.url)
            way(provider.url)
    assert len(told) == 1
    assert len(deck.troubles) == 1
    assert "a.json" in str(told[0].message)


def test_R12_a_finished_cassette_does_not_hide_it(outside, provider, named, ask):
    with tokentape.use_cassette(outside / "a.json", mode="once"):
        ask()
    with pytest.warns(TokentapeWarning, match="no interceptor saw it"):
        with tokentape.use_cassette(outside / "a.json", mode="once", hosts=named):
            ask()
            raw(provider.url)


def test_R12_a_known_provider_is_known_by_the_name_that_was_looked_up(outside, monkeypatch):
    def resolver(host, port=0, *rest):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.5", port))]

    monkeypatch.setattr(socket._socket, "getaddrinfo", resolver)
    monkeypatch.setattr(socket.socket, "connect", lambda *_: None, raising=False)
    with pytest.warns(TokentapeWarning, match=r"a connection to api\.openai\.com:443"):
        with tokentape.use_cassette(outside / "a.json", mode="all"):
            socket.create_connection(("api.openai.com", 443)).close()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with tokentape.use_cassette(outside / "a.json", mode="all"):
            socket.create_connection(("db.example.com", 443)).close()


@pytest.fixture
def silent():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def requests_post(url):
    pytest.importorskip("requests").post(url, json=BODY).close()


def urllib3_post(url):
    with pytest.importorskip("urllib3").PoolManager() as pool:
        pool.request("POST", url, body=json.dumps(BODY), headers={"content-type": "application/json"})


def urlopen(url):
    request = urllib.request.Request(url, json.dumps(BODY).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request) as reply:
        reply.read()


def connected_before(url):
    """http.client connects when it is told to, before there is a request to see."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc)
    connection.connect()
    connection.request("POST", parts.path, json.dumps(BODY), {"content-type": "application/json"})
    connection.getresponse().read()
    connection.close()


async def aiohttp_post(url):
    async with pytest.importorskip("aiohttp").ClientSession() as session:
        async with session.post(url, json=BODY) as reply:
            await reply.read()


POSTS = {
    "requests": requests_post,
    "urllib3": urllib3_post,
    "urllib.request": urlopen,
    "http.client": connected_before,
    "aiohttp": lambda url: asyncio.run(aiohttp_post(url)),
    "aiohttp uvloop": lambda url: pytest.importorskip("uvloop").run(aiohttp_post(url)),
}


@pytest.mark.usefixtures("silent")
class TestNothingIsToldOf:
    @pytest.mark.parametrize("library", ["httpx", "httpx2"])
    def test_what_is_recorded(self, outside, provider, named, library):
        module = pytest.importorskip(library)

        async def main():
            async with module.AsyncClient() as client:
                await asyncio.gather(
                    *[client.post(provider.url + "/v1/chat/completions", json=BODY) for _ in range(3)]
                )

        with tokentape.use_cassette(outside / "a.json", mode="all", hosts=named) as deck:
            module.post(provider.url + "/v1/chat/completions", json=BODY)
            asyncio.run(main())
        assert deck.tally.recorded == 4

    @pytest.mark.parametrize("way", POSTS)
    def test_what_is_recorded_through_others(self, outside, provider, named, way):
        with tokentape.block_network(allow_hosts=["*"]):
            with tokentape.use_cassette(outside / "a.json", mode="all", hosts=named) as deck:
                POSTS[way](provider.url + "/v1/chat/completions")
        assert deck.tally.recorded == 1

    def test_what_is_recorded_on_uvloop_and_trio(self, outside, provider, named):
        httpx2, uvloop, trio = map(pytest.importorskip, ("httpx2", "uvloop", "trio"))

        async def main():
            async with httpx2.AsyncClient() as client:
                await client.post(provider.url + "/v1/chat/completions", json=BODY)

        with tokentape.use_cassette(outside / "a.json", mode="all", hosts=named) as deck:
            uvloop.run(main())
            trio.run(main)
        assert deck.tally.recorded == 2

    @pytest.mark.parametrize("library", ["httpx", "httpx2"])
    def test_what_was_seen_and_let_pass(self, outside, provider, named, library):
        """A list of models is no call of one."""
        module = pytest.importorskip(library)
        with tokentape.use_cassette(outside / "a.json", mode="all", record="llm", hosts=named) as deck:
            assert module.get(provider.url + "/v1/models").status_code == 200
        assert deck.tally.passed == 1

    def test_an_explicit_client(self, outside, provider, named):
        pytest.importorskip("httpx2")
        with tokentape.use_cassette(outside / "a.json", mode="all", hosts=named):
            with tokentape.client(outside / "b.json", mode="all") as client:
                client.post(provider.url + "/v1/chat/completions", json=BODY)

    def test_hosts_of_no_provider(self, outside, provider):
        with tokentape.use_cassette(outside / "a.json", mode="all"):
            raw(provider.url)

    def test_mode_off(self, outside, provider, named):
        with tokentape.use_cassette(outside / "a.json", mode="off", hosts=named):
            raw(provider.url)

    def test_lookups(self, outside):
        with tokentape.use_cassette(outside / "a.json", mode="all", hosts=["localhost"]):
            socket.getaddrinfo("localhost", 80)


def test_R12_the_pytest_report_tells_it(pytester, provider):
    host = provider.url.removeprefix("http://")
    pytester.makepyfile(f"""
        import socket, pytest
        @pytest.mark.tokentape(hosts=["{host}"], mode="all")
        def test_it():
            socket.create_connection({tuple(host.split(":"))}).close()
    """)
    result = pytester.runpytest_subprocess(
        "-q",
        *[f"-pno:{name}" for name in ("asyncio", "anyio", "cov", "hypothesispytest", "langsmith_plugin")],
    )
    result.stdout.fnmatch_lines(["*test_it: *a connection to *, an LLM host, was made through test_*"])


def test_what_passed_before_the_cassette_does_not_hide_it(outside, provider, named):
    with tokentape.use_cassette(outside / "b.json", mode="all", record="llm"):
        with contextlib.suppress(urllib.error.HTTPError):
            urllib.request.urlopen(f"{provider.url}/anything")
    with pytest.warns(TokentapeWarning, match="no interceptor saw it"):
        with tokentape.use_cassette(outside / "a.json", mode="all", hosts=named):
            raw(provider.url)
