"""A tracker's memory as JSON, so that a restart keeps identities: hashes, ids and ages, never a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.gateway.conversations.memory import Entry, Known
from tokentape.protocols.reading import fields, objects, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.gateway.conversations.memory import Places
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

SCHEMA = 1
"""Another number is another form, and is not read: conversations then begin anew."""


def save(places: Places, now: float) -> Fields:
    """Everything that is remembered; `now` is the tracker's clock, from which ages are counted."""
    saved: list[Json] = [
        {
            "client": client,
            "key": key.hex(),
            "age": round(max(0.0, now - entry.at), 3),
            "shared": entry.is_shared,
            "known": [[each.conversation, each.next.hex() if each.next else None] for each in entry.known],
        }
        for client, key, entry in places
    ]
    return {"tokentape_conversations": SCHEMA, "entries": saved}


def load(places: Places, saved: Json, now: float, *, away: float = 0.0) -> int:
    """Put back what was saved, `away` seconds ago; how many entries there were. What was learned since
    stays; what cannot be read is left out.
    """
    held = fields(saved)
    if held.get("tokentape_conversations") != SCHEMA:
        return 0
    count = 0
    for one in objects(held.get("entries")):
        age, key = one.get("age"), _bytes(one.get("key"))
        if key is None or isinstance(age, bool) or not isinstance(age, int | float):
            continue
        known = list(_known(one.get("known")))
        if known:
            entry = Entry(known, one.get("shared") is True or len(known) > 1, now - age - away)
            places.put(text(one.get("client")), key, entry)
            count += 1
    return count


def _known(value: Json) -> Iterator[Known]:
    for pair in value if isinstance(value, list) else ():
        if isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str):
            yield Known(pair[0], _bytes(pair[1]))


def _bytes(value: Json) -> bytes | None:
    try:
        return bytes.fromhex(value) if isinstance(value, str) else None
    except ValueError:
        return None
