"""JSON values of a file of any size, one at a time, where lines do not tell where a value ends.

Told apart are values that follow each other (a console exporter prints them so), the entries of an outermost
list, and those of the list in a page of an API (`{"data": [...], "meta": ...}`). Only one value is in memory.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from tokentape.cassettes.importers.notes import Place
from tokentape.wire.jsontext import JsonError, parse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from tokentape.wire.interaction import Json

LONGEST = 64 << 20
"""Bytes of one value. A call with its images is smaller."""
PAGES = frozenset({b'"data"', b'"runs"'})
"""Names of the list in a page."""

_CHUNK = 1 << 18
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|["{}\[\]]', re.DOTALL)


class Value(NamedTuple):
    """A value, and the line on which it begins."""

    line: int
    json: Json


class Scanner:
    """Reads `file` from where it stands; `line` is the number of that line."""

    def __init__(self, file: BinaryIO, line: int = 1) -> None:
        self._file = file
        self._line = line
        self._data = b""
        self._at = 0
        self._is_over = False
        self._depth = 0
        self._base = 0
        """How deep the list is whose entries are the values; 0 where they follow each other."""
        self._start = -1
        self._name = b""
        self._is_behind = False
        """True behind the list of a page, where nothing is a value."""

    def values(self) -> Iterator[Value | Place]:
        """The values; a `Place` for what is none."""
        while not self._is_over:
            found = _TOKEN.search(self._data, self._at)
            if found is None or found[0] == b'"':
                if self._start >= 0 and len(self._data) - self._start > LONGEST:
                    yield Place(self._line, f"a value of more than {LONGEST >> 20} MiB; the rest is not read")
                    return
                self._more(found.start() if found else len(self._data))
                continue
            token, self._at = found[0], found.end()
            if token in (b"{", b"["):
                self._open(token, found.start())
            elif token in (b"}", b"]"):
                yield from self._close()
            elif self._depth == self._base + 1:
                self._name = token
        if self._depth or self._data[self._at :].strip(b" \t\r\n,"):
            yield Place(self._line, "the file ends in the middle of a value")

    def _open(self, token: bytes, at: int) -> None:
        is_list = token == b"["
        outermost = is_list and self._start < 0 and self._depth == self._base == 0
        if outermost or (is_list and self._depth == self._base + 1 and self._is_page(self._start, at)):
            self._base = self._depth = self._depth + 1
            self._start, self._name = -1, b""
            return
        if self._start < 0 and not self._is_behind:
            self._start = at
        self._depth += 1

    def _close(self) -> Iterator[Value | Place]:
        depth = self._depth = max(self._depth - 1, 0)
        if self._start >= 0 and depth <= self._base:
            yield self._value(self._start)
            self._start = -1
        self._is_behind = depth > 0 and (self._is_behind or depth < self._base)
        self._base = 0 if self._is_behind else min(self._base, depth)

    def _is_page(self, start: int, at: int) -> bool:
        """True for the list of a page: the name before it says so."""
        if self._name not in PAGES or start < 0 or self._data[start : start + 1] != b"{":
            return False
        before = self._data[max(at - _NAME, start) : at].replace(b" ", b"").rstrip()
        return before.endswith(self._name + b":")

    def _value(self, start: int) -> Value | Place:
        line = self._line + self._data.count(b"\n", 0, start)
        try:
            return Value(line, parse(self._data[start : self._at]))
        except JsonError as error:
            return Place(line, str(error))

    def _more(self, kept: int) -> None:
        """Read on, and forget what is behind."""
        keep = self._start if self._start >= 0 else max(kept - _NAME, 0)
        self._line += self._data.count(b"\n", 0, keep)
        more = self._file.read(max(_CHUNK, len(self._data) - keep))
        self._is_over = not more
        self._data = self._data[keep:] + more
        self._at = kept - keep
        self._start = min(self._start, 0)


_NAME = 64
"""Bytes before a bracket in which the name of its list stands."""
