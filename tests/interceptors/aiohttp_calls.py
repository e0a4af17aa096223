"""Making the contract's calls through aiohttp, on asyncio or uvloop."""

from __future__ import annotations

import asyncio

import aiohttp

from tokentape.errors import TokentapeError
from tokentape.testing.contracts.scripts import RAW, WHOLE, Got


def on_asyncio(main):
    return asyncio.run(main)


def on_uvloop(main):
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


def call(ask, run=on_asyncio):
    """One call through a session of its own, in a loop of its own. Nothing may be left behind."""
    return run(_watched(ask))


async def _watched(ask):
    noise = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: noise.append(context))
    got = await _call(ask)
    await asyncio.sleep(0)
    assert noise == []
    return got


async def _call(ask):
    chunks, response = [], None
    timeout = aiohttp.ClientTimeout(total=None, sock_read=ask.timeout)
    connector = aiohttp.TCPConnector()
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        try:
            response = await session.request(
                ask.method,
                ask.url,
                headers=list(ask.headers),
                data=ask.body,
                allow_redirects=False,
                auto_decompress=ask.reads == WHOLE,
            )
            await _read(ask, response, chunks)
        except (aiohttp.ClientError, TokentapeError, OSError) as error:
            return _got(response, chunks, error, session)
        finally:
            if response is not None:
                response.close()
        assert not connector._acquired
        return _got(response, chunks, None, session)


async def _read(ask, response, chunks):
    if ask.reads == WHOLE:
        chunks.append(await response.read())
        return
    if ask.reads == 0:
        return
    while not response.content.at_eof():
        chunk, _ = await response.content.readchunk()
        if not chunk:
            continue
        chunks.append(chunk)
        if ask.on_chunk:
            ask.on_chunk(chunk)
        if ask.reads != RAW and len(chunks) >= ask.reads:
            return


def _got(response, chunks, error, session):
    failed = None if error is None else (type(error).__name__, str(error))
    cause = type(getattr(error, "__cause__", None)).__name__
    if response is None:
        return Got(error=failed, facts={"cause": cause})
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.raw_headers)
    facts = {
        "cause": cause,
        "version": response.version,
        "cookies": sorted(morsel.OutputString() for morsel in response.cookies.values()),
        "jar": sorted((cookie.key, cookie.value) for cookie in session.cookie_jar),
        "closed": response.closed,
        "charset": response.charset,
        "content_type": response.content_type,
        "request": (response.method, str(response.url), sorted(response.request_info.headers.items())),
        "history": response.history,
    }
    return Got(response.status, response.reason, headers, tuple(chunks), failed, facts)
