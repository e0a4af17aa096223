"""A small HTTP library over http.client, and an interceptor for it, as a third party would write one."""

from __future__ import annotations

import gzip
import http.client
import io
import sys
import zlib
from contextlib import contextmanager
from urllib.parse import urlsplit

from tokentape.interceptors import ending
from tokentape.outcomes import Data, Forward
from tokentape.wire.interaction import How, WireError
from tokentape.wire.message import Request


class ToyError(Exception):
    """The library's own errors."""


class Refused(ToyError):
    pass


class Late(ToyError):
    pass


class Lost(ToyError):
    pass


class Gone(ToyError):
    pass


@contextmanager
def own_errors(owner):
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        owner.close()
        kinds = {ConnectionRefusedError: Refused, TimeoutError: Late, ConnectionResetError: Lost}
        raise kinds.get(type(error), Gone)(str(error)) from error


class Transport:
    """The library: `send` gives a `Reply`."""

    def send(self, request, timeout):
        parts = urlsplit(request.url)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=timeout)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        with own_errors(connection):
            connection.request(request.method, target, request.body, dict(request.headers))
            raw = connection.getresponse()
        return Reply(raw.status, raw.reason, tuple(raw.headers.items()), raw, connection)


class Reply:
    """Status, headers and a body to read in pieces."""

    def __init__(self, status, reason, headers, body, owner):
        self.status, self.reason, self.headers = status, reason, headers
        self._body, self._owner = body, owner

    def pieces(self):
        with own_errors(self._owner):
            while piece := self._body.read1(65536):
                yield piece
            if self._body.length:
                raise http.client.IncompleteRead(b"", self._body.length)

    def read(self):
        body = b"".join(self.pieces())
        coding = dict(self.headers).get("content-encoding")
        return {"gzip": gzip.decompress, "deflate": zlib.decompress}.get(coding, bytes)(body)

    def close(self):
        self._body.close()
        self._owner.close()


class ToyInterceptor:
    """Hooks `Transport.send`."""

    name = "toyhttp"
    modules = (__name__,)

    def __init__(self, tape):
        self._tape = tape
        self._original = None

    def attach(self, module):
        if self._original is None:
            self._original = original = module.Transport.send
            tape = self._tape

            def send(transport, request, timeout):
                if tape.idle():
                    return original(transport, request, timeout)
                return recorded(tape, request, lambda: original(transport, request, timeout))

            module.Transport.send = send

    def detach(self):
        if self._original is not None:
            sys.modules[__name__].Transport.send, self._original = self._original, None

    def is_attached(self, name):
        return self._original is not None and name == __name__

    def unsupported(self, name):
        return None


def recorded(tape, request, send):
    outcome = ending.begin(tape, Request(request.method, request.url, request.headers, request.body))
    if outcome is None:
        return send()
    if not isinstance(outcome, Forward):
        if outcome.fault is not None:
            raise error_for(outcome.fault.error)
        return Playing(outcome.status, outcome.reason, outcome.serve(frozenset({"gzip", "deflate"})))
    try:
        reply = send()
    except ToyError as error:
        ending.end(outcome, how(error), WireError(type(error).__name__, str(error)))
        raise
    outcome.start(reply.status, reply.reason, reply.headers)
    return Teed(reply, outcome)


class Teed(Reply):
    def __init__(self, reply, forward):
        super().__init__(reply.status, reply.reason, reply.headers, reply._body, reply._owner)
        self._forward = forward

    def pieces(self):
        try:
            for piece in super().pieces():
                self._forward.chunk(piece)
                yield piece
        except ToyError as error:
            ending.end(self._forward, how(error), WireError(type(error).__name__, str(error)))
            raise
        ending.end(self._forward, How.EOF)

    def close(self):
        super().close()
        ending.end(self._forward, How.CLOSED_BY_CALLER)


class Playing(Reply):
    def __init__(self, status, reason, served):
        super().__init__(status, reason, served.headers, io.BytesIO(), io.BytesIO())
        self._served = served

    def pieces(self):
        for step in self._served:
            if not isinstance(step, Data):
                raise step.error if isinstance(step.error, Exception) else error_for(step.error)
            yield step.data


def how(error):
    return {Refused: How.CONNECT_ERROR, Late: How.READ_TIMEOUT, Lost: How.RESET, Gone: How.CUT}[type(error)]


def error_for(error):
    return globals()[error.type](error.message)
