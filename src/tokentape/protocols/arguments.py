"""Arguments, and values that tools gave back, as JSON text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tokentape.protocols.fastjson import strictly

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.protocols.canonical.losses import Losses
    from tokentape.protocols.canonical.origin import Origin, Path
    from tokentape.protocols.checking import Where
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
"""JSON text without spaces. Raises ValueError for what is no JSON, RecursionError for what nests too deep."""


def arguments_text(value: Mapping[str, Json] | Json, where: Where, *steps: str | int) -> str:
    """The arguments of a call, given as an object, as the text a model would have written.

    Raises `ProtocolError` for a number that is no JSON.
    """
    try:
        return compact(value)
    except ValueError as error:
        where.wrong(str(error), *steps)


def json_text(value: Json, losses: Losses, origin: Origin | Path | None) -> str:
    """JSON text without spaces, for writers: what is nested too deep, or is no JSON, is a loss."""
    try:
        return compact(value)
    except (RecursionError, ValueError):
        losses.meaning(origin, "value", "it is nested too deep to be told, or is no JSON")
        return ""


def object_of(arguments: str, name: str, origin: Origin | None, losses: Losses) -> Fields:
    """The arguments of a call of `name` as the object that a dialect wants; `{}` where there are none
    (case 11). Text that is no JSON object is a loss of meaning.
    """
    if not arguments or arguments == "{}" or arguments.isspace():
        return {}
    try:
        found: Json = strictly(arguments)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        return found
    losses.meaning(origin, "arguments", f"those of {name!r} are no JSON object")
    return {}
