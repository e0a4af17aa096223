"""Bodies with a repeated key: the parser keeps one of the values, so as JSON they would look like others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json


def has_repeated_key(body: bytes, parsed: Json) -> bool:
    """True if an object of `body` has the same key twice; `parsed` is what the parser made of `body`.

    A quote inside a string is always written `\\"`, so `":` without the backslash ends a key. Where that
    count is not the number of keys kept (also: space before a colon, a key ending in a backslash), the
    body is parsed again, with care.
    """
    quoted = body.count(b'":')
    kept = _keys(parsed)
    if quoted == kept or (quoted - body.count(b'\\":') == kept and b'\\\\":' not in body):
        return False
    return _parsed_with_care(body)


def _keys(parsed: Json) -> int:
    total = 0
    waiting = [parsed]
    while waiting:
        value = waiting.pop()
        if type(value) is dict:
            total += len(value)
            waiting.extend(value.values())
        elif type(value) is list:
            waiting.extend(value)
    return total


def _parsed_with_care(body: bytes) -> bool:
    repeated = False

    def note(pairs: list[tuple[str, object]]) -> None:
        nonlocal repeated
        repeated = repeated or len({name for name, _ in pairs}) != len(pairs)

    try:
        json.loads(body, object_pairs_hook=note)
    except (ValueError, RecursionError):
        return False
    return repeated
