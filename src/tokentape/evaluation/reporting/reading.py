"""JSON from a file that may be larger than memory: an object, member by member, and an array, element by
element. What is held at once is one value.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, TextIO, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.wire.interaction import Json

_PIECE = 1 << 16
_BLANK = re.compile(r"[ \t\r\n]*")
_OF_NUMBERS = ".eE+-0123456789"
"""With the end of the text, which is in any text."""
_DECODER = json.JSONDecoder()


class Reading:
    """Reads one document. Raises `ValueError` for what is no JSON."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._text, self._at, self._ended = "", 0, False

    def members(self) -> Iterator[str]:
        """The names of the object that starts here; each value is to be read with `value` or `elements`."""
        self._expect("{")
        if self._takes("}"):
            return
        while True:
            name = self.value()
            if not isinstance(name, str):
                raise ValueError("a name is expected")
            self._expect(":")
            yield name
            if not self._takes(","):
                break
        self._expect("}")

    def elements(self) -> Iterator[Json]:
        """The elements of the array that starts here."""
        self._expect("[")
        if self._takes("]"):
            return
        yield self.value()
        while self._takes(","):
            yield self.value()
        self._expect("]")

    def value(self) -> Json:
        """The value that starts here."""
        self._next()
        size = _PIECE
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError:
                if self._ended:
                    raise
            except RecursionError as error:
                raise ValueError("nested too deep") from error
            else:
                # A number may go on in what was not read yet, also behind its "e".
                if self._text[end : end + 1] not in _OF_NUMBERS or self._ended:
                    self._at = end
                    return cast("Json", value)
            self._read(size)
            size *= 2

    def _read(self, size: int) -> None:
        piece = self._file.read(size)
        self._ended = not piece
        self._text, self._at = self._text[self._at :] + piece, 0

    def _next(self) -> str:
        """The next sign that is no blank, which stays; "" at the end."""
        while True:
            found = _BLANK.match(self._text, self._at)
            self._at = found.end() if found else self._at
            if self._at < len(self._text) or self._ended:
                return self._text[self._at : self._at + 1]
            self._read(_PIECE)

    def _takes(self, sign: str) -> bool:
        if self._next() != sign:
            return False
        self._at += 1
        return True

    def _expect(self, sign: str) -> None:
        if not self._takes(sign):
            raise ValueError(f"{sign!r} is expected")
