"""The events of a response's stream as the response: its ending event holds it.

Some compatible servers leave the output out of that event; the finished items then fill it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.folding import objects_of
from tokentape.protocols.openai_responses.stream import ENDS
from tokentape.protocols.reading import number
from tokentape.protocols.synthesis import NotConvertible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.protocols.payload import Payload
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


def fold(stream: Sequence[Payload]) -> Fields:
    """The `response`. Raises `NotConvertible` where the stream ended with an error or without it."""
    items: dict[int, Json] = {}
    for event in objects_of(stream):
        kind, response = event.get("type"), event.get("response")
        if kind == "response.output_item.done":
            items[number(event.get("output_index")) or 0] = event.get("item")
        elif kind in ENDS and isinstance(response, dict):
            return response if response.get("output") or not items else _filled(response, items)
    raise NotConvertible("the stream has no ending event that holds the response")


def _filled(response: Fields, items: dict[int, Json]) -> Fields:
    return {**response, "output": [items[index] for index in sorted(items)]}
