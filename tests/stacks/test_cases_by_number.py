"""Cases of what a recorder gets wrong, by number, through the stacks that are not httpx."""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from click.testing import CliRunner
from stack_calls import Call, stacks
from stack_cases import EVENTS, PLAIN, stream

import tokentape
from tokentape.testing.provider import Provider, reply

STACKS = stacks()
PATH = "/v1/chat/completions"
every = pytest.mark.parametrize("stack", STACKS)


def question(text):
    return json.dumps({"model": "m", "messages": [{"role": "user", "content": text}]}).encode()


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path / "tape.json"


@pytest.fixture
def provider():
    with Provider(gap=0.0005) as running:
        yield running


@every
def test_R00_a_json_reply_that_is_read_as_it_streams_is_json_again(recorded, stack):
    tape = recorded(stack)
    with tokentape.use_cassette(tape.file, mode="none"):
        got = STACKS[stack](tape.url, Call(PATH, body=question("plain")[:-1] + b', "stream": true}'))
    assert got.body == PLAIN
    assert dict(got.headers)["content-type"] == "application/json"


@every
def test_R12_R18_as_many_calls_as_were_made_and_equal_ones_in_their_order(file, provider, stack):
    calls = [Call(PATH, body=question(text)) for text in ("one", "two", "one", "three")]
    for answer in "abcd":
        provider.play(reply(answer.encode()))
    with tokentape.use_cassette(file) as deck:
        live = [STACKS[stack](provider.url, call).body for call in calls]
    assert (deck.tally.recorded, live) == (4, [b"a", b"b", b"c", b"d"])
    provider.stop()
    with tokentape.use_cassette(file, mode="none"):
        again = [STACKS[stack](provider.url, call).body for call in (calls[1], calls[0], calls[3], calls[2])]
    assert again == [b"b", b"a", b"d", b"c"]


@every
def test_R12_an_installed_process_records_calls_of_models_and_nothing_else(file, provider, stack):
    tokentape.install(file)
    try:
        for path, method in ((PATH, "POST"), ("/health", "GET")):
            provider.play(reply(b"{}"))
            STACKS[stack](provider.url, Call(path, method, question("Hi") if method == "POST" else None))
    finally:
        tokentape.uninstall()
    assert [kept["asks"] for kept in json.loads(file.read_text())["interactions"]] == ["Hi"]


class Kept:
    """A client of each kind that has made a call, with its connection pooled, before a cassette is in force."""

    def __init__(self, name, url):
        self.url = url
        getattr(self, "open_" + name)()

    def open_requests(self):
        self.client = pytest.importorskip("requests").Session()
        self.client.trust_env = False
        self.ask = lambda: self.client.post(self.url + PATH, data=question("Hi")).content

    def open_urllib3(self):
        self.client = pytest.importorskip("urllib3").PoolManager()
        self.ask = lambda: self.client.request("POST", self.url + PATH, body=question("Hi")).data

    def open_http(self):
        self.client = http.client.HTTPConnection(self.url.removeprefix("http://"))
        self.ask = self._by_http

    def _by_http(self):
        self.client.request("POST", PATH, question("Hi"))
        return self.client.getresponse().read()

    def close(self):
        (self.client.clear if hasattr(self.client, "clear") else self.client.close)()


@pytest.mark.parametrize("name", ["requests", "urllib3", "http"])
def test_R13_a_client_made_and_used_before_the_block(file, provider, name):
    provider.play(reply(b"ok"), times=None)
    client = Kept(name, provider.url)
    assert client.ask() == b"ok"
    with tokentape.use_cassette(file) as deck:
        assert client.ask() == b"ok"
    assert (deck.tally.recorded, provider.count, provider.connections) == (1, 2, 1)
    provider.stop()
    with tokentape.use_cassette(file, mode="none"):
        assert client.ask() == b"ok"
    client.close()


@pytest.mark.parametrize("stack", [name for name in STACKS if not name.startswith("httpx")])
def test_R19_threads_executors_and_new_loops_join(file, provider, stack):
    """The loops of the asynchronous stacks are new in each call."""
    found = {}

    def work(number):
        found[number] = STACKS[stack](provider.url, Call(PATH, body=question(str(number)))).body

    def scenario():
        found.clear()
        thread = threading.Thread(target=work, args=(0,))
        thread.start()
        thread.join()
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(work, (1, 2)))
        asyncio.run(asyncio.to_thread(work, 3))
        return dict(found)

    with tokentape.use_cassette(file) as deck:
        live = scenario()
    assert (deck.tally.recorded, len(live)) == (4, 4)
    provider.stop()
    with tokentape.use_cassette(file, mode="none"):
        assert scenario() == live


@pytest.mark.parametrize("stack", [name for name in STACKS if not name.startswith("httpx")])
def test_R49_thirty_equal_calls_at_once_replay_as_the_same_multiset(file, provider, stack):
    def at_once():
        with ThreadPoolExecutor(10) as pool:
            calls = [Call(PATH, body=question("same"))] * 30
            return Counter(pool.map(lambda call: STACKS[stack](provider.url, call).body, calls))

    with tokentape.use_cassette(file) as deck:
        live = at_once()
    assert (deck.tally.recorded, live.total(), len(live)) == (30, 30, 30)
    provider.stop()
    with tokentape.use_cassette(file, mode="none") as deck:
        assert at_once() == live
        assert deck.unused == []


def test_R43_doctor_names_every_stack(file):
    from tokentape.cli.doctor import command

    for name in ("requests", "urllib3", "aiohttp"):
        pytest.importorskip(name)
    with tokentape.use_cassette(file):
        told = CliRunner().invoke(command, [], catch_exceptions=False).output
    rows = [line.split("│") for line in told.splitlines() if line.startswith("│")]
    states = {row[1].strip(): row[4].strip() for row in rows}
    for name in ("requests", "urllib3", "http.client", "aiohttp"):
        assert states[name] == "patched", told


# aiohttp


def on_aiohttp(scenario):
    """Run `scenario(module)` in a loop of its own."""
    return asyncio.run(scenario(pytest.importorskip("aiohttp")))


def test_R09_a_relative_path_is_matched_with_its_host(file, provider):
    """Predicates see the whole URL, also where the program only writes a path."""

    async def scenario(aiohttp):
        async with aiohttp.ClientSession(provider.url + "/") as session:
            async with session.post(PATH, data=question("Hi")) as got:
                return await got.read()

    async def other(aiohttp):
        async with aiohttp.ClientSession(provider.url) as session, session.get("/health") as got:
            return got.status

    with tokentape.use_cassette(file, record="llm") as deck:
        live = on_aiohttp(scenario)
        on_aiohttp(other)
    assert (deck.tally.recorded, deck.tally.passed) == (1, 1)
    (kept,) = json.loads(file.read_text())["interactions"]
    assert kept["request"]["url"] == provider.url + PATH
    with tokentape.use_cassette(file, record="llm", mode="none") as deck:
        assert on_aiohttp(scenario) == live
    assert deck.tally.replayed == 1


def test_R21_everything_on_the_response_works(file, provider):
    fields = (
        ("content-type", "text/event-stream; charset=utf-8"),
        ("set-cookie", "a=1; Path=/"),
        ("x-a", "1"),
    )
    whole = b"".join(EVENTS)

    async def scenario(aiohttp):
        async with (
            aiohttp.ClientSession() as session,
            session.post(provider.url + PATH, data=question("Hi")) as got,
        ):
            got.raise_for_status()
            facts = [
                got.status, got.reason, got.ok, got.version, got.method, str(got.url), str(got.real_url), got.host,
                got.content_type, got.charset, got.history, got.headers["x-a"], list(got.cookies),
                sorted(got.request_info.headers), str(got.request_info.real_url), got.links, got.content_disposition,
            ]  # fmt: skip
            line = await got.content.readline()
            part = await got.content.readexactly(5)
            some = await got.content.read(7)
            any_ = await got.content.readany()
            rest = b"".join([piece async for piece in got.content.iter_chunked(11)])
            assert got.content.at_eof()
            assert b"".join((line, part, some, any_, rest)) == whole
        assert got.closed
        return facts, line, part, some

    provider.play(reply(EVENTS, headers=fields))
    with tokentape.use_cassette(file):
        live = on_aiohttp(scenario)
    provider.stop()
    with tokentape.use_cassette(file, mode="none"):
        assert on_aiohttp(scenario) == live


@pytest.mark.parametrize("read", ["json", "text", "read", "iter_any", "iter_chunks", "lines"])
def test_R21_every_way_to_read_a_whole_reply(file, provider, read):
    async def scenario(aiohttp):
        async with (
            aiohttp.ClientSession() as session,
            session.post(provider.url + PATH, data=question("Hi")) as got,
        ):
            if read in ("json", "text", "read"):
                return await getattr(got, read)()
            if read == "lines":
                return [line async for line in got.content]
            pieces = [piece async for piece in getattr(got.content, read)()]
            return b"".join(piece[0] if read == "iter_chunks" else piece for piece in pieces)

    provider.play(reply(PLAIN, content_type="application/json") if read == "json" else stream())
    with tokentape.use_cassette(file):
        live = on_aiohttp(scenario)
    provider.stop()
    with tokentape.use_cassette(file, mode="none"):
        assert on_aiohttp(scenario) == live
