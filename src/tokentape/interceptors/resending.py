"""Mode `verify`: the call that a recording was played for goes out, too, on a thread of its own.

The program has its reply already, and waits for nothing. It is the program's request as it stood before the
transport, keys included, sent by http.client: with the proxies of the environment, and without what a client
was given for itself (a proxy, a certificate, HTTP/2). It passes every cassette and every block, since it was
told to go out.
"""

from __future__ import annotations

import http.client
import ssl
import sys
import threading
import time
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from tokentape.allowed import is_loopback
from tokentape.interceptors import claim
from tokentape.interceptors.faults import fault_of
from tokentape.outcomes import put_underway
from tokentape.wire.interaction import How, WireError
from tokentape.wire.message import header, without

if TYPE_CHECKING:
    from tokentape.outcomes import Forward
    from tokentape.wire.message import Request

TIMEOUT = 120.0
"""Seconds without a byte."""
WAITS = (1.0, 4.0)
"""Seconds before another try, where a provider is too busy to answer."""
_BUSY = frozenset({429, 500, 502, 503, 504, 529})
_AT_ONCE = threading.BoundedSemaphore(8)
_PIECE = 1 << 16
_OWN = ("content-length", "transfer-encoding", "expect", "connection", "proxy-connection")


def resend(forward: Forward) -> None:
    """Send the call and tell `forward` what comes; returns at once."""
    try:
        threading.Thread(target=_run, args=(forward,), name="tokentape-verify", daemon=True).start()
    except RuntimeError as error:  # the interpreter is about to end
        forward.end(*fault_of(error))


def _run(forward: Forward) -> None:
    with _AT_ONCE, claim.all_claimed():
        put_underway(forward)
        try:
            for wait in WAITS:
                if _answered(forward, takes_all=False):
                    return
                time.sleep(wait)
            _answered(forward, takes_all=True)
        except http.client.HTTPException as error:
            forward.end(How.CUT, WireError(type(error).__name__, str(error)))
        except Exception as error:  # noqa: BLE001  nobody is above this thread; what failed is told
            forward.end(*fault_of(error))


def _answered(forward: Forward, *, takes_all: bool) -> bool:
    """Send it once; False for a reply that another try may better, unless `takes_all`."""
    forward.sent()
    connection = _connection(forward.request)
    try:
        _send(connection, forward.request)
        response = connection.getresponse()
        if response.status in _BUSY and not takes_all:
            return False
        forward.start(response.status, response.reason, tuple(response.getheaders()))
        while data := response.read1(_PIECE):
            forward.chunk(data)
        forward.end(How.CUT if response.length else How.EOF)
        return True
    finally:
        connection.close()


def _send(connection: http.client.HTTPConnection, request: Request) -> None:
    url = urlsplit(request.url)
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    if url.scheme == "http" and _proxy(request.url):
        target = request.url.partition("#")[0]
    names_host = header(request.headers, "host") is not None
    connection.putrequest(request.method, target, skip_host=names_host, skip_accept_encoding=True)
    for name, value in without(request.headers, *_OWN):
        if not name.startswith(":"):
            connection.putheader(name, value)
    if request.body is not None:
        connection.putheader("Content-Length", str(len(request.body)))
    connection.endheaders(request.body)


def _connection(request: Request) -> http.client.HTTPConnection:
    url, proxy = urlsplit(request.url), _proxy(request.url)
    host, port = url.hostname or "", url.port
    if url.scheme != "https":
        place = urlsplit(proxy) if proxy else url
        return http.client.HTTPConnection(place.hostname or "", place.port, timeout=TIMEOUT)
    if not proxy:
        return http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=_tls())
    place = urlsplit(proxy)
    made = http.client.HTTPSConnection(place.hostname or "", place.port, timeout=TIMEOUT, context=_tls())
    made.set_tunnel(host, port)
    return made


def _proxy(url: str) -> str:
    """The proxy that the environment names; "" where there is none."""
    place = urlsplit(url)
    host = place.hostname or ""
    if is_loopback(host) or proxy_bypass(host):
        return ""
    named = getproxies().get(place.scheme, "")
    return named if "://" in named or not named else f"http://{named}"


@cache
def _tls() -> ssl.SSLContext:
    """The system's authorities, and those that the program's own HTTP library brings."""
    context = ssl.create_default_context()
    certifi = sys.modules.get("certifi")
    if certifi is not None:
        context.load_verify_locations(certifi.where())
    return context
