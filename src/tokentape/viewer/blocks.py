"""The rows of a page, in compressed blocks that are written as they fill."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from tokentape.viewer.text import packed, page_json

if TYPE_CHECKING:
    from collections.abc import Mapping

BLOCK_ROWS = 64
BLOCK_CHARACTERS = 512 * 1024
"""A block ends with the row that reaches either: large enough that what rows share (a system prompt) is
stored once, small enough to be unpacked at once.
"""


class Blocks:
    """Writes a script element for each block; `starts` are the numbers of the rows with which they begin."""

    def __init__(self, out: TextIO) -> None:
        self.starts: list[int] = []
        self.bytes_written = 0
        self._out = out
        self._rows: list[str] = []
        self._characters = 0
        self._before = 0

    def add(self, row: Mapping[str, object]) -> None:
        """The next row."""
        text = page_json(row)
        self._rows.append(text)
        self._characters += len(text)
        if len(self._rows) >= BLOCK_ROWS or self._characters >= BLOCK_CHARACTERS:
            self.close()

    def close(self) -> None:
        """Write what has not been written."""
        if not self._rows:
            return
        text = packed("[" + ",".join(self._rows) + "]")
        self._out.write(
            f'<script type="text/plain" id="tokentape-block-{len(self.starts)}">{text}</script>\n'
        )
        self.starts.append(self._before)
        self._before += len(self._rows)
        self.bytes_written += len(text)
        self._rows, self._characters = [], 0
