"""aiohttp's exceptions and how a call ended: a pure mapping, both ways.

Recording names what happened from the exception's classes, nearest first. Replay lets the library's own
protocol fail as it does on a socket, and builds an exception only where that is impossible: for a connection
that never was, and for what no end of a connection can mean.
"""

from __future__ import annotations

import ast
import errno
import os
import re
import socket
import ssl
import sys
from typing import TYPE_CHECKING, cast

from tokentape.interceptors import faults
from tokentape.interceptors.http1.torn import heard
from tokentape.wire.interaction import How, WireError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    import aiohttp
    from aiohttp.client_reqrep import ConnectionKey
    from yarl import URL

    from tokentape.outcomes import Fail

BY_CLASS = {
    "ConnectionTimeoutError": How.CONNECT_TIMEOUT,
    "TimeoutError": How.READ_TIMEOUT,
    "ServerFingerprintMismatch": How.TLS_ERROR,
    "ClientSSLError": How.TLS_ERROR,
    "SSLError": How.TLS_ERROR,
    "CertificateError": How.TLS_ERROR,
    "ClientConnectorError": How.CONNECT_ERROR,
    "ClientHttpProxyError": How.CONNECT_ERROR,
    "ServerDisconnectedError": How.CUT,
    "HttpProcessingError": How.PROTOCOL_ERROR,
    "ClientPayloadError": How.PROTOCOL_ERROR,
    "ClientOSError": How.RESET,
    "ConnectionRefusedError": How.CONNECT_ERROR,
    "ConnectionError": How.RESET,
    "CancelledError": How.CANCELLED,
    "KeyboardInterrupt": How.CANCELLED,
    "SystemExit": How.CANCELLED,
    "GeneratorExit": How.CLOSED_BY_CALLER,
}

NATURAL = {
    How.CUT: ("ClientPayloadError", "ServerDisconnectedError"),
    How.RESET: ("ClientPayloadError", "ClientOSError"),
    How.READ_TIMEOUT: ("SocketTimeoutError", "ServerTimeoutError"),
}
"""What the library's protocol makes of such an end by itself."""

TOTAL_TIMEOUT = "asyncio.TimeoutError"
"""The caller's own timeout for the whole call; a bare `TimeoutError` is what libraries on sockets record."""

BEFORE_SENDING = frozenset({How.CONNECT_ERROR, How.CONNECT_TIMEOUT, How.TLS_ERROR})

TEXT = {
    How.CONNECT_ERROR: os.strerror(errno.ECONNREFUSED),
    How.TLS_ERROR: "TLS handshake failed",
    How.PROTOCOL_ERROR: "the server violated the protocol",
    How.WRITE_TIMEOUT: "timed out while sending data",
}

_ERRNO = re.compile(r"\[Errno (-?\d+)\] (.*)", re.S)
_REASON = re.compile(r" ssl:.*? \[(.*)\]\Z", re.S)
_PROXY_SAID = re.compile(r"(\d{3}), message=(['\"])(.*)\2, url=", re.S)
_SOCKET = re.compile(r"unix socket (.*) ssl:")


def is_local(error: BaseException) -> bool:
    """True if nothing went over the wire: the session was closed, or the URL is none. Not recorded."""
    return type(error).__name__ == "ClientConnectionError" or faults.is_local(error)


def fault_of(error: BaseException) -> tuple[How, WireError | None]:
    """How the call ended, and the exception as data (None where it was the caller who stopped)."""
    how = next((BY_CLASS[name] for name in _names(error) if name in BY_CLASS), How.UNKNOWN)
    if how in (How.CANCELLED, How.CLOSED_BY_CALLER):
        return how, None
    name = TOTAL_TIMEOUT if type(error) is TimeoutError else type(error).__name__
    return how, WireError(name, text_of(error))


def text_of(error: BaseException) -> str:
    """What the exception says; of a parser's error only the message, which is what its copies are given."""
    own = getattr(error, "message", None) if "HttpProcessingError" in _names(error) else None
    return own if isinstance(own, str) else str(error)


def no_connection(module: ModuleType, fault: Fail, request: aiohttp.ClientRequest) -> Exception:
    """The exception to raise where no connection came about for this request.

    A timeout here is a bare `TimeoutError`: the session makes its own of it.
    """
    name, text = _told(fault)
    if fault.how is How.CONNECT_TIMEOUT:
        return TimeoutError()
    refused = _PROXY_SAID.match(text)
    if name == "ClientHttpProxyError" and refused is not None and request.proxy is not None:
        return _refused_by_proxy(module, request, int(refused[1]), refused[3])
    inner = _inner_error(name, text, fault.how)
    usual = "ClientConnectorSSLError" if fault.how is How.TLS_ERROR else "ClientConnectorError"
    kind: Callable[..., Exception] = _own(module, name, "ClientConnectorError") or getattr(module, usual)
    path, key = _between(_SOCKET, text), request.connection_key
    if name == "ClientProxyConnectionError" and request.proxy is not None:
        key = _to(request.proxy, key)
    error = kind(key, inner) if path is None else kind(path, key, inner)
    error.__cause__ = inner
    return error


def _to(proxy: URL, key: ConnectionKey) -> ConnectionKey:
    """The key of the connection to the proxy itself. (Keys are made by attrs in aiohttp 3.9.)"""
    host, port = proxy.host or "", proxy.port
    if hasattr(key, "_replace"):
        return key._replace(host=host, port=port)
    changed: ConnectionKey = sys.modules["attr"].evolve(key, host=host, port=port)
    return changed


def _refused_by_proxy(
    module: ModuleType, request: aiohttp.ClientRequest, status: int, message: str
) -> Exception:
    """What the library makes of a proxy that answers CONNECT with an error."""
    asked = module.RequestInfo(request.proxy, "CONNECT", request.request_info.headers, request.proxy)
    error: Exception = module.ClientHttpProxyError(asked, (), status=status, message=message)
    return error


def unnatural(module: ModuleType, fault: Fail, *, in_body: bool) -> Exception | None:
    """The recorded exception, where the library's protocol does not come to it by itself; else None.

    Another library's name says no more than how the call ended.
    """
    name, text = _told(fault)
    is_own = _own(module, name, "ClientError") is not None or name == TOTAL_TIMEOUT
    if fault.how in NATURAL and (not is_own or name in NATURAL[fault.how]):
        return None
    if fault.how is How.PROTOCOL_ERROR and not is_own:
        return _protocol_error(module, name, text, in_body)
    return _rebuilt(module, name, text)


def _protocol_error(module: ModuleType, name: str, text: str, in_body: bool) -> Exception:
    """The parser's own exception, or the one for its place: of a head the session makes a response error."""
    usual = module.ClientPayloadError if in_body else module.http_exceptions.BadHttpMessage
    found: object = getattr(module.http_exceptions, name, None)
    kind: Callable[..., Exception] = found if found in _told_by_text(module) else usual
    return kind(text)


def _rebuilt(module: ModuleType, name: str, text: str) -> Exception:
    own = _own(module, name, "ClientError") or (TimeoutError if name == TOTAL_TIMEOUT else None)
    if own is None:
        return cast("Exception", module.ClientConnectionError(f"{name}: {text}" if name else text))
    found = _ERRNO.search(text)
    return own(int(found[1]), found[2]) if found and issubclass(own, OSError) else own(text)


def _told_by_text(module: ModuleType) -> tuple[type, ...]:
    names = ("TransferEncodingError", "ContentLengthError", "ContentEncodingError", "BadHttpMessage")
    return tuple(getattr(module.http_exceptions, name) for name in names)


def _told(fault: Fail) -> tuple[str, str]:
    """Class name and text; where nothing was told (another library's recording), what fits how it ended."""
    if fault.error is None:
        return "", TEXT.get(fault.how, f"the recorded call ended here: {fault.how}")
    return fault.error.type, heard(fault.error.message)[0]


def _own(module: ModuleType, name: str, base: str) -> type[Exception] | None:
    """The library's exception called `name`, if it is a `base`."""
    found = getattr(module.client_exceptions, name, None)
    above: type[Exception] = getattr(module, base)
    return found if isinstance(found, type) and issubclass(found, above) else None


def _inner_error(name: str, text: str, how: How) -> OSError:
    """The system's error under a connector's, which shows what it says in brackets at the end."""
    shown = _between(_REASON, text) or text
    if name == "ClientConnectorCertificateError":
        return ssl.SSLCertVerificationError(*_arguments(shown))
    if name == "ClientConnectorDNSError":
        return socket.gaierror(socket.EAI_NONAME, shown)
    if how is How.TLS_ERROR:
        return ssl.SSLError(1, shown)
    return ConnectionRefusedError(errno.ECONNREFUSED, shown)


def _arguments(shown: str) -> tuple[object, ...]:
    """The arguments in "SSLCertVerificationError: (1, '...')"."""
    try:
        args: object = ast.literal_eval(shown.partition(": ")[2])
    except (ValueError, SyntaxError):
        return (1, shown)
    return args if isinstance(args, tuple) else (1, shown)


def _between(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.search(text)
    return found[1] if found else None


def _names(error: BaseException) -> tuple[str, ...]:
    return tuple(kind.__name__ for kind in type(error).__mro__)
