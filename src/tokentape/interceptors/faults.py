"""httpx's exceptions and how a call ended: a pure mapping, both ways.

Recording names what happened from the exception's classes, nearest first, and its text. Replay raises the
library's own class by the recorded name, or by how the call ended where the recording comes from another
library. An `OSError` that a transport of the user's let through is recorded as `builtins.NAME`, and comes
back as that; the bare name is what libraries on sockets record.
"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from tokentape.interceptors.http1.torn import heard
from tokentape.wire.interaction import How, WireError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

BY_CLASS = {
    "ReadTimeout": How.READ_TIMEOUT,
    "WriteTimeout": How.WRITE_TIMEOUT,
    "ConnectTimeout": How.CONNECT_TIMEOUT,
    "TimeoutException": How.READ_TIMEOUT,
    "ConnectError": How.CONNECT_ERROR,
    "ProxyError": How.CONNECT_ERROR,
    "UnsupportedProtocol": How.CONNECT_ERROR,
    "ReadError": How.RESET,
    "WriteError": How.RESET,
    "CloseError": How.RESET,
    "NetworkError": How.RESET,
    "ProtocolError": How.PROTOCOL_ERROR,
    "CancelledError": How.CANCELLED,
    "Cancelled": How.CANCELLED,
    "KeyboardInterrupt": How.CANCELLED,
    "SystemExit": How.CANCELLED,
    "GeneratorExit": How.CLOSED_BY_CALLER,
    "SSLError": How.TLS_ERROR,
    "TimeoutError": How.READ_TIMEOUT,
    "ConnectionRefusedError": How.CONNECT_ERROR,
    "ConnectionError": How.RESET,
}
"""`CancelledError` is asyncio's, `Cancelled` trio's; anyio uses either."""

BY_HOW = {
    How.CUT: "RemoteProtocolError",
    How.RESET: "ReadError",
    How.READ_TIMEOUT: "ReadTimeout",
    How.WRITE_TIMEOUT: "WriteTimeout",
    How.CONNECT_ERROR: "ConnectError",
    How.CONNECT_TIMEOUT: "ConnectTimeout",
    How.TLS_ERROR: "ConnectError",
    How.PROTOCOL_ERROR: "RemoteProtocolError",
}
"""For recordings made through another library; anything else becomes `TransportError`."""

TEXT = {
    How.CUT: "peer closed connection without sending complete message body",
    How.RESET: "connection reset by peer",
    How.READ_TIMEOUT: "timed out while receiving data",
    How.WRITE_TIMEOUT: "timed out while sending data",
    How.CONNECT_ERROR: "connection failed",
    How.CONNECT_TIMEOUT: "timed out while connecting",
    How.TLS_ERROR: "TLS handshake failed",
    How.PROTOCOL_ERROR: "the server violated the protocol",
}

_PLAIN = "builtins."

CUT_TEXTS = ("peer closed connection", "server disconnected", "connection was closed", "connectionterminated")
"""How h11, httpcore and h2 say that the other side hung up before the end."""

TLS_TEXTS = ("ssl", "certificate", "tls")

LOCAL = frozenset(
    {"PoolTimeout", "InvalidURL", "InvalidSchema", "MissingSchema", "InvalidHeader", "LocationParseError"}
)
"""Exceptions of httpx, requests and urllib3 that come before anything is sent."""


def is_local(error: BaseException) -> bool:
    """True if nothing went over the wire: a pool was busy, or the address is none. Not recorded."""
    if isinstance(error, UnicodeError):
        return "idna" in str(error) or "label" in str(error)  # a host that cannot be a name
    return not LOCAL.isdisjoint(_names(error))


def fault_of(error: BaseException) -> tuple[How, WireError | None]:
    """How the call ended, and the exception as data (None where it was the caller who stopped)."""
    how = how_of(_names(error), str(error))
    if how in (How.CANCELLED, How.CLOSED_BY_CALLER):
        return how, None
    kind = type(error)
    is_plain = isinstance(error, OSError) and kind.__module__ == "builtins"
    return how, WireError(_PLAIN * is_plain + kind.__name__, str(error))


def how_of(names: tuple[str, ...], text: str) -> How:
    """How a call ended, from class names (nearest first) and the exception's text."""
    how = next((BY_CLASS[name] for name in names if name in BY_CLASS), How.UNKNOWN)
    said = text.lower()
    if how is How.PROTOCOL_ERROR and any(phrase in said for phrase in CUT_TEXTS):
        return How.CUT
    if how is How.CONNECT_ERROR and any(phrase in said for phrase in TLS_TEXTS):
        return How.TLS_ERROR
    return how


def exception(module: ModuleType, how: How, error: WireError | None, request: object) -> Exception:
    """The exception to raise in the program: `module`'s own, with `request` set, or a plain OSError kind."""
    usual = BY_HOW.get(how, "TransportError")
    name = error.type if error else usual
    text = heard(error.message)[0] if error else TEXT.get(how, f"the recorded call ended here: {how}")
    own = _own(module, name)
    if own is not None:
        return own(text, request=request)
    if name.startswith(_PLAIN) and _is_os_error(name.removeprefix(_PLAIN)):
        plain: Callable[[str], Exception] = getattr(builtins, name.removeprefix(_PLAIN))
        return plain(text)
    known: Callable[..., Exception] = getattr(module, usual)
    return known(text if _is_os_error(name) else f"{name}: {text}", request=request)


def _is_os_error(name: str) -> bool:
    kind = getattr(builtins, name, None)
    return isinstance(kind, type) and issubclass(kind, OSError)


def _own(module: ModuleType, name: str) -> Callable[..., Exception] | None:
    """The module's exception called `name`, if it is one that a transport may raise."""
    found = getattr(module, name, None)
    base: type[Exception] = module.TransportError
    return found if isinstance(found, type) and issubclass(found, base) else None


def _names(error: BaseException) -> tuple[str, ...]:
    return tuple(kind.__name__ for kind in type(error).__mro__)
