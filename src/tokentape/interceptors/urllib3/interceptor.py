"""urllib3 1.26 and 2: hooked where a pool makes one attempt on one connection.

`HTTPConnectionPool._make_request` is below retries, redirects and cookies, so each of them stays native, and
a recorded 503, 503, 200 is three attempts. For the length of an attempt a `SocketProxy` stands in for the
connection's socket. What urllib3 does ahead of a request waits until it is really sent: the TLS handshake
(`_validate_conn`), and the CONNECT to a proxy (`_prepare_proxy`). This carries requests, botocore,
azure-core, google-auth and whatever else sends through urllib3.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING
from weakref import WeakSet

from tokentape.interceptors.base import NoSeam
from tokentape.interceptors.httpclient import connection_class
from tokentape.interceptors.patching import Patch
from tokentape.interceptors.sockets.proxy import SocketProxy
from tokentape.interceptors.urllib3.attempt import PoolAttempt, Unconnected
from tokentape.log import log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from urllib3.connection import HTTPConnection
    from urllib3.connectionpool import HTTPConnectionPool

    from tokentape.interceptors.base import Tape

    Make = Callable[[Patch, Callable[..., object]], Callable[..., object]]

SEAMS = (
    ("HTTPConnectionPool", "_make_request"),
    ("HTTPSConnectionPool", "_validate_conn"),
    ("HTTPSConnectionPool", "_prepare_proxy"),
)

DOUBLES = frozenset({"vcr"})
"""Packages whose connections stand in for urllib3's; what they really send is seen below them."""


class Urllib3Interceptor:
    """Hooks the pools of urllib3."""

    name = "urllib3"
    modules = ("urllib3",)

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._patches: dict[tuple[type, str], Patch] = {}
        self._tunnelling: WeakSet[HTTPConnection] = WeakSet()
        self._warned = False
        self._connections: type = object

    def attach(self, module: ModuleType) -> None:
        """Hook both pools of `module`. Raises `NoSeam` for a module without them."""
        missing = lacking(module)
        if missing:
            raise NoSeam(f"it has no {', '.join(missing)}")
        self._connections = connection_class(sys.modules["http.client"])
        makers = (self._make_request(module), self._validate_conn, self._prepare_proxy)
        for (owner, name), make in zip(SEAMS, makers, strict=True):
            self._patch(getattr(module.connectionpool, owner), name, make)

    def detach(self) -> None:
        """Put the pools' own methods back, where they are still ours to put back."""
        self._patches = {where: patch for where, patch in self._patches.items() if not patch.undo()}

    def is_attached(self, name: str) -> bool:
        """True if urllib3 is imported and hooked."""
        pools = getattr(sys.modules.get(name), "connectionpool", None)
        patch = self._patches.get((getattr(pools, "HTTPConnectionPool", object), "_make_request"))
        return patch is not None and patch.is_in_place

    def unsupported(self, name: str) -> str | None:
        """Why the imported version cannot be hooked, or None."""
        missing = lacking(sys.modules[name]) if name in sys.modules else []
        return f"it has no {', '.join(missing)}" if missing else None

    def _patch(self, owner: type, name: str, make: Make) -> None:
        if (owner, name) in self._patches:
            self._patches[owner, name].redo()
        else:
            self._patches[owner, name] = Patch(owner, name, make)

    def _make_request(self, module: ModuleType) -> Make:
        tape, idle = self._tape, self._tape.idle

        def make(patch: Patch, original: Callable[..., object]) -> Callable[..., object]:
            @wraps(original)
            def _make_request(
                pool: HTTPConnectionPool, conn: HTTPConnection, *args: object, **options: object
            ) -> object:
                if idle() or not patch.is_on or not self._speaks_http_1(conn):
                    return original(pool, conn, *args, **options)
                attempt = PoolAttempt(module, pool, conn, tunnels=conn in self._tunnelling)
                conn.sock = proxy = SocketProxy(tape, attempt, conn.sock)
                try:
                    response = original(pool, conn, *args, **options)
                except Unconnected as failed:
                    proxy.leave(failed)
                    _prepare_to_fail(pool, conn, failed)
                    with _connecting_by(conn, failed.again):
                        return original(pool, conn, *args, **options)
                except BaseException as error:
                    proxy.leave(error)
                    raise
                finally:
                    self._tunnelling.discard(conn)
                proxy.leave(None)
                return response

            return _make_request

        return make

    def _validate_conn(self, patch: Patch, original: Callable[..., object]) -> Callable[..., object]:
        @wraps(original)
        def _validate_conn(pool: HTTPConnectionPool, conn: HTTPConnection) -> object:
            if isinstance(conn.sock, SocketProxy) and conn.sock.real is None:
                return None
            return original(pool, conn)

        return _validate_conn

    def _prepare_proxy(self, patch: Patch, original: Callable[..., object]) -> Callable[..., object]:
        idle = self._tape.idle

        @wraps(original)
        def _prepare_proxy(pool: HTTPConnectionPool, conn: HTTPConnection) -> object:
            if idle() or not patch.is_on or not self._speaks_http_1(conn):
                return original(pool, conn)
            self._tunnelling.add(conn)
            with _connecting_by(conn, _later):
                return original(pool, conn)

        return _prepare_proxy

    def _speaks_http_1(self, conn: object) -> bool:
        """False for connections that are not http.client's: other recorders' doubles, HTTP/2, forks."""
        kind = type(conn)
        if kind.__module__.partition(".")[0] in DOUBLES:
            return False
        http2 = sys.modules.get("urllib3.http2.connection")
        speaks_2 = http2 is not None and issubclass(kind, http2.HTTP2Connection)
        if issubclass(kind, self._connections) and not speaks_2:
            return True
        if not self._warned:
            self._warned = True
            log.warning("not recorded: urllib3 sends through %s.%s", kind.__module__, kind.__qualname__)
        return False


def lacking(module: ModuleType) -> list[str]:
    """What the module would need and does not have."""
    pools = getattr(module, "connectionpool", None)
    return [f"{owner}.{name}" for owner, name in SEAMS if name not in vars(getattr(pools, owner, object))]


def _prepare_to_fail(pool: HTTPConnectionPool, conn: HTTPConnection, failed: Unconnected) -> None:
    """Leave the connection as before the attempt. Raises what urllib3 raises outside of one."""
    conn.close()
    pool.num_requests -= 1
    if failed.in_tunnel:
        if isinstance(failed.error, OSError) and pool.proxy is not None:
            pool._raise_timeout(failed.error, pool.proxy.url, conn.timeout)
        raise failed.error


@contextmanager
def _connecting_by(conn: HTTPConnection, connect: Callable[[], None]) -> Iterator[None]:
    """Have `connect` in the place of the connection's own method for the block."""
    conn.__dict__["connect"] = connect
    try:
        yield
    finally:
        del conn.__dict__["connect"]


def _later() -> None:
    """Stands in for `connect` while a tunnel is only being described."""
