"""Long text of several lines as `{"$lines": [...]}`, one line of text per line of the file.

A key of a real body that reads `$lines` itself is written `$$lines` (and so on), so nothing is
ambiguous. Only values of the `json` and `text` forms are folded: a block of a stream is one line.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json

MARK = "$lines"
_OURS = re.compile(r"\$+lines")
_SHORT = 60


def is_folded(text: str) -> bool:
    """False if nothing in (a part of) the file is folded or escaped, so it need not be walked."""
    return "$" in text and MARK in text


def fold_text(text: str) -> Json:
    """A text, folded if it is long and has several lines."""
    return {MARK: list(text.split("\n"))} if len(text) > _SHORT and "\n" in text else text


def fold(value: Json) -> Json:
    """`value` with every long text in it folded."""
    if isinstance(value, str):
        return fold_text(value)
    if isinstance(value, list):
        return [fold(item) if isinstance(item, (str, list, dict)) else item for item in value]
    if isinstance(value, dict):
        return {_escaped(key): fold(item) for key, item in value.items()}
    return value


def unfold(value: Json) -> Json:
    """The inverse of `fold`. ValueError where `$lines` does not hold a list of texts."""
    if isinstance(value, list):
        return [unfold(item) if isinstance(item, (list, dict)) else item for item in value]
    if isinstance(value, dict):
        if MARK in value:
            return _joined(value)
        return {_unescaped(key): unfold(item) for key, item in value.items()}
    return value


def _joined(value: dict[str, Json]) -> str:
    lines = value[MARK]
    if len(value) != 1 or not isinstance(lines, list):
        raise ValueError(f'"{MARK}" stands alone in its object and holds a list of texts')
    texts = [line for line in lines if isinstance(line, str)]
    if len(texts) != len(lines) or not texts:
        raise ValueError(f'"{MARK}" holds texts only, and at least one')
    return "\n".join(texts)


def _escaped(key: str) -> str:
    return "$" + key if key.startswith("$") and _OURS.fullmatch(key) else key


def _unescaped(key: str) -> str:
    return key[1:] if key.startswith("$$") and _OURS.fullmatch(key) else key
