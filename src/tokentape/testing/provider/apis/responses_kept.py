"""Stored responses: look at, delete, cancel, list the input; and compaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.testing.provider.reading import at, compact, listed, string
from tokentape.testing.provider.shelf import Kept, Told
from tokentape.testing.provider.turn import count_tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tokentape.testing.provider.shelf import Asked, Shelf
    from tokentape.testing.provider.turn import Serial
    from tokentape.wire.interaction import Json

    Thing = dict[str, Json]


def keep_response(shelf: Shelf, ended: Thing, body: Mapping[str, Json], serial: Serial) -> None:
    """Put a response on the shelf, with the input of its request."""
    shelf.put(string(ended["id"]), Kept(ended, items=tuple(_items(dict(body), serial))))


def stored(asked: Asked) -> Told:
    """`/v1/responses/{id}`, `.../cancel` and `.../input_items`."""
    name, _, rest = asked.seen.path.rpartition("/responses/")[2].strip("/").partition("/")
    kept = asked.shelf.get(name)
    if kept is None:
        return Told(f"Response with id '{name}' not found.".encode(), status=404)
    done = DOES.get((asked.seen.method, rest))
    if done is None:
        return Told(f"Invalid URL ({asked.seen.method} {asked.seen.path})".encode(), status=404)
    return done(asked, name, kept)


def compacted(asked: Asked) -> Told:
    """`POST /v1/responses/compact`: what users said stays, the rest is one sealed item."""
    items = _items(asked.body, asked.serial)
    said = [item for item in items if at(item, "role") == "user"]
    sealed: Json = {
        "id": f"cmp_{asked.serial.hex('compaction', 48)}",
        "type": "compaction",
        "encrypted_content": f"gAAAA{asked.serial.hex('sealed', 64)}==",
    }
    tokens = count_tokens(compact(items).decode())
    usage: Json = {
        "input_tokens": tokens,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 20,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": tokens + 20,
    }
    head: Thing = {"id": f"resp_{asked.serial.hex(length=48)}", "object": "response.compaction"}
    made: Thing = {"created_at": asked.serial.created, "output": [*said, sealed], "usage": usage}
    return Told(compact(head | made))


def _shown(asked: Asked, name: str, kept: Kept) -> Told:
    return Told(compact(kept.shown))


def _deleted(asked: Asked, name: str, kept: Kept) -> Told:
    asked.shelf.drop(name)
    return Told(compact({"id": name, "object": "response", "deleted": True}))


def _cancelled(asked: Asked, name: str, kept: Kept) -> Told:
    if kept.shown.get("background") is not True:
        return Told(b"Cannot cancel a synchronous response.", status=400)
    shown = kept.shown | {"status": "cancelled", "output": [], "usage": None, "completed_at": None}
    asked.shelf.put(name, Kept(shown, items=kept.items))
    return Told(compact(shown))


def _input(asked: Asked, name: str, kept: Kept) -> Told:
    asc = "asc" in asked.seen.query.get("order", [])
    data = list(kept.items if asc else reversed(kept.items))
    ends: Thing = {"first_id": at(data, 0, "id"), "last_id": at(data, -1, "id"), "has_more": False}
    return Told(compact({"object": "list", "data": data, **ends}))


DOES: dict[tuple[str, str], Callable[[Asked, str, Kept], Told]] = {
    ("GET", ""): _shown,
    ("DELETE", ""): _deleted,
    ("POST", "cancel"): _cancelled,
    ("GET", "input_items"): _input,
}


def _items(body: Json, serial: Serial) -> list[Json]:
    """The input as items, each with an id and its kind."""
    given = at(body, "input")
    if isinstance(given, str):
        given = [{"role": "user", "content": [{"type": "input_text", "text": given}]}]
    found: list[Json] = []
    for i, item in enumerate(listed(given)):
        if isinstance(item, dict):
            content = item.get("content")
            parts: Thing = (
                {"content": [{"type": "input_text", "text": content}]} if isinstance(content, str) else {}
            )
            head: Thing = {"id": f"msg_{serial.hex(f'input {i}', 48)}", "type": "message"}
            found.append(head | ({"status": "completed"} if "role" in item else {}) | item | parts)
    return found
