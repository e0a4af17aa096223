"""What tokens are asked with: configurations are read before there is an HTTP client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.upstreams.sending import SendFailed
from tokentape.wire.interaction import How

if TYPE_CHECKING:
    from tokentape.upstreams.sending import Sender, Sent
    from tokentape.upstreams.upstream import Times
    from tokentape.wire.message import Request


class LaterSender:
    """Sends through `inner` once it is there. Whoever gave that closes it."""

    __slots__ = ("inner",)

    def __init__(self, inner: Sender | None = None) -> None:
        self.inner = inner

    async def send(self, request: Request, times: Times) -> Sent:
        """As `inner` does. Raises `SendFailed` where there is none."""
        if self.inner is None:
            raise SendFailed(How.CONNECT_ERROR, "the gateway does not run: nothing is sent", reached=False)
        return await self.inner.send(request, times)

    async def aclose(self) -> None:
        """Forget `inner`."""
        self.inner = None
