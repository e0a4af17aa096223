"""Stands in for an adapter of requests during one send: replays, or sends and listens.

A replay is a real `requests.Response` over a real `http.client.HTTPResponse`, fed with the recorded bytes.
"""

from __future__ import annotations

import io
import time
from typing import TYPE_CHECKING, cast

from tokentape.interceptors import claim, ending, faults
from tokentape.interceptors.http1.framing import framed
from tokentape.interceptors.requests.raw import TeeRaw
from tokentape.interceptors.sockets.file import Tape as Reel
from tokentape.interceptors.sockets.file import TapeFile
from tokentape.outcomes import Forward
from tokentape.wire.interaction import CALLER_STOPPED, How
from tokentape.wire.message import Request, without

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from types import ModuleType

    import requests
    from requests.adapters import BaseAdapter, HTTPAdapter

    from tokentape.interceptors.base import Tape
    from tokentape.outcomes import Fail, Miss, Replay

BY_HOW = {
    How.CONNECT_TIMEOUT: "ConnectTimeout",
    How.READ_TIMEOUT: "ReadTimeout",
    How.WRITE_TIMEOUT: "ReadTimeout",
    How.TLS_ERROR: "SSLError",
}
"""The exception for a call that failed without a reply; for any other end, `ConnectionError`."""


class Requests:
    """The module, and the driver class with its `BaseAdapter` among the bases."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module
        base: type = module.adapters.BaseAdapter
        self.driver: type[Driver] = type("Driver", (Driver, base), {"__module__": __name__})

    def asked(self, request: requests.PreparedRequest, body: bytes | None) -> Request:
        """The request as wire data."""
        headers = tuple((_text(name), _text(value)) for name, value in request.headers.items())
        return Request(request.method or "GET", (request.url or "").partition("#")[0], headers, body)

    def response(
        self, request: requests.PreparedRequest, answer: Replay | Miss, adapter: BaseAdapter
    ) -> requests.Response:
        """The library's own response, reading the recorded bytes."""
        import http.client

        from urllib3 import response as urllib3_response
        from urllib3._collections import HTTPHeaderDict

        method = request.method or "GET"
        served = answer.serve(frozenset(urllib3_response.HTTPResponse.CONTENT_DECODERS))
        source = http.client.HTTPResponse(_sock(Reel(framed(method, answer, served))), method=method)
        source.begin()
        raw = urllib3_response.HTTPResponse(
            body=cast("io.BytesIO", source),
            headers=HTTPHeaderDict(source.msg.items()),
            status=source.status,
            version=source.version,
            reason=source.reason,
            preload_content=False,
            decode_content=False,
            original_response=source,
            request_method=method,
        )
        made: requests.Response = self.module.adapters.HTTPAdapter().build_response(request, raw)
        made.connection = cast("HTTPAdapter", adapter)
        return made

    def error(self, fault: Fail, request: requests.PreparedRequest) -> Exception:
        """The exception for a call without a reply: the recorded one, if it is of requests."""
        name = fault.error.type if fault.error else ""
        text = fault.error.message if fault.error else faults.TEXT.get(fault.how, str(fault.how))
        own = getattr(self.module.exceptions, name, None) if name else None
        if not (isinstance(own, type) and issubclass(own, self.module.RequestException)):
            own = getattr(self.module.exceptions, BY_HOW.get(fault.how, "ConnectionError"))
        made: Callable[..., Exception] = own
        return made(text, request=request)


class Driver:
    """Stands in for `adapter` for one send."""

    def __init__(self, library: Requests, tape: Tape, adapter: BaseAdapter) -> None:
        self._library = library
        self._tape = tape
        self._adapter = adapter

    def __getattr__(self, name: str) -> object:
        if "_adapter" not in self.__dict__:
            raise AttributeError(name)
        return getattr(self._adapter, name)

    def send(self, request: requests.PreparedRequest, **options: object) -> requests.Response:
        """Replay, or send by the adapter."""
        bare = self._library.asked(request, None)
        if not self._tape.known_url(bare) and request.body is None:
            return self._passed(request, options)
        body = _loaded(request)
        asked = self._library.asked(request, body)
        if claim.is_claimed(asked) or not self._tape.known_url(asked):
            return self._passed(request, options)
        outcome = ending.begin(self._tape, asked)
        if outcome is None:
            return self._passed(request, options)
        if isinstance(outcome, Forward):
            return self._forwarded(outcome, request, options)
        return self._replayed(outcome, request)

    def close(self) -> None:
        """Close the adapter."""
        self._adapter.close()

    def _passed(self, request: requests.PreparedRequest, options: dict[str, object]) -> requests.Response:
        send: Callable[..., requests.Response] = self._adapter.send
        return send(request, **options)

    def _forwarded(
        self, forward: Forward, request: requests.PreparedRequest, options: dict[str, object]
    ) -> requests.Response:
        try:
            with claim.claimed(forward.request):
                response = self._passed(request, options)
        except BaseException as error:
            if faults.is_local(error):
                forward.leave(f"never left ({type(error).__name__})", warn=False)
            else:
                ending.end(forward, *faults.fault_of(error))
            raise
        _listen(forward, response)
        return response

    def _replayed(self, answer: Replay | Miss, request: requests.PreparedRequest) -> requests.Response:
        if answer.delay:
            time.sleep(answer.delay)
        fault = answer.fault
        if fault is None:
            return self._library.response(request, answer, self._adapter)
        if fault.how in CALLER_STOPPED:
            raise answer.gave_up()
        raise self._library.error(fault, request)


class _Sock:
    """As much of a socket as `http.client.HTTPResponse` asks for."""

    def __init__(self, reel: Reel) -> None:
        self._reel = reel

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(TapeFile(self._reel))


def _sock(reel: Reel) -> socket.socket:
    return cast("socket.socket", _Sock(reel))


def _listen(forward: Forward, response: requests.Response) -> None:
    """Record the response: at once if the adapter read it already, else as it is read."""
    if response.status_code == 101:
        forward.leave("switched protocols (101)", warn=True)
        return
    headers = tuple((_text(name), _text(value)) for name, value in response.headers.items())
    reason = _text(response.reason or "")
    content = response._content
    if isinstance(content, bytes) or response.raw is None:
        body = content if isinstance(content, bytes) else b""
        bare = without(headers, "content-encoding", "content-length", "transfer-encoding")
        forward.start(response.status_code, reason, (*bare, ("Content-Length", str(len(body)))))
        forward.chunk(body)
        ending.end(forward, How.EOF)
        return
    response.raw = TeeRaw(response.raw, forward, (response.status_code, reason, headers))


def _loaded(request: requests.PreparedRequest) -> bytes | None:
    """The body as bytes; one that is read from somewhere is replaced by what was read."""
    body: object = request.body
    if body is None or isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode("utf-8")
    read = getattr(body, "read", None)
    if read is not None:
        data = _bytes(read())
        request.body = cast("bytes", io.BytesIO(data))
        return data
    parts = [_bytes(part) for part in cast("list[object]", body)]
    request.body = cast("bytes", iter(parts))
    return b"".join(parts)


def _bytes(data: object) -> bytes:
    return data.encode("utf-8") if isinstance(data, str) else bytes(cast("bytes", data))


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value
