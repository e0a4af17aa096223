"""A cassette as it was loaded: an index over its bytes; an interaction is parsed when it is asked for."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from tokentape.cassettes.format.answer import Reply, parse_reply
from tokentape.cassettes.format.checks import is_unedited
from tokentape.cassettes.format.index import scan
from tokentape.cassettes.format.layout import parse
from tokentape.errors import CassetteError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokentape.cassettes.format.index import Entry
    from tokentape.wire.interaction import Interaction
    from tokentape.wire.message import Request


class Cassette:
    """A loaded cassette. `entries` are its interactions in order; `rules` says what made their keys."""

    def __init__(self, path: str, data: bytes) -> None:
        """Raises `CassetteCorrupt` or `CassetteTooNew`."""
        self.path = path
        self._index = scan(data, path)
        self._last: tuple[int, Interaction] | None = None
        self._ahead: dict[int, Reply | None] = {}
        self._next = 0

    @property
    def rules(self) -> str:
        """What the keys of the entries were computed under."""
        return self._index.rules

    @property
    def finished(self) -> bool:
        """False if the recording was interrupted, so that mode `once` goes on with it."""
        return self._index.finished

    @property
    def entries(self) -> Sequence[Entry]:
        """The interactions, in the order of their start."""
        return self._index.entries

    def data(self) -> bytes:
        """The whole as one JSON file, in the layout that we write."""
        return self._index.data

    def interaction(self, number: int) -> Interaction:
        """The interaction at `number`, parsed now; the last one is kept, since it is often asked again.

        One whose request was edited comes without `key` and `exact`. Raises `CassetteCorrupt`.
        """
        last = self._last
        if last is not None and last[0] == number:
            return last[1]
        interaction = self._read(number)
        self._last = (number, interaction)
        return interaction

    def answer(self, number: int, request: Request) -> Interaction:
        """The interaction at `number` as the answer to `request`, which is equal to the recorded one.

        Comes with its own request, and without `key`, if that was edited; with its own request also where
        the reply is in a coding for which clients may lack the codec: what the recorded one accepted then
        says what it got. Raises `CassetteCorrupt`.
        """
        reply = self._reply(number)
        if reply is None or _needs_a_codec(reply, request):
            return self.interaction(number)
        return reply.to(request, self._index.entries[number])

    def _reply(self, number: int) -> Reply | None:
        """The reply of `number`. Where programs ask in order, a few are parsed at once.

        The parser's code and tables are then in the processor's caches, which the code around a call empties:
        that halves the time each takes.
        """
        in_order, self._next = number == self._next, number + 1
        if number in self._ahead:
            return self._ahead.pop(number)
        reply = parse_reply(self._index.data, self._index.entries[number], self.path)
        self._ahead = self._read_ahead(number + 1) if in_order and number else {}
        return reply

    def _read_ahead(self, start: int) -> dict[int, Reply | None]:
        """The next replies, up to some bytes; one that cannot be read is an error when it is asked for."""
        found: dict[int, Reply | None] = {}
        left = _AHEAD_BYTES
        for number, entry in enumerate(self._index.entries[start : start + _AHEAD], start):
            left -= entry.end - entry.start
            if left < 0:
                break
            with suppress(CassetteError):
                found[number] = parse_reply(self._index.data, entry, self.path)
        return found

    def _read(self, number: int) -> Interaction:
        entry = self._index.entries[number]
        data, line = self._index.data, lambda: self._line(number)
        return parse(data, self.path, line, start=entry.start, end=entry.end)

    def edited(self) -> list[int]:
        """The numbers of the interactions whose request is not as it was recorded."""
        data = self._index.data
        return [
            number
            for number, entry in enumerate(self.entries)
            if not is_unedited(data, entry.start, entry.end)
        ]

    def protocol(self, number: int) -> str:
        """The dialect of the interaction at `number`, as its first lines say it; "" where they do not."""
        entry = self.entries[number]
        found = _PROTOCOL.search(self._index.data, entry.start, min(entry.end, entry.start + _HEAD))
        return found[1].decode("utf-8", "replace") if found else ""

    def _line(self, number: int) -> int:
        return self._index.data.count(b"\n", 0, self.entries[number].start) + 1


_AHEAD, _AHEAD_BYTES = 15, 128 << 10
_HEAD = 1000
_PROTOCOL = re.compile(rb'\n"kind": [^\n]*?"protocol": "([^"]*)"')
_READ_BY_ALL = frozenset({"gzip", "x-gzip", "deflate", "identity"})


def _needs_a_codec(reply: Reply, request: Request) -> bool:
    """True if the reply is in a coding that this client may not decode: br, zstd, several, or not asked for.

    `request` is the one of now. What sends through http.client undoes only what it asks for.
    """
    if reply.response is None:
        return False
    named = reply.response.header("content-encoding")
    if named is None:
        return False
    coding, asked = named.strip().lower(), request.header("accept-encoding") or ""
    return coding not in _READ_BY_ALL or coding not in asked.lower()
