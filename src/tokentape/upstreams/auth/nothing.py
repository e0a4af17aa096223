"""No authentication: a server on this machine or in this network. What the client showed stays here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.upstreams.auth.bare import bare

if TYPE_CHECKING:
    from tokentape.upstreams.upstream import Secret
    from tokentape.wire.message import Request


class NoAuth:
    """Shows nothing."""

    async def signed(self, request: Request, secret: Secret | None) -> Request:
        """The request without credentials."""
        return bare(request)

    async def refused(self, secret: Secret | None) -> bool:
        """There is nothing to renew."""
        return False
