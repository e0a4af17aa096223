"""Changing some fields of a JSON body and leaving every other byte as it came."""

from __future__ import annotations

import json
from json.decoder import scanstring
from typing import TYPE_CHECKING

from tokentape.protocols.fastjson import dumps
from tokentape.wire.jsontext import parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_BLANK = " \t\n\r"
_decode = json.JSONDecoder().raw_decode


class Gone:
    """Stands for a field that is taken out."""


GONE = Gone()


def patched(body: bytes, changes: Mapping[str, Json | Gone]) -> bytes:
    """`body`, a JSON object in UTF-8, with these top-level fields set anew, added at its end, or taken out.

    Where a name stands twice the last one counts (as every JSON reader has it), and that one is changed.
    """
    text = body.decode("utf-8")
    spans = {name: (start, at, end) for name, start, at, end in _fields(text)}
    edits: list[tuple[int, int, str]] = []
    added: list[str] = []
    for name, value in changes.items():
        if isinstance(value, Gone):
            if name in spans:
                edits.append((*_with_comma(text, spans[name][0], spans[name][2]), ""))
        elif name in spans:
            edits.append((spans[name][1], spans[name][2], dumps(value).decode()))
        else:
            added.append(f"{dumps(name).decode()}:{dumps(value).decode()}")
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    if added:
        close = text.rindex("}")
        is_empty = text[:close].rstrip(_BLANK).endswith("{")
        text = text[:close] + ("" if is_empty else ",") + ",".join(added) + text[close:]
    result = text.encode("utf-8")
    if any(isinstance(value, Gone) for value in changes.values()):
        parse(result)  # neighbours that went together may leave a comma too many: never send that
    return result


def _fields(text: str) -> Iterator[tuple[str, int, int, int]]:
    """Name, where it starts, where its value starts and ends, for each top-level field."""
    at = _skip(text, text.index("{") + 1)
    while text[at] != "}":
        name, after = scanstring(text, at + 1, True)
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


def _with_comma(text: str, start: int, end: int) -> tuple[int, int]:
    """The span of a field with the comma that goes with it: the one after it, else the one before."""
    after = _skip(text, end)
    if text[after] == ",":
        return start, _skip(text, after + 1)
    before = start - 1
    while text[before] in _BLANK:
        before -= 1
    return (before, end) if text[before] == "," else (start, end)


def differences(old: Fields, new: Fields) -> dict[str, Json | Gone]:
    """The top-level changes that make `new` of `old`."""
    changes: dict[str, Json | Gone] = {name: GONE for name in old if name not in new}
    for name, value in new.items():
        if name not in old or old[name] != value or type(old[name]) is not type(value):
            changes[name] = value
    return changes
