"""Any value as JSON that every reader takes: no NaN, no number without end, nothing too deep or too long."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import fields, is_dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from tokentape.evaluation.statistics.estimate import Estimate

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json

DEEPEST = 40
LONGEST = 20_000
"""Characters of one text."""
MOST = 2_000
"""Members of one list or object."""
_LARGEST = 2**1000
"""Beyond it a whole number is no number to most readers."""


def plain(value: object, depth: int = 0) -> Json:
    """`value` as JSON. Numbers that are not finite are null; what is nested too deep says so, and so do lists
    and texts that are cut.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return value if len(value) <= LONGEST else f"{value[:LONGEST]}... ({len(value) - LONGEST} more)"
    if isinstance(value, int):
        return value if abs(value) < _LARGEST else f"(a number of {value.bit_length()} bits)"
    if isinstance(value, float | Decimal):
        number = float(value)
        return number if math.isfinite(number) else None
    if depth >= DEEPEST:
        return "(nested too deep)"
    if isinstance(value, Mapping):
        return _members(value, depth)
    if isinstance(value, Sequence | Set):
        found = [plain(each, depth + 1) for _, each in zip(range(MOST), value, strict=False)]
        return found if len(value) <= MOST else [*found, f"({len(value) - MOST} more)"]
    return str(value)


def _members(value: Mapping[object, object], depth: int) -> Json:
    pairs = zip(range(MOST), value.items(), strict=False)
    found = {str(name): plain(each, depth + 1) for _, (name, each) in pairs}
    return found if len(value) <= MOST else {**found, "(more)": len(value) - MOST}


def as_json(value: object) -> Json:
    """A figure as JSON: a dataclass is an object with its fields, an estimate its value and ends."""
    if isinstance(value, Estimate):
        return {name: plain(getattr(value, name)) for name in ("value", "low", "high")}
    if is_dataclass(value):
        return {each.name: as_json(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): as_json(each) for name, each in value.items()}
    if isinstance(value, tuple | list):
        return [as_json(each) for each in value]
    return plain(value)


def dumped(value: Json) -> str:
    """In one line of ASCII, so that half a character, too, can be written to any file."""
    return json.dumps(value, allow_nan=False, separators=(",", ":"))
