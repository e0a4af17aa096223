"""The items that a response was made of, page by page (API reference, "List input items")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.gateway.responses.errors import NotDone
from tokentape.gateway.responses.ids import item_id
from tokentape.gateway.responses.items import OUTPUTS, kind_of, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

USUAL, MOST = 20, 100
"""Items of a page."""


def page(items: Sequence[Fields], query: Mapping[str, list[str]]) -> Fields:
    """A page of the items, which are in the order of the conversation. Raises `NotDone`."""
    limit, order = _limit(query), (query.get("order") or ["desc"])[-1]
    if order not in ("asc", "desc"):
        raise NotDone(400, f"`order` must be 'asc' or 'desc', not {order!r}.", param="order")
    found = list(items) if order == "asc" else list(items)[::-1]
    if after := (query.get("after") or [""])[-1]:
        place = next((n for n, item in enumerate(found) if item["id"] == after), None)
        if place is None:
            raise NotDone(400, f"No item with id '{after}' is in this list.", param="after")
        found = found[place + 1 :]
    include = wanted(query)
    data: list[Json] = [shown(item, include) for item in found[:limit]]
    return {
        "object": "list",
        "data": data,
        "first_id": found[0]["id"] if found else "",
        "last_id": found[: limit or 1][-1]["id"] if found else "",
        "has_more": len(found) > limit,
    }


def wanted(query: Mapping[str, list[str]]) -> tuple[str, ...]:
    """What `include` names; SDKs write it `include` or `include[]`."""
    return (*query.get("include", []), *query.get("include[]", []))


def _limit(query: Mapping[str, list[str]]) -> int:
    said = (query.get("limit") or [str(USUAL)])[-1]
    if not (said.isascii() and said.isdigit() and len(said) < 5 and 1 <= int(said) <= MOST):
        raise NotDone(400, f"`limit` must be a whole number from 1 to {MOST}, not {said!r}.", param="limit")
    return int(said)


def numbered(items: Iterable[Json], response: str) -> list[Fields]:
    """Input items as a client sees them in a list: each has an id, and messages have parts."""
    found: list[Fields] = []
    for place, item in enumerate(items):
        if isinstance(item, dict):
            found.append(_listed({**item, "id": item_id(response, place, item)}))
    return found


def _listed(item: Fields) -> Fields:
    if kind_of(item) == "message":
        return {"type": "message", "status": "completed", **item, "content": _parts(item)}
    if kind_of(item) in (*OUTPUTS, *OUTPUTS.values()):
        return {"status": "completed", **item}
    return item


def _parts(item: Fields) -> Json:
    """The parts of a message, with what the schema wants of each."""
    content = item.get("content")
    kind = "output_text" if item.get("role") == "assistant" else "input_text"
    if isinstance(content, str):
        content = [{"type": kind, "text": content}]
    if not isinstance(content, list):
        return []
    return [{**_USUAL_PARTS.get(_kind(part), {}), **part} for part in content if isinstance(part, dict)]


_USUAL_PARTS: dict[str, Fields] = {
    "input_image": {"detail": "auto", "image_url": None},
    "output_text": {"annotations": [], "logprobs": []},
}


def _kind(part: Fields) -> str:
    found = part.get("type")
    return found if isinstance(found, str) else ""
