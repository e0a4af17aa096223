"""What a target needs and the source does not have: ids and times."""

from __future__ import annotations

from hashlib import sha256
from time import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentape.protocols.canonical.events import Started
    from tokentape.protocols.canonical.reply import Reply
    from tokentape.protocols.codec import Target


def minted(prefix: str, *seed: object) -> str:
    """An id that is the same for the same `seed`: a translation can be made again."""
    told = "\0".join(map(str, seed)).encode("utf-8", "surrogatepass")
    return prefix + sha256(told).hexdigest()[:24]


def seed_of(reply: Reply | Started | None, target: Target) -> str:
    """What ids of calls are made of (case 4). No two replies of one conversation may mint the same, so one
    without an id is told from the others by its time, and by how long the conversation was by then.
    """
    if reply is not None and reply.id:
        return reply.id
    made = reply.created if reply is not None else None
    return f"{made}/{len(target.asked.items)}" if target.asked is not None else f"{made}"


def created_of(reply: Reply | None) -> int:
    """When the reply was made, in seconds since 1970; now, where it does not say."""
    return int(time() if reply is None or reply.created is None else reply.created)
