"""All traces of a gateway: begun here, written by one thread, looked up by their id."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from tokentape.gateway.trace.options import TraceOptions
from tokentape.gateway.trace.trace import NO_TRACE, Room, Trace
from tokentape.gateway.trace.writer import Writer
from tokentape.wire.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tokentape.wire.interaction import Json


_COUNT_AGAIN = 1_024
"""Calls after which the room of those that run is counted anew."""


class Traces:
    """Begins traces and finds them again. `redactor`: the one that the cassettes use, with its rules.

    Several processes may write into one directory.
    """

    def __init__(
        self,
        options: TraceOptions | None = None,
        *,
        redactor: Redactor | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.options = options or TraceOptions()
        self._clock = clock
        self._writer = Writer(self.options, redactor or Redactor())
        self._room = Room(self.options.max_running_bytes)
        self._begun = 0
        self._running: WeakValueDictionary[str, Trace] = WeakValueDictionary()

    def begin(self, id: str, at: float) -> Trace:
        """The trace of a call that came at `at` (wall clock, seconds); `NO_TRACE` where tracing is off."""
        if not self.options.enabled:
            return NO_TRACE
        self._begun += 1
        if self._begun % _COUNT_AGAIN == 0:
            self._count_room()
        trace = Trace(id, at, self.options, self._writer.take, self._clock, self._room)
        self._running[id] = trace
        return trace

    def _count_room(self) -> None:
        """What is left, counted anew: a call that was never finished gives nothing back."""
        running = list(self._running.values())
        held = sum(trace.kept for trace in running if trace.ended is None)
        self._room.left = self.options.max_running_bytes - held

    def learn(self, secrets: Iterable[str]) -> None:
        """Values that are hidden wherever they turn up: the keys of upstreams, and those of clients."""
        self._writer.learn(secrets)

    def hide(self, text: str) -> str:
        """The text with its secrets hidden: JSON that goes into spans, say."""
        return self._writer.hide(text)

    def get(self, id: str) -> dict[str, Json] | None:
        """The trace called `id`: from memory, running ones included, else from disk. It may take some
        milliseconds: call it in a thread. None if there is none.
        """
        running = self._running.get(id)
        if running is not None and running.ended is None:
            return self._writer.render(running)
        return self._writer.find(id)

    def recent(self, most: int = 20) -> list[dict[str, Json]]:
        """What a list shows of the last traces of this process that were written, newest first."""
        return self._writer.recent(most)

    @property
    def dropped(self) -> int:
        """How many traces were thrown away because too many waited."""
        return self._writer.dropped

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until all finished traces are written; False if that took too long."""
        return self._writer.flush(timeout)

    def close(self, timeout: float = 10.0) -> None:
        """Write what waits, and end the thread."""
        self._writer.close(timeout)
