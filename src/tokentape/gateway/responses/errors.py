"""Errors as the Responses API tells them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.gateway.logs import complain
from tokentape.gateway.naming import OWN
from tokentape.protocols.fastjson import dumps

if TYPE_CHECKING:
    from tokentape.gateway.outlet import Outlet
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers

    Fields = dict[str, Json]


class NotDone(Exception):
    """A request that is answered with an error: its status, and what the error object says."""

    def __init__(
        self, status: int, message: str, *, code: str | None = None, param: str | None = None
    ) -> None:
        self.status, self.message, self.code, self.param = status, message, code, param
        super().__init__(message)

    @property
    def error(self) -> Fields:
        """The error object."""
        return {
            "message": self.message,
            "type": "server_error" if self.status >= 500 else "invalid_request_error",
            "param": self.param,
            "code": self.code,
        }


def previous_not_found(identity: str) -> NotDone:
    """The response that a request goes on from is not there, or another client's."""
    message = f"Previous response with id '{identity}' not found."
    return NotDone(400, message, code="previous_response_not_found", param="previous_response_id")


def not_found(identity: str) -> NotDone:
    """The response that a request is about is not there, or another client's."""
    return NotDone(404, f"Response with id '{identity}' not found.")


async def tell(outlet: Outlet, body: Json, status: int = 200, more: Headers = ()) -> None:
    """A reply that is one JSON value."""
    data = dumps(body)
    again = () if status < 400 or status >= 500 else (("x-should-retry", "false"),)
    headers = (("Content-Type", "application/json"), ("Content-Length", str(len(data))), *again, *more)
    await outlet.start(status, headers)
    await outlet.chunk(data)
    await outlet.end()


async def refuse(outlet: Outlet, why: NotDone) -> None:
    """The error as a reply."""
    complain("responses", why.status, str(why.error.get("message")))
    await tell(outlet, {"error": why.error}, why.status, OWN)
