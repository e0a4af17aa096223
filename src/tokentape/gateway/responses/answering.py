"""What the state asks of the rest of the gateway: one call without state, answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tokentape.gateway.call import Call
    from tokentape.gateway.outlet import Outlet


class Answering(Protocol):
    """Answers calls."""

    async def answer(self, call: Call, outlet: Outlet) -> None:
        """Answer one call for a new response: tape, route, attempts, translation, stream."""
        ...

    async def forward(self, call: Call, outlet: Outlet) -> None:
        """Pass a call on as it is, to the upstream that keeps responses."""
        ...

    def keeps_responses(self, call: Call) -> bool:
        """True if the upstream that this call goes to keeps responses itself."""
        ...

    async def count(self, call: Call, outlet: Outlet) -> None:
        """Answer how many tokens the input of a call has."""
        ...
