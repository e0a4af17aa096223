"""The questions the rest of the program asks about a call, answered by the dialect that knows."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tokentape.protocols.call import Call
from tokentape.protocols.dialect import PLAIN, Kind, Operation
from tokentape.protocols.errors import openai_error
from tokentape.protocols.table import dialect_named, dialects
from tokentape.wire.jsontext import JsonError, parse
from tokentape.wire.message import Response
from tokentape.wire.quick import quick

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.protocols.dialect import Dialect, Shape, Stream
    from tokentape.protocols.payload import Payload
    from tokentape.protocols.usage import Usage
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Request

UNKNOWN = Operation("http", "request", Kind.OTHER)
"""HTTP that no dialect recognises."""

WIDTH = 120
"""Characters of `asks` and `reads_as`."""


@quick
@dataclass(frozen=True, slots=True)
class Recognised:
    """What a request is. `dialect` is None for unknown HTTP; `body` is the parsed JSON if `is_json`."""

    operation: Operation
    dialect: Dialect | None
    body: Json
    is_json: bool

    @property
    def shape(self) -> Shape:
        """Where things are in the body."""
        return self.dialect.shape if self.dialect else PLAIN


def recognise(request: Request, read: Callable[[bytes], Json] = parse) -> Recognised:
    """What `request` is: by method, path and body, the host last. Parses the body, once, with `read`.

    Dialects of other packages are asked only about what no built-in one recognises. Raises `UsageError`
    if one of those takes a name that is taken.
    """
    call = Call(request, read)
    for dialect in dialects():
        if (operation := dialect.recognise(call)) is not None:
            return Recognised(operation, dialect, call.body, call.is_json)
    return Recognised(UNKNOWN, None, call.body, call.is_json)


def is_complete(operation: Operation, response: Response) -> bool | None:
    """Whether a streamed reply came to the end its dialect gives it.

    None where the reply is no stream (an error reply, one JSON value), or the dialect has no such end.
    """
    dialect = dialect_named(operation.dialect)
    if dialect is None or dialect.stream is None or response.status >= 400:
        return None
    from tokentape.protocols.part import end_of

    end = end_of(response)
    if end is not None and dialect.stream.is_complete(stream_of(operation, end) or []):
        return True
    stream = stream_of(operation, response)
    return None if stream is None else dialect.stream.is_complete(stream)


def stream_of(operation: Operation, response: Response) -> list[Payload] | None:
    """The events of a streamed reply; None where it is no stream."""
    from tokentape.protocols.payload import payloads

    return payloads(response, asked=operation.stream)


def error_reply(operation: Operation, message: str, *, status: int = 400) -> Response:
    """An error in the dialect's own shape, which its SDKs show and do not retry."""
    dialect = dialect_named(operation.dialect)
    body = dialect.error_body(message, status) if dialect else openai_error(message, status)
    data = json.dumps({**body, "message": message, "detail": message}).encode()
    headers = (
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(data))),
        ("x-should-retry", "false"),
        *(dialect.error_headers if dialect else ()),
    )
    return Response(status, _REASONS.get(status, ""), headers, data, (len(data),))


_REASONS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    429: "Too Many Requests",
}


def summary(request: Request, response: Response | None) -> tuple[str, str]:
    """What was asked (the last user text) and answered (text, tool calls), one short line each."""
    found = recognise(request)
    if found.dialect is None:
        return "", ""
    asks = found.dialect.asks(found.body) if found.is_json else ""
    return one_line(asks), one_line(_said(found.operation, found.dialect, response)) if response else ""


def _said(operation: Operation, dialect: Dialect, response: Response) -> str:
    if (
        dialect.stream is not None
        and (said := _said_instream_of(operation, dialect.stream, response)) is not None
    ):
        return said
    reply = json_of(response)
    return _error_text(reply) if response.status >= 400 else dialect.reads_as(reply)


def reply_text(found: Recognised, response: Response) -> str:
    """The text and tool calls of a whole reply, uncut; "" where nobody knows its dialect."""
    return _said(found.operation, found.dialect, response) if found.dialect else ""


def _said_instream_of(operation: Operation, how: Stream, response: Response) -> str | None:
    """What a stream says; of a long one that begins with enough of it, only the beginning."""
    from tokentape.protocols.part import start_of

    start = start_of(response)
    if start is not None and len(said := how.reads_as(stream_of(operation, start) or [])) > 2 * WIDTH:
        return said
    stream = stream_of(operation, response)
    return None if stream is None else how.reads_as(stream)


def _error_text(reply: Json) -> str:
    """The text of an error reply, wherever the dialect puts it."""
    if not isinstance(reply, dict):
        return (
            reply
            if isinstance(reply, str)
            else _error_text(reply[0])
            if isinstance(reply, list) and reply
            else ""
        )
    for name in ("error", "message", "detail"):
        value = reply.get(name)
        if value and (said := value if isinstance(value, str) else _error_text(value)):
            return said
    return ""


def json_of(response: Response) -> Json:
    """The body of a reply as JSON; None where it is none."""
    from tokentape.wire.body import decoded_body

    try:
        return parse(decoded_body(response) or b"null")
    except JsonError:
        return None


def one_line(text: str, width: int = WIDTH) -> str:
    """`text` with white space run together, cut to `width` characters with an ellipsis."""
    line = " ".join(text.split(None, width)[:width])
    return line if len(line) <= width else line[: width - 1].rstrip() + "…"


def usage_of(found: Recognised, response: Response) -> Usage | None:
    """The tokens a reply says it used, or None."""
    dialect = found.dialect
    if dialect is None or response.status >= 400:
        return None
    if dialect.stream is not None and (stream := stream_of(found.operation, response)) is not None:
        return _charged(dialect.stream.usage(stream), stream, response)
    return dialect.usage(json_of(response)) or dialect.usage_in_headers(response.headers)


def _charged(usage: Usage | None, stream: list[Payload], response: Response) -> Usage | None:
    """With what the stream says it cost, wherever in it: a later usage takes nothing back."""
    from tokentape.protocols.charges import charged_in_comment, charged_in_stream
    from tokentape.protocols.usage import Usage
    from tokentape.wire.body import decoded_body

    charged = charged_in_stream(stream)
    if charged is None and (body := decoded_body(response)) and b"cost" in body:
        charged = charged_in_comment(body)
    if charged is None:
        return usage
    return replace(usage or Usage(), charged=charged)
