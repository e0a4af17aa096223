"""Finding the interactions of a file without parsing them; a file in another layout is parsed whole."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from tokentape.cassettes.format.checks import believed
from tokentape.cassettes.format.damage import (
    refuse_broken,
    refuse_conflict,
    refuse_count,
    refuse_doubles,
    refuse_later_version,
)
from tokentape.cassettes.format.fields import FIX, Fields, Place
from tokentape.cassettes.format.interaction import from_dict
from tokentape.cassettes.format.layout import assemble, pieces
from tokentape.cassettes.format.styles import decode
from tokentape.cassettes.format.upgrade import upgraded
from tokentape.errors import CassetteCorrupt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tokentape.wire.interaction import Interaction, Json

_STRING = rb'"((?:[^"\\\n]|\\.)*)"'
_FIRST = re.compile(
    rb'\{"id": ' + _STRING + rb', "key": ' + _STRING + rb', "exact": (?:null|' + _STRING + rb")[,}]"
)
_TIMING = re.compile(rb'\n"timing": \{"at": ' + _STRING)
_MARKER = b"\n<<<<<<< "
_OPEN = b',\n"interactions": [\n'
_CLOSE = re.compile(rb'\],\n"count": (\d+)\}\s*\Z')
_BLOCK = b'\n{"id": "'
_KNOWN = ("tokentape", "rules", "finished", "interactions", "count")


class Entry(NamedTuple):
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
    refuse_later_version(data, path)
    # Also where the layout around it is sound: half a merge is nobody's recording. One letter is found fast.
    if b"<" in data and _MARKER in data:
        refuse_conflict(data, path)
    index = _of_our_layout(data) or _of_any_layout(data, path)
    counted = Counter(entry.id for entry in index.entries)
    if len(counted) < len(index.entries):
        double = next(id for id, count in counted.items() if count > 1)
        starts = [entry.start for entry in index.entries if entry.id == double]
        refuse_doubles(data if index.data is data else b"", path, double, starts)
    return index


def _of_our_layout(data: bytes) -> Index | None:
    """The index if every byte is where we put it, else None."""
    opening = data.find(_OPEN)
    closing = _CLOSE.search(data, max(0, len(data) - 200))
    if opening < 0 or closing is None or not _is_text(data):
        return None
    head = _head(data[:opening])
    entries = _entries(data, opening + len(_OPEN), closing.start())
    if head is None or entries is None or len(entries) != int(closing[1]):
        return None
    unknown = {name: value for name, value in head.items() if name not in _KNOWN}
    return Index(str(head["rules"]), head["finished"] is True, entries, data, unknown)


def _is_text(data: bytes) -> bool:
    try:
        return data.isascii() or bool(data.decode())
    except UnicodeDecodeError:
        return False


def _head(line: bytes) -> dict[str, Json] | None:
    try:
        head = decode((line + b"}").decode())
    except ValueError:
        return None
    if not isinstance(head, dict) or head.get("tokentape") != 1:
        return None
    return head if isinstance(head.get("rules"), str) and isinstance(head.get("finished"), bool) else None


def _entries(data: bytes, start: int, end: int) -> list[Entry] | None:
    """The entries between the brackets, or None if something else stands there too."""
    entries: list[Entry] = []
    while start < end:
        after = data.find(_BLOCK, start, end)
        stop = (after if after >= 0 else end) - 1
        entry = _entry(data, start, stop)
        if entry is None or not data.startswith(b",\n" if after >= 0 else b"\n", stop):
            return None
        entries.append(entry)
        start = after + 1 if after >= 0 else end
    return entries


def _entry(data: bytes, start: int, end: int) -> Entry | None:
    first = _FIRST.match(data, start, end)
    timing = _TIMING.match(data, data.rfind(b"\n", start, end), end)
    if first is None or timing is None or data[end - 1] != 0x7D:  # }
        return None
    id, key, exact = first.groups()
    return Entry(_text(id), _text(key), None if exact is None else _text(exact), _text(timing[1]), start, end)


def _text(raw: bytes) -> str:
    return raw.decode() if b"\\" not in raw else str(decode(f'"{raw.decode()}"'))


def _of_any_layout(data: bytes, path: str) -> Index:
    """Parse the whole file, and index it as we would have written it."""
    refuse_conflict(data, path)
    document = upgraded(_parsed(data, path), path)
    interactions = _interactions(document, path)
    refuse_count(data, path, document.get("count"), len(interactions))
    fields = Fields(document, Place(path))
    written = assemble(
        [b"".join(pieces(each)) for each in interactions],
        rules=fields.text("rules", ""),
        finished=fields.flag_or_null("finished") is not False,
        unknown=fields.rest(*_KNOWN),
    )
    index = _of_our_layout(written)
    if index is None:
        raise CassetteCorrupt(path, "its interactions cannot be told apart", fix=FIX)
    return index


def _parsed(data: bytes, path: str) -> dict[str, Json]:
    try:
        document = decode(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        refuse_broken(data, path, error)
    if not isinstance(document, dict) or "tokentape" not in document:
        raise CassetteCorrupt(
            path, "not a tokentape cassette", fix="see: tokentape import, for those of other tools"
        )
    return document


def _interactions(document: dict[str, Json], path: str) -> list[Interaction]:
    listed = document.get("interactions")
    if not isinstance(listed, list):
        Fields(document, Place(path)).wrong("interactions", "a list")
    found = []
    for number, data in enumerate(listed, 1):
        if not isinstance(data, dict) or not isinstance(data.get("id"), str):
            raise CassetteCorrupt(
                path, "an interaction is an object with an id", place=f"interaction {number}", fix=FIX
            )
        found.append(_read(data, path))
    return found


def _read(data: dict[str, Json], path: str) -> Interaction:
    """The interaction; without the hints unless their check fits in the layout that we would write."""
    interaction = from_dict(data, Place(path, None, str(data["id"])))
    check = data.get("check")
    first = pieces(interaction)[0].partition(b"\n")[0].decode()
    fits = isinstance(check, str) and f'"check": "{check[:8]}' in first
    key, exact = believed(interaction.key, interaction.exact, fits=fits and len(str(check)) >= 8)
    return replace(interaction, key=key, exact=exact)
