"""What a dialect offers to make a streamed reply of a whole one, and the reverse.

Both directions are pure: `unfold` gives the events the provider would have sent, `fold` the reply it
would have given at once. What neither can do faithfully is refused with a reason, never approximated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tokentape.protocols.dialect import Kind
from tokentape.wire.jsontext import dump
from tokentape.wire.message import without

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tokentape.protocols.payload import Payload
    from tokentape.protocols.registry import Recognised
    from tokentape.wire.interaction import Json
    from tokentape.wire.message import Request

    Fields = dict[str, Json]


class NotConvertible(ValueError):
    """This reply has no other form; the text says why, as a clause: "the stream ended with an error"."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The request that wants the other form: its URL, and its body if that is a JSON object."""

    url: str
    fields: Fields


@dataclass(frozen=True, slots=True)
class Synthesis:
    """How one dialect turns the two forms of a reply into each other.

    `neutral`     the request without what says in which form the reply shall come, from the request and
                  its JSON body; None for an operation that has no second form
    `unfold`      a whole reply as the events of a stream, each as it goes over the wire
    `fold`        the events of a complete stream as the whole reply
    `stream_type` the media type of a stream; `whole_type` of a whole reply

    `unfold` and `fold` raise `NotConvertible`.
    """

    neutral: Callable[[Request, Fields], Request | None]
    unfold: Callable[[Fields, Asked], list[bytes]]
    fold: Callable[[Sequence[Payload]], Fields]
    stream_type: Callable[[Asked], str] = lambda _: "text/event-stream; charset=utf-8"
    whole_type: str = "application/json"


FORM = ("stream", "stream_options")
"""Body fields that only say how the reply shall come (OpenAI, Anthropic)."""


def without_form(request: Request, body: Fields) -> Request:
    """The request with a JSON body that says nothing of streaming. JsonError if nested too deeply."""
    data = dump({name: value for name, value in body.items() if name not in FORM})
    return replace(request, headers=without(request.headers, "content-encoding"), body=data)


def synthesis_of(found: Recognised) -> Synthesis | None:
    """How the replies to a call turn into their other form; None where nobody knows, or there is none."""
    if found.dialect is None or found.dialect.synthesis is None or found.operation.kind is not Kind.GENERATE:
        return None
    return found.dialect.synthesis()
