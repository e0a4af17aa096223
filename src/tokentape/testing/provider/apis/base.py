"""What every API of the provider offers: one file each, none knows another's spelling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.testing.provider.turn import Question, Serial, Turn
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers


class Api(Protocol):
    """One API's way of being asked, of answering, and of failing."""

    @property
    def stream_type(self) -> str:
        """The media type of a streamed reply."""
        ...

    @property
    def json_type(self) -> str:
        """The media type of every other reply."""
        ...

    def question(self, body: Json, path: str) -> Question:
        """The question in a request body. Missing fields read as empty."""
        ...

    def whole(self, question: Question, turn: Turn, serial: Serial) -> bytes:
        """The body of a reply that is not streamed."""
        ...

    def events(self, question: Question, turn: Turn, serial: Serial) -> Iterator[bytes]:
        """The events of a streamed reply, each as it goes out."""
        ...

    def error(self, status: int, message: str, serial: Serial) -> bytes:
        """The body of an error reply."""
        ...

    def error_event(self, status: int, message: str, serial: Serial, nth: int) -> bytes:
        """The event, after `nth` others, by which a stream that began well says that it failed."""
        ...

    def headers(self, serial: Serial) -> Headers:
        """Header fields of every reply: the id under which support would look for it."""
        ...
