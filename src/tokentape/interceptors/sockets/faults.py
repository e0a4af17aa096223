"""What sockets raise, and how a call ended: a pure mapping, both ways.

Libraries on top of http.client wrap the errors of sockets in their own. So what is recorded is the error at
the bottom, and replay raises that again at the bottom: the wrapping is then each library's own.
"""

from __future__ import annotations

import builtins
import errno
import re
import socket
from typing import TYPE_CHECKING

from tokentape.interceptors.faults import how_of
from tokentape.interceptors.http1.torn import heard
from tokentape.wire.interaction import CALLER_STOPPED, How, WireError

if TYPE_CHECKING:
    from collections.abc import Callable

CONNECTING = frozenset({How.CONNECT_ERROR, How.CONNECT_TIMEOUT, How.TLS_ERROR, How.WRITE_TIMEOUT})
"""Faults that come before the request is out: they are raised while it is sent."""

_ERRNO = re.compile(r"\[Errno (-?\d{1,6})\] (.*)", re.S)
_PLAIN: dict[How, tuple[int, str]] = {
    How.RESET: (errno.ECONNRESET, "Connection reset by peer"),
    How.CONNECT_ERROR: (errno.ECONNREFUSED, "Connection refused"),
}
"""For recordings of other libraries, whose texts are not a socket's."""

_TIMEOUTS = frozenset({How.READ_TIMEOUT, How.CONNECT_TIMEOUT, How.WRITE_TIMEOUT})


def root(error: BaseException) -> BaseException:
    """The socket's error at the bottom: what a library wrapped, or `error` itself.

    A cancellation is one, whatever was being handled when it came.
    """
    if isinstance(error, (KeyboardInterrupt, SystemExit, GeneratorExit)):
        return error
    seen: set[int] = set()
    below: BaseException | None = error
    while below is not None and id(below) not in seen:
        if isinstance(below, OSError):
            return below
        seen.add(id(below))
        below = below.__cause__ or (None if below.__suppress_context__ else below.__context__)
    return error


def connect_fault(error: BaseException) -> tuple[How, WireError | None]:
    """How a connection failed to come about: refused, unknown name, timeout, TLS."""
    error = root(error)
    how, told = read_fault(error)
    if how in CALLER_STOPPED or how is How.TLS_ERROR:
        return how, told
    return (How.CONNECT_TIMEOUT if isinstance(error, TimeoutError) else How.CONNECT_ERROR), told


def write_fault(error: BaseException) -> tuple[How, WireError | None]:
    """How a request failed on its way out."""
    how, told = read_fault(error)
    return (How.WRITE_TIMEOUT if how is How.READ_TIMEOUT else how), told


def read_fault(error: BaseException) -> tuple[How, WireError | None]:
    """How a reply failed on its way in."""
    how = how_of(tuple(kind.__name__ for kind in type(error).__mro__), str(error))
    if how in CALLER_STOPPED:
        return how, None
    return how, WireError(type(error).__name__, str(error))


def exception(how: How, error: WireError | None) -> Exception:
    """What a socket would raise for this fault: the recorded error, or the usual one of its kind."""
    name, text = (error.type, heard(error.message)[0]) if error else ("", "")
    numbered = _ERRNO.fullmatch(text)
    if numbered is not None and how not in _TIMEOUTS:
        return _numbered(int(numbered[1]), numbered[2])
    if how in _TIMEOUTS:
        return TimeoutError(text if name == "TimeoutError" else "timed out")
    if how is How.TLS_ERROR:
        return _tls(name, text or "TLS handshake failed")
    if how in _PLAIN and not _is_os_error(name):
        return OSError(*_PLAIN[how])
    return _named(name, text or f"the recorded call ended here: {how}")


def _numbered(number: int, text: str) -> OSError:
    """An `OSError` of the kind that its number says; names that cannot be resolved have negative ones."""
    return socket.gaierror(number, text) if number < 0 else OSError(number, text)


def _tls(name: str, text: str) -> Exception:
    import ssl

    kind = getattr(ssl, name, None)
    known = isinstance(kind, type) and issubclass(kind, ssl.SSLError)
    make: Callable[..., Exception] = kind if known and kind is not None else ssl.SSLError
    return make(1, text)


def _is_os_error(name: str) -> bool:
    kind = getattr(builtins, name, None) if name else None
    return isinstance(kind, type) and issubclass(kind, OSError)


def _named(name: str, text: str) -> Exception:
    if _is_os_error(name):
        make: Callable[[str], Exception] = getattr(builtins, name)
        return make(text)
    return ConnectionError(f"{name}: {text}" if name else text)
