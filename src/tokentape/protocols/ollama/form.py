"""What Ollama's bodies have in common: names, the two operations, Go's zero values, times."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from time import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.protocols.canonical.origin import Origin
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

NAME = "ollama"

GENERATE = "generate"
"""Operations: messages, or one prompt. `Origin.spelling["operation"]` of a request or reply names the
latter.
"""

_ZEROS: Fields = {
    "format": "",
    "system": "",
    "template": "",
    "suffix": "",
    "raw": False,
    "options": {},
    "context": [],
    "images": [],
    "tools": [],
    "think": "",
}


def zeros_of(body: Mapping[str, Json]) -> Fields:
    """Fields that say nothing: zero values of Go, which some clients always send."""
    return {name: body[name] for name, zero in _ZEROS.items() if name in body and body[name] == zero}


def is_generate(origin: Origin | None) -> bool:
    """True for a request or a reply of `/api/generate`."""
    return origin is not None and origin.protocol == NAME and origin.spelling.get("operation") == GENERATE


_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,18})?(Z|[+-]\d\d:\d\d)")


def seconds_of(told: str) -> float | None:
    """A time as Go writes it (nanoseconds, any zone), in seconds since 1970; None if it is none."""
    found = _TIME.fullmatch(told)
    if found is None:
        return None
    try:
        whole = datetime.fromisoformat(found[1] + ("+00:00" if found[3] == "Z" else found[3])).timestamp()
    except (ValueError, OverflowError):
        return None
    return whole + float(found[2] or 0)


def time_of(seconds: float | None) -> str:
    """The time as Ollama writes it; now, where it is not told."""
    try:
        when = datetime.fromtimestamp(time() if seconds is None else seconds, UTC)
    except (ValueError, OverflowError, OSError):
        when = datetime.fromtimestamp(time(), UTC)
    return when.isoformat().replace("+00:00", "Z")
