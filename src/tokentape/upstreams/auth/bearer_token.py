"""What all ways share that get a token and show it as `Authorization: Bearer`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.upstreams.auth.bare import bare
from tokentape.upstreams.auth.header import shown

if TYPE_CHECKING:
    from tokentape.upstreams.auth.tokens import Tokens
    from tokentape.upstreams.upstream import Secret
    from tokentape.wire.message import Request


class BearerToken:
    """Shows a token that `tokens` keeps."""

    def __init__(self, tokens: Tokens, name: str = "Authorization", prefix: str = "Bearer ") -> None:
        self._tokens, self._name, self._prefix = tokens, name, prefix

    async def signed(self, request: Request, secret: Secret | None) -> Request:
        """The request with a token. Raises `AuthFailed` where none can be had."""
        return shown(bare(request), self._name, self._prefix, await self._tokens.token(secret))

    async def refused(self, secret: Secret | None) -> bool:
        """The token was refused: get another one. True: ask once more."""
        return await self._tokens.refused(secret)
