"""The sender where nothing is asked: for reports, which look answers up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.upstreams.sending import SendFailed
from tokentape.wire.interaction import How

if TYPE_CHECKING:
    from tokentape.upstreams.sending import Sent
    from tokentape.upstreams.upstream import Times
    from tokentape.wire.message import Request


class Offline:
    """Sends nothing."""

    async def send(self, request: Request, times: Times) -> Sent:
        """Raises `SendFailed`."""
        raise SendFailed(How.CONNECT_ERROR, "nothing is asked offline", reached=False)

    async def aclose(self) -> None:
        """Nothing is open."""
