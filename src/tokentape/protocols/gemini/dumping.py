"""Arguments, and values that tools gave back, as JSON text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentape.protocols.canonical.losses import Losses
    from tokentape.protocols.canonical.origin import Origin, Path
    from tokentape.wire.interaction import Json

compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
"""JSON text without spaces. Raises ValueError for what is no JSON, RecursionError for what nests too deep."""


def json_text(value: Json, losses: Losses, origin: Origin | Path | None) -> str:
    """JSON text without spaces, for writers: what is nested too deep, or is no JSON, is a loss."""
    try:
        return compact(value)
    except (RecursionError, ValueError):
        losses.meaning(origin, "value", "it is nested too deep to be told, or is no JSON")
        return ""
