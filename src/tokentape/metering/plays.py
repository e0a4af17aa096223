"""How often each recording was played in this process: the only thing that is counted while calls run.

A deck counts under its own lock with one statement, `plays[number] += 1`. What a recording is worth is read
from it later: when somebody asks, or when too many closed cassettes wait for that.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections import deque
from typing import TYPE_CHECKING

from tokentape.log import log

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol

    from tokentape.cassettes.format.index import Entry
    from tokentape.metering.call import Call
    from tokentape.wire.interaction import Interaction

    class Tape(Protocol):
        """As much of a cassette as is needed."""

        path: str

        @property
        def entries(self) -> Sequence[Entry]: ...

        def interaction(self, number: int) -> Interaction: ...


WAITING_BYTES = 16 << 20
WAITING = 256
"""Closed cassettes whose recordings were not looked at yet: so much of them is kept, and no more."""


class Plays(dict[int, int]):
    """Times played by the number of the recording, since the cassette was opened.

    `is_paced`: replays took as long as the recorded calls, so they saved no time.
    """

    __slots__ = ("_calls", "_forgotten", "_tape", "is_closed", "is_paced")

    def __init__(self, tape: Tape | None, *, is_paced: bool = False) -> None:
        super().__init__()
        self._tape = tape
        self.is_paced = is_paced
        self.is_closed = False
        self._calls: dict[int, tuple[Call, int]] = {}
        self._forgotten: dict[int, int] = {}

    def owned_by(self, owner: object) -> Plays:
        """Itself: when `owner` is thrown away, and nobody closed it, the cassette is let go of, too."""
        weakref.finalize(owner, ledger.lost, self).atexit = False
        return self

    def __missing__(self, number: int) -> int:
        ledger.add(self)
        return 0

    @property
    def tape(self) -> Tape:
        """The cassette. Raises `LookupError` where there is none, and nothing to play."""
        if self._tape is None:
            raise LookupError("no cassette")
        return self._tape

    def forget(self) -> None:
        """Count from here on. Calls that run meanwhile count before or after, each once."""
        self._forgotten = self.copy()

    def add(self, other: Plays) -> None:
        """Count another's plays of the same recordings, too."""
        for number, times in other.since().items():
            self[number] = self.get(number, 0) + times

    def since(self) -> dict[int, int]:
        """Times played since the last `forget`."""
        forgotten = self._forgotten
        counts = self.copy().items()
        return {number: left for number, times in counts if (left := times - forgotten.get(number, 0)) > 0}

    def is_of(self, other: Plays) -> bool:
        """True if both count recordings of one cassette that did not change in between."""
        mine, theirs = self.tape, other.tape
        return mine.path == theirs.path and self.is_paced == other.is_paced and mine.entries == theirs.entries

    @property
    def size(self) -> int:
        """About how many bytes the cassette keeps in memory."""
        entries = self.tape.entries
        return abs(entries[-1].end - entries[0].start) if entries else 0

    def calls(self) -> list[tuple[Call, int, int]]:
        """Each recording that was played: its call, times, and the milliseconds that one replay saved."""
        return [(*self._call(number), times) for number, times in self.since().items()]

    def _call(self, number: int) -> tuple[Call, int]:
        if number not in self._calls:
            self._calls[number] = _read(self.tape, number, is_paced=self.is_paced)
        return self._calls[number]


def _read(tape: Tape, number: int, *, is_paced: bool) -> tuple[Call, int]:
    from tokentape.metering.call import Call, call_of, duration

    try:
        interaction = tape.interaction(number)
        return call_of(interaction), 0 if is_paced else duration(interaction)
    except Exception as error:  # noqa: BLE001  the boundary: closing a cassette must not fail over its price
        log.debug("%s: a recording that was played cannot be priced: %r", tape.path, error)
        return Call(problem="its recording can no longer be read"), 0


class Ledger:
    """All plays of this process: of open cassettes, of closed ones not looked at yet, and the sums."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._open: dict[int, Plays] = {}
        self._waiting: dict[str, Plays] = {}
        self._bytes = 0
        self._sums: dict[Call, tuple[int, int]] = {}
        self._lost: deque[Plays] = deque()

    def add(self, plays: Plays) -> None:
        """A recording of an open cassette was played for the first time. Waits for no lock, mostly."""
        if not plays.is_closed:
            self._open[id(plays)] = plays
        self._find()

    def lost(self, plays: Plays) -> None:
        """Nobody closed it. The garbage collector says so, at any moment: this only takes note."""
        if not plays.is_closed:
            self._lost.append(plays)

    def _find(self) -> None:
        while self._lost:
            self.close(self._lost.popleft())

    def close(self, plays: Plays) -> None:
        """The cassette was closed: its recordings may be let go of. Never raises."""
        plays.is_closed = True
        with self._lock:
            if self._open.pop(id(plays), None) is None:
                return
            same = self._waiting.get(plays.tape.path)
            if same is not None and same.is_of(plays):
                same.add(plays)
                return
            if same is not None:
                self._look_at(same)
            self._waiting[plays.tape.path] = plays
            self._bytes += plays.size
            while len(self._waiting) > WAITING or self._bytes > WAITING_BYTES:
                self._look_at(next(iter(self._waiting.values())))

    def _look_at(self, plays: Plays) -> None:
        del self._waiting[plays.tape.path]
        self._bytes -= plays.size
        _sum_up(self._sums, plays)

    def calls(self) -> list[tuple[Call, int, int]]:
        """Every call that was replayed: itself, times, and milliseconds that all its replays saved."""
        self._find()
        with self._lock:
            for plays in list(self._waiting.values()):
                self._look_at(plays)
            sums = dict(self._sums)
            for plays in self._open.copy().values():
                _sum_up(sums, plays)
        return [(call, times, milliseconds) for call, (times, milliseconds) in sums.items()]

    def forget(self) -> None:
        """Start from nothing."""
        with self._lock:
            self._waiting.clear()
            self._bytes = 0
            self._sums.clear()
            for plays in self._open.copy().values():
                plays.forget()

    def forked(self) -> None:
        """In a child process: what its parent saved is not its own."""
        self._lock = threading.RLock()
        self.forget()


def _sum_up(sums: dict[Call, tuple[int, int]], plays: Plays) -> None:
    for call, each, times in plays.calls():
        played, milliseconds = sums.get(call, (0, 0))
        sums[call] = played + times, milliseconds + each * times


ledger = Ledger()
"""The plays of this process."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=ledger.forked)
