"""Making the contract's calls through httpx-like modules, sync and async."""

from __future__ import annotations

import asyncio

from tokentape.errors import TokentapeError
from tokentape.testing.contracts.scripts import WHOLE, Got


def sync_call(module, ask, **client_options):
    """One call through `module.Client`."""
    chunks, response = [], None
    try:
        with module.Client(timeout=ask.timeout, trust_env=False, **client_options) as client:
            request = client.build_request(ask.method, ask.url, headers=list(ask.headers), content=ask.body)
            if ask.reads == WHOLE:
                response = client.send(request, stream=True)
                chunks.append(response.read())
            else:
                response = client.send(request, stream=True)
                _take(ask, response, chunks)
    except (module.HTTPError, TokentapeError, OSError) as error:
        return _got(response, chunks, error)
    return _got(response, chunks, None)


def _take(ask, response, chunks):
    raw = response.iter_raw()
    while ask.reads < 0 or len(chunks) < ask.reads:
        chunk = next(raw, None)
        if chunk is None:
            break
        chunks.append(chunk)
        if ask.on_chunk:
            ask.on_chunk(chunk)
    response.close()


def async_call(module, ask, run=asyncio.run, **client_options):
    """One call through `module.AsyncClient`, in a loop of its own."""
    return run(_async_call, module, ask, client_options)


def on_asyncio(function, *args):
    return asyncio.run(function(*args))


def on_trio(function, *args):
    import trio

    return trio.run(function, *args)


async def _async_call(module, ask, client_options):
    chunks, response = [], None
    try:
        async with module.AsyncClient(timeout=ask.timeout, trust_env=False, **client_options) as client:
            request = client.build_request(ask.method, ask.url, headers=list(ask.headers), content=ask.body)
            response = await client.send(request, stream=True)
            if ask.reads == WHOLE:
                chunks.append(await response.aread())
            else:
                await _atake(ask, response, chunks)
    except (module.HTTPError, TokentapeError, OSError) as error:
        return _got(response, chunks, error)
    return _got(response, chunks, None)


async def _atake(ask, response, chunks):
    raw = response.aiter_raw()
    while ask.reads < 0 or len(chunks) < ask.reads:
        chunk = await anext(raw, None)
        if chunk is None:
            break
        chunks.append(chunk)
        if ask.on_chunk:
            ask.on_chunk(chunk)
    await raw.aclose()
    await response.aclose()


def _got(response, chunks, error):
    failed = None if error is None else (type(error).__name__, str(error))
    if response is None:
        facts = {"request": str(getattr(error, "request", None))}
        return Got(error=failed, facts=facts)
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw)
    facts = {
        "http_version": response.http_version,
        "num_bytes_downloaded": response.num_bytes_downloaded,
        "cookies": sorted(response.cookies.items()),
        "encoding": response.encoding,
        "is_closed": response.is_closed,
        "has_elapsed": _has_elapsed(response),
        "request": (response.request.method, str(response.request.url)),
        "extensions": sorted(set(response.extensions) - {"network_stream"}),
        "error_request": str(getattr(error, "request", None)),
    }
    return Got(response.status_code, response.reason_phrase, headers, tuple(chunks), failed, facts)


def _has_elapsed(response):
    """httpx does not close a response whose body failed, so it has none then."""
    try:
        return response.elapsed is not None
    except RuntimeError:
        return False
