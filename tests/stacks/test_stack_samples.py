"""The 200 real recordings: imported as a user does, and asked for again through each stack. No network."""

from __future__ import annotations

import asyncio
import http.client
import ssl
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

import tokentape
from tokentape.cassettes.importers.vcr import read_vcr
from tokentape.cassettes.stores.registry import open_store
from tokentape.cli.import_ import command
from tokentape.wire.body import decoded_body

pytest.importorskip("yaml", reason="needs pyyaml")

SAMPLES = Path(__file__).parents[1] / "samples"
FRAMING = {"content-length", "transfer-encoding"}
TLS = ssl.create_default_context()


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """[(cassette file, its requests as they were, its interactions as they are stored)]"""
    folder = tmp_path_factory.mktemp("imported")
    done = CliRunner().invoke(command, [str(SAMPLES), str(folder)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return [_opened(path, folder / f"{path.stem}.json") for path in sorted(SAMPLES.glob("*.yaml"))]


def _opened(path, file):
    store, name = open_store(str(file))
    cassette = store.load(name)
    stored = [cassette.interaction(number) for number in range(len(cassette.entries))]
    return file, [interaction.request for interaction in read_vcr(path).interactions], stored


def fields_of(request):
    """Without the framing: it is the stack's, and does not fit where a sample was redacted by its authors."""
    return {name: value for name, value in request.headers if name.lower() not in FRAMING}


async def aiohttp_replies(requests):
    import aiohttp
    import yarl

    async with aiohttp.ClientSession() as session:
        for request in requests:
            url = yarl.URL(request.url.partition("#")[0], encoded=True)
            asked = {"headers": fields_of(request), "data": request.body, "allow_redirects": False}
            async with session.request(request.method, url, **asked) as got:
                fields = [
                    (name.decode("latin-1"), value.decode("latin-1")) for name, value in got.raw_headers
                ]
                yield got.status, got.reason, fields, await got.read()


def by_aiohttp(requests, run=asyncio.run):
    async def main():
        return [reply async for reply in aiohttp_replies(requests)]

    return run(main())


def by_aiohttp_on_uvloop(requests):
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return by_aiohttp(requests, runner.run)


def by_requests(asked):
    import requests

    with requests.Session() as session:
        session.trust_env = False
        for request in asked:
            sent = {"data": request.body, "headers": fields_of(request), "allow_redirects": False}
            got = session.request(request.method, request.url, **sent)
            yield got.status_code, got.reason, got.raw.headers.items(), got.content


def by_urllib3(requests):
    import urllib3

    with urllib3.PoolManager(retries=False) as manager:
        for request in requests:
            sent = {"body": request.body, "headers": fields_of(request), "redirect": False}
            got = manager.request(request.method, request.url, **sent)
            yield got.status, got.reason, got.headers.items(), got.data


def by_http_client(requests):
    """It decodes nothing and asks for `identity`, so every reply comes decoded."""
    for request in requests:
        parts = urlsplit(request.url)
        secure = parts.scheme == "https"
        kind, more = (
            (http.client.HTTPSConnection, {"context": TLS}) if secure else (http.client.HTTPConnection, {})
        )
        connection = kind(parts.hostname, parts.port, **more)
        fields = {
            name: value for name, value in fields_of(request).items() if name.lower() != "accept-encoding"
        }
        target = request.url.partition("#")[0].partition(parts.netloc)[2]
        connection.request(request.method, target, request.body, fields)
        got = connection.getresponse()
        yield got.status, got.reason, got.getheaders(), got.read()
        connection.close()


STACKS = {
    "aiohttp": (by_aiohttp, "aiohttp"),
    "aiohttp on uvloop": (by_aiohttp_on_uvloop, "uvloop"),
    "requests": (by_requests, "requests"),
    "urllib3": (by_urllib3, "urllib3"),
    "http.client": (by_http_client, None),
}


@pytest.mark.parametrize("stack", STACKS)
def test_200_of_200_replay(imported, stack):
    call, needs = STACKS[stack]
    if needs and not (find_spec(needs) and (needs != "uvloop" or find_spec("aiohttp"))):
        pytest.skip(f"needs {needs}")
    replayed = 0
    for file, requests, stored in imported:
        with tokentape.use_cassette(file, mode="none") as deck:
            for got, kept in zip(call(requests), stored, strict=True):
                compare(got, kept.response, f"{file.stem} {kept.id}")
                replayed += 1
            assert deck.unused == []
    assert replayed == 200


def compare(got, response, which):
    status, reason, fields, body = got
    assert (status, reason) == (response.status, response.reason), which
    assert body == (decoded_body(response) or b""), which
    assert _comparable(fields) == _comparable(response.headers), which


def _comparable(fields):
    """Names and values, each as often as it comes; of what was decoded the coding is not told any more."""
    return Counter(
        (name.lower(), value) for name, value in fields if name.lower() not in FRAMING | {"content-encoding"}
    )
