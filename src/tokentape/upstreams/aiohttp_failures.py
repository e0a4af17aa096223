"""aiohttp's exceptions as `SendFailed`: how it failed, in words that hold no URL, and so no key."""

from __future__ import annotations

import os
import ssl

import aiohttp
from aiohttp.http import HttpProcessingError

from tokentape.interceptors.aiohttp.faults import BEFORE_SENDING, fault_of
from tokentape.upstreams.sending import SendFailed
from tokentape.wire.interaction import How

FAILURES = (aiohttp.ClientError, HttpProcessingError, OSError, ValueError, RuntimeError)
"""Everything that a request or a body raises: `TimeoutError` is an `OSError`, a URL that is none and a
header that breaks its line are `ValueError`, a sender that was closed is `RuntimeError`.
"""

NOT_COMPLETED = "Response payload is not completed"
"""How aiohttp begins to say that the connection ended within a body."""


def failure_of(error: Exception, host: str, *, begun: bool = True, replied: bool = False) -> SendFailed:
    """What to raise for `error`. `begun`: bytes of the request went out, and may have arrived. `replied`: the
    head of the reply had come.
    """
    how = how_of(error)
    reached = replied or (begun and how not in BEFORE_SENDING and not _is_local(error))
    return SendFailed(how, f"{host}: {_words(how, error, replied)}", reached=reached)


def how_of(error: BaseException) -> How:
    """How it failed. An end within a body is a cut, or a reset where the system says so."""
    if isinstance(error, aiohttp.ClientPayloadError):
        text = str(error)
        if not text.startswith(NOT_COMPLETED):
            return How.PROTOCOL_ERROR
        return How.RESET if "ConnectionResetError" in text or "BrokenPipeError" in text else How.CUT
    if isinstance(error, aiohttp.InvalidURL):
        return How.CONNECT_ERROR
    how = fault_of(error)[0]
    return How.PROTOCOL_ERROR if how is How.UNKNOWN and isinstance(error, ValueError) else how


def _is_local(error: Exception) -> bool:
    """True for what was refused here: a URL or a header that is none, a sender that was closed."""
    return isinstance(error, ValueError | RuntimeError)


def _words(how: How, error: Exception, replied: bool) -> str:
    if how is How.CONNECT_TIMEOUT:
        return "no connection in time"
    if how is How.CONNECT_ERROR:
        return f"no connection: {_reason(error)}"
    if how is How.TLS_ERROR:
        return f"no secure connection: {_reason(error)}"
    place = "within its reply" if replied else "before its reply"
    if how is How.CUT:
        return f"closed the connection {place}"
    if how is How.RESET:
        return f"reset the connection {place}"
    if how is How.READ_TIMEOUT:
        return f"timed out {place}"
    if _is_local(error):
        return f"the request cannot be sent: {_reason(error)}"
    return f"broke the protocol {place} ({type(error).__name__})"


def _reason(error: Exception) -> str:
    """What the system says; aiohttp's own texts may hold the URL."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):  # in 3.12 it has no `os_error`
        inner = error.certificate_error
        return _system_words(inner) if isinstance(inner, OSError) else type(error).__name__
    if isinstance(error, aiohttp.ClientConnectorError):
        return _system_words(error.os_error)
    if isinstance(error, aiohttp.InvalidURL):
        return "the address is no URL of HTTP"
    return str(error) if isinstance(error, ValueError | RuntimeError) else type(error).__name__


def _system_words(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message or "the certificate is not trusted"
    if isinstance(error, ssl.SSLError):
        return error.reason or type(error).__name__
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return error.strerror or str(error) or type(error).__name__
