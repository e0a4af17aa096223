"""One call, made through each HTTP stack, and what its caller got in one form that compares."""

from __future__ import annotations

import asyncio
import gzip
import http.client
import itertools
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass, replace
from importlib.util import find_spec
from urllib.parse import urlsplit

from tokentape.errors import ReplayIncomplete

FRAMING = frozenset({"content-length", "transfer-encoding", "connection", "content-encoding"})
"""Derived from how the body is handed over, so each stack may have its own; the decoded body must be equal."""


@dataclass(frozen=True)
class Call:
    """A call to make: the body is read as it streams, and left after `leaves` pieces if that is given."""

    path: str
    method: str = "POST"
    body: bytes | None = b'{"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": true}'
    timeout: float = 10.0
    leaves: int | None = None

    @property
    def headers(self):
        """What every stack is told to send; urllib adds one of its own that says it has no codec."""
        sent = {"accept-encoding": "gzip"}
        return sent if self.body is None else {**sent, "content-type": "application/json"}


@dataclass(frozen=True)
class Got:
    """Header names in lower case, without framing; the body decoded; `fault`: what broke, in one word."""

    status: int | None
    headers: tuple[tuple[str, str], ...]
    body: bytes
    fault: str | None = None

    @classmethod
    def of(cls, status, headers, pieces, error=None, *, decoded=True):
        body = b"".join(pieces)
        if not decoded and dict(_lower(headers)).get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        kept = tuple(sorted((name, value) for name, value in _lower(headers) if name not in FRAMING))
        return cls(status, kept, body, None if error is None else fault_of(error))


def _lower(headers):
    return [(name.lower(), value) for name, value in headers]


FAULTS = {
    "ReplayIncomplete": "unseen",
    "ConnectionRefusedError": "refused",
    "NewConnectionError": "refused",
    "ConnectError": "refused",
    "ClientConnectorError": "refused",
    "ConnectionResetError": "reset",
    "ReadError": "reset",
    "ReadTimeout": "timeout",
    "ReadTimeoutError": "timeout",
    "SocketTimeoutError": "timeout",
    "TimeoutError": "timeout",
    "RemoteProtocolError": "cut",
    "RemoteDisconnected": "cut",
    "ServerDisconnectedError": "cut",
    "IncompleteRead": "cut",
    "InvalidChunkLength": "cut",
    "ClientPayloadError": "cut",
    "ProtocolError": "cut",
    "ChunkedEncodingError": "cut",
}
"""What went wrong, by the classes in an exception and those behind it: the first line that fits counts."""


def fault_of(error):
    """The one word for `error`; its own name where none fits."""
    names = set(_names(error))
    return next((word for name, word in FAULTS.items() if name in names), type(error).__name__)


def _names(error, seen=frozenset()):
    if not isinstance(error, BaseException) or id(error) in seen:
        return
    seen |= {id(error)}
    yield from (kind.__name__ for kind in type(error).__mro__)
    for behind in (error.__cause__, error.__context__, getattr(error, "reason", None), *error.args):
        yield from _names(behind, seen)


def gather(call, pieces, into, *native):
    """Read into `into`; what ended it, of the stack's `native` exceptions or ours, or None."""
    try:
        into.extend(itertools.islice(pieces, call.leaves))
    except (*native, ReplayIncomplete) as error:
        return error
    return None


# httpx and httpx2

PLAIN = {"trust_env": False, "verify": ssl.create_default_context(), "follow_redirects": True}


def _httpx(module):
    def make(url, call):
        pieces = []
        try:
            with module.Client(**PLAIN, timeout=call.timeout) as client:
                asked = {"headers": call.headers, "content": call.body}
                with client.stream(call.method, url + call.path, **asked) as got:
                    error = gather(call, got.iter_bytes(), pieces, module.HTTPError)
        except module.HTTPError as error:
            return Got.of(None, (), (), error)
        return Got.of(got.status_code, got.headers.multi_items(), pieces, error)

    return make


def _httpx_async(module):
    async def make(url, call):
        pieces, failed = [], None
        try:
            async with module.AsyncClient(**PLAIN, timeout=call.timeout) as client:
                asked = {"headers": call.headers, "content": call.body}
                async with client.stream(call.method, url + call.path, **asked) as got:
                    failed = await _agather(call, got.aiter_bytes(), pieces, module.HTTPError)
        except module.HTTPError as error:
            return Got.of(None, (), (), error)
        return Got.of(got.status_code, got.headers.multi_items(), pieces, failed)

    return lambda url, call: asyncio.run(make(url, call))


async def _agather(call, pieces, into, *native):
    try:
        while call.leaves is None or len(into) < call.leaves:
            piece = await anext(pieces, None)
            if piece is None:
                break
            into.append(piece)
    except (*native, ReplayIncomplete) as error:
        return error
    return None


# aiohttp


async def _aiohttp(url, call):
    import aiohttp

    pieces, timeout = [], aiohttp.ClientTimeout(total=None, sock_read=call.timeout)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        asked = {"headers": call.headers, "data": call.body}
        try:
            got = await session.request(call.method, url + call.path, **asked)
        except aiohttp.ClientError as error:
            return Got.of(None, (), (), error)
        failed = await _agather(call, aiter(got.content.iter_any()), pieces, aiohttp.ClientError)
        got.close()
    fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in got.raw_headers]
    return Got.of(got.status, fields, pieces, failed)


def aiohttp_call(url, call):
    return asyncio.run(_aiohttp(url, call))


def aiohttp_uvloop_call(url, call):
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_aiohttp(url, call))


# requests, urllib3, http.client, urllib.request


def requests_call(url, call):
    import requests

    pieces, asked = [], {"headers": call.headers, "data": call.body}
    with requests.Session() as session:
        session.trust_env = False
        try:
            got = session.request(call.method, url + call.path, stream=True, timeout=call.timeout, **asked)
        except requests.RequestException as error:
            return Got.of(None, (), (), error)
        error = gather(call, got.iter_content(None), pieces, requests.RequestException)
        got.close()
    return Got.of(got.status_code, got.raw.headers.items(), pieces, error)


def urllib3_call(url, call):
    import urllib3

    pieces, asked = [], {"headers": call.headers, "body": call.body}
    with urllib3.PoolManager(
        timeout=call.timeout, retries=urllib3.Retry(None, connect=False, read=False, redirect=5)
    ) as pools:
        try:
            got = pools.request(call.method, url + call.path, preload_content=False, **asked)
        except urllib3.exceptions.HTTPError as error:
            return Got.of(None, (), (), error)
        error = gather(call, got.stream(decode_content=True), pieces, urllib3.exceptions.HTTPError)
        got.close()
    return Got.of(got.status, got.headers.items(), pieces, error)


def http_client_call(url, call):
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=call.timeout)
    try:
        connection.request(call.method, call.path, body=call.body, headers=call.headers)
        got = connection.getresponse()
        if got.status == 302:  # every other stack follows by itself
            return http_client_call(url, replace(call, path=got.getheader("location")))
        return _by_hand(got, call, got.getheaders())
    except (OSError, http.client.HTTPException) as error:
        return Got.of(None, (), (), error)
    finally:
        connection.close()


def urllib_request_call(url, call):
    asked = urllib.request.Request(url + call.path, call.body, call.headers, method=call.method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        got = opener.open(asked, timeout=call.timeout)
    except urllib.error.HTTPError as error:
        got = error
    except OSError as error:
        return Got.of(None, (), (), error)
    with got:
        return _by_hand(got, call, got.headers.items())


def _by_hand(got, call, headers):
    """These two undo no coding, and say nothing of a body that ends early: careful programs count."""
    pieces = []
    error = gather(call, iter(lambda: got.read1(65536), b""), pieces, http.client.HTTPException, OSError)
    told = got.headers.get("content-length")
    short = told is not None and sum(map(len, pieces)) < int(told)
    if error is None and call.leaves is None and call.method != "HEAD" and short:
        error = http.client.IncompleteRead(b"".join(pieces))
    return Got.of(got.status, headers, pieces, error, decoded=False)


def stacks():
    """Every stack that is installed: name to the function that makes a call (base URL, `Call`) -> `Got`."""
    found = {"http.client": http_client_call, "urllib.request": urllib_request_call}
    for name in ("httpx", "httpx2"):
        if find_spec(name):
            module = __import__(name)
            found |= {name: _httpx(module), f"{name}-async": _httpx_async(module)}
    for name, call, needs in (
        ("requests", requests_call, ("requests",)),
        ("urllib3", urllib3_call, ("urllib3",)),
        ("aiohttp", aiohttp_call, ("aiohttp",)),
        ("aiohttp-uvloop", aiohttp_uvloop_call, ("aiohttp", "uvloop")),
    ):
        if all(map(find_spec, needs)):
            found[name] = call
    return found
