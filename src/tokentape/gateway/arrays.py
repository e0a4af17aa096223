"""Gemini's other framing of streams: one JSON array, an element an event (`alt` other than `sse`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.fastjson import dumps

if TYPE_CHECKING:
    from tokentape.protocols.codec import WireEvent


class ArrayEncoder:
    """Events as elements; `close` ends the array. A ping is white space, which means nothing there."""

    media_type = "application/json; charset=UTF-8"

    def __init__(self) -> None:
        self._begun = False

    def __call__(self, event: WireEvent) -> bytes:
        """One event."""
        if event.raw is not None:
            return b" "
        mark = b"," if self._begun else b"["
        self._begun = True
        return mark + dumps(event.json) + b"\r\n"

    def close(self) -> bytes:
        """The end of the array."""
        return b"]" if self._begun else b"[]"
