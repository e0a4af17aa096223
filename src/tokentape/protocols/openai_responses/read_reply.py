"""Reading a response (API reference, "The Response object")."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.failure import FailureKind
from tokentape.protocols.canonical.origin import Origin, rest_of
from tokentape.protocols.canonical.reply import Choice, Reply
from tokentape.protocols.checking import Where
from tokentape.protocols.openai_responses.failures import read_error
from tokentape.protocols.openai_responses.names import NAME
from tokentape.protocols.openai_responses.read_items import read_item
from tokentape.protocols.openai_responses.stops import RUNNING, read_stop
from tokentape.protocols.openai_responses.usage import usage

if TYPE_CHECKING:
    from tokentape.protocols.canonical.failure import Failure
    from tokentape.protocols.codec import Source
    from tokentape.protocols.usage import Usage
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_FIELDS = frozenset({"id", "model", "created_at", "output", "status", "incomplete_details", "error", "usage"})


def read_reply(body: Fields, source: Source) -> Reply:
    """The reply. Raises `ProtocolError` for what is none."""
    where = Where(NAME)
    where.fields(body)
    model = where.text_or_none(body.get("model"), "model") or source.model
    maker = source.maker(model)
    output = body.get("output")
    found = where.entries(output, "output") if output is not None else []
    items = tuple(read_item(entry, where.at("output", n), maker) for n, entry in enumerate(found))
    failure = failure_of(body, where)
    counted = usage(body)
    return Reply(
        (Choice(items, read_stop(body, items, where)),),
        where.text_or_none(body.get("id"), "id"),
        model,
        where.number_or_none(body.get("created_at"), "created_at"),
        counted,
        complete=failure is None and body.get("status") not in _NOT_ENDED,
        failure=failure,
        origin=Origin(NAME, (), rest_of_reply(body, counted)),
    )


_NOT_ENDED = tuple(RUNNING)


def failure_of(response: Fields, where: Where) -> Failure | None:
    """The error in a response. One in an incomplete response says that it was cut."""
    error = response.get("error")
    if error is None:
        return None
    read = read_error(where.fields(error, "error"), ("error",))
    if response.get("status") == "incomplete":
        return replace(read, kind=FailureKind.INCOMPLETE)
    return read


def rest_of_reply(body: Fields, counted: Usage | None, *, running: bool = True) -> Fields:
    """What else a response says: the request's fields, most of all, and a status while it runs."""
    rest = dict(rest_of(body, _FIELDS))
    status = body.get("status")
    if running and isinstance(status, str) and status in RUNNING:
        rest["status"] = status
    if counted is None and body.get("usage") is not None:
        rest["usage"] = body["usage"]
    return rest
