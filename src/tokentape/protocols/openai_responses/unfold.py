"""A response as the events of its life (API reference, "Streaming events").

Created, in progress, each output item from `added` to `done`, then the ending event with all of it;
every event has the next `sequence_number`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.openai_responses.items import life
from tokentape.protocols.reading import objects, text
from tokentape.protocols.synthesis import NotConvertible
from tokentape.protocols.unfolding import sse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.protocols.synthesis import Asked
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_ENDS = {
    "completed": "response.completed",
    "incomplete": "response.incomplete",
    "failed": "response.failed",
    "cancelled": "response.cancelled",
}
_NOT_YET: Fields = {
    "completed_at": None,
    "error": None,
    "incomplete_details": None,
    "output": [],
    "usage": None,
}
"""What a response says before it ended, as far as it has the fields at all."""


def unfold(reply: Fields, asked: Asked) -> list[bytes]:
    """The events. Raises `NotConvertible` for what is no response, or has not ended."""
    del asked
    if not isinstance(reply.get("output"), list):
        raise NotConvertible("the reply is no response with output")
    status = text(reply.get("status")) or "completed"
    if status not in _ENDS:
        raise NotConvertible(f"the response has not ended, its status is {status!r}")
    return [
        sse(event | {"sequence_number": number}, text(event["type"]))
        for number, event in enumerate(_events(reply, _ENDS[status]))
    ]


def _events(reply: Fields, end: str) -> Iterator[Fields]:
    begun: Fields = {name: _NOT_YET.get(name, value) for name, value in reply.items()}
    begun["status"] = "in_progress"
    yield {"type": "response.created", "response": begun}
    yield {"type": "response.in_progress", "response": begun}
    for index, item in enumerate(objects(reply["output"])):
        yield from life(item, index)
    yield {"type": end, "response": reply}
