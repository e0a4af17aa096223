"""A request taken apart once, for all dialects to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.wire.jsontext import JsonError, parse
from tokentape.wire.url import host_of, path_and_query

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Request

_NO_FIELDS: dict[str, Json] = {}


class Call:
    """Method, path segments (as sent, empty ones dropped), query and JSON body of a request.

    `is_json` tells a body that is JSON from one that is absent or something else; `fields` is the body
    if it is an object, else empty.
    """

    __slots__ = ("body", "fields", "is_json", "last", "method", "parent", "query", "request", "segments")

    def __init__(self, request: Request, read: Callable[[bytes], Json] = parse) -> None:
        self.request = request
        self.method = request.method.upper()
        path, self.query = path_and_query(request.url)
        self.segments = [part for part in path.split("/") if part]
        self.last = self.segments[-1] if self.segments else ""
        self.parent = self.segments[-2] if len(self.segments) > 1 else ""
        self.body, self.is_json = _json_of(request, read)
        self.fields: dict[str, Json] = self.body if isinstance(self.body, dict) else _NO_FIELDS

    @property
    def host(self) -> str:
        """The host, lower case, bare."""
        return host_of(self.request.url)

    @property
    def is_post(self) -> bool:
        """True for POST, the method of every call that carries a prompt."""
        return self.method == "POST"

    @property
    def streams(self) -> bool:
        """True if the body's own `stream` is true; a `stream` further inside means something else."""
        return self.fields.get("stream") is True

    @property
    def model(self) -> str | None:
        """The body's own `model`, if it is text."""
        model = self.fields.get("model")
        return model if isinstance(model, str) else None

    def has_list(self, name: str) -> bool:
        """True if the body has a list under `name`."""
        return isinstance(self.fields.get(name), list)

    def after(self, segment: str) -> list[str]:
        """The path segments after the last `segment`; empty where there is none."""
        if segment not in self.segments:
            return []
        at = len(self.segments) - 1 - self.segments[::-1].index(segment)
        return self.segments[at + 1 :]


def _json_of(request: Request, read: Callable[[bytes], Json]) -> tuple[Json, bool]:
    body = request.body
    if not body:
        return None, False
    if request.header("content-encoding"):
        from tokentape.wire.body import decoded_body

        body = decoded_body(request) or body
    try:
        return read(body), True
    except JsonError:
        return None, False


def decoded(segment: str) -> str:
    """A path segment without percent-encoding (AWS SDKs encode the colon in model ids)."""
    if "%" not in segment:
        return segment
    from urllib.parse import unquote

    return unquote(segment)
