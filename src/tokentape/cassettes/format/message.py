"""Requests and responses as objects of the file, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.cassettes.format.coding import body_form, fitting, read_body
from tokentape.cassettes.format.mend import mended
from tokentape.wire.message import Request, Response

if TYPE_CHECKING:
    from tokentape.cassettes.format.coding import Shown
    from tokentape.cassettes.format.fields import Fields, Place
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Headers

REQUEST = ("method", "url", "http", "headers", "body")
RESPONSE = ("status", "reason", "http", "headers", "trailers", "body", "chunks")


def request_object(request: Request) -> dict[str, Json]:
    """A request, its body in the form that shows it best."""
    return {
        "method": request.method,
        "url": request.url,
        "http": request.http,
        "headers": _pairs(request.headers),
        "body": body_form(request.body, request.headers),
    }


def response_object(response: Response) -> dict[str, Json]:
    """A response, its body in the form that shows it best, and the lengths of its chunks."""
    return {
        "status": response.status,
        "reason": response.reason,
        "http": response.http,
        "headers": _pairs(response.headers),
        "trailers": _pairs(response.trailers),
        "body": body_form(response.body, response.headers, response.decoded),
        "chunks": list(response.chunks),
    }


def _pairs(headers: Headers) -> Json:
    return [[name, value] for name, value in headers]


def read_request(fields: Fields, *, folded: bool, view: bytes | None = None) -> Request:
    """A request again; CassetteCorrupt names the field that is wrong. `view`: as for `read_response`."""
    shown = _body(fields, folded=folded, view=view)
    return Request(
        method=fields.text("method"),
        url=fields.text("url"),
        headers=fitting(fields.headers("headers"), shown),
        body=shown.body,
        http=fields.text("http", "1.1"),
    )


def read_response(fields: Fields, place: Place, *, folded: bool, view: bytes | None = None) -> Response:
    """A response again. `view`: what its body shows, where that is known without its form."""
    shown = _body(fields, folded=folded, view=view)
    response = Response(
        status=fields.whole("status"),
        reason=fields.text("reason", ""),
        headers=fields.headers("headers"),
        body=shown.body,
        chunks=fields.wholes("chunks"),
        trailers=fields.headers("trailers"),
        http=fields.text("http", "1.1"),
        decoded=shown.view,
    )
    return mended(response, shown, place)


def _body(fields: Fields, *, folded: bool, view: bytes | None = None) -> Shown:
    try:
        return read_body(fields.get("body"), folded=folded, view=view)
    except ValueError as problem:
        fields.bad("body", problem)
