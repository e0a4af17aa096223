"""The dialect's name, JSON of tool inputs, and caching marks: what reading and writing share."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.origin import Origin, rest_of
from tokentape.protocols.canonical.parts import CacheMark
from tokentape.protocols.fastjson import strictly

if TYPE_CHECKING:
    from typing import TypeGuard

    from tokentape.protocols.canonical.losses import Losses
    from tokentape.protocols.checking import Where
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

NAME = "anthropic.messages"

dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
"""Compact JSON text. Raises ValueError for NaN, RecursionError for what is nested too deeply."""


def is_own(origin: Origin | None) -> TypeGuard[Origin]:
    """True for what was read from this very dialect."""
    return origin is not None and origin.protocol == NAME


def input_of(arguments: str | None, origin: Origin | None, losses: Losses) -> Fields:
    """The arguments of a tool call as the object Anthropic wants; `{}` where there are none (case 11).

    Text that is no object is a loss that changes the meaning.
    """
    if not arguments or arguments == "{}":
        return {}
    try:
        found: Json = strictly(arguments)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        return found
    losses.meaning(origin, "arguments", "the input of a tool has to be a JSON object")
    return {}


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
