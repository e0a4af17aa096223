"""What the provider saw of a request."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote

from tokentape.testing.provider.reading import parsed
from tokentape.wire.message import header

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it arrived.

    `target` is the request target as sent, query included; `body` has its framing taken off and is
    None where the request had none. `at` is `time.monotonic()` when it was read to its end;
    `connection` counts accepted connections from 1.
    """

    method: str
    target: str
    headers: Headers
    body: bytes | None = field(repr=False)
    at: float
    connection: int

    @property
    def origin_form(self) -> str:
        """Path and query as sent, also where a client used the absolute form (RFC 9112, section 3.2)."""
        if self.target.startswith("/"):
            return self.target
        rest = self.target.partition("://")[2]
        start = min((place for place in (rest.find("/"), rest.find("?")) if place >= 0), default=len(rest))
        return rest[start:] if rest[start:].startswith("/") else f"/{rest[start:]}"

    @property
    def path(self) -> str:
        """The path of the target, unquoted, without the query."""
        return unquote(self.origin_form.partition("?")[0])

    @property
    def query(self) -> dict[str, list[str]]:
        """The query's fields, repeats kept."""
        return parse_qs(self.origin_form.partition("?")[2], keep_blank_values=True)

    @property
    def json(self) -> Json:
        """The body as JSON; None for no body. Raises ValueError for anything else."""
        return parsed(self.body)

    def header(self, name: str) -> str | None:
        """The first field called `name` (any case), or None."""
        return header(self.headers, name)
