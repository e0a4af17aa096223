"""A key in a header field: `Authorization: Bearer`, `x-api-key`, `api-key`, or one of the API's own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tokentape.errors import UsageError
from tokentape.upstreams.auth.bare import bare
from tokentape.upstreams.upstream import AuthFailed

if TYPE_CHECKING:
    from tokentape.upstreams.upstream import Secret
    from tokentape.wire.message import Request

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


class HeaderKey:
    """The credential's secret after `prefix` in the field `name`; `optional`: or nothing, without one."""

    def __init__(
        self, name: str = "Authorization", prefix: str = "Bearer ", *, optional: bool = False
    ) -> None:
        if _NAME.fullmatch(name) is None:
            raise UsageError(f"auth option header: {name!r} is no name of a header field")
        self._name, self._prefix, self._optional = name, prefix, optional

    async def signed(self, request: Request, secret: Secret | None) -> Request:
        """The request with the key. Raises `AuthFailed` where there is none."""
        if secret is None:
            if self._optional:
                return bare(request)
            raise AuthFailed(f"no key is set for the header {self._name}; name one under credentials")
        return shown(bare(request), self._name, self._prefix, secret)

    async def refused(self, secret: Secret | None) -> bool:
        """A key is what it is."""
        return False


def shown(request: Request, name: str, prefix: str, secret: Secret) -> Request:
    """The request with a secret in one field, which replaces one of that name."""
    lower = name.lower()
    others = tuple([field for field in request.headers if field[0].lower() != lower])
    return request.with_headers((*others, (name, prefix + secret.reveal())))
