"""The 200 real recordings: imported, replayed through httpx and httpx2, served again, recorded, replayed.

What must come back is read from the YAML here, without the importer: status, reason, header fields in
order with their repeats, body bytes. Two changes are allowed, and checked: a Content-Encoding that is not
true of the stored bytes goes (with a Content-Length that does not fit), and redaction replaces values.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import ssl
import zlib
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import httpx2
import pytest
from click.testing import CliRunner

import tokentape
from tokentape.cassettes.importers.vcr import read_vcr
from tokentape.cassettes.stores.registry import open_store
from tokentape.cli.import_ import command
from tokentape.testing.provider import Provider

yaml = pytest.importorskip("yaml")
brotli = pytest.importorskip("brotli")

SAMPLES = Path(__file__).parents[1] / "samples"
FILES = sorted(SAMPLES.glob("*.yaml"))
MODULES = (httpx, httpx2)
NO_BODY = (204, 304)
SECRET_FIELDS = {"set-cookie", "openai-organization", "openai-project", "anthropic-organization-id"}
FRAMING = {"content-length", "transfer-encoding", "host", "connection"}
TELEMETRY = "/v1/traces/ingest"
"""Two uploads of spans: all traffic is recorded, so these are, too."""

DECODERS = {
    "gzip": (gzip.decompress, (OSError, EOFError, zlib.error)),
    "deflate": (zlib.decompress, zlib.error),
    "br": (brotli.decompress, brotli.error),
}
TLS = ssl.create_default_context()
PLAIN = {"trust_env": False, "verify": TLS, "timeout": 10}

files = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
pytestmark = pytest.mark.usefixtures("outside")


# What the YAML says


def document(path):
    return yaml.load(path.read_bytes(), yaml.CSafeLoader)["interactions"]


def as_bytes(value):
    return value.encode("utf-8") if isinstance(value, str) else value


def pairs(headers):
    return [
        (name, str(value))
        for name, values in (headers or {}).items()
        for value in (values if isinstance(values, list) else [values])
    ]


def stored(raw):
    """Status, reason, header fields and body bytes of a recorded response."""
    status, body = raw.get("status", raw.get("status_code")), raw.get("body", raw.get("content"))
    code, reason = (status["code"], status["message"]) if isinstance(status, dict) else (status, "")
    body = as_bytes(body.get("string") if isinstance(body, dict) else body) or b""
    return code, reason or "", pairs(raw["headers"]), body


def decoded(coding, body):
    """The body without `coding`; None where the bytes are not in that coding."""
    decode, errors = DECODERS[coding]
    try:
        return decode(body)
    except errors:
        return None


def expected(raw):
    """What a client must get: status, reason, fields, raw body, decoded body."""
    code, reason, fields, body = stored(raw)
    codings = [value.lower() for name, value in fields if name.lower() == "content-encoding"]
    plain = decoded(codings[0], body) if codings else body
    kept = []
    for name, value in fields:
        if name.lower() == "content-encoding" and plain is None:
            continue
        fits = name.lower() != "content-length" or code in NO_BODY
        kept.append((name, value if fits else str(len(body))))
    return code, reason, kept, body, body if plain is None else plain


# What a client does


def imported(path, folder):
    """The cassette that `tokentape import` makes of a sample."""
    target = folder / f"{path.stem}.json"
    done = CliRunner().invoke(command, [str(path), str(target)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return target


def requests(path, base=""):
    """The recorded requests as arguments of a client's `build_request`; on another host with `base`."""
    for raw in document(path):
        asked = raw["request"]
        fields = [(name, value) for name, value in pairs(asked["headers"]) if name.lower() not in FRAMING]
        url = asked["uri"]
        if base:
            parts = urlsplit(url)
            url = base + (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        yield {
            "method": asked["method"],
            "url": url,
            "headers": fields,
            "content": as_bytes(asked["body"]) or None,
        }


def got(response, chunks, plain):
    fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw]
    reason = response.extensions.get("reason_phrase", b"").decode("latin-1")
    return response.status_code, reason, fields, b"".join(chunks), plain


def sync_calls(module, asks):
    with module.Client(**PLAIN) as client:
        return [sync_call(client, ask) for ask in asks]


def sync_call(client, ask):
    response = client.send(client.build_request(**ask), stream=True)
    chunks = []
    response.stream = noted(client, response.stream, chunks)
    return got(response, chunks, response.read())


def async_calls(module, asks):
    async def calls():
        async with module.AsyncClient(**PLAIN) as client:
            return [await async_call(client, ask) for ask in asks]

    return asyncio.run(calls())


async def async_call(client, ask):
    response = await client.send(client.build_request(**ask), stream=True)
    chunks = []
    response.stream = noted(client, response.stream, chunks)
    return got(response, chunks, await response.aread())


def noted(client, stream, chunks):
    """The response's stream, with the raw chunks noted: raw and decoded bytes from one replay."""
    module = MODULES[type(client).__module__.startswith("httpx2")]

    class Stream(module.SyncByteStream, module.AsyncByteStream):
        def __iter__(self):
            for chunk in stream:
                chunks.append(chunk)
                yield chunk

        async def __aiter__(self):
            async for chunk in stream:
                chunks.append(chunk)
                yield chunk

        def close(self):
            stream.close()

        async def aclose(self):
            await stream.aclose()

    return Stream()


WAYS = {
    f"{module.__name__}, {name}": (lambda asks, calls=calls, module=module: calls(module, asks))
    for module in MODULES
    for name, calls in {"sync": sync_calls, "async": async_calls}.items()
}


def check(way, replies, wanted):
    assert len(replies) == len(wanted), way
    for reply, (code, reason, fields, body, plain) in zip(replies, wanted, strict=True):
        assert reply[:2] == (code, reason), way
        assert shown(reply[2]) == shown(fields), way
        assert (reply[3], reply[4]) == (body, plain), way


def shown(fields):
    """Fields to compare; those that redaction empties by name only."""
    return [(name, "" if name.lower() in SECRET_FIELDS else value) for name, value in fields]


# The proof


def test_there_are_200_interactions_in_170_files():
    asked = [raw["request"]["uri"] for path in FILES for raw in document(path)]
    assert (len(FILES), len(asked)) == (170, 200)
    assert sum(uri.endswith(TELEMETRY) for uri in asked) == 2


@files
def test_imported_it_replays_as_it_is_stored(path, tmp_path):
    cassette = imported(path, tmp_path)
    wanted = [expected(raw["response"]) for raw in document(path)]
    for way, calls in WAYS.items():
        with tokentape.use_cassette(cassette, mode="none") as deck:
            check(way, calls(list(requests(path))), wanted)
        assert (deck.unused, deck.tally.replayed) == ([], len(wanted)), way


@files
def test_R52_served_again_it_is_recorded_and_replays_byte_equal(path, tmp_path):
    source = imported(path, tmp_path)
    wanted = [expected(raw["response"]) for raw in document(path)]
    with Provider(gap=0) as provider:
        live = {module: recorded(module, path, source, tmp_path, provider) for module in MODULES}
        assert provider.count == 2 * len(wanted)
        url = provider.url
    for module, replies in live.items():
        with tokentape.use_cassette(tape(module, tmp_path), mode="none") as deck:
            again = sync_calls(module, requests(path, url))
        assert (deck.tally.replayed, deck.tally.refused) == (len(wanted), 0)
        assert again == replies
        check(module.__name__, again, wanted)


def recorded(module, path, source, folder, provider):
    """The replies of the provider that plays the imported sample, while they are recorded."""
    store, name = open_store(source)
    cassette = store.load(name)
    provider.serve_recorded(cassette.interaction(number) for number in range(len(cassette.entries)))
    with tokentape.use_cassette(tape(module, folder), mode="once", errors="record"):
        replies = sync_calls(module, requests(path, provider.url))
    assert (provider.unserved, provider.recordings_left) == ([], 0)
    return replies


def tape(module, folder):
    return folder / f"{module.__name__}-recorded.json"


def equal_requests(path):
    asked = [
        json.dumps([a["method"], a["uri"], str(a["body"])]) for a in (r["request"] for r in document(path))
    ]
    return len(asked) - len(set(asked))


REPEATING = [path for path in FILES if equal_requests(path)]


def test_some_samples_ask_the_same_twice():
    assert REPEATING


@pytest.mark.parametrize("path", REPEATING, ids=lambda path: path.stem)
def test_R18_equal_requests_of_a_sample_replay_in_order(path, tmp_path):
    cassette = imported(path, tmp_path)
    bodies = [stored(raw["response"])[3] for raw in document(path)]
    with tokentape.use_cassette(cassette, mode="none"):
        assert [reply[3] for reply in sync_calls(httpx2, requests(path))] == bodies


def test_R55_samples_that_only_say_gzip_lose_the_word_and_nothing_else():
    liars = [
        path.name
        for path in FILES
        for raw in document(path)
        if (names := {name.lower() for name, _ in stored(raw["response"])[2]})
        and "content-encoding" in names
        and "content-encoding" not in {name.lower() for name, _ in expected(raw["response"])[2]}
    ]
    assert liars
    for name in set(liars):
        for interaction in read_vcr(SAMPLES / name).interactions:
            assert interaction.response.header("content-encoding") is None
