"""One connection: requests in, scripts performed, until one side has enough."""

from __future__ import annotations

import socket
import struct
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from tokentape.testing.provider import framing
from tokentape.testing.provider.script import (
    Cut,
    Finish,
    Framing,
    Reset,
    Send,
    SendHead,
    SendInterim,
    SendRaw,
    SendTrailers,
    Stall,
)
from tokentape.wire.message import header

if TYPE_CHECKING:
    from tokentape.testing.provider.framing import Asked
    from tokentape.testing.provider.script import Script, Step

LINGER_NOT = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
"""`struct linger`: on, for zero seconds."""

SLICE = 0.01
"""Seconds between two looks at an event that a stalled script waits for."""


class Performance:
    """One script played on a connection. `ended`: the connection must not be used again."""

    def __init__(self, connection: socket.socket, asked: Asked, gap: float) -> None:
        self._connection = connection
        self._method = asked.method
        self._gap = gap
        self._framing: Framing | None = None
        self._bodiless = False
        self._open_body = False
        self._held = b""
        self.ended = asked.http == "1.0" or (header(asked.headers, "connection") or "").lower() == "close"

    def play(self, script: Script) -> None:
        """Perform every step; OSError if the other side has gone."""
        length = sum(len(step.data) for step in script if isinstance(step, Send))
        for step in script:
            if isinstance(step, (Cut, Reset)):
                self._flush()
                self._hang_up(reset=isinstance(step, Reset))
                return
            self._perform(step, length)
        self._finish()

    def _perform(self, step: Step, length: int) -> None:
        match step:
            case Send(data, gap):
                self._body(data, self._gap if gap is None else gap)
            case SendHead():
                self._head(step, length)
            case Stall(until):
                self._flush()
                wait(self._connection, until)
            case SendInterim(status, headers):
                self._write(framing.head_bytes(SendHead(status, headers), self._method, 0))
            case SendRaw(data):
                self._write(data)
            case SendTrailers(headers):
                self._finish(framing.last_chunk(headers))
            case Finish():
                self._finish()

    def _head(self, head: SendHead, length: int) -> None:
        self._framing = framing.effective(head)
        self._bodiless = framing.has_no_body(self._method, head.status)
        self._open_body = not self._bodiless
        if self._framing is Framing.CLOSE and self._open_body:
            self.ended = True
        self.ended |= (header(head.headers, "connection") or "").lower() == "close"
        self._held = framing.head_bytes(head, self._method, length, closing=self.ended)
        if head.flush or self._bodiless:
            self._flush()

    def _body(self, data: bytes, gap: float) -> None:
        if self._bodiless:
            return
        if gap and not self._held:
            time.sleep(gap)
        self._write(framing.chunk(data) if self._framing is Framing.CHUNKED else data)

    def _finish(self, last: bytes | None = None) -> None:
        if self._open_body and self._framing is Framing.CHUNKED:
            self._write(framing.last_chunk() if last is None else last)
        self._open_body = False
        self._flush()

    def _write(self, data: bytes) -> None:
        held, self._held = self._held, b""
        self._connection.sendall(held + data if held else data)

    def _flush(self) -> None:
        if self._held:
            self._write(b"")

    def _hang_up(self, *, reset: bool) -> None:
        self.ended = True
        if not reset:
            self._connection.shutdown(socket.SHUT_RDWR)
            return
        if self._gap:
            time.sleep(self._gap)  # let what was sent be read before the RST overtakes it
        # SO_LINGER with a time of zero: close() sends RST instead of FIN.
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NOT)
        self._connection.close()


def wait(connection: socket.socket, until: float | threading.Event | None) -> None:
    """Wait as a `Stall` says. OSError as soon as the other side has closed."""
    if isinstance(until, threading.Event):
        while not until.is_set():
            _look(connection, SLICE)
        return
    end = None if until is None else time.monotonic() + until
    while end is None or (left := end - time.monotonic()) > 0:
        _look(connection, 60.0 if end is None else left)


def _look(connection: socket.socket, seconds: float) -> None:
    connection.settimeout(seconds)
    try:
        if not connection.recv(1, socket.MSG_PEEK):
            raise ConnectionError("the other side closed while a script was waiting")
        time.sleep(min(seconds, SLICE))  # a pipelined request: readable, so the peek cannot wait
    except TimeoutError:
        pass
    finally:
        with suppress(OSError):
            connection.settimeout(None)
