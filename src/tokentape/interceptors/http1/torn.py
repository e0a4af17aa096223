"""Where a broken HTTP/1.1 reply stopped, in words that a recording can keep and a replay can read again.

A body is stored without its framing. Where the framing itself was torn, what a client says depends on what
was left of it: the bytes that a chunk still owed, or bytes that are no chunk at all. Both are appended to the
text of the recorded error: `... [wire: 4 bytes of a chunk owed]`, `... [wire: then b'zz\\r\\n']`.
"""

from __future__ import annotations

import ast
import re
from typing import NamedTuple

MOST_TAIL = 2048
"""Bytes of a tail that are kept; nothing sensible is longer."""

_NOTE = re.compile(
    r" \[wire: (?:(?P<owed>\d{1,15}) bytes of a chunk owed)?(?:, )?"
    r"(?:then (?P<tail>b'.*'|b\".*\"))?\]\Z",
    re.S,
)


class Torn(NamedTuple):
    """`owed`: bytes missing from the chunk whose data came last, with the line end that closes it; `tail`:
    raw bytes after the last data.
    """

    owed: int = 0
    tail: bytes = b""


def told(text: str, torn: Torn) -> str:
    """The error's text, with where the framing stopped."""
    notes = [f"{torn.owed} bytes of a chunk owed"] if torn.owed else []
    if torn.tail:
        notes.append(f"then {torn.tail[:MOST_TAIL]!r}")
    return f"{text} [wire: {', '.join(notes)}]" if notes else text


def heard(text: str) -> tuple[str, Torn]:
    """The inverse of `told`; a text without a note has nothing torn."""
    found = _NOTE.search(text)
    if found is None:
        return text, Torn()
    return text[: found.start()], Torn(int(found["owed"] or 0), _bytes(found["tail"]))


def _bytes(literal: str | None) -> bytes:
    """A bytes literal as `repr` writes it; anything else, as a hand-edited file may have it, is nothing."""
    try:
        value: object = ast.literal_eval(literal or "b''")
    except (ValueError, SyntaxError):
        return b""
    return value if isinstance(value, bytes) else b""
