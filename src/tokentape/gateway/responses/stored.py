"""One response as it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.protocols.fastjson import dumps, loads

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

RUNNING = frozenset({"queued", "in_progress"})
"""States of a response that somebody works on."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A response: who asked, for what, and what it is by now.

    `input` holds the items of this turn alone (those of its ancestors are theirs), `body` the response as
    the client sees it, both as JSON. `worker` works on it while it runs. `include` is what the client
    wanted to see besides. `is_upstreams`: an upstream keeps it, and only whose it is stands here.
    """

    id: str
    client: str
    created: float
    status: str
    input: bytes = b"[]"
    body: bytes = b"{}"
    previous: str | None = None
    conversation: str | None = None
    worker: str | None = None
    is_background: bool = False
    include: tuple[str, ...] = ()
    is_upstreams: bool = False

    @property
    def is_running(self) -> bool:
        """True while somebody works on it."""
        return self.status in RUNNING

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        return len(self.input) + len(self.body) + 512

    @property
    def items(self) -> list[Json]:
        """The items of this turn's input."""
        found = loads(self.input)
        return found if isinstance(found, list) else []

    @property
    def response(self) -> Fields:
        """The response object."""
        found = loads(self.body)
        return found if isinstance(found, dict) else {}

    @property
    def output(self) -> list[Json]:
        """The items of its output."""
        found = self.response.get("output")
        return found if isinstance(found, list) else []


def packed(value: Json) -> bytes:
    """JSON as it is kept."""
    return dumps(value)
