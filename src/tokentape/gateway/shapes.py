"""What becomes of a stream's bytes on their way to the client: passed on as they are, or translated.

Both let an event go at once and whole, so that a heartbeat or an error can always be told between two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tokentape.gateway.arrays import ArrayEncoder
from tokentape.gateway.breaking import broken
from tokentape.protocols.canonical.events import Ping
from tokentape.protocols.canonical.failure import Failure, FailureKind
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.framing import ENCODERS, MEDIA_TYPES
from tokentape.protocols.streaming import StreamTranslator
from tokentape.protocols.translation import codec_of
from tokentape.wire.eventstream import end_of_messages

if TYPE_CHECKING:
    from tokentape.errors import ProtocolError
    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.canonical.events import Event
    from tokentape.protocols.canonical.losses import LossReport

LONGEST_HELD = 65_536
"""Bytes of one event that wait for its end; a longer one goes on in pieces."""


class Shape(Protocol):
    """Bytes of the upstream in, bytes for the client out."""

    def feed(self, data: bytes) -> bytes:
        """What can be told by now. Raises `ProtocolError` for what is no stream of the upstream's dialect."""
        ...

    def end(self) -> bytes:
        """The upstream's stream is over."""
        ...

    def fail(self, failure: Failure) -> bytes | None:
        """How the dialect says that it went wrong; None where it cannot any more: cut the connection."""
        ...

    def ping(self) -> bytes:
        """A sign of life; empty where there is none, or none would be valid just now."""
        ...


class Passing:
    """The same dialect: the same bytes. Those of an event that has not ended yet wait for its end."""

    def __init__(self, dialect: str, media_type: str) -> None:
        self._dialect = dialect
        self._held = self._said = b""
        self._is_within = False
        self._ends = _ENDS.get(media_type, ())
        self._is_framed = media_type == MEDIA_TYPES["eventstream"]
        self._is_over = False

    def feed(self, data: bytes) -> bytes:
        """The bytes, as far as whole events go."""
        self._said = out = self._whole(data)
        return out

    def _whole(self, data: bytes) -> bytes:
        if self._is_framed:
            return self._frames(data)
        ends = self._ends
        if not ends:
            self._is_within = True  # bytes we do not look into: nothing can be told between them
            return data
        if self._held:
            data, self._held = self._held + data, b""
        if data.endswith(ends):
            self._is_within = False
            return data
        at = max(data.rfind(end) + len(end) if end in data else 0 for end in ends)
        if at == 0 and (self._is_within or len(data) > LONGEST_HELD):
            self._is_within = True
            return data
        self._held = data[at:]
        if at:
            self._is_within = False
        if len(self._held) > LONGEST_HELD:
            self._is_within, self._held = True, b""
            return data
        return data[:at]

    def _frames(self, data: bytes) -> bytes:
        """Those of AWS say how long they are, and are of no use before they are whole."""
        if self._held:
            data, self._held = self._held + data, b""
        try:
            at = end_of_messages(data)
        except ValueError:
            self._is_framed, self._is_within = False, True
            return data
        self._held = data[at:]
        return data[:at]

    def end(self) -> bytes:
        """What is left of an event without an end."""
        held, self._held = self._held, b""
        self._is_over = True
        return held

    def fail(self, failure: Failure) -> bytes | None:
        """The error event of the dialect; the beginning of an event that never came in whole is dropped."""
        if self._is_within:
            return None
        self._is_over = True
        return broken(self._dialect, failure, self._said)

    def ping(self) -> bytes:
        """As the dialect has it."""
        if self._is_within or self._is_over:
            return b""
        codec = codec_of(self._dialect)
        return b"".join(map(ENCODERS[codec.framing], codec.writer(Target(self._dialect)).write(Ping())))


_ENDS: dict[str, tuple[bytes, ...]] = {
    "text/event-stream": (b"\n\n", b"\r\n\r\n", b"\r\r"),
    "application/x-ndjson": (b"\n",),
    "application/ndjson": (b"\n",),
}


class Translating:
    """Another dialect. `asked` is the client's request, in canonical form; `heard` collects what is read."""

    def __init__(
        self,
        source: Source,
        dialect: str,
        asked: Conversation,
        *,
        as_array: bool = False,
        heard: list[Event] | None = None,
    ) -> None:
        self._array = ArrayEncoder() if as_array else None
        target = Target(dialect, asked=asked)
        self._translator = StreamTranslator(source, target, encode=self._array, heard=heard)
        self._is_over = False

    @property
    def losses(self) -> LossReport:
        """What could not be said, so far."""
        return self._translator.losses

    def feed(self, data: bytes) -> bytes:
        """What the client's stream says by now."""
        return self._translator.feed(data)

    def end(self) -> bytes:
        """Its end."""
        return self._closed(self._translator.end())

    def fail(self, failure: Failure) -> bytes | None:
        """Its end, with an error."""
        return self._closed(self._translator.fail(failure))

    def ping(self) -> bytes:
        """As the dialect has it."""
        return b"" if self._is_over else self._translator.ping()

    def _closed(self, written: bytes) -> bytes:
        if self._is_over:
            return b""
        self._is_over = True
        return written + self._array.close() if self._array is not None else written


def stream_type(dialect: str, *, as_array: bool) -> str:
    """The media type of a stream that we write."""
    return ArrayEncoder.media_type if as_array else MEDIA_TYPES[codec_of(dialect).framing]


def no_stream(error: ProtocolError) -> Failure:
    """What is said of an upstream whose stream is none."""
    return Failure(FailureKind.INCOMPLETE, f"the upstream's stream cannot be read: {error}")
