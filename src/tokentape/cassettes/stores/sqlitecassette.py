"""A cassette whose interactions stay in the database until they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tokentape.cassettes.cassette import Cassette
from tokentape.cassettes.format.checks import is_unedited
from tokentape.cassettes.format.layout import assemble
from tokentape.errors import CassetteError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from tokentape.cassettes.format.index import Entry
    from tokentape.cassettes.stores.sqlitefile import SqliteFile
    from tokentape.wire.interaction import Interaction
    from tokentape.wire.message import Request

AHEAD = 256 << 10
"""Bytes of blocks to fetch at once: programs ask in order, and opening costs more than reading."""


NEAR = 4
"""Who asks for one so soon after another reads on from there."""


class Head(NamedTuple):
    """What a cassette says of itself."""

    rules: str
    finished: bool


class SqliteCassette(Cassette):
    """As a `Cassette`, but its blocks are fetched, a few at a time, when they are asked for."""

    def __init__(self, path: str, file: SqliteFile, head: Head, rows: Sequence[tuple[int, Entry]]) -> None:
        self.path = path
        self._file = file
        self._head = head
        self._rows = [row for row, _ in rows]
        self._entries = [entry for _, entry in rows]
        self._fetched: dict[int, bytes] = {}
        self._aside = -NEAR
        """The last one that was fetched alone: who asks back now and then goes on where it was."""
        self._parsed: tuple[int, Cassette] | None = None

    @property
    def rules(self) -> str:
        """What the keys of the entries were computed under."""
        return self._head.rules

    @property
    def finished(self) -> bool:
        """False if the recording was interrupted, so that mode `once` goes on with it."""
        return self._head.finished

    @property
    def entries(self) -> Sequence[Entry]:
        """The interactions, in the order of their start."""
        return self._entries

    def interaction(self, number: int) -> Interaction:
        """The interaction at `number`. Raises `CassetteCorrupt`, or `CassetteError` if it is gone."""
        return self._alone(number).interaction(0)

    def answer(self, number: int, request: Request) -> Interaction:
        """The interaction at `number` as the answer to `request`. Raises as `interaction` does."""
        return self._alone(number).answer(0, request)

    def protocol(self, number: int) -> str:
        """The API of the interaction at `number`. Raises as `interaction` does."""
        return self._alone(number).protocol(0)

    def data(self) -> bytes:
        """The whole as one JSON file. Raises `CassetteError` if a part of it is gone."""
        blocks = [self._fetched_block(number) for number in range(len(self._entries))]
        return assemble(blocks, rules=self.rules, finished=self.finished)

    def edited(self) -> list[int]:
        """The numbers of the interactions whose request is not as it was recorded."""
        blocks = ((number, self._fetched_block(number)) for number in range(len(self._entries)))
        return [number for number, block in blocks if not is_unedited(block, 0, len(block))]

    def _alone(self, number: int) -> Cassette:
        """A cassette of this one interaction; the last one is kept, since it is often asked again."""
        last = self._parsed
        if last is not None and last[0] == number:
            return last[1]
        data = assemble([self._fetched_block(number)], rules=self.rules, finished=True)
        alone = Cassette(self.path, data)
        self._parsed = number, alone
        return alone

    def _fetched_block(self, number: int) -> bytes:
        block = self._fetched.get(number)
        if block is None:
            goes_on = number > max(self._fetched, default=-1) or 0 < number - self._aside <= NEAR
            fetched = self._fetch(number, AHEAD if goes_on else 0)
            if goes_on:
                self._fetched = fetched
            else:
                self._aside = number
            block = fetched.get(number)
        if block is None:
            problem = f"recording {self._entries[number].id} was removed while it was in use"
            raise CassetteError(self.path, problem, fix="run it again")
        return block

    def _fetch(self, number: int, ahead: int) -> dict[int, bytes]:
        with self._file.reading() as connection:
            return dict(self._blocks(connection, number, ahead))

    def _blocks(self, connection: sqlite3.Connection, number: int, ahead: int) -> Iterator[tuple[int, bytes]]:
        """The one at `number`, and those after it, up to so many bytes."""
        left = ahead
        for wanted in range(number, len(self._rows)):
            found = connection.execute(
                "SELECT CAST(block AS BLOB) FROM interaction WHERE row = ?", (self._rows[wanted],)
            )
            for (block,) in found:
                yield wanted, block
            left -= self._entries[wanted].end
            if left <= 0:
                return
