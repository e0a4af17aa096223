"""The ledger: every request, added up in memory and appended to a file by one thread.

Each process appends to a file of its own, so that several share a directory without a lock, and a line
that a crash tore can only be the last of its file. Reading looks at the files of all.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.forks import renewed
from tokentape.gateway.usage.options import UsageOptions
from tokentape.gateway.usage.report import Question, Report, answer, named, read_question
from tokentape.gateway.usage.rows import Rows, lines
from tokentape.gateway.usage.spent import price_of, row_of, settled
from tokentape.gateway.usage.sums import Sums
from tokentape.log import log
from tokentape.protocols.fastjson import dumps

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tokentape.gateway.usage.spent import Spent
    from tokentape.wire.interaction import Json

    Key = tuple[str, ...]

_MOST_WAITING = 50_000
"""Requests that wait to be written while the disk refuses, at most; the sums have them in any case."""
_ENOUGH = 128
"""Requests that are written though `interval` is not over: each may hold the body that it came with."""
_MOST_GROUPS = 5_000
"""Different sums in memory, at most: a client may name a new model in each request."""
OTHERS = "(others)"
GROUPED = ("day", "client", "upstream", "model", "dialect", "tag")
"""What the sums in memory are kept apart by."""


class Ledger:
    """Takes what requests spent, and answers what was spent."""

    def __init__(
        self, options: UsageOptions | None = None, *, clock: Callable[[], float] = time.time
    ) -> None:
        self.options = options or UsageOptions()
        self._clock = clock
        self._rows: Rows | None = None
        if self.options.directory:
            self._rows = Rows(self.options.directory, self.options.max_bytes, self.options.max_age)
        self._lock = renewed(threading.Lock())
        self._settling = renewed(threading.Lock())
        self._new: deque[Spent] = deque(maxlen=_MOST_WAITING)
        self._unwritten: deque[tuple[float, bytes]] = deque()
        self._wake, self._hurry, self._closing = threading.Event(), threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._groups: dict[Key, Sums] = {}
        self._is_failing = False
        self.lost = 0
        """Requests that are in no file: the disk refused them for too long, or they could not be counted."""

    def add(self, spent: Spent) -> None:
        """One request more. It costs next to nothing, and is in its file within `options.interval`."""
        if not self.options.enabled:
            return
        self.lost += len(self._new) == _MOST_WAITING
        self._new.append(spent)
        if self._thread is None:
            self._start()
        if not self._wake.is_set():
            self._wake.set()
        elif len(self._new) == _ENOUGH:
            self._hurry.set()

    def _start(self) -> None:
        with self._lock:
            if self._thread is None and not self._closing.is_set():
                self._thread = threading.Thread(target=self._run, name="tokentape-usage", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while not self._closing.is_set():
            self._wake.wait()
            self._hurry.wait(self.options.interval)
            self._wake.clear()
            self._hurry.clear()
            self.flush()

    def cost(self, spent: Spent) -> dict[str, Json]:
        """What a request costs, for its trace: `usd` (text) with its `source`, or why that is not known."""
        found = price_of(spent, settled(spent), self.options.prices)
        usd = None if found.usd is None else f"{found.usd.normalize():f}"
        return {"usd": usd, "source": found.source or None, "reason": found.reason or None}

    def flush(self) -> None:
        """Add up and write what is new; returns when it is in the file. Never raises."""
        with self._settling:
            while self._new:
                spent = self._new.popleft()
                row = self._row(spent)
                if row is not None:
                    self._settle(spent.at, row)
            self._write()

    def _row(self, spent: Spent) -> dict[str, Json] | None:
        """The line of a request; without its estimate where that fails."""
        for each in (spent, replace(spent, estimate=None)):
            try:
                return row_of(each, self.options.prices)
            except Exception as error:  # noqa: BLE001  the boundary: counting must not break the gateway
                self._complain(f"cannot count a request: {type(error).__name__}")
        self.lost += 1
        return None

    def _settle(self, at: float, row: dict[str, Json]) -> None:
        key = tuple(named(row, name) for name in GROUPED)
        with self._lock:
            if key not in self._groups and len(self._groups) >= _MOST_GROUPS:
                key = (key[0], *(OTHERS for _ in key[1:]))
            self._groups.setdefault(key, Sums()).add(row)
        if self._rows is not None:
            if len(self._unwritten) >= _MOST_WAITING:
                self._unwritten.popleft()
                self.lost += 1
            self._unwritten.append((at, dumps(row)))

    def _write(self) -> None:
        if self._rows is None or not self._unwritten:
            return
        waiting = list(self._unwritten)
        try:
            self._rows.append(waiting, self._clock())
        except OSError as error:
            self._complain(f"cannot write to {self._rows.directory}, and tries again: {error}")
            return
        for _ in waiting:
            self._unwritten.popleft()
        self._is_failing = False

    def _complain(self, problem: str) -> None:
        if not self._is_failing:
            self._is_failing = True
            log.warning("usage: %s", problem)

    def report(self, question: Question | Mapping[str, str] | None = None) -> Report:
        """What was spent: by the files of all processes, or, without a directory, by this one's memory.

        It reads files: call it in a thread. Raises `UsageError` for a question that cannot be asked.
        """
        asked = question if isinstance(question, Question) else read_question(question or {})
        self.flush()
        if self._rows is not None:
            return answer(asked, lines(self._rows.directory, asked.start, asked.end))
        with self._lock:
            kept = list(self._groups.items())
        return answer(asked, sums=[(dict(zip(GROUPED, key, strict=True)), sums) for key, sums in kept])

    @property
    def groups(self) -> int:
        """How many sums are kept in memory."""
        return len(self._groups)

    def close(self) -> None:
        """Write what is new, and end the thread."""
        self._closing.set()
        self._hurry.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(10)
        self.flush()
        if self._rows is not None:
            self._rows.close()
