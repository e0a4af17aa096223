"""The dialect's name, and caching marks: what reading and writing share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.origin import Origin, rest_of
from tokentape.protocols.canonical.parts import CacheMark

if TYPE_CHECKING:
    from typing import TypeGuard

    from tokentape.protocols.checking import Where
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

NAME = "anthropic.messages"


def is_own(origin: Origin | None) -> TypeGuard[Origin]:
    """True for what was read from this very dialect."""
    return origin is not None and origin.protocol == NAME


_MARK = frozenset({"type", "ttl"})


def mark_of(value: Json, where: Where) -> CacheMark | None:
    """The caching mark that `cache_control` makes."""
    if value is None:
        return None
    told = where.fields(value, "cache_control")
    rest = rest_of(told, _MARK)
    if told.get("type") not in (None, "ephemeral"):
        rest = {**rest, "type": told["type"]}
    ttl = where.text_or_none(told.get("ttl"), "cache_control", "ttl")
    spelling: Fields = {} if "type" in told else {"type": "absent"}
    return CacheMark(ttl, Origin(NAME, where.path, rest, spelling) if rest or spelling else None)


def written_mark(mark: CacheMark) -> Fields:
    """`cache_control`."""
    own = mark.origin if is_own(mark.origin) else None
    written: Fields = {} if own is not None and own.spelling else {"type": "ephemeral"}
    if mark.ttl is not None:
        written["ttl"] = mark.ttl
    return written if own is None else {**written, **own.rest}
