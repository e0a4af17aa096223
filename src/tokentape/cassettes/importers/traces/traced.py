"""One call as a trace tells it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.protocols.canonical.conversation import Conversation
    from tokentape.protocols.canonical.failure import Failure
    from tokentape.protocols.canonical.reply import Reply
    from tokentape.wire.interaction import Json


@dataclass(frozen=True, slots=True)
class When:
    """Start and end in seconds since 1970, and how long it took to the first piece of a stream."""

    start: float | None = None
    end: float | None = None
    first: float | None = None

    @property
    def seconds(self) -> float | None:
        """How long it took; None where nobody knows."""
        if self.start is None or self.end is None or self.end < self.start:
            return None
        return self.end - self.start


NEVER = When()


@dataclass(frozen=True, slots=True)
class Traced:
    """`reply` is None where the call failed: then `failure` says how.

    `provider` is as the trace calls it, `dialect` known only where the trace tells the API, `host` where it
    names one. `span`, `parent` and `trace` are ids; `about` is what else goes into the metadata.
    """

    format: str
    asked: Conversation
    reply: Reply | None = None
    failure: Failure | None = None
    provider: str = ""
    dialect: str | None = None
    host: str = ""
    when: When = NEVER
    trace: str = ""
    span: str = ""
    parent: str = ""
    name: str = ""
    about: Mapping[str, Json] = field(default_factory=dict)


def moment(value: Json) -> float | None:
    """A time in seconds since 1970: ISO 8601 (UTC where it does not say), or a number of (nano)seconds."""
    if isinstance(value, str):
        text = value.strip().strip('"')
        if text.isascii() and text.isdigit() and len(text) <= _DIGITS:
            return _scaled(int(text))
        return _read(text)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return _scaled(value)


_DIGITS = 20
_SCALES = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3), (1e8, 1.0))
"""From which size on a number counts nanoseconds, microseconds, milliseconds, seconds."""


def _scaled(number: float) -> float | None:
    if not 0 <= number < 1e20:
        return None
    return next((number / scale for least, scale in _SCALES if number >= least), None)


def _read(text: str) -> float | None:
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def written(seconds: float | None) -> str:
    """As `Timing.at` has it; "" where it is not known."""
    if seconds is None:
        return ""
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    except (ValueError, OverflowError, OSError):
        return ""
