"""What the provider does on the wire for one request, as a list of steps.

    SendInterim   a 1xx head before the real one
    SendHead      status line, header fields, and how the body is framed
    Send          body bytes, framed as the head said; one write each
    SendRaw       bytes as they are, outside any framing
    SendTrailers  trailer fields after the last chunk (chunked framing only)
    Stall         wait: seconds, until an event is set, or for ever
    Finish        end the body as the framing demands; implied at the end of a script
    Cut           close the connection (FIN), wherever the script stands
    Reset         reset the connection (RST), wherever the script stands

A script says what happens, never why; `faults` changes one script into another.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from tokentape.wire.message import header

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable, Iterator

    from tokentape.wire.message import Headers


class Framing(StrEnum):
    """How the end of a body is told (RFC 9112, section 6).

    `LENGTH`, `CHUNKED` and `CLOSE` add the header fields they need. `AS_GIVEN` adds none and
    follows those that are there: chunked if they say so, else content-length, else close.
    """

    LENGTH = "length"
    CHUNKED = "chunked"
    CLOSE = "close"
    AS_GIVEN = "as_given"


@dataclass(frozen=True, slots=True)
class SendInterim:
    """A head with a 1xx status; the real head follows."""

    status: int = 103
    headers: Headers = ()


@dataclass(frozen=True, slots=True)
class SendHead:
    """The head. `length` overrides the content-length that would be told (to lie, say).

    `reason` None takes the registered phrase. With `flush` False the head leaves in one write with
    the bytes after it.
    """

    status: int = 200
    headers: Headers = ()
    reason: str | None = None
    framing: Framing = Framing.LENGTH
    length: int | None = None
    flush: bool = True
    http: str = "1.1"


@dataclass(frozen=True, slots=True)
class Send:
    """Body bytes in one write, `gap` seconds after the last write (None: the provider's own gap)."""

    data: bytes = field(repr=False)
    gap: float | None = None


@dataclass(frozen=True, slots=True)
class SendRaw:
    """Bytes outside any framing."""

    data: bytes


@dataclass(frozen=True, slots=True)
class SendTrailers:
    """Trailer fields; ends a chunked body."""

    headers: Headers


@dataclass(frozen=True, slots=True)
class Stall:
    """Wait: so many seconds, until the event is set, or for ever (None).

    It ends early when the other side closes or the provider stops.
    """

    until: float | threading.Event | None = None


@dataclass(frozen=True, slots=True)
class Finish:
    """End the body as its framing demands. What follows happens on a connection gone idle."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Close the connection in order (FIN)."""


@dataclass(frozen=True, slots=True)
class Reset:
    """Reset the connection (RST). Bytes already sent still arrive first on loopback."""


Step = SendInterim | SendHead | Send | SendRaw | SendTrailers | Stall | Finish | Cut | Reset


class Script(tuple[Step, ...]):
    """Steps in order; immutable, may be played any number of times.

    >>> Script.of(SendHead(200), Send(b"hello")).body
    b'hello'
    """

    __slots__ = ()

    @classmethod
    def of(cls, *steps: Step) -> Script:
        """A script of these steps."""
        return cls(steps)

    @property
    def body(self) -> bytes:
        """All body bytes the script sends, joined."""
        return b"".join(step.data for step in self if isinstance(step, Send))

    @property
    def head(self) -> SendHead | None:
        """The (first) head, or None if the script sends none."""
        return next((step for step in self if isinstance(step, SendHead)), None)

    def with_head(self, head: SendHead) -> Script:
        """The same steps under another head."""
        return Script(head if isinstance(step, SendHead) else step for step in self)

    def with_body(self, pieces: Iterable[bytes], gap: float | None = None) -> Script:
        """The same script with these body writes in place of its own, where its first one was."""
        return Script(self._rebodied([Send(piece, gap) for piece in pieces]))

    def _rebodied(self, sends: list[Send]) -> Iterator[Step]:
        pending = sends
        for step in self:
            if not isinstance(step, Send):
                yield step
                continue
            yield from pending
            pending = []
        yield from pending


def reply(
    body: bytes | Iterable[bytes] = b"",
    status: int = 200,
    headers: Headers = (),
    *,
    content_type: str | None = None,
    framing: Framing = Framing.LENGTH,
    reason: str | None = None,
) -> Script:
    """The script of an ordinary reply. An iterable of bytes is one write per item."""
    pieces = (body,) if isinstance(body, bytes) else tuple(body)
    if content_type is not None and header(headers, "content-type") is None:
        headers = (("content-type", content_type), *headers)
    head = SendHead(status, headers, reason, framing, flush=len(pieces) > 1)
    return Script((head, *(Send(piece) for piece in pieces)))


def redirect(location: str, status: int = 307) -> Script:
    """The script of a redirect with no body."""
    return reply(b"", status, (("location", location),))


def silence() -> Script:
    """Never a byte: the caller's timeout decides."""
    return Script.of(Stall())
