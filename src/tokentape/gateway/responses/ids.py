"""Ids: of responses, random, so that none can be guessed; of input items, always the same for the same."""

from __future__ import annotations

from hashlib import sha256
from secrets import token_hex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json

_PREFIXES = {
    "message": "msg",
    "reasoning": "rs",
    "function_call": "fc",
    "function_call_output": "fco",
    "custom_tool_call": "ctc",
    "custom_tool_call_output": "ctco",
    "compaction": "cmp",
    "item_reference": "ref",
}


def response_id() -> str:
    """A new id of a response."""
    return "resp_" + token_hex(24)


def random_id(prefix: str) -> str:
    """A new id of something else."""
    return f"{prefix}_{token_hex(24)}"


def item_id(response: str, place: int, item: dict[str, Json]) -> str:
    """The id of an input item: its own, else one made of where it stands."""
    own = item.get("id")
    if isinstance(own, str) and own:
        return own
    kind = item.get("type")
    prefix = _PREFIXES.get(kind if isinstance(kind, str) else "message", "item")
    return f"{prefix}_{sha256(f'{response}/{place}'.encode()).hexdigest()[:48]}"
