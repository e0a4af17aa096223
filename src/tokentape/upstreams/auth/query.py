"""A key in the query of the URL, as some of Google's APIs take it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from tokentape.upstreams.auth.bare import bare
from tokentape.upstreams.upstream import AuthFailed

if TYPE_CHECKING:
    from tokentape.upstreams.upstream import Secret
    from tokentape.wire.message import Request


class QueryKey:
    """The credential's secret as the parameter `name`."""

    def __init__(self, name: str = "key") -> None:
        self._name = name

    async def signed(self, request: Request, secret: Secret | None) -> Request:
        """The request with the key. Raises `AuthFailed` where there is none."""
        if secret is None:
            raise AuthFailed(f"no key is set for the parameter {self._name}; name one under credentials")
        plain = bare(request)
        mark = "&" if "?" in plain.url else "?"
        return replace(plain, url=f"{plain.url}{mark}{quote(self._name)}={quote(secret.reveal(), safe='')}")

    async def refused(self, secret: Secret | None) -> bool:
        """A key is what it is."""
        return False
