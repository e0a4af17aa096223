"""AWS event streams (`application/vnd.amazon.eventstream`), shown event by event."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json

FIELDS = frozenset({"aws_events", "style", "ascii", "escapes"})


def looks_like_events(body: bytes) -> bool:
    """True if the body starts with a prelude that can be one."""
    return False


def show_events(body: bytes) -> dict[str, Json] | None:
    """The form of an event stream; None if a byte of it would be lost."""
    return None


def restore_events(form: dict[str, Json]) -> bytes:
    """The bytes again, checksums made anew. ValueError: the form is not one of ours."""
    raise ValueError("not an event stream")
