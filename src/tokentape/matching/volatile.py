"""What may differ inside values without any difference in meaning.

Numbers compare by value, so `1.0` is `1` (not above 1e16, where floats stop being exact); `true` is not
`1`. Placeholders of the redactor compare equal whatever their length. Text that a user pattern finds
counts as one token.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tokentape.wire.redact.placeholder import collapse

if TYPE_CHECKING:
    from collections.abc import Callable

    from tokentape.wire.interaction import Json

TOKEN = "[volatile]"

_WHOLE = re.compile(r"\.0[,\]}]")
_EXACT_UP_TO = 1e16


def needs_settling(text: str) -> bool:
    """True if compact JSON `text` may hold a number or a placeholder that `settle` changes."""
    return "redacted" in text or ("*" in text and '"*' in text) or _WHOLE.search(text) is not None


def settle(value: Json, patterns: tuple[re.Pattern[str], ...] = ()) -> Json:
    """`value` with numbers, placeholders and volatile text in their one form."""
    return _settled(value, _replacing(patterns) if patterns else collapse)


def _replacing(patterns: tuple[re.Pattern[str], ...]) -> Callable[[str], str]:
    def replaced(text: str) -> str:
        for pattern in patterns:
            text = pattern.sub(TOKEN, text)
        return collapse(text)

    return replaced


def _settled(value: Json, text: Callable[[str], str]) -> Json:
    kind = type(value)
    if kind is str:
        return text(value)  # type: ignore[arg-type]
    if isinstance(value, dict):
        return {name: _settled(child, text) for name, child in value.items()}
    if isinstance(value, list):
        return [_settled(child, text) for child in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT_UP_TO:
        return int(value)
    return value
