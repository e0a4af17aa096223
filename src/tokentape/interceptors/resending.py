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
from base64 import b64encode
from collections import deque
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from tokentape import forks
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
"""Seconds before another try, where a provider is too busy. It may ask for more, up to `LONGEST`."""
LONGEST = 60.0
_BUSY = frozenset({429, 500, 502, 503, 504, 529})
AT_ONCE = 8
"""Calls that are out at a time; the others wait, without a thread of their own."""
_PIECE = 1 << 16
_OWN = (
    "content-length",
    "transfer-encoding",
    "expect",
    "connection",
    "proxy-connection",
    "proxy-authorization",
)


def resend(forward: Forward) -> None:
    """Send the call and tell `forward` what comes; returns at once."""
    _queue.add(forward)


class _Queue:
    """The calls that wait to be sent, and how many threads send them: none where nothing waits."""

    def __init__(self) -> None:
        self._lock = forks.renewed(threading.Lock())
        self._waiting: deque[Forward] = deque()
        self._threads = 0
        forks.follow(self)

    def add(self, forward: Forward) -> None:
        """Send it, as soon as there is room."""
        with self._lock:
            self._waiting.append(forward)
            if self._threads == AT_ONCE:
                return
            self._threads += 1
        try:
            threading.Thread(target=self._work, name="tokentape-verify", daemon=True).start()
        except RuntimeError as error:  # no more threads, or the interpreter is about to end
            with self._lock:
                self._threads -= 1
                left = 0 if self._threads else len(self._waiting)
                lost = [self._waiting.popleft() for _ in range(left)]
            for each in lost:
                each.end(*fault_of(error))

    def _work(self) -> None:
        while (forward := self._next()) is not None:
            _run(forward)

    def _next(self) -> Forward | None:
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            self._threads -= 1
            return None

    def before_fork(self) -> None:
        """Nothing."""

    def after_fork(self) -> None:
        """In the child: no thread is here, and what waits is the parent's."""
        self._waiting.clear()
        self._threads = 0

    def child_ends(self) -> None:
        """Nothing."""


_queue = _Queue()


def _run(forward: Forward) -> None:
    with claim.all_claimed():
        put_underway(forward)
        try:
            for wait in WAITS:
                asked_for = _answered(forward, takes_all=False)
                if asked_for is None:
                    return
                time.sleep(pause(wait, asked_for))
            _answered(forward, takes_all=True)
        except http.client.HTTPException as error:
            forward.end(How.CUT, WireError(type(error).__name__, str(error)))
        except Exception as error:  # noqa: BLE001  nobody is above this thread; what failed is told
            forward.end(*fault_of(error))


def pause(least: float, asked_for: str) -> float:
    """Seconds before another try; `asked_for` is a `Retry-After`, which may be a date or nothing, too."""
    try:
        seconds = float(asked_for)
    except ValueError:
        return least
    return max(least, min(seconds, LONGEST))


def _answered(forward: Forward, *, takes_all: bool) -> str | None:
    """Send it once; None where it is over. Unless it `takes_all`, a reply that another try may better is not
    it: the result is then how long the provider asks to wait.
    """
    forward.sent()
    connection = _connection(forward.request)
    try:
        _send(connection, forward.request)
        response = connection.getresponse()
        if response.status in _BUSY and not takes_all:
            return response.getheader("retry-after", "")
        forward.start(response.status, response.reason, tuple(response.getheaders()))
        while data := response.read1(_PIECE):
            forward.chunk(data)
        forward.end(How.CUT if response.length else How.EOF)
        return None
    finally:
        connection.close()


def _send(connection: http.client.HTTPConnection, request: Request) -> None:
    url = urlsplit(request.url)
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    proxy = _proxy(request.url) if url.scheme == "http" else ""
    if proxy:
        target = request.url.partition("#")[0]
    names_host = header(request.headers, "host") is not None
    connection.putrequest(request.method, target, skip_host=names_host, skip_accept_encoding=True)
    for name, value in without(request.headers, *_OWN):
        if not name.startswith(":"):
            connection.putheader(name, value)
    for name, value in _login(proxy).items():
        connection.putheader(name, value)
    if request.body is not None:
        connection.putheader("Content-Length", str(len(request.body)))
    connection.endheaders(request.body)


def _connection(request: Request) -> http.client.HTTPConnection:
    url, proxy = urlsplit(request.url), _proxy(request.url)
    place = urlsplit(proxy) if proxy else url
    host, port = place.hostname or "", place.port
    if url.scheme != "https":
        return http.client.HTTPConnection(host, port, timeout=TIMEOUT)
    made = http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=_tls())
    if proxy:
        made.set_tunnel(url.hostname or "", url.port, _login(proxy))
    return made


def _proxy(url: str) -> str:
    """The proxy that the environment names; "" where there is none. Raises `OSError` for one that http.client
    cannot talk to: what is said to a proxy over TLS would go there in the clear.
    """
    place = urlsplit(url)
    host = place.hostname or ""
    if is_loopback(host) or proxy_bypass(host):
        return ""
    named = getproxies().get(place.scheme, "")
    if named and "://" not in named:
        return f"http://{named}"
    kind = urlsplit(named).scheme
    if kind not in ("", "http"):
        raise OSError(f"live calls go through no proxy of the kind {kind}://")
    return named


def _login(proxy: str) -> dict[str, str]:
    """The field that a proxy wants where its URL names a user."""
    place = urlsplit(proxy)
    if place.username is None:
        return {}
    said = f"{unquote(place.username)}:{unquote(place.password or '')}"
    return {"Proxy-Authorization": f"Basic {b64encode(said.encode()).decode()}"}


@cache
def _tls() -> ssl.SSLContext:
    """The system's authorities, and those that the program's own HTTP library brings."""
    context = ssl.create_default_context()
    certifi = sys.modules.get("certifi")
    if certifi is not None:
        context.load_verify_locations(certifi.where())
    return context
