"""http.client, direct or under urllib.request: hooked where a connection begins a request.

`HTTPConnection.putrequest` puts a `SocketProxy` in the place of the connection's socket. It sees every
library built on http.client, connections made before activation, and bodies sent in any way; replies are
parsed by the real `http.client.HTTPResponse` (or whatever `response_class` is) from recorded wire bytes.
"""

from __future__ import annotations

import sys
from contextvars import ContextVar
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

    Make = Callable[[Patch, Callable[..., object]], Callable[..., object]]

SEAM = "putrequest"
CONNECTS = ("HTTPConnection", "HTTPSConnection")
"""Their `connect` waits, too, where nothing is sent: programs call it ahead of the request."""

_really: ContextVar[bool] = ContextVar("tokentape_really", default=False)
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
        token = _really.set(True)
        try:
            self.connection.connect()
        finally:
            _really.reset(token)
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
        self._patches: dict[tuple[type, str], Patch] = {}

    def attach(self, module: ModuleType) -> None:
        """Hook `HTTPConnection`. Raises `NoSeam` where it has no `putrequest`."""
        owner = connection_class(module)
        if SEAM not in vars(owner):
            raise NoSeam(f"it has no HTTPConnection.{SEAM}")
        self._hook(owner, SEAM, self._putrequest)
        for name in CONNECTS:
            kind = connection_class(module, name)
            if "connect" in vars(kind):
                self._hook(kind, "connect", self._connect)

    def detach(self) -> None:
        """Put the original back, where it is still ours to put back."""
        self._patches = {where: patch for where, patch in self._patches.items() if not patch.undo()}

    def is_attached(self, name: str) -> bool:
        """True if http.client is imported and hooked."""
        module = sys.modules.get(name)
        patch = self._patches.get((connection_class(module), SEAM)) if module is not None else None
        return patch is not None and patch.is_in_place

    def unsupported(self, name: str) -> str | None:
        """Every http.client of every supported Python can be hooked."""
        return None

    def _hook(self, owner: type, name: str, make: Make) -> None:
        if (owner, name) in self._patches:
            self._patches[owner, name].redo()
        else:
            self._patches[owner, name] = Patch(owner, name, make)

    def _connect(self, patch: Patch, original: Callable[..., object]) -> Callable[..., object]:
        tape, idle = self._tape, self._tape.idle

        @wraps(original)
        def connect(self: http.client.HTTPConnection) -> object:
            if idle() or not patch.is_on or self.sock is not None or _really.get() or tape.sends():
                return original(self)
            self.sock = cast("socket.socket", SocketProxy(tape, Direct(self), None))
            return None

        return connect

    def _putrequest(self, patch: Patch, original: Callable[..., object]) -> Callable[..., object]:
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


def connection_class(module: ModuleType, name: str = "HTTPConnection") -> type:
    """http.client's own class, also while another recorder has one of its own in its place."""
    named: type = getattr(module, name, object)
    if named.__module__ == module.__name__:
        return named
    base = object if name == "HTTPConnection" else connection_class(module)
    kinds: list[type] = base.__subclasses__()
    own = (kind for kind in kinds if kind.__module__ == module.__name__)
    return next((kind for kind in own if kind.__name__ == name), named)


def _stand_in(connection: http.client.HTTPConnection, tape: Tape) -> None:
    """Put a proxy in the socket's place, unless a library on top did, or there will be no socket."""
    sock = connection.sock
    if isinstance(sock, SocketProxy) and sock.is_fresh:
        return
    real = sock.real if isinstance(sock, SocketProxy) else sock
    if real is not None or connection.auto_open:
        connection.sock = SocketProxy(tape, Direct(connection), real)
