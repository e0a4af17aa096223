"""Which path leads to which API."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.testing.provider.apis.chat import Chat
from tokentape.testing.provider.apis.messages import Messages

if TYPE_CHECKING:
    from tokentape.testing.provider.apis.base import Api
    from tokentape.testing.provider.seen import Seen
    from tokentape.testing.provider.turn import Serial
    from tokentape.wire.interaction import Json

Endpoint = Callable[["Seen", "Json", "Serial"], bytes]
"""An operation that generates nothing: its request to the JSON of its reply."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request goes. `endpoint` None: to the API's generated reply."""

    api: Api
    endpoint: Endpoint | None = None
    known: bool = True

    @property
    def generates(self) -> bool:
        """Whether a reply is generated, so that answers and tool calls can be scripted for it."""
        return self.known and self.endpoint is None


CHAT, MESSAGES = Chat(), Messages()

POSTS: tuple[tuple[str, Route], ...] = (
    ("/chat/completions", Route(CHAT)),
    ("/messages", Route(MESSAGES)),
)
"""By how the path ends, since clients put all kinds of prefixes in front."""


def find(seen: Seen) -> Route:
    """The route of a request; one that is not `known` still says whose error shape fits."""
    path = seen.path
    if seen.method == "POST":
        for ending, route in POSTS:
            if path.endswith(ending):
                return route
    return Route(MESSAGES if seen.header("anthropic-version") else CHAT, known=False)
