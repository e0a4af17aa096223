"""One attempt of a urllib3 pool on one of its connections, as the socket's proxy sees it."""

from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING, cast

from tokentape.interceptors.httpclient import Direct

if TYPE_CHECKING:
    import http.client
    from collections.abc import Callable
    from types import ModuleType

    from urllib3.connection import HTTPConnection
    from urllib3.connectionpool import HTTPConnectionPool

    from tokentape.wire.message import Request

READS_ON = frozenset({errno.EPIPE, errno.ESHUTDOWN, errno.EPROTOTYPE, errno.ECONNRESET})
"""A server may reply and close before it has read everything: urllib3 then reads the reply."""


class Unconnected(BaseException):
    """Connecting failed at a place where urllib3 does not expect it; the interceptor moves it.

    Not an `Exception`, so that nothing between here and there takes it for an answer.
    """

    def __init__(self, error: Exception, *, in_tunnel: bool) -> None:
        super().__init__(error)
        self.error = error
        self.in_tunnel = in_tunnel
        self.__cause__ = error

    def again(self) -> None:
        """Raise the error."""
        raise self.error


class PoolAttempt(Direct):
    """`tunnels`: the CONNECT to the pool's proxy was put off, and comes first."""

    def __init__(
        self, module: ModuleType, pool: HTTPConnectionPool, connection: HTTPConnection, *, tunnels: bool
    ) -> None:
        super().__init__(cast("http.client.HTTPConnection", connection))
        self._module = module
        self._pool = pool
        self._tunnels = tunnels

    def codecs(self, request: Request) -> frozenset[str]:
        """What urllib3 decodes, asked or not, and what the program asked for."""
        return super().codecs(request) | frozenset(self._module.response.HTTPResponse.CONTENT_DECODERS)

    def connect(self) -> socket.socket:
        """Connect as the pool does before a request. Raises `Unconnected` where it does so ahead of it."""
        proxy, self.connection.sock = self.connection.sock, None
        if self._tunnels:
            self._ahead(self.connection.connect, in_tunnel=True)
        self._ahead(lambda: self._pool._validate_conn(self._connection), in_tunnel=False)
        if self.connection.sock is None:
            self.connection.connect()
        real = cast("socket.socket", self.connection.sock)
        self.connection.sock = proxy
        return real

    @property
    def _connection(self) -> HTTPConnection:
        return cast("HTTPConnection", self.connection)

    def failed_to_connect(self, error: Exception) -> BaseException:
        """The error as `connect` raises it."""
        wrapped = self._wrapped(error)
        if self._tunnels or self._pool.scheme == "https":
            return Unconnected(wrapped, in_tunnel=self._tunnels)
        return wrapped

    def as_if_connected(self) -> None:
        """Errors from here on are not the proxy's. (urllib3 1.26 keeps no such note.)"""
        if getattr(self.connection, "proxy", None) is not None:
            self.connection.__dict__["_has_connected_to_proxy"] = True

    def reads_on(self, error: OSError) -> bool:
        """True for a connection that broke while sending."""
        return error.errno in READS_ON

    def _ahead(self, step: Callable[[], object], *, in_tunnel: bool) -> None:
        try:
            step()
        except Exception as error:  # whatever it is: raised again where it belongs
            raise Unconnected(error, in_tunnel=in_tunnel) from error

    def _wrapped(self, error: Exception) -> Exception:
        """A socket's error as `HTTPConnection._new_conn` words it; those of TLS stay as they are."""
        exceptions, connection = self._module.exceptions, self._connection
        if type(error).__module__ == "ssl" or "handshake" in str(error):
            return error
        wrapped: Exception
        if isinstance(error, TimeoutError):
            text = f"Connection to {connection.host} timed out. (connect timeout={connection.timeout})"
            wrapped = exceptions.ConnectTimeoutError(connection, text)
        elif isinstance(error, socket.gaierror) and hasattr(exceptions, "NameResolutionError"):
            wrapped = exceptions.NameResolutionError(connection.host, connection, error)
        else:
            text = f"Failed to establish a new connection: {error}"
            wrapped = exceptions.NewConnectionError(connection, text)
        wrapped.__cause__ = error
        return wrapped
