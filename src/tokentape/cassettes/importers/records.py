"""The records of a file: JSON lines, JSON of any layout, or a table with commas. Bounded memory.

A broken line is a `Place`, and what follows is read; in JSON of several lines only the values that are whole
in themselves can be told from a broken one.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import tempfile
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from tokentape.cassettes.importers.notes import Place
from tokentape.cassettes.importers.scanner import LONGEST, PAGES, Scanner, Value
from tokentape.errors import CassetteError
from tokentape.wire.jsontext import JsonError, parse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from tokentape.cassettes.importers.notes import Notes
    from tokentape.wire.interaction import Json

_FIRST = 1 << 20
"""Bytes of a first line that is looked at to see whether the file is JSON lines."""
_TRIES = 5
"""Lines that may be broken before the first whole one."""
_PAGES = {name.decode().strip('"') for name in PAGES}


def records(path: str, notes: Notes) -> Iterator[Value]:
    """The records of the file; what cannot be read goes into the notes. Raises `CassetteError`."""
    line = 1
    try:
        for found in _found(path):
            line = found.line
            if isinstance(found, Place):
                notes.break_at(line, found.problem)
            else:
                yield from _unpacked(found)
    except (EOFError, zlib.error) as error:
        notes.break_at(line, f"the packed file breaks off: {error}")


def _found(path: str) -> Iterator[Value | Place]:
    try:
        if path.lower().removesuffix(".gz").endswith(".csv"):
            yield from _table(path)
        else:
            with _opened(path) as file:
                lines = _is_lines(file)
                file.seek(0)
                yield from _lines(file) if lines else Scanner(file).values()
    except OSError as error:
        raise CassetteError(path, f"cannot be read: {error.strerror or error}") from error


@contextmanager
def _opened(path: str) -> Iterator[BinaryIO]:
    """The file as UTF-8. What it is packed or written in stands at its beginning: names are often wrong."""
    with open(path, "rb") as file:
        if _begins(file) != _PACKED:
            yield from _as_utf8(file)
            return
        with gzip.open(file) as unpacked:
            yield from _as_utf8(cast("BinaryIO", unpacked))


def _as_utf8(file: BinaryIO) -> Iterator[BinaryIO]:
    """UTF-16 (PowerShell writes it) is written again, in a file that nobody sees: it may be of any size."""
    if _begins(file) not in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        yield file
        return
    with tempfile.TemporaryFile() as again:
        for piece in codecs.iterdecode(iter(lambda: file.read(_PIECE), b""), "utf-16", "replace"):
            again.write(piece.encode())
        again.seek(0)
        yield cast("BinaryIO", again)


def _begins(file: BinaryIO) -> bytes:
    found = file.read(2)
    file.seek(0)
    return found


_PACKED = b"\x1f\x8b"
_PIECE = 1 << 18


def _is_lines(file: BinaryIO) -> bool:
    """True where one of the first lines is an object all by itself, and none before it opens a document."""
    for _ in range(_TRIES):
        line = file.readline(_FIRST)
        if not line or (len(line) == _FIRST and not line.endswith(b"\n")):
            return False
        line = line.strip().removeprefix(_MARK)
        if line.startswith(b"{") and isinstance(_json(line), dict):
            return True
        if line.startswith(b"[") or line.endswith((b"{", b"[", b",")):
            return False
    return False


_MARK = b"\xef\xbb\xbf"
"""What some programs write before UTF-8."""


def _json(line: bytes) -> Json:
    try:
        return parse(line)
    except JsonError:
        return None


def _lines(file: BinaryIO) -> Iterator[Value | Place]:
    number = 0
    while line := file.readline(LONGEST):
        number += 1
        if len(line) == LONGEST and not line.endswith(b"\n"):
            yield Place(number, f"a line of more than {LONGEST >> 20} MiB")
            while (line := file.readline(LONGEST)) and not line.endswith(b"\n"):
                pass
            continue
        line = line.strip().removeprefix(_MARK)
        if not line:
            continue
        try:
            yield Value(number, parse(line))
        except JsonError as error:
            yield Place(number, str(error))


def _unpacked(found: Value) -> Iterator[Value]:
    """The entries of a list, or of a page of an API; else the record itself."""
    json = found.json
    if isinstance(json, dict):
        page = next((json[name] for name in _PAGES if isinstance(json.get(name), list)), None)
        json = page if page is not None and "id" not in json and "type" not in json else json
    for entry in json if isinstance(json, list) else [json]:
        yield Value(found.line, entry)


def _table(path: str) -> Iterator[Value | Place]:
    """Rows as objects of texts; a cell without anything is not there."""
    before = csv.field_size_limit(LONGEST)
    try:
        with _opened(path) as raw:
            rows = csv.reader(_decoded(raw))
            names = next(rows, [])
            line = rows.line_num
            for cells in rows:
                first, line = line + 1, rows.line_num
                if len(cells) > len(names):
                    yield Place(first, "more cells than the first line has names")
                elif cells:
                    told: Json = {name: cell for name, cell in zip(names, cells, strict=False) if cell}
                    yield Value(first, told)
    except (csv.Error, UnicodeDecodeError) as error:
        yield Place(1, f"not a table with commas: {error}")
    finally:
        csv.field_size_limit(before)


def _decoded(raw: BinaryIO) -> Iterator[str]:
    for line in raw:
        yield line.decode("utf-8-sig" if line.startswith(b"\xef\xbb\xbf") else "utf-8")
