"""What every stream decoder yields: one event with the bytes it was made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tokentape.wire.quick import quick

if TYPE_CHECKING:
    from collections.abc import Iterable


@quick
@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One event of a stream, or a stretch of bytes that is none.

    `raw` is the event on the wire, framing included. `data` is its payload, still bytes; None marks
    what no reader would be told: comments, blank lines, an unended tail. `name` and `id` are those
    stated by this event alone.
    """

    raw: bytes
    name: str | None
    data: bytes | None
    id: str | None = None


class Decoder(Protocol):
    """Turns bytes into events as they come.

    Two laws hold for each: the `raw` of all events, in order, is exactly what was fed; and the
    events do not depend on how the bytes were split over the calls.
    """

    def feed(self, data: bytes) -> list[StreamEvent]:
        """The events that end in `data`."""
        ...

    def close(self) -> list[StreamEvent]:
        """The end of the stream: what is left, as an event if its end makes it one."""
        ...


def decode(decoder: Decoder, pieces: Iterable[bytes]) -> list[StreamEvent]:
    """All events of a whole body, given in any pieces."""
    events = [event for piece in pieces for event in decoder.feed(piece)]
    return events + decoder.close()
