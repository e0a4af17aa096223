"""Compactions: a summary that was made by one request and begins another.

Only what is certain counts: a block that a provider made for it, or a message that begins as the known
clients begin it and holds a summary of ours word for word.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tokentape.gateway.conversations.markers import SUMMARIES
from tokentape.gateway.conversations.memory import hashed
from tokentape.protocols.canonical.items import Message, Role
from tokentape.protocols.canonical.parts import Text, Unknown
from tokentape.protocols.reading import fields, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tokentape.gateway.conversations.chain import Chain
    from tokentape.protocols.canonical.items import Item
    from tokentape.wire.interaction import Json

_INNER = re.compile(r"<summary>(.*?)</summary>", re.DOTALL)


def summaries_of(items: Sequence[Item], *, is_compaction: bool) -> list[bytes]:
    """Hashes of the summaries in a reply: compaction blocks, and the text of a request for a summary."""
    found = list(_blocks(items))
    if is_compaction:
        said = "".join(
            part.text
            for item in items
            if isinstance(item, Message)
            for part in item.parts
            if isinstance(part, Text)
        )
        inner = _INNER.search(said)
        found += [_hash(piece) for piece in (said, inner[1] if inner else "") if piece.strip()]
    return found


def summaries_in(place: Chain) -> list[bytes] | None:
    """Hashes that the summary of a history may have; None where it does not begin with one."""
    found = list(_blocks(place.items))
    is_marked = bool(found)
    first = next((turn for turn in place.turns if turn.side == "user"), None)
    for item in place.items[: first.end] if first else ():
        for part in item.parts if isinstance(item, Message) and item.role is not Role.ASSISTANT else ():
            if isinstance(part, Text) and part.text.lstrip().startswith(SUMMARIES):
                is_marked = True
                found += _pieces(part.text)
    return found if is_marked else None


def _pieces(said: str) -> Iterator[bytes]:
    """What may be the summary in a message: all behind its first line, its first blank line, its heading."""
    for between in ("\n", "\n\n", "Summary:\n"):
        _, _, rest = said.partition(between)
        if rest.strip():
            yield _hash(rest)


def _blocks(items: Sequence[Item]) -> Iterator[bytes]:
    """Compaction items (Responses) and blocks (Messages), by what is sealed or said in them."""
    for item in items:
        nodes = item.parts if isinstance(item, Message) else (item,)
        for node in nodes:
            if isinstance(node, Unknown) and (held := _held(node.json)):
                yield _hash(held)


def _held(json: Json) -> str:
    block = fields(json)
    if not text(block.get("type")).startswith("compaction"):
        return ""
    return text(block.get("encrypted_content")) or text(block.get("content"))


def _hash(said: str) -> bytes:
    return hashed(said.strip())
