"""http.client, direct or under urllib.request: hooked where a connection begins a request.

`HTTPConnection.putrequest` puts a `SocketProxy` in the place of the connection's socket. It sees every
library built on http.client, connections made before activation, and bodies sent in any way; replies are
parsed by the real `http.client.HTTPResponse` (or whatever `response_class` is) from recorded wire bytes.
"""

from __future__ import annotations

import sys
from functools import wraps
from typing import TYPE_CHECKING, cast

from tokentape.interceptors.base import NoSeam
from tokentape.interceptors.patching import Patch
from tokentape.interceptors.sockets.proxy import SocketProxy
from tokentape.wire.message import header

if TYPE_CHECKING:
    import http.client
    import socket
    from collections.abc import Callable
    from types import ModuleType

    from tokentape.interceptors.base import Tape
    from tokentape.wire.message import Request

SEAM = "putrequest"
ANY_CODEC = frozenset({"gzip", "x-gzip", "deflate", "br", "zstd"})


class Direct:
    """One request of a connection used by itself; libraries on top of http.client have subclasses."""

    def __init__(self, connection: http.client.HTTPConnection) -> None:
        self.connection = connection

    def url(self, target: str) -> str:
        """The absolute URL: as it is in a request to a proxy, else of the tunnel's end or the host."""
        if not target.startswith("/"):
            return target if "://" in target else f"{self._origin()}/{target}"
        return self._origin() + target

    def _origin(self) -> str:
        connection = self.connection
        tunnel: str | None = getattr(connection, "_tunnel_host", None)
        host, port = connection.host, connection.port
        if tunnel:
            host, port = tunnel, getattr(connection, "_tunnel_port", None) or connection.default_port
        scheme = "https" if connection.default_port == 443 else "http"
        name = f"[{host}]" if ":" in host and not host.startswith("[") else host
        return f"{scheme}://{name}" if port == connection.default_port else f"{scheme}://{name}:{port}"

    def codecs(self, request: Request) -> frozenset[str]:
        """http.client undoes nothing; a program that asks for codings undoes them itself."""
        asked = (header(request.headers, "accept-encoding") or "").lower().replace(" ", "").split(",")
        names = frozenset(name.partition(";")[0] for name in asked if not name.endswith((";q=0", ";q=0.0")))
        return names | ANY_CODEC if "*" in names else names

    def connect(self) -> socket.socket:
        """Connect by the connection's own method."""
        proxy, self.connection.sock = self.connection.sock, None
        self.connection.connect()
        real = cast("socket.socket", self.connection.sock)
        self.connection.sock = proxy
        return real

    def failed_to_connect(self, error: Exception) -> BaseException:
        """What `connect` would have raised."""
        return error

    def give_back(self, real: socket.socket | None) -> None:
        """Put the connection's own socket back in its place."""
        if isinstance(self.connection.sock, SocketProxy):
            self.connection.sock = real

    def as_if_connected(self) -> None:
        """http.client keeps no other note of a connection than its socket."""

    def reads_on(self, error: OSError) -> bool:
        """http.client leaves a failed send to the program, which gives up."""
        return False


class HttpClientInterceptor:
    """Hooks http.client."""

    name = "http.client"
    modules = ("http.client",)

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._patch: Patch | None = None

    def attach(self, module: ModuleType) -> None:
        """Hook `HTTPConnection`. Raises `NoSeam` where it has no `putrequest`."""
        owner = connection_class(module)
        if SEAM not in vars(owner):
            raise NoSeam(f"it has no HTTPConnection.{SEAM}")
        if self._patch is None:
            self._patch = Patch(owner, SEAM, self._replacement)
        else:
            self._patch.redo()

    def detach(self) -> None:
        """Put the original back, where it is still ours to put back."""
        if self._patch is not None and self._patch.undo():
            self._patch = None

    def is_attached(self, name: str) -> bool:
        """True if http.client is imported and hooked."""
        return name in sys.modules and self._patch is not None and self._patch.is_in_place

    def unsupported(self, name: str) -> str | None:
        """Every http.client of every supported Python can be hooked."""
        return None

    def _replacement(self, patch: Patch, original: Callable[..., object]) -> Callable[..., object]:
        tape, idle = self._tape, self._tape.idle

        @wraps(original)
        def putrequest(
            self: http.client.HTTPConnection, method: str, url: str, *args: object, **options: object
        ) -> object:
            result = original(self, method, url, *args, **options)
            if patch.is_on and not idle() and method.upper() != "CONNECT":
                _stand_in(self, tape)
            return result

        return putrequest


def connection_class(module: ModuleType) -> type:
    """http.client's own `HTTPConnection`, also while another recorder has a class of its own in its place."""
    named: type = getattr(module, "HTTPConnection", object)
    if named.__module__ == module.__name__:
        return named
    own = (kind for kind in object.__subclasses__() if kind.__module__ == module.__name__)
    return next((kind for kind in own if kind.__name__ == "HTTPConnection"), named)


def _stand_in(connection: http.client.HTTPConnection, tape: Tape) -> None:
    """Put a proxy in the socket's place, unless a library on top did, or there will be no socket."""
    sock = connection.sock
    if isinstance(sock, SocketProxy) and sock.is_fresh:
        return
    real = sock.real if isinstance(sock, SocketProxy) else sock
    if real is not None or connection.auto_open:
        connection.sock = SocketProxy(tape, Direct(connection), real)
