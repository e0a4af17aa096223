"""Stands in for a connection's socket from the first line of a request until its reply is being read.

http.client sends a request in parts and connects at the first of them. Standing in for the socket, the proxy
collects the parts. When the request is complete it asks the tape, and only then, if at all, connects and
sends: so a replay needs neither DNS, TLS nor a proxy, and errors of a real send come out of the very call
that sends natively. Once http.client opens the reply's file, the connection has its own socket back.
"""

from __future__ import annotations

import io
import socket
from typing import TYPE_CHECKING, Protocol, cast

from tokentape.interceptors import claim, ending
from tokentape.interceptors.faults import is_local
from tokentape.interceptors.http1.framing import framed
from tokentape.interceptors.http1.requestreader import RequestReader
from tokentape.interceptors.http1.torn import heard
from tokentape.interceptors.sockets.exchange import Exchange
from tokentape.interceptors.sockets.faults import CONNECTING, connect_fault, exception, root, write_fault
from tokentape.interceptors.sockets.file import Tape as Reel
from tokentape.interceptors.sockets.file import TapeFile, TeeFile
from tokentape.log import log
from tokentape.outcomes import Fail, Forward, Incomplete, Wait
from tokentape.wire.interaction import CALLER_STOPPED, How

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.interceptors.base import Tape
    from tokentape.outcomes import Miss, Replay
    from tokentape.wire.message import Request

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Attempt(Protocol):
    """What the proxy must know of the connection it serves: `httpclient.Direct`, or a library's own."""

    def url(self, target: str) -> str:
        """The absolute URL of a request target."""

    def codecs(self, request: Request) -> frozenset[str]:
        """The content codings that the caller can undo."""

    def connect(self) -> socket.socket:
        """Connect really, and give the socket."""

    def failed_to_connect(self, error: Exception) -> BaseException:
        """What a connection raises when connecting fails with `error`, a socket's."""

    def as_if_connected(self) -> None:
        """A reply is replayed, as if a connection had come about."""

    def give_back(self, real: socket.socket | None) -> None:
        """The connection has its own socket again."""

    def reads_on(self, error: OSError) -> bool:
        """True if the library reads the reply although sending failed so."""


class SocketProxy:
    """One request's socket. `real` is the connection's own, if it has one."""

    def __init__(self, tape: Tape, attempt: Attempt, real: socket.socket | None) -> None:
        self.real = real
        self._tape = tape
        self._attempt = attempt
        self._request = RequestReader()
        self._exchange: Exchange | None = None
        self._reel: Reel | None = None
        self._is_native = False
        self._is_read = False
        self._signal: tuple[socket.socket, socket.socket] | None = None
        self._timeout: tuple[float | None] | None = None
        self._options: list[tuple[int, int, int | bytes]] = []

    @property
    def is_fresh(self) -> bool:
        """True while nothing was sent."""
        return not self._request.has_begun

    # Sending

    def sendall(self, data: bytes) -> None:
        """Collect a part of the request; the last one decides."""
        if self._reel is not None:
            return
        if self._exchange is not None or self._is_native:
            self._send(bytes(data))
            return
        self._request.feed(bytes(data))
        if self._request.complete:
            self._decide()

    def send(self, data: bytes) -> int:
        """As `sendall`."""
        self.sendall(data)
        return len(data)

    def _decide(self) -> None:
        asked = self._request.request(self._attempt.url)
        passes = self._tape.idle() or claim.is_claimed(asked)
        outcome = None if passes else ending.begin(self._tape, asked)
        if outcome is None:
            self._pass()
        elif isinstance(outcome, Forward):
            self._forward(outcome)
        else:
            self._replay(outcome, asked)

    def _pass(self) -> None:
        """Not the tape's business: connect, send, and leave the rest to the real socket."""
        self._is_native = True
        self._connect()
        self._attempt.give_back(self.real)
        self._send(self._request.raw)

    def _forward(self, forward: Forward) -> None:
        exchange = Exchange(forward)
        try:
            self._connect()
        except BaseException as error:
            if is_local(error) or (error.__cause__ is not None and is_local(error.__cause__)):
                forward.leave(f"never left ({type(root(error)).__name__})", warn=False)
            exchange.stopped(*connect_fault(error))
            raise
        self._exchange = exchange
        self._send(self._request.raw)

    def _connect(self) -> None:
        if self.real is not None:
            return
        self.real = self._attempt.connect()
        if self._timeout is not None:
            self.real.settimeout(self._timeout[0])
        for option in self._options:
            self.real.setsockopt(*option)

    def _send(self, data: bytes) -> None:
        try:
            cast("socket.socket", self.real).sendall(data)
        except BaseException as error:
            reads_on = isinstance(error, OSError) and self._attempt.reads_on(error)
            if self._exchange is not None and not reads_on:
                self._exchange.stopped(*write_fault(error))
            raise

    def _replay(self, answer: Replay | Miss, asked: Request) -> None:
        fault = answer.fault
        if fault is None or fault.how not in CONNECTING:
            self._attempt.as_if_connected()
        if fault is None:
            served = answer.serve(self._attempt.codecs(asked))
            self._reel = Reel(_delayed(answer.delay, framed(asked.method, answer, served)))
            return
        if fault.how in CALLER_STOPPED:  # who only sends, and reads no reply, may do so again
            self._reel = Reel(_delayed(answer.delay, _given_up(answer)))
            return
        if fault.how not in CONNECTING:
            self._reel = Reel(_delayed(answer.delay, _failing(fault)))
            return
        self._attempt.give_back(self.real)
        error = exception(fault.how, fault.error)
        raise error if fault.how is How.WRITE_TIMEOUT else self._attempt.failed_to_connect(error)

    # Receiving

    def makefile(self, mode: str = "r", buffering: int | None = None, **options: object) -> io.IOBase:
        """The reply as a file. The one that http.client reads (`rb`, buffered) ends the proxy's work."""
        if buffering == 0:
            return self._raw(owns=False)
        if not (self._request.complete or self._is_native):
            self._give_up()
        raw = self._raw(owns=True)
        self._is_read = True
        self._attempt.give_back(self.real)
        self._quiet()
        return io.BufferedReader(raw)

    def recv(self, size: int, flags: int = 0) -> bytes:
        """As the socket's, for programs that read past http.client."""
        return self._raw(owns=False).read(size) or b""

    def recv_into(self, buffer: bytearray, size: int = 0, flags: int = 0) -> int:
        """As the socket's."""
        return self._raw(owns=False).readinto(memoryview(buffer)[: size or None]) or 0

    def _raw(self, *, owns: bool) -> io.RawIOBase:
        if self._reel is not None:
            return TapeFile(self._reel)
        if self._exchange is None and not self._is_native:
            return TapeFile(Reel([CONTINUE]))
        file = cast("io.RawIOBase", cast("socket.socket", self.real).makefile("rb", buffering=0))
        return file if self._exchange is None else TeeFile(file, self._exchange, owns=owns)

    def _give_up(self) -> None:
        """The reply is read before the request is complete: that is no call, so it goes its native way."""
        log.warning("not recorded: a reply is read before its request was complete")
        self._pass()

    # What else is asked of a socket

    def settimeout(self, value: float | None) -> None:
        """Kept until there is a socket."""
        self._timeout = (value,)
        if self.real is not None:
            self.real.settimeout(value)

    def setsockopt(self, level: int, name: int, value: int | bytes) -> None:
        """Kept until there is a socket."""
        self._options.append((level, name, value))
        if self.real is not None:
            self.real.setsockopt(level, name, value)

    def gettimeout(self) -> float | None:
        """What was set."""
        if self.real is not None:
            return self.real.gettimeout()
        return self._timeout[0] if self._timeout else None

    def shutdown(self, how: int) -> None:
        """Shut the socket down, if there is one."""
        if self.real is not None:
            self.real.shutdown(how)

    def fileno(self) -> int:
        """The socket's, or one that is always readable where the reply is here already."""
        if self.real is not None and self._reel is None:
            return self.real.fileno()
        if self._signal is None:
            self._signal = socket.socketpair()
            if self._reel is not None or self._request.waits_for_continue:
                self._signal[1].send(b"!")
        return self._signal[0].fileno()

    def close(self) -> None:
        """Close the socket, if there is one; the call ends here."""
        self._quiet()
        if self.real is not None:
            self.real.close()
        if self._exchange is not None:
            self._exchange.closed()

    def leave(self, error: BaseException | None) -> None:
        """The request is over, in `error` perhaps, and the reply's file may have been opened or not."""
        self._attempt.give_back(self.real)
        self._quiet()
        if self._exchange is None or self._is_read:
            return
        if error is None:
            self._exchange.closed()
        else:
            self._exchange.stopped(*write_fault(root(error)))

    def _quiet(self) -> None:
        for end in self._signal or ():
            end.close()
        self._signal = None

    def __getattr__(self, name: str) -> object:
        real = self.__dict__.get("real")
        if real is None:
            raise AttributeError(f"not connected: the socket has no {name!r} yet")
        return getattr(real, name)

    def __del__(self) -> None:
        self._quiet()
        if self._exchange is not None and not self._is_read:
            self._exchange.dropped()


def _delayed(
    seconds: float, steps: Iterator[bytes | Wait | Fail | Incomplete]
) -> Iterator[bytes | Wait | Fail | Incomplete]:
    if seconds:
        yield Wait(seconds)
    yield from steps


def _given_up(answer: Replay | Miss) -> Iterator[bytes | Wait | Fail | Incomplete]:
    """A reply that the recorded caller did not wait for: it is told when this one does."""
    yield Incomplete(answer.gave_up())


def _failing(fault: Fail) -> Iterator[bytes | Wait | Fail | Incomplete]:
    """A reply that never got as far as its head."""
    if fault.error is not None and (tail := heard(fault.error.message)[1].tail):
        yield tail
    yield fault
