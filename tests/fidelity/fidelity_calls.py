"""One call, three times: with no cassette, recorded, and replayed from the file with the server gone."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import httpx
import httpx2

import tokentape
from tokentape.cassettes.stores.registry import open_store
from tokentape.errors import TokentapeError
from tokentape.testing.contracts.scripts import RAW, WHOLE, Ask, Got
from tokentape.testing.provider import Provider

if TYPE_CHECKING:
    from tokentape.wire.interaction import Interaction

PATH = "/v1/chat/completions"
QUESTION = b'{"model":"m","messages":[{"role":"user","content":"Say hello."}]}'


@dataclass(frozen=True)
class Way:
    """A library, and sync or async."""

    module: object
    is_async: bool

    def __str__(self):
        return f"{self.module.__name__}-{'async' if self.is_async else 'sync'}"

    def call(self, ask, **options):
        """One call with a client of its own; the exceptions of library and tape are part of what is got."""
        if self.is_async:
            return asyncio.run(_async_call(self.module, ask, options))
        return _sync_call(self.module, ask, options)


WAYS = [Way(module, is_async) for module in (httpx2, httpx) for is_async in (False, True)]
SYNC = [way for way in WAYS if not way.is_async]


def _request(client, ask):
    return client.build_request(ask.method, ask.url, headers=list(ask.headers), content=ask.body)


def _sync_call(module, ask, options):
    chunks, response = [], None
    try:
        with module.Client(timeout=ask.timeout, trust_env=False, **options) as client:
            response = client.send(_request(client, ask), stream=True)
            parts = iter([response.read()]) if ask.reads == WHOLE else response.iter_raw()
            while ask.reads < 0 or len(chunks) < ask.reads:
                chunk = next(parts, None)
                if chunk is None:
                    break
                _note(ask, chunks, chunk)
            response.close()
    except (module.HTTPError, TokentapeError, OSError) as error:
        return _got(response, chunks, error)
    return _got(response, chunks, None)


async def _async_call(module, ask, options):
    chunks, response = [], None
    try:
        async with module.AsyncClient(timeout=ask.timeout, trust_env=False, **options) as client:
            response = await client.send(_request(client, ask), stream=True)
            if ask.reads == WHOLE:
                _note(ask, chunks, await response.aread())
            else:
                await _raw(ask, response, chunks)
            await response.aclose()
    except (module.HTTPError, TokentapeError, OSError) as error:
        return _got(response, chunks, error)
    return _got(response, chunks, None)


async def _raw(ask, response, chunks):
    parts = response.aiter_raw()
    while ask.reads < 0 or len(chunks) < ask.reads:
        chunk = await anext(parts, None)
        if chunk is None:
            break
        _note(ask, chunks, chunk)
    await parts.aclose()


def _note(ask, chunks, chunk):
    chunks.append(chunk)
    if ask.on_chunk:
        ask.on_chunk(chunk)


def _got(response, chunks, error):
    failed = None if error is None else (type(error).__name__, str(error))
    if response is None:
        return Got(error=failed)
    fields = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw)
    facts = {
        "url": str(response.url),
        "history": [(past.status_code, str(past.url), past.headers.raw) for past in response.history],
        "version": response.http_version,
        "downloaded": response.num_bytes_downloaded,
        "cookies": sorted(response.cookies.items()),
        "encoding": response.encoding,
        "content": response.content
        if error is None and response.is_stream_consumed and _read(response)
        else None,
    }
    return Got(response.status_code, response.reason_phrase, fields, tuple(chunks), failed, facts)


def _read(response):
    return hasattr(response, "_content")


@dataclass(frozen=True)
class Thrice:
    """What the three calls got, and what is on the cassette."""

    plain: Got
    recorded: Got
    replayed: Got
    kept: Interaction

    def agree(self):
        """True to the wire while recording, and exact on replay."""
        assert unchunked(self.recorded) == unchunked(self.plain)
        assert uncookied(self.replayed) == uncookied(self.recorded)
        return self


def unchunked(got):
    """Where chunks end is the network's mood; a replay keeps even that."""
    return replace(got, chunks=(got.body,))


def uncookied(got):
    """Cookies lose their values on tape (redaction), and keep names and attributes."""
    fields = tuple(
        (name, _uncookied(value) if name == "set-cookie" else value) for name, value in got.headers
    )
    facts = {**got.facts, "cookies": [name for name, _ in got.facts.get("cookies", ())]}
    return replace(got, headers=fields, facts=facts)


def _uncookied(value):
    pair, semicolon, attributes = value.partition(";")
    return pair.partition("=")[0] + "=" + semicolon + attributes


class Rig:
    """Runs calls against a provider of its own, which is stopped before the replay."""

    def __init__(self, way, file):
        self.way = way
        self.file = file

    def thrice(self, script, path=PATH, options=None, **ask):
        """One call, three times; `script` is played each time."""
        options = options or {}
        ask = Ask(**{"url": path, "body": QUESTION, "reads": RAW, **ask})
        with Provider(gap=0.002) as provider:
            provider.play(script, times=None)
            ask = replace(ask, url=provider.url + ask.url)
            plain = self.way.call(ask, **options)
            with self.recording():
                recorded = self.way.call(ask, **options)
        with tokentape.use_cassette(self.file, mode="none") as deck:
            replayed = self.way.call(ask, **options)
            assert deck.unused == []
        return Thrice(plain, recorded, replayed, self.kept()[0])

    def recording(self):
        return tokentape.use_cassette(self.file, mode="once", errors="record")

    def kept(self):
        """The interactions of the file."""
        store, name = open_store(self.file)
        cassette = store.load(name)
        return [cassette.interaction(number) for number in range(len(cassette.entries))]
