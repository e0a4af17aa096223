"""One call from request to end: what was asked, what came, when, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.wire.message import Request, Response

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


class How(StrEnum):
    """How a call ended, told apart as far as the library under it can tell."""

    EOF = "eof"
    CLOSED_BY_CALLER = "closed_by_caller"
    CANCELLED = "cancelled"
    CUT = "cut"
    RESET = "reset"
    READ_TIMEOUT = "read_timeout"
    WRITE_TIMEOUT = "write_timeout"
    CONNECT_ERROR = "connect_error"
    CONNECT_TIMEOUT = "connect_timeout"
    TLS_ERROR = "tls_error"
    PROTOCOL_ERROR = "protocol_error"
    UNKNOWN = "unknown"


CALLER_STOPPED = frozenset({How.CLOSED_BY_CALLER, How.CANCELLED})
"""Ends that the caller chose: what would have come next is not known."""


@dataclass(frozen=True, slots=True)
class WireError:
    """The library's own exception: class name without module, and its text."""

    type: str
    message: str


@dataclass(frozen=True, slots=True)
class Ended:
    """How the call ended. `terminal`: the dialect's last event was seen (None: it has none)."""

    how: How
    terminal: bool | None = None
    error: WireError | None = None

    @property
    def whole(self) -> bool:
        """True if the reply is complete: terminal event seen, or end of file where none exists."""
        return self.terminal is True or (self.terminal is None and self.how is How.EOF)


@dataclass(frozen=True, slots=True)
class Timing:
    """When and how fast. `at`: start, ISO 8601 UTC with microseconds; durations in milliseconds.

    `head_ms` runs from the start to the response head; `chunk_ms` from each event to the next chunk.
    """

    at: str
    head_ms: int | None = None
    chunk_ms: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One redaction: where (`request.headers.authorization`), which kind, how often."""

    where: str
    kind: str
    count: int


@dataclass(frozen=True, slots=True)
class Interaction:
    """One recorded call. `response` is None when none came.

    `key` and `exact` are hints for matching, valid under the cassette's `rules`; `asks`, `reads_as`
    and `protocol` are derived for the reader; `unknown` keeps fields a later version wrote.
    """

    id: str
    request: Request
    response: Response | None
    ended: Ended
    timing: Timing
    key: str = ""
    exact: str | None = None
    kind: str = "http"
    origin: str = "live"
    protocol: str = ""
    metadata: Mapping[str, Json] = field(default_factory=dict)
    asks: str = ""
    reads_as: str = ""
    redacted: tuple[Finding, ...] = ()
    unknown: Mapping[str, Json] = field(default_factory=dict)
