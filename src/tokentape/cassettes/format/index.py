"""Finding the interactions of a file without parsing them, and saying what is wrong with one that is broken."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NoReturn

from tokentape.cassettes.format.fields import FIX, Place
from tokentape.cassettes.format.interaction import from_dict
from tokentape.cassettes.format.layout import assemble, render
from tokentape.cassettes.format.upgrade import upgraded
from tokentape.errors import CassetteCorrupt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tokentape.wire.interaction import Interaction, Json

_STRING = rb'"((?:[^"\\]|\\.)*)"'
_FIRST = re.compile(
    rb'\{"id": ' + _STRING + rb', "key": ' + _STRING + rb', "exact": (?:null|' + _STRING + rb")[,}]"
)
_TIMING = b'\n"timing": {"at": "'
_OPEN = b',\n"interactions": [\n'
_CLOSE = re.compile(rb'\],\n"count": (\d+)\}\s*\Z')
_CONFLICT = re.compile(rb"^(<{7} |={7}$|>{7} )", re.MULTILINE)
_BLOCK = b'\n{"id": "'
_KNOWN = {"tokentape", "rules", "finished", "interactions", "count"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One interaction in the file: its hints, when it started, and its bytes `[start, end)`."""

    id: str
    key: str
    exact: str | None
    at: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Index:
    """A whole file. `data` are the bytes that the entries point into; `unknown` fields of a later version."""

    rules: str
    finished: bool
    entries: Sequence[Entry]
    data: bytes
    unknown: Mapping[str, Json] = field(default_factory=dict)


def scan(data: bytes, path: str) -> Index:
    """The index of `data`. A file in another layout (edited by hand, reformatted) is parsed whole.

    Raises `CassetteCorrupt` for what is no whole cassette, with the place and what to do, and
    `CassetteTooNew` for one of a later version.
    """
    index = _of_our_layout(data, path)
    if index is None:
        index = _of_any_layout(data, path)
    counted = Counter(entry.id for entry in index.entries)
    double = next((id for id, count in counted.items() if count > 1), None)
    if double is not None:
        raise CassetteCorrupt(
            path, f"two interactions have the id {double!r}", fix="give one of them another id"
        )
    return index


def _of_our_layout(data: bytes, path: str) -> Index | None:
    """The index if every byte is where we put it, else None."""
    opening = data.find(_OPEN)
    closing = _CLOSE.search(data, max(0, len(data) - 200))
    if opening < 0 or closing is None:
        return None
    head = _head(data[:opening], path)
    if head is None:
        return None
    entries = _entries(data, opening + len(_OPEN), closing.start())
    if entries is None or len(entries) != int(closing[1]):
        return None
    rules, finished = head["rules"], head["finished"]
    unknown = {name: value for name, value in head.items() if name not in _KNOWN}
    return Index(str(rules), finished is True, entries, data, unknown)


def _head(line: bytes, path: str) -> dict[str, Json] | None:
    try:
        head = json.loads(line + b"}")
    except ValueError:
        return None
    if not isinstance(head, dict) or head.get("tokentape") != 1:
        return None
    return head if isinstance(head.get("rules"), str) and isinstance(head.get("finished"), bool) else None


def _entries(data: bytes, start: int, end: int) -> list[Entry] | None:
    entries: list[Entry] = []
    while start < end:
        after = data.find(_BLOCK, start, end)
        stop = (after - 1) if after >= 0 else end - 1
        entry = _entry(data, start, stop)
        if entry is None:
            return None
        entries.append(entry)
        start = after + 1 if after >= 0 else end
    return entries


def _entry(data: bytes, start: int, end: int) -> Entry | None:
    first = _FIRST.match(data, start, end)
    timing = data.rfind(_TIMING, start, end)
    if first is None or timing < 0:
        return None
    at = timing + len(_TIMING)
    id, key, exact = (None if part is None else _text(part) for part in first.groups())
    return Entry(id or "", key or "", exact, data[at : data.index(b'"', at)].decode(), start, end)


def _text(raw: bytes) -> str:
    if b"\\" not in raw:
        return raw.decode()
    text: str = json.loads(b'"' + raw + b'"')
    return text


def _of_any_layout(data: bytes, path: str) -> Index:
    """Parse the whole file, and index it as we would have written it."""
    document = upgraded(_parsed(data, path), path)
    interactions = _interactions(document, path)
    rules, finished = document.get("rules", ""), document.get("finished", True)
    if not isinstance(rules, str) or not isinstance(finished, bool):
        raise CassetteCorrupt(path, "rules is a text and finished is true or false", fix=FIX)
    unknown = {name: value for name, value in document.items() if name not in _KNOWN}
    rewritten = assemble(
        [render(each) for each in interactions], rules=rules, finished=finished, unknown=unknown
    )
    index = _of_our_layout(rewritten, path)
    if index is None:
        raise CassetteCorrupt(path, "its interactions cannot be told apart", fix=FIX)
    return index


def _interactions(document: dict[str, Json], path: str) -> list[Interaction]:
    listed = document.get("interactions")
    if not isinstance(listed, list):
        raise CassetteCorrupt(path, "field interactions is not a list", fix=FIX)
    found = []
    for number, data in enumerate(listed, 1):
        if not isinstance(data, dict) or not isinstance(data.get("id"), str):
            raise CassetteCorrupt(
                path, "an interaction is an object with an id", place=f"interaction {number}", fix=FIX
            )
        found.append(_read(dict(data), path))
    return found


def _read(data: dict[str, Json], path: str) -> Interaction:
    """The interaction, without the hints unless they can be checked in the layout that we would write."""
    check = data.pop("check", None)
    interaction = from_dict(data, Place(path, None, str(data["id"])))
    if isinstance(check, str) and f'"check": "{check}"' in render(interaction).partition("\n")[0]:
        return interaction
    return replace(
        interaction, key="" if not interaction.key.startswith("id:") else interaction.key, exact=None
    )


def _parsed(data: bytes, path: str) -> dict[str, Json]:
    try:
        document = json.loads(data)
    except json.JSONDecodeError as error:
        _broken(data, path, error)
    except ValueError as error:
        raise CassetteCorrupt(path, f"not JSON: {error}", fix=FIX) from None
    if not isinstance(document, dict) or "tokentape" not in document:
        raise CassetteCorrupt(
            path, "not a tokentape cassette", fix="see: tokentape import, for those of other tools"
        )
    return document


def _broken(data: bytes, path: str, error: json.JSONDecodeError) -> NoReturn:
    place = f"line {error.lineno}, column {error.colno}"
    conflict = _CONFLICT.search(data)
    if conflict is not None:
        place = _line_of(data, conflict.start())
        raise CassetteCorrupt(
            path, "conflict markers of a merge", place=place, fix="settle the conflict"
        ) from None
    if data.startswith(b'{"tokentape": ') and error.pos >= len(data.rstrip()) - 1:
        whole = data.count(_BLOCK)
        fix = "restore it from version control, or delete it and record again"
        raise CassetteCorrupt(path, f"cut short in interaction {whole}", place=place, fix=fix) from None
    raise CassetteCorrupt(path, f"not JSON: {error.msg}", place=place, fix=FIX) from None


def _line_of(data: bytes, position: int) -> str:
    return "line " + str(data.count(b"\n", 0, position) + 1)
