"""Changing some fields of a JSON body and leaving every other byte as it came."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tokentape.protocols.fastjson import dumps

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_BLANK = " \t\n\r"
_decode = json.JSONDecoder().raw_decode


class Gone:
    """Stands for a field that is taken out."""


GONE = Gone()


class _Same:
    """Stands for a field that stays."""


_SAME = _Same()


def patched(body: bytes, changes: Mapping[str, Json | Gone]) -> bytes:
    """`body`, a JSON object in UTF-8, with these top-level fields set anew, added at its end, or taken out.

    Where a name stands twice every one is changed, so that no reader can see the old value.
    """
    text = body.decode("utf-8")
    fields = list(_fields(text))
    pieces: list[str] = []
    after = text.index("{") + 1
    for name, start, at, end in fields:
        change = changes.get(name, _SAME)
        if not isinstance(change, Gone):
            value = text[at:end] if isinstance(change, _Same) else dumps(change).decode()
            before = text[after:start] if pieces else text[after:start].replace(",", "", 1)
            pieces.append(before + text[start:at] + value)
        after = end
    known = {name for name, *_ in fields}
    for name, change in changes.items():
        if name not in known and not isinstance(change, Gone | _Same):
            comma = "," if pieces else ""
            pieces.append(f"{comma}{dumps(name).decode()}:{dumps(change).decode()}")
    head = text[: text.index("{") + 1]
    return (head + "".join(pieces) + text[after:]).encode("utf-8")


def _fields(text: str) -> Iterator[tuple[str, int, int, int]]:
    """Name, where it starts, where its value starts and ends, for each top-level field."""
    at = _skip(text, text.index("{") + 1)
    while text[at] != "}":
        name, after = _decode(text, at)
        value_at = _skip(text, _skip(text, after) + 1)
        _, end = _decode(text, value_at)
        yield name, at, value_at, end
        at = _skip(text, end)
        if text[at] == ",":
            at = _skip(text, at + 1)


def _skip(text: str, at: int) -> int:
    while text[at] in _BLANK:
        at += 1
    return at


def differences(old: Fields, new: Fields) -> dict[str, Json | Gone]:
    """The top-level changes that make `new` of `old`."""
    gone: dict[str, Json | Gone] = {name: GONE for name in old if name not in new}
    return gone | {
        name: value for name, value in new.items() if name not in old or not _same(old[name], value)
    }


def _same(old: Json, new: Json) -> bool:
    """Equal, and of one type: `1` and `True` are different JSON."""
    return type(old) is type(new) and old == new
