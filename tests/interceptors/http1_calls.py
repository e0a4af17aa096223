"""Making the contract's calls through urllib3, requests, http.client and urllib.request."""

from __future__ import annotations

import http.client
import re
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from tokentape.errors import TokentapeError
from tokentape.testing.contracts.scripts import WHOLE, Got


def urllib3_call(ask):
    import urllib3

    chunks, response = [], None
    try:
        with urllib3.PoolManager(timeout=ask.timeout, retries=False) as manager:
            response = manager.request(
                ask.method, ask.url, headers=dict(ask.headers), body=ask.body,
                preload_content=False, redirect=False,
            )  # fmt: skip
            if ask.reads == WHOLE:
                chunks.append(response.read(decode_content=True))
            else:
                _take(ask, response.stream(decode_content=False), chunks)
            response.close()
    except (urllib3.exceptions.HTTPError, TokentapeError, OSError) as error:
        return _got(response, chunks, error, response and response.version)
    return _got(response, chunks, None, response.version)


def requests_call(ask):
    import requests

    chunks, response = [], None
    try:
        with requests.Session() as session:
            session.trust_env = False
            response = session.request(
                ask.method, ask.url, headers=dict(ask.headers), data=ask.body, stream=True,
                timeout=ask.timeout, allow_redirects=False,
            )  # fmt: skip
            if ask.reads == WHOLE:
                chunks.append(response.content)
            else:
                _take(ask, response.raw.stream(decode_content=False), chunks)
            response.close()
    except (requests.RequestException, TokentapeError, OSError) as error:
        return _requests_got(response, chunks, error)
    except Exception as error:  # urllib3's own, where the raw reply is read
        if type(error).__module__ != "urllib3.exceptions":
            raise
        return _requests_got(response, chunks, error)
    return _requests_got(response, chunks, None)


def _requests_got(response, chunks, error):
    raw = None if response is None else response.raw
    return _got(raw, chunks, error, (response.encoding, response.cookies.get_dict()) if raw else None)


def http_client_call(ask):
    chunks, response = [], None
    parts = urlsplit(ask.url)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=ask.timeout)
    try:
        connection.request(ask.method, target, body=ask.body, headers=dict(ask.headers))
        response = connection.getresponse()
        if ask.reads == WHOLE:
            chunks.append(response.read())
        else:
            _take(ask, iter(lambda: response.read1(65536), b""), chunks)
            if ask.reads < 0 and response.length and not chunks_fit(response, chunks):
                raise http.client.IncompleteRead(b"".join(chunks))
        response.close()
    except (http.client.HTTPException, TokentapeError, OSError) as error:
        return _got(response, chunks, error, response and response.version)
    finally:
        connection.close()
    return _got(response, chunks, None, response.version)


def chunks_fit(response, chunks):
    """`read1` says nothing of a body that stops short; careful programs count."""
    length = response.getheader("content-length")
    return length is None or int(length) == sum(map(len, chunks))


def urllib_request_call(ask):
    chunks, response = [], None
    request = urllib.request.Request(ask.url, data=ask.body, headers=dict(ask.headers), method=ask.method)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects())
    try:
        try:
            response = opener.open(request, timeout=ask.timeout)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            if ask.reads == WHOLE:
                chunks.append(response.read())
            else:
                _take(ask, iter(lambda: response.read1(65536), b""), chunks)
                if ask.reads < 0 and ask.method != "HEAD" and not chunks_fit(response, chunks):
                    raise http.client.IncompleteRead(b"".join(chunks))
    except urllib.error.URLError as error:
        return _got(response, chunks, error, repr(error.reason))
    except (http.client.HTTPException, TokentapeError, OSError) as error:
        return _got(response, chunks, error, None)
    return _got(response, chunks, None, response.geturl())


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args, **options):
        return None


def _take(ask, parts, chunks):
    while ask.reads < 0 or len(chunks) < ask.reads:
        chunk = next(parts, None)
        if chunk is None:
            break
        chunks.append(chunk)
        if ask.on_chunk:
            ask.on_chunk(chunk)


def without_addresses(text):
    """Older versions of urllib3 name the connection object by its address in memory."""
    return re.sub("0x[0-9a-f]+", "0x", text)


def _got(response, chunks, error, fact):
    failed = None if error is None else (type(error).__name__, without_addresses(str(error)))
    if response is None:
        return Got(error=failed)
    headers = tuple(response.headers.items())
    facts = {"fact": fact}
    return Got(response.status, response.reason or "", headers, tuple(chunks), failed, facts)


def both(hooked, provider, call):
    """What `call` returns, after checking that the replay without a server returns the same."""
    recorded = call()
    seen = provider.count
    provider.stop()
    hooked.rewind()
    assert call() == recorded
    assert (provider.count, hooked.left) == (seen, 0)
    return recorded
