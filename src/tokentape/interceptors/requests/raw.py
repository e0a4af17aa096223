"""The `raw` of a response that an adapter of somebody's own gave, listened to while it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.interceptors import ending
from tokentape.interceptors.faults import fault_of
from tokentape.wire.interaction import How
from tokentape.wire.message import Headers, header, without

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tokentape.outcomes import Forward


class TeeRaw:
    """Stands in for any object with `read`, and perhaps `stream`, as urllib3's responses have it.

    What is told is what the caller gets: decoded bytes are told with headers that fit them.
    """

    def __init__(self, raw: object, forward: Forward, head: tuple[int, str, Headers]) -> None:
        self._raw = raw
        self._forward = forward
        self._head = head
        self._is_over = False
        forward.start(*head)
        if hasattr(raw, "stream"):
            self.stream = self._stream

    def __getattr__(self, name: str) -> object:
        if "_raw" not in self.__dict__:
            raise AttributeError(name)
        return getattr(self._raw, name)

    def read(self, *args: object, **options: object) -> bytes:
        """As the raw object's."""
        if options.get("decode_content"):
            self._decoded()
        reads: Callable[..., bytes] = self._raw.read  # type: ignore[attr-defined]
        try:
            data = reads(*args, **options)
        except BaseException as error:
            self._end(error)
            raise
        if data:
            self._forward.chunk(data)
        elif args[:1] != (0,):
            self._end(None)
        return data

    def _stream(self, *args: object, **options: object) -> Iterator[bytes]:
        """As the raw object's: pieces as they come."""
        if options.get("decode_content"):
            self._decoded()
        streams: Callable[..., Iterator[bytes]] = self._raw.stream  # type: ignore[attr-defined]
        try:
            for data in streams(*args, **options):
                self._forward.chunk(data)
                yield data
        except GeneratorExit:
            raise
        except BaseException as error:
            self._end(error)
            raise
        self._end(None)

    def close(self) -> None:
        """Close the raw object."""
        closes: Callable[[], None] | None = getattr(self._raw, "close", None)
        try:
            if closes is not None:
                closes()
        finally:
            if not self._is_over:
                self._is_over = True
                ending.end(self._forward, How.CLOSED_BY_CALLER)

    def __del__(self) -> None:
        if not self.__dict__.get("_is_over", True):
            ending.abandon(self._forward)

    def _decoded(self) -> None:
        status, reason, headers = self._head
        if header(headers, "content-encoding") is not None:
            bare = without(headers, "content-encoding", "content-length")
            self._head = (status, reason, bare)
            self._forward.start(*self._head)

    def _end(self, error: BaseException | None) -> None:
        if not self._is_over:
            self._is_over = True
            ending.end(self._forward, *((How.EOF,) if error is None else fault_of(error)))
